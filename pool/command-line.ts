// The commands for a real pool: arguments in, text or JSON out, exit code 0 no problems, 1 findings, 2 could not run.
import { type Explained, reportError, runCommand } from '../command/command.ts'
import type { Json } from '../command/json.ts'
import { packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription, type readOptions } from '../command/options.ts'
import { printable } from '../command/shell.ts'
import {
  askYesNo,
  CommandError,
  canAsk,
  coloured,
  progressBar,
  type Style,
  type Terminal,
  wrapped,
} from '../command/terminal.ts'
import { planAttach } from './attach.ts'
import { type Aws, awsClients } from './aws.ts'
import { awsErrorKind } from './aws-errors.ts'
import { carryOut, type Outcome } from './carry-out.ts'
import { readPoolFacts } from './check.ts'
import { type DetachOptions, nextSteps, planDetach } from './detach.ts'
import { FINDING_IDS, type Finding, findings, type Level, USER_FINDING_IDS } from './findings.ts'
import { planFix } from './fix.ts'
import { detachCommand, type Plan, regionOfPool, shownName } from './plan.ts'
import { arnsOfStack, checkedArn, type TriggerArns } from './trigger-functions.ts'

const OPTIONS = {
  'user-pool-id': { type: 'string', value: 'ID' },
  region: { type: 'string', value: 'REGION' },
  'stack-name': { type: 'string', value: 'NAME' },
  'define-arn': { type: 'string', value: 'ARN' },
  'create-arn': { type: 'string', value: 'ARN' },
  'verify-arn': { type: 'string', value: 'ARN' },
  'pre-token-arn': { type: 'string', value: 'ARN' },
  clients: { type: 'string', value: 'ID,ID' },
  backup: { type: 'string', value: 'FILE' },
  sample: { type: 'string', value: 'N' },
  'sign-ins-per-day': { type: 'string', value: 'N' },
  'from-address': { type: 'string', value: 'ADDRESS' },
  email: { type: 'string', value: 'ADDRESS' },
  ignore: { type: 'string', value: 'FINDING,FINDING' },
  'add-srp': { type: 'string', value: 'ID,ID' },
  'add-flow': { type: 'boolean', default: false },
  'guard-all': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  'remove-triggers': { type: 'boolean', default: false },
  everything: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

type Description = CommandDescription<keyof typeof OPTIONS>
type Values = ReturnType<typeof readOptions<typeof OPTIONS>>['values']

const ARN_OPTIONS = ['define-arn', 'create-arn', 'verify-arn', 'pre-token-arn'] as const

/** What the options of every command on a pool mean. */
export const POOL_MEANINGS = {
  'user-pool-id': 'the user pool (required)',
  region: 'the AWS region (default: that of the user pool id)',
}
const FUNCTIONS = {
  'stack-name': 'the stack of template.yaml, for the functions in its outputs',
  'define-arn': 'or each function by its ARN: Define Auth Challenge,',
  'create-arn': 'Create Auth Challenge,',
  'verify-arn': 'Verify Auth Challenge Response,',
  'pre-token-arn': 'and Pre Token Generation',
}
const BACKUP =
  'where the whole pool is saved first; an existing file is never overwritten (default: a name with the time)'
const CHANGING = {
  'dry-run': 'show the exact difference and change nothing',
  yes: 'apply the change without asking',
}
export const CREDENTIALS =
  'Credentials, profiles and endpoints are those of the AWS SDK (AWS_PROFILE, AWS_ENDPOINT_URL and so on).\n' +
  `All findings, rights and error codes: ${packageFile('docs/existing-pool.md')}`
const CHANGED = '0 done, or nothing to change; 2 could not run, or refused'

const DESCRIPTIONS: Readonly<Record<PoolCommand, Description>> = {
  check: {
    name: 'check',
    about:
      'Reports what lets users sign in without a code, and what stops mail from being delivered. It only reads.',
    options: {
      ...POOL_MEANINGS,
      ...FUNCTIONS,
      sample: 'read the first N users only',
      'sign-ins-per-day': 'how many sign-ins a day the mail quota must cover (default: one per user)',
      'from-address': 'the sender to look up in SES, before anything is deployed',
      email: 'look up this address in the suppression list of SES',
      ignore: 'leave out findings that you accept',
    },
    examples: [
      '--user-pool-id eu-central-1_EXAMPLE00',
      '--user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --json',
    ],
    exitCodes: '0 no problems, 1 findings, 2 could not run',
    notes: CREDENTIALS,
  },
  fix: {
    name: 'fix',
    arguments: 'FINDING[,FINDING ...]',
    about: 'Changes the settings that findings of check name, after a backup.',
    options: {
      ...POOL_MEANINGS,
      ...FUNCTIONS,
      clients: 'only on these app clients',
      backup: BACKUP,
      ...CHANGING,
    },
    examples: ['client-reveals-users --user-pool-id eu-central-1_EXAMPLE00 --dry-run'],
    exitCodes: CHANGED,
    notes: CREDENTIALS,
  },
  attach: {
    name: 'attach',
    about: 'Attaches the triggers to a user pool, after a backup. No other setting changes.',
    options: {
      ...POOL_MEANINGS,
      ...FUNCTIONS,
      clients: 'let these app clients sign in with password and code only',
      'add-flow': 'keep their other flows and add CUSTOM_AUTH, while old app versions are in use',
      'guard-all': 'continue although first sign-ins through other app clients will be refused',
      replace: 'replace triggers that are other functions',
      backup: BACKUP,
      ...CHANGING,
    },
    examples: [
      '--user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --dry-run',
      '--user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --clients YOUR-APP-CLIENT-ID --backup before.json',
    ],
    exitCodes: CHANGED,
    notes: CREDENTIALS,
  },
  detach: {
    name: 'detach',
    about: 'Restores what attach or fix changed, and keeps what others have changed since.',
    options: {
      ...POOL_MEANINGS,
      backup: 'the file that attach, fix or migrate wrote (required)',
      everything: 'restore every setting of the backup',
      replace: 'continue although other triggers have been attached since',
      'remove-triggers': 'also remove triggers that were attached before this backup was made',
      'add-srp':
        'let users of these app clients sign in with the password alone, where they could not sign in without the triggers',
      ...CHANGING,
    },
    examples: ['--user-pool-id eu-central-1_EXAMPLE00 --backup before.json --dry-run'],
    exitCodes: CHANGED,
    notes: CREDENTIALS,
  },
}

type PoolCommand = 'check' | 'fix' | 'attach' | 'detach'

function isPoolCommand(name: string): name is PoolCommand {
  return Object.hasOwn(DESCRIPTIONS, name)
}

/**
 * Runs one command.
 *
 * @param args the name of the command and what follows it
 * @param signal aborted when the user interrupts the command: the write in progress is finished or put back
 * @returns the exit code: 0 no problems, 1 findings, 2 could not run
 */
export async function runPool(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  const [name = '', ...rest] = args
  if (!isPoolCommand(name)) {
    const message = `${name === '' ? 'Missing command' : `Unknown command: ${name}`}. Commands: ${Object.keys(DESCRIPTIONS).join(', ')}.`
    return reportError({ message, code: 'unknown-command' }, args, terminal)
  }
  return runCommand(
    OPTIONS,
    DESCRIPTIONS[name],
    rest,
    terminal,
    ({ values, positionals }) =>
      name === 'check'
        ? untilAborted(signal, check(values, terminal))
        : change(name, positionals, values, terminal, signal),
    explained,
  )
}

function usageError(message: string): CommandError {
  return new CommandError(`${message} See --help.`, 'usage')
}

/** Reading changes nothing, so it can be left at any time. */
export async function untilAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  const stopped = new CommandError('Interrupted. Nothing was changed.', 'interrupted')
  if (signal.aborted) throw stopped
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(stopped), { once: true })
    work.then(resolve, reject)
  })
}

