// The app clients of the pool: list, read, add, change, remove.
import { randomBytes } from 'node:crypto'
import { AppClient } from '../app-client.ts'
import { takePage } from '../pages.ts'
import type { Parameters } from '../parameters.ts'
import { findClient, type Operation, type Pool, requireThisPool } from '../pool.ts'

export const ListUserPoolClients: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  const clients = [...pool.clients.values()]
  const page = takePage(
    clients,
    request.optionalNumber('MaxResults') ?? 60,
    request.optionalString('NextToken'),
  )
  return {
    UserPoolClients: page.items.map(({ id, name }) => ({
      ClientId: id,
      UserPoolId: pool.description.id,
      ClientName: name,
    })),
    ...(page.next === undefined ? {} : { NextToken: page.next }),
  }
}

export const DescribeUserPoolClient: Operation = async (pool, request) => {
  return { UserPoolClient: clientOf(pool, request).describe() }
}

export const CreateUserPoolClient: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  const { UserPoolId: _id, GenerateSecret: _secret, ClientName: _name, ...description } = request.values
  const secret = request.boolean('GenerateSecret')
    ? { ClientSecret: randomBytes(26).toString('hex').slice(0, 51) }
    : {}
  const client = new AppClient(pool.clock, pool.description.id, {
    clientName: request.string('ClientName'),
    description: { ...description, ...secret },
  })
  pool.clients.set(client.id, client)
  return { UserPoolClient: client.describe() }
}

export const UpdateUserPoolClient: Operation = async (pool, request) => {
  const client = clientOf(pool, request)
  client.update(request)
  return { UserPoolClient: client.describe() }
}

export const DeleteUserPoolClient: Operation = async (pool, request) => {
  pool.clients.delete(clientOf(pool, request).id)
  return {}
}

function clientOf(pool: Pool, request: Parameters): AppClient {
  requireThisPool(pool, request)
  return findClient(pool, request.string('ClientId'))
}
