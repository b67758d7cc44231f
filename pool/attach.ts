// Works out what attaching changes: the four triggers of the pool, and the flows of the app clients that are named.
import type { Json, JsonObject } from '../command/json.ts'
import { objectAt, stringAt } from '../command/json.ts'
import { packageFile } from '../command/name.ts'
import { printable, shellCommand } from '../command/shell.ts'
import { CommandError } from '../command/terminal.ts'
import {
  canOnlyAskForCode,
  flowsWith,
  flowsWithoutCode,
  guardedClientIds,
  hostedUiClients,
  isForMachines,
  sessionMinutesOf,
  wantedFlows,
  wantedSessionMinutes,
} from './app-clients.ts'
import type { PoolAws } from './aws.ts'
import { awsErrorText } from './aws-errors.ts'
import { enrolmentRisk } from './findings/pool.ts'
import { nameOf, type Plan, planOf, refuseDuringImport, unreadNotes } from './plan.ts'
import { regionOfPool } from './pool-id.ts'
import {
  addPermissionCommand,
  arnInSlot,
  CHALLENGE_TRIGGERS,
  readFunction,
  TRIGGERS,
  type Trigger,
  type TriggerArns,
  type TriggerFunction,
} from './trigger-functions.ts'
import { codeTtlSeconds, startProblem } from './trigger-settings.ts'
import { type PoolState, readPoolState } from './user-pool.ts'

export type AttachOptions = {
  readonly userPoolId: string
  readonly arns: TriggerArns
  /** The stack that the ARNs come from, for commands to paste. */
  readonly stackName: string | undefined
  readonly clientIds: readonly string[]
  /** Add CUSTOM_AUTH to what the clients allow, instead of leaving them nothing else. */
  readonly addFlow: boolean
  readonly replace: boolean
  /** Go on although the guard refuses sign-ins through clients that are not to ask for the code. */
  readonly guardAll: boolean
}

/**
 * Reads the pool and works out what attaching changes.
 *
 * @throws CommandError when attaching would break something: a function that does not exist or may not be called, a
 *   slot that another function holds, a running user import, an app client that does not exist
 */
export async function planAttach(aws: PoolAws, options: AttachOptions): Promise<Plan> {
  const { userPoolId, arns, clientIds, replace } = options
  refuseSharedArn(arns)
  const notes = await refuseDuringImport(aws, userPoolId)
  const from = await readPoolState(aws.cognito, userPoolId)
  notes.push(...unreadNotes(from))
  refuseMissingClients(from, clientIds)
  refuseTakenSlots(from.userPool, arns, replace)

  const heldPreToken = arnInSlot(from.userPool, 'PreTokenGeneration')
  const keepsOwnPreToken = heldPreToken !== undefined && heldPreToken !== arns.PreTokenGeneration
  const setting = arnsOf(keepsOwnPreToken ? CHALLENGE_TRIGGERS : TRIGGERS, arns)
  if (keepsOwnPreToken) notes.push(guardAdvice(heldPreToken))

  const { functions, unread } = await usableFunctions(aws, setting, stringAt(from.userPool, 'Arn') ?? '')
  notes.push(...unread)
  const ttlSeconds = codeTtlSeconds(functions.get('CreateAuthChallenge'))
  const clients = Object.fromEntries(
    Object.entries(from.clients).map(([id, client]) => [
      id,
      clientIds.includes(id) ? attachedClient(client, ttlSeconds, options.addFlow) : client,
    ]),
  )
  const triggers = Object.fromEntries(
    setting.flatMap(([trigger, arn]) => slotMembers(trigger, arn, from.userPool)),
  )
  const lambdaConfig = { ...objectAt(from.userPool, 'LambdaConfig'), ...triggers }
  const to = { ...from, userPool: { ...from.userPool, LambdaConfig: lambdaConfig }, clients }

  notes.push(...settingNotes(functions))
  const guard = functions.get('PreTokenGeneration')?.environment
  notes.push(...clientNotes(to, guard ?? {}))
  const enrolment = enrolmentRisk(
    stringAt({ ...to.userPool, ...to.mfa }, 'MfaConfiguration'),
    functions.get('DefineAuthChallenge'),
  )
  if (enrolment !== undefined) notes.push(`${enrolment.what}. ${enrolment.why}`)
  const refusal =
    unguardedRefusal(to, guard, options) ??
    (heldPreToken === undefined ? guardRefusal(to, guard, options) : undefined)
  const common = { command: 'attach', userPoolId, from, to, notes, triggers } as const
  return planOf(refusal === undefined ? common : { ...common, refusal })
}

