// What Create keeps for Verify comes back as it was written; anything else is no round.
import { expect, test } from '@jest/globals'
import { startOfSignIn } from './challenge-sequence.ts'
import { readPrivateParameters, writePrivateParameters } from './private-parameters.ts'

const ROUND = {
  reason: 'first',
  nonce: 'ab'.repeat(16),
  keyId: '0a1b2c3d',
  sentAt: 1,
  expiresAt: Date.UTC(2026, 10, 24),
  sends: 1,
} as const
const PASSED = { ...startOfSignIn(false), password: 'passed' } as const
const written = writePrivateParameters(ROUND, PASSED, 2)

test('the round, the wrong codes and the password step come back as they were written', () => {
  const { nonce, keyId, expiresAt } = ROUND
  expect(readPrivateParameters(written)).toEqual({
    passwordPassed: true,
    nonce,
    keyId,
    expiresAt,
    wrongCodes: 2,
  })
  expect(new Set(Object.values(written).map(value => typeof value))).toEqual(new Set(['string']))
})

test('without a passed password the record says so, in as many characters', () => {
  for (const progress of [startOfSignIn(false), { ...PASSED, fault: 'unknown-round' } as const]) {
    const kept = writePrivateParameters(ROUND, progress, 2)
    expect(readPrivateParameters(kept)).toMatchObject({ passwordPassed: false })
    expect(JSON.stringify(kept)).toHaveLength(JSON.stringify(written).length)
  }
})

test('no other record of the password step counts', () => {
  const { passwordStep: _, ...others } = written
  expect(readPrivateParameters(others)).toMatchObject({ passwordPassed: false })
  for (const passwordStep of ['', 'true', 'PASSWORD', 'PASSWORD_VERIFIER '])
    expect(readPrivateParameters({ ...written, passwordStep })).toMatchObject({ passwordPassed: false })
})

test('a round of the version without key ids is read, and names no secret', () => {
  const { keyId: _, ...former } = written
  expect(readPrivateParameters(former)).toMatchObject({ keyId: '', nonce: ROUND.nonce })
})

test.each(['nonce', 'expiresAt', 'wrongCodes'])('without %s there is no round', name => {
  const { [name]: _, ...others } = written
  expect(readPrivateParameters(others)).toBeUndefined()
})

test.each(['expiresAt', 'wrongCodes'])('%s is digits and nothing else', name => {
  const read = (value: string) => readPrivateParameters({ ...written, [name]: value })
  for (const value of ['', '-1', '1.5', '1e3', ' 1', '1 ', '١', '1'.repeat(16)])
    expect(read(value)).toBeUndefined()
  expect(read('9'.repeat(15))).toMatchObject({ [name]: 999_999_999_999_999 })
})
