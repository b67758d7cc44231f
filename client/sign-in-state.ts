// What a sign-in can look like, and how Amplify's answers and Cognito's errors are read into that. Pure.
import type { SignInOutput } from 'aws-amplify/auth'

/** Why a sign-in ended without a signed-in user. Each is something that an app can say or do something about. */
export type FailureReason =
  /** User name or password is wrong (an unknown user looks the same). */
  | 'wrong-password'
  /** Too many wrong passwords: Cognito refuses this user for a while (up to about 15 minutes). */
  | 'locked'
  /** The sign-in took too long, or an answer was lost, and it cannot go on by itself. Sign in again. */
  | 'expired'
  /** The pool refused the sign-in after wrong codes. Sign in again for a new code. */
  | 'too-many-codes'
  /** The code could not be mailed. Try again later. */
  | 'mail-not-sent'
  /** No usable answer from the pool: no network, or the service is too busy. Sign in again. */
  | 'network'
  /** It is not known whether the new password was saved: sign in with it, or else with the former one. */
  | 'new-password-unclear'
  /** The temporary password is too old. An administrator has to set another. */
  | 'temporary-password-expired'
  /** An administrator asks for a password reset: go through `resetPassword`. */
  | 'password-reset-required'
  /** The user has not confirmed the sign-up: go through `confirmSignUp`. */
  | 'not-confirmed'
  /** An administrator disabled the user. */
  | 'disabled'
  /** Somebody else is signed in in this browser. Sign out first. */
  | 'another-user'
  /** The pool asks for a step that this driver does not know (for instance setting up an authenticator app). */
  | 'unsupported-step'
  /** Everything was right and the pre token generation trigger still refused the tokens. */
  | 'tokens-refused'
  /** Anything else; `errorName` is the name of the exception. */
  | 'unknown'

/** A person with a temporary password has to choose a new one. */
export interface NewPasswordState {
  readonly step: 'new-password'
  readonly busy: boolean
  readonly username: string
  /** Required attributes that the user does not have yet, by their names, for instance `given_name`. */
  readonly missingAttributes: readonly string[]
  /** What was wrong with the last try; the person may try again at once. */
  readonly problem?: 'weak-password' | 'used-before' | 'invalid-input' | 'network' | undefined
}

/** A code is asked for. */
export interface CodeState {
  readonly step: 'code'
  readonly busy: boolean
  readonly username: string
  /** `email-code`: this project's triggers. The others are Cognito's own factors. */
  readonly kind: 'email-code' | 'email-otp' | 'sms' | 'totp'
  /** Why a code is asked for. `restarted`: the sign-in began again by itself, only the newest mail counts. */
  readonly reason: 'first' | 'wrong-code' | 'expired' | 'resent' | 'resend-refused' | 'restarted'
  /** What was wrong with the last try, although the pool has not judged it. */
  readonly problem?: 'incomplete-code' | 'network' | undefined
  /** Where the code went, masked. Absent for `totp`. */
  readonly destination?: string | undefined
  /** Digits in the code, if the pool says so. */
  readonly codeLength?: number | undefined
  /** Milliseconds since 1970 by the pool's clock. */
  readonly expiresAt?: number | undefined
  /** Milliseconds since 1970 by the pool's clock: earlier than this, a resend is refused. */
  readonly resendAfter?: number | undefined
  readonly attemptsLeft?: number | undefined
  readonly sendsLeft?: number | undefined
  /** Also in the subject of the mail, so that a person with several mails knows which one counts. */
  readonly reference?: string | undefined
}

export type SignInState =
  | { readonly step: 'signed-out'; readonly busy: boolean }
  | NewPasswordState
  | CodeState
  | { readonly step: 'signed-in'; readonly busy: boolean; readonly username: string }
  | {
      readonly step: 'failed'
      readonly busy: boolean
      readonly username: string
      readonly reason: FailureReason
      /** Name of the exception, for a log. Its text is left out: it is not meant for people, nor safe to keep. */
      readonly errorName?: string | undefined
    }

