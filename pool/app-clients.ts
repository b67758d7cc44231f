// What an app client allows: which of its ways to sign in ask for the code, and which end in tokens without it.
import { type JsonObject, member, stringAt, stringsAt } from '../command/json.ts'

/**
 * The flows that cannot end in tokens without the code. Every other flow does, known or not: ALLOW_USER_AUTH allows a
 * password on its own (API reference of UpdateUserPoolClient), and Cognito may add flows. The ADMIN flows need IAM
 * credentials, but a user who signs in through them enters no code.
 */
const FLOWS_WITH_CODE = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH', 'CUSTOM_AUTH_FLOW_ONLY']

/** "If you don't specify a value, your client supports" these (API reference, ExplicitAuthFlows). */
const DEFAULT_FLOWS = ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH']

/** AuthSessionValidity when a client says nothing. */
const DEFAULT_SESSION_MINUTES = 3

/** Whether nobody chose the flows of a client: it lists none, so that Cognito's defaults are in force. */
export function hasDefaultFlows(client: JsonObject): boolean {
  return stringsAt(client, 'ExplicitAuthFlows').length === 0
}

/** The flows in force, including Cognito's defaults. */
export function flowsOf(client: JsonObject): string[] {
  return hasDefaultFlows(client) ? DEFAULT_FLOWS : stringsAt(client, 'ExplicitAuthFlows')
}

export function flowsWithoutCode(client: JsonObject): string[] {
  const flows = flowsOf(client)
  // Old names are not exclusive: without CUSTOM_AUTH_FLOW_ONLY they leave USER_SRP_AUTH open.
  const old = flows.every(flow => !flow.startsWith('ALLOW_')) && !flows.includes('CUSTOM_AUTH_FLOW_ONLY')
  return [
    ...flows.filter(flow => !FLOWS_WITH_CODE.includes(flow)),
    ...(old ? ['USER_SRP_AUTH (implied)'] : []),
  ]
}

export function asksForCode(client: JsonObject): boolean {
  const flows = flowsOf(client)
  return flows.includes('ALLOW_CUSTOM_AUTH') || flows.includes('CUSTOM_AUTH_FLOW_ONLY')
}

/** The flows of a client that can do nothing but ask for the code and refresh. */
export function wantedFlows(client: JsonObject): string[] {
  const flows = flowsOf(client)
  if (flows.length === 1 && flows[0] === 'CUSTOM_AUTH_FLOW_ONLY') return flows
  const refreshes = currentNames(flows).includes('ALLOW_REFRESH_TOKEN_AUTH') && !rotatesRefreshTokens(client)
  return refreshes ? ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] : ['ALLOW_CUSTOM_AUTH']
}

/** The flows of a client, and one more. Old names and ALLOW_ names cannot be mixed, so all are written as ALLOW_ names. */
export function flowsWith(client: JsonObject, flow: 'ALLOW_CUSTOM_AUTH' | 'ALLOW_USER_SRP_AUTH'): string[] {
  const flows = currentNames(flowsOf(client))
  return flows.includes(flow) ? flows : [...flows, flow]
}

/** The flows of a client whose users enter the code of Cognito's own factor: a password by SRP, and no custom challenge. */
export function flowsOfNativeFactor(client: JsonObject): string[] {
  return flowsWith(client, 'ALLOW_USER_SRP_AUTH').filter(flow => flow !== 'ALLOW_CUSTOM_AUTH')
}

const CURRENT_NAMES: Readonly<Record<string, string>> = {
  ADMIN_NO_SRP_AUTH: 'ALLOW_ADMIN_USER_PASSWORD_AUTH',
  CUSTOM_AUTH_FLOW_ONLY: 'ALLOW_CUSTOM_AUTH',
  USER_PASSWORD_AUTH: 'ALLOW_USER_PASSWORD_AUTH',
}

/** The same flows in today's names; the old names left SRP, custom and refresh open unless one of them said otherwise. */
function currentNames(flows: readonly string[]): string[] {
  if (flows.some(flow => flow.startsWith('ALLOW_'))) return [...flows]
  const named = flows.map(flow => CURRENT_NAMES[flow] ?? flow)
  const implied = flows.includes('CUSTOM_AUTH_FLOW_ONLY') ? ['ALLOW_REFRESH_TOKEN_AUTH'] : DEFAULT_FLOWS
  return [...new Set([...named, ...implied])]
}

function rotatesRefreshTokens(client: JsonObject): boolean {
  return member(client, 'RefreshTokenRotation', 'Feature') === 'ENABLED'
}

/**
 * The client without ALLOW_REFRESH_TOKEN_AUTH if it rotates refresh tokens: refreshing is another call then, and Cognito
 * refuses both together (terraform-provider-aws #47196), the default flows included.
 */
export function withoutRefreshConflict(client: JsonObject): JsonObject {
  const others = flowsOf(client).filter(flow => flow !== 'ALLOW_REFRESH_TOKEN_AUTH')
  // An empty list would put the default flows in force, SRP among them: that Cognito refuses is better.
  if (!rotatesRefreshTokens(client) || others.length === 0) return client
  return { ...client, ExplicitAuthFlows: others }
}

/** Whether users can sign in through a client with the code and in no other way. */
export function canOnlyAskForCode(client: JsonObject): boolean {
  return asksForCode(client) && flowsWithoutCode(client).length === 0 && !isForMachines(client)
}

export function sessionMinutesOf(client: JsonObject): number {
  const minutes = client['AuthSessionValidity']
  return typeof minutes === 'number' ? minutes : DEFAULT_SESSION_MINUTES
}

/** Long enough for the code, never shorter than it was. */
export function wantedSessionMinutes(client: JsonObject, ttlSeconds: number): number {
  return Math.max(sessionMinutesOf(client), Math.ceil(ttlSeconds / 60))
}

/** Clients whose local users can sign in through the hosted UI, which cannot ask for the code. */
export function hostedUiClients(userPool: JsonObject, clients: readonly JsonObject[]): JsonObject[] {
  const hasDomain =
    stringAt(userPool, 'Domain') !== undefined || stringAt(userPool, 'CustomDomain') !== undefined
  return clients.filter(
    client =>
      hasDomain &&
      client['AllowedOAuthFlowsUserPoolClient'] === true &&
      stringsAt(client, 'AllowedOAuthFlows').some(flow => flow !== 'client_credentials') &&
      stringsAt(client, 'SupportedIdentityProviders').includes('COGNITO'),
  )
}

/**
 * Clients for machines: no user signs in through them. OAuth flows do not limit InitiateAuth, so a client that lists a
 * password flow is not one of them; the default flows, which nobody chose, do not count.
 */
export function isForMachines(client: JsonObject): boolean {
  const flows = stringsAt(client, 'AllowedOAuthFlows')
  const isOnlyOAuth = flows.length > 0 && flows.every(flow => flow === 'client_credentials')
  return isOnlyOAuth && (hasDefaultFlows(client) || flowsWithoutCode(client).length === 0)
}

/** The ids of GUARDED_CLIENT_IDS; undefined means every app client, as the guard itself reads the setting. */
export function guardedClientIds(setting: string | undefined): string[] | undefined {
  const value = setting?.trim() ?? ''
  return value === '' || value === 'all' ? undefined : value.split(',').map(id => id.trim())
}
