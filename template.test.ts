// The template against the settings in the code and against the log lines.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { unzipSync } from 'fflate'
import { type Json, member } from './command/json.ts'
import { startTrigger } from './local/trigger-process.ts'
import { problemsWith, settingNames } from './pool/trigger-settings.ts'
import { readSentMail } from './recording/raw-mail.ts'
import { countRequest } from './shared/limit.ts'
import { LOCALES } from './shared/locales.ts'
import {
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from './shared/settings.ts'
import { arnOf, readTemplate, resolveTemplate } from './testing/cloudformation-template.ts'
import { dashboardDrawing, dashboardWidgets } from './testing/dashboard-drawing.ts'
import { startDynamoDbStandIn } from './testing/dynamodb-stand-in.ts'

const template = readTemplate(readFileSync('template.yaml', 'utf8'))
const REQUIRED = { UserPoolId: 'eu-central-1_EXAMPLE00', FromAddress: 'no-reply@example.com' }
const POOL_ARN = 'arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_EXAMPLE00'
const SECRET = '0123456789abcdef'.repeat(4)
const LIMIT_TABLE = 'email-code-LimitTable-EXAMPLE'

const TRIGGERS = [
  { id: 'DefineAuthChallenge', file: 'define-auth-challenge', read: readDefineSettings },
  { id: 'CreateAuthChallenge', file: 'create-auth-challenge', read: readCreateSettings },
  { id: 'VerifyAuthChallengeResponse', file: 'verify-auth-challenge-response', read: readVerifySettings },
  { id: 'PreTokenGeneration', file: 'pre-token-generation', read: readPreTokenSettings },
] as const

const resolved = (parameters: Record<string, string> = {}) =>
  resolveTemplate(template, { ...REQUIRED, ...parameters })

function entries(value: Json): [string, Json][] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
}

function items(value: Json): Json[] {
  return Array.isArray(value) ? value : []
}

function resources(type: string, parameters: Record<string, string> = {}) {
  return entries(member(resolved(parameters), 'Resources')).filter(([, it]) => member(it, 'Type') === type)
}

/** The environment that the function gets, the secret and the name of the table resolved as CloudFormation does. */
function environmentOf(id: string, parameters: Record<string, string> = {}): Record<string, string> {
  const variables = member(
    resolved(parameters),
    'Resources',
    `${id}Function`,
    'Properties',
    'Environment',
    'Variables',
  )
  return Object.fromEntries(
    entries(variables).map(([name, value]) => [
      name,
      String(value)
        .replace(/^\{\{resolve:secretsmanager:arn:of:CodeSecret(:SecretString:::[\w-]+)?\}\}$/, SECRET)
        .replace(arnOf('LimitTable'), LIMIT_TABLE),
    ]),
  )
}

