// What went wrong, for machines: the `code` that --json prints beside the message. Stable; docs/existing-pool.md lists them.

/** By code: what it means. */
export const ERROR_CODES = {
  'unknown-command': 'the program has no command of this name',
  usage: 'an argument, an option or a value is missing, not known or not allowed',
  'no-events': 'the files or folders hold no recorded events',
  'not-confirmed': 'the question was not answered with yes, or there is no terminal to ask on',
  interrupted: 'the command was interrupted; the message says whether anything had been changed',
  'no-credentials': 'AWS credentials are missing or have expired',
  'access-denied': 'the credentials lack a right',
  'not-found': 'AWS does not know the pool, the stack or the function',
  'aws-error': 'another error of AWS',
  'import-running': 'users are being imported',
  'client-missing': 'a named app client does not exist',
  'client-stranded': 'users of an app client could not sign in afterwards',
  'client-not-restored': 'Cognito refused to put an app client back',
  'function-missing': 'a function does not exist',
  'function-not-callable': 'the pool may not call a function',
  'guard-covers-clients': 'the guard would refuse sign-ins through app clients that do not ask for the code',
  'guard-leaves-clients-out': 'the guard does not cover an app client that is to ask for the code',
  'same-function': 'one function is named for two triggers',
  'other-triggers': 'the pool has other triggers',
  'finding-absent': 'check does not report this finding',
  'finding-not-fixable': 'the finding is fixed by another command, which the message shows',
  'backup-exists': 'the backup file already exists',
  'backup-unreadable': 'the backup file cannot be read, or is not a backup',
  'backup-of-other-pool': 'the backup is of another pool',
  'pool-changed': 'the pool was changed by others in the meantime; run the command again',
  'update-failed': 'an update failed; the message says whether anything was changed',
  'not-kept': 'Cognito did not keep every setting',
  'put-back-differs': 'the pool was put back, except for the settings that the message names',
  'put-back-failed': 'the pool could not be put back; the backup holds every setting',
  failed: 'anything else',
} as const

export type ErrorCode = keyof typeof ERROR_CODES
