// check against AWS over HTTP: it reports each planted fault, and nothing on a good pool.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { isJsonObject, type JsonObject, objectAt, stringAt, stringsAt } from '../command/json.ts'
import { type StandIn, type StandInState, startAwsStandIn } from '../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, functionArn, goodPool, POOL_ID, STACK } from '../testing/example-pool.ts'
import { jsonOf, run } from '../testing/pool-run.ts'
import { awsClients } from './aws.ts'
import { readPoolFacts } from './check.ts'
import { FINDING_IDS, findings } from './findings.ts'
import { TRIGGERS, type Trigger } from './trigger-functions.ts'
import { readPoolState, updateUserPool, updateUserPoolClient } from './user-pool.ts'

let aws: StandIn

beforeEach(async () => {
  aws = await startAwsStandIn(goodPool())
})
afterEach(() => aws.stop())

const check = (...more: string[]) => run(aws.environment, ['check', '--user-pool-id', POOL_ID, ...more])

async function found(...more: string[]): Promise<JsonObject[]> {
  const { findings } = jsonOf(await check('--json', ...more))
  return Array.isArray(findings) ? findings.filter(isJsonObject) : []
}

const OPTIONS = {
  userPoolId: POOL_ID,
  expected: {},
  stackName: undefined,
  sample: undefined,
  signInsPerDay: undefined,
  fromAddress: undefined,
}

const ids = (list: readonly JsonObject[]) => list.map(({ id }) => id)

const environment = (state: StandInState, trigger: Trigger) =>
  objectAt(state.functions[ARNS[trigger]]?.configuration, 'Environment', 'Variables')
const client = (state: StandInState) => state.clients[CLIENT_ID] ?? {}
const configurationSetArn = (name: string, region = 'eu-central-1') =>
  `arn:aws:ses:${region}:111122223333:configuration-set/${name}`
const ses = (state: StandInState) => objectAt(state.ses['eu-central-1']?.account)

test('a good pool has no findings, and the exit code is 0', async () => {
  expect(await check()).toMatchObject({ code: 0, err: '' })
  expect(await found()).toEqual([])
  expect(await found('--stack-name', STACK)).toEqual([])
  expect(aws.calls.filter(({ operation }) => !/^(Describe|Get|List|Simulate)/.test(operation))).toEqual([])
})

type Fault = {
  fault: string
  id: string
  /** Where it matters here. */
  level?: 'high' | 'medium' | 'low'
  plant: (state: StandInState) => void
  /** A part of the command that fixes it. */
  fix: string
  args?: string[]
}

