// The commands for a pool as people run them: the built command in a process of its own, against the local user pool.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { signIn, signOut } from 'aws-amplify/auth'
import { parseJsonObject, without } from '../command/json.ts'
import { type LocalUserPool, startLocalUserPool } from '../local/local-user-pool.ts'
import { pointAmplifyAt } from '../testing/amplify-client.ts'
import { type StandIn, type StandInState, startAwsStandIn } from '../testing/aws-stand-in.ts'
import { CLIENT_ID, POOL_ID, poolBeforeAttach, STACK } from '../testing/example-pool.ts'

const PERSON = { username: 'known@example.com', password: 'Permanent-1' }

let pool: LocalUserPool
let aws: StandIn
let environment: NodeJS.ProcessEnv
let backup: string

beforeEach(async () => {
  pool = await startLocalUserPool({
    triggers: false,
    userPool: {
      AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] },
      SchemaAttributes: [{ Name: 'email', AttributeDataType: 'String', Mutable: true, Required: true }],
    },
    clients: [
      {
        clientName: 'web',
        description: {
          ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
          PreventUserExistenceErrors: 'ENABLED',
        },
      },
    ],
  })
  aws = await startAwsStandIn(inTheRegionOf(pool))
  environment = {
    PATH: process.env['PATH'],
    NODE_NO_WARNINGS: '1',
    ...aws.environment,
    AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: pool.endpoint,
  }
  backup = join(mkdtempSync(join(tmpdir(), 'pool-')), 'backup.json')
})
afterEach(async () => {
  await Promise.all([pool.close(), aws.stop()])
})

/** The functions, the stack and SES of the example, where the local pool says that it is. */
function inTheRegionOf({ region, userPoolId }: LocalUserPool): StandInState {
  const state: StandInState = JSON.parse(
    JSON.stringify(poolBeforeAttach())
      .replaceAll(POOL_ID, userPoolId)
      .replaceAll('eu-central-1', region)
      .replaceAll('111122223333', '123456789012'),
  )
  return state
}

type Result = { code: number; out: string; err: string }

function run(args: readonly string[], environmentOfRun = environment): Promise<Result> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      ['dist/command/cognito-email-code.mjs', ...args],
      { env: environmentOfRun },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    )
  })
}

const onPool = (command: string, ...more: string[]) =>
  run([command, '--user-pool-id', pool.userPoolId, ...more])

