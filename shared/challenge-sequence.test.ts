// Proves the challenge sequence over every short session, and shows that nothing makes it throw.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decideTokens, nextStep, readProgress, type SequencePolicy, type Step } from './challenge-sequence.ts'
import { writeRound } from './code-round.ts'
import { readSession, type SessionEntry } from './trigger-event.ts'

/** SRP_A and the values of ChallengeNameType in the API reference; the last one stands for a name yet to come. */
const NAMES = [
  'SRP_A',
  'PASSWORD_VERIFIER',
  'CUSTOM_CHALLENGE',
  'NEW_PASSWORD_REQUIRED',
  'EMAIL_OTP',
  'SOFTWARE_TOKEN_MFA',
  'SMS_MFA',
  'MFA_SETUP',
  'SELECT_MFA_TYPE',
  'DEVICE_SRP_AUTH',
  'DEVICE_PASSWORD_VERIFIER',
  'ADMIN_NO_SRP_AUTH',
  'SELECT_CHALLENGE',
  'SMS_OTP',
  'PASSWORD',
  'PASSWORD_SRP',
  'WEB_AUTHN',
  'A_NAME_YET_TO_COME',
]
const ENTRIES: readonly SessionEntry[] = NAMES.flatMap(challengeName =>
  [true, false].map(challengeResult => ({ challengeName, challengeResult, challengeMetadata: undefined })),
)
const POLICY: SequencePolicy = { maxAttempts: 2, maxSends: 3, nativeMfa: 'accept-any' }

const NATIVE = ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA', 'SMS_MFA']
const MAY_STAND_AFTER_PASSWORD = [
  ...NATIVE,
  'NEW_PASSWORD_REQUIRED',
  'MFA_SETUP',
  'SELECT_MFA_TYPE',
  'DEVICE_SRP_AUTH',
  'DEVICE_PASSWORD_VERIFIER',
]

/** One letter an entry: what a session comes to is then a matter of two regular expressions. */
function letterOf({ challengeName, challengeResult }: SessionEntry): string {
  if (challengeName === 'CUSTOM_CHALLENGE') return challengeResult ? 'C' : 'w'
  if (!challengeResult) return 'x'
  if (challengeName === 'SRP_A') return 'S'
  if (challengeName === 'PASSWORD_VERIFIER') return 'P'
  if (NATIVE.includes(challengeName)) return 'N'
  return MAY_STAND_AFTER_PASSWORD.includes(challengeName) ? 'o' : 'x'
}

/**
 * The specification, written apart from the code: the password first and nothing unknown or failed after it; fewer than
 * two wrong codes; tokens if and only if the last code was right or a native factor is accepted.
 */
function specifiedStep(letters: string, nativeMfa: SequencePolicy['nativeMfa']): Step['name'] {
  if (letters === 'S') return 'ask-password'
  if (!/^SP[CNow]*$/.test(letters) || /w.*w/.test(letters)) return 'refuse'
  const tokens = /C[^w]*$/.test(letters) || (nativeMfa !== 'ask' && letters.includes('N'))
  return tokens ? 'issue-tokens' : 'ask-code'
}

test('every session of up to five challenges comes to what the specification says, under both policies for native factors', () => {
  const letters = ENTRIES.map(letterOf)
  const session: SessionEntry[] = []
  const signIn = { session, userNotFound: false, resendRequested: false }
  const policies: readonly SequencePolicy[] = [POLICY, { ...POLICY, nativeMfa: 'ask' }]
  // What the specification says of a word of letters is worked out once a word.
  const specified = new Map<string, readonly Step['name'][]>()
  let sessions = 0
  let tokens = 0
  const differences: string[] = []

  function visit(word: string): void {
    let expected = specified.get(word)
    if (expected === undefined) {
      expected = policies.map(policy => specifiedStep(word, policy.nativeMfa))
      specified.set(word, expected)
    }
    for (let index = 0; index < policies.length; index++) {
      const policy = policies[index] ?? POLICY
      const step = nextStep(signIn, policy).name
      sessions++
      if (step === 'issue-tokens') tokens++
      if (step !== expected[index] && differences.length < 10) {
        differences.push(
          `${JSON.stringify(session)} ${policy.nativeMfa}: ${step}, specified ${expected[index]}`,
        )
      }
    }
    if (session.length === 5) return
    for (let index = 0; index < ENTRIES.length; index++) {
      const entry = ENTRIES[index]
      if (entry === undefined) continue
      session.push(entry)
      visit(word + letters[index])
      session.pop()
    }
  }
  visit('')

  expect(differences).toEqual([])
  expect(sessions).toBe(2 * (1 + 36 + 36 ** 2 + 36 ** 3 + 36 ** 4 + 36 ** 5))
  expect(tokens).toBeGreaterThan(0)
}, 300_000)

