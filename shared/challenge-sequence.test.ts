// Proves the challenge sequence over every session of up to seven challenges, and shows that nothing makes it throw.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  addEntry,
  countWrongCodes,
  decideTokens,
  nextStep,
  type Progress,
  readProgress,
  type SequencePolicy,
  type Step,
  startOfSignIn,
} from './challenge-sequence.ts'
import { type RoundReason, writeRound } from './code-round.ts'
import { readSession, type SessionEntry } from './trigger-event.ts'

/** SRP_A and the values of ChallengeNameType in the API reference; the last ones stand for what may yet come. */
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
  '',
]
const round = (reason: RoundReason, keyId = 'ab'.repeat(4)) =>
  writeRound({ reason, nonce: 'ab'.repeat(16), keyId, sentAt: 1, expiresAt: 2, sends: 1 })

/** What may stand in a round: each reason of ours, rounds of the version before, nothing, and what others write. */
const METADATA: readonly (string | undefined)[] = [
  round('first'),
  round('wrong-code'),
  round('expired'),
  round('resent'),
  round('resend-refused'),
  round('wrong-code', ''),
  round('resent', ''),
  undefined,
  '',
  'CAPTCHA_CHALLENGE',
  'CODE-123456',
  '{"reason":"first"}',
  JSON.stringify({ ...JSON.parse(round('resent')), nonce: 'ab' }),
  // A round that no code opens cannot have been passed.
  JSON.stringify({ ...JSON.parse(round('wrong-code', '')), nonce: '' }),
]
const ENTRIES: readonly SessionEntry[] = NAMES.flatMap(challengeName =>
  [true, false].flatMap(challengeResult =>
    (challengeName === 'CUSTOM_CHALLENGE' ? METADATA : [undefined]).map(challengeMetadata => ({
      challengeName,
      challengeResult,
      challengeMetadata,
    })),
  ),
)
const POLICY: SequencePolicy = { maxAttempts: 2, maxSends: 1, nativeMfa: 'accept-any' }
const POLICIES: readonly SequencePolicy[] = [
  { ...POLICY, nativeMfa: 'ask' },
  { ...POLICY, nativeMfa: 'accept-email' },
  POLICY,
]

const NEUTRAL = ['NEW_PASSWORD_REQUIRED', 'SELECT_MFA_TYPE', 'DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER']

/**
 * The class of an entry, one letter each: S, P the password step; C a passed round of ours, R one that opened as a
 * resend, F one that is not ours; w a failed round, r one that opened as a resend, v and q the same of the version before;
 * E the e-mail factor, N another one, M a factor set up; o what else may stand after the password; x all that may not.
 */
function classOf({ challengeName, challengeResult, challengeMetadata }: SessionEntry): string {
  if (challengeName === 'CUSTOM_CHALLENGE') {
    const index = METADATA.indexOf(challengeMetadata)
    const isResend = [3, 4, 6].includes(index)
    if (challengeResult) return index < 0 || index > 6 ? 'F' : isResend ? 'R' : 'C'
    if (index === 5 || index === 6) return isResend ? 'q' : 'v'
    return isResend ? 'r' : 'w'
  }
  if (!challengeResult) return 'x'
  if (NEUTRAL.includes(challengeName)) return 'o'
  const letters: Readonly<Record<string, string>> = {
    SRP_A: 'S',
    PASSWORD_VERIFIER: 'P',
    EMAIL_OTP: 'E',
    SOFTWARE_TOKEN_MFA: 'N',
    SMS_MFA: 'N',
    MFA_SETUP: 'M',
  }
  return letters[challengeName] ?? 'x'
}

const LETTERS = [...new Set(ENTRIES.map(classOf))]
const CLASSES = LETTERS.map(letter => ENTRIES.filter(entry => classOf(entry) === letter))
const REPRESENTATIVES = LETTERS.flatMap((letter, index) =>
  (CLASSES[index] ?? []).slice(0, 1).map(entry => ({ letter, entry })),
)

