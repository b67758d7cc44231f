// The code: even, bound to one round of one sign-in, and opened by nothing else.
import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type CodeIdentity, deriveCode, isRightCode, keyIdOf, normalizeAnswer, truncate } from './code.ts'

const SECRET = Buffer.alloc(32, 7)
const IDENTITY: CodeIdentity = {
  userPoolId: 'eu-central-1_EXAMPLE00',
  clientId: '1example23456789client0000',
  userName: 'person',
  nonce: '00',
}

test('the truncation gives the numbers of RFC 4226, appendix D', () => {
  const key = Buffer.from('12345678901234567890', 'ascii')
  const numbers = Array.from({ length: 10 }, (_, count) => {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(count))
    return truncate(createHmac('sha1', key).update(counter).digest(), 4)
  })
  expect(numbers).toEqual([
    1284755224, 1094287082, 137359152, 1726969429, 1640338314, 868254676, 1918287922, 82162583, 673399871,
    645520489,
  ])
  expect(numbers.map(number => String(number % 10 ** 6).padStart(6, '0'))).toEqual([
    '755224',
    '287082',
    '359152',
    '969429',
    '338314',
    '254676',
    '287922',
    '162583',
    '399871',
    '520489',
  ])
})

describe('of 200,000 codes', () => {
  /** Chi-square with nine degrees of freedom stays below this in all but one of a million fair draws. */
  const LIMIT = 44.8

  test.each([[6], [10]])('with %d digits, each digit stands equally often in each place', length => {
    const codes = 200_000
    /** How often each digit stood, place by place. */
    const counts = new Uint32Array(length * 10)
    for (let index = 0; index < codes; index++) {
      const code = deriveCode(SECRET, { ...IDENTITY, nonce: String(index) }, length)
      for (let place = 0; place < length; place++) {
        const cell = place * 10 + Number(code[place])
        counts[cell] = (counts[cell] ?? 0) + 1
      }
    }
    const expected = codes / 10
    for (let place = 0; place < length; place++) {
      const row = counts.subarray(place * 10, (place + 1) * 10)
      expect(row.reduce((sum, count) => sum + count, 0)).toBe(codes)
      const chiSquare = row.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      expect(chiSquare).toBeLessThan(LIMIT)
    }
  })
})

test('a number from the incomplete end of the range is drawn again, or small codes would be likelier', () => {
  const [range, codes] = [2 ** 39, 10 ** 10]
  const draw = (nonce: string, count: number) => {
    const { userPoolId, clientId, userName } = IDENTITY
    const message = JSON.stringify(['email-code', userPoolId, clientId, userName, nonce, count])
    return truncate(createHmac('sha256', SECRET).update(message).digest(), 5)
  }
  const nonces = Array.from({ length: 1_000 }, (_, index) => String(index))
  const drawnAgain = nonces.filter(nonce => draw(nonce, 0) >= range - (range % codes))
  expect(drawnAgain.length).toBeGreaterThan(5)
  for (const nonce of drawnAgain) {
    const expected = [1, 2, 3]
      .map(count => draw(nonce, count))
      .find(number => number < range - (range % codes))
    expect(Number(deriveCode(SECRET, { ...IDENTITY, nonce }, 10))).toBe((expected ?? 0) % codes)
  }
})

test('a code has exactly as many digits as it should, leading zeros included', () => {
  const codes = Array.from({ length: 500 }, (_, index) =>
    deriveCode(SECRET, { ...IDENTITY, nonce: String(index) }, 6),
  )
  expect(codes.every(code => /^\d{6}$/.test(code))).toBe(true)
  expect(codes.some(code => code.startsWith('0'))).toBe(true)
})

test('the code of one user, client, pool or round opens no other', () => {
  const part = fc.string({ maxLength: 12 })
  const identity = fc.record({ userPoolId: part, clientId: part, userName: part, nonce: part })
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other))
      return !isRightCode(deriveCode(SECRET, one, 10), SECRET, other, 10)
    }),
    { numRuns: 2_000 },
  )
})

test('moving a character from one part to the next makes another code', () => {
  const split = { ...IDENTITY, clientId: 'ab', userName: 'c' }
  const other = { ...IDENTITY, clientId: 'a', userName: 'bc' }
  expect(deriveCode(SECRET, split, 10)).not.toBe(deriveCode(SECRET, other, 10))
})

test('no other answer is accepted', () => {
  const code = deriveCode(SECRET, IDENTITY, 6)
  const almost = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 9 })).map(([place, digit]) => {
    return code.slice(0, place) + String(digit) + code.slice(place + 1)
  })
  const answer = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    almost,
    fc.stringMatching(/^[\d -]{0,12}$/),
  )
  fc.assert(
    fc.property(answer, given => {
      fc.pre(normalizeAnswer(given) !== code)
      return !isRightCode(given, SECRET, IDENTITY, 6)
    }),
    { numRuns: 3_000 },
  )
})

test('a code is read however a person writes it', () => {
  const written = [
    '123456',
    ' 123 456 ',
    '123-456',
    '123–456',
    '１２３４５６',
    '１２３　４５６',
    '١٢٣٤٥٦',
    '۱۲۳۴۵۶',
    '\u200e123456\u200f',
    '123456\n',
    '1 2 3 4 5 6',
  ]
  expect(written.map(normalizeAnswer)).toEqual(written.map(() => '123456'))
})

test('what is no code stays none', () => {
  for (const answer of ['', '12345', '1234567', '123.456', '12345O', '+123456', '123456'.repeat(100)]) {
    expect(normalizeAnswer(answer)).not.toBe('123456')
  }
})

test('only the first 256 characters of an answer are read', () => {
  expect(normalizeAnswer(`${' '.repeat(250)}123456`)).toBe('123456')
  expect(normalizeAnswer(`${' '.repeat(251)}123456`)).toBe('12345')
})

test('a code opens for the secret that made it, and for no other', () => {
  const otherSecret = Buffer.alloc(32, 1)
  const code = deriveCode(otherSecret, IDENTITY, 6)
  expect(isRightCode(code, otherSecret, IDENTITY, 6)).toBe(true)
  expect(isRightCode(code, SECRET, IDENTITY, 6)).toBe(false)
})

test('the id of a secret is short, stable and its own', () => {
  // Another id would end the sign-ins that are under way when it is deployed.
  expect(keyIdOf(SECRET)).toBe('3e7b79b1')
  expect(keyIdOf(Buffer.from(SECRET))).toBe(keyIdOf(SECRET))
  expect(keyIdOf(Buffer.alloc(32, 1))).not.toBe(keyIdOf(SECRET))
})
