// The command migrate: moves a pool from the triggers' code to Cognito's own e-mail factor, step by step, and back.
import { reportError, runCommand } from '../../command/command.ts'
import type { Json, JsonObject } from '../../command/json.ts'
import { COMMAND, packageFile } from '../../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription, type readOptions } from '../../command/options.ts'
import { printable, shellCommand } from '../../command/shell.ts'
import { CommandError, progressBar, type Terminal } from '../../command/terminal.ts'
import { isLocale, LOCALES } from '../../shared/locales.ts'
import { type Aws, awsClients } from '../aws.ts'
import { nameMissingOperations } from '../aws-errors.ts'
import {
  applyPlan,
  CREDENTIALS,
  confirm,
  explained,
  POOL_MEANINGS,
  untilAborted,
  userPoolIdOf,
} from '../command-line.ts'
import { regionOfPool } from '../plan.ts'
import { readPoolState } from '../user-pool.ts'
import { runAssess } from './assess-command.ts'
import { mfaOf, planEnable, RECOVERIES } from './enable.ts'
import { planFinish } from './finish.ts'
import { Journal, type JournalEntry } from './journal.ts'
import { blocksFinish, SKIP_REASONS } from './move-rules.ts'
import { type Changed, moveUsers, type Run, readUsers, restoreUsers, type UserOutcome } from './move-users.ts'
import { type Choice, chosenNames, listUsers, type NativeUser, namesInFile } from './native-users.ts'
import { factorsOffered, requireEmailFactor } from './offered-factors.ts'
import { MOVES_A_SECOND, Pace, READS_A_SECOND } from './pace.ts'
import { metricsJson, metricsText, readSignInMetrics } from './sign-in-metrics.ts'
import { migrationStatus, statusJson, statusText } from './status.ts'