/**
 * The specification, written apart from the code, over a word of classes: the password first and nothing unknown, failed
 * or foreign after it; fewer than two attempts, the first request for a resend being none and the first failed round of
 * the version before neither; tokens if and only if the last code was right or a native factor is accepted.
 */
function specifiedStep(
  word: string,
  nativeMfa: SequencePolicy['nativeMfa'],
  resendRequested: boolean,
): string {
  if (word === 'S') return 'ask-password'
  if (!/^SP[CRwrvqENMo]*$/.test(word)) return 'refuse'
  const rounds = word.replace(/[SPENMo]/g, '')
  const failed = rounds.match(/[wrvq]/g)?.length ?? 0
  const asked = /[wrvq][Rrq]/.test(rounds) || (resendRequested && /[wrvq]$/.test(rounds))
  const free = (asked ? 1 : 0) + (/[vq]/.test(rounds) ? 1 : 0)
  if (failed - free >= 2) return 'refuse'
  if (/[CR]$/.test(rounds)) return 'issue-tokens'
  const accepted = { ask: /(?!)/, 'accept-email': /E/, 'accept-any': /[EN]/ }[nativeMfa]
  return accepted.test(word) && !word.includes('M') ? 'issue-tokens' : 'ask-code'
}

/** What the decision reads of a progress: a session with a fault is refused whatever else it holds. */
function decidable({ lastRound: _, ...progress }: Progress): string {
  return progress.fault === undefined ? JSON.stringify(progress) : 'refused'
}

describe('the proof', () => {
  const LENGTH = 7

  test('two entries of one class cannot be told apart by the decision, after any session', () => {
    // The progress is folded entry by entry, so equal progress stays equal: each reachable one is checked once.
    const toldApart: string[] = []
    for (const userNotFound of [false, true]) {
      let states: readonly Progress[] = [startOfSignIn(userNotFound)]
      for (let length = 0; length < LENGTH; length++) {
        const next = new Map<string, Progress>()
        for (const state of states) {
          for (const [index, entries] of CLASSES.entries()) {
            const outcomes = new Map(
              entries.map(entry => addEntry(state, entry)).map(after => [decidable(after), after]),
            )
            if (outcomes.size > 1) toldApart.push(`${LETTERS[index]} after ${decidable(state)}`)
            for (const [key, progress] of outcomes) next.set(key, progress)
          }
        }
        states = [...next.values()]
      }
      expect(states.length).toBeGreaterThan(userNotFound ? 0 : 100)
    }
    expect(toldApart).toEqual([])
  })

  test('a fault is never undone, so every session that begins with one is refused', () => {
    const before = [[], ['SRP_A'], ['SRP_A', 'PASSWORD_VERIFIER']].map(names =>
      names.map(challengeName => ({ challengeName, challengeResult: true, challengeMetadata: undefined })),
    )
    const faults = before
      .map(session => readProgress({ session, userNotFound: false, resendRequested: false }))
      .flatMap(progress => ENTRIES.map(entry => addEntry(progress, entry)))
      .filter(({ fault }) => fault !== undefined)
    expect(new Set(faults.map(({ fault }) => fault)).size).toBe(5)
    const undone = faults.filter(before =>
      ENTRIES.some(entry => addEntry(before, entry).fault !== before.fault),
    )
    expect(undone).toEqual([])
  })

  test('every session of up to seven challenges ends as the specification says, under each policy', () => {
    const differences: string[] = []
    let decided = 0
    let tokens = 0

    function check(word: string, progress: Progress, session: readonly SessionEntry[]): void {
      for (const resendRequested of [false, true]) {
        const asked = resendRequested
          ? readProgress({ session, userNotFound: false, resendRequested })
          : progress
        for (const policy of POLICIES) {
          const step = nextStep(asked, policy).name
          decided++
          if (step === 'issue-tokens') tokens++
          const specified = specifiedStep(word, policy.nativeMfa, resendRequested)
          if (step !== specified && differences.length < 10)
            differences.push(
              `${word} ${policy.nativeMfa} ${resendRequested}: ${step}, specified ${specified}`,
            )
        }
      }
    }
    function visit(word: string, progress: Progress, session: readonly SessionEntry[]): void {
      check(word, progress, session)
      // Behind a fault every longer session is refused (above); the specification is closed under it as well.
      if (progress.fault !== undefined || word.length === LENGTH) return
      for (const { letter, entry } of REPRESENTATIVES) {
        visit(word + letter, addEntry(progress, entry), [...session, entry])
      }
    }
    visit('', startOfSignIn(false), [])

    expect(differences).toEqual([])
    expect(
      REPRESENTATIVES.map(({ letter }) => letter)
        .sort()
        .join(''),
    ).toBe('CEFMNPRSoqrvwx')
    // Behind S and P ten classes go on and four end it.
    const behindPassword = [0, 1, 2, 3, 4, 5].map(length => 10 ** length)
    const ends = behindPassword.slice(0, 5).map(count => 4 * count)
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
    expect(decided).toBe(6 * (1 + 14 + 13 + sum(behindPassword) + sum(ends)))
    expect(tokens).toBeGreaterThan(100_000)
  })

  test('every two entries as they are, from the start and behind the password, come to the same', () => {
    const letters = ENTRIES.map(classOf)
    const differences: string[] = []
    function visit(session: readonly SessionEntry[], word: string, left: number): void {
      for (const resendRequested of [false, true]) {
        const progress = readProgress({ session, userNotFound: false, resendRequested })
        for (const policy of POLICIES) {
          const step = nextStep(progress, policy).name
          if (step !== specifiedStep(word, policy.nativeMfa, resendRequested)) differences.push(word)
        }
      }
      if (left === 0) return
      for (const [index, entry] of ENTRIES.entries())
        visit([...session, entry], `${word}${letters[index]}`, left - 1)
    }
    visit([], '', 2)
    visit(PASSWORD, 'SP', 2)
    expect(differences).toEqual([])
  })
})

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
const THREE_SENDS = { ...POLICY, maxSends: 3 }

