// The command migrate assess: reads its options; what it does is loaded when they are right.
import { runCommand } from '../../command/command.ts'
import type { CommandDescription } from '../../command/options.ts'
import type { Terminal } from '../../command/terminal.ts'
import { explained } from '../aws-errors.ts'
import { untilAborted } from '../interruption.ts'
import { CREDENTIALS, POOL_MEANINGS } from '../pool-options.ts'
import { ASSESS_OPTIONS } from './migrate-options.ts'

const DESCRIPTION: CommandDescription<keyof typeof ASSESS_OPTIONS> = {
  name: 'migrate assess',
  about:
    "Reports whether Cognito's own e-mail MFA can take the place of the triggers in a user pool. It only reads.",
  options: {
    ...POOL_MEANINGS,
    'stack-name': 'the stack of template.yaml, if the triggers are not attached yet',
    sample: 'read the first N users only',
    factors:
      'also read which factors the first N users have set up, which makes each of them a monthly active user',
    probe: 'the output of probe --json, which answers what the AWS documentation leaves open',
    'amplify-version': 'the version of aws-amplify in the app',
    'active-users': 'monthly active users, for the cost (default: all users)',
    'sign-ins-per-user': 'sign-ins with a code per active user and month (default: 4)',
    rate: 'users to move per second (default: 10)',
    start: 'the first day of the plan (default: today, UTC)',
    markdown: 'print a Markdown page',
    html: 'print one self-contained HTML page',
  },
  notes: `Without --factors users are read with ListUsers alone: AdminGetUser makes each of them a monthly active user.\n${CREDENTIALS}`,
  examples: ['--user-pool-id eu-central-1_EXAMPLE00 --html > assessment.html'],
  exitCodes: '0 no blockers, 1 blockers, 2 could not run',
}

/**
 * Runs the command.
 *
 * @param args what follows `migrate assess`
 * @param signal ends the reading
 * @returns the exit code: 0 no blockers, 1 blockers, 2 could not run
 */
export function runAssess(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  return runCommand(
    ASSESS_OPTIONS,
    DESCRIPTION,
    args,
    terminal,
    async ({ values }) => {
      const { assessPool } = await import('./assess-pool.ts')
      return untilAborted(signal, assessPool(values, terminal))
    },
    explained,
  )
}
