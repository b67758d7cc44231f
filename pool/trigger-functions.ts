// The Lambda functions behind the triggers: where their names come from, how they are set, and who may call them.
import type { FunctionConfiguration } from '@aws-sdk/client-lambda'
import {
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  objectAt,
  parseJsonObject,
  stringAt,
} from '../command/json.ts'
import { shellCommand } from '../command/shell.ts'
import { CommandError } from '../command/terminal.ts'
import type { Aws, PoolAws } from './aws.ts'
import { preTokenArn } from './user-pool.ts'

/** The three that ask for the code, and the guard on the tokens. */
export const TRIGGERS = [
  'DefineAuthChallenge',
  'CreateAuthChallenge',
  'VerifyAuthChallengeResponse',
  'PreTokenGeneration',
] as const

/** The four triggers by their names in LambdaConfig. */
export type Trigger = (typeof TRIGGERS)[number]
export type TriggerArns = Partial<Record<Trigger, string>>

/** The three that ask for the code. */
export const CHALLENGE_TRIGGERS = TRIGGERS.filter(trigger => trigger !== 'PreTokenGeneration')

/** The members of LambdaConfig that a trigger takes. */
export function slotsOf(trigger: Trigger): string[] {
  return trigger === 'PreTokenGeneration' ? [trigger, 'PreTokenGenerationConfig'] : [trigger]
}

const ARN = /^arn:[a-z-]+:lambda:([a-z0-9-]+):(\d{12}):function:([\w-]{1,140})(?::([\w$-]{1,128}))?$/

/** The ARNs among the outputs of a stack made of template.yaml. @throws CommandError if there is no such stack or output */
export async function arnsOfStack(aws: Aws, stackName: string): Promise<TriggerArns> {
  const { client, DescribeStacksCommand } = await aws.cloudFormation(aws.region)
  const command = new DescribeStacksCommand({ StackName: stackName })
  const { Stacks } = await client.send(command).catch((error: unknown) => {
    // CloudFormation has no error of its own for this; it is a ValidationError like others.
    if (!(error instanceof Error && /does not exist/.test(error.message))) throw error
    throw new CommandError(
      `The stack ${stackName} does not exist in ${aws.region}. Check --stack-name, and the account of your credentials ` +
        '(aws cloudformation list-stacks shows the stacks).',
      'not-found',
    )
  })
  const outputs = Stacks?.[0]?.Outputs ?? []
  const arns: TriggerArns = {}
  for (const trigger of TRIGGERS) {
    const arn = outputs.find(({ OutputKey }) => OutputKey === `${trigger}Arn`)?.OutputValue
    if (arn === undefined) {
      throw new CommandError(
        `The stack ${stackName} has no output ${trigger}Arn: it does not come from template.yaml, or it is not complete ` +
          `(${Stacks?.[0]?.StackStatus ?? 'no status'}). Deploy it first, or name the functions with --define-arn, ` +
          '--create-arn, --verify-arn and --pre-token-arn.',
        'not-found',
      )
    }
    arns[trigger] = arn
  }
  return arns
}

/** @throws CommandError if this is not the ARN of a function, or names a numbered version, which Cognito refuses */
export function checkedArn(option: string, arn: string): string {
  const [, , , , qualifier] = ARN.exec(arn) ?? []
  if (!ARN.test(arn)) {
    throw new CommandError(
      `${option} is ${JSON.stringify(arn)}, not the ARN of a Lambda function such as ` +
        'arn:aws:lambda:eu-central-1:111122223333:function:create-auth-challenge.',
      'usage',
    )
  }
  if (isVersion(qualifier)) {
    throw new CommandError(
      `${option} names the version ${qualifier}; Cognito takes a function or an alias.`,
      'usage',
    )
  }
  return arn
}

/** Whether an ARN names a numbered version, or $LATEST, instead of the function or an alias. */
export function isVersion(qualifier: string | undefined): boolean {
  return qualifier !== undefined && (/^\d+$/.test(qualifier) || qualifier === '$LATEST')
}

export function qualifierOf(arn: string): string | undefined {
  return ARN.exec(arn)?.[4]
}

/** The region that a function's ARN names; undefined for what is no function's ARN. */
export function regionOf(arn: string): string | undefined {
  return ARN.exec(arn)?.[1]
}

/** The ARN of a function without its qualifier; what is not a function's ARN stays as it is. */
export function unqualified(arn: string): string {
  const qualifier = qualifierOf(arn)
  return qualifier === undefined ? arn : arn.slice(0, -qualifier.length - 1)
}

