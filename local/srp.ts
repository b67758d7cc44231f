// The server's side of the Secure Remote Password protocol as Cognito speaks it (RFC 5054 with SHA-256, and its
// own proof): the 3072-bit group, a key derived with the info text "Caldera Derived Key", a signed timestamp. What both
// sides compute is exported for the client in pool/probe.
import {
  createDiffieHellman,
  createHash,
  createHmac,
  getDiffieHellman,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** RFC 3526 group 15: the prime in the Amplify client, with generator 2. */
const PRIME = getDiffieHellman('modp15').getPrime()
export const GROUP_PRIME = BigInt(`0x${PRIME.toString('hex')}`)
const N = GROUP_PRIME
const g = 2n
const group = createDiffieHellman(PRIME, Number(g))
/** The multiplier that hides the verifier in B. */
export const SRP_MULTIPLIER = hash(padded(N), padded(g))

/** How far the client's clock may be off (milliseconds); the limit that Cognito applies is not published. */
const TIMESTAMP_TOLERANCE_MS = 10 * 60 * 1000

/** What is kept of a password. `salt` in hex, as the client gets it. */
export interface PasswordVerifier {
  readonly salt: string
  readonly verifier: bigint
}

/** The server's secrets of one exchange. */
export interface SrpExchange {
  readonly A: bigint
  readonly B: bigint
  readonly b: bigint
  readonly passwordVerifier: PasswordVerifier
  /** Base64. */
  readonly secretBlock: string
}

export interface PasswordProof {
  /** Id of the pool; only the part behind the underscore takes part. */
  readonly userPoolId: string
  /** USER_ID_FOR_SRP. */
  readonly userId: string
  /** Base64, as the client returned it. */
  readonly secretBlock: string
  /** Such as `Mon Nov 3 09:05:07 UTC 2025`. */
  readonly timestamp: string
  /** PASSWORD_CLAIM_SIGNATURE, base64. */
  readonly signature: string
}

export function makePasswordVerifier(
  userPoolId: string,
  userId: string,
  password: string,
  salt = randomBytes(16).toString('hex'),
): PasswordVerifier {
  return { salt, verifier: power(g, privateKeyOf(userPoolId, userId, password, salt)) }
}

/** The number that only who knows the password can compute. @param salt hex */
export function privateKeyOf(userPoolId: string, userId: string, password: string, salt: string): bigint {
  const identity = createHash('sha256')
    .update(`${poolName(userPoolId)}${userId}:${password}`)
    .digest()
  return hash(padded(BigInt(`0x${salt}`)), identity)
}

/**
 * A password of the local pool. Its verifier takes milliseconds to compute and is made when it is first needed: a
 * pool of ten thousand users starts at once.
 */
export class StoredPassword {
  readonly #password: string
  readonly #derive: () => PasswordVerifier
  #verifier: PasswordVerifier | undefined

  /** @param salt hex; left out: a random one. */
  constructor(userPoolId: string, userId: string, password: string, salt?: string) {
    this.#password = password
    this.#derive = () => makePasswordVerifier(userPoolId, userId, password, salt)
  }

  get verifier(): PasswordVerifier {
    this.#verifier ??= this.#derive()
    return this.#verifier
  }

  matches(password: string): boolean {
    return password === this.#password
  }
}

/**
 * @param srpA SRP_A, hex.
 * @returns undefined when SRP_A is no number or a multiple of N, which would let anyone know the shared key.
 */
export function startExchange(srpA: string, passwordVerifier: PasswordVerifier): SrpExchange | undefined {
  if (!/^[0-9a-f]{1,800}$/i.test(srpA)) return undefined
  const A = BigInt(`0x${srpA}`)
  if (A % N === 0n) return undefined
  const b = BigInt(`0x${randomBytes(32).toString('hex')}`)
  const B = (SRP_MULTIPLIER * passwordVerifier.verifier + power(g, b)) % N
  return { A, B, b, passwordVerifier, secretBlock: randomBytes(768).toString('base64') }
}

/** True only for somebody who knows the password, for this exchange and at this time (`now`, milliseconds). */
export function proofIsRight(exchange: SrpExchange, proof: PasswordProof, now: number): boolean {
  if (proof.secretBlock !== exchange.secretBlock) return false
  const time = parseTimestamp(proof.timestamp)
  if (time === undefined || Math.abs(now - time) > TIMESTAMP_TOLERANCE_MS) return false

  const u = scramblerOf(exchange.A, exchange.B)
  if (u === 0n) return false
  const S = power(exchange.A * power(exchange.passwordVerifier.verifier, u), exchange.b)
  const expected = signatureOf(S, u, proof)
  const given = Buffer.from(proof.signature, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** The number that both sides make of both public numbers. */
export function scramblerOf(A: bigint, B: bigint): bigint {
  return hash(padded(A), padded(B))
}

/** PASSWORD_CLAIM_SIGNATURE. @param S the shared number, `u` the scrambler */
export function signatureOf(S: bigint, u: bigint, proof: Omit<PasswordProof, 'signature'>): Buffer {
  const key = hkdfSync('sha256', padded(S), padded(u), 'Caldera Derived Key', 16)
  return createHmac('sha256', Buffer.from(key))
    .update(poolName(proof.userPoolId))
    .update(proof.userId)
    .update(Buffer.from(proof.secretBlock, 'base64'))
    .update(proof.timestamp)
    .digest()
}

function poolName(userPoolId: string): string {
  return userPoolId.slice(userPoolId.indexOf('_') + 1)
}

function hash(...parts: Buffer[]): bigint {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return BigInt(`0x${digest.digest('hex')}`)
}

/** Bytes of a number as a signed integer: a leading zero byte where the first bit is set. */
function padded(value: bigint): Buffer {
  const digits = value.toString(16)
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`
  return Buffer.from(/^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex')
}

/**
 * `base` to the power of `exponent`, modulo the prime. The shared secret of a Diffie-Hellman exchange is such a power, and
 * OpenSSL computes it in a fraction of the time.
 */
export function power(base: bigint, exponent: bigint): bigint {
  try {
    group.setPrivateKey(padded(exponent))
    return BigInt(`0x${group.computeSecret(padded(base % N)).toString('hex')}`)
  } catch {
    // OpenSSL refuses what makes no secret: 0, 1 and N - 1, and a power that is 1.
    return powerInBigInt(base, exponent)
  }
}

function powerInBigInt(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base % N
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N
    square = (square * square) % N
  }
  return result
}

function parseTimestamp(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d{2}:\d{2}:\d{2} UTC \d{4}$/.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
