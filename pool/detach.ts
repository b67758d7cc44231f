// Works out what putting back changes: what a backup's command changed, and nothing that others have changed since.
import { dirname } from 'node:path'
import { differences, isJsonObject, type Json, type JsonObject, objectAt, stringAt } from '../command/json.ts'
import { printable } from '../command/shell.ts'
import { CommandError } from '../command/terminal.ts'
import {
  canOnlyAskForCode,
  flowsWith,
  flowsWithoutCode,
  isForMachines,
  sessionMinutesOf,
} from './app-clients.ts'
import type { Aws } from './aws.ts'
import { type Backup, backupsBeside, type FoundBackup, readBackup } from './backup.ts'
import {
  detachCommand,
  lowersMfa,
  nameOf,
  namesOf,
  type Plan,
  plannedChanges,
  planOf,
  refuseDuringImport,
  servesCode,
  stopsRequiringMfa,
  strandedClients,
  unreadNotes,
} from './plan.ts'
import { arnInSlot, CHALLENGE_TRIGGERS, slotsOf, TRIGGERS, type Trigger } from './trigger-functions.ts'
import { NOT_IN_UPDATE_USER_POOL, type PoolState, readPoolState } from './user-pool.ts'

export type DetachOptions = {
  readonly userPoolId: string
  readonly backupFile: string
  /** Put back every setting of the backup, not only what the command changed. */
  readonly everything?: boolean
  /** Also when other triggers are on the pool by now. */
  readonly replace?: boolean
  /** Take off triggers of this project that were on the pool before the backup was made. */
  readonly removeTriggers?: boolean
  /** Clients that get ALLOW_USER_SRP_AUTH if their users could not sign in otherwise. */
  readonly addSrp?: readonly string[]
}

/**
 * Reads the pool and works out what putting back changes.
 *
 * @throws CommandError if the backup is not of this pool, if other triggers are on the pool by now, or if users of an
 *   app client could not sign in afterwards
 */
export async function planDetach(aws: Pick<Aws, 'cognito'>, options: DetachOptions): Promise<Plan> {
  const { userPoolId, backupFile, addSrp = [], everything, replace } = options
  const backup = await readBackup(backupFile, userPoolId)
  const importNotes = await refuseDuringImport(aws, userPoolId)
  const from = await readPoolState(aws.cognito, userPoolId)
  const unknown = addSrp.find(id => from.clients[id] === undefined)
  if (unknown !== undefined) {
    throw new CommandError(`App client ${unknown} does not exist in this user pool.`, 'client-missing')
  }
  if (!everything && !replace) refuseOtherTriggers(from, backup, await backupsBeside(backupFile, userPoolId))
  const plan = detachPlan(from, backup, options)
  return { ...plan, notes: [...importNotes, ...unreadNotes(from), ...plan.notes] }
}

/** The plan for a pool in a known state. @throws CommandError `client-stranded` */
export function detachPlan(from: PoolState, backup: Backup, options: DetachOptions): Plan {
  const { userPoolId, everything = false } = options
  const isUndone = !everything && finishIsUndone(from, backup)
  const wanted = everything
    ? everythingOf(from, backup)
    : isUndone
      ? from
      : undone(from, backup, options.removeTriggers ?? false)
  const rescued = withoutStranded(from, wanted, backup, options)
  const { to, notes } = withoutOpened(from, rescued, backup)
  const missing = Object.keys(everything ? backup.before.clients : backup.after.clients).filter(
    id => from.clients[id] === undefined,
  )
  if (missing.length > 0) {
    notes.push(
      `App clients of the backup that no longer exist are left out: ${missing.map(printable).join(', ')}.`,
    )
  }
  const open = stopsRequiringMfa(from, to) ? Object.values(to.clients).filter(letsPasswordIn) : []
  if (open.length > 0) {
    notes.push(
      `MFA is no longer required, and these app clients let users without a second factor in with the password alone: ` +
        `${open.map(nameOf).join(', ')}. check shows how to close them.`,
    )
  }
  if (isUndone) {
    notes.push(
      'MFA is not required any more, so nothing of migrate finish is left to undo. If somebody else changed MFA: --everything ' +
        'puts back every setting of this backup.',
    )
  }
  const kept = everything || isUndone ? [] : changedSince(backup, to)
  if (kept.length > 0) {
    notes.push(
      `Changed since the backup of ${backup.madeAt}, and left as it is now: ${namesOf(kept)}. What attach or fix changed ` +
        'has a backup of its own; --everything would put back all of this, whoever changed it.',
    )
  }
  return planOf({
    command: 'detach',
    userPoolId,
    from,
    to,
    notes,
    triggers: backup.triggers,
    keepsPart: everything,
  })
}

