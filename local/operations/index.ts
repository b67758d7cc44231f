// The operations of the Cognito API that the local user pool has, by name.
import { CognitoError } from '../errors.ts'
import type { Operation } from '../pool.ts'
import * as account from './account.ts'
import * as appClients from './app-clients.ts'
import * as authentication from './authentication.ts'
import * as groups from './groups.ts'
import * as passwordRecovery from './password-recovery.ts'
import * as userPools from './user-pools.ts'
import * as users from './users.ts'

/** Everything that these files export is an operation under its own name. */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries<Operation>({
    ...authentication,
    ...account,
    ...passwordRecovery,
    ...users,
    ...groups,
    ...userPools,
    ...appClients,
  }),
)

/** @throws CognitoError UnknownOperationException that names the operation. */
export function findOperation(name: string): Operation {
  const operation = OPERATIONS.get(name)
  if (operation !== undefined) return operation
  throw new CognitoError(
    'UnknownOperationException',
    `The local user pool has no operation ${name}. It has: ${[...OPERATIONS.keys()].sort().join(', ')}.`,
  )
}
