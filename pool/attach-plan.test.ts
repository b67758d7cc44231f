// What attach plans: which slots and flows change, what is noted, and what it refuses before anything is written.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type JsonObject, member, objectAt } from '../command/json.ts'
import { packageFile } from '../command/name.ts'
import { type InProcessStandIn, inProcessStandIn } from '../testing/aws-stand-in.ts'
import {
  ARNS,
  CLIENT_ID,
  functionArn,
  POOL_ARN,
  POOL_ID,
  permission,
  poolBeforeAttach,
} from '../testing/example-pool.ts'
import { type AttachOptions, planAttach } from './attach.ts'
import type { Plan } from './plan.ts'
import { TRIGGERS, type Trigger } from './trigger-functions.ts'

const CODE = 'ALLOW_CUSTOM_AUTH'
const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'
const GUARD = {
  PreTokenGeneration: ARNS.PreTokenGeneration,
  PreTokenGenerationConfig: { LambdaVersion: 'V1_0', LambdaArn: ARNS.PreTokenGeneration },
}
const OPTIONS: AttachOptions = {
  userPoolId: POOL_ID,
  arns: ARNS,
  stackName: undefined,
  clientIds: [],
  addFlow: false,
  replace: false,
  guardAll: true,
}

let pool: InProcessStandIn
beforeEach(() => {
  pool = inProcessStandIn(poolBeforeAttach())
})

const planned = (options: Partial<AttachOptions> = {}): Promise<Plan> =>
  planAttach(pool.aws, { ...OPTIONS, ...options })
const refusalOf = async (options: Partial<AttachOptions> = {}) =>
  (await planned({ guardAll: false, ...options })).refusal
const setOn = (trigger: Trigger, variables: JsonObject) =>
  Object.assign(
    objectAt(member(pool.state.functions, ARNS[trigger]), 'configuration', 'Environment', 'Variables'),
    variables,
  )
const addClient = (id: string, name: string, more: JsonObject) => {
  pool.state.clients[id] = { UserPoolId: POOL_ID, ClientId: id, ClientName: name, ...more }
}
const setOnClient = (members: JsonObject) => {
  pool.state.clients[CLIENT_ID] = { ...pool.state.clients[CLIENT_ID], ...members }
}
const HOSTED_UI = {
  AllowedOAuthFlowsUserPoolClient: true,
  AllowedOAuthFlows: ['code'],
  SupportedIdentityProviders: ['COGNITO'],
}

/** The only note on the pool as it is: its one app client is not named. */
const OPEN_CLIENT =
  `Users can still sign in without a code through these app clients: ${CLIENT_ID} (web). ` +
  'Once their app signs in with CUSTOM_AUTH, pass them to attach with --clients.'