/** How Amplify's own sign-in with nothing but a password ends. */
async function passwordAlone(): Promise<string> {
  pointAmplifyAt(pool)
  try {
    const { nextStep } = await signIn({ ...PERSON, options: { authFlowType: 'USER_SRP_AUTH' } })
    await signOut()
    return nextStep.signInStep
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function passwordThenCode(): Promise<string> {
  pointAmplifyAt(pool)
  const { nextStep } = await signIn({ ...PERSON, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  return nextStep.signInStep
}

test('a pool in use asks for the code after one command, and no longer after another', async () => {
  expect(await passwordAlone()).toBe('DONE')
  const before = await onPool('check', '--stack-name', STACK, '--json')
  expect(before.code).toBe(1)
  expect(before.out).toContain('client-skips-code')

  const attached = await onPool(
    'attach',
    '--stack-name',
    STACK,
    '--clients',
    pool.clientId,
    '--backup',
    backup,
    '--yes',
  )
  expect(attached).toMatchObject({ code: 0, err: '' })
  expect(await passwordAlone()).not.toBe('DONE')
  expect(await passwordThenCode()).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
  expect(await pool.messages()).toHaveLength(1)

  // What was issued before attach stays good for a while, and check says so.
  expect(await onPool('check', '--stack-name', STACK)).toMatchObject({
    code: 1,
    out: expect.stringContaining('1 finding: 1 low'),
  })
  expect(await onPool('check', '--stack-name', STACK, '--ignore', 'client-refresh-tokens')).toEqual({
    code: 0,
    err: '',
    out: expect.stringContaining('No problems found'),
  })
  const again = await onPool('attach', '--stack-name', STACK, '--clients', pool.clientId, '--yes')
  expect(again.out).toContain('Nothing to change')

  expect(await onPool('detach', '--backup', backup, '--yes')).toMatchObject({ code: 0, err: '' })
  expect(await passwordAlone()).toBe('DONE')
})

test('--help lists the options of a command, and wrong use is exit code 2', async () => {
  const help = await run(['attach', '--help'])
  expect(help).toMatchObject({ code: 0, err: '' })
  for (const word of ['--stack-name', '--clients', '--dry-run', '--yes', '--json'])
    expect(help.out).toContain(word)
  expect(await run([])).toMatchObject({ code: 2 })
  expect(await run(['check'])).toMatchObject({
    code: 2,
    err: 'Missing required option: --user-pool-id ID. See --help.\n',
  })
})

test('without credentials it says what to do', async () => {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...withoutCredentials } = environment
  const result = await run(['check', '--user-pool-id', pool.userPoolId], {
    ...withoutCredentials,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  })
  expect(result.code).toBe(2)
  expect(result.err).toContain('AWS_PROFILE')
})

test('a profile that does not exist is named', async () => {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...none } = environment
  const result = await run(['check', '--user-pool-id', pool.userPoolId, '--json'], {
    ...none,
    AWS_PROFILE: 'misspelt',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  })
  expect(parseJsonObject(result.out)).toMatchObject({
    code: 'no-credentials',
    error: expect.stringContaining('"misspelt" (AWS_PROFILE)'),
  })
})

/** A pool on which attach is stopped at one operation, by a signal. */
async function attachStoppedAt(operation: string, signal: NodeJS.Signals, fault?: 'break') {
  const state = poolBeforeAttach()
  state.userPool['AdminCreateUserConfig'] = { AllowAdminCreateUserOnly: true }
  const stand = await startAwsStandIn(state)
  const settings = () =>
    structuredClone([
      without(stand.state.userPool, ['LastModifiedDate']),
      stand.state.mfa,
      without(stand.state.clients[CLIENT_ID] ?? {}, ['LastModifiedDate']),
    ])
  const before = settings()
  const there = { ...environment, ...stand.environment }
  const args = [
    '--user-pool-id',
    POOL_ID,
    '--stack-name',
    STACK,
    '--clients',
    CLIENT_ID,
    '--backup',
    backup,
    '--yes',
  ]
  const child: ChildProcess = spawn(
    process.execPath,
    ['dist/command/cognito-email-code.mjs', 'attach', ...args],
    {
      env: there,
    },
  )
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', part => {
      out += part
    })
  }
  let stopped = false
  const heard = () => out.includes('Interrupted: ')
  stand.interfere = async its => {
    if (its !== operation || stopped) return stopped && signal === 'SIGKILL' ? fault : undefined
    stopped = true
    child.kill(signal)
    // A signal and an answer race: the answer waits until the command has said that it heard.
    while (signal !== 'SIGKILL' && operation.startsWith('Update') && !heard()) await setTimeout(10)
    return fault
  }
  const [code, endedBy] = await once(child, 'close')
  stand.interfere = () => undefined
  return { stand, settings, before, there, out, code, endedBy }
}

test.each<[NodeJS.Signals, string, string, boolean]>([
  ['SIGINT', 'ListUserPoolClients', 'Interrupted. Nothing was changed.', false],
  ['SIGINT', 'UpdateUserPool', 'The pool was put back as it was before.', false],
  ['SIGINT', 'UpdateUserPoolClient', 'Interrupted after the last write: the change is complete.', true],
  ['SIGHUP', 'UpdateUserPool', 'The pool was put back as it was before.', false],
])('%s at %s: %s', async (signal, operation, message, changed) => {
  const { stand, settings, before, out, code } = await attachStoppedAt(operation, signal)
  try {
    expect(out).toContain(message)
    expect(code).toBe(changed ? 0 : 2)
    if (changed) expect(settings()).not.toEqual(before)
    else expect(settings()).toEqual(before)
  } finally {
    await stand.stop()
  }
})

test.each(['UpdateUserPool', 'UpdateUserPoolClient'])(
  'killed at %s, the backup was named and the pool comes back from it as it was',
  async operation => {
    const { stand, settings, before, there, out, endedBy } = await attachStoppedAt(
      operation,
      'SIGKILL',
      'break',
    )
    try {
      expect(endedBy).toBe('SIGKILL')
      expect(out).toContain(`Backup: ${backup}`)
      const detached = await run(
        ['detach', '--user-pool-id', POOL_ID, '--backup', backup, '--yes', '--json'],
        there,
      )
      expect(detached.code).toBe(0)
      expect(parseJsonObject(detached.out)).toMatchObject({
        command: 'detach',
        changed: operation === 'UpdateUserPoolClient',
      })
      expect(settings()).toEqual(before)
    } finally {
      await stand.stop()
    }
  },
)
