// Puts the triggers on a pool and takes them off again: only what was asked for changes, or nothing does.
import { setTimeout as sleep } from 'node:timers/promises'
import { ListUserImportJobsCommand } from '@aws-sdk/client-cognito-identity-provider'
import {
  type Difference,
  differences,
  type Json,
  type JsonObject,
  objectAt,
  textAt,
} from '../command/json.ts'
import { CommandError } from '../command/terminal.ts'
import { hostedUiClients, sessionMinutesOf, wantedFlows, wantedSessionMinutes } from './app-clients.ts'
import type { Aws } from './aws.ts'
import { type Backup, readBackup, writeBackup } from './backup.ts'
import {
  addPermissionCommand,
  arnInSlot,
  readFunction,
  TRIGGERS,
  type Trigger,
  type TriggerArns,
  type TriggerFunction,
} from './trigger-functions.ts'
import {
  clientDifferences,
  describeAllClients,
  NOT_IN_UPDATE_USER_POOL,
  type PoolState,
  poolDifferences,
  readPoolState,
  setUserPoolMfaConfig,
  updateUserPool,
  updateUserPoolClient,
} from './user-pool.ts'

/** What a command is going to change, for a person to look at first. */
export type Plan = {
  readonly userPoolId: string
  readonly from: PoolState
  readonly to: PoolState
  readonly changes: readonly PlannedChange[]
  /** What the person should know; nothing in here changes. */
  readonly notes: readonly string[]
  /** What attach sets in LambdaConfig, for the backup. */
  readonly triggers: JsonObject
}

export type PlannedChange = Difference & { readonly target: string }

export type AttachOptions = {
  readonly userPoolId: string
  readonly arns: TriggerArns
  readonly clientIds: readonly string[]
  readonly replace: boolean
}

/**
 * Reads the pool and works out what attaching changes.
 *
 * @throws CommandError when attaching would break something: a function that does not exist or may not be called, a
 *   slot that another function holds, a running user import
 */
export async function planAttach(aws: Aws, options: AttachOptions): Promise<Plan> {
  const { userPoolId, arns, clientIds, replace } = options
  const from = await readPoolState(aws.cognito, userPoolId, clientIds)
  const poolArn = textAt(from.userPool, 'Arn') ?? ''
  await refuseDuringImport(aws, userPoolId)
  refuseTakenSlots(from.userPool, arns, replace)

  const notes: string[] = []
  const heldPreToken = arnInSlot(from.userPool, 'PreTokenGeneration')
  const keepsOwnPreToken = heldPreToken !== undefined && heldPreToken !== arns.PreTokenGeneration
  const setting = keepsOwnPreToken ? TRIGGERS.filter(trigger => trigger !== 'PreTokenGeneration') : TRIGGERS
  if (keepsOwnPreToken) notes.push(guardAdvice(heldPreToken))

  const functions = new Map<Trigger, TriggerFunction>()
  for (const trigger of setting) {
    const arn = arns[trigger]
    if (arn === undefined) throw missingArn(trigger)
    const found = await usableFunction(aws, trigger, arn, poolArn).catch((error: unknown) => {
      // Who may change a pool may not be allowed to read functions: that is for them to judge.
      if (error instanceof CommandError) throw error
      notes.push(unreadAdvice(arn, poolArn, error))
    })
    if (found) functions.set(trigger, found)
  }

  const ttlSeconds = Number(functions.get('CreateAuthChallenge')?.environment['CODE_TTL_SECONDS'] || 180)
  const clients = Object.fromEntries(
    Object.entries(from.clients).map(([id, client]) => [id, attachedClient(client, ttlSeconds)]),
  )
  const triggers = Object.fromEntries(
    setting.flatMap(trigger => slotMembers(trigger, arns[trigger] ?? '', from.userPool)),
  )
  const lambdaConfig = { ...objectAt(from.userPool, 'LambdaConfig'), ...triggers }
  const to = { ...from, userPool: { ...from.userPool, LambdaConfig: lambdaConfig }, clients }

  const guardSettings = functions.get('PreTokenGeneration')?.environment ?? {}
  notes.push(...(await clientNotes(aws, from, guardSettings, clientIds)))
  return { userPoolId, from, to, changes: plannedChanges(from, to), notes, triggers }
}

/** The members of LambdaConfig for one trigger; an attached guard keeps the event version that it has. */
function slotMembers(trigger: Trigger, arn: string, userPool: JsonObject): [string, Json][] {
  if (trigger !== 'PreTokenGeneration') return [[trigger, arn]]
  const config = objectAt(userPool, 'LambdaConfig', 'PreTokenGenerationConfig')
  return [
    ['PreTokenGeneration', arn],
    [
      'PreTokenGenerationConfig',
      { LambdaVersion: textAt(config, 'LambdaVersion') ?? 'V1_0', LambdaArn: arn },
    ],
  ]
}

