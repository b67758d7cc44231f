// The public parameters of a round: what the client gets, and may show.
import { mayReceiveCode, type Progress } from './challenge-sequence.ts'
import { type CodeRound, referenceOf } from './code-round.ts'
import { lazyCrypto } from './lazy-crypto.ts'
import { maskMailbox } from './mailbox.ts'
import type { CreateSettings } from './settings.ts'
import type { TriggerEvent } from './trigger-event.ts'

/** What the client sees; it may show all of it. */
export type PublicParameters = {
  readonly challenge: 'EMAIL_CODE'
  /** `limited`: the limit across sign-ins let no mail go, and no code opens this round. */
  readonly reason: CodeRound['reason'] | 'limited'
  /** Where the mail went, masked: `p***@e***`. */
  readonly destination: string
  readonly codeLength: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
  /** The earliest time of a resend, which is the end of the limit if there is one; ISO 8601, UTC. */
  readonly resendAfter: string
  /** Whole seconds from this answer until `expiresAt`: a client whose clock is wrong counts from the moment it gets them. */
  readonly expiresIn: string
  /** Whole seconds from this answer until `resendAfter`. */
  readonly resendIn: string
  readonly attemptsLeft: string
  readonly sendsLeft: string
  /** Also in the mail's subject; '' when no mail of this sign-in counts any more. */
  readonly reference: string
}

/**
 * The public parameters of a round. Every value is text: Cognito takes nothing else.
 *
 * @param now milliseconds since 1970
 * @param limitedUntil when the limit that let no mail go ends; undefined for none
 */
export function publicParameters(
  round: CodeRound,
  wrongCodes: number,
  destination: string,
  settings: CreateSettings,
  now: number,
  limitedUntil: number | undefined,
): PublicParameters {
  const resendAfter = limitedUntil ?? round.sentAt + settings.resendAfterSeconds * 1000
  return {
    challenge: 'EMAIL_CODE',
    reason: limitedUntil === undefined ? round.reason : 'limited',
    destination,
    codeLength: String(settings.codeLength),
    expiresAt: new Date(round.expiresAt).toISOString(),
    resendAfter: new Date(resendAfter).toISOString(),
    // Rounded so that the client never shows a code as valid that has expired, or offers a resend too early.
    expiresIn: String(Math.max(0, Math.floor((round.expiresAt - now) / 1000))),
    resendIn: String(Math.max(0, Math.ceil((resendAfter - now) / 1000))),
    attemptsLeft: String(Math.max(0, settings.maxAttempts - wrongCodes)),
    sendsLeft: String(Math.max(0, settings.maxSends - round.sends)),
    reference: referenceOf(round.nonce),
  }
}

/** Where the mail of this sign-in goes, masked; before the password is passed, a made-up destination. */
export function destinationOf(event: TriggerEvent, progress: Progress, settings: CreateSettings): string {
  if (mayReceiveCode(progress)) return maskMailbox(event.userAttributes['email'] ?? '')
  // The same letters for the same name each time, as a real user would show.
  const [name = 0, domain = 0] = lazyCrypto()
    .createHmac('sha256', settings.codeSecrets[0])
    .update(JSON.stringify(['decoy', event.userPoolId, event.userName]))
    .digest()
  const letter = (byte: number) => String.fromCharCode(97 + (byte % 26))
  return `${letter(name)}***@${letter(domain)}***`
}
