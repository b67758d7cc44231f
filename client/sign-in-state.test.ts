// How Amplify's answers and errors are read, as far as the local pool cannot produce them.
import { describe, expect, test } from '@jest/globals'
import type { SignInOutput } from 'aws-amplify/auth'
import { normalizeAnswer } from '../shared/code.ts'
import { classifyError } from './classified-error.ts'
import { normaliseTypedCode, pendingStepOf, stateOf } from './sign-in-state.ts'
import { savedStepOf } from './step-storage.ts'

const stateFor = (nextStep: SignInOutput['nextStep']) =>
  stateOf('ada@example.com', pendingStepOf({ isSignedIn: false, nextStep }))

class ServiceError extends Error {
  readonly underlyingError: unknown

  constructor(name: string, message = '', underlyingError?: unknown) {
    super(message)
    this.name = name
    this.underlyingError = underlyingError
  }
}

describe('steps', () => {
  test.each([
    ['CONFIRM_SIGN_IN_WITH_EMAIL_CODE', 'email-otp', 'EMAIL', 'a***@e***'],
    ['CONFIRM_SIGN_IN_WITH_SMS_CODE', 'sms', 'SMS', '+*******99'],
  ] as const)('%s is a code of the kind "%s"', (signInStep, kind, deliveryMedium, destination) => {
    expect(stateFor({ signInStep, codeDeliveryDetails: { deliveryMedium, destination } })).toMatchObject({
      step: 'code',
      kind,
      destination,
      reason: 'first',
    })
  })

  test('CONFIRM_SIGN_IN_WITH_TOTP_CODE is a code that goes nowhere', () => {
    expect(stateFor({ signInStep: 'CONFIRM_SIGN_IN_WITH_TOTP_CODE' })).toMatchObject({
      step: 'code',
      kind: 'totp',
      destination: undefined,
    })
  })

  test('missing attributes are named for the new password', () => {
    const signInStep = 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED'
    expect(stateFor({ signInStep, missingAttributes: ['given_name'] })).toMatchObject({
      step: 'new-password',
      missingAttributes: ['given_name'],
    })
  })

  test.each([
    ['RESET_PASSWORD', 'password-reset-required'],
    ['CONFIRM_SIGN_UP', 'not-confirmed'],
    ['CONTINUE_SIGN_IN_WITH_EMAIL_SETUP', 'unsupported-step'],
    ['CONFIRM_SIGN_IN_WITH_PASSWORD', 'unsupported-step'],
  ] as const)('%s leads out of the sign-in: "%s"', (signInStep, reason) => {
    expect(stateFor({ signInStep })).toMatchObject({ step: 'failed', reason })
  })

  test('a custom challenge of other triggers is not taken for a mailed code', () => {
    const signInStep = 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE'
    expect(stateFor({ signInStep, additionalInfo: { challenge: 'CAPTCHA' } })).toMatchObject({
      step: 'failed',
      reason: 'unsupported-step',
    })
    expect(stateFor({ signInStep })).toMatchObject({ step: 'failed', reason: 'unsupported-step' })
  })

  test('a custom challenge of other triggers is a step of the kind "custom" where any challenge is accepted', () => {
    const parameters = { challenge: 'CAPTCHA', reason: 'expired', expiresIn: 'never', codeLength: '9' }
    const nextStep = {
      signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE',
      additionalInfo: parameters,
    } as const
    expect(stateOf('ada@example.com', pendingStepOf({ isSignedIn: false, nextStep }), 'any')).toEqual({
      step: 'code',
      busy: false,
      username: 'ada@example.com',
      kind: 'custom',
      reason: 'first',
      parameters,
    })
  })

  test.each([
    'CONFIRM_SIGN_IN_WITH_EMAIL_CODE',
    'CONTINUE_SIGN_IN_WITH_MFA_SELECTION',
    'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED',
    'CONFIRM_SIGN_IN_WITH_TOTP_CODE',
  ] as const)('%s that says nothing more is kept as it is', signInStep => {
    expect(pendingStepOf({ isSignedIn: false, nextStep: { signInStep } })).toStrictEqual({
      signInStep,
      parameters: {},
      missingAttributes: [],
      arrivedAt: expect.any(Number),
    })
  })

  test('the numbers of a round are read', () => {
    const additionalInfo = { challenge: 'EMAIL_CODE', codeLength: '6x', attemptsLeft: '2', sendsLeft: '1' }
    expect(stateFor({ signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', additionalInfo })).toMatchObject({
      codeLength: undefined,
      attemptsLeft: 2,
      sendsLeft: 1,
    })
  })

  test('invalid numbers and times are left out', () => {
    const additionalInfo = {
      challenge: 'EMAIL_CODE',
      reason: 'because',
      codeLength: 'six',
      attemptsLeft: '-1',
      sendsLeft: '',
      expiresAt: 'soon',
    }
    expect(stateFor({ signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', additionalInfo })).toMatchObject({
      step: 'code',
      reason: 'first',
      codeLength: undefined,
      attemptsLeft: undefined,
      sendsLeft: undefined,
      expiresAt: undefined,
    })
  })
})

describe('errors', () => {
  test.each([
    ['NotAuthorizedException', 'Invalid session for the user, session can only be used once.', 'session'],
    ['NotAuthorizedException', 'Invalid session for the user, session is expired.', 'session'],
    ['NotAuthorizedException', 'Invalid session for the user.', 'session'],
    ['NotAuthorizedException', 'Invalid session provided for the user.', 'session'],
    ['SignInException', '1. signIn was not called before confirmSignIn.', 'session'],
    ['ExpiredCodeException', 'Invalid code provided, please request a code again.', 'session'],
    ['NotAuthorizedException', 'Incorrect username or password.', 'refused'],
    ['UserNotFoundException', 'User does not exist.', 'refused'],
    ['NotAuthorizedException', 'Password attempts exceeded', 'locked'],
    [
      'NotAuthorizedException',
      'Temporary password has expired and must be reset by an administrator.',
      'temporary-password-expired',
    ],
    ['NotAuthorizedException', 'User is disabled.', 'disabled'],
    ['NotAuthorizedException', 'An unknown message.', 'unknown'],
    ['CodeMismatchException', 'Invalid code or auth state for the user.', 'wrong-code'],
    ['UserLambdaValidationException', 'CreateAuthChallenge failed with error x.', 'mail-not-sent'],
    ['UserLambdaValidationException', 'PreTokenGeneration failed with error x.', 'tokens-refused'],
    ['UserLambdaValidationException', 'VerifyAuthChallengeResponse failed with error x.', 'unknown'],
    ['InvalidPasswordException', 'Password did not conform with policy', 'weak-password'],
    ['PasswordHistoryPolicyViolationException', '', 'used-before'],
    ['InvalidParameterException', '', 'invalid-input'],
    ['NetworkError', 'A network error has occurred.', 'network'],
    ['TooManyRequestsException', 'Rate exceeded', 'network'],
    ['LimitExceededException', 'Attempt limit exceeded, please try after some time.', 'network'],
    ['SyntaxError', 'Unexpected token < in JSON at position 0', 'network'],
    ['UnknownError', 'Unknown error', 'network'],
    ['EmptySignInUsername', 'username is required to signIn', 'refused'],
    ['EmptySignInPassword', 'password is required to signIn', 'refused'],
    ['InternalErrorException', '', 'network'],
    ['InternalFailure', '', 'network'],
    ['InternalServerException', '', 'network'],
    ['ServiceUnavailable', '', 'network'],
    ['ServiceUnavailableException', '', 'network'],
    ['ThrottlingException', 'Rate exceeded', 'network'],
    ['UserAlreadyAuthenticatedException', '', 'already-signed-in'],
    ['toString', '', 'unknown'],
  ] as const)('%s "%s" is "%s"', (name, message, kind) => {
    expect(classifyError(new ServiceError(name, message))).toMatchObject({ kind, errorName: name })
  })

  test('an answer that broke off, or came from a proxy, is a network failure', () => {
    expect(classifyError(new ServiceError('Unknown', '', new TypeError('terminated'))).kind).toBe('network')
    expect(classifyError(new ServiceError('Unknown', '', new SyntaxError('<html>'))).kind).toBe('network')
    expect(classifyError(new ServiceError('Unknown', '', new RangeError())).kind).toBe('unknown')
  })

  test.each([undefined, null, 'a text', 42, {}])('%p thrown is unknown', thrown => {
    expect(classifyError(thrown).kind).toBe('unknown')
  })
})

describe('what a new password lacks', () => {
  test.each([
    ['Password did not conform with policy: Password not long enough', ['length']],
    ['Password did not conform with policy: Password must have uppercase characters', ['uppercase']],
    ['Password did not conform with policy: Password must have lowercase characters', ['lowercase']],
    ['Password did not conform with password policy: Password must have numeric characters', ['number']],
    ['Password did not conform with policy: Password must have symbol characters', ['symbol']],
    ['Provided password cannot be used for security reasons.', ['not-compromised']],
    ['Password did not conform with policy', []],
    ['An unknown message: <b>', []],
  ] as const)('"%s" is %j', (message, unmetRequirements) => {
    expect(classifyError(new ServiceError('InvalidPasswordException', message))).toMatchObject({
      kind: 'weak-password',
      unmetRequirements,
    })
  })

  test('is read from no other error', () => {
    const error = new ServiceError('InvalidParameterException', 'Password not long enough')
    expect(classifyError(error).unmetRequirements).toEqual([])
  })
})

describe('times on the clock of this device', () => {
  const signInStep = 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE'
  const poolTimes = { expiresAt: '2020-01-01T00:03:00.000Z', resendAfter: '2020-01-01T00:00:30.000Z' }

  test('are counted from the arrival, whatever the clock of the pool says', () => {
    const additionalInfo = { challenge: 'EMAIL_CODE', ...poolTimes, expiresIn: '180', resendIn: '0' }
    const pending = pendingStepOf({ isSignedIn: false, nextStep: { signInStep, additionalInfo } })
    expect(stateOf('ada@example.com', { ...pending, arrivedAt: 5_000 })).toMatchObject({
      expiresAt: 185_000,
      resendAfter: 5_000,
    })
  })

  test.each([[{}], [{ expiresIn: 'soon', resendIn: '-1' }]])(
    'are those of the pool when it does not say how long they last: %j',
    seconds => {
      const additionalInfo = { challenge: 'EMAIL_CODE', ...poolTimes, ...seconds }
      expect(stateFor({ signInStep, additionalInfo })).toMatchObject({
        expiresAt: Date.parse(poolTimes.expiresAt),
        resendAfter: Date.parse(poolTimes.resendAfter),
      })
    },
  )
})

describe('a step that was saved', () => {
  test('comes back as it was', () => {
    const pending = {
      signInStep: 'x',
      parameters: { a: 'b' },
      missingAttributes: ['c'],
      arrivedAt: 1,
      reason: 'restarted',
    }
    const saved = { username: 'ada@example.com', pending }
    expect(savedStepOf(JSON.stringify(saved))).toEqual(saved)
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"username":1}',
    '{"username":"a","pending":null}',
    '{"username":"a","pending":{"signInStep":"x"}}',
  ])('and is now %p is no step', text => {
    expect(savedStepOf(text)).toBeUndefined()
  })
})

describe('codes as people type them', () => {
  test.each([
    [' 123 456 ', '123456'],
    ['123-456', '123456'],
    ['123\u2013456', '123456'],
    ['１２３４５６', '123456'],
    ['١٢٣٤٥٦', '123456'],
    ['۱۲۳۴۵۶', '123456'],
    ['\u200e123456\u200f', '123456'],
    ['12345O', '12345O'],
  ])('%p is %p', (typed, code) => {
    expect(normaliseTypedCode(typed)).toBe(code)
    expect(normalizeAnswer(typed)).toBe(code)
  })
})