function attachedClient(client: JsonObject, ttlSeconds: number): JsonObject {
  const minutes = wantedSessionMinutes(client, ttlSeconds)
  return {
    ...client,
    ExplicitAuthFlows: wantedFlows(client),
    ...(minutes === sessionMinutesOf(client) ? {} : { AuthSessionValidity: minutes }),
  }
}

async function refuseDuringImport(aws: Aws, userPoolId: string): Promise<void> {
  const { UserImportJobs } = await aws.cognito.send(
    new ListUserImportJobsCommand({ UserPoolId: userPoolId, MaxResults: 60 }),
  )
  const running = UserImportJobs?.find(({ Status }) =>
    ['Pending', 'InProgress', 'Stopping'].includes(Status ?? ''),
  )
  if (running === undefined) return
  throw new CommandError(
    `The user import job ${running.JobId} is running (${running.Status}), and Cognito refuses updates meanwhile. ` +
      'Nothing was changed. Wait until it is done, or stop it:\n' +
      `  aws cognito-idp stop-user-import-job --user-pool-id ${userPoolId} --job-id ${running.JobId}`,
  )
}

function refuseTakenSlots(userPool: JsonObject, arns: TriggerArns, replace: boolean): void {
  const taken = TRIGGERS.filter(trigger => trigger !== 'PreTokenGeneration').flatMap(trigger => {
    const holder = arnInSlot(userPool, trigger)
    return holder === undefined || holder === arns[trigger] ? [] : [`  ${trigger}: ${holder}`]
  })
  if (taken.length === 0 || replace) return
  throw new CommandError(
    `The pool has triggers of its own where the code would go. Nothing was changed.\n${taken.join('\n')}\n` +
      'A pool has one custom challenge. If those functions are not needed any more, say --replace; the backup keeps ' +
      'their ARNs, and detach puts them back.',
  )
}

function missingArn(trigger: Trigger): CommandError {
  const option = {
    DefineAuthChallenge: '--define-arn',
    CreateAuthChallenge: '--create-arn',
    VerifyAuthChallengeResponse: '--verify-arn',
    PreTokenGeneration: '--pre-token-arn',
  }[trigger]
  return new CommandError(
    `${option} is missing: attach needs the function for ${trigger}, or --stack-name for all.`,
  )
}

/** @throws CommandError if sign-ins would fail at this function */
async function usableFunction(aws: Aws, trigger: Trigger, arn: string, poolArn: string) {
  const found = await readFunction(aws, arn, poolArn)
  if (found.configuration === undefined) {
    throw new CommandError(
      `There is no function ${arn} (for ${trigger}). Nothing was changed. Deploy it first.`,
    )
  }
  if (!found.mayBeCalled) {
    throw new CommandError(
      `The pool may not call ${arn} (for ${trigger}): every sign-in would fail. Nothing was changed. Allow it first:\n` +
        `  ${addPermissionCommand(arn, poolArn)}`,
    )
  }
  return found
}

function unreadAdvice(arn: string, poolArn: string, error: unknown): string {
  return (
    `${arn} could not be looked at: ${error}. If it does not exist, or the pool may not call it, every sign-in will fail. ` +
    `The pool may call it after: \`${addPermissionCommand(arn, poolArn)}\``
  )
}

function guardAdvice(ownArn: string): string {
  return (
    `The pool has a Pre Token Generation trigger of its own, ${ownArn}, which stays. It must call the guard, or a first ` +
    'sign-in can get tokens right after the new password, with no code. Copy dist/pre-token-generation/ into that ' +
    'function as guard/, and make this the first line of its handler: ' +
    "`await (await import('./guard/index.mjs')).handler(event)`. It throws when no tokens may leave. HOSTED_UI and " +
    'GUARDED_CLIENT_IDS are then settings of that function. In another language: fail when triggerSource is ' +
    'TokenGeneration_NewPasswordChallenge.'
  )
}

