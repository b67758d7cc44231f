// The two ends of the migration, through the commands and with real sign-ins to a local user pool.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminSetUserMFAPreferenceCommand,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  type ExplicitAuthFlowsType,
  GetUserPoolMfaConfigCommand,
  UpdateUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { AwsAccount, DeployedTriggers } from '../../local/aws-services.ts'
import type { AfterNativeFactor, AfterNewPassword } from '../../local/behaviour.ts'
import {
  type LocalUserPool,
  type LocalUserPoolOptions,
  startLocalUserPool,
} from '../../local/local-user-pool.ts'
import { rehearsalAccount, STACK_NAME } from '../../local/rehearsal.ts'
import { startSharedProcesses } from '../../local/shared-processes.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import {
  migrate,
  type SignInEnd,
  signInWithCode,
  signInWithPassword,
  temporaryFolder,
} from '../../testing/migration-run.ts'
import { jsonOf, run } from '../../testing/pool-run.ts'
import { environmentOf, probePool } from '../../testing/probe-run.ts'
import type { Credentials, PasswordFlow } from '../probe/calls.ts'

const ANN: Credentials = { username: 'ann@example.com', password: 'Permanent-1' }
const TEMPORARY_PASSWORD = 'Temporary-1'
const CODE_ONLY = {
  ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  PreventUserExistenceErrors: 'ENABLED',
}
const MOST_WRITES = 10
const WRITES = ['SetUserPoolMfaConfig', 'UpdateUserPool', 'UpdateUserPoolClient']

const processes = await startSharedProcesses()

afterAll(() => processes.close())

let pool: LocalUserPool
let folder: Awaited<ReturnType<typeof temporaryFolder>>

const file = (name: string) => join(folder.path, name)

async function start(options: LocalUserPoolOptions = {}): Promise<void> {
  const defaults: LocalUserPoolOptions = {
    users: [{ ...ANN, status: 'CONFIRMED', attributes: { email_verified: 'true' } }],
    clients: [
      { clientId: '1webexample', clientName: 'web', description: CODE_ONLY },
      { clientId: '2phoneexample', clientName: 'phone', description: CODE_ONLY },
    ],
  }
  pool = await startLocalUserPool({ ...defaults, ...options }, processes)
}

beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  await pool.close()
  await folder.remove()
})

/** The account of the rehearsal, with Define under the name that the pool has for it. */
function deployedUnderItsName(deployed: DeployedTriggers): AwsAccount {
  const account = rehearsalAccount(deployed)
  const functions = Object.entries(account.functions).map(([arn, it]) => [
    arn.replace(`${STACK_NAME}-`, ''),
    it,
  ])
  return { ...account, functions: Object.fromEntries(functions) }
}

const enable = (...more: string[]) =>
  migrate(pool, ['enable', '--json', '--yes', '--backup', file('enable.json'), ...more])
const finish = (...more: string[]) => finishInto('finish.json', ...more)
const finishInto = (backup: string, ...more: string[]) =>
  migrate(pool, ['finish', '--json', '--yes', '--backup', file(backup), ...more])
const moveAll = () => migrate(pool, ['users', '--all', '--yes', '--json', '--journal', file('users.jsonl')])
const detach = (backup: string, endpoint = pool.endpoint) =>
  run(environmentOf({ endpoint }), [
    'detach',
    '--user-pool-id',
    pool.userPoolId,
    '--json',
    '--yes',
    '--backup',
    file(backup),
  ])

async function settings() {
  const sdk = sdkFor(pool)
  const UserPoolId = pool.userPoolId
  const { LastModifiedDate: _, ...UserPool } =
    (await sdk.send(new DescribeUserPoolCommand({ UserPoolId }))).UserPool ?? {}
  const { $metadata: __, ...mfa } = await sdk.send(new GetUserPoolMfaConfigCommand({ UserPoolId }))
  const clients = []
  for (const ClientId of ['1webexample', '2phoneexample']) {
    const answer = await sdk.send(new DescribeUserPoolClientCommand({ UserPoolId, ClientId }))
    const { LastModifiedDate: ___, ...client } = answer.UserPoolClient ?? {}
    clients.push(client)
  }
  return { UserPool, mfa, clients }
}

