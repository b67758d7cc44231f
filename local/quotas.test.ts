// Quotas: what Cognito refuses beyond so many requests a second, and a mover that copes with it.
import { ListUserPoolClientsCommand, ListUsersCommand } from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sdkFor } from '../testing/local-pool.ts'
import { migrate, temporaryFolder, usersOf } from '../testing/migration-run.ts'
import { jsonOf } from '../testing/pool-run.ts'
import { type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

const COUNT = 12
/** Requests a second: after the first one, a bucket is empty for as long as a test takes. */
const ALMOST_NONE = 0.001

let pool: LocalUserPool
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  pool = await startLocalUserPool({
    triggers: false,
    users: Array.from({ length: COUNT }, (_, index) => ({
      username: `person-${index}@example.com`,
      password: 'Permanent-1',
      status: 'CONFIRMED',
      attributes: { email_verified: 'true' },
    })),
  })
})

afterAll(async () => {
  await pool.close()
  await folder.remove()
})

beforeEach(() => pool.faults.reset())

/** @returns the name of the error; undefined for none */
async function call(operation: string, body: object = {}): Promise<string | undefined> {
  const response = await fetch(pool.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': `AWSCognitoIdentityProviderService.${operation}` },
    body: JSON.stringify(body),
  })
  const { __type } = await response.json()
  return __type
}

const isRefused = (error: string | undefined) => error === 'TooManyRequestsException'

/** How many of so many requests at a time were let through. */
async function allowedOf(requests: number, operation: string, body?: object): Promise<number> {
  const errors = await Promise.all(Array.from({ length: requests }, () => call(operation, body)))
  return errors.filter(error => !isRefused(error)).length
}

test('without quotas no number of requests is too many', async () => {
  expect(await allowedOf(40, 'DescribeUserPool')).toBe(40)
})

test('every operation has a quota', async () => {
  const unknown = await fetch(pool.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.Nothing' },
  })
  const { message } = await unknown.json()
  const operations: string[] = message.split('It has: ')[1].replace(/\.$/, '').split(', ')
  expect(operations.length).toBeGreaterThan(35)
  pool.faults.quotas = true
  if (pool.faults.quotas === false) throw new Error('no quotas')
  pool.faults.quotas = Object.fromEntries(Object.keys(pool.faults.quotas).map(name => [name, ALMOST_NONE]))
  const allowed = await Promise.all(operations.map(operation => allowedOf(4, operation)))
  expect(operations.filter((_, index) => allowed[index] === 4)).toEqual([])
})

test('the operations of a category share its quota, and it fills up again', async () => {
  pool.faults.quotas = { UserRead: ALMOST_NONE }
  expect(isRefused(await call('AdminGetUser'))).toBe(false)
  expect(isRefused(await call('GetUser'))).toBe(true)
  expect(isRefused(await call('ListUsers'))).toBe(false)
  pool.advanceClock(1 / ALMOST_NONE)
  expect(isRefused(await call('GetUser'))).toBe(false)
})

test('answers to challenges have three times the quota of the category, and then the quota itself', async () => {
  pool.faults.quotas = { UserAuthentication: 1 }
  const allowed = await allowedOf(20, 'RespondToAuthChallenge')
  expect(allowed).toBeGreaterThanOrEqual(4)
  expect(allowed).toBeLessThan(20)
})

test('a new password counts as account recovery', async () => {
  pool.faults.quotas = { UserAccountRecovery: ALMOST_NONE, UserAuthentication: 100 }
  const answer = (ChallengeName: string) => call('RespondToAuthChallenge', { ChallengeName })
  await answer('NEW_PASSWORD_REQUIRED')
  expect(isRefused(await answer('NEW_PASSWORD_REQUIRED'))).toBe(true)
  expect(isRefused(await answer('CUSTOM_CHALLENGE'))).toBe(false)
})

