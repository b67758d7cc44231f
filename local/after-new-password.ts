// The option --after-new-password of start and demo: its meaning for the help, and its value.
import { CommandError } from '../command/terminal.ts'
import { AFTER_NEW_PASSWORD, type AfterNewPassword } from './behaviour.ts'

export const AFTER_NEW_PASSWORD_MEANING = `what Cognito does after a new password in a custom sign-in (AWS has not published it):
define: Define is called with the same entries (default)
define-with-entry: Define is called with one entry more, NEW_PASSWORD_REQUIRED
define-first: Define was called before the new password; Create follows
tokens: tokens at once, unless Pre Token Generation refuses them`

/** @throws CommandError `usage` for a value that is not one of these */
export function afterNewPasswordFrom(text = 'define'): AfterNewPassword {
  const value = AFTER_NEW_PASSWORD.find(known => known === text)
  if (value !== undefined) return value
  throw new CommandError(
    `Invalid --after-new-password: ${text}. It must be one of ${AFTER_NEW_PASSWORD.join(', ')}.`,
    'usage',
  )
}
