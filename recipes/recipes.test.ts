// The recipes against template.yaml, CloudFormation's schemas, the CDK and Terraform's parser. (`npm run typecheck` checks types.)
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate'
import { parse } from '@cdktn/hcl2json'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'
import {
  type Json,
  type JsonObject,
  member,
  objectAt,
  parseJsonObject,
  stringAt,
  stringsAt,
} from '../command/json.ts'
import { TRIGGERS, type Trigger } from '../pool/trigger-functions.ts'
import { problemsWith, settingNames } from '../pool/trigger-settings.ts'
import { readTemplate, resolveTemplate } from '../testing/cloudformation-template.ts'
import { deploymentOf } from '../testing/deployment.ts'

const SECRET = '0123456789abcdef'.repeat(4)
const FILES: Record<Trigger, string> = {
  DefineAuthChallenge: 'define-auth-challenge',
  CreateAuthChallenge: 'create-auth-challenge',
  VerifyAuthChallengeResponse: 'verify-auth-challenge-response',
  PreTokenGeneration: 'pre-token-generation',
}

/** What the CDK example and the Terraform module are given. */
const GIVEN = {
  UserPoolId: 'eu-central-1_EXAMPLE00',
  FromAddress: 'no-reply@example.com',
  SesIdentity: 'parent.example.com',
  SesFallbackRegion: 'eu-west-1',
  LogRetentionInDays: '90',
  WrongCodesAlarm: '20',
  AlarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:alarms',
}
const template = readTemplate(readFileSync('template.yaml', 'utf8'))
const wanted = deploymentOf(resolveTemplate(template, GIVEN))

const engine = new RegoEngine()
afterAll(() => engine.free())

/** What is wrong with a template: every finding that would stop a deployment. */
function faults(text: string): string[] {
  const file = join(mkdtempSync(join(tmpdir(), 'recipe-')), 'template.yaml')
  writeFileSync(file, text)
  const { diagnostics } = engine.validateDetailed(new TemplateFile(file), { severityLevel: 'ERROR' })
  return diagnostics.map(({ ruleId, message }) => `${ruleId} ${message}`)
}

test('the template itself has what the recipes are compared with', () => {
  expect(Object.keys(wanted.functions)).toEqual(Object.values(FILES))
  expect(Object.keys(wanted.tables)).toEqual(['user day'])
  expect(Object.keys(wanted.metrics)).toContain('CodesSent')
  expect(Object.keys(wanted.alarms)).toContain('Errors of define-auth-challenge')
})

/** Runs a CDK app that uses the construct, in a process of its own as `cdk synth` does. @returns the directory of its templates */
function synthesize(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-'))
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: 'recipes/cdk', loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    write: false,
    logLevel: 'silent',
  })
  execFileSync(process.execPath, ['--input-type=module', '-'], {
    input: outputFiles[0]?.text ?? '',
    // The CDK is installed there (npm run test:recipes).
    cwd: 'recipes',
    env: { ...process.env, CDK_OUTDIR: directory },
    stdio: 'pipe',
  })
  return directory
}