function step(
  session: readonly SessionEntry[],
  { userNotFound = false, resendRequested = false } = {},
): Step {
  return nextStep(readProgress({ session, userNotFound, resendRequested }), THREE_SENDS)
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
    const progress = readProgress({ session, userNotFound: false, resendRequested: false })
    expect(progress).toMatchObject({ rounds: 3, failedRounds: 3, resendRequests: 2 })
    expect(countWrongCodes(progress, THREE_SENDS)).toBe(1)
  })

  test('is free as often as there are mails; each request beyond that is an attempt', () => {
    const rounds = (count: number) => [
      ...PASSWORD,
      failed('CUSTOM_CHALLENGE', round('first')),
      ...Array.from({ length: count - 1 }, () => failed('CUSTOM_CHALLENGE', round('resend-refused'))),
    ]
    expect(step(rounds(3), { resendRequested: true })).toEqual({ name: 'ask-code' })
    expect(step(rounds(4), { resendRequested: true })).toEqual({ name: 'ask-code' })
    expect(step(rounds(5), { resendRequested: true })).toEqual({
      name: 'refuse',
      reason: 'too-many-wrong-codes',
    })
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
    expect(progress).toMatchObject({ failedRounds: 0, resendRequests: 0 })
    const right = passed('CUSTOM_CHALLENGE', round('first'))
    expect(step([...PASSWORD, right], { resendRequested: true }).name).toBe('issue-tokens')
  })
})

test('one failed round of the version before is no attempt: its right code may have failed', () => {
  const former = failed('CUSTOM_CHALLENGE', round('first', ''))
  const wrong = failed('CUSTOM_CHALLENGE', round('wrong-code'))
  expect(step([...PASSWORD, former, wrong])).toEqual({ name: 'ask-code' })
  expect(step([...PASSWORD, former, former, wrong]).name).toBe('refuse')
  expect(step([...PASSWORD, passed('CUSTOM_CHALLENGE', round('first', '')), wrong, wrong]).name).toBe(
    'refuse',
  )
})