const FAULTS: Fault[] = [
  {
    fault: 'a client that allows SRP without the code',
    id: 'client-skips-code',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH']),
    fix: `npx cognito-email-code fix client-skips-code --user-pool-id ${POOL_ID} --region eu-central-1`,
  },
  {
    fault: 'a client that never said which flows, so that SRP is open',
    id: 'client-skips-code',
    plant: state => delete client(state)['ExplicitAuthFlows'],
    fix: 'npx cognito-email-code fix client-skips-code ',
  },
  {
    fault: 'a client with choice-based sign-in',
    id: 'client-skips-code',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_AUTH']),
    fix: 'npx cognito-email-code fix client-skips-code ',
  },
  {
    fault: 'a client with an old flow name',
    id: 'client-skips-code',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['USER_PASSWORD_AUTH']),
    fix: 'npx cognito-email-code fix client-skips-code ',
  },
  {
    fault: 'a client that a server may use without the code',
    id: 'client-admin-flow',
    plant: state =>
      (client(state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH']),
    fix: 'npx cognito-email-code fix client-admin-flow ',
  },
  {
    fault: 'a client that cannot ask for the code',
    id: 'client-cannot-ask',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['ALLOW_REFRESH_TOKEN_AUTH']),
    fix: 'npx cognito-email-code fix client-cannot-ask ',
  },
  {
    fault: 'a client of the hosted UI',
    id: 'client-hosted-ui',
    plant: state => {
      state.userPool['Domain'] = 'people'
      Object.assign(client(state), {
        AllowedOAuthFlowsUserPoolClient: true,
        AllowedOAuthFlows: ['code'],
        SupportedIdentityProviders: ['COGNITO'],
      })
    },
    fix: 'npx cognito-email-code fix client-hosted-ui ',
  },
  {
    fault: 'a client that tells which users exist',
    id: 'client-reveals-users',
    plant: state => (client(state)['PreventUserExistenceErrors'] = 'LEGACY'),
    fix: 'npx cognito-email-code fix client-reveals-users ',
  },
  {
    fault: 'a session shorter than the code',
    id: 'client-session-short',
    plant: state => (environment(state, 'CreateAuthChallenge')['CODE_TTL_SECONDS'] = '300'),
    fix: 'npx cognito-email-code fix client-session-short ',
  },
  {
    fault: 'a missing trigger',
    id: 'trigger-missing',
    plant: state => delete objectAt(state.userPool, 'LambdaConfig')['VerifyAuthChallengeResponse'],
    fix: `npx cognito-email-code attach --user-pool-id ${POOL_ID} --region eu-central-1 --stack-name STACK`,
  },
  {
    fault: 'no guard on the tokens',
    id: 'trigger-missing',
    plant: state => {
      delete objectAt(state.userPool, 'LambdaConfig')['PreTokenGeneration']
      delete objectAt(state.userPool, 'LambdaConfig')['PreTokenGenerationConfig']
    },
    fix: '--stack-name email-code',
    args: ['--stack-name', STACK],
  },
  {
    fault: 'a trigger of another product',
    id: 'trigger-foreign',
    plant: state => putFunction(state, 'DefineAuthChallenge', functionArn('captcha')),
    fix: '--replace',
  },
  {
    fault: 'a trigger that is not the one of the stack',
    id: 'trigger-foreign',
    plant: state => putFunction(state, 'CreateAuthChallenge', functionArn('older'), ARNS.CreateAuthChallenge),
    fix: '--replace',
    args: ['--stack-name', STACK],
  },
  {
    fault: 'a numbered version in a slot',
    id: 'trigger-version',
    plant: state =>
      putFunction(
        state,
        'VerifyAuthChallengeResponse',
        `${ARNS.VerifyAuthChallengeResponse}:7`,
        ARNS.VerifyAuthChallengeResponse,
      ),
    fix: 'npx cognito-email-code attach',
  },
  {
    fault: 'a function that is gone',
    id: 'function-missing',
    plant: state => delete state.functions[ARNS.DefineAuthChallenge],
    fix: 'aws cloudformation deploy',
  },
  {
    fault: 'a function that failed to update',
    id: 'function-not-ready',
    plant: state =>
      Object.assign(objectAt(state.functions[ARNS.CreateAuthChallenge]?.configuration), {
        LastUpdateStatus: 'Failed',
      }),
    fix: `aws lambda get-function --function-name ${ARNS.CreateAuthChallenge}`,
  },
  {
    fault: 'a function that the pool may not call',
    id: 'function-not-callable',
    plant: state => delete state.functions[ARNS.PreTokenGeneration]?.policy,
    fix: `aws lambda add-permission --function-name ${ARNS.PreTokenGeneration}`,
  },
  {
    fault: 'a setting that is wrong',
    id: 'function-settings',
    plant: state => (environment(state, 'CreateAuthChallenge')['FROM_ADDRESS'] = 'nobody'),
    fix: 'aws cloudformation deploy',
  },
  {
    fault: 'functions with different secrets',
    id: 'functions-disagree',
    plant: state =>
      (environment(state, 'VerifyAuthChallengeResponse')['CODE_SECRET'] = 'fedcba9876543210'.repeat(4)),
    fix: 'aws cloudformation deploy',
  },
  {
    fault: 'functions that count attempts differently, one by default',
    id: 'functions-disagree',
    plant: state => {
      environment(state, 'DefineAuthChallenge')['MAX_ATTEMPTS'] = '5'
      delete environment(state, 'VerifyAuthChallengeResponse')['MAX_ATTEMPTS']
    },
    fix: 'aws cloudformation deploy',
  },
  {
    fault: 'a guard for some clients only',
    id: 'guard-staged',
    plant: state => (environment(state, 'PreTokenGeneration')['GUARDED_CLIENT_IDS'] = CLIENT_ID),
    fix: 'GuardedClientIds=all',
  },
  {
    fault: 'a guard that leaves out a client that asks for the code',
    id: 'guard-staged',
    level: 'high',
    plant: state => (environment(state, 'PreTokenGeneration')['GUARDED_CLIENT_IDS'] = 'another'),
    fix: 'GuardedClientIds=all',
  },
  {
    fault: 'a timeout below the deadline',
    id: 'function-timeout',
    plant: state =>
      Object.assign(objectAt(state.functions[ARNS.CreateAuthChallenge]?.configuration), { Timeout: 3 }),
    fix: '--timeout 5',
  },
  {
    fault: 'a log that the metrics cannot read',
    id: 'function-log-format',
    plant: state =>
      Object.assign(objectAt(state.functions[ARNS.DefineAuthChallenge]?.configuration), {
        LoggingConfig: { LogFormat: 'Text' },
      }),
    fix: 'LogFormat=JSON',
  },
  {
    fault: "Cognito's own MFA",
    id: 'native-mfa',
    plant: state => (state.mfa = { MfaConfiguration: 'OPTIONAL' }),
    fix: `aws cognito-idp set-user-pool-mfa-config --user-pool-id ${POOL_ID} --region eu-central-1 --mfa-configuration OFF`,
  },
  {
    fault: "Cognito's own MFA for everybody, so that a factor is set up with the password alone",
    id: 'native-mfa',
    level: 'high',
    plant: state => (state.mfa = { MfaConfiguration: 'ON' }),
    fix: '--mfa-configuration OFF',
  },
  {
    fault: 'a client for machines that takes a password as well',
    id: 'client-skips-code',
    plant: state =>
      Object.assign(client(state), {
        AllowedOAuthFlows: ['client_credentials'],
        ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
      }),
    fix: 'cognito-email-code fix client-skips-code ',
  },
  {
    fault: 'device tracking',
    id: 'device-tracking',
    plant: state => (state.userPool['DeviceConfiguration'] = {}),
    fix: 'npx cognito-email-code fix device-tracking ',
  },
  {
    fault: 'federated users',
    id: 'federated-users',
    plant: state => state.identityProviders.push('Corporate'),
    fix: '--ignore federated-users',
  },
  {
    fault: 'a running user import',
    id: 'user-import',
    plant: state => state.importJobs.push({ JobId: 'import-1', Status: 'Pending' }),
    fix: 'stop-user-import-job',
  },
  {
    fault: 'a user without an address',
    id: 'users-without-email',
    plant: state =>
      state.users.push({
        Username: "o'neill",
        Enabled: true,
        UserStatus: 'FORCE_CHANGE_PASSWORD',
        Attributes: [],
      }),
    fix: "--username 'o'\\''neill' --user-attributes Name=email,Value=ADDRESS-OF-THE-USER",
  },
  {
    fault: 'a user whose address is not verified',
    id: 'users-unverified-email',
    plant: state =>
      state.users.push({
        Username: 'third',
        Enabled: true,
        UserStatus: 'CONFIRMED',
        Attributes: [{ Name: 'email', Value: 'third@example.com' }],
      }),
    fix: 'aws cognito-idp get-user-attribute-verification-code --region eu-central-1 --access-token ACCESS-TOKEN-OF-THE-USER',
  },
  {
    fault: 'a sender that SES does not know',
    id: 'ses-identity-unverified',
    plant: state =>
      (state.ses['eu-central-1'] = {
        account: ses(state),
        identities: { 'example.com': false },
        configurationSets: [],
      }),
    fix: 'aws sesv2 create-email-identity --region eu-central-1 --email-identity example.com',
  },
  {
    fault: 'a sender that the fallback region does not know',
    id: 'ses-fallback-unverified',
    plant: state => (environment(state, 'CreateAuthChallenge')['SES_FALLBACK_REGION'] = 'eu-west-1'),
    fix: '--region eu-west-1',
  },
  {
    fault: 'a configuration set that is not there',
    id: 'ses-configuration-set-missing',
    plant: state => {
      environment(state, 'CreateAuthChallenge')['SES_CONFIGURATION_SET'] = 'codes'
      state.allowedResources.push(configurationSetArn('codes'))
    },
    fix: '--configuration-set-name codes',
  },
  {
    fault: 'SES in the sandbox',
    id: 'ses-sandbox',
    plant: state => (ses(state)['ProductionAccessEnabled'] = false),
    fix: '--production-access-enabled',
  },
  {
    fault: 'SES paused by its owner',
    id: 'ses-paused',
    plant: state => (ses(state)['SendingEnabled'] = false),
    fix: '--sending-enabled',
  },
  {
    fault: 'SES stopped by AWS',
    id: 'ses-paused',
    plant: state => (ses(state)['EnforcementStatus'] = 'SHUTDOWN'),
    fix: 'aws sesv2 get-account',
  },
  {
    fault: 'more users than mails a day',
    id: 'ses-quota',
    plant: state => (state.userPool['EstimatedNumberOfUsers'] = 60_000),
    fix: 'request-service-quota-increase',
  },
  {
    fault: 'more sign-ins than mails a day',
    id: 'ses-quota',
    plant: () => {},
    fix: '--desired-value 90015',
    args: ['--sign-ins-per-day', '60000'],
  },
  {
    fault: 'a client with a flow that is not known',
    id: 'client-skips-code',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_VOICE_AUTH']),
    fix: 'npx cognito-email-code fix client-skips-code ',
  },
  {
    fault: 'a client that got the code beside its old flows',
    id: 'client-skips-code',
    plant: state =>
      (client(state)['ExplicitAuthFlows'] = [
        'ALLOW_USER_SRP_AUTH',
        'ALLOW_REFRESH_TOKEN_AUTH',
        'ALLOW_CUSTOM_AUTH',
      ]),
    fix: 'npx cognito-email-code fix client-skips-code ',
  },
  {
    fault: 'a client that may write the address',
    id: 'client-writes-email',
    plant: state =>
      (state.userPool['SchemaAttributes'] = [
        { Name: 'email', AttributeDataType: 'String', Required: false, Mutable: true },
      ]),
    fix: 'npx cognito-email-code fix client-writes-email ',
  },
  {
    fault: 'a client of an identity provider that may write the address',
    id: 'client-writes-email',
    plant: state => {
      state.userPool['SchemaAttributes'] = []
      client(state)['SupportedIdentityProviders'] = ['COGNITO', 'Corporate']
      client(state)['WriteAttributes'] = ['email', 'name']
    },
    fix: '--ignore client-writes-email',
  },
  {
    fault: 'an address that can be changed without proof',
    id: 'email-change-unverified',
    plant: state => delete state.userPool['UserAttributeUpdateSettings'],
    fix: 'npx cognito-email-code fix email-change-unverified ',
  },
  {
    fault: 'an address that can be changed without proof, in a pool that proves phone numbers only',
    id: 'email-change-unverified',
    plant: state => {
      state.userPool['AutoVerifiedAttributes'] = ['phone_number']
      state.userPool['UserAttributeUpdateSettings'] = {
        AttributesRequireVerificationBeforeUpdate: ['phone_number'],
      }
    },
    fix: 'npx cognito-email-code fix email-change-unverified ',
  },
  {
    fault: 'codes for unverified addresses where every address is verified',
    id: 'unverified-email-allowed',
    plant: state => delete environment(state, 'CreateAuthChallenge')['UNVERIFIED_EMAIL'],
    fix: '--parameter-overrides UnverifiedEmail=refuse',
  },
  {
    fault: 'a password that the mailbox can reset',
    id: 'recovery-by-email',
    plant: state =>
      (state.userPool['AccountRecoverySetting'] = {
        RecoveryMechanisms: [
          { Name: 'verified_phone_number', Priority: 1 },
          { Name: 'verified_email', Priority: 2 },
        ],
      }),
    fix: 'npx cognito-email-code fix recovery-by-email ',
  },
  {
    fault: 'a pool that never said how a password is reset',
    id: 'recovery-by-email',
    plant: state => delete state.userPool['AccountRecoverySetting'],
    fix: 'npx cognito-email-code fix recovery-by-email ',
  },
  {
    fault: 'refresh tokens of before attach',
    id: 'client-refresh-tokens',
    plant: state => (client(state)['LastModifiedDate'] = Date.now() / 1000 - 6 * 86_400),
    fix: 'aws cognito-idp admin-user-global-sign-out',
  },
  {
    fault: 'recording that was left on',
    id: 'events-recorded',
    plant: state => {
      for (const trigger of TRIGGERS) environment(state, trigger)['RECORD_EVENTS'] = 'on'
    },
    fix: '--parameter-overrides RecordEvents=off',
  },
  {
    fault: 'an alarm that goes nowhere',
    id: 'alarms-silent',
    plant: state => Object.assign(objectAt(state.alarms[0]), { AlarmActions: [] }),
    fix: '--parameter-overrides AlarmTopicArn=TOPIC_ARN',
  },
  {
    fault: 'an alarm that is switched off',
    id: 'alarms-silent',
    plant: state => Object.assign(objectAt(state.alarms[0]), { ActionsEnabled: false }),
    fix: '--parameter-overrides AlarmTopicArn=TOPIC_ARN',
    args: ['--stack-name', STACK],
  },
  {
    fault: 'only alarms of others',
    id: 'alarms-silent',
    plant: state => (state.alarms = [{ AlarmName: 'disk', Namespace: 'others', AlarmActions: ['arn'] }]),
    fix: '--parameter-overrides AlarmTopicArn=TOPIC_ARN',
  },
  {
    fault: 'a default configuration set that the role may not send with',
    id: 'ses-configuration-set-denied',
    plant: state =>
      Object.assign(objectAt(state.ses['eu-central-1']?.defaultConfigurationSets), {
        'example.com': 'events',
      }),
    fix: 'aws cloudformation deploy --region eu-central-1 --template-file packaged.yaml',
  },
  {
    fault: 'a role that may not send raw mails from the sender',
    id: 'ses-sending-denied',
    plant: state => (state.allowedResources = []),
    fix: 'aws cloudformation deploy --region eu-central-1 --template-file packaged.yaml',
  },
  {
    fault: 'a limit table in which the role may not count',
    id: 'limit-table-denied',
    level: 'medium',
    plant: state => (environment(state, 'CreateAuthChallenge')['LIMIT_TABLE'] = 'limits'),
    fix: 'aws cloudformation deploy --region eu-central-1 --template-file packaged.yaml',
  },
  {
    fault: 'a limit table in which the role may not count, without which no mail goes',
    id: 'limit-table-denied',
    level: 'high',
    plant: state =>
      Object.assign(environment(state, 'CreateAuthChallenge'), {
        LIMIT_TABLE: 'limits',
        LIMIT_FAILURE: 'refuse',
      }),
    fix: 'aws cloudformation deploy --region eu-central-1 --template-file packaged.yaml',
  },
]

