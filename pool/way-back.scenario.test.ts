// No way back is closed: whichever commands changed a pool, and whichever backup is used first, the pool comes back.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ERROR_CODES } from '../command/error-codes.ts'
import { type JsonObject, objectAt, stringAt, stringsAt, without } from '../command/json.ts'
import { type StandIn, type StandInState, startAwsStandIn } from '../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, functionArn, POOL_ID, poolBeforeAttach, STACK } from '../testing/example-pool.ts'
import { type CommandRun, jsonOf, run } from '../testing/pool-run.ts'

const OTHER_CLIENT = '2example23456789client0000'

let aws: StandIn
let directory: string

beforeEach(async () => {
  const state = poolBeforeAttach()
  state.userPool['AdminCreateUserConfig'] = { AllowAdminCreateUserOnly: true }
  state.clients[OTHER_CLIENT] = { ...state.clients[CLIENT_ID], ClientId: OTHER_CLIENT, ClientName: 'phone' }
  aws = await startAwsStandIn(state)
  directory = mkdtempSync(join(tmpdir(), 'way-back-'))
})
afterEach(() => aws.stop())

const pool = (command: string, ...more: string[]) =>
  run(aws.environment, [command, '--user-pool-id', POOL_ID, '--yes', '--json', ...more])
const attach = (backup: string, ...more: string[]) =>
  pool('attach', '--stack-name', STACK, '--guard-all', '--backup', join(directory, backup), ...more)
const detach = (backup: string, ...more: string[]) =>
  pool('detach', '--backup', join(directory, backup), ...more)
const flowsOfClient = (id = CLIENT_ID) => stringsAt(aws.state.clients[id], 'ExplicitAuthFlows')

const settings = () =>
  structuredClone({
    userPool: without(aws.state.userPool, ['LastModifiedDate']),
    mfa: aws.state.mfa,
    clients: Object.values(aws.state.clients).map(client => without(client, ['LastModifiedDate'])),
  })

/** Clients through which nobody can sign in: the code only, on a pool that does not ask for it. */
function stranded(): string[] {
  if (stringAt(aws.state.userPool, 'LambdaConfig', 'DefineAuthChallenge') !== undefined) return []
  const useless = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH', 'CUSTOM_AUTH_FLOW_ONLY']
  return Object.keys(aws.state.clients).filter(id => flowsOfClient(id).every(flow => useless.includes(flow)))
}

/** The backup that the tool says to use next. */
function nextBackup(result: CommandRun): string | undefined {
  return /--backup (\S+)/.exec(String(jsonOf(result)['next']))?.[1]
}

const ATTACHES: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  client: ['--clients', CLIENT_ID],
  overlap: ['--clients', CLIENT_ID, '--add-flow'],
  other: ['--clients', OTHER_CLIENT],
}
const KINDS = Object.keys(ATTACHES)
/** Which attach may come first, second and third. */
const ROUNDS = [KINDS, KINDS, ['client', 'overlap']]

/** The pool and the backups after some attaches. */
type Moment = {
  readonly path: string
  readonly state: StandInState
  readonly files: ReadonlyMap<string, string>
}

const momentNow = (path: string): Moment => ({
  path,
  state: structuredClone(aws.state),
  files: new Map(readdirSync(directory).map(name => [name, readFileSync(join(directory, name), 'utf8')])),
})

function goTo({ state, files }: Moment): void {
  Object.assign(aws.state, structuredClone(state))
  for (const name of readdirSync(directory)) rmSync(join(directory, name))
  for (const [name, text] of files) writeFileSync(join(directory, name), text)
}

/** Uses one backup after another as the tool says. What was done at the same moment already is not done once more. */
async function checkWaysBack(attached: Moment, before: ReturnType<typeof settings>): Promise<void> {
  const done = new Map<string, { readonly result: CommandRun; readonly after: Moment }>()
  const detachOnce = async (backup: string) => {
    const key = JSON.stringify([backup, settings(), [...momentNow('').files]])
    const known = done.get(key)
    if (known !== undefined) {
      goTo(known.after)
      return known.result
    }
    const result = await detach(backup)
    done.set(key, { result, after: momentNow('') })
    return result
  }
  const backups = [...attached.files.keys()]
  for (const first of backups) {
    const path = `${attached.path}; back from ${first}`
    goTo(attached)
    let result = await detachOnce(first)
    let steps = 0
    for (let next = nextBackup(result); next !== undefined; next = nextBackup(result)) {
      expect([path, result.code, stranded()]).toEqual([path, 0, []])
      steps += 1
      expect(steps).toBeLessThan(6)
      result = await detachOnce(basename(next))
    }
    expect([path, result.code, result.err, stranded()]).toEqual([path, 0, '', []])
    expect([path, settings()]).toEqual([path, before])
    for (const file of backups)
      expect(jsonOf(await detachOnce(file))).toMatchObject({ changed: false, next: [] })
  }
}

