// A loopback server for tests that speaks what the AWS SDK sends to Cognito, Lambda, SES and CloudFormation.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JsonObject, objectAt, parseJsonObject, stringAt, stringsAt } from '../command/json.ts'
import { NOT_IN_UPDATE_USER_POOL, NOT_IN_UPDATE_USER_POOL_CLIENT, preTokenArn } from '../pool/user-pool.ts'

export type StandInFunction = { configuration: JsonObject; policy?: JsonObject }
export type StandInSes = {
  account: JsonObject
  identities: Record<string, boolean>
  configurationSets: string[]
  /** The default configuration set of an identity. */
  defaultConfigurationSets?: Record<string, string>
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
  /** The ARNs on which SimulatePrincipalPolicy allows an action. */
  allowedResources: string[]
  /** Outputs by stack name. */
  stacks: Record<string, Record<string, string>>
}

export type AwsCall = { readonly operation: string; readonly body: JsonObject }

/** `refuse`: an error, nothing done. `lose-answer`: done, but the connection breaks. `deny`: AccessDenied. `unknown`: no such operation. */
export type AwsFault = 'refuse' | 'concurrent' | 'lose-answer' | 'break' | 'deny' | 'unknown'

/** Called before each operation; may change the state, as another administrator would. */
export type Interference = (
  operation: string,
  count: number,
  state: StandInState,
) => AwsFault | undefined | Promise<AwsFault | undefined>

export type StandIn = {
  readonly state: StandInState
  readonly calls: AwsCall[]
  /** Environment variables that point the SDK here. */
  readonly environment: Record<string, string>
  interfere: Interference
  stop(): Promise<void>
}