describe.each(TRIGGERS)('the function $file', ({ id, file, read }) => {
  const properties = member(resolved(), 'Resources', `${id}Function`, 'Properties')

  test('is what the build makes', () => {
    expect(member(properties, 'Code')).toBe(`./dist/${file}.zip`)
    expect(member(properties, 'Handler')).toBe('index.handler')
    expect(Object.keys(unzipSync(readFileSync(`dist/${file}.zip`)))).toContain('index.mjs')
  })

  test('runs as Cognito needs it', () => {
    expect(properties).toMatchObject({
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Timeout: 5,
      LoggingConfig: { LogFormat: 'JSON', LogGroup: arnOf(`${id}LogGroup`) },
      Role: arnOf(`${id}Role`),
    })
  })

  test('gets every setting that its code reads and no other', () => {
    expect(Object.keys(environmentOf(id)).sort()).toEqual(settingNames(id).sort())
  })

  test('gets the defaults of the code from the defaults of the template', () => {
    const bare = { CODE_SECRET: SECRET, FROM_ADDRESS: 'no-reply@example.com' }
    expect(read(environmentOf(id, { SignInLimit: 'off' }))).toEqual(read(bare))
    expect(read(environmentOf(id))).toEqual(read({ ...bare, LIMIT_TABLE }))
  })

  test('takes every setting through its parameter', () => {
    const parameters = {
      FromName: 'Example',
      AppName: 'Example App',
      CodeLength: '8',
      CodeTtlSeconds: '240',
      MaxAttempts: '5',
      MaxSends: '2',
      ResendAfterSeconds: '60',
      SignInLimit: 'off',
      MaxCodesPerHour: '5',
      MaxCodesPerDay: '20',
      LimitFailure: 'refuse',
      NativeMfa: 'accept-any',
      UnverifiedEmail: 'refuse',
      DefaultLocale: 'de',
      BrandColor: '#0B5FFF',
      MailFooter: 'Example Ltd, 1 Example Street',
      ReplyToAddress: 'help@example.com',
      SesConfigurationSet: 'codes',
      SesFallbackRegion: 'eu-west-1',
      HostedUi: 'allow',
      GuardedClientIds: '1example,2example',
      RecordEvents: 'on',
    }
    const usual = entries(Object(read(environmentOf(id))))
    const other = entries(Object(read(environmentOf(id, parameters))))
    const same = usual.filter(([name, value]) =>
      other.some(
        ([otherName, otherValue]) =>
          name === otherName && JSON.stringify(value) === JSON.stringify(otherValue),
      ),
    )
    expect(same.map(([name]) => name).filter(name => !['codeSecrets', 'region'].includes(name))).toEqual([])
  })

  test('may be called by the given pool alone', () => {
    const permission = member(resolved(), 'Resources', `${id}Permission`, 'Properties')
    expect(permission).toEqual({
      FunctionName: arnOf(`${id}Function`),
      Action: 'lambda:InvokeFunction',
      Principal: 'cognito-idp.amazonaws.com',
      SourceAccount: '111122223333',
      SourceArn: POOL_ARN,
    })
  })

  test('has a role of its own that may write its own log', () => {
    const role = member(resolved(), 'Resources', `${id}Role`, 'Properties')
    const [logs, ...more] = items(member(role, 'Policies'))
    expect(member(logs ?? null, 'PolicyDocument', 'Statement')).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf(`${id}LogGroup`),
      },
    ])
    expect(more).toHaveLength(id === 'CreateAuthChallenge' ? 2 : 0)
    expect(member(role, 'ManagedPolicyArns')).toBeNull()
  })

  test('has a log group that forgets', () => {
    const group = member(resolved(), 'Resources', `${id}LogGroup`, 'Properties')
    expect(Number(member(group, 'RetentionInDays'))).toBeGreaterThan(0)
  })

  test('has its ARN among the outputs', () => {
    expect(member(resolved(), 'Outputs', `${id}Arn`, 'Value')).toBe(arnOf(`${id}Function`))
  })
})

