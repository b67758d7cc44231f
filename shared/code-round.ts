// One round of the code challenge: which code counts, since when, until when, and when the next one is sent.
import { lazyCrypto } from './lazy-crypto.ts'
import { field } from './trigger-event.ts'

/** Why the user sees the code step (again). */
export type RoundReason = 'first' | 'wrong-code' | 'expired' | 'resent' | 'resend-refused'

/** What `challengeMetadata` holds: never the code, only what it is derived from, the times and the count of mails. */
export type CodeRound = {
  readonly reason: RoundReason
  /** 32 hex digits, new with each mail. */
  readonly nonce: string
  /** Which secret makes the code (`keyIdOf`); '' in a round of a version that did not say so. */
  readonly keyId: string
  /** Milliseconds since 1970. */
  readonly sentAt: number
  readonly expiresAt: number
  /** Mails of this sign-in so far. */
  readonly sends: number
}

export type RoundPolicy = {
  readonly maxSends: number
  readonly codeTtlSeconds: number
  readonly resendAfterSeconds: number
  /** Ids of the secrets that are set; the first makes new codes. */
  readonly keyIds: readonly [string, ...string[]]
}

const REASONS: readonly RoundReason[] = ['first', 'wrong-code', 'expired', 'resent', 'resend-refused']
/** Both are empty where no code opens the round. */
const NONCE = /^([0-9a-f]{32})?$/
const KEY_ID = /^([0-9a-f]{8})?$/
const REFERENCE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

/**
 * Plans the next round. A new code is sent for the first round, for a resend that is due, and after an expiry; a wrong
 * code keeps the one that was sent. Without a mail left the round continues with the old code, which may have expired. A
 * code whose secret is gone, or that a version without key ids sent, counts as expired.
 *
 * @param past rounds so far, and the record of the last one (undefined: lost, or written by another trigger)
 * @param now milliseconds since 1970
 */
export function planRound(
  past: { readonly rounds: number; readonly lastRound: CodeRound | undefined },
  resendRequested: boolean,
  now: number,
  policy: RoundPolicy,
): { readonly round: CodeRound; readonly send: boolean } {
  // A round without a record may have sent a mail: count it as sent, and its code as expired.
  const last = past.lastRound ?? { nonce: '', keyId: '', sentAt: 0, expiresAt: 0, sends: past.rounds }
  const mayStillSend = last.sends < policy.maxSends

  const newCode = (reason: RoundReason) => ({
    round: {
      reason,
      nonce: lazyCrypto().randomBytes(16).toString('hex'),
      keyId: policy.keyIds[0],
      sentAt: now,
      expiresAt: now + policy.codeTtlSeconds * 1000,
      sends: last.sends + 1,
    },
    send: true,
  })
  const sameCode = (reason: RoundReason) => ({ round: { ...last, reason }, send: false })

  if (past.rounds === 0) return newCode('first')
  if (resendRequested) {
    const due = now >= last.sentAt + policy.resendAfterSeconds * 1000
    return mayStillSend && due ? newCode('resent') : sameCode('resend-refused')
  }
  if (now < last.expiresAt && policy.keyIds.includes(last.keyId)) return sameCode('wrong-code')
  return mayStillSend ? newCode('expired') : sameCode('expired')
}

/**
 * What is left of a planned round when the limit across sign-ins lets no mail go: no code opens it, not even that of an
 * earlier mail, and the next round plans its mail as if this one had never been due.
 */
export function withoutMail(planned: CodeRound, now: number): CodeRound {
  return { ...planned, nonce: '', keyId: '', sentAt: 0, expiresAt: now, sends: planned.sends - 1 }
}

/** Writes the round for `challengeMetadata`. */
export function writeRound(round: CodeRound): string {
  return JSON.stringify(round)
}

/** Reads `challengeMetadata`; undefined for anything that `writeRound` did not write. Never throws. */
export function readRound(metadata: string | undefined): CodeRound | undefined {
  if (metadata === undefined) return undefined
  const record = parseJson(metadata)
  const reason = REASONS.find(candidate => candidate === field(record, 'reason'))
  const nonce = field(record, 'nonce')
  const keyId = field(record, 'keyId') ?? ''
  const [sentAt, expiresAt, sends] = ['sentAt', 'expiresAt', 'sends'].map(key => field(record, key))
  if (reason === undefined || !matches(nonce, NONCE) || !matches(keyId, KEY_ID)) return undefined
  if (!isCount(sentAt) || !isCount(expiresAt) || !isCount(sends)) return undefined
  return { reason, nonce, keyId, sentAt, expiresAt, sends }
}

/** Whether a round opened as the answer to a request for a new mail. */
export function isResend(round: CodeRound | undefined): boolean {
  return round?.reason === 'resent' || round?.reason === 'resend-refused'
}

/** Whether a right answer to the round exists: it is a round of ours, and not one that no code opens. */
export function canPass(round: CodeRound | undefined): boolean {
  return round !== undefined && round.nonce !== ''
}

/** Whether a version that wrote no key ids opened the round. A round that no code opens has no nonce either. */
export function isFormer(round: CodeRound | undefined): boolean {
  return round?.keyId === '' && canPass(round)
}

/** Four letters that tell one mail of a user from the next; no vowels, so they never spell a word. '' for no nonce. */
export function referenceOf(nonce: string): string {
  const bytes = [...Buffer.from(nonce, 'hex').subarray(0, 4)]
  return bytes.map(byte => REFERENCE_LETTERS.charAt(byte % REFERENCE_LETTERS.length)).join('')
}

/** Later than any time that a record can hold, and still one that a Date can show. */
const LAST_TIME = Date.UTC(9999, 0, 1)

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LAST_TIME
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
