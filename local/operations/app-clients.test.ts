// App clients: reading them, and the reset of what an update leaves out.
import {
  CreateUserPoolClientCommand,
  DeleteUserPoolClientCommand,
  DescribeUserPoolClientCommand,
  paginateListUserPoolClients,
  UpdateUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sdkFor } from '../../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from '../local-user-pool.ts'

let pool: LocalUserPool

beforeAll(async () => {
  pool = await startLocalUserPool({
    users: [],
    clients: [{ clientName: 'web' }, { clientName: 'mobile' }, { clientName: 'back-office' }],
  })
})

afterAll(() => pool.close())

test('the app clients are listed page by page', async () => {
  const pages: (string | undefined)[][] = []
  const input = { UserPoolId: pool.userPoolId, MaxResults: 2 }
  for await (const { UserPoolClients = [] } of paginateListUserPoolClients({ client: sdkFor(pool) }, input)) {
    pages.push(UserPoolClients.map(({ ClientName }) => ClientName))
  }
  expect(pages).toEqual([['web', 'mobile'], ['back-office']])
})

test('UpdateUserPoolClient resets what it is not given, all but name and secret', async () => {
  const created = await sdkFor(pool).send(
    new CreateUserPoolClientCommand({
      UserPoolId: pool.userPoolId,
      ClientName: 'server',
      GenerateSecret: true,
      ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
      RefreshTokenValidity: 1,
      CallbackURLs: ['https://example.com/'],
    }),
  )
  const named = { UserPoolId: pool.userPoolId, ClientId: created.UserPoolClient?.ClientId }
  await sdkFor(pool).send(new UpdateUserPoolClientCommand({ ...named, AuthSessionValidity: 5 }))
  const { UserPoolClient } = await sdkFor(pool).send(new DescribeUserPoolClientCommand(named))
  expect(UserPoolClient).toMatchObject({
    ClientName: 'server',
    ClientSecret: created.UserPoolClient?.ClientSecret,
    AuthSessionValidity: 5,
    ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH'],
    PreventUserExistenceErrors: 'LEGACY',
    RefreshTokenValidity: 30,
  })
  expect(UserPoolClient?.CallbackURLs).toBeUndefined()
  expect(created.UserPoolClient?.ClientSecret).toMatch(/^[\da-z]{51}$/)
})

test('flows of the old and of the new kind do not mix', async () => {
  const mixed = new UpdateUserPoolClientCommand({
    UserPoolId: pool.userPoolId,
    ClientId: pool.clientId,
    ExplicitAuthFlows: ['CUSTOM_AUTH_FLOW_ONLY', 'ALLOW_REFRESH_TOKEN_AUTH'],
  })
  await expect(sdkFor(pool).send(mixed)).rejects.toMatchObject({ name: 'InvalidParameterException' })
})

test('a deleted app client is gone', async () => {
  const { UserPoolClient } = await sdkFor(pool).send(
    new CreateUserPoolClientCommand({ UserPoolId: pool.userPoolId, ClientName: 'short-lived' }),
  )
  const named = { UserPoolId: pool.userPoolId, ClientId: UserPoolClient?.ClientId }
  await sdkFor(pool).send(new DeleteUserPoolClientCommand(named))
  await expect(sdkFor(pool).send(new DescribeUserPoolClientCommand(named))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})
