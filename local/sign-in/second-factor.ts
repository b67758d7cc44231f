// Cognito's own second factors inside a sign-in: which one Cognito asks for, its set-up, and its answer.
import { randomInt } from 'node:crypto'
import type { UntypedObject } from '../../command/json.ts'
import { type Challenge, type EmailChallenge, type PendingSignIn, passedEntry } from '../challenges.ts'
import { CognitoError, invalidParameter, notAuthorized } from '../errors.ts'
import { Parameters } from '../parameters.ts'
import type { Pool } from '../pool.ts'
import { softwareTokenCodeIsRight } from '../software-token.ts'
import { isEmailAddress, maskedAddress, type NativeFactor, type User } from '../users.ts'
import { finish } from './finish.ts'
import {
  type Answer,
  type ChallengeAnswer,
  openChallenge,
  requiredParameter,
  type SignInContext,
} from './open-challenge.ts'

/** Native factors come after the password, and after the new one (moto's tests against AWS; amplify-js #14330). */
export async function askForSecondFactor(context: SignInContext, signIn: PendingSignIn, user: User): Answer {
  const { pool } = context
  const mode = pool.description.mfaConfiguration
  if (mode === 'OFF') return finish(context, signIn, user)

  const available = availableFactors(pool)
  const chosen = available.filter(factor => user.factors.has(factor))
  if (user.preferredFactor && chosen.includes(user.preferredFactor)) {
    return askForFactor(pool, signIn, user, user.preferredFactor)
  }
  const [first, ...others] = chosen
  if (first !== undefined && others.length > 0) {
    const parameters = { MFAS_CAN_CHOOSE: JSON.stringify(chosen) }
    return openChallenge(pool, signIn, { name: 'SELECT_MFA_TYPE', factors: chosen }, parameters)
  }
  if (first !== undefined) return askForFactor(pool, signIn, user, first)
  if (mode === 'OPTIONAL') return finish(context, signIn, user)
  if (available.includes('EMAIL_OTP') && user.attributes.has('email')) {
    return askForFactor(pool, signIn, user, 'EMAIL_OTP')
  }
  const parameters = { MFAS_CAN_SETUP: JSON.stringify(available) }
  return openChallenge(pool, signIn, { name: 'MFA_SETUP', factors: available, verified: false }, parameters)
}

async function askForFactor(
  pool: Pool,
  signIn: PendingSignIn,
  user: User,
  factor: NativeFactor,
): Promise<UntypedObject> {
  if (factor === 'SOFTWARE_TOKEN_MFA') return openChallenge(pool, signIn, { name: factor })
  const address = user.attributes.get('email')
  if (address === undefined) throw invalidParameter('The user has no email address.')
  // The length of the MFA code is not published; the password-less code of the same name has 8 digits.
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const template = new Parameters(pool.description.mfa).object('EmailMfaConfiguration')
  const message = template.optionalString('Message') ?? 'Your authentication code is {####}'
  await pool.mailbox.send({
    to: address,
    subject: template.optionalString('Subject') ?? 'Your authentication code',
    text: message.replaceAll('{####}', code),
  })
  const parameters = {
    CODE_DELIVERY_DELIVERY_MEDIUM: 'EMAIL',
    CODE_DELIVERY_DESTINATION: maskedAddress(address),
  }
  return openChallenge(pool, signIn, { name: 'EMAIL_OTP', code, address }, parameters)
}

/** The answer to EMAIL_OTP. A wrong code leaves the session open. */
export async function checkEmailCode(
  context: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  user: User,
  { code, address }: EmailChallenge,
): Answer {
  if (requiredParameter(responses, 'EMAIL_OTP_CODE') !== code) throw wrongCode()
  context.pool.sessions.consume(session)
  // The first code that comes back proves the address that it went to (developer guide, "SMS and email message MFA").
  if (user.attributes.get('email') === address)
    context.pool.users.setAttributes(user, new Map([['email_verified', 'true']]))
  return afterFactor(context, signIn, user, 'EMAIL_OTP')
}

/** The answer to SOFTWARE_TOKEN_MFA. */
export async function checkSoftwareToken(
  context: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  user: User,
): Answer {
  const code = requiredParameter(responses, 'SOFTWARE_TOKEN_MFA_CODE')
  const secret = user.softwareTokenSecret
  if (secret === undefined || !softwareTokenCodeIsRight(secret, code, context.pool.clock.seconds()))
    throw wrongCode()
  context.pool.sessions.consume(session)
  return afterFactor(context, signIn, user, 'SOFTWARE_TOKEN_MFA')
}

/** The answer to SELECT_MFA_TYPE. */
export async function chooseFactor(
  { pool }: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  user: User,
  factors: readonly NativeFactor[],
): Answer {
  const chosen = factors.find(factor => factor === requiredParameter(responses, 'ANSWER'))
  if (chosen === undefined) throw invalidParameter('The answer is not one of MFAS_CAN_CHOOSE.')
  pool.sessions.consume(session)
  return askForFactor(pool, signIn, user, chosen)
}

/**
 * The answer to MFA_SETUP: after VerifySoftwareToken nothing but the session, or an address for mailed codes. What
 * Define sees of a set-up is not published; here it is an entry of its own.
 */
export async function finishSetUp(
  context: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  user: User,
  { factors, verified }: Extract<Challenge, { readonly name: 'MFA_SETUP' }>,
): Answer {
  const { pool } = context
  const entries = [...signIn.entries, passedEntry('MFA_SETUP')]
  const address = responses.optionalString('EMAIL')
  if (address !== undefined && factors.includes('EMAIL_OTP')) {
    if (!isEmailAddress(address)) throw invalidParameter('Invalid email address format.')
    pool.sessions.consume(session)
    pool.users.setAttributes(user, new Map([['email', address]]))
    return askForFactor(pool, { ...signIn, entries }, user, 'EMAIL_OTP')
  }
  if (!verified) throw notAuthorized('Invalid session for the user.')
  pool.sessions.consume(session)
  return afterFactor(context, { ...signIn, entries }, user, 'SOFTWARE_TOKEN_MFA')
}

function afterFactor(
  context: SignInContext,
  signIn: PendingSignIn,
  user: User,
  factor: NativeFactor,
): Answer {
  const entries = [...signIn.entries, passedEntry(factor)]
  return finish(context, { ...signIn, entries, usedNativeFactor: true }, user)
}

function wrongCode(): CognitoError {
  return new CognitoError('CodeMismatchException', 'Invalid code or auth state for the user.')
}

/** The factors that the pool offers; SMS is not simulated. */
function availableFactors(pool: Pool): NativeFactor[] {
  const mfa = new Parameters(pool.description.mfa)
  const factors: NativeFactor[] = []
  if (mfa.optionalObject('EmailMfaConfiguration')) factors.push('EMAIL_OTP')
  if (mfa.object('SoftwareTokenMfaConfiguration').boolean('Enabled')) factors.push('SOFTWARE_TOKEN_MFA')
  return factors
}