/** Cognito's next step as plain data: what is kept over a reload of the page. No secret is in it. */
export interface PendingStep {
  readonly signInStep: string
  readonly parameters: Readonly<Record<string, string>>
  readonly missingAttributes: readonly string[]
}

/** What went wrong in one call to Amplify, as far as the next move depends on it. */
export interface Trouble {
  readonly kind:
    | FailureReason
    /** The session is spent, too old or missing. */
    | 'session'
    /** "Incorrect username or password.": what that means depends on what was asked. */
    | 'refused'
    | 'wrong-code'
    | 'weak-password'
    | 'used-before'
    | 'invalid-input'
    | 'already-signed-in'
  readonly errorName: string
}

const CODE_KINDS = new Map<string, CodeState['kind']>([
  ['CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', 'email-code'],
  ['CONFIRM_SIGN_IN_WITH_EMAIL_CODE', 'email-otp'],
  ['CONFIRM_SIGN_IN_WITH_SMS_CODE', 'sms'],
  ['CONFIRM_SIGN_IN_WITH_TOTP_CODE', 'totp'],
])

const REASONS: readonly CodeState['reason'][] = [
  'first',
  'wrong-code',
  'expired',
  'resent',
  'resend-refused',
  'restarted',
]

/** Reads Amplify's next step into plain data. */
export function pendingStepOf({ nextStep }: SignInOutput): PendingStep {
  const step = { signInStep: nextStep.signInStep, parameters: {}, missingAttributes: [] }
  switch (nextStep.signInStep) {
    case 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE':
      return { ...step, parameters: nextStep.additionalInfo ?? {} }
    case 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE':
    case 'CONFIRM_SIGN_IN_WITH_SMS_CODE': {
      const destination = nextStep.codeDeliveryDetails?.destination
      return { ...step, parameters: destination === undefined ? {} : { destination } }
    }
    // The user has several factors and no preference: the mail, or else the first of them.
    case 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION': {
      const factor = nextStep.allowedMFATypes?.find(type => type === 'EMAIL') ?? nextStep.allowedMFATypes?.[0]
      return { ...step, parameters: factor === undefined ? {} : { factor } }
    }
    case 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED':
      return { ...step, missingAttributes: nextStep.missingAttributes ?? [] }
    default:
      return step
  }
}

/** The state that shows a step to a person; `failed` for a step that leads out of this sign-in. */
export function stateOf(username: string, pending: PendingStep): SignInState {
  const kind = CODE_KINDS.get(pending.signInStep)
  if (kind !== undefined) return codeState(username, kind, pending.parameters)
  const failed = (reason: FailureReason): SignInState => ({ step: 'failed', busy: false, username, reason })
  switch (pending.signInStep) {
    case 'DONE':
      return { step: 'signed-in', busy: false, username }
    case 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED':
      return { step: 'new-password', busy: false, username, missingAttributes: pending.missingAttributes }
    case 'RESET_PASSWORD':
      return failed('password-reset-required')
    case 'CONFIRM_SIGN_UP':
      return failed('not-confirmed')
    default:
      return failed('unsupported-step')
  }
}

