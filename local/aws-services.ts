// What the commands ask of AWS beside Cognito, answered from memory: Lambda, SES, CloudFormation, CloudWatch, DynamoDB and IAM.
import { type JsonObject, parseJsonObject, type UntypedObject } from '../command/json.ts'
import { AwsError } from './aws-error.ts'
import type { PoolCall } from './call-log.ts'
import { type CloudWatch, performCloudWatch } from './cloudwatch.ts'
import type { DynamoDbTable } from './dynamodb.ts'
import type { TriggerName } from './trigger-process.ts'

export interface DeployedTriggers {
  readonly region: string
  readonly poolArn: string
  /** The environment variables that each trigger runs with. */
  readonly environments: ReadonlyMap<TriggerName, Readonly<Record<string, string>>>
  /** What a trigger has logged so far, one JSON object a line. */
  readonly logsOf: (trigger: TriggerName) => readonly string[]
  /** What happened in the pool so far. */
  readonly calls: () => readonly PoolCall[]
}

/** The account as these services describe it. */
export interface AwsAccount {
  /** By ARN, with the qualifier if there is one. */
  readonly functions: Readonly<Record<string, AwsFunction>>
  /** By region. */
  readonly ses: Readonly<Record<string, AwsMail>>
  /** Outputs by the name of the stack. */
  readonly stacks: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What DescribeAlarms answers; one with an AlarmRule is a composite alarm. */
  readonly alarms: readonly UntypedObject[]
  /** The ARNs on which SimulatePrincipalPolicy allows an action; `*` at the end stands for any text. */
  readonly allowedResources: readonly string[]
  /** Logs and metrics; left out: none are here. */
  readonly cloudWatch?: CloudWatch
  /** DynamoDB tables by name; left out: none are here. */
  readonly tables?: Readonly<Record<string, DynamoDbTable>>
  /** Operations that the caller has no right to. */
  readonly denied?: readonly string[]
}

export interface AwsFunction {
  /** As GetFunctionConfiguration answers it. */
  readonly configuration: UntypedObject
  readonly policy?: UntypedObject
}

export interface AwsMail {
  /** As GetAccount answers it. */
  readonly account: UntypedObject
  /** As GetEmailIdentity answers them, by address or domain. */
  readonly identities: Readonly<Record<string, UntypedObject>>
  readonly configurationSets: readonly string[]
  /** As GetConfigurationSet answers them, by name; {} for one that is not here. */
  readonly configurationSetAnswers?: Readonly<Record<string, UntypedObject>>
  /** As GetConfigurationSetEventDestinations answers them, by the name of the set. */
  readonly eventDestinations?: Readonly<Record<string, readonly UntypedObject[]>>
  /** Reasons by address: the suppression list of the account. */
  readonly suppressed?: Readonly<Record<string, string>>
}

/** One request to a service, as the AWS SDK and the AWS CLI send it. */
export interface AwsRequest {
  /** Path and query. */
  readonly path: string
  /** The header X-Amz-Target, of the JSON protocol. */
  readonly target: string | undefined
  /** The header Authorization, which names the region. */
  readonly authorization: string | undefined
  readonly body: string
}

export interface AwsAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** The code of the error, which the REST protocols expect in a header as well. */
  readonly errorCode?: string
}

/** The operation that a request names, and its input; undefined when it is to none of these services. */
export function awsOperation(
  request: AwsRequest,
): { readonly operation: string; readonly input: JsonObject } | undefined {
  const { target, body } = request
  if (target !== undefined)
    return { operation: target.split('.').at(-1) ?? '', input: parseJsonObject(body === '' ? '{}' : body) }
  const url = new URL(request.path, 'http://127.0.0.1')
  const path = decodeURIComponent(url.pathname)
  for (const [pattern, operation, name] of REST_PATHS) {
    const found = pattern.exec(path)?.[1]
    if (found !== undefined)
      return {
        operation,
        input: { [name]: found, Qualifier: url.searchParams.get('Qualifier') },
      }
  }
  const form = new URLSearchParams(body)
  const operation = form.get('Action')
  return operation === null ? undefined : { operation, input: Object.fromEntries(form) }
}