describe('mail', () => {
  const mailRights = (parameters: Record<string, string> = {}) => {
    const role = member(resolved(parameters), 'Resources', 'CreateAuthChallengeRole', 'Properties')
    return items(member(items(member(role, 'Policies'))[1] ?? null, 'PolicyDocument', 'Statement'))
  }
  const identity = 'arn:aws:ses:eu-central-1:111122223333:identity'

  test('may be sent from the given address alone, with whatever configuration set its identity has by default', () => {
    expect(mailRights()).toEqual([
      {
        Effect: 'Allow',
        Action: ['ses:SendEmail', 'ses:SendRawEmail'],
        Resource: [
          `${identity}/no-reply@example.com`,
          `${identity}/example.com`,
          'arn:aws:ses:eu-central-1:111122223333:configuration-set/*',
        ],
        Condition: { StringEquals: { 'ses:FromAddress': 'no-reply@example.com' } },
      },
    ])
  })

  test('may also be sent through a parent identity and from the fallback region when they are set', () => {
    const resourcesWith = (parameters: Record<string, string>) =>
      member(mailRights(parameters)[0] ?? null, 'Resource')
    const own = [`${identity}/no-reply@example.com`, `${identity}/example.com`]
    const sets = 'arn:aws:ses:eu-central-1:111122223333:configuration-set/*'
    const inFallbackRegion = (arns: string[]) => arns.map(arn => arn.replace('eu-central-1', 'eu-west-1'))
    expect(resourcesWith({ SesFallbackRegion: 'eu-west-1' })).toEqual([
      ...own,
      sets,
      ...inFallbackRegion([...own, sets]),
    ])
    const parent = `${identity}/parent.example.com`
    expect(resourcesWith({ SesIdentity: 'parent.example.com' })).toEqual([...own, parent, sets])
    expect(resourcesWith({ SesIdentity: 'parent.example.com', SesFallbackRegion: 'eu-west-1' })).toEqual([
      ...own,
      parent,
      sets,
      ...inFallbackRegion([...own, parent, sets]),
    ])
  })

  test('is sent and counted by the two calls that the role allows', () => {
    const source = readdirSync('shared').filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    const commands = source.flatMap(file => [
      ...readFileSync(`shared/${file}`, 'utf8').matchAll(/\bnew (\w+Command)\(/g),
    ])
    expect(new Set(commands.map(match => match[1]))).toEqual(
      new Set(['SendRawEmailCommand', 'UpdateItemCommand']),
    )
  })
})

describe('the limit across sign-ins', () => {
  const countRights = (parameters: Record<string, string> = {}) => {
    const role = member(resolved(parameters), 'Resources', 'CreateAuthChallengeRole', 'Properties')
    return items(member(items(member(role, 'Policies'))[2] ?? null, 'PolicyDocument', 'Statement'))
  }

  test('has a table on demand, encrypted, whose items are deleted, with the keys of the request', () => {
    const table = member(resolved(), 'Resources', 'LimitTable', 'Properties')
    const request = countRequest(LIMIT_TABLE, 'user', 0, { maxCodesPerHour: 10, maxCodesPerDay: 30 })
    const keys = items(member(table, 'KeySchema')).map(key => member(key, 'AttributeName'))
    expect(keys).toEqual(Object.keys(request.Key ?? {}))
    expect(Object.values(request.ExpressionAttributeNames ?? {})).toContain(
      member(table, 'TimeToLiveSpecification', 'AttributeName'),
    )
    expect(table).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { Enabled: true },
    })
    expect(member(resolved(), 'Outputs', 'LimitTableName', 'Value')).toBe(arnOf('LimitTable'))
  })

  test('lets Create update an item of that table, and nothing else', () => {
    expect(countRights()).toEqual([
      { Effect: 'Allow', Action: 'dynamodb:UpdateItem', Resource: arnOf('LimitTable') },
    ])
    const others = resources('AWS::IAM::Role').filter(([name]) => name !== 'CreateAuthChallengeRole')
    expect(JSON.stringify(others)).not.toContain('dynamodb')
  })

  test('has neither table nor right nor setting where it is off', () => {
    const off = { SignInLimit: 'off' }
    expect(resources('AWS::DynamoDB::Table', off)).toEqual([])
    expect(countRights(off)).toEqual([])
    expect(environmentOf('CreateAuthChallenge', off)['LIMIT_TABLE']).toBe('')
  })
})

test('no policy has a star, except for the configuration sets of a region', () => {
  const policies = resources('AWS::IAM::Role', {
    SesFallbackRegion: 'eu-west-1',
    SesConfigurationSet: 'codes',
  })
  expect(policies).toHaveLength(4)
  expect(JSON.stringify(policies).replaceAll(':configuration-set/*', '')).not.toContain('*')
})

test('permissions can be left to the stack that makes the pool', () => {
  expect(resources('AWS::Lambda::Permission', { UserPoolId: 'none' })).toEqual([])
})

test('the generated secret is 32 bytes in hexadecimal digits, whatever Secrets Manager draws', () => {
  const options = member(resolved(), 'Resources', 'CodeSecret', 'Properties', 'GenerateSecretString')
  expect(options).toMatchObject({ PasswordLength: 64, ExcludePunctuation: true, ExcludeUppercase: true })
  const excluded = String(member(options, 'ExcludeCharacters'))
  const left = [...'abcdefghijklmnopqrstuvwxyz0123456789'].filter(character => !excluded.includes(character))
  expect(left.join('')).toBe('abcdef0123456789')
  expect(readVerifySettings({ CODE_SECRET: left.join('').repeat(4) }).codeSecrets[0]).toHaveLength(32)
})

test('only Create and Verify get the secret, and no function may read it', () => {
  const withSecret = TRIGGERS.filter(({ id }) => 'CODE_SECRET' in environmentOf(id)).map(({ id }) => id)
  expect(withSecret).toEqual(['CreateAuthChallenge', 'VerifyAuthChallengeResponse'])
  expect(JSON.stringify(resources('AWS::IAM::Role'))).not.toContain('secretsmanager')
  expect(
    environmentOf('VerifyAuthChallengeResponse', { CodeSecretVersionId: '0'.repeat(36) })['CODE_SECRET'],
  ).toBe(SECRET)
})

