// The one path on which a pool changes: backup first, then the writes, then read back and compare; or all is put back.
import { setTimeout as sleep } from 'node:timers/promises'
import { ResourceNotFoundException } from '@aws-sdk/client-cognito-identity-provider'
import { CommandError } from '../command/terminal.ts'
import { canOnlyAskForCode } from './app-clients.ts'
import type { PoolAws } from './aws.ts'
import { awsErrorText } from './aws-errors.ts'
import { writeBackup } from './backup.ts'
import {
  changedClients,
  detachCommand,
  mfaDiffers,
  nameOf,
  namesOf,
  type Plan,
  type PlannedChange,
  plannedChanges,
  servesCode,
  stopsRequiringMfa,
} from './plan.ts'
import {
  type PoolState,
  poolDifferences,
  readPoolState,
  setUserPoolMfaConfig,
  updateUserPool,
  updateUserPoolClient,
} from './user-pool.ts'

export type CarryOutOptions = {
  /** Where the state before is kept; undefined when there is a backup already (detach). */
  readonly backupFile: string | undefined
  /** Called once the backup is on the disk, before the first write. */
  readonly onBackup: (file: string) => void
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal
}

/** How it ended: `after-interruption` if it was to stop, but every write was done by then. */
export type Outcome = 'done' | 'done-after-interruption'

/**
 * Carries out a plan: checks that nothing changed since it was made, writes the backup, updates, reads back, compares,
 * and puts everything back if anything else moved, an update failed, or the user interrupted it.
 *
 * @throws CommandError that says what was done and what is left to do
 */
export async function carryOut(aws: PoolAws, plan: Plan, options: CarryOutOptions): Promise<Outcome> {
  const { userPoolId } = plan
  const { backupFile, onBackup, signal } = options
  if (plan.refusal !== undefined) throw plan.refusal
  // Only what changes is read again and compared: a pool can have hundreds of clients.
  const clientIds = changedClients(plan)
  const from = withClients(plan.from, clientIds)
  const to = withClients(plan.to, clientIds)
  const now = await readPoolState(aws.cognito, userPoolId, clientIds)
  const moved = plannedChanges(from, now)
  const gone = clientIds.filter(id => now.clients[id] === undefined)
  if (moved.length > 0 || gone.length > 0) {
    const names = [namesOf(moved), ...gone.map(id => `app client ${id}`)].filter(it => it !== '').join(', ')
    throw new CommandError(
      `The pool changed since it was read (${names}). Nothing was changed. Run the command again.`,
      'pool-changed',
    )
  }
  if (signal.aborted) throw new CommandError('Interrupted. Nothing was changed.', 'interrupted')
  if (backupFile !== undefined) {
    const { command, triggers } = plan
    const madeAt = new Date().toISOString()
    await writeBackup(backupFile, { command, userPoolId, madeAt, before: plan.from, after: to, triggers })
    onBackup(backupFile)
  }
  try {
    await writeState(aws, userPoolId, from, to, { signal, detaching: plan.command === 'detach' })
  } catch (error) {
    if (error instanceof ClientsRefused || (plan.keepsPart === true && error instanceof NotKept)) throw error
    throw await putBack(aws, userPoolId, from, error, backupFile)
  }
  return signal.aborted ? 'done-after-interruption' : 'done'
}

function withClients(state: PoolState, ids: readonly string[]): PoolState {
  const clients = Object.fromEntries(Object.entries(state.clients).filter(([id]) => ids.includes(id)))
  return { ...state, clients }
}

/** Cognito answered, and kept some settings as they were. */
class NotKept extends CommandError {
  readonly left: readonly PlannedChange[]

  constructor(asked: readonly PlannedChange[], left: readonly PlannedChange[]) {
    const kept = asked.filter(it => !left.some(other => other.target === it.target && other.path === it.path))
    const done = kept.length === 0 ? '' : `Changed: ${namesOf(kept)}. `
    super(`${done}Cognito did not keep every setting: ${namesOf(left)}.`, 'not-kept')
    this.left = left
  }
}

