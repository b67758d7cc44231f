// migrate status: the sign-ins of the last days and their failures, from the metrics of a deployed stack and of Cognito.
import {
  AdminSetUserMFAPreferenceCommand,
  InitiateAuthCommand,
  SetUserPoolMfaConfigCommand,
  UpdateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { member, objectAt } from '../../command/json.ts'
import { type LocalUser, type LocalUserPool, startLocalUserPool } from '../../local/local-user-pool.ts'
import { rehearsalAccount } from '../../local/rehearsal.ts'
import { DEPLOYED } from '../../testing/deployed-pool.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import { migrate, signInWithCode } from '../../testing/migration-run.ts'
import { jsonOf } from '../../testing/pool-run.ts'

const person = (name: string): LocalUser => ({
  username: `${name}@example.com`,
  password: 'Permanent-1',
  status: 'CONFIRMED',
  attributes: { email_verified: 'true' },
})
const [stays, moved, other] = [person('stays'), person('moved'), person('other')]

let pool: LocalUserPool
/** Operations that the credentials have no right to. */
let denied: string[] = []

beforeAll(async () => {
  const ExplicitAuthFlows = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
  pool = await startLocalUserPool({
    ...DEPLOYED,
    users: [stays, moved, other],
    clients: [{ description: { ExplicitAuthFlows } }],
    account: deployed => ({
      ...rehearsalAccount(deployed),
      get denied() {
        return denied
      },
    }),
  })
  const sdk = sdkFor(pool)
  const { userPoolId: UserPoolId, clientId: ClientId } = pool
  await sdk.send(
    new SetUserPoolMfaConfigCommand({
      UserPoolId,
      MfaConfiguration: 'OPTIONAL',
      EmailMfaConfiguration: { Subject: 'Your code', Message: 'The code is {####}' },
    }),
  )
  await sdk.send(
    new AdminSetUserMFAPreferenceCommand({
      UserPoolId,
      Username: moved.username,
      EmailMfaSettings: { Enabled: true, PreferredMfa: true },
    }),
  )
  for (const user of [stays, moved])
    expect(await signInWithCode(pool, ClientId, 'CUSTOM_AUTH', user)).toMatchObject({ end: 'tokens' })
  expect(await signInWithCode(pool, ClientId, 'USER_PASSWORD_AUTH', other)).toMatchObject({ end: 'tokens' })
  const withoutPassword = { USERNAME: stays.username }
  const start = new InitiateAuthCommand({
    AuthFlow: 'CUSTOM_AUTH',
    ClientId,
    AuthParameters: withoutPassword,
  })
  await expect(sdk.send(start)).rejects.toMatchObject({ name: 'NotAuthorizedException' })
})

afterAll(() => pool.close())

async function signIns() {
  const run = await migrate(pool, ['status', '--json', '--rate', '1000'])
  expect(run.code).toBe(0)
  const { days, failures, notRead } = objectAt(jsonOf(run), 'signIns')
  return { days: Array.isArray(days) ? days : [], failures, notRead }
}

test('sign-ins are counted by day and by factor, and failures by reason', async () => {
  const { days, failures, notRead } = await signIns()
  expect(days).toHaveLength(7)
  const total = (column: string) => days.reduce((sum: number, day) => sum + Number(member(day, column)), 0)
  expect([total('all'), total('code'), total('native')]).toEqual([3, 1, 1])
  expect(failures).toEqual([{ metric: 'SignInsRefused', reason: 'no-password-start', count: 1 }])
  expect(notRead).toEqual([])
})

test('the text has the same numbers in columns', async () => {
  const { out } = await migrate(pool, ['status', '--rate', '1000'])
  expect(out).toMatch(/^ {2,}all {4,}code {2,}native$/m)
  expect(out).toMatch(/^ {2}\d{4}-\d\d-\d\d {7}3 {7}1 {7}1$/m)
  expect(out).toMatch(/^ +1 {2}sign-ins refused: no-password-start$/m)
})

test('what may not be read is named with the right that is missing, and the rest is reported', async () => {
  denied = ['DescribeMetricFilters']
  const own = await signIns()
  expect(own.failures).toBeNull()
  expect(own.notRead).toMatchObject([{ rights: ['logs:DescribeMetricFilters'] }])
  expect(own.days.some(day => member(day, 'all') === 3 && member(day, 'code') === null)).toBe(true)
  denied = ['GetMetricData']
  const { out } = await migrate(pool, ['status', '--rate', '1000'])
  expect(out).toContain('1  moved')
  expect(out.match(/Missing right: cloudwatch:GetMetricData\./g)).toHaveLength(2)
  expect(out).toMatch(/^ {2}\d{4}-\d\d-\d\d {7}- {7}- {7}-$/m)
  denied = []
})

test('the metrics are found through any of the functions, and a pool without them says so', async () => {
  const update = (LambdaConfig: object) =>
    sdkFor(pool).send(new UpdateUserPoolCommand({ UserPoolId: pool.userPoolId, LambdaConfig }))
  const { CreateAuthChallenge } = DEPLOYED.userPool.LambdaConfig
  const DefineAuthChallenge = CreateAuthChallenge?.replace('create-auth-challenge', 'that-has-not-logged-yet')
  await update({ DefineAuthChallenge, CreateAuthChallenge })
  expect((await signIns()).failures).toHaveLength(1)
  await update({ DefineAuthChallenge })
  const { failures, notRead } = await signIns()
  expect(failures).toBeNull()
  expect(notRead).toMatchObject([{ error: expect.stringContaining('metric filters'), rights: [] }])
})
