// attach and detach against AWS over HTTP, with the real SDK: nothing that was not asked for may change.
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Json, type JsonObject, member, objectAt, without } from '../command/json.ts'
import { type StandIn, startAwsStandIn } from '../testing/aws-stand-in.ts'
import {
  ARNS,
  CLIENT_ID,
  functionArn,
  goodPool,
  POOL_ID,
  permission,
  poolBeforeAttach,
  STACK,
} from '../testing/example-pool.ts'
import { jsonOf, run } from '../testing/pool-run.ts'
import { everyMemberOf, memberNames } from '../testing/sdk-model.ts'
import { NOT_IN_UPDATE_USER_POOL, NOT_IN_UPDATE_USER_POOL_CLIENT } from './user-pool.ts'

let aws: StandIn
let directory: string
let backup: string

beforeEach(async () => {
  aws = await startAwsStandIn(poolBeforeAttach())
  directory = mkdtempSync(join(tmpdir(), 'attach-'))
  backup = join(directory, 'backup.json')
})
afterEach(() => aws.stop())

const attach = (...more: string[]) =>
  run(aws.environment, [
    'attach',
    '--user-pool-id',
    POOL_ID,
    '--stack-name',
    STACK,
    '--yes',
    '--guard-all',
    '--backup',
    backup,
    ...more,
  ])
const detach = (...more: string[]) =>
  run(aws.environment, ['detach', '--user-pool-id', POOL_ID, '--backup', backup, '--yes', ...more])

/** All that an administrator has set, as it is now. */
const settings = () =>
  structuredClone({
    userPool: without(aws.state.userPool, ['LastModifiedDate']),
    mfa: aws.state.mfa,
    clients: Object.values(aws.state.clients).map(client => without(client, ['LastModifiedDate'])),
  })

const sent = (operation: string) =>
  aws.calls.filter(call => call.operation === operation).map(({ body }) => body)

const GUARD = { LambdaVersion: 'V1_0', LambdaArn: ARNS.PreTokenGeneration }
const TRIGGERS_OF_STACK = { ...ARNS, PreTokenGenerationConfig: GUARD }