/** The name of the function that an ARN names. */
export function functionNameOf(arn: string): string | undefined {
  return ARN.exec(arn)?.[3]
}

/** The trigger that a pool has in a slot; undefined if the slot is free. */
export function arnInSlot(userPool: JsonObject, trigger: Trigger): string | undefined {
  const lambdaConfig = objectAt(userPool, 'LambdaConfig')
  return trigger === 'PreTokenGeneration' ? preTokenArn(lambdaConfig) : stringAt(lambdaConfig, trigger)
}

export type FunctionSettings = {
  readonly arn: string
  /** undefined if there is no such function. */
  readonly configuration: FunctionConfiguration | undefined
  readonly environment: Readonly<Record<string, string>>
}

export type TriggerFunction = FunctionSettings & { readonly mayBeCalled: boolean }

/** Reads a function and whether the pool may call it. @throws the SDK's error when reading is not allowed */
export async function readFunction(aws: PoolAws, arn: string, poolArn: string): Promise<TriggerFunction> {
  const its = await readSettings(aws, arn)
  if (its.configuration === undefined) return { ...its, mayBeCalled: false }
  const { client, GetPolicyCommand } = await lambdaOf(aws, arn)
  const policy = await client.send(new GetPolicyCommand(nameIn(arn))).catch(error => nothingIfNotFound(error))
  return {
    ...its,
    mayBeCalled: policy?.Policy !== undefined && allowsPool(parseJsonObject(policy.Policy), poolArn),
  }
}

/** Reads a function, but not who may call it. @throws the SDK's error when reading is not allowed */
export async function readSettings(aws: PoolAws, arn: string): Promise<FunctionSettings> {
  const { client, GetFunctionConfigurationCommand } = await lambdaOf(aws, arn)
  const configuration = await client
    .send(new GetFunctionConfigurationCommand(nameIn(arn)))
    .catch(error => nothingIfNotFound(error))
  return { arn, configuration, environment: configuration?.Environment?.Variables ?? {} }
}

function lambdaOf(aws: PoolAws, arn: string) {
  return aws.lambda(regionOf(arn) ?? aws.region)
}

/** What an ARN names, as the calls of Lambda take it. */
function nameIn(arn: string) {
  const qualifier = qualifierOf(arn)
  return { FunctionName: unqualified(arn), ...(qualifier === undefined ? {} : { Qualifier: qualifier }) }
}

function nothingIfNotFound(error: unknown): undefined {
  if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
  throw error
}

/** Whether a function's policy lets this pool call it. */
export function allowsPool(policy: JsonObject, poolArn: string): boolean {
  return listAt(policy, 'Statement').some(
    statement =>
      member(statement, 'Effect') === 'Allow' &&
      includesAny(statement, ['Principal', 'Service'], ['cognito-idp.amazonaws.com']) &&
      includesAny(statement, ['Action'], ['lambda:InvokeFunction', 'lambda:*', '*']) &&
      conditionsHold(objectAt(statement, 'Condition'), poolArn),
  )
}

function includesAny(statement: Json, path: string[], values: string[]): boolean {
  return listAt(statement, ...path).some(value => typeof value === 'string' && values.includes(value))
}

function listAt(value: Json, ...path: string[]): Json[] {
  const found = member(value, ...path)
  return Array.isArray(found) ? found : found === null ? [] : [found]
}

/** Only the two conditions that AddPermission sets are understood; any other fails. */
function conditionsHold(conditions: JsonObject, poolArn: string): boolean {
  const account = poolArn.split(':')[4] ?? ''
  return Object.values(conditions)
    .filter(isJsonObject)
    .flatMap(condition => Object.entries(condition))
    .every(([key, value]) => {
      const allowed = (Array.isArray(value) ? value : [value]).map(String)
      if (/^aws:SourceArn$/i.test(key)) return allowed.some(pattern => matches(pattern, poolArn))
      if (/^aws:SourceAccount$/i.test(key)) return allowed.includes(account)
      return false
    })
}

function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${expression}$`).test(text)
}

/** The AWS CLI command that lets a pool call a function. */
export function addPermissionCommand(arn: string, poolArn: string): string {
  return shellCommand('aws lambda add-permission', {
    'function-name': unqualified(arn),
    qualifier: qualifierOf(arn),
    region: regionOf(arn),
    'statement-id': `cognito-${poolArn.split('_').at(-1)}`,
    action: 'lambda:InvokeFunction',
    principal: 'cognito-idp.amazonaws.com',
    'source-arn': poolArn,
    'source-account': poolArn.split(':')[4],
  })
}