/** App clients that walk round the code, or that the guard will shut out. */
async function clientNotes(
  aws: Aws,
  state: PoolState,
  guardSettings: Readonly<Record<string, string>>,
  named: readonly string[],
): Promise<string[]> {
  const all = await describeAllClients(aws.cognito, String(state.userPool['Id']))
  const notes: string[] = []
  const open = all.filter(
    client =>
      !named.includes(String(client['ClientId'])) &&
      differences(wantedFlows(client), client['ExplicitAuthFlows'] ?? null).length > 0,
  )
  if (open.length > 0) {
    notes.push(
      `These app clients still sign in without a code: ${open.map(nameOf).join(', ')}. ` +
        'Name those that are to ask for it with --clients, once their app drives CUSTOM_AUTH.',
    )
  }
  const hosted = hostedUiClients(state.userPool, all)
  if (hosted.length > 0) {
    const effect =
      guardSettings['HOSTED_UI'] === 'allow'
        ? 'With HOSTED_UI=allow their local users get tokens there without a code'
        : 'With HOSTED_UI=deny their local users get no tokens there; federated users do'
    notes.push(
      `The hosted UI asks for no code, and these app clients use it: ${hosted.map(nameOf).join(', ')}. ${effect}.`,
    )
  }
  return notes
}

/** An app client as a person knows it. */
function nameOf(client: JsonObject): string {
  return `${client['ClientId']} (${client['ClientName']})`
}

function plannedChanges(from: PoolState, to: PoolState): PlannedChange[] {
  const pool = poolDifferences(from.userPool, to.userPool).map(it => ({ target: 'user pool', ...it }))
  const mfa = differences(from.mfa, to.mfa).map(it => ({ target: 'MFA', ...it }))
  const clients = Object.entries(to.clients).flatMap(([id, client]) =>
    clientDifferences(from.clients[id] ?? {}, client).map(it => ({ target: `app client ${id}`, ...it })),
  )
  return [...pool, ...mfa, ...clients]
}

/**
 * Carries out a plan: checks that nothing moved since, writes the backup, updates, reads back, compares, and puts
 * everything back if anything else moved or an update failed.
 *
 * @param backupFile where the state before is kept; undefined when there is a backup already (detach)
 * @throws CommandError that says what was done and what is left to do
 */
export async function carryOut(aws: Aws, plan: Plan, backupFile: string | undefined): Promise<void> {
  const { userPoolId, from, to } = plan
  const clientIds = Object.keys(to.clients)
  const moved = plannedChanges(from, await readPoolState(aws.cognito, userPoolId, clientIds))
  if (moved.length > 0) {
    throw new CommandError(
      `The pool changed since it was read (${namesOf(moved)}). Nothing was changed. Run the command again.`,
    )
  }
  if (backupFile !== undefined) {
    const backup: Backup = {
      userPoolId,
      madeAt: new Date().toISOString(),
      before: from,
      triggers: plan.triggers,
    }
    await writeBackup(backupFile, backup)
  }
  try {
    await writeState(aws, userPoolId, from, to)
  } catch (error) {
    throw await restored(aws, userPoolId, from, error, backupFile)
  }
}

/** Puts `from` back after a failure. @returns the error that tells the whole story */
async function restored(
  aws: Aws,
  userPoolId: string,
  from: PoolState,
  error: unknown,
  backupFile: string | undefined,
): Promise<CommandError> {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  try {
    const now = await readPoolState(aws.cognito, userPoolId, Object.keys(from.clients))
    if (plannedChanges(now, from).length === 0) return new CommandError(`${cause}\nNothing was changed.`)
    await writeState(aws, userPoolId, now, from)
    return new CommandError(`${cause}\nThe pool was put back as it was before.`)
  } catch (second) {
    const then = second instanceof Error ? `${second.name}: ${second.message}` : String(second)
    const file = backupFile ?? 'FILE'
    return new CommandError(
      `${cause}\nPutting the pool back failed as well: ${then}\nThe backup has everything. Once AWS answers again:\n` +
        `  npm run pool -- detach --user-pool-id ${userPoolId} --backup ${file} --everything`,
    )
  }
}

/** What a read back shows may lag behind an update for a moment. */
const READ_BACK_TRIES = 4
const READ_BACK_PAUSE_MILLISECONDS = 400

/**
 * Writes what differs and reads it back. A failed update is not believed before the pool has been looked at: an
 * answer can be lost after the work was done.
 */
