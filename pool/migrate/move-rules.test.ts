// The rules of the migration, for the kinds of users that a local user pool cannot have.
import { describe, expect, test } from '@jest/globals'
import { LOCALES, type Locale } from '../../shared/locales.ts'
import { mailOf } from './enable.ts'
import { whyGuardIsNeeded } from './finish.ts'
import {
  blocksFinish,
  defaultRules,
  moveDecision,
  restoredFactors,
  SKIP_REASONS,
  sameFactors,
} from './move-rules.ts'
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
    ['unconfirmed', { status: 'UNCONFIRMED' }],
    ['reset-required', { status: 'RESET_REQUIRED' }],
    ['unverified-address', { emailVerified: false }],
    ['own-factor', { factors: { list: BOTH, preferred: null } }],
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

  test('whose address is not verified is moved on request', () => {
    expect(reason({ emailVerified: false }, { ...defaultRules(BOTH), withUnverified: true })).toBe('move')
  })

  test('who stays for several reasons is given one; those that no option changes come first', () => {
    const all = {
      enabled: false,
      status: 'UNCONFIRMED',
      email: undefined,
      emailVerified: false,
      factors: TOTP,
    }
    expect(reason(all)).toBe('disabled')
    expect(reason({ ...all, enabled: true })).toBe('unconfirmed')
    expect(reason({ ...all, enabled: true, status: 'CONFIRMED' })).toBe('no-address')
    expect(reason({ ...all, enabled: true, status: 'CONFIRMED', email: 'ann@example.com' })).toBe(
      'own-factor',
    )
  })

  test('who was moved and then disabled counts as moved, and one of another provider as that', () => {
    const factors = { list: BOTH, preferred: 'EMAIL_OTP' }
    expect(reason({ factors, enabled: false })).toBe('already-moved')
    expect(reason({ factors, status: 'EXTERNAL_PROVIDER' })).toBe('federated')
  })

  test('with the e-mail factor as the preferred one, but not on, is moved', () => {
    expect(reason({ factors: { list: [], preferred: 'EMAIL_OTP' } })).toBe('move')
  })

  test('who stays is given each reason in words', () => {
    const words = Object.values(SKIP_REASONS)
    expect(words.filter(text => text.length < 11)).toEqual([])
    expect(SKIP_REASONS['own-factor']).toContain('--with-own-factors')
    expect(SKIP_REASONS['unverified-address']).toContain('--with-unverified')
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
    [false, { status: 'RESET_REQUIRED' }],
    [false, { factors: { list: ['SMS_MFA', 'EMAIL_OTP'], preferred: null } }],
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

  test('leaves the e-mail factor on where it was, preferred or not', () => {
    const wasOn = { list: ['EMAIL_OTP'], preferred: null }
    const wasPreferred = { list: ['EMAIL_OTP'], preferred: 'EMAIL_OTP' }
    const now = { list: BOTH, preferred: 'EMAIL_OTP' }
    const inOrder = ['SOFTWARE_TOKEN_MFA', 'EMAIL_OTP']
    expect(restoredFactors(now, wasOn)).toEqual({ list: inOrder, preferred: null })
    expect(restoredFactors(now, wasPreferred)).toEqual({ list: inOrder, preferred: 'EMAIL_OTP' })
    const off = { list: [], preferred: null }
    expect(restoredFactors(off, wasPreferred)).toEqual(wasPreferred)
  })
})

test.each([
  [true, TOTP, TOTP],
  [true, { list: BOTH, preferred: null }, { list: BOTH.toReversed(), preferred: null }],
  [false, TOTP, { ...TOTP, preferred: null }],
  [false, { list: ['EMAIL_OTP'], preferred: null }, { list: BOTH, preferred: null }],
  [false, { list: BOTH, preferred: null }, { list: ['EMAIL_OTP'], preferred: null }],
  [false, { list: ['EMAIL_OTP'], preferred: null }, { list: ['SMS_MFA'], preferred: null }],
  [false, { list: ['EMAIL_OTP', 'SMS_MFA'], preferred: null }, { list: BOTH, preferred: null }],
])('the same factors, whatever their order: %s for %j and %j', (expected, one, other) => {
  expect(sameFactors(one, other)).toBe(expected)
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
