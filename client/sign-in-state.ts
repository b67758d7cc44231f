// What a sign-in can look like, and how Amplify's next step is read into that. Pure.
import type { SignInOutput } from 'aws-amplify/auth'

/** Why a sign-in ended without a signed-in user. Each is something that an app can say or do something about. */
export type FailureReason =
  /** User name or password is wrong (an unknown user looks the same). */
  | 'wrong-password'
  /** Too many wrong passwords: Cognito refuses this user for a while (up to about 15 minutes). */
  | 'locked'
  /** The sign-in took too long, or an answer was lost, and the driver cannot continue. Sign in again. */
  | 'expired'
  /** The pool refused the sign-in after wrong codes. Sign in again for a new code. */
  | 'too-many-codes'
  /** The code could not be mailed. Try again later. */
  | 'mail-not-sent'
  /** No usable answer from the pool: no network, or the service is too busy. Try the same again. */
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
  /** Another user is signed in in this browser. Sign out first. */
  | 'another-user'
  /** The pool asks for a step that this driver does not know (for instance setting up an authenticator app). */
  | 'unsupported-step'
  /** Everything was right and the pre token generation trigger still refused the tokens. */
  | 'tokens-refused'
  /** Anything else; `errorName` is the name of the exception. */
  | 'unknown'

/** What a new password lacks, as far as the pool says it. `not-compromised`: it is on a list of known passwords. */
export type PasswordRequirement =
  | 'length'
  | 'uppercase'
  | 'lowercase'
  | 'number'
  | 'symbol'
  | 'not-compromised'

/** A person with a temporary password has to choose a new one. */
export interface NewPasswordState {
  readonly step: 'new-password'
  readonly busy: boolean
  readonly username: string
  /** Required attributes that the user does not have yet, by their names, for instance `given_name`. */
  readonly missingAttributes: readonly string[]
  /** What was wrong with the last attempt; the user may try again at once. */
  readonly problem?: 'weak-password' | 'used-before' | 'invalid-input' | 'network' | undefined
  /** With the problem `weak-password`, if the pool says it. It usually names one requirement at a time. */
  readonly unmetRequirements?: readonly PasswordRequirement[] | undefined
}

/** The user has to enter a code. */
export interface CodeState {
  readonly step: 'code'
  readonly busy: boolean
  readonly username: string
  /**
   * `email-code`: this project's triggers. `custom`: a custom challenge of other triggers, with the driver's option
   * `challenge: 'any'`. The others are Cognito's own factors.
   */
  readonly kind: 'email-code' | 'email-otp' | 'sms' | 'totp' | 'custom'
  /**
   * Why the user has to enter a code. `restarted`: the driver started the sign-in again; only the newest mail counts. `limited`: the
   * user got too many codes lately; no mail was sent and no code is accepted before `resendAfter`. For the kind `custom`
   * it is `first`, and `wrong-code` when the triggers ask again after an answer.
   */
  readonly reason: 'first' | 'wrong-code' | 'expired' | 'resent' | 'resend-refused' | 'limited' | 'restarted'
  /** What was wrong with the last try, although the pool has not judged it. */
  readonly problem?: 'incomplete-code' | 'network' | undefined
  /** Where the code went, masked. Absent for `totp`. */
  readonly destination?: string | undefined
  /** Digits in the code, if the pool says so. */
  readonly codeLength?: number | undefined
  /** Milliseconds since 1970 by the clock of this device, right even if that clock is wrong. */
  readonly expiresAt?: number | undefined
  /** Milliseconds since 1970 by the clock of this device: earlier than this, a resend is refused. */
  readonly resendAfter?: number | undefined
  readonly attemptsLeft?: number | undefined
  readonly sendsLeft?: number | undefined
  /** Also in the subject of the mail, so that a person with several mails knows which one counts. */
  readonly reference?: string | undefined
  /** For the kind `custom`: the public challenge parameters as the triggers sent them. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

export type SignInState =
  | { readonly step: 'signed-out'; readonly busy: boolean }
  | NewPasswordState
  | CodeState
  | { readonly step: 'signed-in'; readonly busy: boolean; readonly username: string }
  | {
      readonly step: 'failed'
      readonly busy: boolean
      /** Empty when `resume` cannot reach the pool to find out who is signed in. */
      readonly username: string
      readonly reason: FailureReason
      /** The new password that was chosen in this sign-in is saved: it is the one to sign in with from now on. */
      readonly newPasswordSaved?: true | undefined
      /** Name of the exception, for a log. Its text is left out: it is not written for users, and may hold personal data. */
      readonly errorName?: string | undefined
    }

