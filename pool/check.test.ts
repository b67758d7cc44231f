// check against AWS over HTTP: it finds each planted fault, and nothing on a good pool.
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { isJsonObject, type JsonObject, objectAt, textAt } from '../command/json.ts'
import { type StandIn, type StandInState, startAwsStandIn } from '../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, functionArn, goodPool, POOL_ID, STACK } from '../testing/example-pool.ts'
import { jsonOf, run } from '../testing/pool-run.ts'
import { TRIGGERS, type Trigger } from './trigger-functions.ts'

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

const ids = (list: readonly JsonObject[]) => list.map(({ id }) => id)

const environment = (state: StandInState, trigger: Trigger) =>
  objectAt(state.functions[ARNS[trigger]]?.configuration, 'Environment', 'Variables')
const client = (state: StandInState) => state.clients[CLIENT_ID] ?? {}
const ses = (state: StandInState) => objectAt(state.ses['eu-central-1']?.account)

test('a good pool has no findings, and the exit code is 0', async () => {
  expect(await check()).toMatchObject({ code: 0, err: '' })
  expect(await found()).toEqual([])
  expect(await found('--stack-name', STACK)).toEqual([])
  expect(aws.calls.filter(({ operation }) => !/^(Describe|Get|List)/.test(operation))).toEqual([])
})

type Fault = {
  fault: string
  id: string
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
    fix: `npm run pool -- attach --user-pool-id ${POOL_ID} --define-arn ${ARNS.DefineAuthChallenge} --create-arn ${ARNS.CreateAuthChallenge}`,
  },
  {
    fault: 'a client that never said which flows, so that SRP is open',
    id: 'client-skips-code',
    plant: state => delete client(state)['ExplicitAuthFlows'],
    fix: `--clients ${CLIENT_ID}`,
  },
  {
    fault: 'a client with choice-based sign-in',
    id: 'client-skips-code',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_AUTH']),
    fix: `--clients ${CLIENT_ID}`,
  },
  {
    fault: 'a client with an old flow name',
    id: 'client-skips-code',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['USER_PASSWORD_AUTH']),
    fix: `--clients ${CLIENT_ID}`,
  },
  {
    fault: 'a client that a server may use without the code',
    id: 'client-admin-flow',
    plant: state =>
      (client(state)['ExplicitAuthFlows'] = ['ALLOW_CUSTOM_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH']),
    fix: `--clients ${CLIENT_ID}`,
  },
  {
    fault: 'a client that cannot ask for the code',
    id: 'client-cannot-ask',
    plant: state => (client(state)['ExplicitAuthFlows'] = ['ALLOW_REFRESH_TOKEN_AUTH']),
    fix: `--clients ${CLIENT_ID}`,
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
    fix: 'fix client-hosted-ui',
  },
  {
    fault: 'a client that tells which users exist',
    id: 'client-reveals-users',
    plant: state => (client(state)['PreventUserExistenceErrors'] = 'LEGACY'),
    fix: 'fix client-reveals-users',
  },
  {
    fault: 'a session shorter than the code',
    id: 'client-session-short',
    plant: state => (environment(state, 'CreateAuthChallenge')['CODE_TTL_SECONDS'] = '300'),
    fix: `--clients ${CLIENT_ID}`,
  },
  {
    fault: 'a missing trigger',
    id: 'trigger-missing',
    plant: state => delete objectAt(state.userPool, 'LambdaConfig')['VerifyAuthChallengeResponse'],
    fix: `npm run pool -- attach --user-pool-id ${POOL_ID} --stack-name STACK`,
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
    fault: "a trigger that is somebody else's",
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
    fix: 'npm run pool -- attach',
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
    fix: 'set-user-pool-mfa-config',
  },
  {
    fault: 'device tracking',
    id: 'device-tracking',
    plant: state => (state.userPool['DeviceConfiguration'] = {}),
    fix: 'del(.DeviceConfiguration)',
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
    fix: "--username 'o'\\''neill' --user-attributes Name=email,Value=ADDRESS",
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
    fix: '--username third --user-attributes Name=email_verified,Value=true',
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
    plant: state => (environment(state, 'CreateAuthChallenge')['SES_CONFIGURATION_SET'] = 'codes'),
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
  test.each(FAULTS)('$fault', async ({ id, plant, fix, args = [] }) => {
    plant(aws.state)
    const findings = await found(...args)
    expect([...new Set(ids(findings))]).toEqual([id])
    const [finding] = findings
    expect(textAt(finding, 'fix')).toContain(fix)
    expect(textAt(finding, 'what')).toBeDefined()
    expect(textAt(finding, 'why')).toBeDefined()
    const table = await check(...args)
    expect(table.code).toBe(1)
    expect(table.out).toContain(`$ ${textAt(finding, 'fix')}`)
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

  test('every trigger missing on a pool with nothing attached', async () => {
    aws.state.userPool['LambdaConfig'] = {}
    const missing = (await found()).filter(({ id }) => id === 'trigger-missing')
    expect(missing.map(({ what }) => what)).toEqual(
      TRIGGERS.map(trigger => `The pool has no ${trigger} trigger`),
    )
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

describe('what may not be read', () => {
  test.each([
    ['GetFunctionConfiguration', 'lambda:GetFunctionConfiguration'],
    ['ListUsers', 'cognito-idp:ListUsers'],
    ['ListUserPoolClients', 'cognito-idp:ListUserPoolClients'],
    ['GetAccount', 'ses:GetAccount'],
    ['ListIdentityProviders', 'cognito-idp:ListIdentityProviders'],
    ['ListUserImportJobs', 'cognito-idp:ListUserImportJobs'],
  ])('%s is a finding that names the right', async (denied, right) => {
    aws.interfere = operation => (operation === denied ? 'deny' : undefined)
    const findings = await found()
    expect([...new Set(ids(findings))]).toEqual(['not-checked'])
    expect(textAt(findings[0], 'fix')).toContain(right)
  })

  test('is an error if it is the pool itself', async () => {
    aws.interfere = operation => (operation === 'DescribeUserPool' ? 'deny' : undefined)
    const result = await check('--json')
    expect(result.code).toBe(2)
    expect(String(jsonOf(result)['error'])).toContain('not authorized to perform DescribeUserPool')
  })
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
  const inCode = [...readFileSync('pool/findings.ts', 'utf8').matchAll(/\bid: '([a-z-]+)'/g)].map(
    match => match[1],
  )
  expect(documented.toSorted()).toEqual([...new Set(inCode)].toSorted())
})