const OPTIONS = {
  'user-pool-id': { type: 'string', value: 'ID' },
  region: { type: 'string', value: 'REGION' },
  'app-name': { type: 'string', value: 'NAME' },
  locale: { type: 'string', value: 'LOCALE' },
  'change-recovery': { type: 'string', value: 'HOW' },
  list: { type: 'string', value: 'FILE' },
  group: { type: 'string', value: 'NAME' },
  percent: { type: 'string', value: 'N' },
  all: { type: 'boolean', default: false },
  'with-own-factors': { type: 'boolean', default: false },
  'with-unverified': { type: 'boolean', default: false },
  journal: { type: 'string', value: 'FILE' },
  rate: { type: 'string', value: 'N' },
  'keep-custom-auth': { type: 'boolean', default: false },
  probe: { type: 'string', value: 'FILE' },
  backup: { type: 'string', value: 'FILE' },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

type Values = ReturnType<typeof readOptions<typeof OPTIONS>>['values']
type Description = CommandDescription<keyof typeof OPTIONS>

const ASKING = { 'dry-run': 'show what would change and change nothing', yes: 'start without asking' }
const BACKUP =
  'where the whole pool is saved first (default: a name with the time); detach with this file undoes the command'
/** Developer guide, "Quotas in Amazon Cognito", Monthly active users. */
const ACTIVE = 'This makes each of them a monthly active user, whom Cognito bills.'
const JOURNAL = 'the journal file (default: ID.migration.jsonl)'
const POOL_EXAMPLE = '--user-pool-id eu-central-1_EXAMPLE00'
const EXIT_CODES = '0 done, 2 could not run'
const EXIT_CODES_OF_USERS = '0 done, 1 some users could not be changed, 2 could not run'

/** What a step needs. */
type Step = {
  readonly values: Values
  readonly userPoolId: string
  readonly aws: Aws
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

type StepName = 'enable' | 'users' | 'status' | 'rollback' | 'finish'

const STEPS: Readonly<
  Record<StepName, { readonly run: (step: Step) => Promise<0 | 1>; readonly description: Description }>
> = {
  enable: {
    run: enable,
    description: {
      name: 'migrate enable',
      about:
        'Turns the e-mail factor on for the pool. Users are asked for it only once they are moved to it.',
      options: {
        ...POOL_MEANINGS,
        'app-name': "the name in the mail (default: that of the pool's sender)",
        locale: `the language of the mail: ${LOCALES.join(', ')} (default: en)`,
        'change-recovery': 'how accounts are recovered if not by e-mail alone: phone or admin',
        backup: BACKUP,
        ...ASKING,
      },
      notes: CREDENTIALS,
      examples: [`${POOL_EXAMPLE} --dry-run`],
      exitCodes: EXIT_CODES,
    },
  },
  users: {
    run: users,
    description: {
      name: 'migrate users',
      about:
        'Moves users: makes the e-mail factor their preferred one. A run that was stopped continues where it stopped.',
      options: {
        ...POOL_MEANINGS,
        list: 'the users in this file, one name per line',
        group: 'or the users of a group',
        percent: 'or the first N percent; a larger N includes everyone of a smaller one',
        all: 'or every user',
        'with-own-factors': 'also users who have set up another factor, which stays on',
        'with-unverified': 'also users whose address is not verified',
        journal: JOURNAL,
        rate: 'users per second (default: 10)',
        ...ASKING,
      },
      notes: CREDENTIALS,
      examples: [`${POOL_EXAMPLE} --percent 1 --dry-run`],
      exitCodes: EXIT_CODES_OF_USERS,
    },
  },
  status: {
    run: status,
    description: {
      name: 'migrate status',
      about:
        'Reports who is moved, who is not and why, who still blocks finish, and the sign-ins of the last days. It only reads.',
      options: { ...POOL_MEANINGS, rate: 'users per second (default: 40)' },
      notes: `Local users are read with AdminGetUser. ${ACTIVE}\n${CREDENTIALS}`,
      examples: [POOL_EXAMPLE],
      exitCodes: EXIT_CODES,
    },
  },
  rollback: {
    run: rollback,
    description: {
      name: 'migrate rollback',
      about: 'Puts users back as they were before migrate users.',
      options: {
        ...POOL_MEANINGS,
        journal: JOURNAL,
        list: 'only the users in this file',
        rate: 'users per second (default: 10)',
        ...ASKING,
      },
      notes: CREDENTIALS,
      examples: [`${POOL_EXAMPLE} --dry-run`],
      exitCodes: EXIT_CODES_OF_USERS,
    },
  },
  finish: {
    run: finish,
    description: {
      name: 'migrate finish',
      about: 'Requires MFA, lets app clients sign in with SRP, and removes the challenge triggers.',
      options: {
        ...POOL_MEANINGS,
        'keep-custom-auth': 'keep CUSTOM_AUTH and the triggers while old app versions are in use',
        probe: 'the output of probe --json; the guard is removed too if it shows that it is not needed',
        rate: 'users per second (default: 40)',
        backup: BACKUP,
        ...ASKING,
      },
      notes: `Local users who can sign in are read with AdminGetUser. ${ACTIVE}\n${CREDENTIALS}`,
      examples: [`${POOL_EXAMPLE} --dry-run`],
      exitCodes: EXIT_CODES,
    },
  },
}

const STEP_NAMES = ['assess', ...Object.keys(STEPS)]

const DESCRIPTION: CommandDescription<keyof typeof COMMON_OPTIONS> = {
  name: 'migrate',
  arguments: STEP_NAMES.join('|'),
  about:
    "Moves a user pool from the code of the triggers to Cognito's own e-mail MFA, step by step, and back.",
  options: {},
  notes: `Steps:
  assess    Reports whether the e-mail factor can take the place of the triggers. It only reads.
${Object.values(STEPS)
  .map(({ description: { name, about } }) => `  ${name.replace('migrate ', '').padEnd(10)}${about}`)
  .join('\n')}

${COMMAND} migrate STEP --help lists the options of a step. How to: ${packageFile('docs/native-mfa.md')}`,
  examples: [`users ${POOL_EXAMPLE} --percent 1 --dry-run`],
  exitCodes:
    '0 done, 1 blockers (assess) or users who could not be changed (users, rollback), 2 could not run',
}

/**
 * Runs one step of a migration.
 *
 * @param args what follows `migrate`
 * @param signal aborted when the operator interrupts: the calls under way end, and the journal says how to continue
 * @returns the exit code: 0 done, 1 some users could not be changed, 2 could not run
 */
export async function runMigrate(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  const [name = '', ...rest] = args
  if (name === 'assess') return runAssess(rest, terminal)
  if (!isStep(name)) {
    if (name !== '' && !name.startsWith('-'))
      return reportError(usageError(`Unknown step of migrate: ${name}.`), args, terminal)
    return runCommand(COMMON_OPTIONS, DESCRIPTION, args, terminal, async () => {
      throw usageError('Missing step of migrate.')
    })
  }
  const { run, description } = STEPS[name]
  return runCommand(
    OPTIONS,
    description,
    rest,
    terminal,
    async ({ values }) => {
      const userPoolId = userPoolIdOf(values)
      const aws = awsClients(regionOfPool(userPoolId))
      // The others go on without some operations, and say so.
      if (name !== 'enable' && name !== 'finish') nameMissingOperations(aws.cognito, `migrate ${name}`)
      return await run({ values, userPoolId, aws, terminal, signal })
    },
    explained,
  )
}

function isStep(name: string): name is StepName {
  return Object.hasOwn(STEPS, name)
}

function usageError(message: string): CommandError {
  return new CommandError(`${message} See --help.`, 'usage')
}

async function enable({ values, userPoolId, aws, terminal, signal }: Step): Promise<0> {
  const { locale = 'en' } = values
  if (!isLocale(locale)) throw usageError(`--locale must be one of ${LOCALES.join(', ')}.`)
  const how = values['change-recovery']
  const changeRecovery = RECOVERIES.find(recovery => recovery === how)
  if (how !== undefined && changeRecovery === undefined)
    throw usageError(`--change-recovery must be ${RECOVERIES.join(' or ')}, not ${JSON.stringify(how)}.`)
  const options = { userPoolId, locale, appName: values['app-name'], changeRecovery }
  const plan = await untilAborted(signal, planEnable(aws, options))
  const next = `Next:\n  ${stepCommand('users', userPoolId, { percent: '1', 'dry-run': true })}`
  return applyPlan(aws, plan, applyOptions(values), terminal, signal, async () => [next])
}

async function finish(step: Step): Promise<0> {
  const { values, userPoolId, aws, terminal, signal } = step
  const keepCustomAuth = values['keep-custom-auth']
  const options = { userPoolId, keepCustomAuth, probeFile: values.probe }
  const pace = new Pace(rateOf(values, READS_A_SECOND))
  const plan = await untilAborted(
    signal,
    planFinish(aws, options, offered => readEveryone(step, pace, user => blocksFinish(user, offered))),
  )
  return applyPlan(aws, plan, applyOptions(values), terminal, signal, async () =>
    keepCustomAuth
      ? [`Once no app starts CUSTOM_AUTH any more:\n  ${stepCommand('finish', userPoolId, {})}`]
      : [],
  )
}

function applyOptions({ json, yes, backup, ...values }: Values) {
  return { json, yes, dryRun: values['dry-run'], backup }
}

async function status(step: Step): Promise<0> {
  const { values, userPoolId, aws, terminal, signal } = step
  const state = await readPoolState(aws.cognito, userPoolId, [])
  const mfa = mfaOf(state)
  const pace = new Pace(rateOf(values, READS_A_SECOND))
  const isLocal = (user: NativeUser) => user.status !== 'EXTERNAL_PROVIDER'
  const everyone = await untilAborted(signal, readEveryone(step, pace, isLocal))
  const metrics = await untilAborted(signal, readSignInMetrics(aws, state.userPool))
  const report = migrationStatus(everyone, String(mfa['MfaConfiguration'] ?? 'OFF'), factorsOffered(mfa))
  if (values.json) print(terminal, { userPoolId, ...statusJson(report), signIns: metricsJson(metrics) })
  else terminal.stdout.write(`User pool ${userPoolId}. ${statusText(report)}${metricsText(metrics)}`)
  return 0
}

/**
 * Reads every user; the factors, which ListUsers does not have, only where they matter.
 * @param matter whether the factors of a user make a difference
 */
async function readEveryone(
  { values, userPoolId, aws, terminal, signal }: Step,
  pace: Pace,
  matter: (user: NativeUser) => boolean,
): Promise<readonly NativeUser[]> {
  const { cognito } = aws
  const everyone = await listUsers(cognito, userPoolId, progressBar(terminal, 'Listing users'))
  const names = everyone.filter(matter).map(({ username }) => username)
  if (!values.json && names.length > 0)
    terminal.stderr.write(`Reading the factors of ${names.length} users. ${ACTIVE}\n`)
  const bar = progressBar(terminal, 'Reading users')
  const read = await readUsers({ cognito, userPoolId, pace, bar, signal }, names)
  return [...everyone.filter(user => !matter(user)), ...read]
}

async function users(step: Step): Promise<0 | 1> {
  const { values, userPoolId, aws, terminal, signal } = step
  const choice = choiceOf(values)
  const rate = rateOf(values, MOVES_A_SECOND)
  const mfa = mfaOf(await readPoolState(aws.cognito, userPoolId, []))
  requireEmailFactor(mfa, userPoolId)
  const bar = progressBar(terminal, 'Listing users')
  const names = await untilAborted(signal, chosenNames(aws.cognito, userPoolId, choice, bar))
  const rules = {
    withOwnFactors: values['with-own-factors'],
    withUnverified: values['with-unverified'],
    offered: factorsOffered(mfa),
  }
  await confirmChange(step, `Move up to ${names.length} users to the e-mail factor, ${rate} a second?`)
  const journal = values['dry-run'] ? undefined : await Journal.open(journalFile(step), userPoolId)
  const next = [stepCommand('status', userPoolId, {})]
  return changeUsers(step, journal, rate, next, run => moveUsers(run, names, rules))
}

async function rollback(step: Step): Promise<0 | 1> {
  const { values, userPoolId, aws, signal } = step
  const rate = rateOf(values, MOVES_A_SECOND)
  const mfa = mfaOf(await readPoolState(aws.cognito, userPoolId, []))
  if (mfa['MfaConfiguration'] === 'ON') {
    throw new CommandError(
      'MFA is required in this pool, and Cognito keeps the last factor of a user then. Nothing was changed. Run detach with the ' +
        'backup of migrate finish first.',
      'mfa-required',
    )
  }
  const known = await Journal.read(journalFile(step), userPoolId)
  const entries = await untilAborted(signal, entriesIn(step, known, rate))
  await confirmChange(step, `Put ${entries.length} users back, ${rate} a second?`)
  const journal = values['dry-run'] ? undefined : await Journal.open(journalFile(step), userPoolId)
  return changeUsers(step, journal, rate, [], run => restoreUsers(run, entries))
}

/** The entries of the users in --list, by any name that they have; all if there is no list. */
async function entriesIn(
  { values, userPoolId, aws, terminal, signal }: Step,
  journal: Journal,
  rate: number,
): Promise<readonly JournalEntry[]> {
  if (values.list === undefined) return journal.entries()
  const names = new Set(await namesInFile(values.list))
  const named = journal.entries().flatMap(({ username, sub }) => [username, sub])
  const others = [...names].filter(name => !named.includes(name))
  const bar = progressBar(terminal, 'Reading users')
  const run = { cognito: aws.cognito, userPoolId, pace: new Pace(rate), bar, signal }
  for (const { username } of await readUsers(run, others)) names.add(username)
  return journal.entries().filter(({ username, sub }) => names.has(username) || names.has(sub))
}

async function confirmChange({ values, signal, terminal }: Step, question: string): Promise<void> {
  if (values['dry-run'] || values.yes) return
  await untilAborted(signal, confirm(values.json, terminal, question))
}

/** Changes users one by one and says what became of them. @param journal undefined: a dry run */
async function changeUsers(
  { values, userPoolId, aws, terminal, signal }: Step,
  journal: Journal | undefined,
  rate: number,
  next: readonly string[],
  change: (run: Run) => Promise<Changed>,
): Promise<0 | 1> {
  if (journal !== undefined)
    (values.json ? terminal.stderr : terminal.stdout).write(`Journal: ${journal.file}\n`)
  const bar = progressBar(terminal, 'Users')
  const run = { cognito: aws.cognito, userPoolId, pace: new Pace(rate), journal, bar, signal }
  const { outcomes, waiting } = await change(run).finally(() => journal?.close())
  const report = {
    userPoolId,
    dryRun: journal === undefined,
    journal: journal?.file ?? null,
    ...countsOf(outcomes),
    users: outcomes.map(outcome => ({ ...outcome })),
  }
  if (waiting > 0) {
    throw new CommandError(
      `Interrupted. ${outcomesText(outcomes)}Left: ${waiting}. Run the same command again to continue.`,
      'interrupted',
    )
  }
  if (values.json) print(terminal, report)
  else {
    const commands = journal === undefined ? [] : next.map(command => `Next:\n  ${command}\n`)
    terminal.stdout.write([outcomesText(outcomes), ...commands].join(''))
  }
  return outcomes.some(({ name }) => name === 'failed') ? 1 : 0
}

function countsOf(outcomes: readonly UserOutcome[]): JsonObject {
  const skipped: Record<string, number> = {}
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) {
    counts[outcome.name] = (counts[outcome.name] ?? 0) + 1
    if (outcome.name === 'skipped') skipped[outcome.reason] = (skipped[outcome.reason] ?? 0) + 1
  }
  return { counts, skipped }
}

const LABELS: Readonly<Record<UserOutcome['name'], string>> = {
  moved: 'Moved',
  restored: 'Put back',
  'would-move': 'To be moved',
  'would-restore': 'To be put back',
  skipped: 'Skipped',
  failed: 'Failed',
}

/** So many failures in the text; --json has all. */
const MOST_FAILURES = 20

function outcomesText(outcomes: readonly UserOutcome[]): string {
  const count = (test: (outcome: UserOutcome) => boolean) => outcomes.filter(test).length
  const lines: string[] = []
  for (const [name, label] of Object.entries(LABELS)) {
    const number = count(outcome => outcome.name === name)
    if (number > 0) lines.push(`${label}: ${number}`)
  }
  for (const [reason, meaning] of Object.entries({ ...SKIP_REASONS, gone: 'no longer exists' })) {
    const number = count(outcome => outcome.name === 'skipped' && outcome.reason === reason)
    if (number > 0) lines.push(`  ${String(number).padStart(6)}  ${reason}: ${meaning}`)
  }
  const failures = outcomes.flatMap(outcome => (outcome.name === 'failed' ? [outcome] : []))
  for (const { username, error } of failures.slice(0, MOST_FAILURES))
    lines.push(`  ${printable(username)}: ${error}`)
  if (lines.length === 0) lines.push('No user to change.')
  return `${lines.join('\n')}\n`
}

/** @throws CommandError `usage` */
function rateOf({ rate }: Values, standard: number): number {
  if (rate === undefined) return standard
  if (!/^\d{1,4}(\.\d+)?$/.test(rate) || Number(rate) === 0)
    throw usageError(`--rate must be a number above 0, not ${JSON.stringify(rate)}.`)
  return Number(rate)
}

/** @throws CommandError `usage` unless exactly one choice is made */
function choiceOf({ list, group, percent, all }: Values): Choice {
  const choices: Choice[] = [
    ...(list === undefined ? [] : [{ kind: 'list', file: list } as const]),
    ...(group === undefined ? [] : [{ kind: 'group', group } as const]),
    ...(percent === undefined ? [] : [{ kind: 'percent', percent: percentOf(percent) } as const]),
    ...(all ? [{ kind: 'all' } as const] : []),
  ]
  const [choice, another] = choices
  if (choice === undefined || another !== undefined)
    throw usageError('Pass one of --list FILE, --group NAME, --percent N and --all.')
  return choice
}

function percentOf(text: string): number {
  const percent = Number(text)
  if (/^\d{1,3}(\.\d+)?$/.test(text) && percent > 0 && percent <= 100) return percent
  throw usageError(`--percent must be a number above 0, up to 100, not ${JSON.stringify(text)}.`)
}

function journalFile({ values, userPoolId }: Step): string {
  return values.journal ?? `${userPoolId}.migration.jsonl`
}

function stepCommand(
  step: StepName,
  userPoolId: string,
  more: Readonly<Record<string, string | true>>,
): string {
  return shellCommand(`${COMMAND} migrate ${step}`, { 'user-pool-id': userPoolId, ...more })
}

function print(terminal: Terminal, value: Json): void {
  terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
