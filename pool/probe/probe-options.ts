// The options of the command probe, and its help.
import { COMMAND } from '../../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription, type readOptions } from '../../command/options.ts'
import { CREDENTIALS, POOL_MEANINGS, USER_POOL_OPTIONS } from '../pool-options.ts'

export const PROBE_OPTIONS = {
  ...USER_POOL_OPTIONS,
  'client-id': { type: 'string', value: 'ID' },
  email: { type: 'string', value: 'ADDRESS' },
  logs: { type: 'boolean', default: false },
  record: { type: 'string', value: 'FOLDER' },
  yes: { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

export const PROBE_DESCRIPTION: CommandDescription<keyof typeof PROBE_OPTIONS> = {
  name: 'probe',
  about: `Signs in to a user pool as a throw-away user and reports whether every sign-in asks for the code.

It creates one user without an invitation, signs in over the public API in the ways that an app or an attacker could,
and deletes the user, also after an error or Ctrl-C. After a crash the next run finds the user by its name and deletes
it. It shows first what it changes, what it costs and which rights it needs, and asks. No setting of the pool changes.`,
  options: {
    ...POOL_MEANINGS,
    'client-id': 'the app client that asks for the code (required)',
    email:
      'where the codes go; you type them, and the sign-in continues to tokens, refresh and sign-out. No user of the pool may ' +
      'have the address. Without it the mails go to the SES mailbox simulator, and the sign-in ends at the code',
    logs: 'read the calls of the triggers from CloudWatch Logs (RECORD_EVENTS=on)',
    record: `write them as recorded sign-ins for ${COMMAND} replay; includes --logs`,
    yes: 'start without asking',
  },
  notes: CREDENTIALS,
  examples: ['--user-pool-id eu-central-1_EXAMPLE00 --client-id 1example23456789'],
  exitCodes: '0 nothing is broken, 1 the promise does not hold, 2 could not run',
}

export type ProbeValues = ReturnType<typeof readOptions<typeof PROBE_OPTIONS>>['values']
