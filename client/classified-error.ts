// What an error thrown by Amplify means for a sign-in. Pure; the error's text goes no further than this file.
import type { FailureReason, PasswordRequirement } from './sign-in-state.ts'

/** What went wrong in one call to Amplify, as far as the next move depends on it. */
export interface ClassifiedError {
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
  /** With `weak-password`: what the pool says that the password lacks. Empty if it does not say. */
  readonly unmetRequirements: readonly PasswordRequirement[]
}

/** Names whose meaning does not depend on the text. */
const KIND_BY_NAME = new Map<string, ClassifiedError['kind']>([
  ['UserNotFoundException', 'refused'],
  // Amplify's own, for a name or a password that is empty: it asks nothing of the pool.
  ['EmptySignInUsername', 'refused'],
  ['EmptySignInPassword', 'refused'],
  // Amplify's own, when it has no session to answer with.
  ['SignInException', 'session'],
  ['ExpiredCodeException', 'session'],
  ['CodeMismatchException', 'wrong-code'],
  ['InvalidPasswordException', 'weak-password'],
  ['PasswordHistoryPolicyViolationException', 'used-before'],
  ['InvalidParameterException', 'invalid-input'],
  ['NetworkError', 'network'],
  ['InternalErrorException', 'network'],
  // Common to all AWS services, from what stands before the pool (Common Errors in its API reference).
  ['InternalFailure', 'network'],
  ['InternalServerException', 'network'],
  ['ServiceUnavailable', 'network'],
  ['ServiceUnavailableException', 'network'],
  ['ThrottlingException', 'network'],
  ['TooManyRequestsException', 'network'],
  ['LimitExceededException', 'network'],
  ['TimeoutError', 'network'],
  ['AbortError', 'network'],
  // Something between here and the pool answered in its place, with HTML or with nothing ...
  ['SyntaxError', 'network'],
  // ... or with JSON that names no exception, as Cognito always does.
  ['UnknownError', 'network'],
  ['UserAlreadyAuthenticatedException', 'already-signed-in'],
])

/** The texts of NotAuthorizedException; there is nothing else to tell its cases apart. */
const KIND_BY_TEXT: readonly (readonly [RegExp, ClassifiedError['kind']])[] = [
  [/^Invalid session/, 'session'],
  [/Password attempts exceeded/, 'locked'],
  [/Temporary password has expired/, 'temporary-password-expired'],
  [/User is disabled/, 'disabled'],
  [/Incorrect username or password/, 'refused'],
]

/** The texts of InvalidPasswordException. Cognito usually names the first requirement that is not met. */
const REQUIREMENT_BY_TEXT: readonly (readonly [RegExp, PasswordRequirement])[] = [
  [/not long enough/i, 'length'],
  [/must have uppercase/i, 'uppercase'],
  [/must have lowercase/i, 'lowercase'],
  [/must have numeric/i, 'number'],
  [/must have symbol/i, 'symbol'],
  [/cannot be used for security reasons/i, 'not-compromised'],
]

/** Reads an error thrown by a function of `aws-amplify/auth`. Anything may have been thrown. */
export function classifyError(error: unknown): ClassifiedError {
  const { name, message, underlyingError } = fieldsOfError(error)
  const kind = kindOf(name, message, fieldsOfError(underlyingError).name)
  const unmetRequirements =
    kind === 'weak-password'
      ? REQUIREMENT_BY_TEXT.filter(([text]) => text.test(message)).map(([, requirement]) => requirement)
      : []
  return { kind, errorName: name, unmetRequirements }
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

function kindOf(name: string, message: string, causeName: string): ClassifiedError['kind'] {
  if (name === 'NotAuthorizedException')
    return KIND_BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'unknown'
  if (name === 'UserLambdaValidationException' || name === 'UnexpectedLambdaException') {
    if (message.startsWith('CreateAuthChallenge')) return 'mail-not-sent'
    if (message.startsWith('PreTokenGeneration')) return 'tokens-refused'
  }
  // Amplify wraps a TypeError: the answer broke off half-way, or was JSON of another kind than Cognito's.
  if (name === 'Unknown' && (causeName === 'TypeError' || causeName === 'SyntaxError')) return 'network'
  return KIND_BY_NAME.get(name) ?? 'unknown'
}
