// Works out what the end of the migration changes: MFA required, app clients on SRP, the challenge triggers off.
import { isJsonObject, type JsonObject, member, objectAt } from '../../command/json.ts'
import { printable } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'
import {
  asksForCode,
  flowsOfNativeFactor,
  flowsWith,
  hasDefaultFlows,
  isForMachines,
} from '../app-clients.ts'
import type { PoolAws } from '../aws.ts'
import { type Plan, planOf, refuseDuringImport } from '../plan.ts'
import { arnInSlot, CHALLENGE_TRIGGERS, slotsOf, TRIGGERS } from '../trigger-functions.ts'
import { type PoolState, readPoolState } from '../user-pool.ts'
import { mfaOf } from './enable.ts'
import { blocksFinish, EMAIL_FACTOR } from './move-rules.ts'
import type { NativeUser } from './native-users.ts'
import { factorsOffered, requireEmailFactor } from './offered-factors.ts'
import { readProbeReport } from './probe-report.ts'

export type FinishOptions = {
  readonly userPoolId: string
  /** App versions in use still start CUSTOM_AUTH: SRP is allowed beside it, and the triggers stay. */
  readonly keepCustomAuth: boolean
  /** A report of `probe --json`; undefined: the guard stays. */
  readonly probeFile: string | undefined
}

/**
 * The writes in order, and why each state between them is safe, also if the command is killed there:
 * 1. MFA is required. Everyone has a factor by then; both ways to sign in end with it.
 * 2. One app client after the other allows SRP instead of the custom flow. MFA covers SRP.
 * 3. The challenge triggers go. No client starts the custom flow any more.
 * The way back (detach) is the reverse: triggers, app clients, and only then MFA is optional again.
 *
 * @param readAll reads every user of the pool who can keep MFA from being required
 * @throws CommandError if the pool does not offer the e-mail factor, or for a report of probe that cannot be used
 * @returns with the refusal `users-left` while somebody has no factor
 */
export async function planFinish(
  aws: PoolAws,
  options: FinishOptions,
  readAll: (offered: readonly string[]) => Promise<readonly NativeUser[]>,
): Promise<Plan> {
  const { userPoolId, keepCustomAuth, probeFile } = options
  const importNotes = await refuseDuringImport(aws, userPoolId)
  const from = await readPoolState(aws.cognito, userPoolId)
  const mfa = mfaOf(from)
  requireEmailFactor(mfa, userPoolId)
  const guard = await guardDecision(from, probeFile, userPoolId)
  const offered = factorsOffered(mfa)
  const left = (await readAll(offered)).filter(user => blocksFinish(user, offered))

  const taken = (guard.stays ? CHALLENGE_TRIGGERS : TRIGGERS).flatMap(slotsOf)
  const slots = Object.entries(objectAt(from.userPool, 'LambdaConfig')).filter(
    ([slot]) => keepCustomAuth || !taken.includes(slot),
  )
  const clients = Object.entries(from.clients).map(([id, client]) => [
    id,
    clientAfter(client, keepCustomAuth),
  ])
  const to: PoolState = {
    userPool: { ...from.userPool, MfaConfiguration: 'ON', LambdaConfig: Object.fromEntries(slots) },
    mfa: { ...mfa, MfaConfiguration: 'ON' },
    clients: Object.fromEntries(clients),
  }
  const notes = [
    ...importNotes,
    'Cognito asks every local user for a second factor from now on. Users without one who are created later get the code at ' +
      'their address.',
    keepCustomAuth
      ? 'Apps may start USER_SRP_AUTH as well as CUSTOM_AUTH. Once no app version in use starts CUSTOM_AUTH, run migrate ' +
        'finish again without --keep-custom-auth.'
      : 'CUSTOM_AUTH goes from every app client that lists it: a pool has one set of challenge triggers, which serves them all. ' +
        'Apps have to start USER_SRP_AUTH: one that starts CUSTOM_AUTH cannot sign anyone in any more. With ' +
        '--keep-custom-auth both work for a time.',
    ...(keepCustomAuth ? [] : guard.notes),
  ]
  const plan = planOf({ command: 'migrate finish', userPoolId, from, to, notes, triggers: {} })
  return left.length === 0 ? plan : { ...plan, refusal: usersLeft(left) }
}