describe('the CDK construct, and through it Amplify Gen 2', () => {
  let existing: JsonObject
  let own: JsonObject
  beforeAll(() => {
    const directory = synthesize(readFileSync('recipes/cdk/example.ts', 'utf8'))
    const synthesized = (stack: string) =>
      parseJsonObject(readFileSync(join(directory, `${stack}.template.json`), 'utf8'))
    existing = synthesized('ExistingPool')
    own = synthesized('OwnPool')
  })

  test('makes a template that CloudFormation accepts, with a pool of its own or an existing one', () => {
    expect(faults(JSON.stringify(existing))).toEqual([])
    expect(faults(JSON.stringify(own))).toEqual([])
  })

  test('deploys the functions, settings, rights, metrics and alarms of template.yaml', () => {
    expect(deploymentOf(resolveTemplate(existing))).toEqual(wanted)
  })

  test.each(TRIGGERS)('starts %s with its properties, and with its defaults', trigger => {
    for (const stack of [existing, own])
      expect(problemsWith(trigger, environmentIn(stack, trigger))).toBeUndefined()
    expect(Object.keys(environmentIn(existing, trigger)).toSorted()).toEqual(settingNames(trigger).toSorted())
  })

  test('takes the version of the secret to deploy', () => {
    const version = '01234567-89ab-cdef-0123-456789abcdef'
    expect(JSON.stringify(existing)).toContain(`:SecretString:::${version}}}`)
    expect(JSON.stringify(own)).toContain(':SecretString:::}}')
  })

  test('names the functions in the outputs that attach reads', () => {
    expect(Object.keys(objectAt(existing, 'Outputs'))).toEqual(TRIGGERS.map(trigger => `${trigger}Arn`))
  })

  test('puts the triggers on a pool that the same app makes', () => {
    const pool = Object.values(objectAt(own, 'Resources')).find(
      resource => stringAt(resource, 'Type') === 'AWS::Cognito::UserPool',
    )
    expect(Object.keys(objectAt(pool, 'Properties', 'LambdaConfig')).toSorted()).toEqual(
      [...TRIGGERS].toSorted(),
    )
  })

  test('refuses settings with which a function would not start', () => {
    const source = readFileSync('recipes/cdk/example.ts', 'utf8').replace('codeLength: 8', 'codeLength: 11')
    expect(() => synthesize(source)).toThrow('CODE_LENGTH')
  })

  /** The settings of a function, with made-up values where CloudFormation puts some in. */
  function environmentIn(stack: JsonObject, trigger: Trigger): Record<string, string> {
    const resource = Object.values(objectAt(stack, 'Resources')).find(
      it => stringAt(it, 'Properties', 'Description') === `cognito-email-code: ${FILES[trigger]}`,
    )
    return Object.fromEntries(
      Object.entries(objectAt(resource, 'Properties', 'Environment', 'Variables')).map(([name, value]) => [
        name,
        { CODE_SECRET: SECRET, LIMIT_TABLE: 'email-code-limit' }[name] ?? String(value),
      ]),
    )
  }
})

describe('the SAM application', () => {
  const text = readFileSync('recipes/sam/template.yaml', 'utf8')
  const application = readTemplate(text)
  const properties = objectAt(application, 'Resources', 'EmailCode', 'Properties')

  test('is accepted by CloudFormation', () => {
    expect(faults(text)).toEqual([])
  })

  test('deploys template.yaml itself, with parameters that it has', () => {
    expect(properties['Location']).toBe('../../template.yaml')
    const parameters = objectAt(template, 'Parameters')
    expect(Object.keys(parameters)).toEqual(
      expect.arrayContaining(Object.keys(objectAt(properties, 'Parameters'))),
    )
    for (const name of ['FromAddress', 'AlarmTopicArn', 'CodeSecretVersionId']) {
      expect(member(properties, 'Parameters', name)).toEqual({ Ref: name })
    }
  })

  test.each(TRIGGERS)('has %s in the pool, callable by it and by no other', trigger => {
    const arn = { 'Fn::GetAtt': ['EmailCode', 'Outputs', `${trigger}Arn`] }
    expect(member(template, 'Outputs', `${trigger}Arn`)).not.toBeNull()
    expect(member(application, 'Resources', 'UserPool', 'Properties', 'LambdaConfig', trigger)).toEqual(arn)
    expect(member(properties, 'Parameters', 'UserPoolId')).toBe('none')
    expect(member(application, 'Resources', `${trigger}Permission`, 'Properties')).toEqual({
      FunctionName: arn,
      Action: 'lambda:InvokeFunction',
      Principal: 'cognito-idp.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': ['UserPool', 'Arn'] },
      SourceAccount: { Ref: 'AWS::AccountId' },
    })
  })
})

