// A user pool and its app clients as Cognito describes them, and how to write them back without losing a setting.
import {
  type CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  GetUserPoolMfaConfigCommand,
  paginateListUserPoolClients,
  SetUserPoolMfaConfigCommand,
  UpdateUserPoolClientCommand,
  UpdateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import {
  type Difference,
  differences,
  isJsonObject,
  type JsonObject,
  objectAt,
  stringAt,
  stringsAt,
  without,
} from '../command/json.ts'
import { sendVerbatim } from './aws.ts'
import { awsErrorKind } from './aws-errors.ts'

/** Everything about a pool that an update could move. */
export type PoolState = {
  readonly userPool: JsonObject
  /** undefined if it may not be read. */
  readonly mfa: JsonObject | undefined
  /** App clients by id. */
  readonly clients: Readonly<Record<string, JsonObject>>
}

/** What fix changes: which clients it has to read, and the state that is wanted. */
export type PoolChange = {
  readonly clientIds: readonly string[]
  readonly apply: (state: PoolState) => PoolState
}

/**
 * What DescribeUserPool says and UpdateUserPool does not take (API reference of both). A list of what to leave out,
 * not of what to keep: a setting that Cognito gets tomorrow is written back too.
 */
export const NOT_IN_UPDATE_USER_POOL = [
  'AliasAttributes',
  'Arn',
  'CreationDate',
  'CustomDomain',
  'Domain',
  'EmailConfigurationFailure',
  'EstimatedNumberOfUsers',
  'Id',
  'LastModifiedDate',
  'Name',
  'SchemaAttributes',
  'SmsConfigurationFailure',
  'Status',
  'UsernameAttributes',
  'UsernameConfiguration',
]

/** The same for app clients. */
export const NOT_IN_UPDATE_USER_POOL_CLIENT = [
  'ClientSecret',
  'ClientType',
  'CreationDate',
  'LastModifiedDate',
]

/** Members that change without an update. */
const VOLATILE = [
  'EmailConfigurationFailure',
  'EstimatedNumberOfUsers',
  'LastModifiedDate',
  'SmsConfigurationFailure',
  'Status',
]

/**
 * The input of UpdateUserPool that leaves a described pool as it is.
 *
 * UpdateUserPool resets most of what is left out (API reference: all but UserPoolTier; measured in 2026: also not
 * MfaConfiguration and the members of Policies, aws-cdk cdkd #1965 and #1982), so everything is sent. It refuses some of
 * what DescribeUserPool says:
 * - UnusedAccountValidityDays beside TemporaryPasswordValidityDays ("Please use TemporaryPasswordValidityDays in
 *   PasswordPolicy instead of UnusedAccountValidityDays");
 * - the old verification texts, if they contradict VerificationMessageTemplate;
 * - tags that begin with `aws:`, which only AWS itself sets and removes.
 * PreTokenGeneration and PreTokenGenerationConfig.LambdaArn must be the same (API reference of LambdaConfigType).
 *
 * @param described `UserPool` of DescribeUserPool
 */
export function toUpdateUserPool(described: JsonObject): JsonObject {
  const update = without(described, NOT_IN_UPDATE_USER_POOL)
  update['UserPoolId'] = described['Id'] ?? null
  update['PoolName'] = described['Name'] ?? null
  if (isJsonObject(update['LambdaConfig']))
    update['LambdaConfig'] = withBothPreTokenSlots(update['LambdaConfig'])
  if (isJsonObject(update['AdminCreateUserConfig']) && hasTemporaryPasswordValidity(described)) {
    update['AdminCreateUserConfig'] = without(update['AdminCreateUserConfig'], ['UnusedAccountValidityDays'])
  }
  if (isJsonObject(update['UserPoolTags'])) {
    const systemTags = Object.keys(update['UserPoolTags']).filter(tag => tag.startsWith('aws:'))
    update['UserPoolTags'] = without(update['UserPoolTags'], systemTags)
  }
  return without(update, contradictedVerificationTexts(described))
}

/**
 * The input of UpdateUserPoolClient that leaves a described client as it is. DescribeUserPoolClient shows the
 * service-linked role of AnalyticsConfiguration, which is not taken beside an ApplicationArn (aws-cdk #32862).
 */
export function toUpdateUserPoolClient(described: JsonObject): JsonObject {
  return withoutAnalyticsRole(without(described, NOT_IN_UPDATE_USER_POOL_CLIENT))
}

function withoutAnalyticsRole(client: JsonObject): JsonObject {
  const analytics = client['AnalyticsConfiguration']
  if (!isJsonObject(analytics) || stringAt(analytics, 'ApplicationArn') === undefined) return client
  return { ...client, AnalyticsConfiguration: without(analytics, ['RoleArn']) }
}

function hasTemporaryPasswordValidity(described: JsonObject): boolean {
  return (
    typeof objectAt(described, 'Policies', 'PasswordPolicy')['TemporaryPasswordValidityDays'] === 'number'
  )
}

const OLD_VERIFICATION_TEXTS = [
  ['EmailVerificationMessage', 'EmailMessage'],
  ['EmailVerificationSubject', 'EmailSubject'],
  ['SmsVerificationMessage', 'SmsMessage'],
] as const

/** The API reference calls the old fields "no longer used": where the template says something, that is what is sent. */
function contradictedVerificationTexts(described: JsonObject): string[] {
  return supersededVerificationTexts(described)
    .filter(
      ([old, current]) => objectAt(described, 'VerificationMessageTemplate')[current] !== described[old],
    )
    .map(([old]) => old)
}

function supersededVerificationTexts(described: JsonObject) {
  return OLD_VERIFICATION_TEXTS.filter(
    ([, current]) => stringAt(described, 'VerificationMessageTemplate', current) !== undefined,
  )
}

/** Cognito keeps one Pre Token Generation trigger and shows it in two places. */
function withBothPreTokenSlots(lambdaConfig: JsonObject): JsonObject {
  const arn = preTokenArn(lambdaConfig)
  if (arn === undefined) return lambdaConfig
  const config = {
    LambdaVersion: 'V1_0',
    ...objectAt(lambdaConfig, 'PreTokenGenerationConfig'),
    LambdaArn: arn,
  }
  return { ...lambdaConfig, PreTokenGeneration: arn, PreTokenGenerationConfig: config }
}

/** The Pre Token Generation trigger, from either of its two members. */
export function preTokenArn(lambdaConfig: JsonObject): string | undefined {
  return (
    stringAt(lambdaConfig, 'PreTokenGenerationConfig', 'LambdaArn') ??
    stringAt(lambdaConfig, 'PreTokenGeneration')
  )
}

/** A described pool with everything in one form, so that only true differences differ. */
function comparable(userPool: JsonObject): JsonObject {
  const superseded = supersededVerificationTexts(userPool).map(([old]) => old)
  const pool = without(userPool, [...VOLATILE, ...superseded])
  if (isJsonObject(pool['LambdaConfig'])) pool['LambdaConfig'] = withBothPreTokenSlots(pool['LambdaConfig'])
  // Beside TemporaryPasswordValidityDays this has no meaning, and Cognito keeps its own idea of it.
  if (isJsonObject(pool['AdminCreateUserConfig']) && hasTemporaryPasswordValidity(pool)) {
    pool['AdminCreateUserConfig'] = without(pool['AdminCreateUserConfig'], ['UnusedAccountValidityDays'])
  }
  for (const [name, value] of Object.entries(pool)) {
    if (isJsonObject(value) && Object.keys(value).length === 0 && name !== 'DeviceConfiguration')
      delete pool[name]
  }
  return pool
}

export function poolDifferences(before: JsonObject, after: JsonObject): Difference[] {
  return differences(comparable(before), comparable(after))
}

export function clientDifferences(before: JsonObject, after: JsonObject): Difference[] {
  const comparableClient = (client: JsonObject) =>
    withoutAnalyticsRole(without(client, [...VOLATILE, 'ClientSecret']))
  return differences(comparableClient(before), comparableClient(after))
}

/**
 * Reads a pool, its MFA configuration and app clients, whole. A client that does not exist any more is left out.
 *
 * @param clientIds which clients; undefined for all
 */
export async function readPoolState(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  clientIds?: readonly string[],
): Promise<PoolState> {
  const userPool = await describeUserPool(cognito, userPoolId)
  const mfa = await readMfaConfig(cognito, userPoolId)
  const ids = clientIds ?? (await listClientIds(cognito, userPoolId))
  const clients: Record<string, JsonObject> = {}
  for (const id of ids) {
    const client = await describeUserPoolClient(cognito, userPoolId, id).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
      throw error
    })
    if (client !== undefined) clients[id] = client
  }
  return { userPool, mfa, clients }
}