test('the languages are those of the mail', () => {
  expect(member(template, 'Parameters', 'DefaultLocale', 'AllowedValues')).toEqual([...LOCALES])
})

describe('the bounds of a parameter are those of its setting', () => {
  const bare = { CODE_SECRET: SECRET, FROM_ADDRESS: 'no-reply@example.com' }
  const raw = (id: string) =>
    entries(member(template, 'Resources', `${id}Function`, 'Properties', 'Environment', 'Variables'))
  const bounded = TRIGGERS.flatMap(({ id }) =>
    raw(id).flatMap(([variable, value]) => {
      const parameter = String(member(value, 'Ref'))
      const bounds = member(template, 'Parameters', parameter)
      const has = (bound: string) => member(bounds, bound) !== null
      return has('MinValue') || has('AllowedValues') ? [{ id, variable, parameter, bounds }] : []
    }),
  )

  test.each(bounded)('$parameter in $id', ({ id, variable, bounds }) => {
    const problem = (value: string | number) => problemsWith(id, { ...bare, [variable]: String(value) })
    const options = items(member(bounds, 'AllowedValues')).map(String)
    if (options.length === 0) {
      const [least, most] = [Number(member(bounds, 'MinValue')), Number(member(bounds, 'MaxValue'))]
      expect([least, most].map(problem)).toEqual([undefined, undefined])
      for (const outside of [least - 1, most + 1]) expect(problem(outside)).toContain(variable)
      return
    }
    // The error names what is allowed: no word of it may be allowed by the code and not by the template.
    const words = problem('no-such-option')?.match(/[\w-]+/g) ?? []
    const accepted = words.filter(word => problem(word) === undefined)
    expect(new Set(accepted)).toEqual(new Set(options))
  })

  test('and every bounded setting is among them', () => {
    const names = new Set(bounded.map(({ variable }) => variable))
    for (const name of ['CODE_LENGTH', 'MAX_ATTEMPTS', 'NATIVE_MFA', 'UNVERIFIED_EMAIL', 'HOSTED_UI']) {
      expect(names).toContain(name)
    }
  })
})

test('every parameter is used, and every one that is text is bounded', () => {
  const text = JSON.stringify(member(template, 'Resources')) + JSON.stringify(member(template, 'Conditions'))
  for (const [name, parameter] of entries(member(template, 'Parameters'))) {
    expect([name, text.includes(`"${name}"`) || text.includes(`\${${name}}`)]).toEqual([name, true])
    const bounds = ['AllowedPattern', 'AllowedValues', 'MinValue'].filter(
      bound => member(parameter, bound) !== null,
    )
    expect([name, bounds.length]).toEqual([name, 1])
  }
})

describe('metric filters', () => {
  const filters = resources('AWS::Logs::MetricFilter').map(([name, it]) => ({
    name,
    group: String(member(it, 'Properties', 'LogGroupName')),
    pattern: String(member(it, 'Properties', 'FilterPattern')),
    transformation: items(member(it, 'Properties', 'MetricTransformations'))[0] ?? null,
  }))
  /** The lines that the four handlers wrote in the sign-ins below, as Lambda's JSON format passes them on. */
  let lines: Json[] = []
  beforeAll(async () => {
    lines = await linesOfSignIns()
  })

  test.each(filters)('$name reads lines that the code writes', ({ pattern, transformation }) => {
    const event = /^\{ \$\.message\.event = "([\w-]+)" \}$/.exec(pattern)?.[1] ?? ''
    const written = lines.filter(line => member(line, 'message', 'event') === event)
    expect(written).not.toEqual([])
    for (const [, field = ''] of JSON.stringify(transformation).matchAll(/\$\.message\.(\w+)/g)) {
      expect(written.map(line => [field, member(line, 'message', field) !== null])).toContainEqual([
        field,
        true,
      ])
    }
  })

  test('count codes sent, right and wrong, tokens by factor, refusals by reason, mail failures and mail time, and the limit', () => {
    const metrics = filters.map(({ transformation }) => member(transformation, 'MetricName'))
    expect(metrics).toEqual(
      expect.arrayContaining([
        'CodesSent',
        'CodesRight',
        'CodesWrong',
        'TokensIssued',
        'SignInsRefused',
        'MailFailures',
        'MailTime',
        'CodesLimited',
        'LimitFailures',
      ]),
    )
  })

  test('feed every alarm on log lines', () => {
    const metrics = filters.map(({ transformation }) => member(transformation, 'MetricName'))
    const alarmed = alarms().filter(({ namespace }) => namespace === 'cognito-email-code/email-code')
    expect(alarmed.map(({ metric }) => metric)).toEqual([
      'CodesWrong',
      'MailFailures',
      'CodesLimited',
      'LimitFailures',
    ])
    for (const { metric } of alarmed) expect(metrics).toContain(metric)
  })
})

