// A stand-in for AWS in tests: it answers what the AWS SDK sends to Cognito, Lambda, SES and CloudFormation, on a loopback
// server or inside the process.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { type JsonObject, objectAt, parseJsonObject, stringAt, stringsAt } from '../command/json.ts'
import { AwsError } from '../local/aws-error.ts'
import {
  type AwsAccount,
  type AwsRequest,
  awsOperation,
  errorBody,
  performAws,
  QUERY_OPERATIONS,
  regionOfRequest,
} from '../local/aws-services.ts'
import type { MetricPoint } from '../local/cloudwatch.ts'
import type { PoolAws } from '../pool/aws.ts'
import { NOT_IN_UPDATE_USER_POOL, NOT_IN_UPDATE_USER_POOL_CLIENT, preTokenArn } from '../pool/user-pool.ts'
import { inProcess } from './in-process-requests.ts'

export type StandInFunction = { configuration: JsonObject; policy?: JsonObject }
export type StandInSes = {
  account: JsonObject
  /** Whether an identity is verified, or the whole answer of GetEmailIdentity. */
  identities: Record<string, boolean | JsonObject>
  configurationSets: string[]
  /** The default configuration set of an identity. */
  defaultConfigurationSets?: Record<string, string>
  configurationSetAnswers?: Record<string, JsonObject>
  eventDestinations?: Record<string, JsonObject[]>
  suppressed?: Record<string, string>
}

export type StandInState = {
  userPool: JsonObject
  mfa: JsonObject
  clients: Record<string, JsonObject>
  users: JsonObject[]
  identityProviders: string[]
  importJobs: JsonObject[]
  /** By ARN, with the qualifier if there is one. */
  functions: Record<string, StandInFunction>
  /** By region. */
  ses: Record<string, StandInSes>
  /** What DescribeAlarms answers. */
  alarms: JsonObject[]
  /** What CloudWatch has, beside no logs. */
  metrics: MetricPoint[]
  /** The ARNs on which SimulatePrincipalPolicy allows an action; `*` at the end stands for any text. */
  allowedResources: string[]
  /** Outputs by stack name. */
  stacks: Record<string, Record<string, string>>
}

export type AwsCall = { readonly operation: string; readonly body: JsonObject }

/** `refuse`: an error, nothing done. `lose-answer`: done, but the connection breaks. `deny`: AccessDenied. `unknown`: no such operation. */
export type AwsFault = 'refuse' | 'concurrent' | 'internal' | 'lose-answer' | 'break' | 'deny' | 'unknown'

/** Called before each operation; may change the state, as another administrator would. */
export type Interference = (
  operation: string,
  count: number,
  state: StandInState,
) => AwsFault | undefined | Promise<AwsFault | undefined>

type Account = {
  readonly state: StandInState
  readonly calls: AwsCall[]
  interfere: Interference
}

export type StandIn = Account & {
  /** Environment variables that point the SDK here. */
  readonly environment: Record<string, string>
  stop(): Promise<void>
}

export type InProcessStandIn = Account & {
  /** The SDK's clients, which are answered without a server. */
  readonly aws: PoolAws
}

/** What an update leaves out becomes this, or is unset. */
const DEFAULTS: JsonObject = { DeletionProtection: 'INACTIVE' }

/**
 * Kept when an update leaves them out: the tier by its documentation, UserAttributeUpdateSettings as Terraform's provider
 * found, MfaConfiguration and each member of Policies as measured against AWS in 2026 (aws-cdk cdkd #1965, #1982).
 */
const KEPT = ['UserPoolTier', 'UserAttributeUpdateSettings', 'MfaConfiguration', 'Policies']

/** The second factors of an MFA configuration. */
const FACTORS = ['EmailMfaConfiguration', 'SmsMfaConfiguration', 'SoftwareTokenMfaConfiguration']

