// probe against the local user pool: what it reports of a pool that keeps the promise, and what it leaves behind.
import { readFile } from 'node:fs/promises'
import {
  ListUsersCommand,
  SetUserPoolMfaConfigCommand,
  type SetUserPoolMfaConfigCommandInput,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { parseJsonObject } from '../../command/json.ts'
import { AFTER_NATIVE_FACTOR, AFTER_NEW_PASSWORD, type Behaviour } from '../../local/behaviour.ts'
import {
  type LocalUserPool,
  type LocalUserPoolOptions,
  startLocalUserPool,
} from '../../local/local-user-pool.ts'
import type { Message } from '../../local/mailbox.ts'
import { startSharedProcesses } from '../../local/shared-processes.ts'
import { startFaultProxy } from '../../testing/fault-proxy.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import { jsonOf } from '../../testing/pool-run.ts'
import { probePool, verdictsOf } from '../../testing/probe-run.ts'

const MAILBOX = ['--yes', '--json', '--email', 'operator@example.com']
/** Every line but that of Cognito's own factor. */
const KEPT = {
  triggers: 'holds',
  'first-sign-in': 'holds',
  'sign-in': 'holds',
  'without-password': 'holds',
  'wrong-password': 'holds',
  'unknown-user': 'holds',
  'wrong-code': 'holds',
  'used-session': 'holds',
  resend: 'holds',
  'right-code': 'holds',
  refresh: 'holds',
  'global-sign-out': 'holds',
  'other-ways': 'holds',
}
const CLIENT = {
  ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  PreventUserExistenceErrors: 'ENABLED',
}

const processes = await startSharedProcesses()
/** With the defaults, for all tests that need no other. */
let sharedPool: LocalUserPool
let pool: LocalUserPool

beforeAll(async () => {
  sharedPool = await startLocalUserPool({}, processes)
})

beforeEach(() => {
  pool = sharedPool
})

afterEach(async () => {
  if (pool !== sharedPool) return pool.close()
  behave({ afterNewPassword: 'define', afterNativeFactor: 'define-with-entry' })
  await setMfa({ MfaConfiguration: 'OFF' })
})

afterAll(async () => {
  await sharedPool.close()
  await processes.close()
})

async function start(options: LocalUserPoolOptions): Promise<void> {
  pool = await startLocalUserPool(options, processes)
}

function behave(behaviour: Partial<Behaviour>): void {
  Object.assign(pool.faults, behaviour)
}

async function setMfa(settings: Omit<SetUserPoolMfaConfigCommandInput, 'UserPoolId'>): Promise<void> {
  const { userPoolId: UserPoolId } = pool
  await sdkFor(pool).send(new SetUserPoolMfaConfigCommand({ UserPoolId, ...settings }))
}

const EMAIL_FACTOR = { EmailMfaConfiguration: { Subject: 'Your code', Message: 'The code is {####}' } }

/** Mails that came since, oldest first. */
async function mailsSince(count: number): Promise<readonly Message[]> {
  return (await pool.messages()).slice(count)
}

async function countMessages(): Promise<number> {
  return (await pool.messages()).length
}

async function usernames(): Promise<string[]> {
  const { Users = [] } = await sdkFor(pool).send(new ListUsersCommand({ UserPoolId: pool.userPoolId }))
  return Users.flatMap(({ Attributes = [] }) => Attributes.find(({ Name }) => Name === 'email')?.Value ?? [])
}

test.each(AFTER_NEW_PASSWORD)(
  'whatever Cognito does after a new password, the promise holds: %s',
  async afterNewPassword => {
    behave({ afterNewPassword })
    const before = await usernames()
    const mails = await countMessages()
    const run = await probePool(pool, MAILBOX)
    expect({ code: run.code, verdicts: verdictsOf(run) }).toEqual({ code: 0, verdicts: KEPT })
    expect(await usernames()).toEqual(before)
    expect(jsonOf(run)).toMatchObject({ holds: true, mails: (await mailsSince(mails)).length })
  },
)

test.each(AFTER_NATIVE_FACTOR)(
  "with Cognito's own e-mail factor for some users the promise holds: %s",
  async afterNativeFactor => {
    behave({ afterNativeFactor })
    await setMfa({ MfaConfiguration: 'OPTIONAL', ...EMAIL_FACTOR })
    const mails = await countMessages()
    const run = await probePool(pool, MAILBOX)
    expect(verdictsOf(run)).toEqual({ ...KEPT, 'native-factor': 'holds' })
    // Define takes this factor in place of the code, so both behaviours end in the same way.
    expect(run.out).toContain('After EMAIL_OTP the pool answers tokens')
    expect(jsonOf(run)['mails']).toBe((await mailsSince(mails)).length)
  },
)

test.each(AFTER_NATIVE_FACTOR)(
  "with Cognito's authenticator app for some users it says whether the code follows: %s",
  async afterNativeFactor => {
    behave({ afterNativeFactor })
    await setMfa({ MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } })
    const run = await probePool(pool, MAILBOX)
    const follows = afterNativeFactor === 'tokens' ? 'tokens' : 'CUSTOM_CHALLENGE'
    expect(run.out).toContain(`After SOFTWARE_TOKEN_MFA the pool answers ${follows}`)
    expect(verdictsOf(run)).toEqual({
      ...KEPT,
      'native-factor': afterNativeFactor === 'tokens' ? 'unknown' : 'holds',
    })
  },
)

