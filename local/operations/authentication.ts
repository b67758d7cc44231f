// InitiateAuth, RespondToAuthChallenge, their Admin twins, and the refresh of tokens.

import type { UntypedObject } from '../../command/json.ts'
import type { AppClient } from '../app-client.ts'
import type { Flow } from '../challenges.ts'
import { checkClientSecret, checkSecretHash } from '../client-secret.ts'
import { incorrectUsernameOrPassword, invalidParameter, notAuthorized } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { findClient, type Operation, type Pool, requireThisPool } from '../pool.ts'
import { answerChallenge, startSignIn } from '../sign-in/sign-in.ts'
import { triggerAttributes } from '../users.ts'

/** The flows that each operation takes, under the names that requests use for them. */
const PUBLIC_FLOWS: Readonly<Record<string, Flow>> = {
  CUSTOM_AUTH: 'CUSTOM_AUTH',
  USER_SRP_AUTH: 'USER_SRP_AUTH',
  USER_PASSWORD_AUTH: 'USER_PASSWORD_AUTH',
}

const ADMIN_FLOWS: Readonly<Record<string, Flow>> = {
  CUSTOM_AUTH: 'CUSTOM_AUTH',
  USER_SRP_AUTH: 'USER_SRP_AUTH',
  USER_PASSWORD_AUTH: 'USER_PASSWORD_AUTH',
  ADMIN_USER_PASSWORD_AUTH: 'ADMIN_USER_PASSWORD_AUTH',
  ADMIN_NO_SRP_AUTH: 'ADMIN_USER_PASSWORD_AUTH',
}

/** Texts as Cognito prints them; the last one stands for the flows whose text is not published. */
const NOT_ENABLED: Readonly<Partial<Record<Flow, string>>> = {
  USER_PASSWORD_AUTH: 'USER_PASSWORD_AUTH flow not enabled for this client',
  USER_SRP_AUTH: 'USER_SRP_AUTH is not enabled for the client.',
  ADMIN_USER_PASSWORD_AUTH: 'Auth flow not enabled for this client',
}

export const InitiateAuth: Operation = (pool, request) => initiate(pool, request, PUBLIC_FLOWS)

export const AdminInitiateAuth: Operation = (pool, request) => {
  requireThisPool(pool, request)
  return initiate(pool, request, ADMIN_FLOWS)
}

export const RespondToAuthChallenge: Operation = async (pool, request) => {
  const client = findClient(pool, request.string('ClientId'))
  const responses = request.object('ChallengeResponses')
  checkSecretHash(client, responses.optionalString('SECRET_HASH'), [responses.optionalString('USERNAME')])
  return answerChallenge(pool, {
    client,
    challengeName: request.string('ChallengeName'),
    session: request.optionalString('Session'),
    responses,
    clientMetadata: clientMetadataOf(request),
  })
}

export const AdminRespondToAuthChallenge: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  return RespondToAuthChallenge(pool, request)
}

export const GetTokensFromRefreshToken: Operation = async (pool, request) => {
  const client = findClient(pool, request.string('ClientId'))
  checkClientSecret(client, request.optionalString('ClientSecret'))
  return refresh(pool, client, request.string('RefreshToken'), clientMetadataOf(request))
}

async function initiate(pool: Pool, request: Parameters, flows: Readonly<Record<string, Flow>>) {
  const client = findClient(pool, request.string('ClientId'))
  const parameters = request.object('AuthParameters')
  const name = request.string('AuthFlow')

  if (name === 'REFRESH_TOKEN_AUTH' || name === 'REFRESH_TOKEN') {
    const token = parameters.optionalString('REFRESH_TOKEN')
    if (token === undefined) throw invalidParameter('Missing required parameter REFRESH_TOKEN')
    if (!client.allows('REFRESH_TOKEN_AUTH') || client.rotatesRefreshTokens) {
      throw notAuthorized('REFRESH_TOKEN_AUTH is not enabled for the client.')
    }
    const { username } = pool.tokens.refreshGrant(token, client)
    const user = pool.users.find(username)
    const names = [username, user?.sub, user?.attributes.get('email')]
    checkSecretHash(client, parameters.optionalString('SECRET_HASH'), names)
    return refresh(pool, client, token, undefined)
  }

  const flow = flows[name]
  if (flow === undefined) throw invalidParameter(`Initiate Auth method not supported: ${name}.`)
  if (!client.allows(flow))
    throw invalidParameter(NOT_ENABLED[flow] ?? `${flow} is not enabled for the client.`)
  checkSecretHash(client, parameters.optionalString('SECRET_HASH'), [parameters.optionalString('USERNAME')])
  return startSignIn(pool, { flow, client, parameters })
}

async function refresh(
  pool: Pool,
  client: AppClient,
  refreshToken: string,
  clientMetadata: Record<string, string> | undefined,
): Promise<UntypedObject> {
  const { username } = pool.tokens.refreshGrant(refreshToken, client)
  const user = pool.users.find(username)
  if (user === undefined) throw incorrectUsernameOrPassword()
  if (!user.enabled) throw notAuthorized('User is disabled.')
  const subject = {
    clientId: client.id,
    username,
    userAttributes: triggerAttributes(user),
    userNotFound: undefined,
    clientMetadata,
  }
  const changes = await pool.triggers.preToken(subject, 'TokenGeneration_RefreshTokens')
  const AuthenticationResult = await pool.tokens.refresh(refreshToken, user, client, changes)
  return { AuthenticationResult, ChallengeParameters: {} }
}

/** Left out and empty are the same to the triggers: no `clientMetadata` key. */
function clientMetadataOf(request: Parameters): Record<string, string> | undefined {
  const metadata = request.optionalStringMap('ClientMetadata')
  return metadata && Object.keys(metadata).length > 0 ? metadata : undefined
}
