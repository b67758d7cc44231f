// The recipes against the settings in the code, CloudFormation's schemas and the CDK. (`npm run typecheck` checks types.)
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate'
import { afterAll, describe, expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'
import {
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  objectAt,
  parseJsonObject,
  textAt,
} from '../command/json.ts'
import { TRIGGERS, type Trigger } from '../pool/trigger-functions.ts'
import { problemsWith, settingNames } from '../pool/trigger-settings.ts'
import { readTemplate } from '../testing/cloudformation-template.ts'

const SECRET = '0123456789abcdef'.repeat(4)
const FILES: Record<Trigger, string> = {
  DefineAuthChallenge: 'define-auth-challenge',
  CreateAuthChallenge: 'create-auth-challenge',
  VerifyAuthChallengeResponse: 'verify-auth-challenge-response',
  PreTokenGeneration: 'pre-token-generation',
}

const engine = new RegoEngine()
afterAll(() => engine.free())

/** What is wrong with a template: every finding that would stop a deployment. */
function faults(template: string): string[] {
  const file = join(mkdtempSync(join(tmpdir(), 'recipe-')), 'template.yaml')
  writeFileSync(file, template)
  const { diagnostics } = engine.validateDetailed(new TemplateFile(file), { severityLevel: 'ERROR' })
  return diagnostics.map(({ ruleId, message }) => `${ruleId} ${message}`)
}

function resourcesOf(template: Json, type: string): JsonObject[] {
  return Object.values(objectAt(template, 'Resources'))
    .filter(isJsonObject)
    .filter(resource => resource['Type'] === type)
    .map(resource => objectAt(resource, 'Properties'))
}

/** The settings of a function, with made-up values where CloudFormation puts some in. */
function environmentOf(properties: JsonObject | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectAt(properties, 'Environment', 'Variables')).map(([name, value]) => [
      name,
      name === 'CODE_SECRET' ? SECRET : typeof value === 'string' ? value : 'no-reply@example.com',
    ]),
  )
}

describe('the CDK construct', () => {
  /** Those of the example. */
  const settings = ['CODE_TTL_SECONDS', 'MAX_ATTEMPTS', 'HOSTED_UI', 'SES_FALLBACK_REGION']

  /** What the example app becomes, in a process of its own as `cdk synth` runs it. */
  const directory = mkdtempSync(join(tmpdir(), 'cdk-'))
  const { outputFiles } = buildSync({
    entryPoints: ['recipes/cdk/example.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    write: false,
  })
  execFileSync(process.execPath, ['-'], {
    input: outputFiles[0]?.text ?? '',
    env: { ...process.env, CDK_OUTDIR: directory, NODE_PATH: 'recipes/node_modules' },
  })
  const synthesized = (stack: string) =>
    parseJsonObject(readFileSync(join(directory, `${stack}.template.json`), 'utf8'))
  const existing = synthesized('ExistingPool')
  const own = synthesized('OwnPool')
  const functionOf = (trigger: Trigger) =>
    resourcesOf(existing, 'AWS::Lambda::Function').find(it =>
      textAt(it, 'Description')?.endsWith(FILES[trigger]),
    )

  test('makes a template that CloudFormation accepts, with a pool of its own or an existing one', () => {
    expect(faults(JSON.stringify(existing))).toEqual([])
    expect(faults(JSON.stringify(own))).toEqual([])
  })

  test.each(TRIGGERS)('gives %s the settings that it reads, and starts it', trigger => {
    const environment = environmentOf(functionOf(trigger))
    const wanted = ['CODE_SECRET', 'FROM_ADDRESS', ...settings].filter(name =>
      settingNames(trigger).includes(name),
    )
    expect(Object.keys(environment).toSorted()).toEqual(wanted.toSorted())
    expect(problemsWith(trigger, environment)).toBeUndefined()
  })

  test('knows every setting of the code', () => {
    const source = readFileSync('recipes/cdk/email-code.ts', 'utf8')
    for (const name of TRIGGERS.flatMap(settingNames)) expect(source).toContain(name)
  })

  test('lets the pool, and nobody else, call the functions', () => {
    const permissions = resourcesOf(existing, 'AWS::Lambda::Permission')
    expect(permissions).toHaveLength(4)
    for (const permission of permissions) {
      expect(permission).toMatchObject({
        Principal: 'cognito-idp.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
      })
      expect(JSON.stringify(permission['SourceArn'])).toContain('userpool/eu-central-1_EXAMPLE00')
    }
  })

  test('puts the triggers on a pool that the same app makes', () => {
    const [pool] = resourcesOf(own, 'AWS::Cognito::UserPool')
    expect(Object.keys(objectAt(pool, 'LambdaConfig')).toSorted()).toEqual([...TRIGGERS].toSorted())
  })

  test('lets Create send from the one address, in both regions', () => {
    const statements = resourcesOf(existing, 'AWS::IAM::Policy').flatMap(policy =>
      member(policy, 'PolicyDocument', 'Statement'),
    )
    const mail = statements.flat().filter(it => JSON.stringify(it).includes('ses:SendEmail'))
    expect(mail).toHaveLength(1)
    expect(mail[0]).toMatchObject({
      Action: 'ses:SendEmail',
      Condition: { StringEquals: { 'ses:FromAddress': 'no-reply@example.com' } },
    })
    expect(JSON.stringify(member(mail[0], 'Resource'))).toContain('eu-west-1')
    expect(JSON.stringify(mail)).not.toContain('"*"')
  })
})

describe('the SAM template', () => {
  const text = readFileSync('recipes/sam/template.yaml', 'utf8')
  const template = readTemplate(text)

  test('is accepted by CloudFormation', () => {
    expect(faults(text)).toEqual([])
  })

  test.each(TRIGGERS)('has %s, started with what it reads, in the pool and callable by it', trigger => {
    const properties = objectAt(template, 'Resources', `${trigger}Function`, 'Properties')
    expect(properties['CodeUri']).toBe(`../../dist/${FILES[trigger]}.zip`)
    const environment = environmentOf(properties)
    expect(settingNames(trigger)).toEqual(expect.arrayContaining(Object.keys(environment)))
    expect(problemsWith(trigger, environment)).toBeUndefined()
    expect(member(template, 'Resources', 'UserPool', 'Properties', 'LambdaConfig', trigger)).toEqual({
      'Fn::GetAtt': [`${trigger}Function`, 'Arn'],
    })
    expect(member(template, 'Resources', `${trigger}Permission`, 'Properties', 'FunctionName')).toEqual({
      Ref: `${trigger}Function`,
    })
  })
})

describe('the Terraform module', () => {
  const source = readFileSync('recipes/terraform/main.tf', 'utf8')

  test.each(TRIGGERS)('has %s with settings that it reads', trigger => {
    const line =
      source
        .split('\n')
        .find(it => it.trimStart().startsWith(`"${FILES[trigger]}"`) && it.includes('environment')) ?? ''
    const names = [...line.matchAll(/\b([A-Z][A-Z_]+) = /g)].map(match => match[1] ?? '')
    const all = line.includes('local.code_secret') ? [...names, 'CODE_SECRET'] : names
    expect(all.length).toBeGreaterThan(0)
    expect(settingNames(trigger)).toEqual(expect.arrayContaining(all))
    for (const required of ['CODE_SECRET', 'FROM_ADDRESS']) {
      expect([required, all.includes(required)]).toEqual([required, settingNames(trigger).includes(required)])
    }
  })
})
