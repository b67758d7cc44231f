// The rounds of the code challenge: when a new code is sent, and what survives the way through challengeMetadata.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type CodeRound,
  canPass,
  isFormer,
  isResend,
  planRound,
  type RoundPolicy,
  readRound,
  referenceOf,
  withoutMail,
  writeRound,
} from './code-round.ts'

const [KEY, OLD_KEY] = ['0a1b2c3d', '4e5f6a7b']
const POLICY: RoundPolicy = {
  maxSends: 3,
  codeTtlSeconds: 180,
  resendAfterSeconds: 30,
  keyIds: [KEY, OLD_KEY],
}
const REASONS = ['first', 'wrong-code', 'expired', 'resent', 'resend-refused'] as const
const NOW = Date.UTC(2026, 0, 1)
const seconds = (count: number) => NOW + count * 1000

function plan(lastRound: CodeRound | undefined, resendRequested: boolean, now: number, rounds = 1) {
  return planRound({ rounds, lastRound }, resendRequested, now, POLICY)
}

const first = plan(undefined, false, NOW, 0).round

test('the first round sends a code that is valid for the set time', () => {
  expect(plan(undefined, false, NOW, 0)).toMatchObject({
    send: true,
    round: { reason: 'first', sends: 1, sentAt: NOW, expiresAt: seconds(180), keyId: KEY },
  })
  expect(first.nonce).toMatch(/^[0-9a-f]{32}$/)
})

test('a request for a new mail before there was one is simply the first round', () => {
  expect(plan(undefined, true, NOW, 0)).toMatchObject({ send: true, round: { reason: 'first', sends: 1 } })
})

test('a wrong code keeps the code, and sends nothing', () => {
  expect(plan(first, false, seconds(10))).toEqual({ send: false, round: { ...first, reason: 'wrong-code' } })
})

test('an expired code is replaced by a new one', () => {
  const { send, round } = plan(first, false, seconds(180))
  expect(send).toBe(true)
  expect(round).toMatchObject({ reason: 'expired', sends: 2, expiresAt: seconds(360) })
  expect(round.nonce).not.toBe(first.nonce)
})

test('a code made with either of the secrets that are set is kept, any other is replaced like an expired one', () => {
  const keep = plan({ ...first, keyId: OLD_KEY }, false, seconds(10))
  expect(keep).toMatchObject({ send: false, round: { reason: 'wrong-code', keyId: OLD_KEY } })
  for (const keyId of ['', 'ffffffff']) {
    const { send, round } = plan({ ...first, keyId }, false, seconds(10))
    expect(send).toBe(true)
    expect(round).toMatchObject({ reason: 'expired', keyId: KEY, sends: 2 })
  }
})

describe('a resend', () => {
  test('sends a new code once it is due', () => {
    expect(plan(first, true, seconds(29))).toEqual({
      send: false,
      round: { ...first, reason: 'resend-refused' },
    })
    const { send, round } = plan(first, true, seconds(30))
    expect(send).toBe(true)
    expect(round).toMatchObject({ reason: 'resent', sends: 2 })
    expect(round.nonce).not.toBe(first.nonce)
  })

  test('is refused once all mails of the sign-in are sent', () => {
    const last = { ...first, sends: 3 }
    expect(plan(last, true, seconds(100))).toEqual({
      send: false,
      round: { ...last, reason: 'resend-refused' },
    })
  })
})

test('with no mail left, an expired code stays expired', () => {
  const last = { ...first, sends: 3 }
  expect(plan(last, false, seconds(200))).toEqual({ send: false, round: { ...last, reason: 'expired' } })
})

test('a round without a record counts as a mail that was sent and is no longer valid', () => {
  expect(plan(undefined, false, NOW, 2)).toMatchObject({ send: true, round: { reason: 'expired', sends: 3 } })
  expect(plan(undefined, false, NOW, 3)).toMatchObject({
    send: false,
    round: { reason: 'expired', expiresAt: 0, nonce: '', keyId: '' },
  })
})

test('a round without its mail is opened by no code, ends now, and leaves the mail to the next round', () => {
  const closed = withoutMail(plan(first, true, seconds(30)).round, seconds(31))
  expect(closed).toEqual({
    reason: 'resent',
    nonce: '',
    keyId: '',
    sentAt: 0,
    expiresAt: seconds(31),
    sends: 1,
  })
  expect(readRound(writeRound(closed))).toEqual(closed)
  expect([canPass(closed), isFormer(closed)]).toEqual([false, false])
  expect(plan(closed, false, seconds(31))).toMatchObject({
    send: true,
    round: { reason: 'expired', sends: 2 },
  })
})

test('a round tells whether it is a resend, whether a code opens it, and whether the version before opened it', () => {
  expect(REASONS.filter(reason => isResend({ ...first, reason }))).toEqual(['resent', 'resend-refused'])
  const rounds = [first, { ...first, keyId: '' }, undefined]
  expect(rounds.map(canPass)).toEqual([true, true, false])
  expect(rounds.map(isFormer)).toEqual([false, true, false])
  expect(isResend(undefined)).toBe(false)
})

test('the record of a round comes back as it was written', () => {
  for (const reason of REASONS)
    expect(readRound(writeRound({ ...first, reason }))).toEqual({ ...first, reason })
})

test('metadata written by another product is not a round of ours, and never an error', () => {
  const broken = ['', 'CODE-123456', '{', 'null', '[]', '{}', '"first"']
  for (const text of broken) expect(readRound(text)).toBeUndefined()
  expect(readRound(undefined)).toBeUndefined()
  for (const key of ['reason', 'nonce', 'keyId', 'sentAt', 'expiresAt', 'sends']) {
    for (const value of [-1, 1.5, {}, [], true, 'never', Number.MAX_SAFE_INTEGER]) {
      const record = JSON.stringify({ ...first, [key]: value })
      expect(readRound(record)).toBeUndefined()
    }
  }
  for (const other of [`0${first.nonce}`, `${first.nonce}0`])
    expect(readRound(JSON.stringify({ ...first, nonce: other }))).toBeUndefined()
  for (const other of [`0${KEY}`, `${KEY}0`, 12345678])
    expect(readRound(JSON.stringify({ ...first, keyId: other }))).toBeUndefined()
  const last = Date.UTC(9999, 0, 1)
  expect(readRound(JSON.stringify({ ...first, expiresAt: last }))?.expiresAt).toBe(last)
  expect(readRound(JSON.stringify({ ...first, expiresAt: last + 1 }))).toBeUndefined()
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => readRound(text) === undefined))
})

test('a round of the version without key ids is read, and names no secret', () => {
  const { keyId: _, ...former } = first
  expect(readRound(JSON.stringify(former))).toEqual({ ...first, keyId: '' })
})

test('a reference is four consonants, tells the mails of one person apart, and is empty without a nonce', () => {
  const references = Array.from({ length: 50 }, () => referenceOf(plan(undefined, false, NOW, 0).round.nonce))
  for (const reference of references) expect(reference).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  expect(new Set(references).size).toBeGreaterThan(45)
  expect(referenceOf('')).toBe('')
})
