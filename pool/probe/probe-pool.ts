// The work of the command probe: says what it will do, asks, signs in to a pool as a throw-away user, and reports whether the promise holds.
import { createInterface } from 'node:readline/promises'
import {
  type CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
  GetUserPoolMfaConfigCommand,
  paginateListUserPoolClients,
} from '@aws-sdk/client-cognito-identity-provider'
import { type Destination, requireWritable } from '../../command/folders.ts'
import { type JsonObject, objectAt, stringAt } from '../../command/json.ts'
import { COMMAND } from '../../command/name.ts'
import { printable, shellCommand } from '../../command/shell.ts'
import {
  CommandError,
  coloured,
  confirm,
  printJson,
  type Style,
  type Terminal,
  wrapped,
} from '../../command/terminal.ts'
import { asksForCode } from '../app-clients.ts'
import { type Aws, awsClients } from '../aws.ts'
import { nameMissingOperations } from '../aws-errors.ts'
import { untilAborted } from '../interruption.ts'
import { regionOfPool, userPoolIdOf } from '../pool-id.ts'
import { usageError } from '../pool-options.ts'
import { TRIGGERS } from '../trigger-functions.ts'
import { describeUserPool } from '../user-pool.ts'
import { interruption, PASSWORD_FLOWS, type ProbedClient } from './calls.ts'
import { type ProbeContext, runExperiments } from './experiments.ts'
import {
  countMails,
  type NativeFactorName,
  type ObservedAnswer,
  type StepTime,
  timesOf,
} from './observations.ts'
import type { ProbeValues } from './probe-options.ts'
import {
  type FirstSignInBySrp,
  firstSignInsBySrp,
  probeReport,
  type ReportLine,
  type Verdict,
} from './report.ts'
import { deleteLeftovers, findLeftovers } from './throwaway-user.ts'

/** @returns the exit code: 0 nothing is broken, 1 the promise does not hold */
export async function probe(values: ProbeValues, terminal: Terminal, signal: AbortSignal): Promise<0 | 1> {
  const userPoolId = userPoolIdOf(values)
  const clientId = values['client-id']
  if (clientId === undefined) throw usageError('Missing required option: --client-id ID.')
  const { email } = values
  if (email !== undefined && !/^[^@\s"\\]+@[^@\s"\\]+$/.test(email))
    throw usageError(`--email must be an address, not ${JSON.stringify(email)}.`)

  const aws = awsClients(regionOfPool(userPoolId))
  nameMissingOperations(aws.cognito, 'probe')
  const target = await untilAborted(signal, readTarget(aws, userPoolId, clientId))
  const plan = planText(target, values)
  if (!values.json) terminal.stdout.write(plan)
  if (!values.yes) {
    const question = { question: 'Start?', json: values.json, otherwise: 'Pass --yes to start.' }
    await untilAborted(signal, confirm(terminal, question))
  }
  const destination: Destination | undefined =
    values.record === undefined ? undefined : { option: '--record', folder: values.record }
  if (destination !== undefined) await requireWritable(destination)

  signal.addEventListener('abort', () => void terminal.stderr.write(INTERRUPTED), { once: true })
  const outcome = await run(aws, target, values, destination, terminal, signal)
  if (values.json) printJson(terminal, outcomeJson(outcome))
  else terminal.stdout.write(outcomeText(terminal, outcome))
  return outcome.lines.some(({ verdict }) => verdict === 'broken') ? 1 : 0
}

const INTERRUPTED = 'Interrupted: the throw-away user is being deleted. Press Ctrl-C again to stop at once.\n'