describe('the Terraform module', () => {
  let variables: JsonObject
  let locals: JsonObject
  let resources: JsonObject
  beforeAll(async () => {
    const parsed: Json = JSON.parse(
      JSON.stringify(await parse('main.tf', readFileSync('recipes/terraform/main.tf', 'utf8'))),
    )
    variables = objectAt(parsed, 'variable')
    locals = objectAt(single(member(parsed, 'locals')))
    resources = objectAt(parsed, 'resource')
  })
  const resource = (type: string, name = 'email_code') => objectAt(single(member(resources, type, name)))
  const defaultOf = (variable: string) => String(member(single(variables[variable]), 'default'))
  const each = (group: string) =>
    Object.entries(objectAt(locals, group)).map(([name, value]) => ({ name, value: objectAt(value) }))

  test.each(TRIGGERS)('deploys %s as template.yaml does, with every setting', trigger => {
    const file = FILES[trigger]
    const deployed = resource('aws_lambda_function')
    expect(objectAt(wanted.functions[file])).toMatchObject({
      runtime: member(deployed, 'runtime'),
      handler: member(deployed, 'handler'),
      architectures: member(deployed, 'architectures'),
      timeout: member(deployed, 'timeout'),
      memory: member(deployed, 'memory_size'),
      logFormat: member(single(deployed['logging_config']), 'log_format'),
      settings: stringsAt(locals, 'functions', file, 'settings').toSorted(),
    })
  })

  test('takes the settings that a function reads, and no other name', () => {
    const known = JSON.stringify(member(single(variables['settings']), 'validation')).match(
      /\b[A-Z][A-Z_]+\b/g,
    )
    const read = TRIGGERS.flatMap(settingNames).filter(
      name => !['CODE_SECRET', 'FROM_ADDRESS', 'LIMIT_TABLE'].includes(name),
    )
    expect(new Set(known)).toEqual(new Set(read))
    expect(Object.keys(objectAt(locals, 'environment'))).toEqual([])
    expect(stringAt(locals, 'environment')).toMatch(
      /merge\(var\.settings.*CODE_SECRET.*LIMIT_TABLE.*FROM_ADDRESS/s,
    )
  })

  test('has the metrics of template.yaml', () => {
    const filter = resource('aws_cloudwatch_log_metric_filter')
    const transformation = single(filter['metric_transformation'])
    const metrics = each('metrics').map(({ name, value }) => [
      name,
      {
        function: member(value, 'function'),
        namespace: stringAt(transformation, 'namespace')?.replace(/\$\{local\.name\}$/, '...'),
        pattern: stringAt(filter, 'pattern')?.replace(expression('each.value.event'), String(value['event'])),
        value: member(value, 'value'),
        unit: member(value, 'unit'),
        default: member(value, 'default'),
        dimensions: objectAt(value, 'dimensions'),
      },
    ])
    expect(Object.fromEntries(metrics)).toEqual(wanted.metrics)
  })

  test('has the alarms of template.yaml', () => {
    const form = (alarm: JsonObject, value: JsonObject) => ({
      namespace: stringAt(alarm, 'namespace')?.replace(/\$\{local\.name\}$/, '...'),
      statistic: stringAt(value, 'statistic') ?? member(alarm, 'statistic'),
      period: member(alarm, 'period'),
      evaluationPeriods: member(alarm, 'evaluation_periods'),
      threshold: String(value['threshold']).replace(
        expression('var.wrong_codes_alarm'),
        GIVEN.WrongCodesAlarm,
      ),
      comparison: member(alarm, 'comparison_operator'),
      missing: member(alarm, 'treat_missing_data'),
      actions: alarm['alarm_actions'] === expression('local.alarm_actions') ? 1 : 0,
      okActions: alarm['ok_actions'] === expression('local.alarm_actions') ? 1 : 0,
    })
    const ofLogs = each('log_alarms').map(({ value }) => [
      String(value['metric']),
      form(resource('aws_cloudwatch_metric_alarm', 'logs'), value),
    ])
    const ofFunctions = each('function_alarms').map(({ value }) => [
      `${value['metric']} of ${value['function']}`,
      form(resource('aws_cloudwatch_metric_alarm', 'functions'), value),
    ])
    expect(Object.fromEntries([...ofLogs, ...ofFunctions])).toEqual(wanted.alarms)
    expect(locals['alarm_actions']).toBe(expression('var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]'))
  })

  test('has the defaults of template.yaml for what is no setting of a function', () => {
    const parameter = (name: string) => String(member(template, 'Parameters', name, 'Default'))
    expect(defaultOf('log_retention_in_days')).toBe(parameter('LogRetentionInDays'))
    expect(defaultOf('wrong_codes_alarm')).toBe(parameter('WrongCodesAlarm'))
    expect(defaultOf('sign_in_limit')).toBe(String(parameter('SignInLimit') === 'on'))
    expect(defaultOf('alarm_topic_arn')).toBe(parameter('AlarmTopicArn'))
    expect(resource('aws_cloudwatch_log_group')['retention_in_days']).toBe(
      expression('var.log_retention_in_days'),
    )
  })

  test('lets each function write its own log, and Create send mail as template.yaml does', () => {
    const logs = String(resource('aws_iam_role_policy', 'logs')['policy'])
    expect(logs).toContain('["logs:CreateLogStream", "logs:PutLogEvents"]')
    expect(logs).toContain('aws_cloudwatch_log_group.email_code[each.key].arn')
    const mail = resource('aws_iam_role_policy', 'mail')
    expect(mail['role']).toContain('["create-auth-challenge"]')
    expect(mail['policy']).toContain('["ses:SendEmail", "ses:SendRawEmail"]')
    expect(mail['policy']).toContain('"ses:FromAddress" = var.from_address')
    expect(mail['policy']).toContain('setproduct(local.mail_regions, local.mail_names)')
    for (const part of [
      'var.from_address',
      'split("@", var.from_address)[1]',
      'var.ses_identity',
      '"configuration-set/*"',
    ]) {
      expect(locals['mail_names']).toContain(part)
    }
    expect(locals['mail_regions']).toContain('SES_FALLBACK_REGION')
  })

  test('has the limit table of template.yaml, and the right to update its items for Create alone', () => {
    const table = resource('aws_dynamodb_table', 'limit')
    const [hash, range] = [String(table['hash_key']), String(table['range_key'])]
    const encryption = member(single(table['server_side_encryption']), 'enabled')
    expect({
      [`${hash} ${range}`]: {
        keys: [
          { AttributeName: hash, KeyType: 'HASH' },
          { AttributeName: range, KeyType: 'RANGE' },
        ],
        attributes: list(table['attribute']).map(attribute => ({
          AttributeName: member(attribute, 'name'),
          AttributeType: member(attribute, 'type'),
        })),
        billing: member(table, 'billing_mode'),
        deletion: {
          AttributeName: member(single(table['ttl']), 'attribute_name'),
          Enabled: member(single(table['ttl']), 'enabled'),
        },
        encryption,
        fixedName: null,
      },
    }).toEqual(wanted.tables)
    expect(table['name']).toBe(`${expression('local.name')}-limit`)
    const right = resource('aws_iam_role_policy', 'limit')
    expect(right['role']).toContain('["create-auth-challenge"]')
    expect(right['policy']).toContain('Action   = "dynamodb:UpdateItem"')
    expect(right['policy']).toContain('Resource = aws_dynamodb_table.limit[0].arn')
    expect([table['count'], right['count']]).toEqual(Array(2).fill(expression('var.sign_in_limit ? 1 : 0')))
  })

  test('lets the pool, and no other, call the functions', () => {
    expect(resource('aws_lambda_permission', 'user_pool')).toMatchObject({
      for_each: expression('local.functions'),
      action: 'lambda:InvokeFunction',
      principal: 'cognito-idp.amazonaws.com',
      source_arn: expression('var.user_pool_arn'),
      source_account: expression('data.aws_caller_identity.current.account_id'),
    })
  })

  test('has names that two modules in one account do not share', () => {
    expect(locals['name']).toContain('random_id.name.hex')
    for (const [type, attribute] of [
      ['aws_lambda_function', 'function_name'],
      ['aws_cloudwatch_log_group', 'name'],
      ['aws_iam_role', 'name'],
    ] as const) {
      expect(resource(type)[attribute]).toContain(`${expression('local.name')}-${expression('each.key')}`)
    }
  })

  test('rotates between two named secrets at most', () => {
    expect(stringAt(locals, 'environment')).toContain('random_id.code_secret[key].hex')
    expect(JSON.stringify(member(single(variables['code_secret_keys']), 'validation'))).toContain(
      'contains([1, 2]',
    )
  })
})

/** An expression as hcl2json writes it. */
function expression(text: string): string {
  return `\${${text}}`
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}

/** The one block that hcl2json puts into a list. */
function single(value: Json | undefined): Json {
  return Array.isArray(value) ? (value[0] ?? null) : null
}
