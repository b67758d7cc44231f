// What a command is going to change on a pool: the state read, the state wanted, and the exact difference between them.
import { ListUserImportJobsCommand } from '@aws-sdk/client-cognito-identity-provider'
import { type Difference, differences, isJsonObject, type JsonObject, stringAt } from '../command/json.ts'
import { COMMAND } from '../command/name.ts'
import { printable, shellCommand } from '../command/shell.ts'
import { CommandError } from '../command/terminal.ts'
import { canOnlyAskForCode, withoutRefreshConflict } from './app-clients.ts'
import type { Aws } from './aws.ts'
import { awsErrorKind, awsErrorText } from './aws-errors.ts'
import { regionOfPool } from './pool-id.ts'
import { arnInSlot } from './trigger-functions.ts'
import { clientDifferences, type PoolState, poolDifferences } from './user-pool.ts'

/** The commands that write a backup, by the name in it. */
export const BACKED_UP = ['attach', 'fix', 'migrate enable', 'migrate finish'] as const

export type Command = 'detach' | (typeof BACKED_UP)[number]

/** What a command is going to change, to be reviewed first. */
export type Plan = {
  readonly command: Command
  readonly userPoolId: string
  /** With every app client. */
  readonly from: PoolState
  /** The same app clients. */
  readonly to: PoolState
  readonly changes: readonly PlannedChange[]
  /** What the user should know; nothing in here changes. Lines that begin with two blanks are commands. */
  readonly notes: readonly string[]
  /** What attach sets in LambdaConfig, for the backup. */
  readonly triggers: JsonObject
  /** Why the plan may be shown but not carried out. */
  readonly refusal?: CommandError
  /** Whether what was changed stays when Cognito does not keep the rest. */
  readonly keepsPart?: boolean
}

export type PlannedChange = Difference & { readonly target: string }

/** @param parts `to` as wanted; what Cognito would refuse in a changed client is left out of it here */
export function planOf(parts: Omit<Plan, 'changes'>): Plan {
  const clients = Object.fromEntries(
    Object.entries(parts.to.clients).map(([id, client]) => {
      const changed = clientDifferences(parts.from.clients[id] ?? {}, client).length > 0
      return [id, changed ? withoutRefreshConflict(client) : client]
    }),
  )
  const to = { ...parts.to, clients }
  return { ...parts, to, changes: plannedChanges(parts.from, to) }
}

/** All that differs, of the pool, its MFA configuration and the clients of `to`. */
export function plannedChanges(from: PoolState, to: PoolState): PlannedChange[] {
  const pool = poolDifferences(from.userPool, to.userPool).map(it => ({ target: 'user pool', ...it }))
  const mfa = mfaDiffers(from, to)
    ? differences(from.mfa ?? {}, to.mfa ?? {}).map(it => ({ target: 'MFA', ...it }))
    : []
  const clients = Object.entries(to.clients).flatMap(([id, client]) =>
    clientDifferences(from.clients[id] ?? {}, client).map(it => ({ target: `app client ${id}`, ...it })),
  )
  return [...pool, ...mfa, ...clients].flatMap(memberByMember)
}

export function mfaDiffers(from: PoolState, to: PoolState): boolean {
  return from.mfa !== undefined && to.mfa !== undefined && differences(from.mfa, to.mfa).length > 0
}

/** An object that appears or goes is shown by its members, not as one long line. */
function memberByMember(change: PlannedChange): PlannedChange[] {
  const { target, path, before, after } = change
  const whole = [before, after].find(isJsonObject)
  if (whole === undefined || Object.keys(whole).length === 0) return [change]
  return differences(before ?? {}, after ?? {}, path).map(it => ({ target, ...it }))
}

export function stopsRequiringMfa(from: PoolState, to: PoolState): boolean {
  return from.mfa?.['MfaConfiguration'] === 'ON' && to.mfa?.['MfaConfiguration'] !== 'ON'
}