/** Everything that changes the pool, and what it has shown. */
async function run(
  aws: Aws,
  target: Target,
  values: ProbeValues,
  destination: Destination | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Outcome> {
  const { userPoolId, userPool } = target
  const removed = await deleteLeftovers(aws.cognito, userPoolId)
  const since = Date.now()
  const { seen, steps, user } = await runExperiments({
    ...target,
    email: values.email,
    askForCode: (challenge, again) => askForCode(terminal, challenge, again, signal),
    progress: what => {
      if (!values.json && terminal.stderr.isTTY === true) terminal.stderr.write(`${what} ...\n`)
    },
    signal,
  })
  const { logged, folders } = readsLogs(values)
    ? await (await import('./logged-sign-in.ts')).readLoggedSignIn(
        aws,
        userPool,
        { ...user, userPoolId },
        since,
        destination,
        signal,
      )
    : { logged: undefined, folders: [] }
  return {
    userPoolId,
    clientId: target.client.id,
    lines: probeReport({ ...seen, logged }),
    firstSignIns: firstSignInsBySrp(seen),
    times: timesOf(steps),
    mails: countMails(steps),
    removed,
    folders,
  }
}

type Target = Omit<ProbeContext, 'email' | 'askForCode' | 'progress' | 'signal'> & {
  readonly leftovers: readonly string[]
  /** How many mails a run may send. */
  readonly mostMails: number
}

/** Everything that is read before anything is changed. */
async function readTarget(aws: Aws, userPoolId: string, clientId: string): Promise<Target> {
  const { cognito, region } = aws
  const userPool = await describeUserPool(cognito, userPoolId)
  const clients = [await readClient(cognito, userPoolId, clientId)]
  for await (const { UserPoolClients = [] } of paginateListUserPoolClients(
    { client: cognito },
    { UserPoolId: userPoolId, MaxResults: 60 },
  )) {
    for (const { ClientId } of UserPoolClients)
      if (ClientId !== undefined && ClientId !== clientId)
        clients.push(await readClient(cognito, userPoolId, ClientId))
  }
  const [client, ...otherClients] = clients
  if (client === undefined)
    throw new CommandError(`The app client ${clientId} does not exist.`, 'client-missing')
  const mfa = await cognito.send(new GetUserPoolMfaConfigCommand({ UserPoolId: userPoolId }))
  const hasFactors = mfa.MfaConfiguration === 'ON' || mfa.MfaConfiguration === 'OPTIONAL'
  const nativeFactors: NativeFactorName[] = []
  if (hasFactors && mfa.EmailMfaConfiguration !== undefined) nativeFactors.push('EMAIL_OTP')
  if (hasFactors && mfa.SoftwareTokenMfaConfiguration?.Enabled === true)
    nativeFactors.push('SOFTWARE_TOKEN_MFA')
  const isFactorAskedOfAll = mfa.MfaConfiguration === 'ON' && nativeFactors.includes('EMAIL_OTP')
  return {
    cognito,
    region,
    userPoolId,
    userPool,
    client,
    otherClients,
    nativeFactors,
    leftovers: await findLeftovers(cognito, userPoolId),
    mostMails: isFactorAskedOfAll
      ? 2 * MAILS_OF_ONE_CLIENT + clients.length * 2 * PASSWORD_FLOWS.length
      : MAILS_OF_ONE_CLIENT + otherClients.filter(each => each.asksForCode).length * 2,
  }
}

/**
 * Three sign-ins to the code, one without a password if the pool lets it, a new mail, and Cognito's own factor. Every other
 * way may send one at an ordinary and one at a first sign-in; where everybody is asked for Cognito's own factor, each does.
 */
const MAILS_OF_ONE_CLIENT = 7

type ReadClient = ProbedClient & { readonly asksForCode: boolean }

/** With the client's secret, which a sign-in has to show. */
async function readClient(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  clientId: string,
): Promise<ReadClient> {
  const command = new DescribeUserPoolClientCommand({ UserPoolId: userPoolId, ClientId: clientId })
  const { UserPoolClient: client } = await cognito.send(command)
  const flows = { ExplicitAuthFlows: client?.ExplicitAuthFlows ?? [] }
  return {
    id: clientId,
    name: printable(client?.ClientName ?? ''),
    secret: client?.ClientSecret,
    asksForCode: asksForCode(flows),
  }
}

function readsLogs({ logs, record }: ProbeValues): boolean {
  return logs || record !== undefined
}

/** What is going to happen, before anything does. */
function planText(target: Target, values: ProbeValues): string {
  const { userPool, userPoolId, client, otherClients, nativeFactors, leftovers, mostMails } = target
  const otherTriggers = Object.keys(objectAt(userPool, 'LambdaConfig')).filter(
    name => !TRIGGERS.some(trigger => name.startsWith(trigger)),
  )
  const rights = [
    'cognito-idp: DescribeUserPool, DescribeUserPoolClient, ListUserPoolClients, GetUserPoolMfaConfig, ListUsers,',
    '  AdminCreateUser, AdminSetUserPassword, AdminInitiateAuth, AdminDeleteUser' +
      (nativeFactors.length > 0 ? ', AdminSetUserMFAPreference' : ''),
    ...(readsLogs(values) ? ['lambda: GetFunctionConfiguration', 'logs: FilterLogEvents'] : []),
  ]
  const lines = [
    `User pool ${userPoolId} (${printable(stringAt(userPool, 'Name') ?? '')}), app client ${client.name} (${client.id})`,
    `  Creates   one throw-away user, without an invitation; deletes it at the end.`,
    ...(leftovers.length === 0
      ? []
      : [`  Deletes   users that an earlier run left behind: ${leftovers.map(printable).join(', ')}`]),
    `  Signs in  through this app client and ${otherClients.length} other${otherClients.length === 1 ? '' : 's'}, in every flow.`,
    ...(otherTriggers.length === 0
      ? []
      : [`  Calls     the pool's other triggers too: ${otherTriggers.join(', ')}`]),
    `  Mails     at most ${mostMails} to ${values.email ?? 'the SES mailbox simulator (success+...@simulator.amazonses.com)'}.`,
    '  Costs     these mails, and one monthly active user.',
    `  Rights    ${rights.join('\n            ')}`,
    'No setting of the pool changes.',
  ]
  return `${lines.join('\n')}\n\n`
}

/** On stderr, so that --json stays JSON. An empty line, and the end of the input, is no code. */
async function askForCode(
  terminal: Terminal,
  challenge: ObservedAnswer,
  again: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { destination, reference } = challenge.kind === 'challenge' ? challenge.parameters : {}
  const which = `${reference ? ` ${printable(reference)}` : ''}${destination ? ` to ${printable(destination)}` : ''}`
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr })
  try {
    const ended = new Promise<string>(resolve => {
      lines.once('close', () => setImmediate(() => resolve('')))
    })
    const wrong = again ? 'That was not the code. ' : ''
    const question = `${wrong}Code of the mail${which} (Enter to continue without it): `
    const answer = await Promise.race([lines.question(question, { signal }), ended])
    // What is printed next begins on a line of its own.
    if (answer === '') terminal.stderr.write('\n')
    return answer.trim() || undefined
  } catch (error) {
    // A terminal gives Ctrl-C to the question and not to the process.
    if (error instanceof Error && error.name === 'AbortError') throw interruption()
    throw error
  } finally {
    lines.close()
  }
}