class Refusal extends Error {
  readonly status: number
  constructor(name: string, message: string, status = 400) {
    super(message)
    this.name = name
    this.status = status
  }
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

export async function startAwsStandIn(state: StandInState): Promise<StandIn> {
  const calls: AwsCall[] = []
  const counts = new Map<string, number>()
  const server = createServer((request, response) => {
    void answer(request)
      .then(({ status, type, text, lost }) => {
        if (lost) return request.socket.destroy()
        response.writeHead(status, {
          'content-type': type,
          ...(status >= 400 ? { 'x-amzn-errortype': text.error } : {}),
        })
        return response.end(text.body)
      })
      .catch(() => request.socket.destroy())
  })
  const standIn: StandIn = { state, calls, environment: {}, interfere: () => undefined, stop }

  async function answer(request: IncomingMessage) {
    const parts: Uint8Array[] = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts).toString()
    const { operation, input } = named(request, body)
    const count = (counts.get(operation) ?? 0) + 1
    counts.set(operation, count)
    calls.push({ operation, body: input })
    const fault = await standIn.interfere(operation, count, state)
    const isQuery = operation === 'DescribeStacks' || operation === 'SimulatePrincipalPolicy'
    const type = isQuery ? 'text/xml' : 'application/x-amz-json-1.1'
    try {
      if (fault === 'break') return { status: 500, type, text: { body: '', error: '' }, lost: true }
      if (fault === 'refuse') throw new Refusal('InvalidParameterException', 'Refused by the test.')
      if (fault === 'concurrent')
        throw new Refusal('ConcurrentModificationException', 'Modified at the same time.')
      if (fault === 'deny')
        throw new Refusal('AccessDeniedException', `not authorized to perform ${operation}`, 403)
      if (fault === 'unknown')
        throw new Refusal('UnknownOperationException', `${operation} is not implemented.`)
      const output = perform(state, operation, input, regionOfRequest(request))
      const text = { body: isQuery ? String(output) : JSON.stringify(output), error: '' }
      return { status: 200, type, text, lost: fault === 'lose-answer' }
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error))
      const status = error instanceof Refusal ? error.status : 500
      const json = JSON.stringify({ __type: name, message, Message: message })
      const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error></ErrorResponse>`
      return { status, type, text: { body: isQuery ? xml : json, error: name }, lost: false }
    }
  }

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

/** The signature names the region. */
function regionOfRequest(request: IncomingMessage): string {
  return /Credential=[^/]*\/\d+\/([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
}

/** The operation that a request asks for, and its input. */
function named(request: IncomingMessage, body: string): { operation: string; input: JsonObject } {
  const target = request.headers['x-amz-target']
  if (typeof target === 'string')
    return { operation: target.split('.')[1] ?? '', input: parseJsonObject(body) }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const path = decodeURIComponent(url.pathname)
  const patterns: [RegExp, string, string][] = [
    [/^\/2015-03-31\/functions\/(.+)\/configuration$/, 'GetFunctionConfiguration', 'FunctionName'],
    [/^\/2015-03-31\/functions\/(.+)\/policy$/, 'GetPolicy', 'FunctionName'],
    [/^\/v2\/email\/account$/, 'GetAccount', ''],
    [/^\/v2\/email\/identities\/(.+)$/, 'GetEmailIdentity', 'EmailIdentity'],
    [/^\/v2\/email\/configuration-sets\/(.+)$/, 'GetConfigurationSet', 'ConfigurationSetName'],
  ]
  for (const [pattern, operation, name] of patterns) {
    const match = pattern.exec(path)
    const input = { [name]: match?.[1] ?? '', Qualifier: url.searchParams.get('Qualifier') }
    if (match !== null) return { operation, input }
  }
  const form = new URLSearchParams(body)
  return { operation: form.get('Action') ?? '', input: Object.fromEntries(form) }
}

function perform(
  state: StandInState,
  operation: string,
  input: JsonObject,
  region: string,
): JsonObject | string {
  const id = stringAt(input, 'UserPoolId')
  if (id !== undefined && id !== state.userPool['Id']) {
    throw new Refusal('ResourceNotFoundException', `User pool ${id} does not exist.`)
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
    case 'GetFunctionConfiguration':
      return functionOf(state, input).configuration
    case 'GetPolicy': {
      const { policy } = functionOf(state, input)
      if (policy === undefined) throw new Refusal('ResourceNotFoundException', 'No policy.', 404)
      return { Policy: JSON.stringify(policy) }
    }
    case 'GetAccount':
      return sesOf(state, region).account
    case 'GetEmailIdentity': {
      const name = stringAt(input, 'EmailIdentity') ?? ''
      const { identities, defaultConfigurationSets } = sesOf(state, region)
      const verified = identities[name]
      if (verified === undefined) throw new Refusal('NotFoundException', 'No such identity.', 404)
      return {
        VerifiedForSendingStatus: verified,
        ConfigurationSetName: defaultConfigurationSets?.[name] ?? null,
      }
    }
    case 'GetConfigurationSet':
      if (!sesOf(state, region).configurationSets.includes(stringAt(input, 'ConfigurationSetName') ?? '')) {
        throw new Refusal('NotFoundException', 'No such configuration set.', 404)
      }
      return {}
    case 'DescribeAlarms':
      return {
        ...page(
          'MetricAlarms',
          state.alarms.filter(alarm => alarm['AlarmRule'] === undefined),
          input,
          'NextToken',
          'MaxRecords',
        ),
        CompositeAlarms: state.alarms.filter(alarm => alarm['AlarmRule'] !== undefined),
      }
    case 'SimulatePrincipalPolicy':
      return simulationXml(state, input)
    case 'DescribeStacks':
      return stackXml(state, stringAt(input, 'StackName') ?? '')
    default:
      throw new Refusal('UnknownOperationException', `The stand-in does not know ${operation}.`)
  }
}

function setUserPoolMfaConfig(state: StandInState, input: JsonObject): JsonObject {
  const { UserPoolId: _, ...mfa } = input
  if (mfa['MfaConfiguration'] === 'OFF' && FACTORS.some(name => mfa[name] !== undefined)) {
    throw new Refusal(
      'InvalidParameterException',
      "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
    )
  }
  const sender = stringAt(state.userPool, 'EmailConfiguration', 'EmailSendingAccount')
  if (mfa['EmailMfaConfiguration'] !== undefined && sender !== 'DEVELOPER') {
    throw new Refusal('InvalidParameterException', 'E-mail MFA needs a user pool that sends through SES.')
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
    throw new Refusal('InvalidParameterException', `UpdateUserPool does not take ${foreign}.`)
  if (
    stringAt(settings, 'AdminCreateUserConfig', 'UnusedAccountValidityDays') === undefined &&
    objectAt(settings, 'AdminCreateUserConfig')['UnusedAccountValidityDays'] !== undefined &&
    objectAt(settings, 'Policies', 'PasswordPolicy')['TemporaryPasswordValidityDays'] !== undefined
  ) {
    throw new Refusal(
      'InvalidParameterException',
      'Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays',
    )
  }
  const lambdaConfig = objectAt(settings, 'LambdaConfig')
  const preToken = stringAt(lambdaConfig, 'PreTokenGeneration')
  if (preToken !== undefined && preToken !== preTokenArn(lambdaConfig)) {
    throw new Refusal('InvalidParameterException', 'PreTokenGeneration and PreTokenGenerationConfig differ.')
  }
  const message = stringAt(settings, 'VerificationMessageTemplate', 'EmailMessage')
  if (message !== undefined && (stringAt(settings, 'EmailVerificationMessage') ?? message) !== message) {
    throw new Refusal('InvalidParameterException', 'The verification messages differ.')
  }
  if (Object.keys(objectAt(settings, 'UserPoolTags')).some(tag => tag.startsWith('aws:'))) {
    throw new Refusal(
      'UserPoolTaggingException',
      'aws: prefixed tag key names are not allowed for external use.',
    )
  }
  if (['ON', 'OPTIONAL'].includes(String(settings['MfaConfiguration'])) && !hasFactor(state.mfa)) {
    throw new Refusal(
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
    throw new Refusal('InvalidParameterException', `UpdateUserPoolClient does not take ${foreign}.`)
  const current = clientOf(state, input)
  const flows = stringsAt(input, 'ExplicitAuthFlows')
  const refreshes = flows.length === 0 || flows.includes('ALLOW_REFRESH_TOKEN_AUTH')
  if (stringAt(input, 'RefreshTokenRotation', 'Feature') === 'ENABLED' && refreshes) {
    throw new Refusal(
      'InvalidParameterException',
      'Refresh token rotation cannot be enabled together with ALLOW_REFRESH_TOKEN_AUTH.',
    )
  }
  const analytics = objectAt(input, 'AnalyticsConfiguration')
  const usesArn = analytics['ApplicationArn'] !== undefined
  if (usesArn && analytics['RoleArn'] !== undefined)
    throw new Refusal('InvalidParameterException', 'ApplicationArn and RoleArn exclude each other.')
  // Cognito sets the service-linked role.
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
    throw new Refusal('ResourceNotFoundException', `User pool client ${input['ClientId']} does not exist.`)
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

function functionOf(state: StandInState, input: JsonObject): StandInFunction {
  const qualifier = stringAt(input, 'Qualifier')
  const arn = `${input['FunctionName']}${qualifier === undefined ? '' : `:${qualifier}`}`
  const found = state.functions[arn]
  if (found === undefined) throw new Refusal('ResourceNotFoundException', `Function not found: ${arn}`, 404)
  return found
}

function sesOf(state: StandInState, region: string): StandInSes {
  return state.ses[region] ?? { account: {}, identities: {}, configurationSets: [] }
}

function stackXml(state: StandInState, name: string): string {
  const outputs = state.stacks[name]
  if (outputs === undefined) throw new Refusal('ValidationError', `Stack with id ${name} does not exist`)
  const members = Object.entries(outputs)
    .map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    .join('')
  return (
    '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>' +
    `<member><StackName>${name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>` +
    `<CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${members}</Outputs></member>` +
    '</Stacks></DescribeStacksResult></DescribeStacksResponse>'
  )
}

function simulationXml(state: StandInState, input: JsonObject): string {
  const resources = Object.entries(input).filter(([name]) => name.startsWith('ResourceArns.member.'))
  const members = resources
    .map(([, arn]) => {
      const decision = state.allowedResources.includes(String(arn)) ? 'allowed' : 'implicitDeny'
      return (
        `<member><EvalActionName>${input['ActionNames.member.1']}</EvalActionName>` +
        `<EvalResourceName>${arn}</EvalResourceName><EvalDecision>${decision}</EvalDecision></member>`
      )
    })
    .join('')
  return (
    '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>' +
    `<EvaluationResults>${members}</EvaluationResults><IsTruncated>false</IsTruncated>` +
    '</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>'
  )
}
