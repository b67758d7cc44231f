// What an app client allows: which of its ways to sign in ask for the code, and which end in tokens without it.
import { type JsonObject, member, textAt, textsAt } from '../command/json.ts'

/**
 * The flows that cannot end in tokens without the code. Every other flow does, known or not: ALLOW_USER_AUTH allows a
 * password on its own (API reference of UpdateUserPoolClient), and Cognito may add flows. The ADMIN flows need IAM
 * credentials, but a user who signs in through them is not asked for a code.
 */
const FLOWS_WITH_CODE = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH', 'CUSTOM_AUTH_FLOW_ONLY']

/** "If you don't specify a value, your client supports" these (API reference, ExplicitAuthFlows). */
const DEFAULT_FLOWS = ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH']

/** AuthSessionValidity when a client says nothing. */
const DEFAULT_SESSION_MINUTES = 3

/** The flows in force, those that Cognito supplies by itself included. */
export function flowsOf(client: JsonObject): string[] {
  const flows = textsAt(client, 'ExplicitAuthFlows')
  return flows.length === 0 ? DEFAULT_FLOWS : flows
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
  const old = flows.every(flow => !flow.startsWith('ALLOW_'))
  // With rotation on, refreshing is another call, and the flow must stay off.
  const rotates = member(client, 'RefreshTokenRotation', 'Feature') === 'ENABLED'
  const refreshes = flows.includes('ALLOW_REFRESH_TOKEN_AUTH') || (old && !rotates)
  return refreshes ? ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] : ['ALLOW_CUSTOM_AUTH']
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
  const hasDomain = textAt(userPool, 'Domain') !== undefined || textAt(userPool, 'CustomDomain') !== undefined
  return clients.filter(
    client =>
      hasDomain &&
      client['AllowedOAuthFlowsUserPoolClient'] === true &&
      textsAt(client, 'AllowedOAuthFlows').some(flow => flow !== 'client_credentials') &&
      textsAt(client, 'SupportedIdentityProviders').includes('COGNITO'),
  )
}

/** Clients for machines: no user signs in through them. */
export function isForMachines(client: JsonObject): boolean {
  const flows = textsAt(client, 'AllowedOAuthFlows')
  return flows.length > 0 && flows.every(flow => flow === 'client_credentials')
}