const ORDERS = AFTER_NEW_PASSWORD.flatMap(afterNewPassword =>
  AFTER_NATIVE_FACTOR.map(afterNativeFactor => ({ afterNewPassword, afterNativeFactor })),
)

test.each(ORDERS)(
  "with Cognito's own e-mail factor for everybody nothing is broken: $afterNewPassword, $afterNativeFactor",
  async order => {
    behave(order)
    await setMfa({ MfaConfiguration: 'ON', ...EMAIL_FACTOR })
    const run = await probePool(pool, MAILBOX)
    const verdicts = verdictsOf(run)
    expect(Object.entries(verdicts).filter(([, verdict]) => verdict === 'broken')).toEqual([])
    expect(verdicts).toMatchObject({ 'sign-in': 'holds', 'right-code': 'holds', 'global-sign-out': 'holds' })
  },
)

test('without a mailbox it ends at the code and says how to go on', async () => {
  const before = await countMessages()
  const run = await probePool(pool)
  const { refresh: _refresh, 'global-sign-out': _signOut, ...others } = KEPT
  expect(verdictsOf(run)).toEqual({ ...others, 'right-code': 'unknown' })
  expect(run.out).toContain('pass --email ADDRESS')
  const mails = await mailsSince(before)
  expect(mails.map(({ to }) => to)).toEqual(
    mails.map(() =>
      expect.stringMatching(/^success\+cognito-email-code-probe-\w+@simulator\.amazonses\.com$/),
    ),
  )
})

test.each(['true', 'false'])(
  'a request for a new mail is understood: ClientMetadata reaches Create: %s',
  async reaches => {
    await start({
      clientMetadataReachesCreate: reaches === 'true',
      environment: { RESEND_AFTER_SECONDS: '0' },
    })
    const verdicts = verdictsOf(await probePool(pool, MAILBOX))
    expect(verdicts).toEqual({ ...KEPT, resend: reaches === 'true' ? 'holds' : 'unknown' })
  },
)

test('a code that was mistyped once is asked for again', async () => {
  const answers = ['000000', '000000']
  const run = await probePool(pool, MAILBOX, { typed: code => answers.shift() ?? code })
  expect(verdictsOf(run)).toEqual(KEPT)
  expect(run.err).toContain('That was not the code. Code of the mail')
})

test("a mistyped code of Cognito's own factor is asked for again", async () => {
  await setMfa({ MfaConfiguration: 'ON', ...EMAIL_FACTOR })
  const answers = ['000000']
  const run = await probePool(pool, MAILBOX, { typed: code => answers.shift() ?? code })
  expect(verdictsOf(run)).toMatchObject({ 'right-code': 'holds' })
  expect(run.err).toContain('That was not the code. Code of the mail')
})

test('an operator who types no code goes on without it', async () => {
  const run = await probePool(pool, MAILBOX, { typed: () => '' })
  expect(run.code).toBe(0)
  expect(verdictsOf(run)['right-code']).toBe('unknown')
  expect(run.err.match(/Code of the mail/g)).toHaveLength(1)
})

