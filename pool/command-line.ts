// The commands for a real pool: arguments in, text or JSON out, exit code 0 no problems, 1 findings, 2 could not run.
import { parseArgs } from 'node:util'
import type { Json } from '../command/json.ts'
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
import type { ErrorCode } from './error-codes.ts'
import { FINDING_IDS, type Finding, findings, type Level, USER_FINDING_IDS } from './findings.ts'
import { planFix } from './fix.ts'
import { detachCommand, type Plan, regionOfPool, shownName } from './plan.ts'
import { arnsOfStack, checkedArn, type TriggerArns } from './trigger-functions.ts'

const HELP = `Attaches the triggers of the e-mailed code to an existing user pool.

  npx cognito-email-code check  --user-pool-id ID [--stack-name NAME] [--sample N] [--ignore FINDING,...]
  npx cognito-email-code fix    FINDING[,FINDING ...] --user-pool-id ID [--clients ID,ID]
  npx cognito-email-code attach --user-pool-id ID --stack-name NAME [--clients ID,ID] [--backup FILE]
  npx cognito-email-code detach --user-pool-id ID --backup FILE

check    reads only; reports what lets users in without a code, or stops the code from reaching them
  --stack-name NAME        the stack of template.yaml, to compare the triggers with
  --sample N               read the first N users only
  --sign-ins-per-day N     for the mail quota (default: one for each user)
  --from-address ADDRESS   the sender to look up in SES, before anything is deployed
  --ignore FINDING,...     leave out findings that you accept

fix      changes the settings that findings of check name
  --clients ID,ID          only on these app clients
  --backup FILE            where the whole pool is saved first (default: a name with the time in it)

attach   sets the triggers; no other setting changes
  --stack-name NAME        takes the functions from the outputs of that stack; or name each function:
  --define-arn ARN --create-arn ARN --verify-arn ARN --pre-token-arn ARN
  --clients ID,ID          lets these app clients sign in with password and code only
  --add-flow               keeps their other flows and adds CUSTOM_AUTH, while old app versions are in use
  --guard-all              continue although first sign-ins through other app clients will be refused
  --replace                replaces triggers that are other functions
  --backup FILE            where the whole pool is saved first (default: a name with the time in it)

detach   restores what attach or fix changed, and keeps what others changed since
  --backup FILE            the file that attach or fix wrote
  --everything             restores every setting of the backup
  --replace                continue although other triggers have been attached since
  --remove-triggers        also removes triggers that were attached before this backup was made
  --add-srp ID,ID          lets users of these app clients sign in with the password alone, where they
                           could not sign in without the triggers

fix, attach and detach
  --dry-run                shows the exact difference and changes nothing
  --yes                    applies the change without asking

Example: npx cognito-email-code check --user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code

--json prints one JSON object; an error has a stable "code". --help prints this text.
Exit code: 0 no problems, 1 findings, 2 could not run.
Credentials, profiles and endpoints are those of the AWS SDK (AWS_PROFILE, AWS_ENDPOINT_URL_..., ...).
`