describe('enable', () => {
  test('turns on the e-mail factor alone, with the words of the mail, and its backup takes it off again', async () => {
    await start()
    const before = await settings()
    expect(await enable('--dry-run')).toMatchObject({ code: 0 })
    expect(await settings()).toEqual(before)
    expect(await enable('--locale', 'de')).toMatchObject({ code: 0 })
    expect((await settings()).mfa).toEqual({
      MfaConfiguration: 'OPTIONAL',
      EmailMfaConfiguration: {
        Message: expect.stringContaining('{####}'),
        Subject: 'Ihr Anmeldecode für Example',
      },
    })
    const { UserPool } = await settings()
    expect(UserPool).toEqual({ ...before.UserPool, MfaConfiguration: 'OPTIONAL' })
    expect(jsonOf(await enable('--locale', 'de'))).toMatchObject({ changed: false })
    expect(await detach('enable.json')).toMatchObject({ code: 0 })
    expect(await settings()).toEqual(before)
  })

  test.each([
    ['plan-without-email-mfa', 'Essentials', { UserPoolTier: 'LITE' }],
    ['sender-missing', 'Amazon SES', { EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' } }],
    [
      'recovery-by-email-only',
      '--change-recovery',
      { AccountRecoverySetting: { RecoveryMechanisms: [{ Priority: 1, Name: 'verified_email' }] } },
    ],
  ])('refuses with %s and says what to do', async (code, advice, userPool) => {
    await start({ userPool })
    const before = await settings()
    const result = await enable()
    expect(jsonOf(result)).toMatchObject({ code })
    expect(result.err).toContain(advice)
    expect(await settings()).toEqual(before)
  })

  test('refuses where the deployed Define would ask moved users for a second code, and says which setting to change', async () => {
    await start({ environment: { NATIVE_MFA: 'ask' }, account: deployedUnderItsName })
    const before = await settings()
    const result = await enable()
    expect(jsonOf(result)).toMatchObject({ code: 'native-factor-ignored' })
    expect(result.err).toContain('Set NATIVE_MFA to accept-email')
    expect(await settings()).toEqual(before)
  })

  test('goes on with a note where the settings of Define cannot be read, and without one where they accept the factor', async () => {
    await start()
    expect(String(jsonOf(await enable('--dry-run'))['notes'])).toContain('NATIVE_MFA')
    await pool.close()
    await start({ account: deployedUnderItsName })
    expect(String(jsonOf(await enable('--dry-run'))['notes'])).not.toContain('NATIVE_MFA')
  })

  test('changes the way to recover an account only when asked, and its backup puts it back', async () => {
    await start({
      userPool: { AccountRecoverySetting: { RecoveryMechanisms: [{ Priority: 1, Name: 'verified_email' }] } },
    })
    const before = await settings()
    expect(await enable('--change-recovery', 'admin')).toMatchObject({ code: 0 })
    const after = await settings()
    expect(after.UserPool.AccountRecoverySetting).toEqual({
      RecoveryMechanisms: [{ Priority: 1, Name: 'admin_only' }],
    })
    expect(after.mfa.MfaConfiguration).toBe('OPTIONAL')
    expect(await detach('enable.json')).toMatchObject({ code: 0 })
    expect(await settings()).toEqual(before)
  })

  test('a step and an option that do not exist are named', async () => {
    await start()
    for (const [args, message] of [
      [['begin'], 'Unknown step of migrate: begin.'],
      [['enable', '--percent', '1'], 'Unknown option for migrate enable: --percent.'],
      [['enable', '--locale', 'xx'], '--locale must be one of'],
      [['enable', '--change-recovery', 'mail'], '--change-recovery must be phone or admin'],
    ] as const)
      expect((await migrate(pool, args)).err).toContain(message)
  })
})

describe('finish', () => {
  test('refuses while somebody has no factor, and says who', async () => {
    await start()
    expect(jsonOf(await finish())).toMatchObject({ code: 'factor-absent' })
    await enable()
    const before = await settings()
    const result = await finish()
    expect(jsonOf(result)).toMatchObject({ code: 'users-left' })
    expect(result.err).toContain('ann@example.com')
    const tried = await finish('--dry-run')
    expect(jsonOf(tried)).toMatchObject({ code: 'users-left' })
    expect(tried.err).toContain('ann@example.com')
    expect(await settings()).toEqual(before)
  })

  test('leaves the guard and no challenge trigger, and its backup brings everything back', async () => {
    await start()
    await enable()
    await moveAll()
    const before = await settings()
    expect(await finish()).toMatchObject({ code: 0 })
    const after = await settings()
    expect(after.mfa.MfaConfiguration).toBe('ON')
    expect(Object.keys(after.UserPool.LambdaConfig ?? {}).toSorted()).toEqual([
      'PreTokenGeneration',
      'PreTokenGenerationConfig',
    ])
    for (const { ExplicitAuthFlows } of after.clients)
      expect(ExplicitAuthFlows?.toSorted()).toEqual(['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH'])
    const rollback = await migrate(pool, ['rollback', '--json', '--yes', '--journal', file('users.jsonl')])
    expect(jsonOf(rollback)).toMatchObject({ code: 'mfa-required' })
    // The backup of an earlier step does not take back what a later one did.
    await detach('enable.json')
    expect(await settings()).toEqual(after)
    expect(await detach('finish.json')).toMatchObject({ code: 0 })
    expect(await settings()).toEqual(before)
  })

  test('keeps MFA required, on the way back, for app clients that others opened to the password since', async () => {
    await start()
    await enable()
    await moveAll()
    const before = await settings()
    await finish()
    const setFlows = (...ExplicitAuthFlows: ExplicitAuthFlowsType[]) => {
      const client = { UserPoolId: pool.userPoolId, ClientId: '2phoneexample', ClientName: 'phone' }
      return sdkFor(pool).send(
        new UpdateUserPoolClientCommand({ ...client, ...before.clients[1], ExplicitAuthFlows }),
      )
    }
    await setFlows('ALLOW_USER_PASSWORD_AUTH')
    const notes = String(jsonOf(await detach('finish.json'))['notes'])
    expect(notes).toContain('MFA stays as it is')
    expect(notes).toContain('2phoneexample (phone)')
    expect(notes).not.toContain('1webexample')
    expect((await settings()).mfa.MfaConfiguration).toBe('ON')
    await setFlows('ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH')
    expect(await detach('finish.json')).toMatchObject({ code: 0 })
    expect(await settings()).toEqual(before)
  })

  test.each(['attach.json', 'enable.json', 'both.json', 'finish.json'])(
    'detach leads back to the pool before attach, with %s first, and no backup changes anything afterwards',
    async first => {
      const description = { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] }
      const clients = ['web', 'phone'].map((name, index) => ({
        clientId: `${index + 1}${name}example`,
        clientName: name,
        description,
      }))
      await start({ clients, triggers: false, account: rehearsalAccount })
      const before = await settings()
      const attach = [
        'attach',
        '--user-pool-id',
        pool.userPoolId,
        '--stack-name',
        STACK_NAME,
        '--json',
        '--yes',
      ]
      const named = ['--clients', '1webexample,2phoneexample', '--backup', file('attach.json')]
      expect(await run(environmentOf(pool), [...attach, ...named])).toMatchObject({ code: 0 })
      for (const step of [
        enable,
        moveAll,
        () => finishInto('both.json', '--keep-custom-auth'),
        () => finish(),
      ])
        expect(await step()).toMatchObject({ code: 0 })

      const used: string[] = []
      for (let next: string | undefined = first; next !== undefined; ) {
        const result = await detach(next)
        used.push(next)
        expect([used, result]).toMatchObject([used, { code: 0 }])
        // Without the guard, tokens that come right behind a new password would be let through.
        const { DefineAuthChallenge, PreTokenGeneration } = (await settings()).UserPool.LambdaConfig ?? {}
        const isUnguarded = DefineAuthChallenge !== undefined && PreTokenGeneration === undefined
        expect([used, isUnguarded]).toEqual([used, false])
        expect(used.length).toBeLessThan(8)
        next = /--backup \S*?([\w-]+\.json)/.exec(String(jsonOf(result)['next']))?.[1]
      }
      expect([used, await settings()]).toEqual([used, before])
      for (const backup of ['attach.json', 'enable.json', 'both.json', 'finish.json'])
        expect(jsonOf(await detach(backup))).toMatchObject({ changed: false, next: [] })
    },
  )

  test('first lets old and new app versions sign in, and lets the guard go by what probe saw then', async () => {
    await start()
    await enable()
    await moveAll()
    expect(await finish('--keep-custom-auth')).toMatchObject({ code: 0 })
    for (const flow of ['CUSTOM_AUTH', 'USER_SRP_AUTH'] as const)
      expect(await signInWithCode(pool, '1webexample', flow, ANN)).toMatchObject({ end: 'tokens' })
    const probed = await probePool(pool)
    expect(probed).toMatchObject({ code: 0 })
    await writeFile(file('probe.json'), probed.out)
    expect(await finishInto('last.json', '--probe', file('probe.json'))).toMatchObject({ code: 0 })
    expect((await settings()).UserPool.LambdaConfig).toEqual({})
    const sam = await firstTimeUser('sam')
    expect(await signInWithPassword(pool, '1webexample', 'USER_SRP_AUTH', sam)).toMatchObject({
      end: 'asked',
    })
    await writeFile(file('other.json'), probed.out.replaceAll(pool.userPoolId, 'us-east-1_Other'))
    expect(jsonOf(await finish('--probe', file('other.json')))).toMatchObject({ code: 'probe-unreadable' })
  })
})

/** Invited, not yet there. @param moved whether they have the e-mail factor already */
async function firstTimeUser(name: string, moved = false): Promise<Credentials> {
  const person = { username: `${name}@example.com`, password: TEMPORARY_PASSWORD }
  const sdk = sdkFor(pool)
  const UserPoolId = pool.userPoolId
  const Username = person.username
  await sdk.send(
    new AdminCreateUserCommand({
      UserPoolId,
      Username,
      TemporaryPassword: TEMPORARY_PASSWORD,
      MessageAction: 'SUPPRESS',
      UserAttributes: [{ Name: 'email_verified', Value: 'true' }],
    }),
  )
  if (moved) {
    await sdk.send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId,
        Username,
        EmailMfaSettings: { Enabled: true, PreferredMfa: true },
      }),
    )
  }
  return person
}