async function check(values: Values, terminal: Terminal): Promise<0 | 1> {
  const userPoolId = userPoolIdOf(values)
  const ignored = knownFindings(listOf(values.ignore), ' in --ignore')
  const aws = awsClients(regionOfPool(userPoolId))
  const facts = await readFacts(aws, values, terminal, wholeNumber('sample', values.sample))
  const found = findings(facts).filter(({ id }) => !ignored.includes(id))
  if (values.json)
    print(terminal, { userPoolId, usersLookedAt: facts.users?.looked ?? null, findings: found.map(asJson) })
  else terminal.stdout.write(findingsText(terminal, userPoolId, found, facts.users?.looked))
  return found.length > 0 ? 1 : 0
}

/** @throws CommandError `usage` for an id that no finding has */
function knownFindings(ids: readonly string[], where = ''): readonly string[] {
  const known: readonly string[] = FINDING_IDS
  const unknown = ids.filter(id => !known.includes(id))
  if (unknown.length === 0) return ids
  throw new CommandError(
    `Unknown finding${where}: ${unknown.join(', ')}. Findings: ${known.join(', ')}.`,
    'usage',
  )
}

async function readFacts(aws: Aws, values: Values, terminal: Terminal, sample: number | undefined) {
  const expected = values['stack-name'] ? await arnsOfStack(aws, values['stack-name']) : namedArns(values)
  const options = {
    userPoolId: userPoolIdOf(values),
    expected,
    stackName: values['stack-name'],
    sample,
    signInsPerDay: wholeNumber('sign-ins-per-day', values['sign-ins-per-day']),
    fromAddress: senderOf(values['from-address']),
    email: values.email,
  }
  return readPoolFacts(aws, options, progressBar(terminal, 'Reading users'))
}

