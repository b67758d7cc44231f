// The commands for a real pool: arguments in, text or JSON out, exit code 0 no problems, 1 findings, 2 could not run.
import { reportError, runCommand } from '../command/command.ts'
import type { CommandDescription } from '../command/options.ts'
import type { Terminal } from '../command/terminal.ts'
import { explained } from './aws-errors.ts'
import { untilAborted } from './interruption.ts'
import { CREDENTIALS, POOL_MEANINGS, POOL_OPTIONS } from './pool-options.ts'

type Description = CommandDescription<keyof typeof POOL_OPTIONS>

const FUNCTIONS = {
  'stack-name': 'the stack of template.yaml, for the functions in its outputs',
  'define-arn': 'or each function by its ARN: Define Auth Challenge,',
  'create-arn': 'Create Auth Challenge,',
  'verify-arn': 'Verify Auth Challenge Response,',
  'pre-token-arn': 'and Pre Token Generation',
}
const BACKUP =
  'where the whole pool is saved first; an existing file is never overwritten (default: a name with the time)'
const CHANGING = {
  'dry-run': 'show the exact difference and change nothing',
  yes: 'apply the change without asking',
}
const CHANGED = '0 done, or nothing to change; 2 could not run, or refused'

const DESCRIPTIONS: Readonly<Record<PoolCommand, Description>> = {
  check: {
    name: 'check',
    about:
      'Reports what lets users sign in without a code, and what stops mail from being delivered. It only reads.',
    options: {
      ...POOL_MEANINGS,
      ...FUNCTIONS,
      sample: 'read the first N users only',
      'sign-ins-per-day': 'how many sign-ins a day the mail quota must cover (default: one per user)',
      'from-address': 'the sender to look up in SES, before anything is deployed',
      email: 'look up this address in the suppression list of SES',
      ignore: 'leave out findings that you accept',
    },
    examples: [
      '--user-pool-id eu-central-1_EXAMPLE00',
      '--user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --json',
    ],
    exitCodes: '0 no problems, 1 findings, 2 could not run',
    notes: CREDENTIALS,
  },
  fix: {
    name: 'fix',
    arguments: 'FINDING[,FINDING ...]',
    about: 'Changes the settings that findings of check name, after a backup.',
    options: {
      ...POOL_MEANINGS,
      ...FUNCTIONS,
      clients: 'only on these app clients',
      backup: BACKUP,
      ...CHANGING,
    },
    examples: ['client-reveals-users --user-pool-id eu-central-1_EXAMPLE00 --dry-run'],
    exitCodes: CHANGED,
    notes: CREDENTIALS,
  },
  attach: {
    name: 'attach',
    about: 'Attaches the triggers to a user pool, after a backup. No other setting changes.',
    options: {
      ...POOL_MEANINGS,
      ...FUNCTIONS,
      clients: 'let these app clients sign in with password and code only',
      'add-flow': 'keep their other flows and add CUSTOM_AUTH, while old app versions are in use',
      'guard-all': 'continue although first sign-ins through other app clients will be refused',
      replace: 'replace triggers that are other functions',
      backup: BACKUP,
      ...CHANGING,
    },
    examples: [
      '--user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --dry-run',
      '--user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --clients YOUR-APP-CLIENT-ID --backup before.json',
    ],
    exitCodes: CHANGED,
    notes: CREDENTIALS,
  },
  detach: {
    name: 'detach',
    about: 'Restores what attach or fix changed, and keeps what others have changed since.',
    options: {
      ...POOL_MEANINGS,
      backup: 'the file that attach, fix or migrate wrote (required)',
      everything: 'restore every setting of the backup',
      replace: 'continue although other triggers have been attached since',
      'remove-triggers': 'also remove triggers that were attached before this backup was made',
      'add-srp':
        'let users of these app clients sign in with the password alone, where they could not sign in without the triggers',
      ...CHANGING,
    },
    examples: ['--user-pool-id eu-central-1_EXAMPLE00 --backup before.json --dry-run'],
    exitCodes: CHANGED,
    notes: CREDENTIALS,
  },
}

type PoolCommand = 'check' | 'fix' | 'attach' | 'detach'

function isPoolCommand(name: string): name is PoolCommand {
  return Object.hasOwn(DESCRIPTIONS, name)
}

/**
 * Runs one command.
 *
 * @param args the name of the command and what follows it
 * @param signal aborted when the user interrupts the command: the write in progress is finished or put back
 * @returns the exit code: 0 no problems, 1 findings, 2 could not run
 */
export async function runPool(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  const [name = '', ...rest] = args
  if (!isPoolCommand(name)) {
    const message = `${name === '' ? 'Missing command' : `Unknown command: ${name}`}. Commands: ${Object.keys(DESCRIPTIONS).join(', ')}.`
    return reportError({ message, code: 'unknown-command' }, args, terminal)
  }
  return runCommand(
    POOL_OPTIONS,
    DESCRIPTIONS[name],
    rest,
    terminal,
    // The help and a wrong option need neither the AWS SDK nor the rest of the program.
    async ({ values, positionals }) => {
      if (name === 'check') {
        const { checkPool } = await import('./check-pool.ts')
        return untilAborted(signal, checkPool(values, terminal))
      }
      const { changePool } = await import('./change-pool.ts')
      return changePool(name, positionals, values, terminal, signal)
    },
    explained,
  )
}