/**
 * MFA stays as it is for as long as it is all that asks for a second factor at an app client that asked for the code when the
 * backup was made: a later command, or somebody else, opened it to the password.
 */
function withoutOpened(from: PoolState, { to, notes }: Rescue, { before }: Backup): Rescue {
  const opened = Object.entries(to.clients).flatMap(([id, client]) => {
    const was = before.clients[id]
    return letsPasswordIn(client) && (was === undefined || !letsPasswordIn(was)) ? [client] : []
  })
  if (opened.length === 0 || !lowersMfa(from, to)) return { to, notes }
  const kept = Object.entries(from.userPool).filter(([name]) => GO_WITH_MFA.includes(name))
  const userPool = { ...to.userPool, ...Object.fromEntries(kept) }
  const note =
    'MFA stays as it is: without it, these app clients would let users in with the password alone, which they did not when the ' +
    `backup was made: ${opened.map(nameOf).join(', ')}. First run detach with the backup of the command that changed them, or ` +
    'close them (check shows how); then run this command again.'
  return { to: { ...to, userPool, mfa: from.mfa }, notes: [...notes, note] }
}

/** Cognito refuses its e-mail factor in a pool whose accounts are recovered by e-mail alone. */
const GO_WITH_MFA = ['MfaConfiguration', 'AccountRecoverySetting']

function letsPasswordIn(client: JsonObject): boolean {
  return flowsWithoutCode(client).length > 0 && !isForMachines(client)
}

/** What is not as it was before the backup, of all that an update can set. */
function changedSince(backup: Backup, to: PoolState) {
  const ids = Object.keys(backup.after.clients).filter(id => to.clients[id] !== undefined)
  const clients = Object.fromEntries(ids.map(id => [id, to.clients[id] ?? {}]))
  return plannedChanges(backup.before, { ...to, clients }).filter(
    ({ path }) => !isReadOnly(path.split('.')[0] ?? ''),
  )
}

function isReadOnly(name: string): boolean {
  return NOT_IN_UPDATE_USER_POOL.includes(name) && name !== 'Name'
}

/** Every setting of the backup; what no update can set, such as the schema and the domain, as it is now. */
function everythingOf(from: PoolState, { before }: Backup): PoolState {
  const readOnly = Object.entries(from.userPool).filter(([name]) => isReadOnly(name))
  const settings = Object.entries(before.userPool).filter(([name]) => !isReadOnly(name))
  const clients = Object.entries(from.clients).map(([id, client]) => [id, before.clients[id] ?? client])
  return {
    userPool: Object.fromEntries([...settings, ...readOnly]),
    mfa: before.mfa ?? from.mfa,
    clients: Object.fromEntries(clients),
  }
}

/**
 * `migrate finish` requires MFA before all else, and its way back ends that last. A pool without the requirement may look in
 * its other settings as finish left it, because detach has undone attach since; triggers must not come back to it.
 */
function finishIsUndone({ userPool }: PoolState, { command }: Backup): boolean {
  return command === 'migrate finish' && userPool['MfaConfiguration'] !== 'ON'
}

/** The pool as it is now, less what the command of the backup did. */
function undone(from: PoolState, backup: Backup, removeTriggers: boolean): PoolState {
  const { before, after } = backup
  const slots = lambdaConfigOf(from, backup, removeTriggers)
  const userPool = merged(from.userPool, before.userPool, after.userPool)
  const clients = Object.entries(from.clients).map(([id, client]) => {
    const was = before.clients[id]
    const became = after.clients[id]
    if (was === undefined || became === undefined) return [id, client]
    return [id, merged(client, was, sessionKnown(became, was, client))]
  })
  const mfaIsOurs = after.mfa !== undefined && differences(from.mfa ?? null, after.mfa).length === 0
  // The slots of the triggers have rules of their own.
  const restored = slots === undefined ? userPool : { ...userPool, LambdaConfig: slots }
  return {
    userPool: guardedAsBefore(from.userPool, restored, before.userPool),
    mfa: mfaIsOurs ? before.mfa : from.mfa,
    clients: Object.fromEntries(clients),
  }
}

/** Backups of the first format do not say what the session time became; attach only makes it longer. */
function sessionKnown(became: JsonObject, was: JsonObject, now: JsonObject): JsonObject {
  if (became['AuthSessionValidity'] !== null) return became
  const grew = sessionMinutesOf(now) > sessionMinutesOf(was)
  return { ...became, AuthSessionValidity: (grew ? now : was)['AuthSessionValidity'] ?? null }
}

