// Findings on the app clients: what lets users in without a code, keeps them out, or lets them redirect the code.
import { type JsonObject, member, objectAt, stringAt, stringsAt } from '../../command/json.ts'
import {
  asksForCode,
  canOnlyAskForCode,
  flowsOf,
  flowsWith,
  flowsWithoutCode,
  hasDefaultFlows,
  hostedUiClients,
  isForMachines,
  sessionMinutesOf,
  wantedFlows,
  wantedSessionMinutes,
} from '../app-clients.ts'
import { ourFunction, type PoolFacts } from '../pool-facts.ts'
import { arnInSlot, TRIGGERS } from '../trigger-functions.ts'
import { codeTtlSeconds, settingOf } from '../trigger-settings.ts'
import type { PoolChange } from '../user-pool.ts'
import {
  attachCommand,
  checkCommand,
  cognitoCommand,
  deployCommand,
  type Finding,
  type FindingId,
  fixCommand,
} from './finding.ts'

/** Flows that need IAM credentials (API reference of AdminInitiateAuth). */
const ADMIN_FLOWS = ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH']

export function clientFindings(facts: PoolFacts): Finding[] {
  return [
    ...skippingTheCode(facts),
    ...cannotAsk(facts),
    ...stranded(facts),
    ...hostedUi(facts),
    ...revealingUsers(facts),
    ...shortSessions(facts),
    ...writingEmail(facts),
    ...oldRefreshTokens(facts),
  ]
}

function skippingTheCode(facts: PoolFacts): Finding[] {
  const skipping = clientsOf(facts).filter(client => flowsWithoutCode(client).length > 0)
  const needsCredentials = (client: JsonObject) =>
    flowsWithoutCode(client).every(flow => ADMIN_FLOWS.includes(flow))
  const flowsText = (client: JsonObject) =>
    `${nameOf(client)}: ${flowsWithoutCode(client).join(', ')}` +
    (hasDefaultFlows(client) ? ' (the default)' : '')
  const once =
    'Run this once every version of the app in use signs in with CUSTOM_AUTH: it ends the other flows.'
  const open = skipping.filter(client => !needsCredentials(client))
  const admin = skipping.filter(needsCredentials)
  return [
    ...listed(open, {
      id: 'client-skips-code',
      level: 'high',
      what: `App clients allow flows that end in tokens without a code. ${open.map(flowsText).join('; ')}`,
      why: `Anyone who has the password gets tokens without a code by choosing such a flow. ${once}`,
      ...codeOnly(facts, 'client-skips-code', open),
    }),
    ...listed(admin, {
      id: 'client-admin-flow',
      level: 'medium',
      what: `App clients let a server with AWS credentials sign users in without a code. ${admin.map(flowsText).join('; ')}`,
      why: `This flow asks for no code, regardless of who calls the server. ${once}`,
      ...codeOnly(facts, 'client-admin-flow', admin),
    }),
  ]
}

/** Clients through which users can only refresh tokens, and that are neither for machines nor for the hosted UI. */
function cannotAsk(facts: PoolFacts): Finding[] {
  const hosted = hostedUiClients(facts.userPool, facts.clients ?? [])
  const found = clientsOf(facts).filter(
    client => !asksForCode(client) && flowsWithoutCode(client).length === 0 && !hosted.includes(client),
  )
  return listed(found, {
    id: 'client-cannot-ask',
    level: 'medium',
    what: `App clients do not allow ALLOW_CUSTOM_AUTH. ${found.map(it => `${nameOf(it)}: ${flowsOf(it).join(', ')}`).join('; ')}`,
    why: 'Users cannot sign in through them with a password and a code.',
    ...codeOnly(facts, 'client-cannot-ask', found),
  })
}

/** Clients that can only do what the pool cannot: a detach that forgot them leaves them so. */
function stranded(facts: PoolFacts): Finding[] {
  if (arnInSlot(facts.userPool, 'DefineAuthChallenge') !== undefined) return []
  const found = (facts.clients ?? []).filter(canOnlyAskForCode)
  return listed(found, {
    id: 'client-stranded',
    level: 'high',
    what: `App clients allow CUSTOM_AUTH only, and the pool has no DefineAuthChallenge trigger: ${namesOf(found)}`,
    why:
      'No user can sign in through them. The command attaches the triggers. If the code is no longer wanted, detach with ' +
      'the backup that names the client, or run fix client-stranded: it allows SRP sign-in with the password alone again.',
    fix: attachCommand(facts),
    change: clientChange(found, client => ({
      ...client,
      ExplicitAuthFlows: flowsWith(client, 'ALLOW_USER_SRP_AUTH'),
    })),
  })
}

