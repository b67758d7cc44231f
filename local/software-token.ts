// Codes of an authenticator app: RFC 6238 with SHA-1, 6 digits, 30 seconds, as Cognito uses them.
import { createHmac, randomBytes } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const STEP_SECONDS = 30

/** 32 base32 characters. */
export function makeSoftwareTokenSecret(): string {
  return [...randomBytes(32)].map(byte => ALPHABET.charAt(byte % 32)).join('')
}

/** @param seconds since 1970. The step before and the one after count as well. */
export function softwareTokenCodeIsRight(secret: string, code: string, seconds: number): boolean {
  return [-1, 0, 1].some(step => softwareTokenCode(secret, seconds + step * STEP_SECONDS) === code)
}

/** @param secret base32. @param seconds since 1970. */
export function softwareTokenCode(secret: string, seconds: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / STEP_SECONDS)))
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const offset = digest.readUInt8(digest.length - 1) & 0x0f
  const number = digest.readUInt32BE(offset) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map(letter => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const bytes = bits.match(/.{8}/g) ?? []
  return Buffer.from(bytes.map(byte => Number.parseInt(byte, 2)))
}