describe('the triggers', () => {
  test('are set, and the plan says so for the backup', async () => {
    const plan = await planned()
    expect(plan).toMatchObject({ command: 'attach', userPoolId: POOL_ID, notes: [OPEN_CLIENT] })
    expect(plan.triggers).toEqual({ ...ARNS, ...GUARD })
    expect(plan.to).toEqual({
      ...plan.from,
      userPool: {
        ...plan.from.userPool,
        LambdaConfig: { PostConfirmation: functionArn('welcome'), ...ARNS, ...GUARD },
      },
    })
    expect(plan.from.clients[CLIENT_ID]).toMatchObject({ ExplicitAuthFlows: [SRP, REFRESH] })
    expect(plan).not.toHaveProperty('refusal')
  })

  test('are set a second time without a difference', async () => {
    pool.state.userPool['LambdaConfig'] = { ...ARNS, ...GUARD }
    expect((await planned()).changes).toEqual([])
  })

  test('leave the guard the event version that it has', async () => {
    const config = { LambdaVersion: 'V2_0', LambdaArn: ARNS.PreTokenGeneration }
    pool.state.userPool['LambdaConfig'] = { PreTokenGenerationConfig: config }
    expect((await planned()).triggers).toEqual({ ...ARNS, ...GUARD, PreTokenGenerationConfig: config })
  })

  test('leave the pool its own Pre Token Generation trigger, whose function is not asked for', async () => {
    const own = functionArn('claims')
    pool.state.userPool['LambdaConfig'] = { PreTokenGeneration: own }
    const { PreTokenGeneration: _, ...three } = ARNS
    delete pool.state.functions[ARNS.PreTokenGeneration]
    const plan = await planned({ arns: three, guardAll: false })
    expect(plan.triggers).toEqual(three)
    expect(plan.to.userPool['LambdaConfig']).toEqual({ PreTokenGeneration: own, ...three })
    expect(plan.notes).toEqual([
      `The pool has its own Pre Token Generation trigger, ${own}, which stays. It must call the guard, or a first sign-in can ` +
        `get tokens right after the new password, with no code. Copy ${packageFile('dist/pre-token-generation')}/ into that function ` +
        'as guard/, and make this the first line of its handler:\n' +
        "  await (await import('./guard/index.mjs')).handler(event)\n" +
        'It throws when no tokens may be issued. HOSTED_UI and GUARDED_CLIENT_IDS are then settings of that function. In ' +
        'another language: fail when triggerSource is TokenGeneration_NewPasswordChallenge.',
      OPEN_CLIENT,
    ])
    expect(plan).not.toHaveProperty('refusal')
  })

  test('are read by the ARN of the pool, and by the alias that an ARN names', async () => {
    const alias = `${ARNS.CreateAuthChallenge}:live`
    pool.state.functions[alias] = {
      configuration: { Environment: { Variables: { CODE_TTL_SECONDS: '600' } } },
      policy: permission(),
    }
    const plan = await planned({ arns: { ...ARNS, CreateAuthChallenge: alias }, clientIds: [CLIENT_ID] })
    expect(plan.triggers['CreateAuthChallenge']).toBe(alias)
    expect(plan.to.clients[CLIENT_ID]).toMatchObject({ AuthSessionValidity: 10 })
  })
})

describe('the app clients that are named', () => {
  test('lose the flows that ask for no code, and the others keep theirs', async () => {
    addClient('phone', 'phone', { ExplicitAuthFlows: [SRP] })
    const plan = await planned({ clientIds: [CLIENT_ID] })
    expect(plan.to.clients).toEqual({
      ...plan.from.clients,
      [CLIENT_ID]: { ...plan.from.clients[CLIENT_ID], ExplicitAuthFlows: [CODE, REFRESH] },
    })
    expect(plan.notes).toEqual([OPEN_CLIENT.replace(`${CLIENT_ID} (web)`, 'phone (phone)')])
  })

  test('keep their flows with addFlow, and get the code beside them', async () => {
    const plan = await planned({ clientIds: [CLIENT_ID], addFlow: true })
    expect(plan.to.clients[CLIENT_ID]).toMatchObject({ ExplicitAuthFlows: [SRP, REFRESH, CODE] })
  })

  test.each<[string, JsonObject, number]>([
    ['180', {}, 3],
    ['181', {}, 4],
    ['900', {}, 15],
    ['900', { AuthSessionValidity: 15 }, 15],
    ['60', { AuthSessionValidity: 10 }, 10],
    ['901', {}, 3],
    ['59', {}, 3],
    ['long', {}, 3],
    ['', {}, 3],
  ])('have a session for a code of %s seconds with %j', async (CODE_TTL_SECONDS, members, minutes) => {
    setOn('CreateAuthChallenge', { CODE_TTL_SECONDS })
    setOnClient(members)
    const plan = await planned({ clientIds: [CLIENT_ID] })
    expect(plan.to.clients[CLIENT_ID]).toMatchObject({ AuthSessionValidity: minutes })
  })

  test('get no session length of their own where the default is long enough', async () => {
    const { AuthSessionValidity: _, ...client } = pool.state.clients[CLIENT_ID] ?? {}
    pool.state.clients[CLIENT_ID] = client
    const plan = await planned({ clientIds: [CLIENT_ID] })
    expect(plan.to.clients[CLIENT_ID]).not.toHaveProperty('AuthSessionValidity')
  })

  test('have to exist', async () => {
    await expect(planned({ clientIds: [CLIENT_ID, 'phone'] })).rejects.toMatchObject({
      code: 'client-missing',
      message: 'App client phone does not exist in this user pool.',
    })
  })
})

