// The driver on scripted answers of Amplify: where each of them leads, at each step. That Amplify answers so is seen in sign-in.test.ts.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { ConfirmSignInInput, SignInInput, SignInOutput } from 'aws-amplify/auth'
import type { SignInDriver, SignInDriverOptions } from './sign-in.ts'

type Answer = SignInOutput | Error | Promise<SignInOutput>
type Call = ['signIn', SignInInput] | ['confirmSignIn', ConfirmSignInInput] | ['signOut']

const username = 'ada@example.com'
const password = 'Permanent-1'
const newPassword = 'Chosen-1'

/** What Amplify answers to the calls to come. */
let script: Answer[]
let calls: Call[]
/** Who is signed in: the names of the user, by where Amplify has them. An error is thrown in the place of a user. */
let user: { loginId?: string; username?: string; claims?: Record<string, string> } | Error | undefined
let kept: Map<string, string>
let signOutFails: boolean
let driver: SignInDriver

async function answerTo(call: Call): Promise<SignInOutput> {
  calls.push(call)
  const answer = await (script.shift() ?? error('ScriptIsOver'))
  if (answer instanceof Error) throw answer
  if (answer.isSignedIn) user = { loginId: username }
  return answer
}

const amplify = {
  signIn: (input: SignInInput) => answerTo(['signIn', input]),
  confirmSignIn: (input: ConfirmSignInInput) => answerTo(['confirmSignIn', input]),
  async getCurrentUser() {
    if (user === undefined) throw error('UserUnAuthenticatedException')
    if (user instanceof Error) throw user
    const { loginId, username = 'an id' } = user
    return { username, userId: 'an id', ...(loginId !== undefined && { signInDetails: { loginId } }) }
  },
  async fetchAuthSession() {
    const { loginId, claims: payload } = user instanceof Error ? {} : (user ?? {})
    // While another tab signs in, the ID token is not there yet.
    if (payload === undefined)
      return loginId === undefined ? { tokens: { accessToken: { payload: {} } } } : {}
    return { tokens: { accessToken: { payload: {} }, idToken: { payload } } }
  },
  async signOut() {
    calls.push(['signOut'])
    if (signOutFails) throw error('NetworkError')
    user = undefined
  },
}

jest.unstable_mockModule('aws-amplify/auth', () => amplify)
jest.unstable_mockModule('aws-amplify/utils', () => ({
  sessionStorage: {
    getItem: async (key: string) => kept.get(key) ?? null,
    setItem: async (key: string, value: string) => void kept.set(key, value),
    removeItem: async (key: string) => void kept.delete(key),
  },
}))

const { createSignInDriver } = await import('./sign-in.ts')

function error(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name })
}

const NETWORK = error('NetworkError')
const REFUSED = error('NotAuthorizedException', 'Incorrect username or password.')
const SPENT = error('NotAuthorizedException', 'Invalid session for the user.')
const LOCKED = error('NotAuthorizedException', 'Password attempts exceeded')
const NO_MAIL = error('UserLambdaValidationException', 'CreateAuthChallenge failed with error x.')
const NO_TOKENS = error('UserLambdaValidationException', 'PreTokenGeneration failed with error x.')
const WRONG_CODE = error('CodeMismatchException')
const WEAK = error('InvalidPasswordException', 'Password not long enough')
const USED_BEFORE = error('PasswordHistoryPolicyViolationException')
const INVALID = error('InvalidParameterException')
const SIGNED_IN_ALREADY = error('UserAlreadyAuthenticatedException')
const NEW = error('SomethingNew')