test('one operation on app clients may be called five times a second, whatever the category allows', async () => {
  pool.faults.quotas = { UserPoolClientRead: 1000 }
  const named = { UserPoolId: pool.userPoolId, ClientId: pool.clientId }
  expect(await allowedOf(30, 'ListUserPoolClients', named)).toBeLessThan(30)
  expect(await call('DescribeUserPoolClient', named)).toBeUndefined()
  pool.faults.quotas = { UserPoolClientRead: ALMOST_NONE }
  await sdkFor(pool).send(new ListUserPoolClientsCommand(named))
  await expect(sdkFor(pool).send(new ListUserPoolClientsCommand(named))).rejects.toMatchObject({
    name: 'TooManyRequestsException',
    message: 'Rate exceeded',
  })
})

test('one user may be called for ten times a second, by any of their names, and others are not held up', async () => {
  pool.faults.quotas = { UserAuthentication: 1000 }
  const users = await sdkFor(pool).send(new ListUsersCommand({ UserPoolId: pool.userPoolId, Limit: 2 }))
  const [ann = '', bob = ''] = users.Users?.map(({ Username = '' }) => Username) ?? []
  const email = users.Users?.[0]?.Attributes?.find(({ Name }) => Name === 'email')?.Value
  const start = (USERNAME: unknown) => ({ AuthFlow: 'USER_SRP_AUTH', AuthParameters: { USERNAME } })
  expect(await allowedOf(10, 'InitiateAuth', start(ann))).toBe(10)
  const answer = { ChallengeName: 'PASSWORD_VERIFIER', ChallengeResponses: { USERNAME: email } }
  expect(await allowedOf(40, 'RespondToAuthChallenge', answer)).toBeLessThan(40)
  expect(isRefused(await call('InitiateAuth', start(bob)))).toBe(false)
  pool.faults.quotas = false
  expect(await allowedOf(20, 'InitiateAuth', start(ann))).toBe(20)
})

test('what a user reads does not count for what they write', async () => {
  pool.faults.quotas = { UserRead: 1000, UserUpdate: 1000 }
  const AccessToken = [{ alg: 'none' }, { username: 'person-1@example.com' }, '']
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  expect(await allowedOf(40, 'GetUser', { AccessToken })).toBeLessThan(40)
  expect(isRefused(await call('UpdateUserAttributes', { AccessToken }))).toBe(false)
  expect(isRefused(await call('GetUser', { AccessToken: 'none' }))).toBe(false)
})

test('a category that does not exist and a rate of nothing are refused, and nothing changes', async () => {
  const send = (quotas: unknown) => pool.faults.apply({ refuseMail: true, quotas })
  await expect(send({ UserDreams: 1 })).rejects.toThrow('UserAuthentication, UserCreation')
  await expect(send({ UserRead: 0 })).rejects.toThrow('above 0')
  await expect(send({ UserRead: 'many' })).rejects.toThrow('not a number')
  expect(pool.faults.state).toMatchObject({ quotas: false, refuseMail: false })
})

test('a mover that is too fast slows down by itself, and moves everyone once', async () => {
  const enable = ['enable', '--yes', '--backup', `${folder.path}/backup.json`]
  expect(await migrate(pool, enable)).toMatchObject({ code: 0 })
  pool.faults.quotas = { UserResourceUpdate: 5 }
  const before = pool.calls.length
  // Without this the SDK itself would wait and try again.
  process.env['AWS_MAX_ATTEMPTS'] = '1'
  const options = ['--all', '--yes', '--json', '--journal', `${folder.path}/journal`, '--rate', '2000']
  const run = await migrate(pool, ['users', ...options])
  delete process.env['AWS_MAX_ATTEMPTS']
  expect(jsonOf(run)['counts']).toEqual({ moved: COUNT })
  const calls = pool.calls.slice(before).filter(made => made.kind === 'request')
  const moved = usersOf(
    calls.filter(({ error }) => error === undefined),
    'AdminSetUserMFAPreference',
  )
  expect(moved).toHaveLength(COUNT)
  expect(new Set(moved).size).toBe(COUNT)
  expect(calls.some(({ error }) => error?.type === 'TooManyRequestsException')).toBe(true)
})
