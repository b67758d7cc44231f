// Reading and changing the pool itself: its description and its second factors.
import { type Operation, type Pool, requireThisPool } from '../pool.ts'

export const DescribeUserPool: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  return { UserPool: describe(pool) }
}

export const ListUserPools: Operation = async pool => {
  const { Id, Name, LambdaConfig, CreationDate, LastModifiedDate } = describe(pool)
  return { UserPools: [{ Id, Name, LambdaConfig, CreationDate, LastModifiedDate }] }
}

export const UpdateUserPool: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  pool.description.update(request)
  return {}
}

export const GetUserPoolMfaConfig: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  return pool.description.mfa
}

export const SetUserPoolMfaConfig: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  pool.description.setMfa(request)
  return pool.description.mfa
}

/** There are no imports here; asked by tools, because a running import refuses changes of the pool. */
export const ListUserImportJobs: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  return { UserImportJobs: [] }
}

/** No user signs in here through another provider; tools ask for this to find ways to bypass the code. */
export const ListIdentityProviders: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  return { Providers: [] }
}

function describe(pool: Pool) {
  return pool.description.describe(pool.users.list().length)
}