/** The state before anything is known, on a server as well. */
export const SIGNED_OUT: SignInState = { step: 'signed-out', busy: false }

/** Which custom challenges a driver takes: those of this project's triggers, or those of any. */
export type AcceptedChallenge = 'email-code' | 'any'

/** Cognito's next step as plain data: what is kept over a reload of the page. No secret is in it. */
export interface PendingStep {
  readonly signInStep: string
  readonly parameters: Readonly<Record<string, string>>
  readonly missingAttributes: readonly string[]
  /** Milliseconds since 1970 by the clock of this device. */
  readonly arrivedAt: number
  /** The driver's own reason for the code step; it takes precedence over the parameters. */
  readonly reason?: CodeState['reason'] | undefined
  /** The pool asked for a new password earlier in the same session. Not kept over a reload: the password is gone then. */
  readonly followsNewPassword?: true
}

const NATIVE_CODE_KINDS = new Map<string, CodeState['kind']>([
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
  'limited',
  'restarted',
]

/** Reads Amplify's next step, which has just arrived, into plain data. */
export function pendingStepOf({ nextStep }: SignInOutput): PendingStep {
  const step = {
    signInStep: nextStep.signInStep,
    parameters: {},
    missingAttributes: [],
    arrivedAt: Date.now(),
  }
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

/** The state that shows a step to the user; `failed` for a step outside this sign-in. */
export function stateOf(
  username: string,
  pending: PendingStep,
  accepted: AcceptedChallenge = 'email-code',
): SignInState {
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
    default: {
      const kind = codeKindOf(pending, accepted)
      return kind ? codeState(username, kind, pending) : failed('unsupported-step')
    }
  }
}

/** Undefined for a step that asks for no code, or for one that only other triggers understand. */
function codeKindOf(
  { signInStep, parameters }: PendingStep,
  accepted: AcceptedChallenge,
): CodeState['kind'] | undefined {
  if (signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') return NATIVE_CODE_KINDS.get(signInStep)
  if (parameters['challenge'] === 'EMAIL_CODE') return 'email-code'
  return accepted === 'any' ? 'custom' : undefined
}

function codeState(
  username: string,
  kind: CodeState['kind'],
  { parameters, arrivedAt, reason }: PendingStep,
): CodeState {
  const state = { step: 'code', busy: false, username, kind } as const
  // The names of other triggers' parameters may mean anything.
  if (kind === 'custom') return { ...state, reason: reason ?? 'first', parameters }
  return {
    ...state,
    reason: reason ?? codeReasonOf(parameters['reason']) ?? 'first',
    destination: parameters['destination'],
    codeLength: wholeNumber(parameters['codeLength']),
    expiresAt: momentAfter(arrivedAt, parameters['expiresIn']) ?? moment(parameters['expiresAt']),
    resendAfter: momentAfter(arrivedAt, parameters['resendIn']) ?? moment(parameters['resendAfter']),
    attemptsLeft: wholeNumber(parameters['attemptsLeft']),
    sendsLeft: wholeNumber(parameters['sendsLeft']),
    reference: parameters['reference'],
  }
}

/** Undefined for a text that names no reason. */
export function codeReasonOf(text: unknown): CodeState['reason'] | undefined {
  return REASONS.find(reason => reason === text)
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** Counted from the arrival, so that it does not matter whether the clock of this device is right. */
function momentAfter(arrivedAt: number, seconds: string | undefined): number | undefined {
  const wait = wholeNumber(seconds)
  return wait === undefined ? undefined : arrivedAt + wait * 1000
}

function moment(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}

/**
 * The digits of what a person typed or pasted: blanks, hyphens and invisible marks go; full-width and Arabic digits become
 * ASCII. The function of the same name in the triggers judges the answer. This one only saves an attempt, and stands here
 * because an app takes this folder alone; a test holds the two together.
 */
export function normaliseTypedCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, digit => String(digit.charCodeAt(0) & 0xf))
    .replace(/[\s\p{Pd}\p{Cf}]/gu, '')
}
