// Works out what fixing findings changes: the changes that the findings carry, one after the other.
import { CommandError } from '../command/terminal.ts'
import type { PoolAws } from './aws.ts'
import type { Finding } from './findings.ts'
import { nameOf, type Plan, planOf, refuseDuringImport, strandedClients, unreadNotes } from './plan.ts'
import { type PoolChange, type PoolState, readPoolState } from './user-pool.ts'

export type FixOptions = {
  readonly userPoolId: string
  /** Ids of findings. */
  readonly ids: readonly string[]
  /** Only findings on these clients; empty for all. */
  readonly clientIds: readonly string[]
}

/**
 * @param found what check finds on the pool
 * @throws CommandError if a finding is not there, or is not fixed by a change of the pool, or would leave an app client
 *   through which users cannot sign in
 */
export async function planFix(aws: PoolAws, found: readonly Finding[], options: FixOptions): Promise<Plan> {
  const { userPoolId } = options
  const chosen = chosenChanges(found, options)
  const importNotes = await refuseDuringImport(aws, userPoolId)
  const from = await readPoolState(aws.cognito, userPoolId)
  const to = chosen.reduce((state, change) => change.apply(state), from)
  const stranded = strandedClients(to).filter(id => !strandedClients(from).includes(id))
  if (stranded.length > 0) {
    throw new CommandError(
      `The pool has no triggers that ask for the code, so users could not sign in any more through: ` +
        `${stranded.map(id => nameOf(to.clients[id])).join(', ')}. Nothing was changed. Run attach first.`,
      'client-stranded',
    )
  }
  const notes = [...importNotes, ...unreadNotes(from)]
  return planOf({ command: 'fix', userPoolId, from, to, notes, triggers: {} })
}

function chosenChanges(found: readonly Finding[], { ids, clientIds }: FixOptions): PoolChange[] {
  const changes = ids.flatMap(id => changesOf(found, id).map(change => narrowed(id, change, clientIds)))
  const without = clientIds.find(id => !changes.some(change => change.clientIds.includes(id)))
  if (without !== undefined) {
    throw new CommandError(
      `No finding named here is about app client ${without}. Nothing was changed.`,
      'finding-absent',
    )
  }
  return changes
}

/** The part of a change that is about these clients; all of it if none is named. */
function narrowed(id: string, change: PoolChange, clientIds: readonly string[]): PoolChange {
  if (clientIds.length === 0) return change
  if (change.clientIds.length === 0) {
    throw new CommandError(
      `${id} is about the user pool, so --clients cannot limit it. Nothing was changed. Run fix ${id} without --clients.`,
      'usage',
    )
  }
  const ids = change.clientIds.filter(id => clientIds.includes(id))
  const apply = (state: PoolState): PoolState => {
    const { clients } = change.apply(state)
    const changed = Object.entries(clients).filter(([id]) => ids.includes(id))
    return { ...state, clients: { ...state.clients, ...Object.fromEntries(changed) } }
  }
  return { clientIds: ids, apply }
}

function changesOf(found: readonly Finding[], id: string): PoolChange[] {
  const named = found.filter(finding => finding.id === id)
  const [first] = named
  if (first === undefined) {
    const fixable = [...new Set(found.filter(it => it.change !== undefined).map(it => it.id))]
    const choice =
      fixable.length === 0 ? 'fix can change nothing here.' : `fix can change: ${fixable.join(', ')}.`
    throw new CommandError(
      `check does not report ${JSON.stringify(id)} on this pool. ${choice}`,
      'finding-absent',
    )
  }
  const changes = named.flatMap(finding => finding.change ?? [])
  if (changes.length > 0) return changes
  const commands = [...new Set(named.map(finding => `  ${finding.fix}`))]
  throw new CommandError(
    `${id} is not fixed by a setting of the pool or of an app client. ${first.why}\nRun:\n${commands.join('\n')}`,
    'finding-not-fixable',
  )
}