/** undefined where it may not be read, or where the endpoint does not have the operation. */
async function readMfaConfig(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
): Promise<JsonObject | undefined> {
  const command = new GetUserPoolMfaConfigCommand({ UserPoolId: userPoolId })
  const answer = sendVerbatim(command)
  try {
    await cognito.send(command)
    return answer()
  } catch (error) {
    if (['denied', 'unsupported'].includes(awsErrorKind(error))) return undefined
    throw error
  }
}

export async function describeUserPool(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
): Promise<JsonObject> {
  const command = new DescribeUserPoolCommand({ UserPoolId: userPoolId })
  const answer = sendVerbatim(command)
  await cognito.send(command)
  return objectAt(answer(), 'UserPool')
}

/** Without the client's secret, which no command needs. */
export async function describeUserPoolClient(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  clientId: string,
): Promise<JsonObject> {
  const command = new DescribeUserPoolClientCommand({ UserPoolId: userPoolId, ClientId: clientId })
  const answer = sendVerbatim(command)
  await cognito.send(command)
  return without(objectAt(answer(), 'UserPoolClient'), ['ClientSecret'])
}

/** All app clients of a pool, each described whole. */
export async function describeAllClients(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
): Promise<JsonObject[]> {
  const clients: JsonObject[] = []
  for (const id of await listClientIds(cognito, userPoolId)) {
    clients.push(await describeUserPoolClient(cognito, userPoolId, id))
  }
  return clients
}