/** The stand-in as a server, for what finds AWS by its environment variables. */
export async function startAwsStandIn(state: StandInState): Promise<StandIn> {
  const answerTo = answering()
  const server = createServer((request, response) => {
    void bodyOf(request)
      .then(body => {
        const { 'x-amz-target': target, authorization } = request.headers
        const path = request.url ?? '/'
        return answerTo(standIn, {
          path,
          target: typeof target === 'string' ? target : undefined,
          authorization,
          body,
        })
      })
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
      .catch(() => request.socket.destroy())
  })
  const standIn: StandIn = { state, calls: [], environment: {}, interfere: () => undefined, stop }

  async function stop(): Promise<void> {
    server.closeAllConnections()
    await new Promise<void>(resolve => server.close(() => resolve()))
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (const service of [
    'COGNITO_IDENTITY_PROVIDER',
    'LAMBDA',
    'SESV2',
    'CLOUDFORMATION',
    'CLOUDWATCH',
    'IAM',
  ]) {
    standIn.environment[`AWS_ENDPOINT_URL_${service}`] = `http://127.0.0.1:${port}`
  }
  standIn.environment['AWS_ACCESS_KEY_ID'] = 'EXAMPLE'
  standIn.environment['AWS_SECRET_ACCESS_KEY'] = 'example'
  return standIn
}

/** The stand-in without a server, for tests of what makes and carries out a plan. */
export function inProcessStandIn(state: StandInState): InProcessStandIn {
  const answerTo = answering()
  const configuration = inProcess(request => answerTo(standIn, request))
  const lambda = async () => {
    const service = await import('../pool/services/lambda.ts')
    return { ...service, client: new service.Client(configuration) }
  }
  const cognito = new CognitoIdentityProviderClient(configuration)
  const standIn: InProcessStandIn = {
    state,
    calls: [],
    interfere: () => undefined,
    aws: { region: configuration.region, cognito, lambda },
  }
  return standIn
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** @returns answers a request; it throws where the connection is to break */
function answering() {
  const counts = new Map<string, number>()
  return async ({ state, calls, interfere }: Account, request: AwsRequest) => {
    const named = awsOperation(request)
    const operation = named?.operation ?? ''
    const input = parseJsonObject(JSON.stringify(named?.input ?? {}))
    const count = (counts.get(operation) ?? 0) + 1
    counts.set(operation, count)
    calls.push({ operation, body: input })
    const fault = await interfere(operation, count, state)
    if (fault === 'break') throw new Error('The connection breaks.')
    const isQuery = QUERY_OPERATIONS.has(operation)
    const headers = { 'content-type': isQuery ? 'text/xml' : 'application/x-amz-json-1.1' }
    try {
      refuseFor(fault, operation)
      const output = perform(state, operation, input, regionOfRequest(request))
      if (fault !== 'lose-answer')
        return { status: 200, headers, body: isQuery ? String(output) : JSON.stringify(output) }
    } catch (error) {
      const thrown = error instanceof Error ? error : new Error(String(error))
      return {
        status: thrown instanceof AwsError ? thrown.status : 500,
        headers: { ...headers, 'x-amzn-errortype': thrown.name },
        body: errorBody(thrown, isQuery),
      }
    }
    throw new Error('The answer is lost.')
  }
}

function refuseFor(fault: AwsFault | undefined, operation: string): void {
  if (fault === 'refuse') throw new AwsError('InvalidParameterException', 'Refused by the test.')
  if (fault === 'concurrent')
    throw new AwsError('ConcurrentModificationException', 'Modified at the same time.')
  if (fault === 'internal') throw new AwsError('InternalErrorException', 'Something went wrong.', 500)
  if (fault === 'deny')
    throw new AwsError('AccessDeniedException', `not authorized to perform ${operation}`, 403)
  if (fault === 'unknown')
    throw new AwsError('UnknownOperationException', `This stand-in has no operation ${operation}.`)
}

function perform(state: StandInState, operation: string, input: JsonObject, region: string): object | string {
  const id = stringAt(input, 'UserPoolId')
  if (id !== undefined && id !== state.userPool['Id']) {
    throw new AwsError('ResourceNotFoundException', `User pool ${id} does not exist.`)
  }
  switch (operation) {
    case 'DescribeUserPool':
      return { UserPool: state.userPool }
    case 'UpdateUserPool':
      return updateUserPool(state, input)
    case 'GetUserPoolMfaConfig':
      return state.mfa
    case 'SetUserPoolMfaConfig':
      return setUserPoolMfaConfig(state, input)
    case 'ListUserPoolClients':
      return page(
        'UserPoolClients',
        Object.values(state.clients).map(summary),
        input,
        'NextToken',
        'MaxResults',
      )
    case 'DescribeUserPoolClient':
      return { UserPoolClient: { ...clientOf(state, input), ClientSecret: 'a-client-secret' } }
    case 'UpdateUserPoolClient':
      return updateUserPoolClient(state, input)
    case 'ListUserImportJobs':
      return { UserImportJobs: state.importJobs }
    case 'ListIdentityProviders':
      return { Providers: state.identityProviders.map(ProviderName => ({ ProviderName })) }
    case 'ListUsers':
      return page('Users', state.users, input, 'PaginationToken', 'Limit')
    case 'AdminGetUser':
      return adminGetUser(state, input)
    default:
      return performAws(accountOf(state), operation, input, region)
  }
}

function setUserPoolMfaConfig(state: StandInState, input: JsonObject): JsonObject {
  const { UserPoolId: _, ...mfa } = input
  if (mfa['MfaConfiguration'] === 'OFF' && FACTORS.some(name => mfa[name] !== undefined)) {
    throw new AwsError(
      'InvalidParameterException',
      "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
    )
  }
  const sender = stringAt(state.userPool, 'EmailConfiguration', 'EmailSendingAccount')
  if (mfa['EmailMfaConfiguration'] !== undefined && sender !== 'DEVELOPER') {
    throw new AwsError('InvalidParameterException', 'E-mail MFA needs a user pool that sends through SES.')
  }
  // With MFA off the SMS settings of the pool are still described.
  const { SmsMfaConfiguration } = state.mfa
  const described = mfa['MfaConfiguration'] === 'OFF' && SmsMfaConfiguration !== undefined
  state.mfa = described ? { ...mfa, SmsMfaConfiguration } : mfa
  state.userPool['MfaConfiguration'] = mfa['MfaConfiguration'] ?? 'OFF'
  return mfa
}

function hasFactor(mfa: JsonObject): boolean {
  return (
    mfa['EmailMfaConfiguration'] !== undefined ||
    mfa['SmsMfaConfiguration'] !== undefined ||
    objectAt(mfa, 'SoftwareTokenMfaConfiguration')['Enabled'] === true
  )
}

function updateUserPool(state: StandInState, input: JsonObject): JsonObject {
  const { UserPoolId: _, PoolName, ...settings } = input
  const foreign = Object.keys(settings).filter(name => NOT_IN_UPDATE_USER_POOL.includes(name))
  if (foreign.length > 0)
    throw new AwsError('InvalidParameterException', `UpdateUserPool does not take ${foreign}.`)
  if (
    stringAt(settings, 'AdminCreateUserConfig', 'UnusedAccountValidityDays') === undefined &&
    objectAt(settings, 'AdminCreateUserConfig')['UnusedAccountValidityDays'] !== undefined &&
    objectAt(settings, 'Policies', 'PasswordPolicy')['TemporaryPasswordValidityDays'] !== undefined
  ) {
    throw new AwsError(
      'InvalidParameterException',
      'Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays',
    )
  }
  const lambdaConfig = objectAt(settings, 'LambdaConfig')
  const preToken = stringAt(lambdaConfig, 'PreTokenGeneration')
  if (preToken !== undefined && preToken !== preTokenArn(lambdaConfig)) {
    throw new AwsError('InvalidParameterException', 'PreTokenGeneration and PreTokenGenerationConfig differ.')
  }
  const message = stringAt(settings, 'VerificationMessageTemplate', 'EmailMessage')
  if (message !== undefined && (stringAt(settings, 'EmailVerificationMessage') ?? message) !== message) {
    throw new AwsError('InvalidParameterException', 'The verification messages differ.')
  }
  if (Object.keys(objectAt(settings, 'UserPoolTags')).some(tag => tag.startsWith('aws:'))) {
    throw new AwsError(
      'UserPoolTaggingException',
      'aws: prefixed tag key names are not allowed for external use.',
    )
  }
  if (['ON', 'OPTIONAL'].includes(String(settings['MfaConfiguration'])) && !hasFactor(state.mfa)) {
    throw new AwsError(
      'InvalidParameterException',
      'SMS configuration and Auto verification for phone_number are required when MFA is required/optional',
    )
  }
  const systemTags = Object.entries(objectAt(state.userPool, 'UserPoolTags')).filter(([tag]) =>
    tag.startsWith('aws:'),
  )
  const fixed = Object.entries(state.userPool).filter(
    ([name]) => NOT_IN_UPDATE_USER_POOL.includes(name) || KEPT.includes(name),
  )
  const clears = stringsAt(
    settings,
    'UserAttributeUpdateSettings',
    'AttributesRequireVerificationBeforeUpdate',
  )
  const pool: JsonObject = {
    ...Object.fromEntries(fixed),
    ...DEFAULTS,
    ...settings,
    Policies: { ...objectAt(state.userPool, 'Policies'), ...objectAt(settings, 'Policies') },
    LastModifiedDate: Date.now() / 1000,
  }
  if (![undefined, state.userPool['MfaConfiguration']].includes(settings['MfaConfiguration'])) {
    state.mfa = { ...state.mfa, MfaConfiguration: settings['MfaConfiguration'] ?? null }
  }
  if (PoolName !== undefined) pool['Name'] = PoolName
  if (settings['UserAttributeUpdateSettings'] !== undefined && clears.length === 0)
    delete pool['UserAttributeUpdateSettings']
  const tags = { ...objectAt(settings, 'UserPoolTags'), ...Object.fromEntries(systemTags) }
  if (Object.keys(tags).length > 0) pool['UserPoolTags'] = tags
  state.userPool = pool
  return {}
}

const SERVICE_LINKED_ROLE =
  'arn:aws:iam::111122223333:role/aws-service-role/cognito-idp.amazonaws.com/example'

function updateUserPoolClient(state: StandInState, input: JsonObject): JsonObject {
  const foreign = Object.keys(input).filter(name => NOT_IN_UPDATE_USER_POOL_CLIENT.includes(name))
  if (foreign.length > 0)
    throw new AwsError('InvalidParameterException', `UpdateUserPoolClient does not take ${foreign}.`)
  const current = clientOf(state, input)
  const flows = stringsAt(input, 'ExplicitAuthFlows')
  const refreshes = flows.length === 0 || flows.includes('ALLOW_REFRESH_TOKEN_AUTH')
  if (stringAt(input, 'RefreshTokenRotation', 'Feature') === 'ENABLED' && refreshes) {
    throw new AwsError(
      'InvalidParameterException',
      'Refresh token rotation cannot be enabled together with ALLOW_REFRESH_TOKEN_AUTH.',
    )
  }
  const analytics = objectAt(input, 'AnalyticsConfiguration')
  const usesArn = analytics['ApplicationArn'] !== undefined
  if (usesArn && analytics['RoleArn'] !== undefined)
    throw new AwsError('InvalidParameterException', 'ApplicationArn and RoleArn exclude each other.')
  // Cognito names the service-linked role by itself.
  const role = stringAt(current, 'AnalyticsConfiguration', 'RoleArn') ?? SERVICE_LINKED_ROLE
  const named = usesArn ? { AnalyticsConfiguration: { ...analytics, RoleArn: role } } : {}
  const fixed = Object.entries(current).filter(([name]) => NOT_IN_UPDATE_USER_POOL_CLIENT.includes(name))
  const client = { ...Object.fromEntries(fixed), ...input, ...named, LastModifiedDate: Date.now() / 1000 }
  state.clients[String(input['ClientId'])] = client
  return { UserPoolClient: client }
}

function clientOf(state: StandInState, input: JsonObject): JsonObject {
  const client = state.clients[stringAt(input, 'ClientId') ?? '']
  if (client === undefined) {
    throw new AwsError('ResourceNotFoundException', `User pool client ${input['ClientId']} does not exist.`)
  }
  return client
}

function summary({ ClientId = null, ClientName = null, UserPoolId = null }: JsonObject): JsonObject {
  return { ClientId, ClientName, UserPoolId }
}

function page(
  name: string,
  all: JsonObject[],
  input: JsonObject,
  tokenName: string,
  sizeName: string,
): JsonObject {
  const start = Number(stringAt(input, tokenName) ?? 0)
  const end = start + Number(input[sizeName] ?? 60)
  return { [name]: all.slice(start, end), ...(end < all.length ? { [tokenName]: String(end) } : {}) }
}

/** A user by name or by address: the answer has the name. */
function adminGetUser({ users }: StandInState, { Username = null }: JsonObject): JsonObject {
  const found = users.find(user => {
    const attributes = Array.isArray(user['Attributes']) ? user['Attributes'] : []
    return (
      user['Username'] === Username || attributes.some(attribute => stringAt(attribute, 'Value') === Username)
    )
  })
  if (found === undefined) throw new AwsError('UserNotFoundException', 'User does not exist.')
  return found
}

/** The account around the pool. */
function accountOf({ functions, ses, stacks, alarms, metrics, allowedResources }: StandInState): AwsAccount {
  const mail = Object.entries(ses).map(([region, { account, identities, configurationSets, ...its }]) => {
    const described = Object.entries(identities).map(([name, verified]) => {
      const ConfigurationSetName = its.defaultConfigurationSets?.[name] ?? null
      const answer = typeof verified === 'boolean' ? { VerifiedForSendingStatus: verified } : verified
      return [name, { ConfigurationSetName, ...answer }]
    })
    return [region, { ...its, account, identities: Object.fromEntries(described), configurationSets }]
  })
  const cloudWatch = { logGroups: {}, metricFilters: [], points: () => metrics }
  return { functions, ses: Object.fromEntries(mail), stacks, alarms, allowedResources, cloudWatch }
}
