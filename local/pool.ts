// The parts of a running pool that the operations of the API work on.

import type { UntypedObject } from '../command/json.ts'
import type { AppClient } from './app-client.ts'
import type { Behaviour } from './behaviour.ts'
import type { OpenChallenge } from './challenges.ts'
import type { Clock } from './clock.ts'
import { CognitoError } from './errors.ts'
import type { LocalMailbox } from './mailbox.ts'
import type { Parameters } from './parameters.ts'
import type { Quotas } from './quotas.ts'
import type { PasswordRecovery } from './recovery.ts'
import type { Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'
import type { Triggers } from './triggers.ts'
import type { UserPoolDescription } from './user-pool.ts'
import type { User, Users } from './users.ts'

export interface Pool {
  readonly clock: Clock
  readonly description: UserPoolDescription
  readonly clients: Map<string, AppClient>
  readonly users: Users
  /** As GetGroup answers them, by name. */
  readonly groups: Map<string, UntypedObject>
  readonly sessions: Sessions<OpenChallenge>
  readonly tokens: Tokens
  readonly triggers: Triggers
  readonly mailbox: LocalMailbox
  readonly behaviour: Behaviour
  readonly quotas: Quotas
  /** By the name of the user inside the pool, or by a name that nobody has. */
  readonly recoveries: Map<string, PasswordRecovery>
}

/** An operation of the API: the members of the request in, the members of the answer out; throws CognitoError. */
export type Operation = (pool: Pool, request: Parameters) => Promise<UntypedObject>

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

/** The user that a request of an administrator names. @throws CognitoError UserNotFoundException. */
export function userIn(pool: Pool, request: Parameters): User {
  requireThisPool(pool, request)
  return pool.users.get(request.string('Username'))
}