async function listClientIds(cognito: CognitoIdentityProviderClient, userPoolId: string): Promise<string[]> {
  const ids: string[] = []
  for await (const page of paginateListUserPoolClients(
    { client: cognito },
    { UserPoolId: userPoolId, MaxResults: 60 },
  )) {
    ids.push(...(page.UserPoolClients ?? []).flatMap(({ ClientId }) => ClientId ?? []))
  }
  return ids
}

/** @param wanted a described pool; `current` tells what must be emptied, because leaving it out would keep it */
export async function updateUserPool(
  cognito: CognitoIdentityProviderClient,
  wanted: JsonObject,
  current: JsonObject,
): Promise<void> {
  const body = toUpdateUserPool(wanted)
  // Terraform's provider found that this one is kept, not reset, when it is left out; an empty list clears it.
  const verifiedBeforeUpdate = 'AttributesRequireVerificationBeforeUpdate'
  if (
    stringsAt(current, 'UserAttributeUpdateSettings', verifiedBeforeUpdate).length > 0 &&
    body['UserAttributeUpdateSettings'] === undefined
  ) {
    body['UserAttributeUpdateSettings'] = { [verifiedBeforeUpdate]: [] }
  }
  const command = new UpdateUserPoolCommand({ UserPoolId: String(wanted['Id']) })
  sendVerbatim(command, body)
  await cognito.send(command)
}

export async function updateUserPoolClient(
  cognito: CognitoIdentityProviderClient,
  wanted: JsonObject,
): Promise<void> {
  const command = new UpdateUserPoolClientCommand({
    UserPoolId: String(wanted['UserPoolId']),
    ClientId: String(wanted['ClientId']),
  })
  sendVerbatim(command, toUpdateUserPoolClient(wanted))
  await cognito.send(command)
}

/** @param wanted an answer of GetUserPoolMfaConfig */
export async function setUserPoolMfaConfig(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  wanted: JsonObject,
): Promise<void> {
  const command = new SetUserPoolMfaConfigCommand({ UserPoolId: userPoolId })
  // "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
  const factors = ['EmailMfaConfiguration', 'SmsMfaConfiguration', 'SoftwareTokenMfaConfiguration']
  const body = wanted['MfaConfiguration'] === 'OFF' ? without(wanted, factors) : wanted
  sendVerbatim(command, { ...body, UserPoolId: userPoolId })
  await cognito.send(command)
}