test.each<[string, LocalUserPoolOptions]>([
  ['whose users have names of their own', { userPool: { UsernameAttributes: [] }, users: [] }],
  [
    'whose users have names and an address as alias',
    { userPool: { UsernameAttributes: [], AliasAttributes: ['email'] }, users: [] },
  ],
  [
    'whose users sign in with a phone number',
    { userPool: { UsernameAttributes: ['phone_number'] }, users: [] },
  ],
  [
    'that wants long passwords of every kind of character',
    {
      userPool: {
        Policies: {
          PasswordPolicy: {
            MinimumLength: 60,
            RequireUppercase: true,
            RequireLowercase: true,
            RequireNumbers: true,
            RequireSymbols: true,
          },
        },
      },
      users: [],
    },
  ],
  [
    'that requires attributes',
    {
      userPool: {
        SchemaAttributes: [
          { Name: 'sub', AttributeDataType: 'String', Required: true },
          { Name: 'email', AttributeDataType: 'String', Required: true },
          {
            Name: 'name',
            AttributeDataType: 'String',
            Required: true,
            StringAttributeConstraints: { MinLength: '1', MaxLength: '10' },
          },
          { Name: 'birthdate', AttributeDataType: 'String', Required: true },
          { Name: 'phone_number', AttributeDataType: 'String', Required: true },
          { Name: 'locale', AttributeDataType: 'String', Required: true },
          { Name: 'email_verified', AttributeDataType: 'Boolean' },
        ],
      },
      users: [],
    },
  ],
  [
    'whose app client has a secret',
    { clients: [{ description: { ...CLIENT, ClientSecret: 'the-secret-of-the-client' } }] },
  ],
  [
    'whose app client rotates refresh tokens',
    {
      clients: [
        {
          description: {
            ...CLIENT,
            ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'],
            RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 0 },
          },
        },
      ],
    },
  ],
  [
    'with another app client that asks for the code',
    { clients: [{ description: CLIENT }, { description: CLIENT }] },
  ],
  ['that sends no code to an unverified address', { environment: { UNVERIFIED_EMAIL: 'refuse' } }],
])('the promise holds in a pool %s', async (_what, options) => {
  await start(options)
  const before = (await usernames()).length
  const run = await probePool(pool, MAILBOX)
  expect({ error: run.err.replace(/Code of the mail.*: /g, ''), verdicts: verdictsOf(run) }).toEqual({
    error: '',
    verdicts: KEPT,
  })
  expect(await usernames()).toHaveLength(before)
})

test('the invitation is not sent, and no password, token or session is printed', async () => {
  const run = await probePool(pool, MAILBOX)
  const created = pool.calls.findLast(call => call.kind === 'request' && call.operation === 'AdminCreateUser')
  expect(created).toMatchObject({ request: { MessageAction: 'SUPPRESS' } })
  expect((await pool.messages()).map(({ text }) => text)).toEqual(
    expect.not.arrayContaining([expect.stringContaining('Aa1-')]),
  )
  const sessions = pool.calls.flatMap(call =>
    call.kind === 'request' ? (parseJsonObject(JSON.stringify(call.answer ?? {}))['Session'] ?? []) : [],
  )
  expect(sessions.length).toBeGreaterThan(5)
  for (const secret of ['Aa1-', 'eyJ', ...sessions.map(String)])
    expect(`${run.out}${run.err}`).not.toContain(secret)
})

test('it says first what it does, costs and needs, and starts only when told to', async () => {
  const calls = pool.calls.length
  const run = await probePool(pool, [])
  expect(run.code).toBe(2)
  for (const text of ['one throw-away user', 'Mails     at most', 'Costs', 'AdminCreateUser', 'Pass --yes'])
    expect(`${run.out}${run.err}`).toContain(text)
  const operations = pool.calls
    .slice(calls)
    .flatMap(call => (call.kind === 'request' ? [call.operation] : []))
  expect(operations.filter(name => !/^(Describe|List|Get)/.test(name))).toEqual([])
})

const OPEN = {
  ...CLIENT,
  ExplicitAuthFlows: [
    ...CLIENT.ExplicitAuthFlows,
    'ALLOW_USER_SRP_AUTH',
    'ALLOW_USER_PASSWORD_AUTH',
    'ALLOW_ADMIN_USER_PASSWORD_AUTH',
  ],
}