test.each(NEUTRAL)('%s may stand behind the password, and proves nothing', name => {
  expect(step([...PASSWORD, passed(name)])).toEqual({ name: 'ask-code' })
})

test('behind a fault nothing counts as passed any more', () => {
  const session = [failed('SRP_A'), ...PASSWORD, passed('EMAIL_OTP'), passed('SMS_MFA')]
  expect(readProgress({ session, userNotFound: false, resendRequested: false })).toMatchObject({
    password: 'not-started',
    emailFactorPassed: false,
    otherFactorPassed: false,
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
  expect(reasons([...PASSWORD, passed('PASSWORD_VERIFIER')])).toBe('unexpected-order')
  expect(reasons([...PASSWORD, passed('CUSTOM_CHALLENGE', 'CAPTCHA_CHALLENGE')])).toBe('unknown-round')
  expect(reasons([...PASSWORD, passed('A_NAME_YET_TO_COME')])).toBe('unknown-challenge')
  expect(reasons([...PASSWORD, failed('NEW_PASSWORD_REQUIRED')])).toBe('failed-challenge')
  expect(reasons([...PASSWORD, failed('CUSTOM_CHALLENGE'), failed('CUSTOM_CHALLENGE')])).toBe(
    'too-many-wrong-codes',
  )
})

describe("a factor of Cognito's own", () => {
  const stepOf = (names: readonly string[], nativeMfa: SequencePolicy['nativeMfa']) => {
    const session = [...PASSWORD, ...names.map(name => passed(name))]
    const progress = readProgress({ session, userNotFound: false, resendRequested: false })
    return nextStep(progress, { ...POLICY, nativeMfa })
  }

  test('stands in for the code only as far as it is accepted', () => {
    const tokens = { name: 'issue-tokens', factor: 'native' }
    expect(stepOf(['EMAIL_OTP'], 'ask')).toEqual({ name: 'ask-code' })
    expect(stepOf(['EMAIL_OTP'], 'accept-email')).toEqual(tokens)
    for (const name of ['SOFTWARE_TOKEN_MFA', 'SMS_MFA']) {
      expect(stepOf([name], 'accept-email')).toEqual({ name: 'ask-code' })
      expect(stepOf([name], 'accept-any')).toEqual(tokens)
    }
  })

  test('never does when a factor was set up in the same session, which takes no more than the password', () => {
    for (const name of ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA', 'SMS_MFA']) {
      expect(stepOf(['MFA_SETUP', name], 'accept-any')).toEqual({ name: 'ask-code' })
      expect(stepOf([name, 'MFA_SETUP'], 'accept-any')).toEqual({ name: 'ask-code' })
    }
  })
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
          expect(session.map(classOf).join('')).toMatch(/^SP[^xSPF]*[CREN]/)
          expect(userNotFound).toBe(false)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

describe('the guard of Pre Token Generation', () => {
  const decision = (
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
    )
  const decide = (...given: Parameters<typeof decision>) => decision(...given).name

  test('says why it lets tokens through or refuses them', () => {
    const hostedUi = 'TokenGeneration_HostedAuth'
    const why = (...given: Parameters<typeof decision>) => decision(...given).reason
    expect(why(hostedUi, { guarded: ['other'] })).toBe('client-not-guarded')
    expect(why('TokenGeneration_RefreshTokens')).toBe('guarded-elsewhere')
    expect(why('TokenGeneration_NewPasswordChallenge')).toBe('new-password')
    expect(why('TokenGeneration_SomethingNew')).toBe('unknown-source')
    expect(why(hostedUi, { userStatus: 'EXTERNAL_PROVIDER' })).toBe('federated')
    expect(why(hostedUi, { hostedUi: 'allow' })).toBe('hosted-ui-allowed')
    expect(why(hostedUi)).toBe('hosted-ui')
  })

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

  test('applies only to the app clients that it is set to guard', () => {
    const source = 'TokenGeneration_NewPasswordChallenge'
    expect(decide(source, { guarded: ['other'] })).toBe('allow')
    expect(decide(source, { guarded: ['other', 'client'] })).toBe('refuse')
  })
})
