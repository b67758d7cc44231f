// The operations of the Cognito API that the local user pool has, by name.
import { CognitoError } from '../errors.ts'
import type { Operation } from '../pool.ts'
import * as account from './account.ts'
import * as authentication from './authentication.ts'

const { attributeList: _list, factorsOf: _factors, setFactors: _set, ...accountOperations } = account
const { checkClientSecret: _check, ...authenticationOperations } = authentication

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries<Operation>({ ...authenticationOperations, ...accountOperations }),
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