function asJson({ id, level, what, why, fix, records }: Finding): Json {
  return { id, level, what, why, fix, ...(records && { records: [...records] }) }
}

const LEVEL_STYLE: Record<Level, Style> = { high: 'red', medium: 'yellow', low: 'cyan' }

/** A table of one finding a row; the command that fixes it is alone on its line, to be copied. */
function findingsText(
  terminal: Terminal,
  userPoolId: string,
  found: readonly Finding[],
  looked: number | undefined,
): string {
  const head = `User pool ${userPoolId}${looked === undefined ? '' : `, ${looked} user${looked === 1 ? '' : 's'} looked at`}`
  if (found.length === 0) return `${head}\n${coloured(terminal, 'green', 'No problems found.')}\n`
  const width = Math.max(60, Math.min(terminal.stdout.columns ?? 100, 120))
  const indent = ' '.repeat(8)
  const rows = found.map(({ id, level, what, why, fix, records = [] }) => {
    const first = found.find(it => it.fix === fix)?.id ?? id
    return [
      `${coloured(terminal, LEVEL_STYLE[level], level.padEnd(6))}  ${coloured(terminal, 'bold', id)}`,
      `${indent}${wrapped(what, width, indent)}`,
      `${indent}${coloured(terminal, 'dim', wrapped(why, width, indent))}`,
      ...records.map(record => `${indent}${record}`),
      `${indent}${first === id ? fix : `The command of ${first} fixes this as well.`}`,
    ].join('\n')
  })
  const counts = (['high', 'medium', 'low'] as const)
    .map(level => ({ level, count: found.filter(it => it.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${level}`)
  return `${head}\n\n${rows.join('\n\n')}\n\n${found.length} finding${found.length === 1 ? '' : 's'}: ${counts.join(', ')}\n`
}

async function change(
  command: Plan['command'],
  more: readonly string[],
  values: Values,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0> {
  const aws = awsClients(regionOfPool(userPoolIdOf(values)))
  const plan = await untilAborted(signal, planFor(command, more, aws, values, terminal))
  const steps = () => (command === 'detach' ? nextSteps(plan, detachOptions(values)) : Promise.resolve([]))
  return applyPlan(aws, plan, { ...values, dryRun: values['dry-run'] }, terminal, signal, steps)
}

export type ApplyOptions = {
  readonly json: boolean
  readonly yes: boolean
  readonly dryRun: boolean
  /** Where the backup goes; undefined: a name with the time in it. */
  readonly backup?: string | undefined
}

/**
 * The one way in which a command changes a pool: shows the plan, asks, carries it out and says how it ended.
 *
 * @param steps what to run afterwards, found out once the change is made
 * @throws CommandError that says what was done and what is left to do
 */
export async function applyPlan(
  aws: Aws,
  plan: Plan,
  { json, yes, dryRun, backup }: ApplyOptions,
  terminal: Terminal,
  signal: AbortSignal,
  steps: () => Promise<string[]>,
): Promise<0> {
  const { userPoolId } = plan
  if (!json) terminal.stdout.write(planText(terminal, plan))
  if (plan.refusal !== undefined && plan.changes.length > 0) throw plan.refusal
  const report = async (changed: boolean, backupFile: string | undefined) => {
    const next = dryRun ? [] : await steps()
    if (json) print(terminal, planJson(plan, dryRun, changed, backupFile, next))
    else for (const step of next) terminal.stdout.write(noteText(terminal, step))
  }
  if (plan.changes.length === 0 || dryRun) {
    await report(false, undefined)
    return 0
  }
  if (!yes) await untilAborted(signal, confirm(json, terminal, `Apply these changes to ${userPoolId}?`))
  const backupFile = plan.command === 'detach' ? undefined : (backup ?? defaultBackupName(userPoolId))
  const outcome = await carryOutAloud(aws, plan, backupFile, json, terminal, signal)
  if (!json) terminal.stdout.write(doneText(terminal, plan, backupFile, outcome))
  else if (outcome === 'done-after-interruption') terminal.stderr.write(`${FINISHED}\n`)
  await report(true, backupFile)
  return 0
}

async function planFor(
  command: Plan['command'],
  more: readonly string[],
  aws: Aws,
  values: Values,
  terminal: Terminal,
): Promise<Plan> {
  if (command === 'attach') return planAttach(aws, await attachOptions(aws, values))
  if (command !== 'fix') return planDetach(aws, detachOptions(values))
  const ids = knownFindings(more.flatMap(listOf))
  if (ids.length === 0) throw usageError('Missing argument: the finding to fix.')
  // Findings about users are the only ones that need all of them.
  const sample = ids.some(id => USER_FINDING_IDS.includes(id)) ? undefined : 1
  const found = findings(await readFacts(aws, values, terminal, sample))
  return planFix(aws, found, { userPoolId: userPoolIdOf(values), ids, clientIds: listOf(values.clients) })
}

/** @throws CommandError `not-confirmed` unless the answer is yes */
export async function confirm(json: boolean, terminal: Terminal, question: string): Promise<void> {
  if (json || !canAsk(terminal)) {
    throw new CommandError(
      'Cannot ask for confirmation: not an interactive terminal. Pass --yes to apply, or --dry-run to preview.',
      'not-confirmed',
    )
  }
  if (!(await askYesNo(terminal, question))) throw new CommandError('Nothing was changed.', 'not-confirmed')
}

const FINISHED = 'Interrupted after the last write: the change is complete.'

/** Carries out a plan; the name of the backup is on the screen before the first write. */
async function carryOutAloud(
  aws: Aws,
  plan: Plan,
  backupFile: string | undefined,
  json: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Outcome> {
  const onBackup = (file: string) =>
    void (json ? terminal.stderr : terminal.stdout).write(`Backup: ${file}\n`)
  const onAbort = () =>
    void terminal.stderr.write(
      'Interrupted: the write in progress is finished or put back. Press Ctrl-C again to stop at once.\n',
    )
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await carryOut(aws, plan, { backupFile, onBackup, signal })
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function planJson(
  plan: Plan,
  dryRun: boolean,
  changed: boolean,
  backup: string | undefined,
  next: string[],
): Json {
  const { command, userPoolId, changes, notes, refusal } = plan
  return {
    command,
    userPoolId,
    dryRun,
    changed,
    backup: backup ?? null,
    changes: changes.map(({ target, path, before, after }) => ({ target, path, before, after })),
    notes: refusal === undefined ? [...notes] : [...notes, refusal.message],
    next,
  }
}

function detachOptions(values: Values): DetachOptions {
  if (values.backup === undefined) {
    throw usageError('Missing required option: --backup FILE, the file that attach, fix or migrate wrote.')
  }
  return {
    userPoolId: userPoolIdOf(values),
    backupFile: values.backup,
    everything: values.everything,
    replace: values.replace,
    removeTriggers: values['remove-triggers'],
    addSrp: listOf(values['add-srp']),
  }
}

async function attachOptions(aws: Aws, values: Values) {
  const userPoolId = userPoolIdOf(values)
  const named = namedArns(values)
  const stackName = values['stack-name']
  if (stackName !== undefined && Object.keys(named).length > 0) {
    throw usageError('Pass either --stack-name or the ARNs, not both.')
  }
  if (stackName === undefined && Object.keys(named).length === 0) {
    throw usageError(
      'Missing required option: --stack-name NAME, or --define-arn, --create-arn, --verify-arn and --pre-token-arn.',
    )
  }
  const clientIds = listOf(values.clients)
  if (values['add-flow'] && clientIds.length === 0) {
    throw usageError('Missing required option: --clients ID,ID, the app clients that --add-flow is for.')
  }
  const arns = stackName === undefined ? named : await arnsOfStack(aws, stackName)
  return {
    userPoolId,
    arns,
    stackName,
    clientIds,
    addFlow: values['add-flow'],
    replace: values.replace,
    guardAll: values['guard-all'],
  }
}

function planText(terminal: Terminal, plan: Plan): string {
  const { userPoolId, from, changes, notes, refusal } = plan
  const lines = [`User pool ${userPoolId} (${shownName(from.userPool)})`]
  let target = ''
  for (const { target: its, path, before, after } of changes) {
    if (its !== target) lines.push(printable(its))
    target = its
    lines.push(
      `  ${printable(path)}`,
      `    ${coloured(terminal, 'red', `- ${shown(before)}`)}`,
      `    ${coloured(terminal, 'green', `+ ${shown(after)}`)}`,
    )
  }
  if (changes.length === 0) lines.push(`${NOTHING[plan.command]} Nothing to change.`)
  else lines.push('Every other setting stays as it is.')
  // With changes to make, the refusal is an error, and printed as one.
  const all = refusal === undefined || changes.length > 0 ? notes : [...notes, refusal.message]
  return `${lines.join('\n')}\n${all.map(note => noteText(terminal, note)).join('')}`
}

const NOTHING: Record<Plan['command'], string> = {
  attach: 'Already attached.',
  detach: 'Already detached.',
  fix: 'Already fixed.',
  'migrate enable': 'Already enabled.',
  'migrate finish': 'Already finished.',
}

/** A note, wrapped; the commands in it are alone on one line each, to be copied. */
function noteText(terminal: Terminal, note: string): string {
  const lines = note.split('\n').map(line => (line.startsWith('  ') ? line : wrapped(line, 100, '')))
  return `\n${coloured(terminal, 'yellow', lines.join('\n'))}\n`
}

function shown(value: Json): string {
  if (value === null) return '(not set)'
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

function doneText(
  terminal: Terminal,
  { userPoolId }: Plan,
  backup: string | undefined,
  outcome: Outcome,
): string {
  const interrupted = outcome === 'done-after-interruption' ? `${FINISHED}\n` : ''
  const done = `${interrupted}${coloured(terminal, 'green', 'Done. Verified: no other setting changed.')}`
  if (backup === undefined) return `${done}\n`
  const back = detachCommand(userPoolId, backup)
  return `${done}\nKeep ${backup}. This puts the pool back as it was:\n  ${back}\n`
}

function defaultBackupName(userPoolId: string): string {
  return `${userPoolId}-${new Date().toISOString().replace(/[:.]/g, '-')}.backup.json`
}

/** @throws CommandError `usage` */
export function userPoolIdOf(values: Pick<Values, 'user-pool-id' | 'region'>): string {
  const id = values['user-pool-id']
  if (id === undefined) throw usageError('Missing required option: --user-pool-id ID.')
  if (!/^[\w-]+_[0-9a-zA-Z]+$/.test(id)) {
    throw new CommandError(
      `--user-pool-id must be an id such as eu-central-1_EXAMPLE00, not ${JSON.stringify(id)}.`,
      'usage',
    )
  }
  const region = regionOfPool(id)
  if (values.region !== undefined && values.region !== region) {
    throw new CommandError(`--region is ${values.region}, but the user pool is in ${region}.`, 'usage')
  }
  return id
}

function namedArns(values: Values): TriggerArns {
  const named = (option: (typeof ARN_OPTIONS)[number], trigger: keyof TriggerArns): TriggerArns => {
    const arn = values[option]
    return arn === undefined ? {} : { [trigger]: checkedArn(`--${option}`, arn) }
  }
  return {
    ...named('define-arn', 'DefineAuthChallenge'),
    ...named('create-arn', 'CreateAuthChallenge'),
    ...named('verify-arn', 'VerifyAuthChallengeResponse'),
    ...named('pre-token-arn', 'PreTokenGeneration'),
  }
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

function senderOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[^@]*[^@\s]@[^@\s]+$/.test(text)) return text
  throw new CommandError(
    `--from-address must be an address such as no-reply@example.com, not ${JSON.stringify(text)}.`,
    'usage',
  )
}

export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new CommandError(`--${option} must be an integer from 1, not ${JSON.stringify(text)}.`, 'usage')
  return Number(text)
}

function print(terminal: Terminal, value: Json): void {
  terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** An error as text to act on, with the code for machines. */
export function explained(error: unknown): Explained {
  if (error instanceof CommandError) return { message: error.message, code: error.code }
  if (!(error instanceof Error)) return { message: String(error), code: 'failed' }
  const message = printable(error.message)
  if (awsErrorKind(error) === 'no-credentials')
    return { message: credentialsText(message), code: 'no-credentials' }
  if (awsErrorKind(error) === 'denied') {
    return {
      message: `AWS refused: ${message}\nThe credentials in use lack a right, which the message names.`,
      code: 'access-denied',
    }
  }
  if (awsErrorKind(error) === 'unreachable') {
    return {
      message: `No connection to AWS: ${message}\nCheck the network, the proxy and the AWS_ENDPOINT_URL variables, and try again.`,
      code: 'no-connection',
    }
  }
  if (error.name === 'ResourceNotFoundException') {
    return {
      message: `${message}\nCheck the ids, and the account and region of your credentials.`,
      code: 'not-found',
    }
  }
  return { message: `${error.name}: ${message}`, code: '$fault' in error ? 'aws-error' : 'failed' }
}

function credentialsText(cause: string): string {
  const profile = process.env['AWS_PROFILE']
  if (profile === undefined) {
    return `No AWS credentials: ${cause}\nSet AWS_PROFILE, or run aws sso login, and try again.`
  }
  return (
    `No AWS credentials in the profile ${JSON.stringify(profile)} (AWS_PROFILE): ${cause}\n` +
    'If the profile is not in the output of aws configure list-profiles, the name is misspelt. If it is, sign in ' +
    'with aws sso login, and try again.'
  )
}