async function writeState(aws: Aws, userPoolId: string, from: PoolState, to: PoolState): Promise<void> {
  const failures: unknown[] = []
  const attempt = async (update: () => Promise<void>) => {
    if (failures.length === 0) await update().catch((error: unknown) => void failures.push(error))
  }
  if (poolDifferences(from.userPool, to.userPool).length > 0) {
    await attempt(() => updateUserPool(aws.cognito, to.userPool, from.userPool))
  }
  for (const [id, client] of Object.entries(to.clients)) {
    if (clientDifferences(from.clients[id] ?? {}, client).length > 0) {
      await attempt(() => updateUserPoolClient(aws.cognito, client))
    }
  }
  for (let tries = 1; ; tries += 1) {
    const now = await readPoolState(aws.cognito, userPoolId, Object.keys(to.clients))
    const left = plannedChanges(now, to)
    if (left.length === 0) return
    const [failure] = failures
    if (failure !== undefined && (isRefusal(failure) || tries === READ_BACK_TRIES)) throw failure
    const mfaMoved = left.some(({ target }) => target === 'MFA')
    if (mfaMoved) await setUserPoolMfaConfig(aws.cognito, userPoolId, to.mfa)
    if (tries === READ_BACK_TRIES)
      throw new CommandError(`Cognito did not keep every setting: ${namesOf(left)}.`)
    if (!mfaMoved) await sleep(READ_BACK_PAUSE_MILLISECONDS)
  }
}

/** Cognito said no, so it did nothing; any other failure leaves open whether it did. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client'
}

function namesOf(changes: readonly PlannedChange[]): string {
  return changes.map(({ target, path }) => `${target} ${path}`).join(', ')
}

export type DetachOptions = {
  readonly userPoolId: string
  readonly backupFile: string
  /** Put back every setting of the backup, not only what attach changed. */
  readonly everything: boolean
  readonly replace: boolean
}

/**
 * Works out what putting back changes: what attach changed, and nothing that others have changed since.
 *
 * @throws CommandError if the backup is not of this pool, or somebody else's triggers are in the slots by now
 */
export async function planDetach(aws: Aws, options: DetachOptions): Promise<Plan> {
  const { userPoolId, backupFile, everything, replace } = options
  const { before, triggers, madeAt } = await readBackup(backupFile, userPoolId)
  const from = await readPoolState(aws.cognito, userPoolId, Object.keys(before.clients))
  await refuseDuringImport(aws, userPoolId)
  const to = everything
    ? { ...before, userPool: { ...before.userPool, ...readOnly(from.userPool) } }
    : detached(from, before, triggers)
  if (!everything && !replace) refuseStrangers(from, before, triggers)

  const changes = plannedChanges(from, to)
  const kept = everything ? [] : plannedChanges(before, to)
  const notes =
    kept.length === 0
      ? []
      : [
          `Changed by others since the backup of ${madeAt}, and left as it is now: ${namesOf(kept)}. --everything puts that back too.`,
        ]
  return { userPoolId, from, to, changes, notes, triggers }
}

/** What no update can set is as it is now. */
function readOnly(userPool: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(userPool).filter(([name]) => NOT_IN_UPDATE_USER_POOL.includes(name) && name !== 'Name'),
  )
}

/** The pool as it is now, with the triggers and the client settings of the backup. */
function detached(from: PoolState, before: PoolState, triggers: JsonObject): PoolState {
  const lambdaConfig = { ...objectAt(from.userPool, 'LambdaConfig') }
  const original = objectAt(before.userPool, 'LambdaConfig')
  for (const slot of Object.keys(triggers)) {
    if (original[slot] === undefined) delete lambdaConfig[slot]
    else lambdaConfig[slot] = original[slot]
  }
  const clients = Object.fromEntries(
    Object.entries(from.clients).map(([id, client]) => {
      const { ExplicitAuthFlows, AuthSessionValidity, ...rest } = client
      const { ExplicitAuthFlows: flows, AuthSessionValidity: minutes } = before.clients[id] ?? {}
      return [
        id,
        {
          ...rest,
          ...(flows === undefined ? {} : { ExplicitAuthFlows: flows }),
          ...(minutes === undefined ? {} : { AuthSessionValidity: minutes }),
        },
      ]
    }),
  )
  return { ...from, userPool: { ...from.userPool, LambdaConfig: lambdaConfig }, clients }
}

/** @throws CommandError if a slot holds neither what attach put there nor what was there before */
function refuseStrangers(from: PoolState, before: PoolState, triggers: JsonObject): void {
  const strangers = TRIGGERS.flatMap(trigger => {
    const held = arnInSlot(from.userPool, trigger)
    const expected = [textAt(triggers, trigger), arnInSlot(before.userPool, trigger)]
    return triggers[trigger] === undefined || expected.includes(held)
      ? []
      : [`  ${trigger}: ${held ?? '(none)'}`]
  })
  if (strangers.length === 0) return
  throw new CommandError(
    `Since attach, somebody put other triggers on the pool. Nothing was changed.\n${strangers.join('\n')}\n` +
      'If they are to go as well, say --replace.',
  )
}