const REST_PATHS: readonly (readonly [RegExp, string, string])[] = [
  [/^\/2015-03-31\/functions\/(.+)\/configuration$/, 'GetFunctionConfiguration', 'FunctionName'],
  [/^\/2015-03-31\/functions\/(.+)\/policy$/, 'GetPolicy', 'FunctionName'],
  [/^\/v2\/email\/(account)$/, 'GetAccount', ''],
  [/^\/v2\/email\/identities\/(.+)$/, 'GetEmailIdentity', 'EmailIdentity'],
  [
    /^\/v2\/email\/configuration-sets\/(.+)\/event-destinations$/,
    'GetConfigurationSetEventDestinations',
    'ConfigurationSetName',
  ],
  [/^\/v2\/email\/suppression\/addresses\/(.+)$/, 'GetSuppressedDestination', 'EmailAddress'],
  [/^\/v2\/email\/configuration-sets\/(.+)$/, 'GetConfigurationSet', 'ConfigurationSetName'],
]

/** The operations of the query protocol, which is XML. */
export const QUERY_OPERATIONS: ReadonlySet<string> = new Set(['DescribeStacks', 'SimulatePrincipalPolicy'])

/** Answers a request from the account; undefined when it is to none of these services. */
export function answerAws(account: AwsAccount, request: AwsRequest): AwsAnswer | undefined {
  const named = awsOperation(request)
  if (named === undefined) return undefined
  const { operation, input } = named
  const isQuery = QUERY_OPERATIONS.has(operation)
  const contentType = isQuery ? 'text/xml' : 'application/x-amz-json-1.0'
  try {
    const output = performAws(account, operation, input, regionOfRequest(request))
    return { status: 200, contentType, body: typeof output === 'string' ? output : JSON.stringify(output) }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { status: error.status, contentType, body: errorBody(error, isQuery), errorCode: error.name }
  }
}

export function errorBody(error: Error, isQuery: boolean): string {
  const { name, message } = error
  const more = error instanceof AwsError ? error.more : {}
  if (!isQuery) return JSON.stringify({ __type: name, message, Message: message, ...more })
  return (
    '<ErrorResponse><Error><Type>Sender</Type>' +
    `<Code>${escapeXml(name)}</Code><Message>${escapeXml(message)}</Message></Error></ErrorResponse>`
  )
}

/** @throws AwsError in the service's own words, or for an operation that is not here */
export function performAws(
  account: AwsAccount,
  operation: string,
  input: JsonObject,
  region: string,
): UntypedObject | string {
  if (account.denied?.includes(operation))
    throw new AwsError('AccessDeniedException', `not authorized to perform ${operation}`, 403)
  const mail = account.ses[region] ?? { account: {}, identities: {}, configurationSets: [] }
  switch (operation) {
    case 'GetFunctionConfiguration':
      return functionOf(account, input).configuration
    case 'GetPolicy': {
      const { policy } = functionOf(account, input)
      if (policy === undefined) throw new AwsError('ResourceNotFoundException', 'No policy.', 404)
      return { Policy: JSON.stringify(policy) }
    }
    case 'GetAccount':
      return mail.account
    case 'GetEmailIdentity': {
      const identity = mail.identities[String(input['EmailIdentity'])]
      if (identity === undefined) throw new AwsError('NotFoundException', 'No such identity.', 404)
      return identity
    }
    case 'GetConfigurationSet':
      return configurationSetOf(mail, String(input['ConfigurationSetName']))
    case 'GetConfigurationSetEventDestinations': {
      const name = String(input['ConfigurationSetName'])
      configurationSetOf(mail, name)
      return { EventDestinations: mail.eventDestinations?.[name] ?? [] }
    }
    case 'GetSuppressedDestination': {
      const address = String(input['EmailAddress'])
      const reason = mail.suppressed?.[address]
      if (reason === undefined) throw new AwsError('NotFoundException', 'Not on the suppression list.', 404)
      return {
        SuppressedDestination: { EmailAddress: address, Reason: reason, LastUpdateTime: 1_700_000_000 },
      }
    }
    case 'DescribeAlarms':
      return alarmsPage(account.alarms, input)
    case 'DescribeStacks':
      return stackXml(account, String(input['StackName']))
    case 'SimulatePrincipalPolicy':
      return simulationXml(account, input)
    default: {
      const { TableName: table } = input
      if (typeof table === 'string') return tableOf(account, table).perform(operation, input)
      const answer = account.cloudWatch && performCloudWatch(account.cloudWatch, operation, input)
      if (answer) return answer
      throw new AwsError('UnknownOperationException', `There is no operation ${operation} here.`)
    }
  }
}