const passed = (challengeName: string, challengeMetadata?: string): SessionEntry => ({
  challengeName,
  challengeResult: true,
  challengeMetadata,
})
const failed = (challengeName: string, challengeMetadata?: string): SessionEntry => ({
  ...passed(challengeName, challengeMetadata),
  challengeResult: false,
})
const PASSWORD = [passed('SRP_A'), passed('PASSWORD_VERIFIER')]
const round = (reason: 'first' | 'wrong-code' | 'expired' | 'resent' | 'resend-refused') =>
  writeRound({ reason, nonce: 'ab'.repeat(16), sentAt: 1, expiresAt: 2, sends: 1 })

function step(
  session: readonly SessionEntry[],
  { userNotFound = false, resendRequested = false } = {},
): Step {
  return nextStep({ session, userNotFound, resendRequested }, POLICY)
}

describe('an unknown user', () => {
  test('is asked for a password like anybody else', () => {
    expect(step([passed('SRP_A')], { userNotFound: true })).toEqual(step([passed('SRP_A')]))
  })

  test('gets no further than the password, whatever the session says', () => {
    expect(step(PASSWORD, { userNotFound: true })).toEqual({ name: 'refuse', reason: 'user-not-found' })
    expect(step([...PASSWORD, passed('CUSTOM_CHALLENGE')], { userNotFound: true }).name).toBe('refuse')
  })
})

describe('a resend', () => {
  test('is not counted as a wrong code, neither when it is asked for nor in the rounds after it', () => {
    const session = [
      ...PASSWORD,
      failed('CUSTOM_CHALLENGE', round('first')),
      failed('CUSTOM_CHALLENGE', round('resent')),
      failed('CUSTOM_CHALLENGE', round('resend-refused')),
    ]
    expect(step(session, { resendRequested: true })).toEqual({ name: 'ask-code' })
    expect(step(session)).toEqual({ name: 'ask-code' })
    expect(readProgress({ session, userNotFound: false, resendRequested: false })).toMatchObject({
      rounds: 3,
      wrongCodes: 1,
      resendRequests: 2,
    })
  })

  test('cannot be had without end: more requests than twice the mails allowed end the sign-in', () => {
    const rounds = (count: number) => [
      ...PASSWORD,
      failed('CUSTOM_CHALLENGE', round('first')),
      ...Array.from({ length: count - 1 }, () => failed('CUSTOM_CHALLENGE', round('resend-refused'))),
    ]
    expect(step(rounds(6), { resendRequested: true })).toEqual({ name: 'ask-code' })
    expect(step(rounds(7), { resendRequested: true })).toEqual({ name: 'refuse', reason: 'too-many-resends' })
  })

  test('that follows no failed round counts for nothing', () => {
    const session = [
      ...PASSWORD,
      failed('CUSTOM_CHALLENGE', round('resent')),
      failed('CUSTOM_CHALLENGE', round('wrong-code')),
    ]
    expect(step(session)).toEqual({ name: 'refuse', reason: 'too-many-wrong-codes' })
    expect(step(PASSWORD, { resendRequested: true })).toEqual({ name: 'ask-code' })
    const progress = readProgress({ session: PASSWORD, userNotFound: false, resendRequested: true })
    expect(progress).toMatchObject({ wrongCodes: 0, resendRequests: 0 })
    expect(step([...PASSWORD, passed('CUSTOM_CHALLENGE')], { resendRequested: true }).name).toBe(
      'issue-tokens',
    )
  })
})

test('each refusal says why', () => {
  const reasons = (session: readonly SessionEntry[]) => {
    const refusal = step(session)
    return refusal.name === 'refuse' ? refusal.reason : refusal.name
  }
  expect(reasons([])).toBe('no-password-start')
  expect(reasons([passed('CUSTOM_CHALLENGE')])).toBe('no-password-start')
  expect(reasons([failed('SRP_A')])).toBe('failed-challenge')
  expect(reasons([passed('SRP_A'), passed('CUSTOM_CHALLENGE')])).toBe('unexpected-order')
  expect(reasons([passed('SRP_A'), failed('PASSWORD_VERIFIER')])).toBe('failed-challenge')
  expect(reasons([...PASSWORD, passed('SRP_A')])).toBe('unexpected-order')
  expect(reasons([...PASSWORD, passed('A_NAME_YET_TO_COME')])).toBe('unknown-challenge')
  expect(reasons([...PASSWORD, failed('NEW_PASSWORD_REQUIRED')])).toBe('failed-challenge')
  expect(reasons([...PASSWORD, failed('CUSTOM_CHALLENGE'), failed('CUSTOM_CHALLENGE')])).toBe(
    'too-many-wrong-codes',
  )
})