/** `now`, where a member is still what it became: as it was. Anything else has been changed since, and stays. */
function merged(now: JsonObject, was: JsonObject, became: JsonObject): JsonObject {
  const result = { ...now }
  for (const name of new Set([...Object.keys(was), ...Object.keys(became)])) {
    const [nowValue, wasValue, becameValue] = [now[name] ?? null, was[name] ?? null, became[name] ?? null]
    if (isSame(wasValue, becameValue)) continue
    if (isJsonObject(nowValue) && isJsonObject(wasValue) && isJsonObject(becameValue)) {
      result[name] = merged(nowValue, wasValue, becameValue)
    } else if (isSame(nowValue, becameValue)) {
      if (wasValue === null) delete result[name]
      else result[name] = wasValue
    }
  }
  return result
}

function isSame(one: Json, other: Json): boolean {
  return differences(one, other).length === 0
}

/** Whether the pool has no trigger of a custom challenge, ours or another. */
function isDetached(userPool: JsonObject): boolean {
  return CHALLENGE_TRIGGERS.every(trigger => arnInSlot(userPool, trigger) === undefined)
}

/** LambdaConfig with the slots as they were; undefined if the command set none. A pool that has no triggers gets none. */
function lambdaConfigOf(from: PoolState, backup: Backup, removeTriggers: boolean): JsonObject | undefined {
  const { triggers, before } = backup
  if (Object.keys(triggers).length === 0) return undefined
  const lambdaConfig = { ...objectAt(from.userPool, 'LambdaConfig') }
  const original = objectAt(before.userPool, 'LambdaConfig')
  for (const trigger of TRIGGERS) {
    const ours = arnOfBackup(triggers, trigger)
    if (ours === undefined) continue
    const held = arnInSlot(from.userPool, trigger)
    const was = arnInSlot(before.userPool, trigger)
    if (held === undefined && (was === ours || isDetached(from.userPool))) continue
    const goes = was === ours && (removeTriggers || isDetached(from.userPool))
    for (const slot of slotsOf(trigger)) {
      const value = original[slot] ?? null
      if (goes || value === null) delete lambdaConfig[slot]
      else lambdaConfig[slot] = value
    }
  }
  return lambdaConfig
}

/**
 * Challenge triggers that come back bring the guard that stood beside them: another detach may have taken it off since, and
 * without it a first sign-in can get tokens right behind the new password.
 */
function guardedAsBefore(from: JsonObject, to: JsonObject, before: JsonObject): JsonObject {
  const comeBack = isDetached(from) && !isDetached(to)
  if (!comeBack || arnInSlot(to, 'PreTokenGeneration') !== undefined) return to
  const original = Object.entries(objectAt(before, 'LambdaConfig'))
  const guard = original.filter(([slot]) => slotsOf('PreTokenGeneration').includes(slot))
  return { ...to, LambdaConfig: { ...objectAt(to, 'LambdaConfig'), ...Object.fromEntries(guard) } }
}

function arnOfBackup(triggers: JsonObject, trigger: Trigger): string | undefined {
  return stringAt(triggers, trigger)
}

/** @throws CommandError if a slot holds neither what attach put there nor what was there before */
function refuseOtherTriggers(from: PoolState, backup: Backup, others: readonly FoundBackup[]): void {
  const { before, triggers, userPoolId } = backup
  const held = TRIGGERS.flatMap((trigger): [Trigger, string][] => {
    const arn = arnInSlot(from.userPool, trigger)
    const expected = [arnOfBackup(triggers, trigger), arnInSlot(before.userPool, trigger)]
    return triggers[trigger] === undefined || arn === undefined || expected.includes(arn)
      ? []
      : [[trigger, arn]]
  })
  if (held.length === 0) return
  const later = others.find(other =>
    held.some(([trigger, arn]) => arnOfBackup(other.backup.triggers, trigger) === arn),
  )
  const lines = held.map(([trigger, arn]) => `  ${trigger}: ${printable(arn)}`)
  const first =
    later === undefined
      ? ''
      : `\nA later attach put them there. To remove them with its backup first:\n  ${detachCommand(userPoolId, later.file)}`
  throw new CommandError(
    `Other triggers have been attached since this backup. Nothing was changed.\n${lines.join('\n')}\n` +
      `Pass --replace to remove them.${first}`,
    'other-triggers',
  )
}