const step = (nextStep: SignInOutput['nextStep']): SignInOutput => ({
  isSignedIn: nextStep.signInStep === 'DONE',
  nextStep,
})
const DONE = step({ signInStep: 'DONE' })
const TOTP = step({ signInStep: 'CONFIRM_SIGN_IN_WITH_TOTP_CODE' })
const NEW_PASSWORD = step({ signInStep: 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED' })
const RESET = step({ signInStep: 'RESET_PASSWORD' })
const CHOICE = step({ signInStep: 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION', allowedMFATypes: ['TOTP', 'EMAIL'] })
const MAILED = step({
  signInStep: 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE',
  codeDeliveryDetails: { destination: 'a***@e***' },
})

/** A challenge of the triggers. */
function code(parameters: Record<string, string> = {}): SignInOutput {
  const additionalInfo = {
    challenge: 'EMAIL_CODE',
    reason: 'first',
    codeLength: '6',
    reference: 'AB12',
    ...parameters,
  }
  return step({ signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', additionalInfo })
}

const RIDDLE = code({ challenge: 'RIDDLE' })

/** An answer that comes when the test says so. */
function held() {
  let answer = (_: SignInOutput): void => undefined
  let fail = (_: Error): void => undefined
  const promise = new Promise<SignInOutput>((resolve, reject) => {
    answer = resolve
    fail = reject
  })
  script.push(promise)
  return { answer, fail }
}

/** Lets time pass, and all that is ready run. */
const wait = (milliseconds = 0) => jest.advanceTimersByTimeAsync(milliseconds)

/** Signs in, with the answers to it. */
function signIn(...answers: Answer[]) {
  script.push(...answers)
  return driver.signIn({ username, password })
}

/** The names of the calls since the last look at them. */
function called(): string[] {
  return calls.splice(0).map(([name]) => name)
}

/** Brings the driver to the step of `answers`; what comes after is scripted by `then`. */
async function reach(answers: Answer[], then: Answer[], options: SignInDriverOptions = {}) {
  driver = createSignInDriver(options)
  await signIn(...answers)
  called()
  script.push(...then)
  return driver.getState()
}

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000, doNotFake: ['nextTick', 'queueMicrotask'] })
  script = []
  calls = []
  user = undefined
  kept = new Map()
  signOutFails = false
  driver = createSignInDriver()
})

afterEach(async () => {
  driver.cancel()
  await wait(10 * 60_000)
  expect(script).toEqual([])
  jest.useRealTimers()
})

const failed = (reason: string, errorName?: string) => ({
  step: 'failed',
  busy: false,
  username,
  reason,
  ...(errorName !== undefined && { errorName }),
})

describe('a password', () => {
  test.each([
    ['DONE', [DONE], { step: 'signed-in', busy: false, username }],
    ['refused', [REFUSED], failed('wrong-password', 'NotAuthorizedException')],
    ['locked', [LOCKED], failed('locked', 'NotAuthorizedException')],
    ['a session spent three times', [SPENT, SPENT, SPENT], failed('network', 'NotAuthorizedException')],
    ['no network', [NETWORK], failed('network', 'NetworkError')],
    ['no mail', [NO_MAIL], failed('mail-not-sent', 'UserLambdaValidationException')],
    ['no tokens', [NO_TOKENS], failed('tokens-refused', 'UserLambdaValidationException')],
    ['a wrong code', [WRONG_CODE], failed('unknown', 'CodeMismatchException')],
    ['a weak password', [WEAK], failed('unknown', 'InvalidPasswordException')],
    ['a former password', [USED_BEFORE], failed('unknown', 'PasswordHistoryPolicyViolationException')],
    ['invalid input', [INVALID], failed('unknown', 'InvalidParameterException')],
    ['an unknown error', [NEW], failed('unknown', 'SomethingNew')],
    ['a reset', [RESET], failed('password-reset-required')],
    ['another user', [SIGNED_IN_ALREADY], failed('another-user', 'UserAlreadyAuthenticatedException')],
    ['a choice of factors, twice', [CHOICE, CHOICE], failed('unsupported-step')],
    [
      'a choice of no factors',
      [step({ signInStep: 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION' })],
      failed('unsupported-step'),
    ],
    ['a riddle', [RIDDLE], failed('unsupported-step')],
  ])('%s', async (_, answers, state) => {
    expect(await signIn(...answers)).toEqual(state)
    expect(driver.getState()).toEqual(state)
    expect(kept.size).toBe(0)
  })

  test.each([
    ['a code', [code()], { kind: 'email-code', reason: 'first' }],
    ['a code after a spent session', [SPENT, code()], { kind: 'email-code', reason: 'restarted' }],
    ['a code with a parameter that is no choice', [code({ factor: 'x' })], { kind: 'email-code' }],
    ['a limit after a spent session', [SPENT, code({ reason: 'limited' })], { reason: 'limited' }],
    ['a choice of factors', [CHOICE, MAILED], { kind: 'email-otp', destination: 'a***@e***' }],
    ['a choice of factors, lost', [CHOICE, SPENT, MAILED], { kind: 'email-otp', reason: 'restarted' }],
  ])('%s', async (_, answers, state) => {
    expect(await signIn(...answers)).toMatchObject({ step: 'code', busy: false, username, ...state })
  })

  test('is sent with the flow of the triggers and what the app says, as are the factor and the code', async () => {
    const clientMetadata = { locale: 'de' }
    driver = createSignInDriver({ clientMetadata: () => clientMetadata })
    await signIn(CHOICE, MAILED, DONE)
    await driver.submitCode('123 456')
    expect(calls).toEqual([
      ['signIn', { username, password, options: { authFlowType: 'CUSTOM_WITH_SRP', clientMetadata } }],
      ['confirmSignIn', { challengeResponse: 'EMAIL', options: { clientMetadata } }],
      ['confirmSignIn', { challengeResponse: '123456', options: { clientMetadata } }],
    ])
  })

  test('is sent with the flow that the app says, and without metadata where it says none', async () => {
    driver = createSignInDriver({ authFlowType: 'USER_SRP_AUTH' })
    await signIn(code())
    const options = { authFlowType: 'USER_SRP_AUTH', clientMetadata: {} }
    expect(calls).toEqual([['signIn', { username, password, options }]])
  })

  test('is not sent again while its step waits, another one is', async () => {
    const state = await reach([code()], [])
    expect(await driver.signIn({ username: ` ${username} `, password })).toBe(state)
    expect(called()).toEqual([])
    script.push(code(), code())
    expect(await driver.signIn({ username: 'eve@example.com', password })).toMatchObject({ step: 'code' })
    await driver.signIn({ username: 'eve@example.com', password: 'Another-1' })
    expect(called()).toEqual(['signIn', 'signIn'])
  })

  test('is not sent for a user name with a blank in it', async () => {
    const state = await driver.signIn({ username: ' a da ', password })
    expect(state).toEqual({ ...failed('wrong-password'), username: 'a da' })
    expect(called()).toEqual([])
  })
})

describe('someone is signed in', () => {
  test.each([
    ['the name typed then', { loginId: 'Ada@Example.com' }, 'Ada@Example.com'],
    ['the address', { claims: { email: 'ADA@example.com' } }, 'ADA@example.com'],
    [
      'the preferred name',
      { claims: { email: 'a@example.com', preferred_username: username } },
      'a@example.com',
    ],
    ['the number', { loginId: 'ada', claims: { phone_number: username } }, 'ada'],
    ['the user name', { username }, username],
  ])('and known by %s: the sign-in ends as that user', async (_, who, name) => {
    user = who
    expect(await signIn(SIGNED_IN_ALREADY)).toEqual({ step: 'signed-in', busy: false, username: name })
    user = who
    await driver.signOut()
    user = who
    expect(await driver.resume()).toEqual({ step: 'signed-in', busy: false, username: name })
  })

  test.each([
    ['another user', { loginId: 'eve@example.com' }],
    ['nobody who can be asked about', NETWORK],
    ['nobody', undefined],
  ])('as %s: it is another user', async (_, who) => {
    user = who
    expect(await signIn(SIGNED_IN_ALREADY)).toMatchObject({ reason: 'another-user' })
  })

  test.each([NEW, WRONG_CODE, WEAK, USED_BEFORE, INVALID])(
    'although Amplify failed behind the tokens (%p)',
    async problem => {
      user = { loginId: username }
      expect(await signIn(problem)).toMatchObject({ step: 'signed-in', username })
    },
  )
})

describe('a code', () => {
  const submit = () => driver.submitCode('123456')

  test.each<[string, Answer[], object, string[]]>([
    ['that is right', [DONE], { step: 'signed-in', busy: false, username }, []],
    ['of a spent session', [SPENT, code()], { step: 'code', reason: 'restarted' }, ['signIn']],
    [
      'of a session spent again',
      [SPENT, SPENT, SPENT, SPENT],
      { reason: 'network' },
      Array(3).fill('signIn'),
    ],
    ['of a spent session and a former password', [SPENT, REFUSED], { reason: 'wrong-password' }, ['signIn']],
    ['that was the last one', [REFUSED], failed('too-many-codes', 'NotAuthorizedException'), []],
    ['that triggers do not know', [WRONG_CODE, code()], { step: 'code', reason: 'restarted' }, ['signIn']],
    ['without tokens', [NO_TOKENS], failed('tokens-refused', 'UserLambdaValidationException'), []],
    ['without a mail', [NO_MAIL], failed('mail-not-sent', 'UserLambdaValidationException'), []],
    ['and a riddle', [RIDDLE], failed('unsupported-step'), []],
    ['and a late riddle', [code({ challenge: 'RIDDLE', reason: 'expired' })], failed('unsupported-step'), []],
    ['and a reset', [RESET], failed('password-reset-required'), []],
    ['and an unknown error', [NEW], failed('unknown', 'SomethingNew'), []],
    [
      'that expired, with no mail left',
      [code({ reason: 'expired' }), code()],
      { step: 'code', reason: 'restarted' },
      ['signIn'],
    ],
    [
      'that expired',
      [code({ reason: 'expired', reference: 'CD34' })],
      { step: 'code', reason: 'expired' },
      [],
    ],
    ['and a factor', [MAILED], { kind: 'email-otp', reason: 'first' }, []],
    ['and the same mail', [code()], { step: 'code', reason: 'first' }, []],
  ])('%s', async (_, answers, state, further) => {
    await reach([code()], answers)
    expect(await submit()).toMatchObject(state)
    expect(called()).toEqual(['confirmSignIn', ...further])
  })

  test('stays on the screen without a network, and can be sent again', async () => {
    const state = await reach([code()], [NETWORK, DONE])
    expect(await submit()).toEqual({ ...state, problem: 'network' })
    expect(await submit()).toMatchObject({ step: 'signed-in' })
    expect(called()).toEqual(['confirmSignIn', 'confirmSignIn'])
  })

  test('that was wrong is not sent again, until another mail comes', async () => {
    await reach([code()], [code({ reason: 'wrong-code' })])
    const state = await submit()
    expect(state).toMatchObject({ step: 'code', busy: false, reason: 'wrong-code' })
    await driver.submitCode('12345')
    expect(await submit()).toEqual({ ...state, problem: undefined })
    expect(called()).toEqual(['confirmSignIn'])
    script.push(code({ reason: 'wrong-code' }), code({ reason: 'resend-refused' }))
    await driver.submitCode('654321')
    await driver.resend()
    expect(await submit()).toMatchObject({ reason: 'wrong-code' })
    expect(called()).toEqual(['confirmSignIn', 'confirmSignIn'])
    script.push(code({ reason: 'resent' }), DONE)
    await driver.resend()
    expect(await submit()).toMatchObject({ step: 'signed-in' })
  })

  test('that was not refused can be sent again', async () => {
    await reach([code()], [code({ reason: 'resend-refused' }), DONE])
    await submit()
    expect(await submit()).toMatchObject({ step: 'signed-in' })
  })

  test('of a factor of Cognito keeps the session when it is wrong', async () => {
    const state = await reach([TOTP], [WRONG_CODE, DONE])
    expect(await submit()).toEqual({ ...state, reason: 'wrong-code' })
    expect(await submit()).toMatchObject({ reason: 'wrong-code' })
    expect(called()).toEqual(['confirmSignIn'])
    expect(await driver.submitCode('654321')).toMatchObject({ step: 'signed-in' })
    expect(called()).toEqual(['confirmSignIn'])
  })

  test.each(['', '12345', '1234567', 'abcdef', '12345a', 'a23456'])('%p is not sent', async typed => {
    const state = await reach([code()], [])
    expect(await driver.submitCode(typed)).toEqual({ ...state, problem: 'incomplete-code' })
    expect(called()).toEqual([])
  })

  test.each(['1', '1234567890'])('%p is sent where the length is not known', async typed => {
    await reach([TOTP], [DONE])
    expect(await driver.submitCode(typed)).toMatchObject({ step: 'signed-in' })
  })

  test('is not sent in a limited round, nor in another step', async () => {
    const state = await reach([code({ reason: 'limited' })], [])
    expect(await submit()).toBe(state)
    const other = await reach([NEW_PASSWORD], [])
    expect(await submit()).toBe(other)
    expect(called()).toEqual([])
  })

  test('without tokens right after a new password takes the sign-in once more', async () => {
    await reach([NEW_PASSWORD], [MAILED, NO_TOKENS, MAILED])
    await driver.submitNewPassword(newPassword)
    expect(await submit()).toMatchObject({ kind: 'email-otp', reason: 'restarted' })
    expect(calls).toEqual([
      ['confirmSignIn', expect.anything()],
      ['confirmSignIn', expect.anything()],
      ['signIn', expect.objectContaining({ username, password: newPassword })],
    ])
  })
})

describe('an answer to other triggers', () => {
  const any = { challenge: 'any' } as const

  test('is sent as it is typed, as often as they ask', async () => {
    await reach([RIDDLE], [RIDDLE, RIDDLE, DONE], any)
    expect(await driver.submitCode('')).toMatchObject({ kind: 'custom', problem: 'incomplete-code' })
    expect(await driver.submitCode('a - b')).toMatchObject({ kind: 'custom', reason: 'wrong-code' })
    await driver.submitCode('a - b')
    await driver.submitCode('a - b')
    expect(calls).toEqual(
      Array(3).fill(['confirmSignIn', { challengeResponse: 'a - b', options: { clientMetadata: {} } }]),
    )
  })

  test('may lead to a code, and a code to them: nothing was wrong', async () => {
    await reach([RIDDLE], [code(), RIDDLE], any)
    expect(await driver.submitCode('x')).toMatchObject({ kind: 'email-code', reason: 'first' })
    expect(await driver.submitCode('123456')).toMatchObject({ kind: 'custom', reason: 'first' })
  })

  test('that they do not know takes a fresh sign-in, as a new code does', async () => {
    await reach([RIDDLE], [WRONG_CODE, RIDDLE, RIDDLE], any)
    expect(await driver.submitCode('x')).toMatchObject({ kind: 'custom', reason: 'restarted' })
    expect(await driver.resend()).toMatchObject({ kind: 'custom', reason: 'restarted' })
    expect(called()).toEqual(['confirmSignIn', 'signIn', 'signIn'])
  })
})

describe('a resend', () => {
  test.each<[string, Answer[], object, string[]]>([
    ['sent', [code({ reason: 'resent' })], { step: 'code', reason: 'resent' }, []],
    ['refused', [code({ reason: 'resend-refused' })], { step: 'code', reason: 'resend-refused' }, []],
    ['limited', [code({ reason: 'limited' })], { step: 'code', reason: 'limited' }, []],
    ['not understood', [code({ reason: 'wrong-code' }), code()], { reason: 'restarted' }, ['signIn']],
    ['of a spent session', [SPENT, code()], { reason: 'restarted' }, ['signIn']],
    ['taken for a wrong code', [REFUSED, code()], { reason: 'restarted' }, ['signIn']],
    ['taken for a code', [WRONG_CODE, code()], { reason: 'restarted' }, ['signIn']],
    ['without a mail', [NO_MAIL], failed('mail-not-sent', 'UserLambdaValidationException'), []],
    ['with an unknown error', [NEW], failed('unknown', 'SomethingNew'), []],
  ])('%s', async (_, answers, state, further) => {
    await reach([code()], answers)
    expect(await driver.resend()).toMatchObject(state)
    expect(called()).toEqual(['confirmSignIn', ...further])
  })

  test('is asked for beside what the app says', async () => {
    await reach([code()], [code({ reason: 'resent' })], { clientMetadata: () => ({ locale: 'de' }) })
    await driver.resend()
    const clientMetadata = { locale: 'de', action: 'resend' }
    expect(calls).toEqual([['confirmSignIn', { challengeResponse: 'resend', options: { clientMetadata } }]])
  })

  test('stays on the screen without a network', async () => {
    const state = await reach([code()], [NETWORK, DONE])
    expect(await driver.resend()).toEqual({ ...state, problem: 'network' })
    expect(await driver.submitCode('123456')).toMatchObject({ step: 'signed-in' })
  })

  test('for a factor of Cognito takes a fresh sign-in', async () => {
    await reach([MAILED], [MAILED])
    expect(await driver.resend()).toMatchObject({ kind: 'email-otp', reason: 'restarted' })
    expect(called()).toEqual(['signIn'])
  })

  test('changes nothing in another step', async () => {
    const state = await reach([NEW_PASSWORD], [])
    expect(await driver.resend()).toBe(state)
    expect(called()).toEqual([])
  })
})

describe('a new password', () => {
  const submit = () => driver.submitNewPassword(newPassword, { given_name: 'Ada' })
  const saved = { newPasswordSaved: true }

  test.each<[string, Answer[], object, string[]]>([
    ['that leads to a code', [code()], { step: 'code', reason: 'first' }, []],
    ['that leads to tokens', [DONE], { step: 'signed-in', busy: false, username }, []],
    ['that leads to a reset', [RESET], { ...failed('password-reset-required'), ...saved }, []],
    ['without tokens before a code', [NO_TOKENS, code()], { step: 'code', reason: 'first' }, ['signIn']],
    ['without tokens again', [NO_TOKENS, NO_TOKENS], { reason: 'tokens-refused', ...saved }, ['signIn']],
    ['without tokens, then no network', [NO_TOKENS, NETWORK], { reason: 'network', ...saved }, ['signIn']],
    ['whose mail failed', [NO_MAIL, code()], { step: 'code', reason: 'restarted' }, ['signIn']],
    ['whose mail failed twice', [NO_MAIL, NO_MAIL], { reason: 'mail-not-sent', ...saved }, ['signIn']],
    ['of a session taken before', [REFUSED, code()], { step: 'code', reason: 'first' }, ['signIn']],
    [
      'of such a session, without tokens',
      [REFUSED, NO_TOKENS],
      { reason: 'tokens-refused', ...saved },
      ['signIn'],
    ],
    [
      'of such a session, without a mail',
      [REFUSED, NO_MAIL],
      { reason: 'mail-not-sent', ...saved },
      ['signIn'],
    ],
    ['of such a session, with a reset', [REFUSED, RESET], { step: 'failed', ...saved }, ['signIn']],
    ['of such a session, with no network', [REFUSED, NETWORK], { reason: 'network' }, ['signIn']],
    ['that is not taken anywhere', [REFUSED, REFUSED], failed('new-password-unclear'), ['signIn']],
    ['that is asked for again', [REFUSED, NEW_PASSWORD], failed('new-password-unclear'), ['signIn']],
    ['whose answer was lost', [SPENT, REFUSED, code()], { reason: 'restarted' }, ['signIn', 'signIn']],
    ['that was not saved', [SPENT, code()], { step: 'code', reason: 'restarted' }, ['signIn']],
    [
      'that is asked for once more',
      [SPENT, NEW_PASSWORD, code()],
      { step: 'code', reason: 'first' },
      ['signIn', 'confirmSignIn'],
    ],
    [
      'that is lost three times',
      [SPENT, NEW_PASSWORD, SPENT, NEW_PASSWORD, SPENT],
      failed('network', 'NotAuthorizedException'),
      ['signIn', 'confirmSignIn', 'signIn', 'confirmSignIn'],
    ],
    ['that was lost with the network', [SPENT, NETWORK], { problem: 'network' }, ['signIn']],
    ['that was lost with the user', [SPENT, LOCKED], { reason: 'locked' }, ['signIn']],
    ['and an unknown error', [NEW], failed('unknown', 'SomethingNew'), []],
    ['of a locked user', [LOCKED], failed('locked', 'NotAuthorizedException'), []],
  ])('%s', async (_, answers, state, further) => {
    await reach([NEW_PASSWORD], answers)
    const ended = await submit()
    expect(ended).toMatchObject(state)
    if (!('newPasswordSaved' in state)) expect(ended).not.toHaveProperty('newPasswordSaved')
    expect(called()).toEqual(['confirmSignIn', ...further])
  })

  test.each([
    ['weak', WEAK, { problem: 'weak-password', unmetRequirements: ['length'] }],
    ['a former one', USED_BEFORE, { problem: 'used-before' }],
    ['not taken', INVALID, { problem: 'invalid-input' }],
    ['not sent', NETWORK, { problem: 'network' }],
  ])('that is %s can be tried again', async (_, problem, shown) => {
    const state = await reach([NEW_PASSWORD], [problem, code()])
    expect(await submit()).toEqual({ ...state, ...shown })
    expect(await submit()).toMatchObject({ step: 'code' })
  })

  test('is sent with its attributes, and the code after it with none', async () => {
    await reach([NEW_PASSWORD], [code(), DONE])
    await submit()
    await driver.submitCode('123456')
    const userAttributes = { given_name: 'Ada' }
    expect(calls).toEqual([
      ['confirmSignIn', { challengeResponse: newPassword, options: { userAttributes, clientMetadata: {} } }],
      ['confirmSignIn', { challengeResponse: '123456', options: { clientMetadata: {} } }],
    ])
  })

  test('is not sent when it is empty, nor in another step', async () => {
    const state = await reach([NEW_PASSWORD], [])
    const problem = { problem: 'weak-password', unmetRequirements: ['length'] }
    expect(await driver.submitNewPassword('')).toEqual({ ...state, ...problem })
    const other = await reach([code()], [])
    expect(await submit()).toBe(other)
    expect(called()).toEqual([])
  })

  test('is the one to begin again with, and is said to be saved when a later step fails', async () => {
    await reach([NEW_PASSWORD], [code(), SPENT, code(), REFUSED])
    await submit()
    expect(await driver.submitCode('123456')).not.toHaveProperty('newPasswordSaved')
    expect(calls.at(-1)).toEqual(['signIn', expect.objectContaining({ username, password: newPassword })])
    expect(await driver.submitCode('123456')).toMatchObject({ reason: 'too-many-codes', ...saved })
    expect(await signIn(REFUSED)).not.toHaveProperty('newPasswordSaved')
  })

  test('is the one to begin again with after a second sign-in as well', async () => {
    await reach([NEW_PASSWORD], [NO_MAIL, code(), SPENT, code()])
    await submit()
    await driver.submitCode('123456')
    expect(calls.at(-1)).toEqual(['signIn', expect.objectContaining({ username, password: newPassword })])
  })

  test('of a page that was loaded again is looked for by signing in with it', async () => {
    await reach([NEW_PASSWORD], [SPENT, code()])
    driver = createSignInDriver()
    await driver.resume()
    expect(await submit()).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(calls[1]).toEqual(['signIn', expect.objectContaining({ password: newPassword })])
  })
})

describe('a deadline', () => {
  test.each([
    ['a sign-in', [], () => driver.signIn({ username, password }), failed('network', 'DeadlineExceeded')],
    [
      'a code',
      [code()],
      () => driver.submitCode('123456'),
      { step: 'code', busy: false, problem: 'network' },
    ],
    ['a resend', [code()], () => driver.resend(), { step: 'code', busy: false, problem: 'network' }],
    [
      'a new password',
      [NEW_PASSWORD],
      () => driver.submitNewPassword(newPassword),
      { step: 'new-password', busy: false, problem: 'network' },
    ],
  ])('ends %s after a minute, and a late answer changes nothing', async (_, answers, act, state) => {
    if (answers.length > 0) await reach(answers, [])
    const late = held()
    const ended = act()
    expect(driver.getState().busy).toBe(true)
    await wait(59_999)
    expect(driver.getState().busy).toBe(true)
    await wait(1)
    expect(await ended).toMatchObject(state)
    const shown = driver.getState()
    late.answer(code())
    await wait()
    expect(driver.getState()).toBe(shown)
    expect(called()).not.toContain('signOut')
  })

  test('is as long as the app says', async () => {
    driver = createSignInDriver({ deadlineMilliseconds: 300 })
    const late = held()
    const ended = driver.signIn({ username, password })
    await wait(300)
    expect(await ended).toMatchObject({ reason: 'network' })
    late.fail(NEW)
  })

  test('the late answer has replaced the session: the code is not sent to it', async () => {
    await reach([code()], [])
    const late = held()
    void driver.submitCode('123456')
    await wait(60_000)
    late.answer(code())
    await wait()
    called()
    script.push(code())
    expect(await driver.submitCode('123456')).toMatchObject({ reason: 'restarted' })
    expect(called()).toEqual(['signIn'])
  })

  test('a session spent by a late answer begins no further round', async () => {
    const late = held()
    void driver.signIn({ username, password })
    await wait(60_000)
    late.fail(SPENT)
    await wait()
    expect(called()).toEqual(['signIn'])
  })

  test('late tokens are given back', async () => {
    const state = await reach([code()], [])
    const late = held()
    void driver.submitCode('123456')
    await wait(60_000)
    late.answer(DONE)
    await wait()
    expect(called()).toEqual(['confirmSignIn', 'signOut'])
    expect(driver.getState()).toEqual({ ...state, problem: 'network' })
  })

  test('late tokens are kept where the same user signed in meanwhile', async () => {
    await reach([code()], [])
    const late = held()
    void driver.submitCode('123456')
    await wait(60_000)
    driver.cancel()
    await signIn(DONE)
    called()
    late.answer(DONE)
    await wait()
    expect(called()).toEqual([])
    expect(driver.getState()).toMatchObject({ step: 'signed-in' })
  })

  test('late tokens of one user sign the other one out who is signed in by now', async () => {
    await reach([code()], [])
    const late = held()
    void driver.submitCode('123456')
    await wait(60_000)
    driver.cancel()
    script.push(DONE)
    await driver.signIn({ username: 'eve@example.com', password })
    called()
    late.answer(DONE)
    await wait()
    expect(called()).toEqual(['signOut'])
    expect(driver.getState()).toEqual({ step: 'signed-out', busy: false })
  })
})

describe('cancel', () => {
  test('ends the step and forgets the password, the step and what was typed', async () => {
    await reach([code()], [])
    driver.cancel()
    expect(driver.getState()).toEqual({ step: 'signed-out', busy: false })
    expect(kept.size).toBe(0)
    expect(await driver.submitCode('123456')).toMatchObject({ step: 'signed-out' })
    expect(called()).toEqual([])
  })

  test('keeps a user signed in', async () => {
    const state = await signIn(DONE)
    driver.cancel()
    expect(driver.getState()).toBe(state)
  })

  test('gives back the tokens that still come, and nothing else', async () => {
    await reach([code()], [])
    const right = held()
    const ended = driver.submitCode('123456')
    await wait()
    driver.cancel()
    right.answer(DONE)
    expect(await ended).toEqual({ step: 'signed-out', busy: false })
    expect(called()).toEqual(['confirmSignIn', 'signOut'])
    await reach([code()], [])
    const wrong = held()
    const other = driver.submitCode('123456')
    await wait()
    driver.cancel()
    wrong.answer(code({ reason: 'wrong-code' }))
    expect(await other).toEqual({ step: 'signed-out', busy: false })
    expect(called()).toEqual(['confirmSignIn'])
  })

  test.each([
    ['keeps a user signed in who was so before', { loginId: username }, undefined, []],
    ['gives back tokens behind an error that nobody knows', undefined, { loginId: username }, ['signOut']],
    ['gives back nothing where there is no user', undefined, undefined, []],
    ['keeps tokens that could not be refreshed then', NETWORK, { loginId: username }, []],
  ])('%s', async (_, before, after, further) => {
    await reach([code()], [])
    user = before
    const late = held()
    const ended = driver.submitCode('123456')
    await wait()
    driver.cancel()
    if (after !== undefined) user = after
    late.fail(NEW)
    expect(await ended).toEqual({ step: 'signed-out', busy: false })
    expect(called()).toEqual(['confirmSignIn', ...further])
  })

  test('lets the next sign-in begin after five seconds at most', async () => {
    const late = held()
    void driver.signIn({ username, password })
    await wait()
    driver.cancel()
    const next = signIn(code())
    await wait(4_999)
    expect(called()).toEqual(['signIn'])
    await wait(1)
    expect(called()).toEqual(['signIn'])
    expect(await next).toMatchObject({ step: 'code' })
    late.fail(NEW)
  })

  test('before its turn keeps a sign-in from asking anything', async () => {
    const late = held()
    void driver.signIn({ username, password })
    const other = createSignInDriver()
    const ended = other.signIn({ username: 'eve@example.com', password })
    await wait()
    other.cancel()
    late.answer(code())
    expect(await ended).toEqual({ step: 'signed-out', busy: false })
    expect(called()).toEqual(['signIn'])
    // Its password was not kept either: the step of the other driver cannot go on with it.
    await other.resume()
    script.push(SPENT)
    expect(await other.submitCode('123456')).toEqual(failed('expired'))
  })
})

describe('after a reload', () => {
  test('the step goes on where it was, without the password', async () => {
    const state = await reach([code()], [SPENT])
    driver = createSignInDriver()
    expect(await driver.resume()).toEqual(state)
    expect(await driver.submitCode('123456')).toEqual(failed('expired'))
    expect(called()).toEqual(['confirmSignIn'])
    expect(kept.size).toBe(0)
  })

  test('the user whom another tab signed in is found', async () => {
    await reach([code()], [SPENT])
    driver = createSignInDriver()
    await driver.resume()
    user = { loginId: username }
    expect(await driver.submitCode('123456')).toEqual({ step: 'signed-in', busy: false, username })
  })

  test('nothing was under way', async () => {
    expect(await driver.resume()).toEqual({ step: 'signed-out', busy: false })
  })

  test('a step that waits is not looked for', async () => {
    const state = await reach([code()], [])
    user = { loginId: username }
    expect(await driver.resume()).toBe(state)
  })

  test('a user who cannot be asked about is not signed out', async () => {
    user = NETWORK
    expect(await driver.resume()).toEqual({ ...failed('network'), username: '' })
  })

  test('a user without a name is not signed in yet', async () => {
    const nameless = async () => JSON.parse('{"userId":"an id"}')
    driver = createSignInDriver({
      auth: { ...amplify, getCurrentUser: nameless, fetchAuthSession: async () => ({}) },
    })
    expect(await driver.resume()).toEqual({ step: 'signed-out', busy: false })
  })

  test('the same user may sign in from the start', async () => {
    await reach([code()], [code()])
    driver = createSignInDriver()
    await driver.resume()
    expect(await driver.signIn({ username, password })).toMatchObject({ step: 'code', reason: 'first' })
  })

  test('a page that gets no answer says so', async () => {
    const hangs = new Promise<never>(() => undefined)
    driver = createSignInDriver({ auth: { ...amplify, getCurrentUser: () => hangs } })
    const ended = driver.resume()
    await wait(60_000)
    expect(await ended).toEqual({ ...failed('network', 'DeadlineExceeded'), username: '' })
  })

  test('a step is kept in the storage of the app', async () => {
    const values: string[] = []
    const storage = {
      getItem: async () => null,
      setItem: async (_: string, value: string) => void values.push(value),
      removeItem: async () => undefined,
    }
    await reach([code()], [], { storage })
    expect(values).toHaveLength(1)
    expect(kept.size).toBe(0)
  })
})

describe('signing out', () => {
  test('forgets the user', async () => {
    await signIn(DONE)
    expect(await driver.signOut()).toEqual({ step: 'signed-out', busy: false })
    expect(called()).toEqual(['signIn', 'signOut'])
  })

  test('that fails says who is still signed in', async () => {
    await signIn(DONE)
    signOutFails = true
    expect(await driver.signOut()).toEqual({ step: 'signed-in', busy: false, username })
    user = undefined
    expect(await driver.signOut()).toEqual({ step: 'signed-out', busy: false })
    user = NETWORK
    expect(await driver.signOut()).toEqual({ step: 'signed-out', busy: false })
  })

  test('that takes too long leaves the state as it was', async () => {
    const hangs = new Promise<never>(() => undefined)
    driver = createSignInDriver({ auth: { ...amplify, signOut: () => hangs } })
    const state = await signIn(DONE)
    const ended = driver.signOut()
    await wait(60_000)
    expect(await ended).toEqual(state)
    const codeState = await reach([code()], [], { auth: { ...amplify, signOut: () => hangs } })
    const other = driver.signOut()
    await wait(60_000)
    expect(await other).toEqual(codeState)
    script.push(DONE)
    expect(await driver.submitCode('123456')).toMatchObject({ step: 'signed-in' })
  })
})

describe('while an action runs', () => {
  test('every other one has its promise and is not carried out', async () => {
    await reach([code()], [])
    const answer = held()
    const first = driver.submitCode('123456')
    const others = [
      driver.signIn({ username: 'eve@example.com', password }),
      driver.submitNewPassword(newPassword),
      driver.submitCode('654321'),
      driver.resend(),
      driver.resume(),
      driver.signOut(),
    ]
    answer.answer(DONE)
    const state = await first
    for (const other of others) expect(await other).toBe(state)
    expect(called()).toEqual(['confirmSignIn'])
  })

  test('the listeners hear that it began and where it ended, until they stop to listen', async () => {
    const heard: string[] = []
    const stop = driver.subscribe(() => heard.push(`${driver.getState().step} ${driver.getState().busy}`))
    await signIn(code())
    stop()
    driver.cancel()
    expect(heard).toEqual(['signed-out true', 'code false'])
  })

  test.each(['the browser', 'the console'])('a listener that throws is reported to %s', async where => {
    const problem = new Error('A mistake of the app.')
    const report = jest.fn()
    const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined)
    if (where === 'the browser') Object.assign(globalThis, { reportError: report })
    const stop = driver.subscribe(() => {
      throw problem
    })
    await signIn(REFUSED)
    Reflect.deleteProperty(globalThis, 'reportError')
    stop()
    expect(where === 'the browser' ? report : logged).toHaveBeenCalledWith(problem)
    expect(where === 'the browser' ? logged : report).not.toHaveBeenCalled()
    logged.mockRestore()
  })
})

describe('the password in memory', () => {
  test('lasts 15 minutes from the last step', async () => {
    await reach([code()], [NETWORK])
    await wait(14 * 60_000)
    await driver.submitCode('123456')
    await wait(14 * 60_000)
    script.push(SPENT, code())
    expect(await driver.submitCode('123456')).toMatchObject({ reason: 'restarted' })
    await wait(15 * 60_000)
    script.push(SPENT)
    expect(await driver.submitCode('123456')).toEqual(failed('expired'))
  })

  test('is gone after a failure', async () => {
    await reach([code()], [REFUSED])
    await driver.submitCode('123456')
    script.push(code())
    await driver.signIn({ username, password })
    expect(called()).toEqual(['confirmSignIn', 'signIn'])
  })
})