function tableOf({ tables }: AwsAccount, name: string): DynamoDbTable {
  const table = tables?.[name]
  if (table === undefined) throw new AwsError('ResourceNotFoundException', `Table not found: ${name}`)
  return table
}

function configurationSetOf(mail: AwsMail, name: string): UntypedObject {
  if (mail.configurationSets.includes(name)) return mail.configurationSetAnswers?.[name] ?? {}
  throw new AwsError('NotFoundException', 'No such configuration set.', 404)
}

/** The signature names the region: `Credential=KEY/20260101/REGION/SERVICE/aws4_request`. */
export function regionOfRequest({ authorization = '' }: Pick<AwsRequest, 'authorization'>): string {
  return /Credential=[^/]*\/\d+\/([\w-]+)\//.exec(authorization)?.[1] ?? ''
}

function functionOf(account: AwsAccount, input: UntypedObject): AwsFunction {
  const { FunctionName: name, Qualifier: qualifier } = input
  const arn = typeof qualifier === 'string' ? `${name}:${qualifier}` : String(name)
  const found = account.functions[arn]
  if (found === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404)
  return found
}

/** Metric alarms page by page, as the SDK's paginator asks for them; composite alarms are few. */
function alarmsPage(alarms: readonly UntypedObject[], { NextToken: token, MaxRecords: size }: UntypedObject) {
  const isComposite = (alarm: UntypedObject) => alarm['AlarmRule'] !== undefined
  const metricAlarms = alarms.filter(alarm => !isComposite(alarm))
  const start = Number(token ?? 0)
  const end = start + Number(size ?? 100)
  return {
    MetricAlarms: metricAlarms.slice(start, end),
    CompositeAlarms: alarms.filter(isComposite),
    ...(end < metricAlarms.length && { NextToken: String(end) }),
  }
}

function stackXml({ stacks }: AwsAccount, name: string): string {
  const outputs = stacks[name]
  if (outputs === undefined) throw new AwsError('ValidationError', `Stack with id ${name} does not exist`)
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${escapeXml(key)}</OutputKey><OutputValue>${escapeXml(value)}</OutputValue></member>`,
  )
  return (
    '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>' +
    `<member><StackName>${escapeXml(name)}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>` +
    `<CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs></member>` +
    '</Stacks></DescribeStacksResult></DescribeStacksResponse>'
  )
}

function simulationXml({ allowedResources }: AwsAccount, input: UntypedObject): string {
  const members = Object.entries(input)
    .filter(([name]) => name.startsWith('ResourceArns.member.'))
    .map(([, arn]) => {
      const isAllowed = allowedResources.some(allowed =>
        allowed.endsWith('*') ? String(arn).startsWith(allowed.slice(0, -1)) : arn === allowed,
      )
      const decision = isAllowed ? 'allowed' : 'implicitDeny'
      return (
        `<member><EvalActionName>${escapeXml(String(input['ActionNames.member.1']))}</EvalActionName>` +
        `<EvalResourceName>${escapeXml(String(arn))}</EvalResourceName><EvalDecision>${decision}</EvalDecision></member>`
      )
    })
  return (
    '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>' +
    `<EvaluationResults>${members.join('')}</EvaluationResults><IsTruncated>false</IsTruncated>` +
    '</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>'
  )
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