function hostedUi(facts: PoolFacts): Finding[] {
  const found = hostedUiClients(facts.userPool, facts.clients ?? [])
  const setting = settingOf(facts.functions.PreTokenGeneration, 'HOSTED_UI')
  return listed(found, {
    id: 'client-hosted-ui',
    level: setting === 'allow' ? 'high' : 'medium',
    what: `App clients let local users in through the hosted UI, which asks for no code (HOSTED_UI=${setting}): ${namesOf(found)}`,
    why:
      setting === 'allow'
        ? 'Anyone who has the password gets tokens there without a code.'
        : 'The guard refuses them after they have entered their password, so they only see an error there.',
    fix: fixCommand(facts, 'client-hosted-ui'),
    change: clientChange(found, client => ({
      ...client,
      SupportedIdentityProviders: providersOf(client).filter(name => name !== 'COGNITO'),
    })),
  })
}

function revealingUsers(facts: PoolFacts): Finding[] {
  const found = clientsOf(facts).filter(client => client['PreventUserExistenceErrors'] !== 'ENABLED')
  return listed(found, {
    id: 'client-reveals-users',
    level: 'medium',
    what: `PreventUserExistenceErrors is not ENABLED for these app clients: ${namesOf(found)}`,
    why: 'Anyone can find out which addresses have an account ("User does not exist.").',
    fix: fixCommand(facts, 'client-reveals-users'),
    change: clientChange(found, client => ({ ...client, PreventUserExistenceErrors: 'ENABLED' })),
  })
}

function shortSessions(facts: PoolFacts): Finding[] {
  const seconds = codeTtlSeconds(facts.functions.CreateAuthChallenge)
  const found = clientsOf(facts).filter(
    client => asksForCode(client) && sessionMinutesOf(client) * 60 < seconds,
  )
  return listed(found, {
    id: 'client-session-short',
    level: 'medium',
    what: `Sign-ins end before their code, which is valid for ${seconds} s. ${found.map(it => `${nameOf(it)}: ${sessionMinutesOf(it)} min`).join('; ')}`,
    why: 'A user who enters a code that is still valid gets "session is expired".',
    fix: fixCommand(facts, 'client-session-short'),
    change: clientChange(found, client => ({
      ...client,
      AuthSessionValidity: wantedSessionMinutes(client, seconds),
    })),
  })
}

/**
 * At NEW_PASSWORD_REQUIRED a client may write each attribute that it may write at all and that the pool does not require
 * ("You can't modify a required attribute that already has a value", API reference of RespondToAuthChallenge).
 */
function writingEmail(facts: PoolFacts): Finding[] {
  if (requiresEmail(facts.userPool)) return []
  const found = clientsOf(facts).filter(mayWriteEmail)
  const refuses = settingOf(ourFunction(facts, 'CreateAuthChallenge'), 'UNVERIFIED_EMAIL') === 'refuse'
  // "This array must include all attributes that you have mapped to IdP attributes" (API reference, WriteAttributes).
  const changeable = found.filter(client => providersOf(client).every(name => name === 'COGNITO'))
  const id = 'client-writes-email'
  const finding = {
    id,
    level: refuses ? 'medium' : 'high',
    what: `App clients may write the attribute email, and the pool does not require it: ${namesOf(found)}`,
    why:
      'Anyone who has a temporary password can enter an address of their own together with the new password, and the code ' +
      'goes there. ' +
      (refuses
        ? 'UNVERIFIED_EMAIL=refuse stops that only if Cognito marks the new address as unverified. '
        : 'UNVERIFIED_EMAIL=refuse makes this harder. ') +
      'The fix takes email out of WriteAttributes: sign-up and changes of the address then need a server or another ' +
      'app client. Clients of identity providers are left as they are: they must be able to write mapped attributes.',
  } as const
  if (found.length > 0 && changeable.length === 0) {
    const fix = refuses ? checkCommand(facts, { ignore: id }) : deployCommand(facts, 'UnverifiedEmail=refuse')
    return [{ ...finding, fix }]
  }
  return listed(found, {
    ...finding,
    fix: fixCommand(facts, id),
    change: clientChange(changeable, client => ({
      ...client,
      WriteAttributes: writeAttributesOf(client).filter(name => name !== 'email'),
    })),
  })
}

/**
 * Refresh tokens of before attach. When attach ran is not known, but it was not later than the last change of the client:
 * until a token of that moment expires, there may be some that were issued without a code.
 */
