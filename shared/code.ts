// The code: derived, never stored; compared in constant time.
import { lazyCrypto } from './lazy-crypto.ts'

/** What a code is bound to: it opens nothing else. */
export type CodeIdentity = {
  readonly userPoolId: string
  readonly clientId: string
  readonly userName: string
  readonly nonce: string
}

/** Bytes of the MAC that make the number: 39 bits, enough for ten digits and still an exact JavaScript number. */
const TRUNCATION_BYTES = 5

/**
 * Derives the code of a round: HMAC-SHA-256 over what it is bound to, cut to digits in the manner of RFC 4226, section 5.3.
 * Numbers from the incomplete last block of the range are drawn again, so that all codes are equally likely.
 *
 * @param length digits, 6-10
 */
export function deriveCode(secret: Buffer, identity: CodeIdentity, length: number): string {
  const codes = 10 ** length
  const range = 2 ** (8 * TRUNCATION_BYTES - 1)
  const { userPoolId, clientId, userName, nonce } = identity
  let number: number
  let draw = 0
  do {
    // A JSON list keeps the parts apart: no user name can pass for the end of a client id.
    const message = JSON.stringify(['email-code', userPoolId, clientId, userName, nonce, draw++])
    number = truncate(lazyCrypto().createHmac('sha256', secret).update(message).digest(), TRUNCATION_BYTES)
  } while (number >= range - (range % codes))
  return String(number % codes).padStart(length, '0')
}

/**
 * Dynamic truncation of RFC 4226, section 5.3, for any width: the low four bits of the last byte say where the number
 * begins; its top bit is left out.
 *
 * @param width bytes, 1-6; the RFC has 4
 */
export function truncate(mac: Buffer, width: number): number {
  const offset = mac.readUInt8(mac.length - 1) & 0x0f
  return mac.readUIntBE(offset, width) % 2 ** (8 * width - 1)
}

/**
 * A short id of a secret that tells nothing about it: a round holds it, so that only the secret that made a code opens it.
 */
export function keyIdOf(secret: Buffer): string {
  return lazyCrypto().createHmac('sha256', secret).update('email-code-key-id').digest('hex').slice(0, 8)
}

/** Whether the answer is the code of the round. Takes the same time for every wrong answer. */
export function isRightCode(answer: string, secret: Buffer, identity: CodeIdentity, length: number): boolean {
  const given = digest(normalizeAnswer(answer))
  return lazyCrypto().timingSafeEqual(given, digest(deriveCode(secret, identity, length)))
}

/**
 * The digits of what a person typed or pasted: full-width and Arabic digits become ASCII, blanks, hyphens and invisible
 * direction marks go. Anything else stays, and so never matches.
 */
export function normalizeAnswer(answer: string): string {
  return answer
    .slice(0, 256)
    .normalize('NFKC')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, digit => String(digit.charCodeAt(0) & 0x0f))
    .replace(/[\s\p{Pd}\p{Cf}]/gu, '')
}

/** Both sides hashed: the comparison leaks no length either. */
function digest(text: string): Buffer {
  return lazyCrypto().createHash('sha256').update(text).digest()
}
