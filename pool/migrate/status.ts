// How far the migration is: who is moved, who is not yet, and who cannot be, and why. Reads only.
import type { JsonObject } from '../../command/json.ts'
import { printable } from '../../command/shell.ts'
import { blocksFinish, defaultRules, moveDecision, SKIP_REASONS, type SkipReason } from './move-rules.ts'
import type { NativeUser } from './native-users.ts'

type Standing = 'not-moved' | SkipReason

export type MigrationStatus = {
  readonly mfaConfiguration: string
  readonly offered: readonly string[]
  readonly users: number
  /** Names by what is true of them. */
  readonly standings: ReadonlyMap<Standing, readonly string[]>
  /** Who keeps migrate finish from being run. */
  readonly left: readonly string[]
}

/** Pure. @param offered the factors that the pool offers */
export function migrationStatus(
  users: readonly NativeUser[],
  mfaConfiguration: string,
  offered: readonly string[],
): MigrationStatus {
  const rules = defaultRules(offered)
  const standings = new Map<Standing, string[]>()
  for (const user of users) {
    const decision = moveDecision(user, rules)
    const standing = decision.name === 'move' ? 'not-moved' : decision.reason
    const names = standings.get(standing) ?? []
    names.push(user.username)
    standings.set(standing, names)
  }
  const left = users.filter(user => blocksFinish(user, offered)).map(({ username }) => username)
  return { mfaConfiguration, offered, users: users.length, standings, left }
}

export function statusJson({
  mfaConfiguration,
  offered,
  users,
  standings,
  left,
}: MigrationStatus): JsonObject {
  const names = (standing: Standing) => [...(standings.get(standing) ?? [])]
  const others = [...standings.keys()].filter(it => it !== 'already-moved' && it !== 'not-moved')
  return {
    mfaConfiguration,
    offered: [...offered],
    users,
    moved: names('already-moved'),
    notMoved: names('not-moved'),
    skipped: Object.fromEntries(others.map(reason => [reason, names(reason)])),
    left: [...left],
  }
}

export function statusText(status: MigrationStatus): string {
  const { mfaConfiguration, users, standings, left } = status
  const count = (standing: Standing) => standings.get(standing)?.length ?? 0
  const rows = [
    [count('already-moved'), 'moved'],
    [count('not-moved'), 'not moved yet'],
    ...[...standings.keys()].flatMap(standing =>
      standing === 'already-moved' || standing === 'not-moved'
        ? []
        : [[count(standing), `${standing}: ${SKIP_REASONS[standing]}`]],
    ),
  ]
  const names = left.slice(0, MOST_NAMES).map(name => `  ${printable(name)}`)
  if (left.length > MOST_NAMES) names.push(`  and ${left.length - MOST_NAMES} more (--json names all)`)
  return [
    `MFA: ${mfaConfiguration}. Users: ${users}.`,
    ...rows.map(([number, text]) => `${String(number).padStart(8)}  ${text}`),
    left.length === 0
      ? 'Everyone has a second factor: migrate finish can be run.'
      : `Left before migrate finish: ${left.length}`,
    ...names,
    '',
  ].join('\n')
}

const MOST_NAMES = 20