/** Puts a function into a slot; without `like` one that has nothing to do with this project. */
function putFunction(state: StandInState, trigger: Trigger, arn: string, like?: string): void {
  objectAt(state.userPool, 'LambdaConfig')[trigger] = arn
  const model = state.functions[like ?? ARNS[trigger]]
  const configuration =
    like === undefined ? { FunctionArn: arn } : { ...model?.configuration, FunctionArn: arn }
  state.functions[arn] = { configuration, ...(model?.policy && { policy: model.policy }) }
}

describe('check finds', () => {
  test.each(FAULTS)('$fault', async ({ id, level, plant, fix, args = [] }) => {
    plant(aws.state)
    const findings = await found(...args)
    expect([...new Set(ids(findings))]).toEqual([id])
    const [finding] = findings
    if (level !== undefined) expect(finding).toMatchObject({ level })
    expect(stringAt(finding, 'fix')).toContain(fix)
    expect(stringAt(finding, 'what')).toBeDefined()
    expect(stringAt(finding, 'why')).toBeDefined()
    const table = await check(...args)
    expect(table.code).toBe(1)
    expect(table.out.split('\n').map(line => line.trim())).toContain(stringAt(finding, 'fix'))
  })

  test('at least fifteen kinds of fault', () => {
    expect(new Set(FAULTS.map(({ id }) => id)).size).toBeGreaterThanOrEqual(15)
  })

  test('all of them at once, the worst first', async () => {
    for (const { plant } of FAULTS) plant(aws.state)
    const levels = (await found()).map(({ level }) => ['high', 'medium', 'low'].indexOf(String(level)))
    expect(levels).toEqual(levels.toSorted())
    expect(levels.length).toBeGreaterThan(15)
  })

  test('every trigger missing on a pool with nothing attached, in one finding', async () => {
    aws.state.userPool['LambdaConfig'] = {}
    const missing = (await found()).filter(({ id }) => id === 'trigger-missing')
    expect(missing.map(({ what }) => what)).toEqual([`The pool has no trigger for ${TRIGGERS.join(', ')}`])
  })

  test('clients that allow nothing but the code on a pool that cannot ask for it', async () => {
    aws.state.userPool['LambdaConfig'] = {}
    const stranded = (await found()).find(({ id }) => id === 'client-stranded')
    expect(stranded).toMatchObject({ level: 'high', what: expect.stringContaining(CLIENT_ID) })
    expect(stringAt(stranded, 'fix')).toContain('npx cognito-email-code attach')
    client(aws.state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH']
    expect(ids(await found())).not.toContain('client-stranded')
  })

  test('clients without the code on a pool without triggers, for attach to name', async () => {
    aws.state.userPool['LambdaConfig'] = {}
    client(aws.state)['ExplicitAuthFlows'] = ['ALLOW_USER_SRP_AUTH']
    aws.state.clients['second'] = { ...client(aws.state), ClientId: 'second', ClientName: 'app' }
    const skipping = (await found()).filter(({ id }) => id === 'client-skips-code')
    expect(skipping).toHaveLength(1)
    expect(stringAt(skipping[0], 'fix')).toContain(`--clients ${CLIENT_ID},second`)
  })

  test("an authenticator app that a stranger may set up, where Cognito's MFA is on and any factor counts", async () => {
    aws.state.mfa = { MfaConfiguration: 'ON' }
    environment(aws.state, 'DefineAuthChallenge')['NATIVE_MFA'] = 'accept-any'
    const enrolment = (await found()).find(({ id }) => id === 'native-mfa-enrolment')
    expect(enrolment).toMatchObject({ level: 'high', why: expect.stringContaining('MFA_SETUP') })
    expect(stringAt(enrolment, 'fix')).toContain('--parameter-overrides NativeMfa=accept-email')
    environment(aws.state, 'DefineAuthChallenge')['NATIVE_MFA'] = 'accept-email'
    expect(ids(await found())).not.toContain('native-mfa-enrolment')
    aws.state.mfa = { MfaConfiguration: 'OPTIONAL' }
    environment(aws.state, 'DefineAuthChallenge')['NATIVE_MFA'] = 'accept-any'
    expect(ids(await found())).not.toContain('native-mfa-enrolment')
  })

  test('what each way out of recovery by e-mail costs', async () => {
    delete aws.state.userPool['AccountRecoverySetting']
    const [recovery] = await found()
    for (const part of ['admin_only', 'support', 'verified_phone_number', 'SMS', 'server of your own'])
      expect(stringAt(recovery, 'why')).toContain(part)
  })

  test('a client that may write the address less sharply where unverified addresses are refused', async () => {
    aws.state.userPool['SchemaAttributes'] = []
    expect(await found()).toMatchObject([{ id: 'client-writes-email', level: 'medium' }])
    environment(aws.state, 'CreateAuthChallenge')['UNVERIFIED_EMAIL'] = 'send'
    expect((await found())[0]).toMatchObject({ id: 'client-writes-email', level: 'high' })
    client(aws.state)['WriteAttributes'] = ['name']
    expect(ids(await found())).toEqual(['unverified-email-allowed'])
    Object.assign(client(aws.state), { WriteAttributes: [], SupportedIdentityProviders: ['Corporate'] })
    expect((await found())[0]).toMatchObject({
      id: 'client-writes-email',
      fix: expect.stringContaining('--parameter-overrides UnverifiedEmail=refuse'),
    })
  })

  test('the default configuration set of the fallback region too', async () => {
    environment(aws.state, 'CreateAuthChallenge')['SES_FALLBACK_REGION'] = 'eu-west-1'
    aws.state.ses['eu-west-1'] = {
      account: {},
      identities: { 'no-reply@example.com': true },
      configurationSets: [],
      defaultConfigurationSets: { 'no-reply@example.com': 'west' },
    }
    aws.state.allowedResources.push('arn:aws:ses:eu-west-1:111122223333:identity/no-reply@example.com')
    const [denied] = await found()
    expect(denied).toMatchObject({
      id: 'ses-configuration-set-denied',
      what: expect.stringContaining(configurationSetArn('west', 'eu-west-1')),
    })
    aws.state.allowedResources.push(configurationSetArn('west', 'eu-west-1'))
    expect(await found()).toEqual([])
    aws.state.allowedResources = aws.state.allowedResources.filter(
      arn => !arn.includes('eu-west-1:111122223333:identity/'),
    )
    expect(ids(await found())).toEqual(['ses-sending-denied'])
  })

  test('a sender of which only the parent domain is verified in good order', async () => {
    environment(aws.state, 'CreateAuthChallenge')['FROM_ADDRESS'] = 'no-reply@mail.app.example.com'
    expect(await found()).toEqual([])
  })

  test('what a sender given with --from-address lacks before anything is deployed', async () => {
    aws.state.userPool['LambdaConfig'] = {}
    expect(ids(await found('--from-address', 'a@example.org'))).toContain('ses-identity-unverified')
    expect(ids(await found('--from-address', 'a@example.com'))).not.toContain('ses-identity-unverified')
  })
})

describe('check leaves alone', () => {
  test('unverified addresses that some users have, or that it did not look for', async () => {
    delete environment(aws.state, 'CreateAuthChallenge')['UNVERIFIED_EMAIL']
    expect(await found('--sample', '1')).toEqual([])
    objectAt(aws.state.users[0])['Attributes'] = [{ Name: 'email', Value: 'first@example.com' }]
    expect(ids(await found())).toEqual(['users-unverified-email'])
  })

  test('refresh tokens that have expired, or that the client never issued without a code', async () => {
    const changedAt = Date.now() / 1000 - 8 * 86_400
    client(aws.state)['LastModifiedDate'] = changedAt
    expect(await found()).toEqual([])
    Object.assign(client(aws.state), { RefreshTokenValidity: 100, CreationDate: changedAt })
    expect(await found()).toEqual([])
    Object.assign(client(aws.state), {
      CreationDate: 1_700_000_000,
      TokenValidityUnits: { RefreshToken: 'hours' },
    })
    expect(await found()).toEqual([])
    objectAt(client(aws.state)['TokenValidityUnits'])['RefreshToken'] = 'days'
    expect(ids(await found())).toEqual(['client-refresh-tokens'])
  })

  test('alarms on the functions themselves that notify someone', async () => {
    const metric = { Namespace: 'AWS/Lambda', MetricName: 'Errors' }
    const dimensions = [{ Name: 'FunctionName', Value: 'create-auth-challenge' }]
    aws.state.alarms = [
      { AlarmName: 'errors', AlarmActions: ['arn'], ...metric, Dimensions: dimensions },
      {
        AlarmName: 'sum',
        AlarmActions: ['arn'],
        Metrics: [
          { Id: 'a', MetricStat: { Metric: { ...metric, Dimensions: dimensions }, Period: 60, Stat: 'Sum' } },
        ],
      },
    ]
    expect(await found()).toEqual([])
    delete objectAt(aws.state.alarms[1])['AlarmActions']
    aws.state.alarms.push({ AlarmName: 'all', AlarmRule: 'ALARM("sum")', AlarmActions: ['arn'] })
    expect(await found()).toEqual([])
    Object.assign(objectAt(aws.state.alarms[2]), { ActionsEnabled: false })
    expect(await found()).toMatchObject([{ id: 'alarms-silent', what: expect.stringContaining('sum') }])
  })

  test('a limit table in which the role may count', async () => {
    environment(aws.state, 'CreateAuthChallenge')['LIMIT_TABLE'] = 'limits'
    aws.state.allowedResources.push('arn:aws:dynamodb:eu-central-1:111122223333:table/limits')
    expect(await found()).toEqual([])
  })

  test('a role that may send from the address alone, or from its domain alone', async () => {
    for (const identity of ['no-reply@example.com', 'example.com']) {
      aws.state.allowedResources = [`arn:aws:ses:eu-central-1:111122223333:identity/${identity}`]
      expect(await found()).toEqual([])
    }
    const asked = aws.calls.filter(({ operation }) => operation === 'SimulatePrincipalPolicy')
    expect(new Set(asked.map(({ body }) => body['ActionNames.member.1']))).toEqual(
      new Set(['ses:SendRawEmail']),
    )
  })

  test('clients for machines', async () => {
    aws.state.clients['machine'] = {
      UserPoolId: POOL_ID,
      ClientId: 'machine',
      ClientName: 'nightly',
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
      AllowedOAuthFlows: ['client_credentials'],
    }
    expect(await found()).toEqual([])
  })

  test('users who do not sign in here with a password', async () => {
    for (const UserStatus of ['EXTERNAL_PROVIDER', 'UNCONFIRMED'])
      aws.state.users.push({ Username: UserStatus, Enabled: true, UserStatus })
    aws.state.users.push({ Username: 'gone', Enabled: false, UserStatus: 'CONFIRMED' })
    expect(await found()).toEqual([])
  })

  test('findings that were accepted with --ignore', async () => {
    aws.state.identityProviders.push('Corporate')
    expect(await check('--ignore', 'federated-users,native-mfa')).toMatchObject({ code: 0 })
  })

  test('but --ignore with an id that no finding has is an error that lists the ids', async () => {
    const { code, out, err } = await check('--ignore', 'federated-users,native-mfaa', '--json')
    expect([code, aws.calls]).toEqual([2, []])
    expect(jsonOf({ code, out, err })).toMatchObject({ code: 'usage' })
    expect(err).toContain('Unknown finding in --ignore: native-mfaa. Findings: client-skips-code, ')
  })

  test('and docs/existing-pool.md explains every finding', () => {
    const page = readFileSync('docs/existing-pool.md', 'utf8')
    const explained = [...page.matchAll(/^\| `([a-z-]+)` \| (?:high|medium|low)/gm)].map(([, id]) => id)
    expect(explained).toEqual(FINDING_IDS)
  })

  test('and a test names every finding', () => {
    const tests = ['check', 'deliverability'].map(name => readFileSync(`pool/${name}.test.ts`, 'utf8')).join()
    expect(FINDING_IDS.filter(id => !tests.includes(`'${id}'`))).toEqual([])
  })
})

describe('users', () => {
  beforeEach(() => {
    aws.state.users = Array.from({ length: 150 }, (_, index) => ({
      Username: `user-${index}`,
      Enabled: true,
      UserStatus: 'CONFIRMED',
      Attributes:
        index === 149
          ? []
          : [
              { Name: 'email', Value: `${index}@example.com` },
              { Name: 'email_verified', Value: 'True' },
            ],
    }))
    aws.state.userPool['EstimatedNumberOfUsers'] = 150
  })

  test('are looked at page by page', async () => {
    expect(ids(await found())).toEqual(['users-without-email'])
    expect(aws.calls.filter(({ operation }) => operation === 'ListUsers')).toHaveLength(3)
  })

  test('are looked at only as far as --sample says', async () => {
    expect(jsonOf(await check('--json', '--sample', '70'))).toMatchObject({ usersLookedAt: 70, findings: [] })
    expect(aws.calls.filter(({ operation }) => operation === 'ListUsers')).toHaveLength(2)
  })

  test('have a progress bar on a terminal, and nowhere else', async () => {
    const args = ['check', '--user-pool-id', POOL_ID]
    expect((await run(aws.environment, args, { stderrIsTerminal: true })).err).toContain(
      '[##########..............] 60 of about 150',
    )
    expect((await run(aws.environment, args)).err).toBe('')
  })
})

describe('what fix is to change', () => {
  const changing = FAULTS.filter(({ fix }) => fix.startsWith('npx cognito-email-code fix'))

  test.each(changing)('is taken by Cognito and ends the finding: $fault', async ({ id, plant }) => {
    plant(aws.state)
    Object.assign(process.env, aws.environment)
    const clients = awsClients('eu-central-1')
    const facts = await readPoolFacts(clients, OPTIONS, { show: () => {}, end: () => {} })
    const change = findings(facts).find(it => it.id === id)?.change
    if (change === undefined) throw new Error('no change')
    const before = await readPoolState(clients.cognito, POOL_ID, change.clientIds)
    const after = change.apply(before)
    // Cognito verifies before an update only what is among AutoVerifiedAttributes (Terraform's provider documents it).
    expect(stringsAt(after.userPool, 'AutoVerifiedAttributes')).toEqual(
      expect.arrayContaining(
        stringsAt(after.userPool, 'UserAttributeUpdateSettings', 'AttributesRequireVerificationBeforeUpdate'),
      ),
    )
    await updateUserPool(clients.cognito, after.userPool, before.userPool)
    for (const changed of Object.values(after.clients)) await updateUserPoolClient(clients.cognito, changed)
    expect(ids(await found())).not.toContain(id)
  })

  test('is never left to a command that writes the pool or a client past the backup', async () => {
    for (const { plant } of FAULTS) plant(aws.state)
    for (const finding of await found()) expect(stringAt(finding, 'fix')).not.toMatch(/jq|update-user-pool/)
    expect(new Set(changing.map(({ id }) => id)).size).toBe(10)
  })

  test('is never printed', async () => {
    for (const { plant } of FAULTS) plant(aws.state)
    for (const finding of await found())
      expect(Object.keys(finding)).toEqual(['id', 'level', 'what', 'why', 'fix'])
  })

  test.each([[['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']], [['CUSTOM_AUTH_FLOW_ONLY']]])(
    'lets a stranded client with %j sign in again',
    async flows => {
      aws.state.userPool['LambdaConfig'] = {}
      client(aws.state)['ExplicitAuthFlows'] = flows
      Object.assign(process.env, aws.environment)
      const facts = await readPoolFacts(awsClients('eu-central-1'), OPTIONS, {
        show: () => {},
        end: () => {},
      })
      const change = findings(facts).find(it => it.id === 'client-stranded')?.change
      const { clients } = aws.state
      const after = change?.apply({ userPool: aws.state.userPool, mfa: aws.state.mfa, clients })
      expect(after?.clients[CLIENT_ID]?.['ExplicitAuthFlows']).toEqual([
        'ALLOW_CUSTOM_AUTH',
        'ALLOW_REFRESH_TOKEN_AUTH',
        'ALLOW_USER_SRP_AUTH',
      ])
    },
  )
})

describe('what may not be read', () => {
  test.each([
    ['GetFunctionConfiguration', 'lambda:GetFunctionConfiguration', 'medium'],
    ['ListUsers', 'cognito-idp:ListUsers', 'medium'],
    ['ListUserPoolClients', 'cognito-idp:ListUserPoolClients', 'medium'],
    ['GetAccount', 'ses:GetAccount', 'medium'],
    ['ListIdentityProviders', 'cognito-idp:ListIdentityProviders', 'medium'],
    ['ListUserImportJobs', 'cognito-idp:ListUserImportJobs', 'low'],
    ['GetUserPoolMfaConfig', 'cognito-idp:GetUserPoolMfaConfig', 'low'],
    ['DescribeAlarms', 'cloudwatch:DescribeAlarms', 'low'],
  ])('%s is a note that names the right', async (denied, right, level) => {
    aws.interfere = operation => (operation === denied ? 'deny' : undefined)
    const findings = await found()
    expect(findings).toMatchObject([{ id: 'not-checked', level }])
    expect(stringAt(findings[0], 'why')).toContain(right)
    expect(stringAt(findings[0], 'fix')).toBe('aws sts get-caller-identity --region eu-central-1')
  })

  test("the role's rights are a note that names the configuration set to look at", async () => {
    objectAt(aws.state.ses['eu-central-1']?.defaultConfigurationSets)['example.com'] = 'events'
    aws.interfere = operation => (operation === 'SimulatePrincipalPolicy' ? 'deny' : undefined)
    expect(await found()).toMatchObject([
      { id: 'not-checked', level: 'low', what: expect.stringContaining(configurationSetArn('events')) },
    ])
  })

  test('several things that may not be read are one note, as important as the most important of them', async () => {
    aws.interfere = operation =>
      ['ListUserImportJobs', 'ListUsers', 'ListIdentityProviders'].includes(operation) ? 'deny' : undefined
    const notes = await found()
    expect(notes).toMatchObject([{ id: 'not-checked', level: 'medium' }])
    for (const { operation } of aws.calls.filter(it => /^List.*(Jobs|Users|Providers)$/.test(it.operation)))
      expect(stringAt(notes[0], 'why')).toContain(`cognito-idp:${operation}`)
  })

  test('an operation that the endpoint does not have is not put down to missing rights', async () => {
    aws.interfere = operation => (operation === 'ListUserImportJobs' ? 'unknown' : undefined)
    const [note] = await found()
    expect(note).toMatchObject({ id: 'not-checked', level: 'low' })
    expect(stringAt(note, 'why')).toContain('does not have this operation')
    expect(stringAt(note, 'fix')).not.toContain('get-caller-identity')
  })

  test('a name that does not resolve is not put down to missing rights', async () => {
    aws.environment['AWS_ENDPOINT_URL_SESV2'] = 'http://ses.invalid'
    const [note] = await found()
    expect(note).toMatchObject({ id: 'not-checked', level: 'medium' })
    expect(stringAt(note, 'why')).toContain('no connection')
    expect(stringAt(note, 'fix')).not.toContain('get-caller-identity')
  })

  test('is an error if it is the pool itself', async () => {
    aws.interfere = operation => (operation === 'DescribeUserPool' ? 'deny' : undefined)
    const result = await check('--json')
    expect(result.code).toBe(2)
    expect(String(jsonOf(result)['error'])).toContain('not authorized to perform DescribeUserPool')
  })

  test('is an error with what to look at if nothing answers', async () => {
    aws.environment['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER'] = 'http://cognito.invalid'
    expect(jsonOf(await check('--json'))).toMatchObject({
      code: 'no-connection',
      error: expect.stringContaining('Check the network, the proxy and the AWS_ENDPOINT_URL variables'),
    })
  })
})

test('no command that check prints claims that an address is verified', async () => {
  for (const { plant } of FAULTS) plant(aws.state)
  const fixes = (await found()).map(({ fix }) => String(fix))
  expect(fixes.join('\n')).toContain('Name=email,')
  expect(fixes.filter(fix => fix.includes('email_verified'))).toEqual([])
})

test('no output shows a secret', async () => {
  for (const { plant } of FAULTS) plant(aws.state)
  const secrets = ['0123456789abcdef'.repeat(4), 'fedcba9876543210'.repeat(4), 'a-client-secret']
  const { out, err } = await check()
  const json = await check('--json')
  for (const secret of secrets) expect(out + err + json.out + json.err).not.toContain(secret)
})

test('the table has colours on a terminal only', async () => {
  aws.state.identityProviders.push('Corporate')
  const args = ['check', '--user-pool-id', POOL_ID]
  expect((await run(aws.environment, args, { typed: '' })).out).toContain('\u001b[')
  expect((await run(aws.environment, args)).out).not.toContain('\u001b[')
})

test('the documentation names every finding that check can have, and no other', () => {
  const documented = [...readFileSync('docs/existing-pool.md', 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
    match => match[1],
  )
  const sources = readdirSync('pool/findings').map(file => readFileSync(`pool/findings/${file}`, 'utf8'))
  const inCode = [...sources.join('\n').matchAll(/\bid(?:: | = )'([a-z-]+)'/g)].map(match => match[1])
  expect(documented.toSorted()).toEqual([...new Set(inCode)].toSorted())
})

describe('commands to paste', () => {
  const SPELL = 'x;touch$IFS'
  const HOSTILE = `${SPELL} \u001b[2J'`

  /** Every finding that check has, on a pool on which everything is wrong. */
  async function everything(): Promise<JsonObject[]> {
    for (const { plant } of FAULTS) plant(aws.state)
    const denied = await found()
    aws.state.userPool['LambdaConfig'] = {}
    return [...denied, ...(await found())]
  }

  test('name the region, stand on one line, and are not printed twice', async () => {
    for (const { plant } of FAULTS) plant(aws.state)
    const findings = await found()
    const all = findings.map(({ fix }) => String(fix))
    expect(new Set(findings.map(({ id, fix }) => `${id} ${fix}`)).size).toBe(all.length)
    for (const fix of all) expect(fix).toMatch(/^[^\p{Cc}]* --region [^\p{Cc}]*$/u)
    const lines = (await check()).out.split('\n').map(line => line.trim())
    for (const fix of all) expect([fix, lines.filter(line => line === fix).length]).toEqual([fix, 1])
    expect(lines).toContain('The command of function-settings fixes this as well.')
  })

  test('are understood by the command line that they name', async () => {
    const commands = (await everything()).map(({ fix }) => String(fix))
    for (const command of commands.filter(text => /^npx cognito-email-code (?!fix)/.test(text))) {
      const [, , name = '', ...args] = wordsOf(command)
      const { err } = await run(aws.environment, [name, ...args, '--help'])
      expect(err).toBe('')
    }
  })

  test('hold a hostile value as one word, and no text from AWS reaches the terminal raw', async () => {
    environment(aws.state, 'CreateAuthChallenge')['FROM_ADDRESS'] = `no-reply@b.de${SPELL}`
    client(aws.state)['ClientName'] = 'web\u001b[1A\u001b[2K'
    client(aws.state)['PreventUserExistenceErrors'] = 'LEGACY'
    aws.state.identityProviders.push('Corporate\n$ rm -rf ~')
    aws.state.users.push({ Username: HOSTILE, Enabled: true, UserStatus: 'CONFIRMED', Attributes: [] })
    const all = await found()
    const fixOf = (id: string) => wordsOf(String(all.find(it => it['id'] === id)?.['fix']))
    expect(fixOf('ses-identity-unverified')).toContain(`b.de${SPELL}`)
    expect(fixOf('users-without-email')).toContain(`${SPELL} [2J'`)
    const { out } = await check()
    expect(out).not.toContain('\u001b')
    expect(out.split('\n').filter(line => line.includes('rm -rf'))).toHaveLength(1)
    expect(out).not.toMatch(/^\s*(\$ )?rm/m)
  })
})

/** The words that a POSIX shell makes of one simple command; the command itself is not run. */
function wordsOf(line: string): string[] {
  const out = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
  return out.split('\0').slice(0, -1)
}