describe('a note', () => {
  const notes = async (options: Partial<AttachOptions> = {}) =>
    (await planned({ clientIds: [CLIENT_ID], ...options })).notes

  test('is not needed where every client asks for the code', async () => {
    addClient('machine', 'machine', { AllowedOAuthFlows: ['client_credentials'] })
    expect(await notes()).toEqual([])
  })

  test('names the import jobs and the MFA configuration where these could not be read', async () => {
    pool.interfere = operation =>
      operation === 'ListUserImportJobs' || operation === 'GetUserPoolMfaConfig' ? 'deny' : undefined
    expect(await notes()).toEqual([
      expect.stringContaining('import jobs were not checked'),
      expect.stringContaining('MFA configuration could not be read'),
    ])
  })

  test('names all clients that stay open', async () => {
    addClient('phone', 'phone\u001b[2J', { ExplicitAuthFlows: [CODE, 'ALLOW_USER_AUTH'] })
    addClient('kiosk', 'kiosk', {})
    expect(await notes()).toEqual([
      OPEN_CLIENT.replace(`${CLIENT_ID} (web)`, 'phone (phone[2J), kiosk (kiosk)'),
    ])
  })

  test.each([
    ['deny', 'With HOSTED_UI=deny their local users get no tokens there; federated users do.'],
    ['allow', 'With HOSTED_UI=allow their local users get tokens there without a code.'],
  ])('says what HOSTED_UI=%s does', async (HOSTED_UI_SETTING, effect) => {
    pool.state.userPool['Domain'] = 'people'
    setOnClient(HOSTED_UI)
    addClient('old', 'old site', { ExplicitAuthFlows: [CODE], ...HOSTED_UI })
    setOn('PreTokenGeneration', { HOSTED_UI: HOSTED_UI_SETTING })
    expect(await notes()).toEqual([
      `The hosted UI asks for no code, and these app clients use it: ${CLIENT_ID} (web), old (old site). ${effect}`,
    ])
  })

  test('says that a factor set up with the password alone would count', async () => {
    setOn('DefineAuthChallenge', { NATIVE_MFA: 'accept-any' })
    expect(await notes()).toEqual([])
    pool.state.userPool['MfaConfiguration'] = 'ON'
    pool.state.mfa = { MfaConfiguration: 'OFF' }
    expect(await notes()).toEqual([])
    pool.state.userPool['MfaConfiguration'] = 'OFF'
    pool.state.mfa = { MfaConfiguration: 'ON' }
    expect(await notes()).toEqual([
      expect.stringMatching(
        /^Cognito's own MFA is ON and NATIVE_MFA is accept-any\. A user without a factor must/,
      ),
    ])
  })

  test('names a function that does not start with its settings', async () => {
    setOn('CreateAuthChallenge', { CODE_TTL_SECONDS: '901' })
    setOn('VerifyAuthChallengeResponse', { CODE_SECRET: '' })
    expect(await notes()).toEqual([
      'The function for CreateAuthChallenge does not start with its settings, so every sign-in would fail: ' +
        'CODE_TTL_SECONDS must be an integer from 60 to 900.',
      expect.stringMatching(/^The function for VerifyAuthChallengeResponse does not start .*: CODE_SECRET /),
    ])
  })

  test('leaves a language of a mail module to the function', async () => {
    setOn('CreateAuthChallenge', { DEFAULT_LOCALE: 'it' })
    expect(await notes()).toEqual([])
    setOn('CreateAuthChallenge', { DEFAULT_LOCALE: 'Italian?' })
    expect(await notes()).toEqual([expect.stringContaining('DEFAULT_LOCALE must be')])
  })

  test('has the commands to allow functions that could not be read', async () => {
    pool.interfere = operation => (operation === 'GetFunctionConfiguration' ? 'deny' : undefined)
    const allow = (trigger: Trigger) =>
      `\n  aws lambda add-permission --function-name ${ARNS[trigger]} --region eu-central-1 --statement-id cognito-EXAMPLE00 ` +
      `--action lambda:InvokeFunction --principal cognito-idp.amazonaws.com --source-arn ${POOL_ARN} --source-account 111122223333`
    expect(await notes()).toEqual([
      'These functions could not be read (AccessDeniedException: not authorized to perform GetFunctionConfiguration): ' +
        `${TRIGGERS.map(trigger => ARNS[trigger]).join(', ')}. If one does not exist, or the pool may not call it, every ` +
        `sign-in fails. To let the pool call them:${TRIGGERS.map(allow).join('')}`,
    ])
    pool.interfere = (operation, count) => (operation === 'GetPolicy' && count === 2 ? 'deny' : undefined)
    expect(await notes()).toEqual([
      expect.stringContaining(`perform GetPolicy): ${ARNS.CreateAuthChallenge}. If one does not exist`),
    ])
  })
})

