// The rules of the migration, for the kinds of users that a local user pool cannot have.
import { describe, expect, test } from '@jest/globals'
import { LOCALES, type Locale } from '../../shared/locales.ts'
import { mailOf } from './enable.ts'
import { whyGuardIsNeeded } from './finish.ts'
import { blocksFinish, defaultRules, moveDecision, restoredFactors } from './move-rules.ts'
import { isInPercent, type NativeUser } from './native-users.ts'

const USER: NativeUser = {
  username: 'ann',
  sub: '6d1e7d2c-0000-4000-8000-000000000001',
  status: 'CONFIRMED',
  enabled: true,
  email: 'ann@example.com',
  emailVerified: true,
  factors: { list: [], preferred: null },
}
const BOTH = ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA']
const TOTP = { list: ['SOFTWARE_TOKEN_MFA'], preferred: 'SOFTWARE_TOKEN_MFA' }

function reason(user: Partial<NativeUser>, rules = defaultRules(BOTH)): string {
  const decision = moveDecision({ ...USER, ...user }, rules)
  return decision.name === 'skip' ? decision.reason : decision.name
}

describe('a user', () => {
  test.each([
    ['federated', { status: 'EXTERNAL_PROVIDER' }],
    ['no-address', { email: undefined }],
    ['unknown-status', { status: 'ARCHIVED' }],
    ['disabled', { enabled: false }],
    ['own-factor', { factors: TOTP }],
    ['already-moved', { factors: { list: BOTH, preferred: 'EMAIL_OTP' } }],
    ['move', { factors: { list: ['EMAIL_OTP'], preferred: null } }],
    ['move', { status: 'FORCE_CHANGE_PASSWORD' }],
    ['move', {}],
  ])('is treated as %s', (expected, user) => {
    expect(reason(user)).toBe(expected)
  })

  test('with an authenticator app is moved on request, or where the pool does not offer it', () => {
    expect(reason({ factors: TOTP }, { ...defaultRules(BOTH), withOwnFactors: true })).toBe('move')
    expect(reason({ factors: TOTP }, defaultRules(['EMAIL_OTP']))).toBe('move')
  })

  test.each([
    [true, {}],
    [true, { status: 'FORCE_CHANGE_PASSWORD' }],
    [true, { status: 'UNCONFIRMED', email: undefined }],
    [true, { status: 'ARCHIVED' }],
    [false, { factors: { list: ['EMAIL_OTP'], preferred: 'EMAIL_OTP' } }],
    [false, { factors: TOTP }],
    [false, { enabled: false }],
    [false, { status: 'EXTERNAL_PROVIDER' }],
    [false, { status: 'UNCONFIRMED' }],
  ])('keeps MFA from being required: %s for %j', (expected, user) => {
    expect(blocksFinish({ ...USER, ...user }, BOTH)).toBe(expected)
  })

  test('keeps MFA from being required with a factor that the pool does not offer', () => {
    expect(blocksFinish({ ...USER, factors: TOTP }, ['EMAIL_OTP'])).toBe(true)
  })
})

describe('putting back', () => {
  test('makes the authenticator app preferred again', () => {
    expect(restoredFactors({ list: BOTH, preferred: 'EMAIL_OTP' }, TOTP)).toEqual(TOTP)
  })

  test('keeps what the user chose since', () => {
    const none = { list: [], preferred: null }
    expect(restoredFactors({ list: BOTH, preferred: 'SOFTWARE_TOKEN_MFA' }, none)).toEqual(TOTP)
    expect(restoredFactors({ list: ['EMAIL_OTP'], preferred: 'EMAIL_OTP' }, TOTP)).toEqual(none)
  })
})

test('of ten thousand users, about so many percent are picked', () => {
  const subs = Array.from({ length: 10_000 }, (_, index) => `6d1e7d2c-0000-4000-8000-${index}`)
  for (const percent of [1, 10, 50]) {
    const picked = subs.filter(sub => isInPercent(sub, percent)).length
    expect(Math.abs(picked - percent * 100)).toBeLessThan(150)
  }
  expect(subs.every(sub => isInPercent(sub, 100))).toBe(true)
})

test.each(LOCALES)(
  'the mail of Cognito in %s has the code, no reference and no code in the subject',
  (locale: Locale) => {
    const { Message, Subject } = mailOf(locale, 'Example & Co')
    expect(Message.split('{####}')).toHaveLength(2)
    expect(Message).toContain('Example &amp; Co')
    expect(Subject).toContain('Example & Co')
    expect(`${Subject}${Message}`).not.toContain('\u0000')
    expect(Subject).not.toMatch(/[()（）{]/u)
    expect(Subject.length).toBeLessThanOrEqual(140)
  },
)

describe('the guard', () => {
  const lines = [
    { id: 'first-sign-in', verdict: 'holds' },
    { id: 'other-ways', verdict: 'holds' },
  ]
  const asked = { clientId: '1webexample', afterNewPassword: 'EMAIL_OTP' }
  const refused = { clientId: '2phoneexample', afterNewPassword: 'UserLambdaValidationException' }
  const report = { holds: true, lines, firstSignInsBySrp: [asked] }

  test('goes when a first sign-in with SRP asked for the e-mail factor', () => {
    expect(whyGuardIsNeeded(report)).toBeUndefined()
  })

  test.each([
    ['it had to refuse the tokens', { ...report, firstSignInsBySrp: [asked, refused] }],
    ['no first sign-in with SRP was tried', { ...report, firstSignInsBySrp: [] }],
    ['an older probe made the report', { holds: true, lines }],
    ['a line is open', { ...report, lines: [...lines, { id: 'other-ways', verdict: 'unknown' }] }],
    ['the promise does not hold', { ...report, holds: false }],
  ])('stays when %s', (_, other) => {
    expect(whyGuardIsNeeded(other)).toEqual(expect.any(String))
  })
})
