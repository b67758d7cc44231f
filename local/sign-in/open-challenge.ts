// Opens the session in which a challenge is answered.

import type { UntypedObject } from '../../command/json.ts'
import type { Challenge, ClientMetadata, PendingSignIn } from '../challenges.ts'
import { incorrectUsernameOrPassword, invalidParameter } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import type { Pool } from '../pool.ts'
import { startExchange } from '../srp.ts'
import type { SignInSubject } from '../triggers.ts'
import { triggerAttributes, type User } from '../users.ts'

/** The current request. */
export interface SignInContext {
  readonly pool: Pool
  readonly clientMetadata: ClientMetadata
}

/** The answer to a challenge. */
export interface ChallengeAnswer {
  readonly session: string
  readonly signIn: PendingSignIn
  /** ChallengeResponses. */
  readonly responses: Parameters
}

/** The members of the answer of InitiateAuth and RespondToAuthChallenge. */
export type Answer = Promise<UntypedObject>

export function openChallenge(
  pool: Pool,
  signIn: PendingSignIn,
  challenge: Challenge,
  parameters: Readonly<Record<string, string>> = {},
): UntypedObject {
  const Session = pool.sessions.open({ signIn, challenge }, signIn.client.authSessionValidity)
  return {
    ChallengeName: challenge.name === 'ECHO' ? challenge.shown : challenge.name,
    Session,
    ChallengeParameters: { USERNAME: signIn.username, ...parameters },
  }
}

export function askForPassword(pool: Pool, signIn: PendingSignIn): UntypedObject {
  if (signIn.srpA === undefined) throw invalidParameter('Missing required parameter SRP_A')
  const { verifier } = signIn.user?.password ?? pool.users.simulate(signIn.typedName).password
  const exchange = startExchange(signIn.srpA, verifier)
  if (exchange === undefined) throw invalidParameter('SRP_A is not a number that the protocol allows.')
  const challenge = { name: 'PASSWORD_VERIFIER', exchange } as const
  const parameters = {
    USER_ID_FOR_SRP: signIn.username,
    SALT: verifier.salt,
    SRP_B: exchange.B.toString(16),
    SECRET_BLOCK: exchange.secretBlock,
  }
  if (signIn.flow !== 'USER_SRP_AUTH') return openChallenge(pool, signIn, challenge, parameters)
  // In USER_SRP_AUTH no Session is answered: the secret block alone ties the answer to the question.
  pool.sessions.open({ signIn, challenge }, signIn.client.authSessionValidity, exchange.secretBlock)
  return {
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeParameters: { ...parameters, USERNAME: signIn.username },
  }
}

/** Who signs in, as the trigger events show it. */
export function subjectOf(
  { client, user, username }: Pick<PendingSignIn, 'client' | 'user' | 'username'>,
  clientMetadata: ClientMetadata,
): SignInSubject {
  return {
    clientId: client.id,
    username,
    userAttributes: user ? triggerAttributes(user) : {},
    userNotFound: client.hidesUnknownUsers ? user === undefined : undefined,
    clientMetadata,
  }
}

/** @throws CognitoError NotAuthorizedException for a user who does not exist. */
export function requireUser({ user }: PendingSignIn): User {
  if (user === undefined) throw incorrectUsernameOrPassword()
  return user
}

/** @throws CognitoError InvalidParameterException when it is left out or empty. */
export function requiredParameter(parameters: Parameters, name: string): string {
  const value = parameters.optionalString(name)
  if (value === undefined || value === '') throw invalidParameter(`Missing required parameter ${name}`)
  return value
}
