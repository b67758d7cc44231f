// What a signed-in person does with the own access token: GetUser, sign-out, second factors, an authenticator app.
import { checkClientSecret } from '../client-secret.ts'
import { CognitoError, notAuthorized } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { findClient, type Operation, type Pool } from '../pool.ts'
import { makeSoftwareTokenSecret, softwareTokenCodeIsRight } from '../software-token.ts'
import { attributeList, factorsOf, setFactors, type User } from '../users.ts'

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