/** The modes in which users are asked for a factor: those who have one, and all. */
const ASKING_MODES = ['OPTIONAL', 'ON']

/** Whether fewer users are asked for a factor afterwards. */
export function lowersMfa(from: PoolState, to: PoolState): boolean {
  const rank = ({ mfa }: PoolState) => ASKING_MODES.indexOf(String(mfa?.['MfaConfiguration']))
  return rank(to) < rank(from)
}

/** The clients that a plan changes. */
export function changedClients({ from, to }: Pick<Plan, 'from' | 'to'>): string[] {
  return Object.entries(to.clients).flatMap(([id, client]) =>
    clientDifferences(from.clients[id] ?? {}, client).length > 0 ? [id] : [],
  )
}

/** Whether a pool has what decides on the code. Without Define, CUSTOM_AUTH cannot be answered. */
export function servesCode(userPool: JsonObject): boolean {
  return arnInSlot(userPool, 'DefineAuthChallenge') !== undefined
}

/** Clients through which users can sign in with the code only, on a pool that cannot ask for it. */
export function strandedClients(state: PoolState): string[] {
  if (servesCode(state.userPool)) return []
  return Object.entries(state.clients).flatMap(([id, client]) => (canOnlyAskForCode(client) ? [id] : []))
}

export function namesOf(changes: readonly PlannedChange[]): string {
  return changes.map(({ target, path }) => `${target} ${path}`).join(', ')
}

/** The id and the name of an app client. */
export function nameOf(client: JsonObject | undefined): string {
  return printable(`${client?.['ClientId']} (${client?.['ClientName']})`)
}

/** The command that puts back what a backup knows. */
export function detachCommand(
  userPoolId: string,
  backup: string,
  more: Readonly<Record<string, string | true>> = {},
): string {
  return shellCommand(`${COMMAND} detach`, {
    'user-pool-id': userPoolId,
    region: regionOfPool(userPoolId),
    backup,
    ...more,
  })
}

/**
 * Cognito refuses updates while users are imported.
 *
 * @returns notes: where the import jobs may not be read, that they were not
 * @throws CommandError `import-running` while a job is running
 */
export async function refuseDuringImport(aws: Pick<Aws, 'cognito'>, userPoolId: string): Promise<string[]> {
  const command = new ListUserImportJobsCommand({ UserPoolId: userPoolId, MaxResults: 60 })
  const jobs = await aws.cognito.send(command).catch((error: unknown) => {
    if (['denied', 'unsupported'].includes(awsErrorKind(error))) return awsErrorText(error)
    throw error
  })
  if (typeof jobs === 'string') {
    return [
      `The user import jobs were not checked (${printable(jobs)}). Cognito refuses updates while one is running.`,
    ]
  }
  const running = jobs.UserImportJobs?.find(({ Status }) =>
    ['Pending', 'InProgress', 'Stopping'].some(status => status === Status),
  )
  if (running === undefined) return []
  const stop = shellCommand('aws cognito-idp stop-user-import-job', {
    'user-pool-id': userPoolId,
    region: regionOfPool(userPoolId),
    'job-id': running.JobId,
  })
  throw new CommandError(
    `The user import job ${printable(running.JobId ?? '')} is running (${running.Status}), and Cognito refuses updates ` +
      `while it is. Nothing was changed. Wait until it is complete, or stop it:\n  ${stop}`,
    'import-running',
  )
}

/** Notes about the parts of the pool that could not be read. */
export function unreadNotes(state: PoolState): string[] {
  if (state.mfa !== undefined) return []
  return [
    'The MFA configuration could not be read (cognito-idp:GetUserPoolMfaConfig), so it is neither in the backup nor ' +
      'compared after the update.',
  ]
}

/** The name of the pool as it may be printed, without control characters. */
export function shownName(userPool: JsonObject): string {
  return printable(stringAt(userPool, 'Name') ?? '')
}