describe('nothing is planned', () => {
  test.each([
    ['DefineAuthChallenge', 'CreateAuthChallenge'],
    ['CreateAuthChallenge', 'PreTokenGeneration'],
  ] as const)('while %s and %s are one function', async (trigger, other) => {
    await expect(planned({ arns: { ...ARNS, [other]: ARNS[trigger] } })).rejects.toMatchObject({
      code: 'same-function',
      message: `${trigger} and ${other} name the same function, ${ARNS[trigger]}. Each trigger has a function of its own.`,
    })
    expect(pool.calls).toEqual([])
  })

  test.each([
    ['DefineAuthChallenge', '--define-arn'],
    ['CreateAuthChallenge', '--create-arn'],
    ['VerifyAuthChallengeResponse', '--verify-arn'],
    ['PreTokenGeneration', '--pre-token-arn'],
  ] as const)('without a function for %s', async (trigger, option) => {
    const { [trigger]: _, ...arns } = ARNS
    await expect(planned({ arns })).rejects.toMatchObject({
      code: 'usage',
      message: `Missing required option: ${option} ARN, the function for ${trigger} (or --stack-name NAME for all four).`,
    })
  })

  test('of several functions without an ARN', async () => {
    await expect(planned({ arns: {} })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('--define-arn'),
    })
  })

  test('while users are imported', async () => {
    pool.state.importJobs = [{ JobId: 'import-1', Status: 'InProgress' }]
    await expect(planned()).rejects.toMatchObject({ code: 'import-running' })
  })

  describe('on slots that other functions hold', () => {
    beforeEach(() => {
      pool.state.userPool['LambdaConfig'] = {
        DefineAuthChallenge: ARNS.DefineAuthChallenge,
        CreateAuthChallenge: 'captcha\u001b[2J',
        VerifyAuthChallengeResponse: functionArn('verify'),
      }
    })

    test('unless asked to', async () => {
      await expect(planned()).rejects.toMatchObject({
        code: 'other-triggers',
        message:
          'The pool already has other functions as challenge triggers. Nothing was changed.\n' +
          `  CreateAuthChallenge: captcha[2J\n  VerifyAuthChallengeResponse: ${functionArn('verify')}\n` +
          'A pool has one custom challenge. If those functions are no longer needed, pass --replace; the backup keeps ' +
          'their ARNs, and detach puts them back.',
      })
    })

    test('which a replacement takes', async () => {
      const plan = await planned({ replace: true })
      expect(plan.to.userPool['LambdaConfig']).toEqual({ ...ARNS, ...GUARD })
    })
  })

  test('on a function that does not exist', async () => {
    delete pool.state.functions[ARNS.VerifyAuthChallengeResponse]
    await expect(planned()).rejects.toMatchObject({
      code: 'function-missing',
      message:
        `The function ${ARNS.VerifyAuthChallengeResponse} (for VerifyAuthChallengeResponse) does not exist. ` +
        'Nothing was changed. Deploy it first.',
    })
  })

  test.each([
    ['nobody', undefined],
    ['another pool', permission(`${POOL_ARN}2`)],
  ])('on a function that %s may call', async (_, policy) => {
    const arn = ARNS.DefineAuthChallenge
    const configuration = objectAt(member(pool.state.functions, arn), 'configuration')
    pool.state.functions[arn] = policy === undefined ? { configuration } : { configuration, policy }
    await expect(planned()).rejects.toMatchObject({
      code: 'function-not-callable',
      message:
        `The pool may not call ${arn} (for DefineAuthChallenge): every sign-in would fail. Nothing was changed. Allow it ` +
        `first:\n  aws lambda add-permission --function-name ${arn} --region eu-central-1 --statement-id cognito-EXAMPLE00 ` +
        `--action lambda:InvokeFunction --principal cognito-idp.amazonaws.com --source-arn ${POOL_ARN} --source-account 111122223333`,
    })
  })
})