/** The members of LambdaConfig for one trigger; an attached guard keeps the event version that it has. */
function slotMembers(trigger: Trigger, arn: string, userPool: JsonObject): [string, Json][] {
  if (trigger !== 'PreTokenGeneration') return [[trigger, arn]]
  const config = objectAt(userPool, 'LambdaConfig', 'PreTokenGenerationConfig')
  return [
    ['PreTokenGeneration', arn],
    [
      'PreTokenGenerationConfig',
      { LambdaVersion: stringAt(config, 'LambdaVersion') ?? 'V1_0', LambdaArn: arn },
    ],
  ]
}

function attachedClient(client: JsonObject, ttlSeconds: number, addFlow: boolean): JsonObject {
  const minutes = wantedSessionMinutes(client, ttlSeconds)
  return {
    ...client,
    ExplicitAuthFlows: addFlow ? flowsWith(client, 'ALLOW_CUSTOM_AUTH') : wantedFlows(client),
    ...(minutes === sessionMinutesOf(client) ? {} : { AuthSessionValidity: minutes }),
  }
}

/** @throws CommandError `same-function` if one function is given for two triggers */
function refuseSharedArn(arns: TriggerArns): void {
  for (const trigger of TRIGGERS) {
    const other = TRIGGERS.find(it => it !== trigger && arns[it] !== undefined && arns[it] === arns[trigger])
    if (other === undefined) continue
    throw new CommandError(
      `${trigger} and ${other} name the same function, ${arns[trigger]}. Each trigger has a function of its own.`,
      'same-function',
    )
  }
}

function refuseMissingClients(from: PoolState, clientIds: readonly string[]): void {
  const missing = clientIds.find(id => from.clients[id] === undefined)
  if (missing === undefined) return
  throw new CommandError(`App client ${missing} does not exist in this user pool.`, 'client-missing')
}

function refuseTakenSlots(userPool: JsonObject, arns: TriggerArns, replace: boolean): void {
  const taken = CHALLENGE_TRIGGERS.flatMap(trigger => {
    const holder = arnInSlot(userPool, trigger)
    return holder === undefined || holder === arns[trigger] ? [] : [`  ${trigger}: ${printable(holder)}`]
  })
  if (taken.length === 0 || replace) return
  throw new CommandError(
    `The pool already has other functions as challenge triggers. Nothing was changed.\n${taken.join('\n')}\n` +
      'A pool has one custom challenge. If those functions are no longer needed, pass --replace; the backup keeps ' +
      'their ARNs, and detach puts them back.',
    'other-triggers',
  )
}

/** @throws CommandError `usage` for the first trigger without a function */
function arnsOf(triggers: readonly Trigger[], arns: TriggerArns): [Trigger, string][] {
  return triggers.map(trigger => {
    const arn = arns[trigger]
    if (arn === undefined) throw missingArn(trigger)
    return [trigger, arn]
  })
}

function missingArn(trigger: Trigger): CommandError {
  const option = {
    DefineAuthChallenge: '--define-arn',
    CreateAuthChallenge: '--create-arn',
    VerifyAuthChallengeResponse: '--verify-arn',
    PreTokenGeneration: '--pre-token-arn',
  }[trigger]
  return new CommandError(
    `Missing required option: ${option} ARN, the function for ${trigger} (or --stack-name NAME for all four).`,
    'usage',
  )
}