/** Passes everything on to the pool up to the given write, and nothing after it: like a command that is killed there. */
async function cutAfter(writes: number) {
  let taken = 0
  const server = createServer((request, response) => {
    const target = String(request.headers['x-amz-target'])
    if (taken >= writes) return void request.socket.destroy()
    if (WRITES.includes(target.split('.')[1] ?? '')) taken += 1
    const pass = async () => {
      const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' }
      const answer = await fetch(pool.endpoint, { method: 'POST', headers, body: await text(request) })
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(await answer.text())
    }
    pass().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    endpoint: `http://127.0.0.1:${port}`,
    taken: () => taken,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** In the state in which the pool is, no password alone gives tokens, and everyone can sign in through every app client. */
async function checkSignIns(): Promise<void> {
  const { clients } = await settings()
  // App clients that allow the same are one.
  const different = new Map(clients.map(it => [String(it.ExplicitAuthFlows?.toSorted()), it.ClientId ?? '']))
  for (const clientId of different.values())
    await checkFlows(flow => signInWithCode(pool, clientId, flow, ANN), ['EMAIL_OTP'])
  for (const moved of [false, true]) {
    await checkFlows(
      async flow => {
        const person = await firstTimeUser('sam', moved)
        expect(await signInWithPassword(pool, '1webexample', flow, person)).not.toMatchObject({
          end: 'tokens',
        })
        const again = { ...person, password: 'New-password-1' }
        const ended = await signInWithCode(pool, '1webexample', flow, again)
        const Username = person.username
        await sdkFor(pool).send(new AdminDeleteUserCommand({ UserPoolId: pool.userPoolId, Username }))
        return ended
      },
      ['CUSTOM_CHALLENGE', 'EMAIL_OTP'],
    )
  }
}

/** One flow or the other leads to tokens, and each that does asks once, for one of these factors. */
async function checkFlows(
  signIn: (flow: PasswordFlow) => Promise<SignInEnd>,
  factors: readonly string[],
): Promise<void> {
  const withTokens = [await signIn('CUSTOM_AUTH'), await signIn('USER_SRP_AUTH')].filter(
    ({ end }) => end === 'tokens',
  )
  expect(withTokens).not.toEqual([])
  for (const { challenges } of withTokens) expect(factors.map(factor => [factor])).toContainEqual(challenges)
}

/** Runs a command that is cut off after one write, again and again until it has nothing to write. @returns the writes */
async function writeByWrite(
  command: (endpoint: string, number: number) => Promise<unknown>,
): Promise<number> {
  for (let number = 1; number <= MOST_WRITES; number += 1) {
    const cut = await cutAfter(1)
    await command(cut.endpoint, number).finally(() => cut.close())
    if (cut.taken() === 0) return number - 1
    await checkSignIns()
  }
  return MOST_WRITES
}

test.each<[AfterNativeFactor, AfterNewPassword]>([
  ['define-with-entry', 'define'],
  ['tokens', 'tokens'],
])(
  'finish and its way back, stopped after any write, leave no password alone that gives tokens, and nobody out (%s, %s)',
  async (afterNativeFactor, afterNewPassword) => {
    await start({ afterNativeFactor, afterNewPassword, environment: { RESEND_AFTER_SECONDS: '0' } })
    await enable()
    await moveAll()
    await checkSignIns()
    const before = await settings()
    const there = await writeByWrite((endpoint, number) =>
      migrate({ ...pool, endpoint }, ['finish', '--yes', '--backup', file(`finish-${number}.json`)]),
    )
    expect(there).toBe(4)
    expect((await settings()).mfa.MfaConfiguration).toBe('ON')
    const back = await writeByWrite(endpoint => detach('finish-1.json', endpoint))
    expect(back).toBe(4)
    expect(await settings()).toEqual(before)
  },
  120_000,
)
