// What a signed-in person does with an access token: attributes, sign-out, second factors, an authenticator app.
import { changeAttributes, sendCodeAgain, verifyAddress } from '../attribute-changes.ts'
import { checkClientSecret } from '../client-secret.ts'
import { CognitoError, notAuthorized } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { findClient, type Operation, type Pool } from '../pool.ts'
import { makeSoftwareTokenSecret, softwareTokenCodeIsRight } from '../software-token.ts'
import { attributeList, factorsOf, setFactors, type User } from '../users.ts'

export const GetUser: Operation = async (pool, request) => {
  const { user } = await signedIn(pool, request)
  return { Username: user.username, UserAttributes: attributeList(user), ...factorsOf(user) }
}

/** Writes what the app client of the access token may write. */
export const UpdateUserAttributes: Operation = async (pool, request) => {
  const { user, clientId } = await signedIn(pool, request)
  const attributes = request.attributes('UserAttributes')
  findClient(pool, clientId).checkWritable(attributes.keys())
  return { CodeDeliveryDetailsList: await changeAttributes(pool, user, attributes) }
}

export const GetUserAttributeVerificationCode: Operation = async (pool, request) => {
  const { user } = await signedIn(pool, request)
  return { CodeDeliveryDetails: await sendCodeAgain(pool, user, request.string('AttributeName')) }
}

export const VerifyUserAttribute: Operation = async (pool, request) => {
  const { user } = await signedIn(pool, request)
  verifyAddress(pool, user, request.string('AttributeName'), request.string('Code'))
  return {}
}

export const GlobalSignOut: Operation = async (pool, request) => {
  pool.tokens.revokeAll((await signedIn(pool, request)).user)
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
  setFactors((await signedIn(pool, request)).user, request)
  return {}
}

/** With an access token, or with the session of an MFA_SETUP challenge. */
export const AssociateSoftwareToken: Operation = async (pool, request) => {
  const SecretCode = makeSoftwareTokenSecret()
  const session = request.optionalString('Session')
  if (session === undefined) {
    const { user } = await signedIn(pool, request)
    user.softwareTokenSecret = SecretCode
    return { SecretCode }
  }
  const { signIn, challenge } = setUpChallenge(pool, session)
  if (!challenge.factors.includes('SOFTWARE_TOKEN_MFA')) {
    throw new CognitoError(
      'SoftwareTokenMFANotFoundException',
      'Software token MFA has not been enabled by the userPool',
    )
  }
  pool.sessions.consume(session)
  const open = { signIn, challenge: { ...challenge, secret: SecretCode, verified: false } }
  return { SecretCode, Session: pool.sessions.open(open, signIn.client.authSessionValidity) }
}

export const VerifySoftwareToken: Operation = async (pool, request) => {
  const code = request.string('UserCode')
  const session = request.optionalString('Session')
  if (session === undefined) {
    const { user } = await signedIn(pool, request)
    requireRightCode(pool, user.softwareTokenSecret, code)
    return { Status: 'SUCCESS' }
  }
  const { signIn, challenge } = setUpChallenge(pool, session)
  requireRightCode(pool, challenge.secret, code)
  pool.sessions.consume(session)
  if (signIn.user && challenge.secret !== undefined) {
    signIn.user.softwareTokenSecret = challenge.secret
    signIn.user.factors.add('SOFTWARE_TOKEN_MFA')
  }
  const open = { signIn, challenge: { ...challenge, verified: true } }
  return { Status: 'SUCCESS', Session: pool.sessions.open(open, signIn.client.authSessionValidity) }
}

async function signedIn(
  pool: Pool,
  request: Parameters,
): Promise<{ readonly user: User; readonly clientId: string }> {
  const { username, clientId } = await pool.tokens.verifyAccessToken(request.string('AccessToken'))
  const user = pool.users.get(username)
  if (!user.enabled) throw notAuthorized('User is disabled.')
  return { user, clientId }
}

function setUpChallenge(pool: Pool, session: string) {
  const { signIn, challenge } = pool.sessions.find(session)
  if (challenge.name !== 'MFA_SETUP') throw notAuthorized('Invalid session for the user.')
  return { signIn, challenge }
}

function requireRightCode(pool: Pool, secret: string | undefined, code: string): void {
  if (secret !== undefined && softwareTokenCodeIsRight(secret, code, pool.clock.seconds())) return
  throw new CognitoError('EnableSoftwareTokenMFAException', 'Code mismatch')
}