describe('the dashboard', () => {
  const [[, dashboard = null] = []] = resources('AWS::CloudWatch::Dashboard')
  const body = String(member(dashboard, 'Properties', 'DashboardBody'))
  const widgets = dashboardWidgets(body)
  const shown = widgets.flatMap(({ series }) => series).filter(({ metric }) => metric !== '')

  test('shows metrics that the filters make or that Lambda has, and every one of the filters', () => {
    const own = resources('AWS::Logs::MetricFilter').map(([, it]) =>
      String(member(items(member(it, 'Properties', 'MetricTransformations'))[0] ?? null, 'MetricName')),
    )
    const of = (wanted: string) => shown.filter(({ namespace }) => namespace === wanted).map(it => it.metric)
    expect(new Set(of('cognito-email-code/email-code'))).toEqual(new Set(own))
    expect(new Set(of('AWS/Lambda'))).toEqual(new Set(['Errors', 'Duration', 'Throttles']))
    expect(new Set(shown.map(({ namespace }) => namespace)).size).toBe(2)
  })

  test('has a line for each function, by its reference', () => {
    for (const { id } of TRIGGERS) expect(body.split(`"${arnOf(`${id}Function`)}"`)).toHaveLength(4)
    expect(body).not.toContain('${')
  })

  test('searches by a dimension that the metric has', () => {
    for (const [, dimension, metric] of body.matchAll(/,(\w+)\} MetricName=\\"(\w+)\\"/g)) {
      const filter = member(resolved(), 'Resources', String(metric), 'Properties', 'MetricTransformations')
      expect([metric, JSON.stringify(filter)]).toEqual([
        metric,
        expect.stringContaining(`"Key":"${dimension}"`),
      ])
    }
    expect(body.match(/SEARCH/g)).toHaveLength(4)
  })

  test('fills the grid of CloudWatch, no widget over another', () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)} ${y + Math.floor(cell / width)}`,
      ),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(cells).toHaveLength(24 * 24)
    for (const { title, width } of widgets) {
      expect(title).not.toBe('')
      // A longer one does not fit above the lines.
      expect([title, title.length > 5 * width]).toEqual([title, false])
    }
  })

  test('is what docs/dashboard.svg shows (UPDATE_DRAWING=1 draws it again)', () => {
    const drawing = dashboardDrawing(body)
    if (process.env['UPDATE_DRAWING'] === '1') writeFileSync('docs/dashboard.svg', drawing)
    expect(readFileSync('docs/dashboard.svg', 'utf8')).toBe(drawing)
  })
})

describe('alarms', () => {
  test('tell of a function that fails to start, times out or is throttled', () => {
    const ofFunctions = alarms()
      .filter(({ namespace }) => namespace === 'AWS/Lambda')
      .map(({ metric, functionName, statistic, threshold }) =>
        [functionName.replace(/^arn:of:|Function$/g, ''), metric, statistic, threshold].join(' '),
      )
    expect(ofFunctions.toSorted()).toEqual([
      'CreateAuthChallenge Errors Sum 1',
      'CreateAuthChallenge Throttles Sum 1',
      'DefineAuthChallenge Errors Sum 1',
      'DefineAuthChallenge Throttles Sum 1',
      // Refused tokens are errors of this function, so its errors raise no alarm.
      'PreTokenGeneration Duration Maximum 5000',
      'PreTokenGeneration Throttles Sum 1',
      'VerifyAuthChallengeResponse Errors Sum 1',
      'VerifyAuthChallengeResponse Throttles Sum 1',
    ])
  })

  test('go to the topic, if one is given', () => {
    const topic = 'arn:aws:sns:eu-central-1:111122223333:alarms'
    for (const { actions, okActions } of alarms({ AlarmTopicArn: topic })) {
      expect([actions, okActions]).toEqual([[topic], [topic]])
    }
    expect(new Set(alarms().map(({ actions }) => actions))).toEqual(new Set([null]))
  })
})

function alarms(parameters: Record<string, string> = {}) {
  return resources('AWS::CloudWatch::Alarm', parameters).map(([, it]) => ({
    namespace: member(it, 'Properties', 'Namespace'),
    metric: member(it, 'Properties', 'MetricName'),
    functionName: String(member(items(member(it, 'Properties', 'Dimensions'))[0] ?? null, 'Value')),
    statistic: member(it, 'Properties', 'Statistic'),
    threshold: member(it, 'Properties', 'Threshold'),
    actions: member(it, 'Properties', 'AlarmActions'),
    okActions: member(it, 'Properties', 'OKActions'),
  }))
}

/**
 * Signs in with a wrong, a late and the right code, with a mail that goes out at the second try and one that cannot, with
 * a limit that is reached and a table that fails, is refused, and is refused tokens.
 *
 * @returns what the built triggers logged
 */
async function linesOfSignIns(): Promise<Json[]> {
  const mails: string[] = []
  const statuses = [503]
  const table = await startDynamoDbStandIn(['user', 'day'])
  const ses = createServer((request, response) => {
    let body = ''
    request.on('data', part => {
      body += part
    })
    request.on('end', () => {
      mails.push(body)
      response.writeHead(statuses.shift() ?? 200, { 'content-type': 'text/xml' })
      response.end(
        '<SendRawEmailResponse><SendRawEmailResult><MessageId>1</MessageId></SendRawEmailResult></SendRawEmailResponse>',
      )
    })
  })
  await new Promise<void>(resolve => ses.listen(0, '127.0.0.1', resolve))
  const address = ses.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const [define, create, verify, preToken] = TRIGGERS.map(({ id, file }) =>
    startTrigger({
      name: file,
      directory: 'dist',
      environment: {
        ...environmentOf(id),
        AWS_ENDPOINT_URL_SES: `http://127.0.0.1:${port}`,
        AWS_ENDPOINT_URL_DYNAMODB: table.url,
      },
    }),
  )
  try {
    const asked = toJson(await create?.invoke(event({})))
    const parameters = member(asked, 'response', 'privateChallengeParameters')
    const { text } = readSentMail(new URLSearchParams(mails.at(-1)))
    const code = /\b\d{6}\b/.exec(text)?.[0] ?? ''
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0')
    await verify?.invoke(event({ privateChallengeParameters: parameters, challengeAnswer: code }))
    await verify?.invoke(event({ privateChallengeParameters: parameters, challengeAnswer: wrong }))
    const late = { ...Object.fromEntries(entries(parameters)), expiresAt: '1' }
    await verify?.invoke(event({ privateChallengeParameters: late, challengeAnswer: code }))
    await create?.invoke(event({ userAttributes: {} })).catch(() => undefined)
    for (const error of ['ThrottlingException', 'ConditionalCheckFailedException']) {
      table.answerWith({ error })
      await create?.invoke(event({}))
    }
    await define?.invoke(event({ session: [] }))
    const passed = ['SRP_A', 'PASSWORD_VERIFIER', 'EMAIL_OTP'].map(challengeName => ({
      challengeName,
      challengeResult: true,
      challengeMetadata: null,
    }))
    await define?.invoke(event({ session: passed }))
    await preToken?.invoke(event({})).catch(() => undefined)
    return [define, create, verify, preToken]
      .flatMap(trigger => trigger?.logs ?? [])
      .map(line => toJson(JSON.parse(line)))
  } finally {
    await Promise.all([define, create, verify, preToken].map(trigger => trigger?.close()))
    ses.close()
    await table.close()
  }
}

/** An event that each of the triggers takes, after the password. */
function event(request: Record<string, Json>): Json {
  return {
    triggerSource: 'TokenGeneration_NewPasswordChallenge',
    userPoolId: REQUIRED.UserPoolId,
    userName: 'someone',
    callerContext: { clientId: '1example' },
    request: {
      userAttributes: { email: 'someone@example.com' },
      session: ['SRP_A', 'PASSWORD_VERIFIER'].map(challengeName => ({
        challengeName,
        challengeResult: true,
        challengeMetadata: null,
      })),
      challengeName: 'CUSTOM_CHALLENGE',
      ...request,
    },
    response: {},
  }
}

function toJson(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value))
  return json
}