type Outcome = {
  readonly userPoolId: string
  readonly clientId: string
  readonly lines: readonly ReportLine[]
  /** For migrate finish. */
  readonly firstSignIns: readonly FirstSignInBySrp[]
  readonly times: readonly StepTime[]
  readonly mails: number
  /** Users of earlier runs that were deleted. */
  readonly removed: readonly string[]
  /** The folders of the recorded sign-ins. */
  readonly folders: readonly string[]
}

function outcomeJson({ lines, firstSignIns, times, removed, folders, ...rest }: Outcome): JsonObject {
  return {
    ...rest,
    holds: lines.every(({ verdict }) => verdict !== 'broken'),
    lines: lines.map(({ id, verdict, what, evidence }) => ({ id, verdict, what, evidence: [...evidence] })),
    firstSignInsBySrp: firstSignIns.map(each => ({ ...each })),
    times: times.map(({ step, first, later }) => ({ step, cold: first, warm: later ?? null })),
    removed: [...removed],
    folders: [...folders],
  }
}

const VERDICT_STYLE: Record<Verdict, Style> = { holds: 'green', broken: 'red', unknown: 'yellow' }

function outcomeText(
  terminal: Terminal,
  { userPoolId, lines, times, mails, removed, folders }: Outcome,
): string {
  const width = Math.max(60, Math.min(terminal.stdout.columns ?? 100, 120))
  const indent = ' '.repeat(9)
  const rows = lines.map(({ id, verdict, what, evidence }) =>
    [
      `${coloured(terminal, VERDICT_STYLE[verdict], verdict.padEnd(8))} ${coloured(terminal, 'bold', id)}`,
      `${indent}${wrapped(what, width, indent)}`,
      ...evidence.map(text => `${indent}${coloured(terminal, 'dim', wrapped(text, width, `${indent}  `))}`),
    ].join('\n'),
  )
  const stepWidth = Math.max(...times.map(({ step }) => step.length), 4)
  const timeRows = times.map(
    ({ step, first, later }) =>
      `  ${step.padEnd(stepWidth)} ${String(first).padStart(7)} ${String(later ?? '-').padStart(7)}`,
  )
  const broken = lines.filter(({ verdict }) => verdict === 'broken').length
  const unknown = lines.filter(({ verdict }) => verdict === 'unknown').length
  const sum =
    broken > 0
      ? coloured(terminal, 'red', `The promise does not hold: ${broken} of ${lines.length} lines are broken.`)
      : coloured(terminal, 'green', 'Nothing is broken.')
  return [
    ...rows,
    '',
    `  ${'Milliseconds'.padEnd(stepWidth)} ${'cold'.padStart(7)} ${'warm'.padStart(7)}`,
    ...timeRows,
    '',
    `Mails sent: ${mails}. The throw-away user has been deleted.`,
    ...(removed.length === 0 ? [] : [`Deleted from earlier runs: ${removed.map(printable).join(', ')}`]),
    ...folders.map(folder => `Recorded: ${folder}`),
    `${sum}${unknown === 0 ? '' : ` Not known: ${unknown}.`}`,
    ...(broken === 0
      ? []
      : [
          `This lists settings to fix:\n  ${shellCommand(`${COMMAND} check`, { 'user-pool-id': userPoolId })}`,
        ]),
    '',
  ].join('\n')
}
