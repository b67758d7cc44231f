// The SRP exchange: what proves a password, and everything that does not.
import { createHash, createHmac, getDiffieHellman, hkdfSync, randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  makePasswordVerifier,
  type PasswordProof,
  power,
  proofIsRight,
  type SrpExchange,
  startExchange,
} from './srp.ts'

const N = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`)
const POOL = 'us-east-1_Example00'
const USER = '00000000-0000-4000-8000-000000000001'
const NOW = Date.UTC(2025, 10, 3, 9, 5, 7)
const TIMESTAMP = 'Mon Nov 3 09:05:07 UTC 2025'

// The client's side, written for this test from RFC 5054 and the developer guide's names; sign-ins with the real
// Amplify client are in local-user-pool.test.ts. What it adds here: proofs that are right in all but one thing.
interface Client {
  readonly a: bigint
  readonly srpA: string
}

function startClient(): Client {
  const a = BigInt(`0x${randomBytes(32).toString('hex')}`)
  return { a, srpA: modPow(2n, a).toString(16) }
}

function sign(
  { a, srpA }: Client,
  exchange: SrpExchange,
  password: string,
  changes: Partial<PasswordProof> = {},
): PasswordProof {
  const { salt } = exchange.passwordVerifier
  const u = hash(bytes(BigInt(`0x${srpA}`)), bytes(exchange.B))
  const identity = createHash('sha256').update(`Example00${USER}:${password}`).digest()
  const x = hash(bytes(BigInt(`0x${salt}`)), identity)
  const k = hash(bytes(N), bytes(2n))
  const base = (((exchange.B - k * modPow(2n, x)) % N) + N) % N
  const S = modPow(base, a + u * x)
  const key = Buffer.from(hkdfSync('sha256', bytes(S), bytes(u), 'Caldera Derived Key', 16))
  const { secretBlock = exchange.secretBlock, timestamp = TIMESTAMP } = changes
  const signature = createHmac('sha256', key)
    .update(`Example00${USER}`)
    .update(Buffer.from(secretBlock, 'base64'))
    .update(timestamp)
    .digest('base64')
  return { userPoolId: POOL, userId: USER, secretBlock, timestamp, signature, ...changes }
}

function begin(client: Client): SrpExchange {
  const exchange = startExchange(client.srpA, makePasswordVerifier(POOL, USER, 'right'))
  if (exchange === undefined) throw new Error('refused')
  return exchange
}

test('the right password is proved, a wrong one is not', () => {
  for (let round = 0; round < 8; round += 1) {
    const client = startClient()
    const exchange = begin(client)
    expect(proofIsRight(exchange, sign(client, exchange, 'right'), NOW)).toBe(true)
    expect(proofIsRight(exchange, sign(client, exchange, 'wrong'), NOW)).toBe(false)
  }
})

test('a proof for another pool, another user or with another secret block is not taken', () => {
  const client = startClient()
  const exchange = begin(client)
  for (const changes of [
    { userPoolId: 'us-east-1_Other0000' },
    { userId: '00000000-0000-4000-8000-000000000002' },
    { secretBlock: randomBytes(768).toString('base64') },
    { signature: '' },
  ]) {
    expect(proofIsRight(exchange, sign(client, exchange, 'right', changes), NOW)).toBe(false)
  }
})

test('the secret block that comes back must be the one that was given out', () => {
  const client = startClient()
  const exchange = begin(client)
  const proof = sign(client, exchange, 'right')
  const secretBlock = randomBytes(768).toString('base64')
  expect(proofIsRight(exchange, { ...proof, secretBlock }, NOW)).toBe(false)
})

test('a timestamp that is old or written otherwise is not taken, though its signature is right', () => {
  const client = startClient()
  const exchange = begin(client)
  for (const timestamp of [
    'Mon Nov 3 08:05:07 UTC 2025',
    '2025-11-03T09:05:07Z',
    'Mon Nov 3 09:05:07 UTC+0 2025',
    '',
  ]) {
    expect(proofIsRight(exchange, sign(client, exchange, 'right', { timestamp }), NOW)).toBe(false)
  }
})

test('a proof of one exchange does not open another one', () => {
  const client = startClient()
  const first = begin(client)
  const second = begin(client)
  const proof = sign(client, first, 'right')
  expect(proofIsRight(second, { ...proof, secretBlock: second.secretBlock }, NOW)).toBe(false)
})

test('powers are those that BigInt computes, whether OpenSSL takes the numbers or not', () => {
  const number = (size: number) => BigInt(`0x${randomBytes(size).toString('hex')}`)
  const bases = [0n, 1n, 2n, 3n, N - 2n, N - 1n, N, N + 1n, 2n * N + 5n, number(384), number(400)]
  const exponents = [0n, 1n, 2n, 3n, 0x80n, 0xffffn, number(16)]
  const pairs = bases.flatMap(base => exponents.map(exponent => [base, exponent] as const))
  const long = [2n, N - 1n, number(384)].flatMap(
    base =>
      [
        [base, number(32)],
        [base, (N - 1n) / 2n],
      ] as const,
  )
  for (const [base, exponent] of [...pairs, ...long]) {
    expect([base, exponent, power(base, exponent)]).toEqual([base, exponent, modPow(base, exponent)])
  }
})

function bytes(value: bigint): Buffer {
  const hex = value.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, 'hex')
}

function hash(...parts: Buffer[]): bigint {
  return BigInt(`0x${createHash('sha256').update(Buffer.concat(parts)).digest('hex')}`)
}

function modPow(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % N
    if (bit === '1') result = (result * base) % N
  }
  return result
}