/**
 * Every client that lists CUSTOM_AUTH is one that the challenge triggers serve: a pool has one set of them, and without it
 * the flow fails. A client whose flows nobody chose allows SRP already, and one for machines has no users.
 */
function clientAfter(client: JsonObject, keepCustomAuth: boolean): JsonObject {
  if (hasDefaultFlows(client) || !asksForCode(client) || isForMachines(client)) return client
  const flows = keepCustomAuth ? flowsWith(client, 'ALLOW_USER_SRP_AUTH') : flowsOfNativeFactor(client)
  return { ...client, ExplicitAuthFlows: flows }
}

/** So many names in a message; status --json has all of them. */
const MOST_NAMES = 20

function usersLeft(left: readonly NativeUser[]): CommandError {
  const names = left.slice(0, MOST_NAMES).map(({ username, email }) => {
    const address = email === undefined ? 'no e-mail address' : email
    return `  ${printable(username)}${address === username ? '' : ` (${printable(address)})`}`
  })
  const more = left.length > MOST_NAMES ? `\n  and ${left.length - MOST_NAMES} more` : ''
  return new CommandError(
    `${left.length} user${left.length === 1 ? ' has' : 's have'} no second factor. If MFA were required now, whoever has ` +
      `such a password could set up a factor of their own. Nothing was changed.\n${names.join('\n')}${more}\n` +
      'Move them (migrate users), disable them, or give them an address. migrate status shows why each one is left.',
    'users-left',
  )
}

type GuardDecision = { readonly stays: boolean; readonly notes: readonly string[] }

/**
 * The guard refuses tokens that Cognito issues right after a new password. Sources disagree on whether Cognito asks for the
 * factor before it (developer guide, "Adding MFA to a user pool": tokens first), so it stays until a pool has shown it.
 */
async function guardDecision(
  { userPool }: PoolState,
  probeFile: string | undefined,
  userPoolId: string,
): Promise<GuardDecision> {
  const report = probeFile === undefined ? undefined : await readProbeReport(probeFile, userPoolId)
  if (arnInSlot(userPool, 'PreTokenGeneration') === undefined) return { stays: false, notes: [] }
  if (report === undefined) {
    return {
      stays: true,
      notes: [
        'The Pre Token Generation trigger stays: it refuses tokens right after a new password, and it is not known whether Cognito ' +
          'asks for the factor before them. Someone who signs in for the first time signs in once more with the new password. ' +
          'To remove it: run probe --json after migrate finish --keep-custom-auth, and pass its report with --probe FILE.',
      ],
    }
  }
  const reason = whyGuardIsNeeded(report)
  return reason === undefined
    ? {
        stays: false,
        notes: [
          'The Pre Token Generation trigger is removed: probe has shown that the pool asks for the factor after a new password.',
        ],
      }
    : { stays: true, notes: [`The Pre Token Generation trigger stays: ${reason}.`] }
}

/** @returns undefined if a report of probe shows that SRP asks for the e-mail factor at a first sign-in as well */
export function whyGuardIsNeeded(report: JsonObject): string | undefined {
  if (report['holds'] !== true) return 'the report of probe says that the promise does not hold'
  const isOpen = objectsAt(report, 'lines').some(
    ({ id, verdict }) => (id === 'other-ways' || id === 'first-sign-in') && verdict !== 'holds',
  )
  if (isOpen) return 'the report of probe leaves a first sign-in open'
  const first = objectsAt(report, 'firstSignInsBySrp')
  if (first.length === 0) return 'the report of probe has no first sign-in with SRP'
  return first.every(({ afterNewPassword }) => afterNewPassword === EMAIL_FACTOR)
    ? undefined
    : 'in the report of probe, a first sign-in with SRP was not asked for the e-mail factor'
}

function objectsAt(report: JsonObject, name: string): JsonObject[] {
  const values = member(report, name)
  return Array.isArray(values) ? values.filter(isJsonObject) : []
}