type Functions = {
  readonly functions: ReadonlyMap<Trigger, TriggerFunction>
  /** A note on those that could not be read. */
  readonly unread: readonly string[]
}

/** @throws CommandError if sign-ins would fail at one of these functions */
async function usableFunctions(
  aws: PoolAws,
  arns: readonly (readonly [Trigger, string])[],
  poolArn: string,
): Promise<Functions> {
  const functions = new Map<Trigger, TriggerFunction>()
  const unread: { readonly arn: string; readonly error: unknown }[] = []
  for (const [trigger, arn] of arns) {
    try {
      functions.set(trigger, await usableFunction(aws, trigger, arn, poolArn))
    } catch (error) {
      // Who may change a pool may not be allowed to read functions: that is for them to judge.
      if (error instanceof CommandError) throw error
      unread.push({ arn, error })
    }
  }
  const [first] = unread
  if (first === undefined) return { functions, unread: [] }
  const cause = printable(awsErrorText(first.error))
  const names = unread.map(({ arn }) => arn).join(', ')
  const commands = unread.map(({ arn }) => `\n  ${addPermissionCommand(arn, poolArn)}`).join('')
  const note =
    `These functions could not be read (${cause}): ${names}. If one does not exist, or the pool may not call it, every ` +
    `sign-in fails. To let the pool call them:${commands}`
  return { functions, unread: [note] }
}

async function usableFunction(
  aws: PoolAws,
  trigger: Trigger,
  arn: string,
  poolArn: string,
): Promise<TriggerFunction> {
  const found = await readFunction(aws, arn, poolArn)
  if (found.configuration === undefined) {
    throw new CommandError(
      `The function ${arn} (for ${trigger}) does not exist. Nothing was changed. Deploy it first.`,
      'function-missing',
    )
  }
  if (!found.mayBeCalled) {
    throw new CommandError(
      `The pool may not call ${arn} (for ${trigger}): every sign-in would fail. Nothing was changed. Allow it first:\n` +
        `  ${addPermissionCommand(arn, poolArn)}`,
      'function-not-callable',
    )
  }
  return found
}

/** Functions that would not start; a note, because one that wraps ours may get its settings elsewhere. */
function settingNotes(functions: ReadonlyMap<Trigger, TriggerFunction>): string[] {
  return [...functions].flatMap(([trigger, its]) => {
    const problems = startProblem(trigger, its)
    return problems === undefined
      ? []
      : [
          `The function for ${trigger} does not start with its settings, so every sign-in would fail: ${problems}`,
        ]
  })
}

function guardAdvice(ownArn: string): string {
  return (
    `The pool has its own Pre Token Generation trigger, ${printable(ownArn)}, which stays. It must call the guard, or a ` +
    `first sign-in can get tokens right after the new password, with no code. Copy ${packageFile('dist/pre-token-generation')}/ into that ` +
    'function as guard/, and make this the first line of its handler:\n' +
    "  await (await import('./guard/index.mjs')).handler(event)\n" +
    'It throws when no tokens may be issued. HOSTED_UI and GUARDED_CLIENT_IDS are then settings of that function. In ' +
    'another language: fail when triggerSource is TokenGeneration_NewPasswordChallenge.'
  )
}

