// Which second factors a pool offers, by its MFA configuration.
import { isJsonObject, type JsonObject, member } from '../../command/json.ts'
import { COMMAND } from '../../command/name.ts'
import { shellCommand } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'
import { EMAIL_FACTOR } from './move-rules.ts'

/** @param mfa the answer of GetUserPoolMfaConfig @returns names as in UserMFASettingList */
export function factorsOffered(mfa: JsonObject): string[] {
  if (mfa['MfaConfiguration'] !== 'ON' && mfa['MfaConfiguration'] !== 'OPTIONAL') return []
  return [
    ...(isJsonObject(mfa['EmailMfaConfiguration']) ? [EMAIL_FACTOR] : []),
    ...(member(mfa, 'SoftwareTokenMfaConfiguration', 'Enabled') === true ? ['SOFTWARE_TOKEN_MFA'] : []),
    ...(isJsonObject(mfa['SmsMfaConfiguration']) ? ['SMS_MFA'] : []),
  ]
}

/** @throws CommandError `factor-absent` if the pool does not offer the e-mail factor */
export function requireEmailFactor(mfa: JsonObject, userPoolId: string): void {
  if (factorsOffered(mfa).includes(EMAIL_FACTOR)) return
  const enable = shellCommand(`${COMMAND} migrate enable`, { 'user-pool-id': userPoolId })
  throw new CommandError(
    `The pool does not offer Cognito's e-mail factor. Nothing was changed. Run first:\n  ${enable}`,
    'factor-absent',
  )
}
