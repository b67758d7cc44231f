// Judges the answer to the code challenge: what Verify decides.
import { isRightCode, keyIdOf } from './code.ts'
import { readPrivateParameters } from './private-parameters.ts'
import type { VerifySettings } from './settings.ts'
import { isResendRequest, type TriggerEvent } from './trigger-event.ts'

/** How an answer to the code challenge is judged; only `right` passes. */
export type AnswerVerdict =
  | 'right'
  | 'wrong'
  | 'expired'
  | 'resend-asked'
  | 'unknown-round'
  | 'no-password-step'
  | 'no-attempts-left'

/**
 * Judges an answer. A request for a new mail is never compared with the code, and neither is an answer without the
 * record of the password step, after the expiry, or beyond the allowed attempts. The code is that of the secret that the
 * round names; if that secret is not set any more, or the round names none, the code has expired.
 *
 * @param now milliseconds since 1970
 */
export function judgeAnswer(event: TriggerEvent, settings: VerifySettings, now: number): AnswerVerdict {
  const round = readPrivateParameters(event.privateChallengeParameters)
  if (round === undefined) return 'unknown-round'
  if (event.userNotFound || !round.passwordPassed) return 'no-password-step'
  if (isResendRequest(event)) return 'resend-asked'
  if (round.wrongCodes >= settings.maxAttempts) return 'no-attempts-left'
  const secret = settings.codeSecrets.find(candidate => keyIdOf(candidate) === round.keyId)
  if (secret === undefined || now >= round.expiresAt) return 'expired'
  const identity = { ...event, nonce: round.nonce }
  return isRightCode(event.challengeAnswer, secret, identity, settings.codeLength) ? 'right' : 'wrong'
}
