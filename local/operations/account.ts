// What a signed-in person does with the own access token: GetUser, sign-out, second factors, an authenticator app.
import { CognitoError, notAuthorized } from '../errors.ts'
import type { JsonObject, Parameters } from '../parameters.ts'
import { findClient, type Operation, type Pool } from '../pool.ts'
import { makeSoftwareTokenSecret, softwareTokenCodeIsRight } from '../software-token.ts'
import { NATIVE_FACTORS, type NativeFactor, type User } from '../users.ts'
import { checkClientSecret } from './authentication.ts'

export const GetUser: Operation = async (pool, request) => {
  const user = await signedIn(pool, request)
  return { Username: user.username, UserAttributes: attributeList(user), ...factorsOf(user) }
}

export const GlobalSignOut: Operation = async (pool, request) => {
  pool.tokens.revokeAll(await signedIn(pool, request))
  return {}
}

export const RevokeToken: Operation = async (pool, request) => {
  const client = findClient(pool, request.string('ClientId'))
  checkClientSecret(client, request.optionalString('ClientSecret'))
  if (!client.revokesTokens) {
    throw new CognitoError('UnsupportedOperationException', 'Token revocation is not enabled for this client')
  }
  pool.tokens.revoke(request.string('Token'), client)
  return {}
}

export const SetUserMFAPreference: Operation = async (pool, request) => {
  setFactors(await signedIn(pool, request), request)
  return {}
}

/** With an access token, or with the session of an MFA_SETUP challenge. */
export const AssociateSoftwareToken: Operation = async (pool, request) => {
  const SecretCode = makeSoftwareTokenSecret()
  const session = request.optionalString('Session')
  if (session === undefined) {
    const user = await signedIn(pool, request)
    user.softwareTokenSecret = SecretCode
    return { SecretCode }
  }
  const { signIn } = setUpStep(pool, session)
  pool.sessions.consume(session)
  const step = { signIn, challenge: { name: 'MFA_SETUP', secret: SecretCode, verified: false } } as const
  return { SecretCode, Session: pool.sessions.open(step, signIn.client.authSessionValidity) }
}

export const VerifySoftwareToken: Operation = async (pool, request) => {
  const code = request.string('UserCode')
  const session = request.optionalString('Session')
  if (session === undefined) {
    const user = await signedIn(pool, request)
    requireRightCode(pool, user.softwareTokenSecret, code)
    return { Status: 'SUCCESS' }
  }
  const { signIn, challenge } = setUpStep(pool, session)
  requireRightCode(pool, challenge.secret, code)
  pool.sessions.consume(session)
  if (signIn.user && challenge.secret !== undefined) {
    signIn.user.softwareTokenSecret = challenge.secret
    signIn.user.factors.add('SOFTWARE_TOKEN_MFA')
  }
  const step = { signIn, challenge: { ...challenge, verified: true } }
  return { Status: 'SUCCESS', Session: pool.sessions.open(step, signIn.client.authSessionValidity) }
}

/** UserAttributes of the answers. */
export function attributeList(user: User): JsonObject[] {
  return [...user.attributes].map(([Name, Value]) => ({ Name, Value }))
}

/** PreferredMfaSetting and UserMFASettingList, each only when there is something to say. */
export function factorsOf(user: User): JsonObject {
  const { preferredFactor, factors } = user
  return {
    ...(preferredFactor === undefined ? {} : { PreferredMfaSetting: preferredFactor }),
    ...(factors.size === 0 ? {} : { UserMFASettingList: [...factors] }),
  }
}

/** (Admin)SetUserMFAPreference; a factor whose settings are left out stays as it is. */
export function setFactors(user: User, request: Parameters): void {
  if (request.object('SMSMfaSettings').boolean('Enabled')) {
    throw new CognitoError('InvalidParameterException', 'The local user pool does not send text messages.')
  }
  const members: Readonly<Record<NativeFactor, string>> = {
    EMAIL_OTP: 'EmailMfaSettings',
    SOFTWARE_TOKEN_MFA: 'SoftwareTokenMfaSettings',
  }
  const preferred = NATIVE_FACTORS.filter(factor => request.object(members[factor]).boolean('PreferredMfa'))
  if (preferred.length > 1) {
    throw new CognitoError('InvalidParameterException', 'Only one MFA method can be the preferred one.')
  }
  for (const factor of NATIVE_FACTORS) {
    const settings = request.optionalObject(members[factor])
    if (settings) setFactor(user, factor, settings)
  }
}

function setFactor(user: User, factor: NativeFactor, settings: Parameters): void {
  if (!settings.boolean('Enabled')) {
    user.factors.delete(factor)
    if (user.preferredFactor === factor) delete user.preferredFactor
    return
  }
  if (factor === 'SOFTWARE_TOKEN_MFA' && user.softwareTokenSecret === undefined) {
    throw new CognitoError('InvalidParameterException', 'User has not verified software token mfa')
  }
  user.factors.add(factor)
  if (settings.boolean('PreferredMfa')) user.preferredFactor = factor
  else if (user.preferredFactor === factor) delete user.preferredFactor
}

async function signedIn(pool: Pool, request: Parameters): Promise<User> {
  const { username } = await pool.tokens.verifyAccessToken(request.string('AccessToken'))
  const user = pool.users.get(username)
  if (!user.enabled) throw notAuthorized('User is disabled.')
  return user
}

function setUpStep(pool: Pool, session: string) {
  const { signIn, challenge } = pool.sessions.find(session)
  if (challenge.name !== 'MFA_SETUP') throw notAuthorized('Invalid session for the user.')
  return { signIn, challenge }
}

function requireRightCode(pool: Pool, secret: string | undefined, code: string): void {
  if (secret !== undefined && softwareTokenCodeIsRight(secret, code, pool.clock.seconds())) return
  throw new CognitoError('EnableSoftwareTokenMFAException', 'Code mismatch')
}
