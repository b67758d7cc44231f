// The groups of the pool. A group gives no rights here; tools ask who is in it.
import type { UntypedObject } from '../../command/json.ts'
import { CognitoError } from '../errors.ts'
import { takePage } from '../pages.ts'
import type { Parameters } from '../parameters.ts'
import { type Operation, type Pool, requireThisPool, userIn } from '../pool.ts'
import { userSummary } from '../users.ts'

export const CreateGroup: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  const name = request.string('GroupName')
  if (pool.groups.has(name))
    throw new CognitoError('GroupExistsException', 'A group with the name already exists.')
  const { GroupName, UserPoolId, Description, Precedence, RoleArn } = request.values
  const now = pool.clock.now() / 1000
  const given = { GroupName, UserPoolId, Description, Precedence, RoleArn }
  const group = { ...given, CreationDate: now, LastModifiedDate: now }
  pool.groups.set(name, group)
  return { Group: group }
}

export const GetGroup: Operation = async (pool, request) => {
  return { Group: pool.groups.get(groupNameIn(pool, request)) }
}

export const DeleteGroup: Operation = async (pool, request) => {
  const name = groupNameIn(pool, request)
  pool.groups.delete(name)
  for (const { groups } of pool.users.list()) groups.delete(name)
  return {}
}

export const ListGroups: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  return groupPage([...pool.groups.values()], request)
}

export const AdminListGroupsForUser: Operation = async (pool, request) => {
  const { groups } = userIn(pool, request)
  return groupPage(
    [...pool.groups].flatMap(([name, group]) => (groups.has(name) ? [group] : [])),
    request,
  )
}

export const AdminAddUserToGroup: Operation = async (pool, request) => {
  const name = groupNameIn(pool, request)
  userIn(pool, request).groups.add(name)
  return {}
}

export const AdminRemoveUserFromGroup: Operation = async (pool, request) => {
  const name = groupNameIn(pool, request)
  userIn(pool, request).groups.delete(name)
  return {}
}

export const ListUsersInGroup: Operation = async (pool, request) => {
  const name = groupNameIn(pool, request)
  const found = pool.users.list().filter(({ groups }) => groups.has(name))
  const page = takePage(found, request.optionalNumber('Limit') ?? 60, request.optionalString('NextToken'))
  return {
    Users: page.items.map(user => userSummary(user)),
    ...(page.next === undefined ? {} : { NextToken: page.next }),
  }
}

function groupPage(groups: readonly UntypedObject[], request: Parameters): UntypedObject {
  const page = takePage(groups, request.optionalNumber('Limit') ?? 60, request.optionalString('NextToken'))
  return { Groups: page.items, ...(page.next === undefined ? {} : { NextToken: page.next }) }
}

/** @throws CognitoError ResourceNotFoundException. */
function groupNameIn(pool: Pool, request: Parameters): string {
  requireThisPool(pool, request)
  const name = request.string('GroupName')
  if (pool.groups.has(name)) return name
  throw new CognitoError('ResourceNotFoundException', 'Group not found.')
}
