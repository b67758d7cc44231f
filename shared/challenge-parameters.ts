// What Create answers: the public parameters that a user interface shows, and the private ones that Verify checks.
import { hasPasswordStep, type Progress, recordPasswordStep } from './challenge-sequence.ts'
import { isRightCode } from './code.ts'
import { type CodeRound, referenceOf } from './code-round.ts'
import { lazyCrypto } from './lazy-crypto.ts'
import { maskMailbox } from './mailbox.ts'
import type { CreateSettings, VerifySettings } from './settings.ts'
import { isResendRequest, type TriggerEvent } from './trigger-event.ts'

/** What the client sees; it may show all of it. */
export type PublicParameters = {
  readonly challenge: 'EMAIL_CODE'
  readonly reason: CodeRound['reason']
  /** Where the mail went, masked: `p***@e***`. */
  readonly destination: string
  readonly codeLength: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
  /** The earliest time of a resend; ISO 8601, UTC. */
  readonly resendAfter: string
  readonly attemptsLeft: string
  readonly sendsLeft: string
  /** Also in the mail's subject; '' when no mail of this sign-in counts any more. */
  readonly reference: string
}

/** The public parameters of a round. Every value is text: Cognito takes nothing else. */
export function publicParameters(
  round: CodeRound,
  progress: Progress,
  destination: string,
  settings: CreateSettings,
): PublicParameters {
  return {
    challenge: 'EMAIL_CODE',
    reason: round.reason,
    destination,
    codeLength: String(settings.codeLength),
    expiresAt: new Date(round.expiresAt).toISOString(),
    resendAfter: new Date(round.sentAt + settings.resendAfterSeconds * 1000).toISOString(),
    attemptsLeft: String(Math.max(0, settings.maxAttempts - progress.wrongCodes)),
    sendsLeft: String(Math.max(0, settings.maxSends - round.sends)),
    reference: referenceOf(round.nonce),
  }
}

/**
 * The private parameters of a round: the record of the password step if the session shows it, the nonce, the expiry and
 * the wrong codes so far. Never empty: without any, Cognito answers as if the user did not exist
 * (amazon-cognito-passwordless-auth #214).
 */
export function privateParameters(round: CodeRound, progress: Progress): Record<string, string> {
  return {
    ...recordPasswordStep(progress),
    nonce: round.nonce,
    expiresAt: String(round.expiresAt),
    wrongCodes: String(progress.wrongCodes),
  }
}

/** How an answer to the code challenge is judged; only `right` passes. */
export type AnswerVerdict =
  | 'right'
  | 'wrong'
  | 'expired'
  | 'resend-asked'
  | 'no-password-step'
  | 'no-attempts-left'

/**
 * Judges an answer. A request for a new mail is never compared with the code, and neither is an answer without the
 * record of the password step, after the expiry, or beyond the allowed attempts.
 *
 * @param now milliseconds since 1970
 */
export function judgeAnswer(event: TriggerEvent, settings: VerifySettings, now: number): AnswerVerdict {
  const parameters = event.privateChallengeParameters
  if (event.userNotFound || !hasPasswordStep(parameters)) return 'no-password-step'
  if (isResendRequest(event)) return 'resend-asked'
  // Written the wrong way round on purpose: a value that is no number fails.
  if (!(readCount(parameters['wrongCodes']) < settings.maxAttempts)) return 'no-attempts-left'
  if (!(now < readCount(parameters['expiresAt']))) return 'expired'
  const identity = { ...event, nonce: parameters['nonce'] ?? '' }
  return isRightCode(event.challengeAnswer, settings.codeSecrets, identity, settings.codeLength)
    ? 'right'
    : 'wrong'
}

function readCount(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
}

/** Where the mail of this sign-in goes, masked; for somebody who has not passed the password, a made-up destination. */
export function destinationOf(event: TriggerEvent, progress: Progress, settings: CreateSettings): string {
  if (recordPasswordStep(progress) !== undefined) return maskMailbox(event.userAttributes['email'] ?? '')
  // The same letters for the same name each time, as a real user would show.
  const [name = 0, domain = 0] = lazyCrypto()
    .createHmac('sha256', settings.codeSecrets[0])
    .update(JSON.stringify(['decoy', event.userPoolId, event.userName]))
    .digest()
  const letter = (byte: number) => String.fromCharCode(97 + (byte % 26))
  return `${letter(name)}***@${letter(domain)}***`
}