/** App clients that let users sign in without a code, or that the guard will shut out. */
function clientNotes(to: PoolState, guardSettings: Readonly<Record<string, string>>): string[] {
  const notes: string[] = []
  const open = clientsWithoutCode(to)
  if (open.length > 0) {
    notes.push(
      `Users can still sign in without a code through these app clients: ${open.map(nameOf).join(', ')}. ` +
        'Once their app signs in with CUSTOM_AUTH, pass them to attach with --clients.',
    )
  }
  const hosted = hostedUiClients(to.userPool, Object.values(to.clients))
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

function clientsWithoutCode(state: PoolState): JsonObject[] {
  return Object.values(state.clients).filter(
    client => flowsWithoutCode(client).length > 0 && !isForMachines(client),
  )
}

/** The app clients through which users sign in with password and code, and in no other way. */
function clientsThatOnlyAsk({ clients }: PoolState): string[] {
  return Object.entries(clients).flatMap(([id, client]) => (canOnlyAskForCode(client) ? [id] : []))
}

function guardCommand(userPoolId: string, stackName: string | undefined, ids: readonly string[]): string {
  return shellCommand('aws cloudformation deploy', {
    region: regionOfPool(userPoolId),
    'template-file': 'packaged.yaml',
    'stack-name': stackName ?? 'STACK',
    capabilities: 'CAPABILITY_IAM',
    'parameter-overrides': `GuardedClientIds=${ids.join(',')}`,
  })
}

/** App clients that ask for the code but are left out of the guard: a first sign-in can end in tokens without one. */
function unguardedRefusal(
  to: PoolState,
  guard: Readonly<Record<string, string>> | undefined,
  { clientIds, stackName, userPoolId }: AttachOptions,
): CommandError | undefined {
  const listed = guardedClientIds(guard?.['GUARDED_CLIENT_IDS'])
  const asking = clientsThatOnlyAsk(to)
  const unguarded = clientIds.filter(
    id => asking.includes(id) && listed !== undefined && !listed.includes(id),
  )
  if (unguarded.length === 0) return undefined
  return new CommandError(
    `The Pre Token Generation guard does not cover ${unguarded.join(', ')} (GUARDED_CLIENT_IDS): a first sign-in through ` +
      'these app clients could end in tokens right after the new password, without a code. Nothing was changed.\n' +
      `Extend the list first:\n  ${guardCommand(userPoolId, stackName, asking)}`,
    'guard-leaves-clients-out',
  )
}

/**
 * The guard decides for every app client unless it is told which: after a new password no flow but CUSTOM_AUTH gets
 * tokens any more, and with HOSTED_UI=deny the hosted UI gets none at all.
 *
 * @returns why attach stops; undefined if no app client would lose access unexpectedly
 */
function guardRefusal(
  to: PoolState,
  guard: Readonly<Record<string, string>> | undefined,
  { guardAll, clientIds, stackName, userPoolId }: AttachOptions,
): CommandError | undefined {
  const listed = guardedClientIds(guard?.['GUARDED_CLIENT_IDS'])
  const isGuarded = (client: JsonObject) => listed?.includes(String(client['ClientId'])) ?? true
  const open = clientsWithoutCode(to)
  const hosted = hostedUiClients(to.userPool, Object.values(to.clients))
  // A client that was named is to ask for the code; the note on the hosted UI is about it.
  const losesHostedUi = (client: JsonObject) =>
    guard?.['HOSTED_UI'] !== 'allow' &&
    hosted.includes(client) &&
    !clientIds.includes(String(client['ClientId']))
  const concerned = Object.values(to.clients).filter(
    client => isGuarded(client) && (open.includes(client) || losesHostedUi(client)),
  )
  if (guardAll || concerned.length === 0) return undefined
  const unknown = guard === undefined ? ' (its settings could not be read)' : ''
  const askingOnly = clientsThatOnlyAsk(to)
  // A word that is the id of no app client guards none.
  const command = guardCommand(userPoolId, stackName, askingOnly.length === 0 ? ['none'] : askingOnly)
  return new CommandError(
    `The Pre Token Generation guard${unknown} would also refuse sign-ins through app clients that do not ask for the code: ` +
      `${concerned.map(nameOf).join(', ')}. Through these, a first sign-in ends after the new password, and the hosted UI ` +
      'gives no tokens to local users unless HOSTED_UI is allow. Nothing was changed.\n' +
      'Either limit the guard to the app clients that ask for the code (GUARDED_CLIENT_IDS):\n' +
      `  ${command}\n` +
      'or pass --guard-all to accept this.',
    'guard-covers-clients',
  )
}
