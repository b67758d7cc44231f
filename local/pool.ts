// The parts of a running pool that the operations of the API work on.

import type { AppClient } from './app-client.ts'
import type { Clock } from './clock.ts'
import { CognitoError } from './errors.ts'
import type { Mailbox } from './mailbox.ts'
import type { JsonObject, Parameters } from './parameters.ts'
import type { Sessions } from './sessions.ts'
import type { Step } from './sign-in.ts'
import type { Tokens } from './tokens.ts'
import type { Triggers } from './triggers.ts'
import type { UserPoolDescription } from './user-pool.ts'
import type { Users } from './users.ts'

/**
 * What Cognito does after NEW_PASSWORD_REQUIRED inside CUSTOM_AUTH. Nobody has published it; each was reported or
 * expected by somebody (amazon-cognito-identity-js #341 for `tokens`):
 * `define`: Define is called with the same two entries. `define-with-entry`: with a NEW_PASSWORD_REQUIRED entry more.
 * `tokens`: tokens at once, through Pre Token Generation with TokenGeneration_NewPasswordChallenge.
 */
export type AfterNewPassword = 'define' | 'define-with-entry' | 'tokens'

/**
 * What Cognito does after a native second factor inside CUSTOM_AUTH; sources disagree:
 * `define-with-entry`: Define is called with the factor as an entry (CUSTOM_CHALLENGE followed in amplify-js #4888).
 * `tokens`: tokens at once (amplify-js #3876).
 */
export type AfterNativeFactor = 'define-with-entry' | 'tokens'

export interface Behaviour {
  afterNewPassword: AfterNewPassword
  afterNativeFactor: AfterNativeFactor
}

export interface Pool {
  readonly clock: Clock
  readonly description: UserPoolDescription
  readonly clients: Map<string, AppClient>
  readonly users: Users
  readonly sessions: Sessions<Step>
  readonly tokens: Tokens
  readonly triggers: Triggers
  readonly mailbox: Mailbox
  readonly behaviour: Behaviour
}

/** An operation of the API: the members of the request in, the members of the answer out; throws CognitoError. */
export type Operation = (pool: Pool, request: Parameters) => Promise<JsonObject>

/** @throws CognitoError ResourceNotFoundException for another pool than this one. */
export function requireThisPool(pool: Pool, request: Parameters): void {
  const id = request.string('UserPoolId')
  if (id === pool.description.id) return
  throw new CognitoError('ResourceNotFoundException', `User pool ${id} does not exist.`)
}

/** @throws CognitoError ResourceNotFoundException. */
export function findClient(pool: Pool, clientId: string): AppClient {
  const client = pool.clients.get(clientId)
  if (client === undefined) {
    throw new CognitoError('ResourceNotFoundException', `User pool client ${clientId} does not exist.`)
  }
  return client
}