test('a pool that names no ARN may call no function', async () => {
  const { Arn: _, ...userPool } = pool.state.userPool
  pool.state.userPool = userPool
  await expect(planned()).rejects.toMatchObject({
    code: 'function-not-callable',
    message: expect.stringContaining(" --source-arn ''"),
  })
})

describe('the guard', () => {
  const deploy = (ids: string, stack = 'STACK') =>
    `  aws cloudformation deploy --region eu-central-1 --template-file packaged.yaml --stack-name ${stack} ` +
    `--capabilities CAPABILITY_IAM --parameter-overrides GuardedClientIds=${ids}`
  const coversMessage = (clients: string, ids: string, { stack = 'STACK', unread = '' } = {}) =>
    `The Pre Token Generation guard${unread} would also refuse sign-ins through app clients that do not ask for the code: ` +
    `${clients}. Through these, a first sign-in ends after the new password, and the hosted UI gives no tokens to local users ` +
    'unless HOSTED_UI is allow. Nothing was changed.\n' +
    'Either limit the guard to the app clients that ask for the code (GUARDED_CLIENT_IDS):\n' +
    `${deploy(ids, stack)}\nor pass --guard-all to accept this.`

  test('does not cover clients that ask for no code, unless that is accepted', async () => {
    addClient('phone', 'phone', { ExplicitAuthFlows: [CODE] })
    addClient('kiosk', 'kiosk', { ExplicitAuthFlows: [CODE, REFRESH] })
    addClient('site', 'old site', {})
    const refusal = await refusalOf({ stackName: 'email-code' })
    expect(refusal).toMatchObject({ code: 'guard-covers-clients' })
    expect(refusal?.message).toBe(
      coversMessage(`${CLIENT_ID} (web), site (old site)`, 'phone,kiosk', { stack: 'email-code' }),
    )
    expect((await planned({ guardAll: true })).refusal).toBeUndefined()
  })

  test('covers no client by default where none asks for the code only', async () => {
    expect((await refusalOf())?.message).toBe(coversMessage(`${CLIENT_ID} (web)`, 'none'))
  })

  test('covers every client where its settings cannot be read', async () => {
    pool.interfere = operation => (operation === 'GetFunctionConfiguration' ? 'deny' : undefined)
    const unread = ' (its settings could not be read)'
    expect((await refusalOf())?.message).toBe(coversMessage(`${CLIENT_ID} (web)`, 'none', { unread }))
  })

  test.each(['all', ' all ', ''])('covers every client with %j', async GUARDED_CLIENT_IDS => {
    setOn('PreTokenGeneration', { GUARDED_CLIENT_IDS })
    expect(await refusalOf()).toMatchObject({ code: 'guard-covers-clients' })
  })

  test('may cover a client for machines, and one that asks for the code', async () => {
    addClient('machine', 'machine', { AllowedOAuthFlows: ['client_credentials'] })
    expect(await refusalOf({ clientIds: [CLIENT_ID] })).toBeUndefined()
  })

  test('may cover an open client that it does not list', async () => {
    addClient('phone', 'phone', { ExplicitAuthFlows: [SRP] })
    setOn('PreTokenGeneration', { GUARDED_CLIENT_IDS: `other, ${CLIENT_ID}` })
    expect(await refusalOf({ clientIds: [CLIENT_ID] })).toBeUndefined()
    setOn('PreTokenGeneration', { GUARDED_CLIENT_IDS: `phone, ${CLIENT_ID}` })
    expect(await refusalOf({ clientIds: [CLIENT_ID] })).toMatchObject({ code: 'guard-covers-clients' })
  })

  test('does not cover the hosted UI of a client that is not named, unless that is allowed', async () => {
    pool.state.userPool['Domain'] = 'people'
    setOnClient(HOSTED_UI)
    addClient('old', 'old site', { ExplicitAuthFlows: [CODE], ...HOSTED_UI })
    addClient('plain', 'plain', { ExplicitAuthFlows: [CODE] })
    expect((await refusalOf({ clientIds: [CLIENT_ID] }))?.message).toBe(
      coversMessage('old (old site)', `${CLIENT_ID},old,plain`),
    )
    expect(await refusalOf({ clientIds: [CLIENT_ID, 'old'] })).toBeUndefined()
    setOn('PreTokenGeneration', { HOSTED_UI: 'allow' })
    expect(await refusalOf({ clientIds: [CLIENT_ID] })).toBeUndefined()
  })

  test('was decided on before where it is attached already', async () => {
    pool.state.userPool['LambdaConfig'] = { ...ARNS, ...GUARD }
    expect(await refusalOf()).toBeUndefined()
  })

  describe('that is limited to a list', () => {
    const unguardedMessage = (clients: string, ids: string, stack = 'STACK') =>
      `The Pre Token Generation guard does not cover ${clients} (GUARDED_CLIENT_IDS): a first sign-in through these app clients ` +
      'could end in tokens right after the new password, without a code. Nothing was changed.\n' +
      `Extend the list first:\n${deploy(ids, stack)}`

    beforeEach(() => {
      addClient('phone', 'phone', { ExplicitAuthFlows: [SRP] })
      addClient('kiosk', 'kiosk', { ExplicitAuthFlows: [CODE] })
      setOn('PreTokenGeneration', { GUARDED_CLIENT_IDS: 'kiosk' })
    })

    test.each([true, false])('has to cover what is named, with guardAll %s as well', async guardAll => {
      const clientIds = [CLIENT_ID, 'phone', 'kiosk']
      const refusal = await refusalOf({ clientIds, guardAll, stackName: 'email-code' })
      expect(refusal).toMatchObject({ code: 'guard-leaves-clients-out' })
      expect(refusal?.message).toBe(
        unguardedMessage(`${CLIENT_ID}, phone`, `${CLIENT_ID},phone,kiosk`, 'email-code'),
      )
    })

    test('has to cover it where it is attached already', async () => {
      pool.state.userPool['LambdaConfig'] = { ...ARNS, ...GUARD }
      expect((await refusalOf({ clientIds: ['phone'] }))?.message).toBe(
        unguardedMessage('phone', 'phone,kiosk'),
      )
    })

    test('need not cover a client that keeps other flows', async () => {
      expect(await refusalOf({ clientIds: [CLIENT_ID], addFlow: true })).toBeUndefined()
    })

    test('need not cover clients that are not named', async () => {
      setOn('PreTokenGeneration', { GUARDED_CLIENT_IDS: CLIENT_ID })
      expect(await refusalOf({ clientIds: [CLIENT_ID] })).toBeUndefined()
    })
  })
})