/** App clients that could not be changed while everything else was: nothing is put back for their sake. */
class ClientsRefused extends CommandError {}

class Interrupted extends CommandError {
  constructor() {
    super('Interrupted.', 'interrupted')
  }
}

/** Puts `from` back after a failure. @returns the error that tells the whole story */
async function putBack(
  aws: PoolAws,
  userPoolId: string,
  from: PoolState,
  error: unknown,
  backupFile: string | undefined,
): Promise<CommandError> {
  const cause = error instanceof CommandError ? error.message : awsErrorText(error)
  const code = error instanceof CommandError ? error.code : 'update-failed'
  const command = detachCommand(userPoolId, backupFile ?? 'FILE', { everything: true })
  try {
    const now = await readPoolState(aws.cognito, userPoolId, Object.keys(from.clients))
    const existing = withClients(from, Object.keys(now.clients))
    const deleted = Object.keys(from.clients).filter(id => now.clients[id] === undefined)
    const without = deleted.length === 0 ? '' : ` App clients that no longer exist: ${deleted.join(', ')}.`
    if (plannedChanges(now, existing).length === 0) {
      return new CommandError(`${cause}\nNothing was changed.${without}`, code)
    }
    await writeState(aws, userPoolId, now, existing, {})
    return new CommandError(`${cause}\nThe pool was put back as it was before.${without}`, code)
  } catch (second) {
    if (second instanceof NotKept) {
      return new CommandError(
        `${cause}\nThe pool was put back, except for: ${namesOf(second.left)}.\n` +
          `Set these by hand; the backup holds the values. To try again:\n  ${command}`,
        'put-back-differs',
      )
    }
    const then = second instanceof CommandError ? second.message : awsErrorText(second)
    return new CommandError(
      `${cause}\nPutting the pool back failed as well: ${then}\nThe backup holds every setting. Once AWS answers again:\n` +
        `  ${command}`,
      'put-back-failed',
    )
  }
}

type WriteOptions = {
  readonly signal?: AbortSignal
  /** A client that Cognito refuses does not keep the others from being put back. */
  readonly detaching?: boolean
}

/** What a read back shows may lag behind an update for a moment. */
const READ_BACK_TRIES = 4
const READ_BACK_PAUSE_MILLISECONDS = 400

/**
 * Writes what differs and reads it back. A failed update is not believed before the pool has been looked at: an
 * answer can be lost after the work was done.
 *
 * The triggers come before the clients that need them, and go after: at no moment, not even when the process is killed,
 * is there a client whose users cannot sign in. MFA is required before a client may do without the triggers, and for as long
 * as one does: at no moment does a password alone give tokens.
 */