describe('whatever comes in as a session', () => {
  const refused = { name: 'refuse', reason: 'no-password-start' }

  test.each([
    [null],
    [undefined],
    [''],
    ['SRP_A'],
    [42],
    [{}],
    [{ length: 3 }],
    [[null]],
    [[undefined]],
    [[{}]],
    [[[]]],
  ])('%j is refused, not thrown at', session => expect(step(readSession(session))).toEqual(refused))

  test('a list of 10,000 entries is decided like any other', () => {
    const long = Array.from({ length: 10_000 }, () => passed('DEVICE_SRP_AUTH'))
    expect(step([...PASSWORD, ...long])).toEqual({ name: 'ask-code' })
    expect(step(long)).toEqual(refused)
    expect(step([...PASSWORD, ...long.map(() => failed('CUSTOM_CHALLENGE'))]).name).toBe('refuse')
  })

  test('only an entry of true counts as passed', () => {
    const almost = ['true', 1, {}, [], 'yes', null, undefined]
    for (const challengeResult of almost) {
      const session = readSession([
        { challengeName: 'SRP_A', challengeResult: true },
        { challengeName: 'PASSWORD_VERIFIER', challengeResult },
      ])
      expect(step(session)).toEqual({ name: 'refuse', reason: 'failed-challenge' })
    }
  })

  test('nothing makes it throw, and nothing but the password and a code makes it issue tokens', () => {
    const entry = fc.oneof(
      fc.anything(),
      fc.record(
        {
          challengeName: fc.oneof(fc.constantFrom(...NAMES), fc.anything()),
          challengeResult: fc.oneof(fc.boolean(), fc.anything()),
          challengeMetadata: fc.oneof(
            fc.constant(null),
            fc.constantFrom(round('first'), round('resent')),
            fc.anything(),
          ),
        },
        { requiredKeys: [] },
      ),
    )
    fc.assert(
      fc.property(
        fc.oneof(fc.array(entry), fc.anything()),
        fc.boolean(),
        fc.boolean(),
        (raw, userNotFound, resendRequested) => {
          const session = readSession(raw)
          if (step(session, { userNotFound, resendRequested }).name !== 'issue-tokens') return
          expect(session.map(letterOf).join('')).toMatch(/^SP[^xSP]*[CN]/)
          expect(userNotFound).toBe(false)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

describe('the guard of Pre Token Generation', () => {
  const decide = (
    triggerSource: string,
    {
      clientId = 'client',
      userStatus = 'CONFIRMED',
      hostedUi = 'deny',
      guarded = [] as readonly string[],
    } = {},
  ) =>
    decideTokens(
      { triggerSource, clientId, userStatus },
      {
        hostedUi: hostedUi === 'allow' ? 'allow' : 'deny',
        guardedClientIds: guarded.length === 0 ? undefined : guarded,
      },
    ).name

  test('refuses tokens straight after a new password, whatever the user status says', () => {
    for (const userStatus of ['CONFIRMED', 'FORCE_CHANGE_PASSWORD', 'EXTERNAL_PROVIDER', '']) {
      expect(decide('TokenGeneration_NewPasswordChallenge', { userStatus, hostedUi: 'allow' })).toBe('refuse')
    }
  })

  test('lets an ordinary sign-in, a device, a refresh and a machine through', () => {
    for (const source of ['Authentication', 'AuthenticateDevice', 'RefreshTokens', 'ClientCredentials']) {
      expect(decide(`TokenGeneration_${source}`)).toBe('allow')
    }
  })

  test('keeps local users of the hosted UI out unless told otherwise, and never federated ones', () => {
    expect(decide('TokenGeneration_HostedAuth')).toBe('refuse')
    expect(decide('TokenGeneration_HostedAuth', { hostedUi: 'allow' })).toBe('allow')
    expect(decide('TokenGeneration_HostedAuth', { userStatus: 'EXTERNAL_PROVIDER' })).toBe('allow')
  })

  test('refuses a source that it does not know', () => {
    for (const source of ['', 'TokenGeneration_SomethingNew', 'tokengeneration_authentication']) {
      expect(decide(source)).toBe('refuse')
    }
  })

  test('minds only the app clients that it is told to guard', () => {
    const source = 'TokenGeneration_NewPasswordChallenge'
    expect(decide(source, { guarded: ['other'] })).toBe('allow')
    expect(decide(source, { guarded: ['other', 'client'] })).toBe('refuse')
  })
})