test('after every attach sequence, from whichever backup first, the tool leads back', async () => {
  const before = settings()
  let border = [momentNow('at first')]
  let sequences = 0
  for (const kinds of ROUNDS) {
    const next: Moment[] = []
    for (const moment of border) {
      for (const kind of kinds) {
        goTo(moment)
        const result = await attach(`${moment.files.size}.json`, ...(ATTACHES[kind] ?? []))
        expect([moment.path, kind, result]).toMatchObject([moment.path, kind, { code: 0 }])
        sequences += 1
        // An attach that changes nothing leads nowhere new.
        if (jsonOf(result)['changed'] === true) next.push(momentNow(`${moment.path}, ${kind}`))
      }
    }
    for (const moment of next) await checkWaysBack(moment, before)
    border = next
  }
  expect(sequences).toBeGreaterThan(30)
}, 120_000)

describe('a backup of the first format', () => {
  /** As the version before wrote it: only the named clients, and not what they became. */
  function asFormat1(file: string, clientIds: readonly string[]): void {
    const path = join(directory, file)
    const { after: _, command: __, ...backup }: JsonObject = JSON.parse(readFileSync(path, 'utf8'))
    const clients = Object.entries(objectAt(backup, 'before', 'clients')).filter(([id]) =>
      clientIds.includes(id),
    )
    const before = { ...objectAt(backup, 'before'), clients: Object.fromEntries(clients) }
    writeFileSync(path, JSON.stringify({ ...backup, format: 'cognito-email-code backup 1', before }))
  }

  beforeEach(async () => {
    await attach('first.json')
    asFormat1('first.json', [])
    await attach('second.json', '--clients', CLIENT_ID)
    asFormat1('second.json', [CLIENT_ID])
  })

  test('that does not know a client refuses to leave it without a way to sign in, and names the exits', async () => {
    const result = await detach('first.json')
    expect(jsonOf(result)).toMatchObject({ code: 'client-stranded' })
    expect(result.err).toContain(`--add-srp ${CLIENT_ID}`)
    expect(stringAt(aws.state.userPool, 'LambdaConfig', 'DefineAuthChallenge')).toBe(ARNS.DefineAuthChallenge)
    expect(await detach('first.json', '--add-srp', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(flowsOfClient()).toContain('ALLOW_USER_SRP_AUTH')
    expect(stranded()).toEqual([])
  })

  test('of the later attach gives the client back, and the earlier one takes the triggers off', async () => {
    const result = await detach('second.json')
    expect(nextBackup(result)).toBe(join(directory, 'first.json'))
    expect(await detach('first.json')).toMatchObject({ code: 0 })
    expect(flowsOfClient()).toEqual(['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'])
    expect(aws.state.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
  })

  test('heals a client that an earlier version stranded', async () => {
    aws.state.userPool['LambdaConfig'] = {}
    expect(jsonOf(await detach('first.json'))['next']).toHaveLength(1)
    expect(await detach('second.json')).toMatchObject({ code: 0 })
    expect(stranded()).toEqual([])
  })
})

test('the triggers go with the last backup as well when the first is lost', async () => {
  await attach('lost.json')
  await attach('kept.json', '--clients', CLIENT_ID)
  directory = mkdtempSync(join(tmpdir(), 'way-back-'))
  await attach('again.json', '--clients', OTHER_CLIENT)
  const result = await detach('again.json')
  expect(String(jsonOf(result)['next'])).toContain('--remove-triggers')
  expect((await detach('again.json', '--remove-triggers')).err).toContain(
    `--remove-triggers --add-srp ${CLIENT_ID}`,
  )
  expect((await detach('again.json', '--remove-triggers', '--add-srp', CLIENT_ID)).code).toBe(0)
  expect(stranded()).toEqual([])
  expect(aws.state.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
})

test('a client that was of no use before the first attach does not keep the triggers on the pool', async () => {
  aws.state.clients[OTHER_CLIENT] = {
    ...aws.state.clients[OTHER_CLIENT],
    ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'],
  }
  const before = settings()
  await attach('first.json', '--clients', CLIENT_ID)
  expect(await detach('first.json')).toMatchObject({ code: 0, err: '' })
  expect(settings()).toEqual(before)
})

test('a client that was deleted since is left out, and said so', async () => {
  await attach('first.json', '--clients', `${CLIENT_ID},${OTHER_CLIENT}`)
  delete aws.state.clients[OTHER_CLIENT]
  const result = await detach('first.json')
  expect(String(jsonOf(result)['notes'])).toContain(`no longer exist are left out: ${OTHER_CLIENT}`)
  expect(flowsOfClient()).toContain('ALLOW_USER_SRP_AUTH')
})

test('a client that is deleted while detach runs keeps nothing else from being put back', async () => {
  const before = settings()
  await attach('first.json', '--clients', `${CLIENT_ID},${OTHER_CLIENT}`)
  aws.interfere = (operation, _, state) => {
    if (operation === 'UpdateUserPoolClient') delete state.clients[CLIENT_ID]
    return undefined
  }
  const result = await detach('first.json')
  expect(jsonOf(result)).toMatchObject({ code: 'pool-changed' })
  expect(result.err).toContain(CLIENT_ID)
  expect(settings().userPool).toEqual(before.userPool)
  expect(flowsOfClient(OTHER_CLIENT)).toContain('ALLOW_USER_SRP_AUTH')
})

test('import jobs and an MFA configuration that may not be read are notes', async () => {
  aws.interfere = operation =>
    ['ListUserImportJobs', 'GetUserPoolMfaConfig'].includes(operation) ? 'deny' : undefined
  for (const result of [await attach('first.json'), await detach('first.json')]) {
    expect(result.code).toBe(0)
    const notes = String(jsonOf(result)['notes'])
    expect(notes).toContain('import jobs were not checked')
    expect(notes).toContain('MFA configuration could not be read')
  }
})

test('a client that Cognito refuses is named, the others are put back, and the triggers stay for it', async () => {
  await attach('first.json', '--clients', `${CLIENT_ID},${OTHER_CLIENT}`)
  aws.interfere = operation =>
    operation === 'UpdateUserPoolClient' && aws.calls.at(-1)?.body['ClientId'] === OTHER_CLIENT
      ? 'refuse'
      : undefined
  const result = await detach('first.json')
  expect(jsonOf(result)).toMatchObject({ code: 'client-not-restored' })
  expect(result.err).toContain(`${OTHER_CLIENT} (phone)`)
  expect(flowsOfClient()).toContain('ALLOW_USER_SRP_AUTH')
  expect(stringAt(aws.state.userPool, 'LambdaConfig', 'DefineAuthChallenge')).toBe(ARNS.DefineAuthChallenge)
  aws.interfere = () => undefined
  expect(await detach('first.json')).toMatchObject({ code: 0 })
  expect(flowsOfClient(OTHER_CLIENT)).toContain('ALLOW_USER_SRP_AUTH')
})

test('a client that rotates its refresh tokens is attached and detached without the flow that excludes it', async () => {
  aws.state.clients[CLIENT_ID] = without(
    {
      ...aws.state.clients[CLIENT_ID],
      ExplicitAuthFlows: null,
      RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 10 },
    },
    [],
  )
  expect(await attach('first.json', '--clients', CLIENT_ID)).toMatchObject({ code: 0 })
  expect(flowsOfClient()).toEqual(['ALLOW_CUSTOM_AUTH'])
  expect(await detach('first.json')).toMatchObject({ code: 0 })
  expect(flowsOfClient().sort()).toEqual(['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH'])
})

describe('detach --everything', () => {
  test('brings MFA back, which UpdateUserPool refuses before a factor is on', async () => {
    aws.state.mfa = { MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } }
    aws.state.userPool['MfaConfiguration'] = 'OPTIONAL'
    const before = settings()
    await attach('first.json')
    aws.state.mfa = { MfaConfiguration: 'OFF' }
    aws.state.userPool['MfaConfiguration'] = 'OFF'
    expect(await detach('first.json', '--everything')).toMatchObject({ code: 0, err: '' })
    expect(settings()).toEqual(before)
  })

  test('turns MFA off without naming a factor', async () => {
    const SmsMfaConfiguration = { SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::111122223333:role/sms' } }
    aws.state.mfa = { MfaConfiguration: 'OFF', SmsMfaConfiguration }
    await attach('first.json')
    aws.state.mfa = {
      MfaConfiguration: 'ON',
      SmsMfaConfiguration,
      SoftwareTokenMfaConfiguration: { Enabled: true },
    }
    aws.state.userPool['MfaConfiguration'] = 'ON'
    expect(await detach('first.json', '--everything')).toMatchObject({ code: 0, err: '' })
    expect(aws.state.mfa).toEqual({ MfaConfiguration: 'OFF', SmsMfaConfiguration })
  })

  test('removes triggers that others attached since, without --replace', async () => {
    const before = settings()
    await attach('first.json')
    objectAt(aws.state.userPool, 'LambdaConfig')['DefineAuthChallenge'] = functionArn('captcha')
    expect(await detach('first.json', '--everything')).toMatchObject({ code: 0, err: '' })
    expect(settings()).toEqual(before)
  })

  test('says what was restored and what differs when Cognito keeps a setting', async () => {
    await attach('first.json')
    aws.state.userPool['Policies'] = {
      PasswordPolicy: objectAt(aws.state.userPool, 'Policies', 'PasswordPolicy'),
      SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP'] },
    }
    const result = await detach('first.json', '--everything')
    expect(jsonOf(result)).toMatchObject({ code: 'not-kept' })
    expect(result.err).toContain('Changed: user pool LambdaConfig.DefineAuthChallenge')
    expect(result.err).toContain('Cognito did not keep every setting: user pool Policies.SignInPolicy')
    expect(aws.state.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
  })

  test('speaks neither of the schema nor of the domain, which no update can set', async () => {
    await attach('first.json')
    aws.state.userPool['Domain'] = 'people'
    expect(jsonOf(await detach('first.json', '--everything', '--dry-run'))['changes']).not.toContainEqual(
      expect.objectContaining({ path: 'Domain' }),
    )
    expect(String(jsonOf(await detach('first.json'))['notes'])).not.toContain('Domain')
  })
})

describe('fix', () => {
  const fix = (...more: string[]) => pool('fix', '--backup', join(directory, 'fix.json'), ...more)

  beforeEach(() => {
    aws.state.clients[CLIENT_ID] = { ...aws.state.clients[CLIENT_ID], PreventUserExistenceErrors: 'LEGACY' }
    aws.state.clients[OTHER_CLIENT] = {
      ...aws.state.clients[OTHER_CLIENT],
      PreventUserExistenceErrors: 'LEGACY',
    }
  })

  test('changes what the finding says and nothing else, and its backup puts it back', async () => {
    const before = settings()
    expect(jsonOf(await fix('client-reveals-users', '--dry-run'))).toMatchObject({
      command: 'fix',
      changed: false,
    })
    expect(settings()).toEqual(before)
    expect(await fix('client-reveals-users')).toMatchObject({ code: 0 })
    expect(settings()).toEqual({
      ...before,
      clients: before.clients.map(client => ({ ...client, PreventUserExistenceErrors: 'ENABLED' })),
    })
    expect(await pool('detach', '--backup', join(directory, 'fix.json'))).toMatchObject({ code: 0 })
    expect(settings()).toEqual(before)
    expect(jsonOf(await pool('detach', '--backup', join(directory, 'fix.json')))).toMatchObject({
      changed: false,
    })
  })

  test('--clients narrows it', async () => {
    await fix('client-reveals-users', '--clients', OTHER_CLIENT)
    expect(aws.state.clients[CLIENT_ID]).toMatchObject({ PreventUserExistenceErrors: 'LEGACY' })
    expect(aws.state.clients[OTHER_CLIENT]).toMatchObject({ PreventUserExistenceErrors: 'ENABLED' })
  })

  test.each([
    ['a finding that is not there', ['native-mfa'], 'finding-absent', 'fix can change: client-reveals-users'],
    ['a finding that another command fixes', ['trigger-missing'], 'finding-not-fixable', 'attach'],
    ['no finding', [], 'usage', 'Missing argument'],
  ])('refuses %s and says what to do', async (_, args, code, message) => {
    const result = await fix(...args)
    expect(jsonOf(result)).toMatchObject({ code })
    expect(result.err).toContain(message)
  })
})

describe('attach and the clients that are not to ask for the code', () => {
  const plainAttach = (...more: string[]) =>
    pool('attach', '--stack-name', STACK, '--backup', join(directory, 'first.json'), ...more)

  test('names the clients that the guard covers, and does not go on', async () => {
    const before = settings()
    const result = await plainAttach('--clients', CLIENT_ID)
    expect(jsonOf(result)).toMatchObject({ code: 'guard-covers-clients' })
    expect(result.err).toContain(`${OTHER_CLIENT} (phone)`)
    expect(result.err).toContain(`GuardedClientIds=${CLIENT_ID}`)
    expect(settings()).toEqual(before)
    const dryRun = await plainAttach('--clients', CLIENT_ID, '--dry-run')
    expect(dryRun.code).toBe(2)
    expect(jsonOf(dryRun)).toEqual({ code: 'guard-covers-clients', error: result.err.trim() })
  })

  test('goes on when the guard leaves them out, or with --guard-all', async () => {
    const guard = aws.state.functions[ARNS.PreTokenGeneration]?.configuration
    objectAt(guard, 'Environment', 'Variables')['GUARDED_CLIENT_IDS'] = CLIENT_ID
    expect(await plainAttach('--clients', CLIENT_ID)).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^Backup: \S+\n$/),
    })
  })

  const guardOnly = (ids: string) => {
    const guard = aws.state.functions[ARNS.PreTokenGeneration]?.configuration
    objectAt(guard, 'Environment', 'Variables')['GUARDED_CLIENT_IDS'] = ids
  }

  test('does not go on while the guard leaves out a client that is to ask for the code', async () => {
    guardOnly(OTHER_CLIENT)
    const before = settings()
    const result = await plainAttach('--clients', CLIENT_ID)
    expect(jsonOf(result)).toMatchObject({ code: 'guard-leaves-clients-out' })
    expect(result.err).toContain(`GuardedClientIds=${CLIENT_ID}`)
    expect(settings()).toEqual(before)
  })

  test('reads "all" as the guard does: every client', async () => {
    guardOnly('all')
    expect(jsonOf(await plainAttach())).toMatchObject({ code: 'guard-covers-clients' })
  })

  test('proposes to guard none while no client asks for the code only', async () => {
    guardOnly(CLIENT_ID)
    const result = await plainAttach('--clients', CLIENT_ID, '--add-flow')
    expect(result.err).toContain('GuardedClientIds=none')
  })

  test('--add-flow adds the code to what a client allows', async () => {
    expect(await plainAttach('--clients', CLIENT_ID, '--add-flow', '--guard-all')).toMatchObject({ code: 0 })
    expect(flowsOfClient()).toEqual(['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_CUSTOM_AUTH'])
  })

  test('one function for two triggers is refused', async () => {
    const arns = ['--define-arn', '--create-arn', '--verify-arn', '--pre-token-arn'].flatMap(option => [
      option,
      ARNS.DefineAuthChallenge,
    ])
    expect(jsonOf(await pool('attach', ...arns, '--dry-run'))).toMatchObject({ code: 'same-function' })
  })
})

test('a backup in which a client is of another pool is refused', async () => {
  await attach('first.json', '--clients', CLIENT_ID)
  const path = join(directory, 'first.json')
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(`"UserPoolId": "${POOL_ID}"`, '"UserPoolId": "eu-central-1_OTHER"'),
  )
  expect(jsonOf(await detach('first.json'))).toMatchObject({ code: 'backup-of-other-pool' })
})

test('names from AWS cannot move the cursor of the terminal', async () => {
  aws.state.userPool['Name'] = 'people\u001b[2J'
  const { out } = await run(aws.environment, [
    'attach',
    '--user-pool-id',
    POOL_ID,
    '--stack-name',
    STACK,
    '--dry-run',
  ])
  expect(out).not.toContain('\u001b')
})

test('the docs list every code of an error', () => {
  const docs = readFileSync('docs/existing-pool.md', 'utf8')
  for (const [code, meaning] of Object.entries(ERROR_CODES))
    expect(docs).toContain(`- \`${code}\`: ${meaning}\n`)
})