const OPTIONS = {
  'user-pool-id': { type: 'string' },
  region: { type: 'string' },
  'stack-name': { type: 'string' },
  'define-arn': { type: 'string' },
  'create-arn': { type: 'string' },
  'verify-arn': { type: 'string' },
  'pre-token-arn': { type: 'string' },
  clients: { type: 'string' },
  backup: { type: 'string' },
  sample: { type: 'string' },
  'sign-ins-per-day': { type: 'string' },
  'from-address': { type: 'string' },
  ignore: { type: 'string' },
  'add-srp': { type: 'string' },
  'add-flow': { type: 'boolean', default: false },
  'guard-all': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  'remove-triggers': { type: 'boolean', default: false },
  everything: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const ARN_OPTIONS = ['define-arn', 'create-arn', 'verify-arn', 'pre-token-arn'] as const
const CHANGING = ['backup', 'yes', 'dry-run'] as const
const DETACHING = ['everything', 'replace', 'remove-triggers', 'add-srp', ...CHANGING] as const

/** Which options a command takes, besides --user-pool-id, --region, --json and --help. */
const COMMANDS: Record<string, readonly (keyof typeof OPTIONS)[]> = {
  check: ['stack-name', ...ARN_OPTIONS, 'sample', 'sign-ins-per-day', 'from-address', 'ignore'],
  fix: ['stack-name', ...ARN_OPTIONS, 'clients', ...CHANGING],
  attach: ['stack-name', ...ARN_OPTIONS, 'clients', 'add-flow', 'guard-all', 'replace', ...CHANGING],
  detach: DETACHING,
}

type Values = ReturnType<typeof parse>['values']

/**
 * Runs one command.
 *
 * @param args what follows the name of the program
 * @param signal aborted when the user interrupts the command: the write in progress is finished or put back
 * @returns the exit code: 0 no problems, 1 findings, 2 could not run
 */
export async function runPool(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  const json = args.includes('--json')
  try {
    const { values, positionals } = parse(args)
    if (values.help || args.length === 0) {
      terminal.stdout.write(HELP)
      return args.length === 0 ? 2 : 0
    }
    const [command = '', ...more] = positionals
    checkUsage(command, more, values)
    if (command === 'check') return await untilAborted(signal, check(values, terminal))
    return await change(command, more, values, terminal, signal)
  } catch (error) {
    const { message, code } = explained(error)
    if (json) print(terminal, { error: message, code })
    terminal.stderr.write(`${message}\n`)
    return 2
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
}

/** @throws CommandError `usage` */
function checkUsage(command: string, more: readonly string[], values: Values): void {
  const allowed = COMMANDS[command]
  if (allowed === undefined)
    throw usageError(command === '' ? 'Missing command.' : `Unknown command: ${command}.`)
  const [argument] = more
  if (argument !== undefined && command !== 'fix') throw usageError(`Unexpected argument: ${argument}.`)
  const region = values['user-pool-id'] && regionOfPool(values['user-pool-id'])
  if (region !== undefined && values.region !== undefined && values.region !== region)
    throw usageError(`--region is ${values.region}, but the user pool is in ${region}.`)
  for (const [name, value] of Object.entries(values)) {
    const known = ['user-pool-id', 'region', 'json', 'help', ...allowed].includes(name)
    if (!known && value !== false) throw usageError(`Unknown option for ${command}: --${name}.`)
  }
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
  const ignored = findingsToIgnore(values)
  const aws = awsClients(regionOfPool(userPoolId))
  const facts = await readFacts(aws, values, terminal, wholeNumber('sample', values.sample))
  const found = findings(facts).filter(({ id }) => !ignored.includes(id))
  if (values.json)
    print(terminal, { userPoolId, usersLookedAt: facts.users?.looked ?? null, findings: found.map(asJson) })
  else terminal.stdout.write(findingsText(terminal, userPoolId, found, facts.users?.looked))
  return found.length > 0 ? 1 : 0
}

/** @throws CommandError `usage` for an id that no finding has */
function findingsToIgnore(values: Values): readonly string[] {
  const ignored = listOf(values.ignore)
  const known: readonly string[] = FINDING_IDS
  const unknown = ignored.filter(id => !known.includes(id))
  if (unknown.length > 0) {
    throw new CommandError(
      `Unknown finding in --ignore: ${unknown.join(', ')}. Findings: ${known.join(', ')}.`,
      'usage',
    )
  }
  return ignored
}

async function readFacts(aws: Aws, values: Values, terminal: Terminal, sample: number | undefined) {
  const expected = values['stack-name'] ? await arnsOfStack(aws, values['stack-name']) : namedArns(values)
  const options = {
    userPoolId: userPoolIdOf(values),
    expected,
    stackName: values['stack-name'],
    sample,
    signInsPerDay: wholeNumber('sign-ins-per-day', values['sign-ins-per-day']),
    fromAddress: values['from-address'],
  }
  return readPoolFacts(aws, options, progressBar(terminal, 'Reading users'))
}

function asJson({ id, level, what, why, fix }: Finding): Json {
  return { id, level, what, why, fix }
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
  const rows = found.map(({ id, level, what, why, fix }) => {
    const first = found.find(it => it.fix === fix)?.id ?? id
    return [
      `${coloured(terminal, LEVEL_STYLE[level], level.padEnd(6))}  ${coloured(terminal, 'bold', id)}`,
      `${indent}${wrapped(what, width, indent)}`,
      `${indent}${coloured(terminal, 'dim', wrapped(why, width, indent))}`,
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
  command: string,
  more: readonly string[],
  values: Values,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0> {
  const userPoolId = userPoolIdOf(values)
  const aws = awsClients(regionOfPool(userPoolId))
  const isDetach = command === 'detach'
  const plan = await untilAborted(signal, planFor(command, more, aws, values, terminal))
  if (!values.json) terminal.stdout.write(planText(terminal, plan))
  const steps = () => (isDetach ? nextSteps(plan, detachOptions(values)) : Promise.resolve([]))
  const report = async (changed: boolean, backup: string | undefined) => {
    const next = values['dry-run'] ? [] : await steps()
    if (values.json) print(terminal, planJson(plan, values['dry-run'], changed, backup, next))
    else for (const step of next) terminal.stdout.write(noteText(terminal, step))
  }
  if (plan.changes.length === 0 || values['dry-run']) {
    await report(false, undefined)
    return 0
  }
  if (plan.refusal !== undefined) throw plan.refusal
  if (!values.yes) await untilAborted(signal, confirm(values, terminal, userPoolId))
  const backupFile = isDetach ? undefined : (values.backup ?? defaultBackupName(userPoolId))
  const outcome = await carryOutAloud(aws, plan, backupFile, values.json, terminal, signal)
  if (!values.json) terminal.stdout.write(doneText(terminal, plan, backupFile, outcome))
  else if (outcome === 'done-after-interruption') terminal.stderr.write(`${FINISHED}\n`)
  await report(true, backupFile)
  return 0
}

async function planFor(
  command: string,
  more: readonly string[],
  aws: Aws,
  values: Values,
  terminal: Terminal,
): Promise<Plan> {
  if (command === 'attach') return planAttach(aws, await attachOptions(aws, values))
  if (command !== 'fix') return planDetach(aws, detachOptions(values))
  const ids = more.flatMap(listOf)
  if (ids.length === 0) throw usageError('Missing argument: the finding to fix.')
  // Findings about users are the only ones that need all of them.
  const sample = ids.some(id => USER_FINDING_IDS.includes(id)) ? undefined : 1
  const found = findings(await readFacts(aws, values, terminal, sample))
  return planFix(aws, found, { userPoolId: userPoolIdOf(values), ids, clientIds: listOf(values.clients) })
}

async function confirm(values: Values, terminal: Terminal, userPoolId: string): Promise<void> {
  if (values.json || !canAsk(terminal)) {
    throw new CommandError(
      'Cannot ask for confirmation: not an interactive terminal. Pass --yes to apply, or --dry-run to preview.',
      'not-confirmed',
    )
  }
  if (!(await askYesNo(terminal, `Apply these changes to ${userPoolId}?`)))
    throw new CommandError('Nothing was changed.', 'not-confirmed')
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
    throw usageError('Missing required option: --backup FILE, the file that attach or fix wrote.')
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
  if (changes.length === 0) lines.push(nothingText(plan))
  else lines.push('Every other setting stays as it is.')
  const all = refusal === undefined ? notes : [...notes, refusal.message]
  return `${lines.join('\n')}\n${all.map(note => noteText(terminal, note)).join('')}`
}

function nothingText({ command }: Plan): string {
  if (command === 'attach') return 'Already attached. Nothing to change.'
  return command === 'detach' ? 'Already detached. Nothing to change.' : 'Already fixed. Nothing to change.'
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
  if (id === undefined) throw new CommandError('Missing required option: --user-pool-id ID.', 'usage')
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

export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new CommandError(`--${option} must be an integer from 1, not ${JSON.stringify(text)}.`, 'usage')
  return Number(text)
}

function print(terminal: Terminal, value: Json): void {
  terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

type Explained = { readonly message: string; readonly code: ErrorCode | string }

/** An error as text to act on, with the code for machines. */
export function explained(error: unknown): Explained {
  if (error instanceof CommandError) return { message: error.message, code: error.code }
  if (!(error instanceof Error)) return { message: String(error), code: 'failed' }
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    const option = /^Unknown option '(--?[\w-]+)/.exec(error.message)?.[1]
    const message = option === undefined ? `${error.message}.` : `Unknown option: ${option}.`
    return { message: `${message} See --help.`, code: 'usage' }
  }
  const message = printable(error.message)
  if (awsErrorKind(error) === 'no-credentials')
    return { message: credentialsText(message), code: 'no-credentials' }
  if (awsErrorKind(error) === 'denied') {
    return {
      message: `AWS refused: ${message}\nThe credentials in use lack a right, which the message names.`,
      code: 'access-denied',
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
