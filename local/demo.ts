// The command demo: reads its options; what it does is loaded when they are right.
import { runCommand } from '../command/command.ts'
import { COMMON_OPTIONS, type CommandDescription } from '../command/options.ts'
import type { Terminal } from '../command/terminal.ts'
import { AFTER_NEW_PASSWORD_MEANING, afterNewPasswordFrom } from './after-new-password.ts'

const OPTIONS = {
  'after-new-password': { type: 'string', value: 'WHAT' },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'demo',
  about: `Starts a user pool and a mailbox on free ports of this machine, signs a first-time user in with the real Amplify client
through the triggers, and checks every step: temporary password, new password, a mistyped code, a resend, the right
code, the tokens, and a second sign-in with the new password.`,
  options: { 'after-new-password': AFTER_NEW_PASSWORD_MEANING },
  examples: ['--after-new-password tokens'],
  exitCodes: '0 every step had the expected outcome, 1 a step did not, 2 could not run',
}

/** Runs the demo. @param args what follows the name of the command */
export function runDemo(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  return runCommand(OPTIONS, DESCRIPTION, args, terminal, async ({ values }) => {
    const afterNewPassword = afterNewPasswordFrom(values['after-new-password'])
    const { demo } = await import('./demo-steps.ts')
    return demo(afterNewPassword, values.json)
  })
}
