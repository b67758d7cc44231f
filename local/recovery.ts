// A forgotten password: by which way a user may get a code, and how often one may ask for it and enter it. Pure.
import { CognitoError, invalidParameter, notAuthorized } from './errors.ts'
import type { User } from './users.ts'

/** Developer guide, "Passwords, account recovery, and password policies". */
export const CODE_LIFETIME_MS = 60 * 60 * 1000

/** Within an hour; the same page says 5 to 20, depending on the risk. */
const MOST_ATTEMPTS = 5
const ATTEMPTS_COUNT_FOR_MS = 60 * 60 * 1000

/** What is known of one name. */
export interface PasswordRecovery {
  /** undefined: no code opens it, as for a name that nobody has. */
  readonly code?: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** When a code was asked for or entered; milliseconds since 1970. */
  readonly attempts: readonly number[]
}

/** @throws CognitoError LimitExceededException. */
export function withAttempt(recovery: PasswordRecovery | undefined, now: number): PasswordRecovery {
  const { attempts, ...open } = recovery ?? { expiresAt: 0, attempts: [] }
  const recent = attempts.filter(at => at > now - ATTEMPTS_COUNT_FOR_MS)
  if (recent.length >= MOST_ATTEMPTS) {
    throw new CognitoError('LimitExceededException', 'Attempt limit exceeded, please try after some time.')
  }
  return { ...open, attempts: [...recent, now] }
}

export type RecoveryDecision =
  | { readonly name: 'mail'; readonly address: string }
  /** `isHidden`: nothing shows it where PreventUserExistenceErrors is ENABLED. */
  | { readonly name: 'refuse'; readonly error: CognitoError; readonly isHidden: boolean }

/**
 * The code goes to the first verified address, in the order of the pool, that is not the user's second factor as well
 * (developer guide, "Passwords, account recovery, and password policies").
 *
 * @param mechanisms of AccountRecoverySetting, the first one first
 * @param mfaConfiguration OFF: nobody has a second factor
 */
export function recoveryDecision(
  user: User,
  mechanisms: readonly string[],
  mfaConfiguration: string,
): RecoveryDecision {
  if (!user.enabled) return refuse(notAuthorized('User is disabled.'), true)
  if (user.status === 'FORCE_CHANGE_PASSWORD')
    return refuse(notAuthorized('User password cannot be reset in the current state.'))
  if (mechanisms.includes('admin_only'))
    return refuse(notAuthorized('Contact administrator to reset password.'))

  const isSecondFactor = mfaConfiguration !== 'OFF' && user.factors.has('EMAIL_OTP')
  const email = verified(user, 'email')
  for (const mechanism of mechanisms) {
    if (mechanism === 'verified_phone_number' && verified(user, 'phone_number') !== undefined)
      return refuse(invalidParameter('Cognito sends a text message here; the local user pool sends none.'))
    if (mechanism === 'verified_email' && email !== undefined && !isSecondFactor)
      return { name: 'mail', address: email }
  }
  const nowhere =
    'Cannot reset password for the user as there is no registered/verified email or phone_number'
  return refuse(invalidParameter(nowhere), email === undefined)
}

function verified(user: User, attribute: string): string | undefined {
  const isVerified = user.attributes.get(`${attribute}_verified`)?.toLowerCase() === 'true'
  return isVerified ? user.attributes.get(attribute) : undefined
}

function refuse(error: CognitoError, isHidden = false): RecoveryDecision {
  return { name: 'refuse', error, isHidden }
}