describe('attach', () => {
  test('sets the four triggers of a stack and nothing else', async () => {
    const before = settings()
    expect(await attach()).toMatchObject({ code: 0 })
    expect(settings()).toEqual({
      ...before,
      userPool: {
        ...before.userPool,
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        LambdaConfig: { PostConfirmation: functionArn('welcome'), ...TRIGGERS_OF_STACK },
      },
    })
    expect(sent('UpdateUserPoolClient')).toEqual([])
  })

  test('takes the functions from options as well', async () => {
    const options = ['--define-arn', '--create-arn', '--verify-arn', '--pre-token-arn']
    const args = Object.values(ARNS).flatMap((arn, index) => [options[index] ?? '', arn])
    const result = await run(aws.environment, [
      'attach',
      '--user-pool-id',
      POOL_ID,
      ...args,
      '--yes',
      '--guard-all',
      '--backup',
      backup,
    ])
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(objectAt(aws.state.userPool, 'LambdaConfig')).toMatchObject(TRIGGERS_OF_STACK)
  })

  test('ends the flows of the named clients that skip the code, and makes their sessions long enough', async () => {
    objectAt(
      member(aws.state.functions, ARNS.CreateAuthChallenge),
      'configuration',
      'Environment',
      'Variables',
    )['CODE_TTL_SECONDS'] = '290'
    const before = settings()
    expect(await attach('--clients', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(settings().clients).toEqual([
      {
        ...before.clients[0],
        ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
        AuthSessionValidity: 5,
      },
    ])
  })

  test.each<[string, Json, JsonObject, Json]>([
    ['no flows at all', null, {}, ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']],
    ['old flow names', ['USER_PASSWORD_AUTH'], {}, ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']],
    ['the old name that allows nothing else', ['CUSTOM_AUTH_FLOW_ONLY'], {}, ['CUSTOM_AUTH_FLOW_ONLY']],
    [
      'refresh token rotation',
      ['ALLOW_USER_AUTH'],
      { RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 10 } },
      ['ALLOW_CUSTOM_AUTH'],
    ],
  ])('leaves a client with %s nothing but the code', async (_, flows, more, expected) => {
    aws.state.clients[CLIENT_ID] = without(
      { ...aws.state.clients[CLIENT_ID], ...more, ExplicitAuthFlows: flows },
      [],
    )
    const before = settings()
    expect(await attach('--clients', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(aws.state.clients[CLIENT_ID]?.['ExplicitAuthFlows']).toEqual(expected)
    expect(await detach()).toMatchObject({ code: 0 })
    expect(settings().clients).toEqual(before.clients)
  })

  test('says that a factor set up with the password alone would count, where one would', async () => {
    aws.state.mfa = { MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true } }
    aws.state.userPool['MfaConfiguration'] = 'ON'
    const variables = () =>
      objectAt(
        member(aws.state.functions, ARNS.DefineAuthChallenge),
        'configuration',
        'Environment',
        'Variables',
      )
    expect((await attach('--dry-run')).out).not.toContain('MFA_SETUP')
    variables()['NATIVE_MFA'] = 'accept-any'
    expect((await attach('--dry-run')).out).toContain('NATIVE_MFA is accept-any. A user without a factor')
  })

  test('a second time changes nothing and says so', async () => {
    await attach('--clients', CLIENT_ID)
    const updates = aws.calls.length
    const again = await attach('--clients', CLIENT_ID)
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(again.out).toContain('Nothing to change')
    expect(aws.calls.slice(updates).filter(({ operation }) => operation.startsWith('Update'))).toEqual([])
  })

  test('--dry-run shows the exact difference and changes nothing', async () => {
    const before = settings()
    const result = await attach('--dry-run', '--clients', CLIENT_ID)
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(result.out).toContain(
      `LambdaConfig.CreateAuthChallenge\n    - (not set)\n    + ${ARNS.CreateAuthChallenge}`,
    )
    expect(result.out).toContain('- ["ALLOW_USER_SRP_AUTH","ALLOW_REFRESH_TOKEN_AUTH"]')
    expect(settings()).toEqual(before)
    expect(readdirSync(directory)).toEqual([])
  })

  test('--json says what changed', async () => {
    const result = jsonOf(await attach('--json'))
    expect(result).toMatchObject({ command: 'attach', changed: true, dryRun: false, backup })
    expect(result['changes']).toContainEqual({
      target: 'user pool',
      path: 'LambdaConfig.DefineAuthChallenge',
      before: null,
      after: ARNS.DefineAuthChallenge,
    })
  })

  test('asks first, and does nothing without a yes', async () => {
    const before = settings()
    const args = [
      'attach',
      '--user-pool-id',
      POOL_ID,
      '--stack-name',
      STACK,
      '--backup',
      backup,
      '--guard-all',
    ]
    expect(await run(aws.environment, args, { typed: 'n' })).toMatchObject({
      code: 2,
      err: 'Nothing was changed.\n',
    })
    expect((await run(aws.environment, args)).err).toContain('--yes')
    expect(settings()).toEqual(before)
    expect(await run(aws.environment, args, { typed: 'y' })).toMatchObject({ code: 0 })
    expect(settings()).not.toEqual(before)
  })

  test('names the clients that go on without a code, and those that the hosted UI shuts out', async () => {
    aws.state.userPool['Domain'] = 'people'
    aws.state.clients['hosted'] = {
      UserPoolId: POOL_ID,
      ClientId: 'hosted',
      ClientName: 'old site',
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_CUSTOM_AUTH'],
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthFlows: ['code'],
      SupportedIdentityProviders: ['COGNITO', 'Corporate'],
    }
    const { out } = await attach('--dry-run')
    expect(out.replace(/\s+/g, ' ')).toMatch(
      /without a code through these app clients: 1example23456789client0000 \(web\)/,
    )
    expect(out.replace(/\s+/g, ' ')).toContain(
      'hosted (old site). With HOSTED_UI=deny their local users get no tokens',
    )
  })
})

describe('attach carries through', () => {
  /** A described pool in which everything that the SDK knows of is set, consistently as Cognito keeps it. */
  function fullPool(): JsonObject {
    const pool = everyMemberOf('UserPoolType')
    pool['Id'] = POOL_ID
    pool['Arn'] = aws.state.userPool['Arn'] ?? null
    const template = objectAt(pool, 'VerificationMessageTemplate')
    Object.assign(pool, {
      EmailVerificationMessage: template['EmailMessage'],
      EmailVerificationSubject: template['EmailSubject'],
      SmsVerificationMessage: template['SmsMessage'],
    })
    Object.assign(objectAt(pool, 'LambdaConfig'), TRIGGERS_OF_STACK)
    for (const trigger of ['DefineAuthChallenge', 'CreateAuthChallenge'])
      delete objectAt(pool, 'LambdaConfig')[trigger]
    return pool
  }

  /** What the whole pool becomes in the update: all of it, less what UpdateUserPool does not take, plus the triggers. */
  function expectedUpdate(pool: JsonObject): JsonObject {
    const admin = without(objectAt(pool, 'AdminCreateUserConfig'), ['UnusedAccountValidityDays'])
    return {
      ...without(pool, NOT_IN_UPDATE_USER_POOL),
      UserPoolId: POOL_ID,
      PoolName: pool['Name'] ?? null,
      AdminCreateUserConfig: admin,
      LambdaConfig: { ...objectAt(pool, 'LambdaConfig'), ...TRIGGERS_OF_STACK },
    }
  }

  const swapped = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(swapped)
    if (value === null || typeof value !== 'object') return value === true ? false : value === 7 ? 0 : value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, swapped(item)]))
  }

  test('a pool with every field of the service model set', async () => {
    const pool = fullPool()
    aws.state.userPool = structuredClone(pool)
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')).toEqual([expectedUpdate(pool)])
  })

  test('switches that are off and numbers that are zero', async () => {
    const pool = JSON.parse(JSON.stringify(swapped(fullPool())))
    aws.state.userPool = structuredClone(pool)
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')).toEqual([expectedUpdate(pool)])
  })

  test('settings that this SDK has never heard of, wherever they stand', async () => {
    const pool = fullPool()
    pool['SettingOfTomorrow'] = { Deep: ['value', { Deeper: 1.5 }] }
    objectAt(pool, 'Policies', 'PasswordPolicy')['RuleOfTomorrow'] = true
    objectAt(pool, 'LambdaConfig')['TriggerOfTomorrow'] = functionArn('tomorrow')
    aws.state.userPool = structuredClone(pool)
    aws.state.clients[CLIENT_ID] = { ...aws.state.clients[CLIENT_ID], SettingOfTomorrow: { Deep: [1] } }
    const before = settings()
    expect(await attach('--clients', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')).toEqual([expectedUpdate(pool)])
    expect(sent('UpdateUserPoolClient')[0]).toMatchObject({ SettingOfTomorrow: { Deep: [1] } })
    expect(await detach()).toMatchObject({ code: 0 })
    expect(settings().clients).toEqual(before.clients)
    expect(settings().userPool['LambdaConfig']).toEqual(before.userPool['LambdaConfig'])
  })

  const poolMembers = memberNames('UpdateUserPoolRequest').filter(
    name => !['UserPoolId', 'PoolName'].includes(name),
  )

  test.each(poolMembers)('%s of a user pool', async name => {
    const value = fullPool()[name] ?? null
    expect(value).not.toBeNull()
    aws.state.userPool = { ...poolBeforeAttach().userPool, [name]: structuredClone(value) }
    expect(await attach()).toMatchObject({ code: 0 })
    const expected = expectedUpdate({ ...poolBeforeAttach().userPool, [name]: value })[name]
    expect([name, sent('UpdateUserPool')[0]?.[name]]).toEqual([name, expected])
    expect([name, aws.state.userPool[name]]).toEqual([name, expected])
  })

  test('the name of a user pool', async () => {
    aws.state.userPool['Name'] = 'another name'
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')[0]).toMatchObject({ PoolName: 'another name', UserPoolId: POOL_ID })
  })

  const changed = ['ExplicitAuthFlows', 'AuthSessionValidity']
  const clientMembers = memberNames('UpdateUserPoolClientRequest').filter(
    name => ![...changed, 'UserPoolId', 'ClientId'].includes(name),
  )

  test('every member of an app client, each on a client of its own', async () => {
    const { [CLIENT_ID]: template = {} } = aws.state.clients
    const cases = clientMembers.flatMap(name => {
      const value = everyMemberOf('UserPoolClientType')[name] ?? null
      return [value, swapped(value)].map((it, index) => ({ id: `${name}${index}`, name, value: it }))
    })
    for (const { id, name, value } of cases)
      aws.state.clients[id] = { ...template, ClientId: id, [name]: structuredClone(value) }
    expect(await attach('--clients', cases.map(({ id }) => id).join(','))).toMatchObject({ code: 0 })
    for (const { id, name, value } of cases) {
      // Beside an ApplicationArn the service-linked role is described, and refused on the way in.
      const taken =
        name === 'AnalyticsConfiguration' ? without(objectAt({ value }, 'value'), ['RoleArn']) : value
      const update = sent('UpdateUserPoolClient').find(body => body['ClientId'] === id)
      expect([id, update?.[name]]).toEqual([id, taken])
      expect([id, aws.state.clients[id]?.[name]]).toEqual([id, value])
    }
    expect(clientMembers.length).toBeGreaterThan(15)
  })

  test('a session that is longer than the code needs, and flows that ask for the code already', async () => {
    aws.state.clients[CLIENT_ID] = {
      ...aws.state.clients[CLIENT_ID],
      ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'],
      AuthSessionValidity: 15,
    }
    const before = settings()
    expect(await attach('--clients', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(settings().clients).toEqual(before.clients)
  })

  test.each([
    ['UserPoolType', 'UpdateUserPoolRequest', NOT_IN_UPDATE_USER_POOL],
    ['UserPoolClientType', 'UpdateUserPoolClientRequest', NOT_IN_UPDATE_USER_POOL_CLIENT],
  ])('all of %s but what %s does not take', (described, update, dropped) => {
    const taken = memberNames(update)
    expect(
      memberNames(described)
        .filter(name => !taken.includes(name))
        .sort(),
    ).toEqual([...dropped].sort())
  })
})

describe('what Cognito describes but would refuse or misread', () => {
  test('UnusedAccountValidityDays goes if TemporaryPasswordValidityDays is set, and stays if not', async () => {
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')[0]?.['AdminCreateUserConfig']).toEqual({ AllowAdminCreateUserOnly: true })
    aws.state.userPool = {
      ...poolBeforeAttach().userPool,
      Policies: { PasswordPolicy: { MinimumLength: 12 } },
    }
    backup = join(directory, 'second.json')
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')[1]?.['AdminCreateUserConfig']).toMatchObject({
      UnusedAccountValidityDays: 3,
    })
  })

  test('old verification texts that contradict the template give way to it', async () => {
    aws.state.userPool['EmailVerificationMessage'] = 'old {####}'
    aws.state.userPool['VerificationMessageTemplate'] = { EmailMessage: 'new {####}' }
    const result = await attach()
    expect(sent('UpdateUserPool')[0]).not.toHaveProperty('EmailVerificationMessage')
    expect(sent('UpdateUserPool')[0]?.['VerificationMessageTemplate']).toEqual({ EmailMessage: 'new {####}' })
    expect(result).toMatchObject({ code: 0 })
  })

  test('device tracking that is off is not switched on, and an empty one stays', async () => {
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')[0]).not.toHaveProperty('DeviceConfiguration')
    aws.state.userPool = { ...poolBeforeAttach().userPool, DeviceConfiguration: {} }
    backup = join(directory, 'second.json')
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')[1]?.['DeviceConfiguration']).toEqual({})
  })

  test('tags that AWS sets itself are not sent, and stay', async () => {
    aws.state.userPool['UserPoolTags'] = { team: 'people', 'aws:cloudformation:stack-name': 'pool' }
    expect(await attach()).toMatchObject({ code: 0 })
    expect(sent('UpdateUserPool')[0]?.['UserPoolTags']).toEqual({ team: 'people' })
    expect(aws.state.userPool['UserPoolTags']).toEqual({
      team: 'people',
      'aws:cloudformation:stack-name': 'pool',
    })
  })

  test('an attached guard keeps the event version that it has', async () => {
    aws.state.userPool['LambdaConfig'] = { PreTokenGenerationConfig: { ...GUARD, LambdaVersion: 'V2_0' } }
    expect(await attach()).toMatchObject({ code: 0 })
    expect(objectAt(aws.state.userPool, 'LambdaConfig')['PreTokenGenerationConfig']).toEqual({
      ...GUARD,
      LambdaVersion: 'V2_0',
    })
  })
})

test('attach goes on when it may not look at the functions, and says what that may mean', async () => {
  aws.interfere = operation => (operation === 'GetFunctionConfiguration' ? 'deny' : undefined)
  const { code, out } = await attach()
  expect(code).toBe(0)
  expect(out.replace(/\s+/g, ' ')).toContain('could not be read')
  expect(out.replace(/\s+/g, ' ')).toContain('aws lambda add-permission')
  expect(aws.state.userPool['LambdaConfig']).toMatchObject({ CreateAuthChallenge: ARNS.CreateAuthChallenge })
})

describe('attach refuses and changes nothing', () => {
  afterEach(() => expect(sent('UpdateUserPool')).toEqual([]))

  test('when another function holds a slot, unless --replace insists', async () => {
    aws.state.userPool['LambdaConfig'] = { DefineAuthChallenge: functionArn('captcha') }
    const result = await attach()
    expect(result.code).toBe(2)
    expect(result.err).toContain(`DefineAuthChallenge: ${functionArn('captcha')}`)
    expect(result.err).toContain('--replace')
    expect(await attach('--replace', '--dry-run')).toMatchObject({ code: 0 })
  })

  test('while users are imported', async () => {
    aws.state.importJobs = [{ JobId: 'import-1', Status: 'InProgress', UserPoolId: POOL_ID }]
    expect((await attach()).err).toContain(
      `aws cognito-idp stop-user-import-job --user-pool-id ${POOL_ID} --region eu-central-1 --job-id import-1`,
    )
  })

  test('when a function does not exist', async () => {
    delete aws.state.functions[ARNS.VerifyAuthChallengeResponse]
    expect((await attach()).err).toContain(
      `The function ${ARNS.VerifyAuthChallengeResponse} (for VerifyAuthChallengeResponse) does not exist`,
    )
  })

  test.each([
    ['nothing', undefined],
    ['another pool', permission('arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_OTHER')],
  ])('when a function may be called by %s', async (_, policy) => {
    const found = aws.state.functions[ARNS.CreateAuthChallenge]
    aws.state.functions[ARNS.CreateAuthChallenge] = {
      configuration: found?.configuration ?? {},
      ...(policy && { policy }),
    }
    expect((await attach()).err).toContain(
      `aws lambda add-permission --function-name ${ARNS.CreateAuthChallenge} --region eu-central-1 ` +
        '--statement-id cognito-EXAMPLE00 --action lambda:InvokeFunction --principal cognito-idp.amazonaws.com ' +
        '--source-arn arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_EXAMPLE00 ' +
        '--source-account 111122223333',
    )
  })

  test.each<[string, string[], string]>([
    ['no pool', ['attach', '--stack-name', STACK], '--user-pool-id'],
    ['no functions', ['attach', '--user-pool-id', POOL_ID], '--stack-name'],
    [
      'a stack that is not there',
      ['attach', '--user-pool-id', POOL_ID, '--stack-name', 'none'],
      'does not exist',
    ],
    [
      'one function only',
      ['attach', '--user-pool-id', POOL_ID, '--define-arn', ARNS.DefineAuthChallenge],
      '--create-arn',
    ],
    ['no ARN', ['attach', '--user-pool-id', POOL_ID, '--define-arn', 'define'], 'not the ARN'],
    [
      'a version',
      ['attach', '--user-pool-id', POOL_ID, '--define-arn', `${ARNS.DefineAuthChallenge}:3`],
      'version 3',
    ],
    [
      'both',
      ['attach', '--user-pool-id', POOL_ID, '--stack-name', STACK, '--define-arn', ARNS.DefineAuthChallenge],
      'not both',
    ],
    ['another option', ['attach', '--user-pool-id', POOL_ID, '--sample', '3'], '--sample'],
    ['an unknown option', ['attach', '--force'], '--force'],
    ['an unknown command', ['attack', '--user-pool-id', POOL_ID], 'attack'],
    [
      'a client that is not there',
      ['attach', '--user-pool-id', POOL_ID, '--stack-name', STACK, '--clients', 'x'],
      'client x',
    ],
    [
      'a pool that is not there',
      ['attach', '--user-pool-id', 'eu-central-1_NONE', '--stack-name', STACK],
      'does not exist',
    ],
  ])('given %s', async (_, args, message) => {
    const result = await run(aws.environment, [...args, '--yes', '--json'])
    expect(result.code).toBe(2)
    expect(result.err).toContain(message)
    expect(String(jsonOf(result)['error'])).toContain(message)
  })

  test('when the backup file exists', async () => {
    writeFileSync(backup, 'the only record')
    expect((await attach()).err).toContain('already exists')
    expect(readFileSync(backup, 'utf8')).toBe('the only record')
    expect(readdirSync(directory)).toEqual(['backup.json'])
  })

  test('when the backup file cannot be written', async () => {
    backup = join(directory, 'no-such-folder/backup.json')
    const result = await attach('--json')
    expect(jsonOf(result)).toMatchObject({ code: 'backup-unwritable' })
    expect(result.err).toContain(`The backup file ${backup} cannot be written (ENOENT). Nothing was changed.`)
    expect(aws.calls.filter(({ operation }) => operation.startsWith('Update'))).toEqual([])
  })

  test('when the pool changes between the look and the update', async () => {
    aws.interfere = (operation, count, state) => {
      if (operation === 'DescribeUserPool' && count === 2) state.userPool['MfaConfiguration'] = 'OPTIONAL'
      return undefined
    }
    expect((await attach()).err).toContain('The pool changed since it was read (user pool MfaConfiguration)')
  })
})

test('a Pre Token Generation trigger of the pool stays, and the line that calls the guard is explained', async () => {
  const own = {
    PreTokenGeneration: functionArn('claims'),
    PreTokenGenerationConfig: { LambdaVersion: 'V2_0', LambdaArn: functionArn('claims') },
  }
  aws.state.userPool['LambdaConfig'] = own
  const result = await attach('--replace')
  expect(result.code).toBe(0)
  expect(objectAt(aws.state.userPool, 'LambdaConfig')).toMatchObject({
    ...own,
    CreateAuthChallenge: ARNS.CreateAuthChallenge,
  })
  expect(result.out.replace(/\s+/g, ' ')).toContain(
    "await (await import('./guard/index.mjs')).handler(event)",
  )
})

describe('nothing is lost when', () => {
  test('the update is refused', async () => {
    const before = settings()
    aws.interfere = operation => (operation === 'UpdateUserPool' ? 'refuse' : undefined)
    const result = await attach()
    expect(result.code).toBe(2)
    expect(result.err).toBe('InvalidParameterException: Refused by the test.\nNothing was changed.\n')
    expect(settings()).toEqual(before)
  })

  test('Cognito reports a concurrent modification', async () => {
    const before = settings()
    aws.interfere = operation => (operation === 'UpdateUserPool' ? 'concurrent' : undefined)
    expect((await attach()).err).toContain('ConcurrentModificationException')
    expect(settings()).toEqual(before)
  })

  test('the answer is lost after the update was applied', async () => {
    aws.interfere = operation => (operation === 'UpdateUserPool' ? 'lose-answer' : undefined)
    expect(await attach()).toMatchObject({ code: 0 })
    expect(objectAt(aws.state.userPool, 'LambdaConfig')).toMatchObject(TRIGGERS_OF_STACK)
  })

  test('the connection breaks before the update is applied', async () => {
    const before = settings()
    aws.interfere = operation => (operation === 'UpdateUserPool' ? 'break' : undefined)
    expect((await attach()).err).toContain('Nothing was changed.')
    expect(settings()).toEqual(before)
  })

  test('an app client refuses after the pool was changed', async () => {
    const before = settings()
    aws.interfere = operation => (operation === 'UpdateUserPoolClient' ? 'refuse' : undefined)
    const result = await attach('--clients', CLIENT_ID)
    expect(result.err).toContain('The pool was put back as it was before.')
    expect(settings()).toEqual({
      ...before,
      userPool: { ...before.userPool, AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } },
    })
  })

  test('an app client is deleted meanwhile: it is named, and everything else is done', async () => {
    aws.interfere = (operation, _, state) => {
      if (operation === 'UpdateUserPoolClient') delete state.clients[CLIENT_ID]
      return undefined
    }
    const result = await attach('--clients', CLIENT_ID, '--json')
    expect(jsonOf(result)).toMatchObject({ code: 'pool-changed' })
    expect(result.err).toContain('deleted while the command ran')
    expect(result.err).toContain(CLIENT_ID)
    expect(objectAt(aws.state.userPool, 'LambdaConfig')).toMatchObject(TRIGGERS_OF_STACK)
  })

  test('an app client is deleted and another setting moves: the rest is put back, and the client is named', async () => {
    const before = settings()
    aws.interfere = (operation, _, state) => {
      if (operation !== 'UpdateUserPoolClient') return undefined
      delete state.clients[CLIENT_ID]
      state.userPool['DeletionProtection'] = 'INACTIVE'
      return undefined
    }
    const result = await attach('--clients', CLIENT_ID)
    expect(result.err).toContain('The pool was put back as it was before.')
    expect(result.err).toContain(`App clients that no longer exist: ${CLIENT_ID}.`)
    expect(settings().userPool['LambdaConfig']).toEqual(before.userPool['LambdaConfig'])
  })

  test('a setting that cannot be put back is named, with what to do', async () => {
    aws.interfere = (operation, _, state) => {
      if (operation !== 'UpdateUserPoolClient') return undefined
      // Somebody else adds what an update that leaves it out does not remove.
      const PasswordPolicy = objectAt(state.userPool, 'Policies', 'PasswordPolicy')
      const SignInPolicy = { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP'] }
      state.userPool['Policies'] = { PasswordPolicy, SignInPolicy }
      return 'refuse'
    }
    const result = await attach('--clients', CLIENT_ID, '--json')
    expect(jsonOf(result)).toMatchObject({ code: 'put-back-differs' })
    expect(result.err).toContain('The pool was put back, except for: user pool Policies.SignInPolicy.')
    expect(result.err).toContain('Set these by hand; the backup holds the values.')
    expect(settings().userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
  })

  test('another setting moves with the update', async () => {
    const before = settings()
    let updates = 0
    aws.interfere = (operation, _, state) => {
      if (operation === 'UpdateUserPool') updates += 1
      if (operation === 'DescribeUserPool' && updates === 1) state.userPool['DeletionProtection'] = 'INACTIVE'
      return undefined
    }
    const result = await attach()
    expect(result.err).toContain('Cognito did not keep every setting: user pool DeletionProtection.')
    expect(result.err).toContain('put back')
    expect(settings().userPool).toMatchObject({
      DeletionProtection: 'ACTIVE',
      LambdaConfig: { PostConfirmation: functionArn('welcome') },
    })
    expect(settings().userPool['LambdaConfig']).toEqual(before.userPool['LambdaConfig'])
  })

  test('the MFA configuration, which has calls of its own, moves with the update', async () => {
    aws.state.userPool['MfaConfiguration'] = 'OPTIONAL'
    aws.state.mfa = {
      MfaConfiguration: 'OPTIONAL',
      SoftwareTokenMfaConfiguration: { Enabled: true },
      OfTomorrow: { On: true },
    }
    const before = settings()
    let updated = false
    aws.interfere = (operation, _, state) => {
      if (operation === 'GetUserPoolMfaConfig' && updated) state.mfa = { MfaConfiguration: 'OPTIONAL' }
      updated = operation === 'UpdateUserPool' || (updated && operation !== 'GetUserPoolMfaConfig')
      return undefined
    }
    expect(await attach()).toMatchObject({ code: 0 })
    expect(settings().mfa).toEqual(before.mfa)
  })

  test('nothing answers any more in the middle: the backup puts everything back', async () => {
    const before = settings()
    let dead = false
    aws.interfere = (operation, _, state) => {
      if (operation === 'UpdateUserPoolClient') {
        dead = true
        state.userPool['MfaConfiguration'] = 'ON'
      }
      return dead ? 'break' : undefined
    }
    const result = await attach('--clients', CLIENT_ID)
    expect(result.code).toBe(2)
    expect(result.err).toContain(
      `npx cognito-email-code detach --user-pool-id ${POOL_ID} --region eu-central-1 --backup ${backup} --everything`,
    )
    aws.interfere = () => undefined
    expect(settings()).not.toEqual(before)
    expect(await detach('--everything')).toMatchObject({ code: 0 })
    expect(settings()).toEqual({
      ...before,
      userPool: { ...before.userPool, AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } },
    })
  })
})

describe('detach', () => {
  test('puts back exactly what was there', async () => {
    aws.state.userPool['LambdaConfig'] = {
      DefineAuthChallenge: functionArn('captcha'),
      PreSignUp: functionArn('invite'),
    }
    aws.state.userPool['AdminCreateUserConfig'] = { AllowAdminCreateUserOnly: true }
    const before = settings()
    expect(await attach('--replace', '--clients', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(settings()).not.toEqual(before)
    expect(await detach()).toMatchObject({ code: 0, err: '' })
    expect(settings()).toEqual(before)
    expect((await detach()).out).toContain('Nothing to change')
  })

  test('puts back exactly what was there of a pool with every field set', async () => {
    const pool = everyMemberOf('UserPoolType')
    Object.assign(pool, { Id: POOL_ID, Arn: aws.state.userPool['Arn'] })
    for (const name of ['EmailVerificationMessage', 'EmailVerificationSubject', 'SmsVerificationMessage'])
      delete pool[name]
    delete objectAt(pool, 'AdminCreateUserConfig')['UnusedAccountValidityDays']
    delete objectAt(pool, 'LambdaConfig')['PreTokenGenerationConfig']
    delete objectAt(pool, 'LambdaConfig')['PreTokenGeneration']
    aws.state.userPool = pool
    const before = settings()
    expect(await attach('--replace', '--clients', CLIENT_ID)).toMatchObject({ code: 0 })
    expect(await detach()).toMatchObject({ code: 0 })
    expect(settings()).toEqual(before)
  })

  test('leaves what others changed since, and says so; --everything puts that back too', async () => {
    aws.state.userPool['AdminCreateUserConfig'] = { AllowAdminCreateUserOnly: true }
    const before = settings()
    await attach()
    aws.state.userPool['DeletionProtection'] = 'INACTIVE'
    aws.state.userPool['UserAttributeUpdateSettings'] = {
      AttributesRequireVerificationBeforeUpdate: ['email'],
    }
    const result = await detach()
    expect(result.out.replace(/\s+/g, ' ')).toContain('user pool DeletionProtection')
    expect(aws.state.userPool['DeletionProtection']).toBe('INACTIVE')
    expect(aws.state.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
    expect(await detach('--everything')).toMatchObject({ code: 0 })
    expect(settings()).toEqual(before)
  })

  test('refuses if others have put their triggers on the pool since, unless --replace insists', async () => {
    await attach()
    objectAt(aws.state.userPool, 'LambdaConfig')['DefineAuthChallenge'] = functionArn('captcha')
    expect((await detach()).err).toContain(functionArn('captcha'))
    expect(await detach('--replace')).toMatchObject({ code: 0 })
    expect(aws.state.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
  })

  test.each<[string, (file: string) => void, string]>([
    ['is not there', () => {}, 'Cannot read --backup'],
    ['is no JSON', file => writeFileSync(file, 'x'), 'cannot be read'],
    ['is something else', file => writeFileSync(file, '{}'), 'not a backup'],
  ])('refuses a backup that %s', async (_, make, message) => {
    make(backup)
    expect((await detach()).err).toContain(message)
  })

  test('refuses a backup of another pool', async () => {
    await attach()
    writeFileSync(backup, readFileSync(backup, 'utf8').replaceAll(POOL_ID, 'eu-central-1_OTHER'))
    expect((await detach()).err).toContain('is a backup of the pool eu-central-1_OTHER')
  })
})

test('the backup is for its owner only, and holds no client secret', async () => {
  await attach('--clients', CLIENT_ID)
  expect(statSync(backup).mode & 0o777).toBe(0o600)
  expect(readFileSync(backup, 'utf8')).not.toContain('a-client-secret')
})

test('a pool in good order needs no attaching', async () => {
  aws.state.userPool = goodPool().userPool
  expect((await attach()).out).toContain('Nothing to change')
})