type Rescue = { readonly to: PoolState; readonly notes: string[] }

/**
 * Makes sure that no app client is left through which users could sign in only with a code that the pool no longer asks
 * for, unless that was so before the backup was made.
 *
 * @throws CommandError `client-stranded` for a client whose earlier flows are not known
 */
function withoutStranded(
  from: PoolState,
  wanted: PoolState,
  { before }: Backup,
  { userPoolId, backupFile, addSrp = [], everything, replace, removeTriggers }: DetachOptions,
): Rescue {
  const wasSo = strandedClients(before)
  const clients: Record<string, JsonObject> = { ...wanted.clients }
  const lost: string[] = []
  for (const id of strandedClients(wanted).filter(it => !wasSo.includes(it))) {
    const now = from.clients[id] ?? {}
    const usable = [before.clients[id], now].find(
      it => it !== undefined && !isForMachines(it) && !canOnlyAskForCode(it),
    )
    const client = clients[id] ?? {}
    if (usable !== undefined) clients[id] = withSignInOf(client, usable)
    else if (addSrp.includes(id)) {
      clients[id] = { ...client, ExplicitAuthFlows: flowsWith(client, 'ALLOW_USER_SRP_AUTH') }
    } else lost.push(id)
  }
  const to = { ...wanted, clients }
  if (lost.length === 0) return { to, notes: [] }
  const names = lost.map(id => nameOf(from.clients[id])).join(', ')
  const flags = { everything, replace, 'remove-triggers': removeTriggers }
  const given = Object.entries(flags).flatMap(([name, isGiven]) => (isGiven ? [name] : []))
  const command = detachCommand(userPoolId, backupFile, {
    ...Object.fromEntries(given.map((name): [string, true] => [name, true])),
    'add-srp': [...addSrp, ...lost].join(','),
  })
  const advice =
    'Use the backup of the command that changed these app clients first. If it does not exist, this command lets their users sign ' +
    `in with the password alone:\n  ${command}`
  if (servesCode(from.userPool)) {
    throw new CommandError(
      `Without the triggers, users could not sign in through these app clients: ${names}. They allow CUSTOM_AUTH only, and ` +
        `this backup does not know what they allowed before. Nothing was changed. ${advice}`,
      'client-stranded',
    )
  }
  return {
    to,
    notes: [
      `Users cannot sign in through these app clients: ${names}. They allow CUSTOM_AUTH only, and the pool has no triggers ` +
        `for it. ${advice}`,
    ],
  }
}

const SIGN_IN_SETTINGS = ['ExplicitAuthFlows', 'AuthSessionValidity']

/** The ways to sign in of one description of a client, and the rest of another. */
function withSignInOf(client: JsonObject, source: JsonObject): JsonObject {
  const isSignIn = ([name]: readonly [string, Json]) => SIGN_IN_SETTINGS.includes(name)
  const rest = Object.entries(client).filter(entry => !isSignIn(entry))
  return Object.fromEntries([...rest, ...Object.entries(source).filter(isSignIn)])
}

/** @returns what to run after a detach, until the pool is as it was before the first command; empty if it is */
export async function nextSteps(plan: Plan, options: DetachOptions): Promise<string[]> {
  const { userPoolId, backupFile } = options
  for (const { file, backup } of await backupsBeside(backupFile, userPoolId)) {
    const next = detachCommand(userPoolId, file)
    if (wouldChange(plan.to, backup, { userPoolId, backupFile: file })) {
      const users =
        backup.command === 'migrate enable'
          ? ' First put users who were moved back, with migrate rollback.'
          : ''
      return [
        `Another backup of this pool in ${printable(dirname(backupFile))} has more to restore.${users} Run next:\n  ${next}`,
      ]
    }
  }
  const still = TRIGGERS.filter(trigger => {
    const arn = arnInSlot(plan.to.userPool, trigger)
    return arn !== undefined && arn === arnOfBackup(plan.triggers, trigger)
  })
  if (still.length === 0) return []
  return [
    'The triggers stay on the pool: they were there before this backup was made. To remove them, run detach with the ' +
      'backup of the attach that put them there. If it is lost:\n' +
      `  ${detachCommand(userPoolId, backupFile, { 'remove-triggers': true })}`,
  ]
}

function wouldChange(state: PoolState, backup: Backup, options: DetachOptions): boolean {
  try {
    refuseOtherTriggers(state, backup, [])
    return detachPlan(state, backup, options).changes.length > 0
  } catch (error) {
    if (error instanceof CommandError) return false
    throw error
  }
}