function oldRefreshTokens(facts: PoolFacts): Finding[] {
  const found = clientsOf(facts).filter(client => {
    const changedAt = secondsAt(client, 'LastModifiedDate')
    if (changedAt === undefined || changedAt === secondsAt(client, 'CreationDate')) return false
    const onlyWithCode = asksForCode(client) && flowsWithoutCode(client).length === 0
    return onlyWithCode && facts.readAt < (changedAt + refreshSecondsOf(client)) * 1000
  })
  const dates = found.map(client => {
    const changedAt = secondsAt(client, 'LastModifiedDate') ?? 0
    return `${nameOf(client)}: from before ${dateOf(changedAt)}, valid until ${dateOf(changedAt + refreshSecondsOf(client))} at most`
  })
  const users = cognitoCommand(facts, 'list-users', { query: 'Users[].Username', output: 'text' })
  const signOut = cognitoCommand(facts, 'admin-user-global-sign-out', {})
  return listed(found, {
    id: 'client-refresh-tokens',
    level: 'low',
    what: `Refresh tokens may have been issued without a code before the app client was changed. ${dates.join('; ')}`,
    why: 'They give new tokens without a code until they expire. The command signs every user out everywhere, which revokes them. Without it the finding ends when the tokens have expired.',
    fix: `${users} | tr '\\t' '\\n' | while IFS= read -r name; do ${signOut} "--username=$name"; done`,
  })
}

/** The clients through which users sign in. */
function clientsOf(facts: PoolFacts): JsonObject[] {
  return (facts.clients ?? []).filter(client => !isForMachines(client))
}

function listed(clients: readonly JsonObject[], finding: Finding): Finding[] {
  return clients.length === 0 ? [] : [finding]
}

/** The change to password and code only; on a pool without the triggers that is for attach to do. */
function codeOnly(
  facts: PoolFacts,
  id: FindingId,
  clients: readonly JsonObject[],
): { readonly fix: string; readonly change?: PoolChange } {
  const attached = TRIGGERS.every(
    trigger => trigger === 'PreTokenGeneration' || arnInSlot(facts.userPool, trigger) !== undefined,
  )
  if (!attached) return { fix: attachCommand(facts, { clients: clients.map(idOf).join(',') }) }
  const seconds = codeTtlSeconds(facts.functions.CreateAuthChallenge)
  return {
    fix: fixCommand(facts, id),
    change: clientChange(clients, client => ({
      ...client,
      ExplicitAuthFlows: wantedFlows(client),
      AuthSessionValidity: wantedSessionMinutes(client, seconds),
    })),
  }
}

function clientChange(
  clients: readonly JsonObject[],
  change: (client: JsonObject) => JsonObject,
): PoolChange {
  const clientIds = clients.map(idOf)
  return {
    clientIds,
    apply: state => {
      const changed = Object.entries(state.clients)
        .filter(([id]) => clientIds.includes(id))
        .map(([id, client]) => [id, change(client)])
      return { ...state, clients: { ...state.clients, ...Object.fromEntries(changed) } }
    },
  }
}

/** "When you don't specify the WriteAttributes", these can be written (API reference, UpdateUserPoolClient). */
const STANDARD_ATTRIBUTES = [
  'address',
  'birthdate',
  'email',
  'family_name',
  'gender',
  'given_name',
  'locale',
  'middle_name',
  'name',
  'nickname',
  'phone_number',
  'picture',
  'preferred_username',
  'profile',
  'updated_at',
  'website',
  'zoneinfo',
]

/** The attributes that a client may write; Cognito shows none for a client that may write all standard ones. */
function writeAttributesOf(client: JsonObject): string[] {
  const names = stringsAt(client, 'WriteAttributes')
  return names.length === 0 ? STANDARD_ATTRIBUTES : names
}

export function mayWriteEmail(client: JsonObject): boolean {
  return !isForMachines(client) && writeAttributesOf(client).includes('email')
}

function requiresEmail(userPool: JsonObject): boolean {
  const attributes = member(userPool, 'SchemaAttributes')
  return (
    Array.isArray(attributes) &&
    attributes.some(it => stringAt(it, 'Name') === 'email' && member(it, 'Required') === true)
  )
}

function providersOf(client: JsonObject): string[] {
  return stringsAt(client, 'SupportedIdentityProviders')
}

const SECONDS: Record<string, number> = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 }

/** "The default time unit for RefreshTokenValidity in an API request is days", the default 30 (API reference). */
function refreshSecondsOf(client: JsonObject): number {
  const validity = client['RefreshTokenValidity']
  const unit = stringAt(objectAt(client, 'TokenValidityUnits'), 'RefreshToken') ?? 'days'
  const count = typeof validity === 'number' && validity > 0 ? validity : 30
  return count * (SECONDS[unit] ?? 86_400)
}

/** A time as Cognito's API sends it: seconds since 1970. */
function secondsAt(client: JsonObject, name: string): number | undefined {
  const value = client[name]
  return typeof value === 'number' ? value : undefined
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

function idOf(client: JsonObject): string {
  return String(client['ClientId'])
}

/** An app client as an administrator knows it. */
function nameOf(client: JsonObject): string {
  return `${client['ClientId']} (${client['ClientName']})`
}

function namesOf(clients: readonly JsonObject[]): string {
  return clients.map(nameOf).join(', ')
}