async function writeState(
  aws: PoolAws,
  userPoolId: string,
  from: PoolState,
  to: PoolState,
  { signal, detaching = false }: WriteOptions,
): Promise<void> {
  const asked = plannedChanges(from, to)
  const failures: unknown[] = []
  const refused = new Map<string, unknown>()
  const attempt = async (update: () => Promise<void>) => {
    if (failures.length > 0) return
    if (signal?.aborted) return void failures.push(new Interrupted())
    await update().catch((error: unknown) => void failures.push(error))
  }
  // "SMS configuration and Auto verification ... are required when MFA is required/optional": UpdateUserPool takes
  // MfaConfiguration only if a factor is on (aws-cdk #12075). A factor may in turn need a setting of the pool.
  const mfa = mfaDiffers(from, to) ? to.mfa : undefined
  let mfaWritten = false
  const writeMfa = async () => {
    if (mfa === undefined || wouldStrand(refused, from, to)) return
    await attempt(async () => {
      mfaWritten = await setUserPoolMfaConfig(aws.cognito, userPoolId, mfa).then(
        () => true,
        (error: unknown) => {
          if (isRefusal(error)) return false
          throw error
        },
      )
    })
  }
  const writePool = async () => {
    const { MfaConfiguration = 'OFF' } = mfaWritten ? to.userPool : from.userPool
    // SetUserPoolMfaConfig sets this member too.
    const inForce = mfa === undefined ? {} : { MfaConfiguration }
    const now = { ...from.userPool, ...inForce }
    const wanted = { ...to.userPool, ...inForce }
    if (poolDifferences(now, wanted).length === 0 || wouldStrand(refused, from, to)) return
    await attempt(() => updateUserPool(aws.cognito, wanted, from.userPool))
  }
  const writeClients = async () => {
    for (const [id, client] of Object.entries(pick(to.clients, changedClients({ from, to })))) {
      await attempt(async () => {
        await updateUserPoolClient(aws.cognito, client).catch((error: unknown) => {
          // It was deleted meanwhile: what is read back tells.
          if (error instanceof ResourceNotFoundException) return
          if (!detaching || !isRefusal(error)) throw error
          refused.set(id, error)
        })
      })
    }
  }
  const parts = servesCode(to.userPool) ? [writePool, writeClients] : [writeClients, writePool]
  const steps = stopsRequiringMfa(from, to) ? [...parts, writeMfa] : [writeMfa, ...parts]
  for (const step of steps) await step()

  const kept = wouldStrand(refused, from, to) ? from : to
  const expected = { ...kept, clients: { ...to.clients, ...pick(from.clients, [...refused.keys()]) } }
  const deleted = await readBack(aws, userPoolId, asked, expected, failures)
  if (deleted.length > 0) {
    const names = deleted.map(id => nameOf(from.clients[id])).join(', ')
    throw new ClientsRefused(
      `App clients were deleted while the command ran: ${names}. Everything else was changed as planned.`,
      'pool-changed',
    )
  }
  if (refused.size > 0) throw clientsRefused(refused, from, kept === from)
}

/** Reads until the pool is as expected. @returns clients that no longer exist @throws the failure of an update, or NotKept */
async function readBack(
  aws: PoolAws,
  userPoolId: string,
  asked: readonly PlannedChange[],
  expected: PoolState,
  failures: readonly unknown[],
): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    const now = await readPoolState(aws.cognito, userPoolId, Object.keys(expected.clients))
    const left = plannedChanges(now, withClients(expected, Object.keys(now.clients)))
    const [failure] = failures
    if (left.length === 0) return Object.keys(expected.clients).filter(id => now.clients[id] === undefined)
    const isCertain = isRefusal(failure) || failure instanceof Interrupted
    if (failure !== undefined && (isCertain || tries === READ_BACK_TRIES)) throw failure
    const mfaMoved = left.some(({ target }) => target === 'MFA')
    if (mfaMoved && expected.mfa !== undefined) {
      await setUserPoolMfaConfig(aws.cognito, userPoolId, expected.mfa)
    }
    if (tries === READ_BACK_TRIES) throw new NotKept(asked, left)
    await sleep(READ_BACK_PAUSE_MILLISECONDS)
  }
}

/** Whether the triggers have to stay for the sake of clients that Cognito would not put back. */
function wouldStrand(refused: ReadonlyMap<string, unknown>, from: PoolState, to: PoolState): boolean {
  if (servesCode(to.userPool) || !servesCode(from.userPool)) return false
  return Object.values(pick(from.clients, [...refused.keys()])).some(canOnlyAskForCode)
}

function clientsRefused(
  refused: ReadonlyMap<string, unknown>,
  from: PoolState,
  triggersStay: boolean,
): ClientsRefused {
  const lines = [...refused].map(([id, error]) => `  ${nameOf(from.clients[id])}: ${awsErrorText(error)}`)
  const end = triggersStay
    ? 'The triggers stay on the pool: without them users of these app clients could not sign in. Correct what Cognito ' +
      'names, or delete the app client, and run the command again.'
    : 'Everything else was put back. Correct what Cognito names and run the command again.'
  return new ClientsRefused(
    `Cognito refused to update these app clients:\n${lines.join('\n')}\n${end}`,
    'client-not-restored',
  )
}

function pick<Value>(
  values: Readonly<Record<string, Value>>,
  names: readonly string[],
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)))
}

/** Cognito said no, so it did nothing; any other failure leaves open whether it did. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client'
}