test.each([
  ['in a pool that keeps the promise', CLIENT, 'OFF'],
  ['where every flow is open', OPEN, 'OFF'],
  ["where everybody is asked for Cognito's own factor", OPEN, 'ON'],
] as const)('it sends no more mails than it says %s', async (_where, description, MfaConfiguration) => {
  await start({ clients: [{ description }, { description }], environment: { RESEND_AFTER_SECONDS: '0' } })
  await setMfa({ MfaConfiguration, ...(MfaConfiguration === 'ON' && EMAIL_FACTOR) })
  const run = await probePool(pool, ['--yes', '--email', 'operator@example.com'])
  const most = Number(/at most (\d+)/.exec(run.out)?.[1])
  expect(await countMessages()).toBeLessThanOrEqual(most)
  expect(run.out).toContain(`Mails sent: ${await countMessages()}.`)
})

test('an address that a user of the pool has is refused, and that user stays', async () => {
  const before = await usernames()
  const run = await probePool(pool, ['--yes', '--json', '--email', 'known@example.com'])
  expect({ code: run.code, json: jsonOf(run)['code'] }).toEqual({ code: 2, json: 'address-taken' })
  expect(await usernames()).toEqual(before)
})

test('an app client that does not exist is an error', async () => {
  const run = await probePool(pool, ['--yes', '--json', '--client-id', 'doesnotexist'])
  expect({ code: run.code, json: jsonOf(run)['code'] }).toEqual({ code: 2, json: 'not-found' })
})

test('docs/probe.md lists every line of the report', async () => {
  const page = await readFile('docs/probe.md', 'utf8')
  for (const id of [...Object.keys(KEPT), 'native-factor', 'trigger-calls'])
    expect(page).toContain(`| \`${id}\` |`)
})

test('an endpoint without an operation is named, and the user is deleted all the same', async () => {
  const before = await usernames()
  const proxy = await startFaultProxy(pool.endpoint)
  try {
    const body = JSON.stringify({ __type: 'UnknownOperationException', message: 'no such operation' })
    proxy.always('AdminSetUserPassword', { status: 400, contentType: 'application/x-amz-json-1.1', body })
    // Only a sign-in that fails needs it.
    proxy.always('RespondToAuthChallenge', { status: 400, contentType: 'application/x-amz-json-1.1', body })
    const run = await probePool(pool, ['--yes', '--json'], { endpoint: proxy.endpoint })
    expect(jsonOf(run)).toMatchObject({
      code: 'operation-missing',
      error: expect.stringContaining('AdminSetUserPassword'),
    })
    expect(await usernames()).toEqual(before)
  } finally {
    await proxy.close()
  }
})

test('an endpoint without the custom flow is an error, not a report', async () => {
  const before = await usernames()
  const proxy = await startFaultProxy(pool.endpoint)
  try {
    const body = JSON.stringify({ __type: 'CognitoLocal#Unsupported', message: 'no such flow' })
    proxy.always('InitiateAuth', { status: 500, contentType: 'application/x-amz-json-1.1', body })
    const run = await probePool(pool, ['--yes', '--json'], { endpoint: proxy.endpoint })
    expect(run.code).toBe(2)
    expect(jsonOf(run)).toMatchObject({
      code: 'operation-missing',
      error: expect.stringContaining('no such flow'),
    })
    expect(await usernames()).toEqual(before)
  } finally {
    await proxy.close()
  }
})

test('an answer that says nothing about the pool is not taken for a refusal', async () => {
  const proxy = await startFaultProxy(pool.endpoint)
  try {
    const body = JSON.stringify({ __type: 'TooManyRequestsException', message: 'Rate exceeded' })
    proxy.always('InitiateAuth', { status: 400, contentType: 'application/x-amz-json-1.1', body })
    proxy.always('AdminInitiateAuth', { status: 400, contentType: 'application/x-amz-json-1.1', body })
    const { triggers: _attached, ...others } = verdictsOf(
      await probePool(pool, undefined, { endpoint: proxy.endpoint }),
    )
    expect(new Set(Object.values(others))).toEqual(new Set(['unknown']))
  } finally {
    await proxy.close()
  }
})