function codeState(
  username: string,
  kind: CodeState['kind'],
  parameters: PendingStep['parameters'],
): SignInState {
  // A custom challenge of somebody else's triggers: what it wants is not known here.
  if (kind === 'email-code' && parameters['challenge'] !== 'EMAIL_CODE')
    return { step: 'failed', busy: false, username, reason: 'unsupported-step' }
  return {
    step: 'code',
    busy: false,
    username,
    kind,
    reason: REASONS.find(reason => reason === parameters['reason']) ?? 'first',
    destination: parameters['destination'],
    codeLength: wholeNumber(parameters['codeLength']),
    expiresAt: moment(parameters['expiresAt']),
    resendAfter: moment(parameters['resendAfter']),
    attemptsLeft: wholeNumber(parameters['attemptsLeft']),
    sendsLeft: wholeNumber(parameters['sendsLeft']),
    reference: parameters['reference'],
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

function moment(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** Names whose meaning does not depend on the text. */
const TROUBLE_BY_NAME = new Map<string, Trouble['kind']>([
  ['UserNotFoundException', 'refused'],
  // Amplify's own, when it has no session to answer with.
  ['SignInException', 'session'],
  ['ExpiredCodeException', 'session'],
  ['CodeMismatchException', 'wrong-code'],
  ['InvalidPasswordException', 'weak-password'],
  ['PasswordHistoryPolicyViolationException', 'used-before'],
  ['InvalidParameterException', 'invalid-input'],
  ['NetworkError', 'network'],
  ['InternalErrorException', 'network'],
  ['TooManyRequestsException', 'network'],
  ['TimeoutError', 'network'],
  ['AbortError', 'network'],
  ['UserAlreadyAuthenticatedException', 'already-signed-in'],
])

/** The texts of NotAuthorizedException; there is nothing else to tell its cases apart. */
const TROUBLE_BY_TEXT: readonly (readonly [RegExp, Trouble['kind']])[] = [
  [/^Invalid session/, 'session'],
  [/Password attempts exceeded/, 'locked'],
  [/Temporary password has expired/, 'temporary-password-expired'],
  [/User is disabled/, 'disabled'],
  [/Incorrect username or password/, 'refused'],
]

/** Reads back what `JSON.stringify` made of a user name and a pending step. Undefined for anything else. */
export function savedStepOf(
  text: string,
): { username: string; savedAt: number; pending: PendingStep } | undefined {
  const saved = fieldsOf(parsedJson(text))
  const { signInStep, parameters, missingAttributes } = fieldsOf(saved['pending'])
  const { username, savedAt } = saved
  if (typeof username !== 'string' || typeof savedAt !== 'number' || typeof signInStep !== 'string') return
  const named = Object.entries(fieldsOf(parameters)).filter(([, value]) => typeof value === 'string')
  const attributes = Array.isArray(missingAttributes) ? missingAttributes.map(String) : []
  return {
    username,
    savedAt,
    pending: {
      signInStep,
      parameters: Object.fromEntries(named.map(([name, value]) => [name, String(value)])),
      missingAttributes: attributes,
    },
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Reads an error thrown by Amplify's `signIn` or `confirmSignIn`. Its text goes no further than this function. */
export function troubleOf(error: unknown): Trouble {
  const { name, message, underlyingError } = fieldsOfError(error)
  return { kind: troubleKind(name, message, fieldsOfError(underlyingError).name), errorName: name }
}

/** By shape, not by class: an error may come from another frame. */
function fieldsOfError(error: unknown): { name: string; message: string; underlyingError?: unknown } {
  if (typeof error !== 'object' || error === null) return { name: typeof error, message: '' }
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return {
    name: 'name' in error ? text(error.name) : '',
    message: 'message' in error ? text(error.message) : '',
    ...('underlyingError' in error && { underlyingError: error.underlyingError }),
  }
}

function troubleKind(name: string, message: string, causeName: string): Trouble['kind'] {
  if (name === 'NotAuthorizedException')
    return TROUBLE_BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'unknown'
  if (name === 'UserLambdaValidationException' || name === 'UnexpectedLambdaException') {
    if (message.startsWith('CreateAuthChallenge')) return 'mail-not-sent'
    if (message.startsWith('PreTokenGeneration')) return 'tokens-refused'
  }
  // The answer broke off half-way, or something between here and the pool answered in its place.
  if (name === 'Unknown' && (causeName === 'TypeError' || causeName === 'SyntaxError')) return 'network'
  return TROUBLE_BY_NAME.get(name) ?? 'unknown'
}

/**
 * The code as Cognito wants it: ASCII digits. Blanks, hyphens and invisible marks that come along when a code is
 * pasted go; full-width and Arabic digits become ASCII.
 */
export function normalizedCode(typed: string): string {
  return typed
    .replace(/[\s\p{Pd}\p{Cf}]/gu, '')
    .replace(/[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g, digit => String(digit.charCodeAt(0) & 0xf))
}
