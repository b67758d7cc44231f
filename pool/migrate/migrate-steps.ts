// The work of the command migrate: moves a pool from the triggers' code to Cognito's own e-mail factor, step by step, and back.
import type { JsonObject } from '../../command/json.ts'
import { COMMAND } from '../../command/name.ts'
import { printable, shellCommand } from '../../command/shell.ts'
import { CommandError, printJson, progressBar, type Terminal } from '../../command/terminal.ts'
import { isLocale, LOCALES } from '../../shared/locales.ts'
import { applyPlan, confirmChanges } from '../apply-plan.ts'
import { type Aws, awsClients } from '../aws.ts'
import { nameMissingOperations } from '../aws-errors.ts'
import { untilAborted } from '../interruption.ts'
import { regionOfPool, userPoolIdOf } from '../pool-id.ts'
import { usageError } from '../pool-options.ts'
import { readPoolState } from '../user-pool.ts'
import { mfaOf, planEnable, RECOVERIES } from './enable.ts'
import { planFinish } from './finish.ts'
import { Journal, type JournalEntry } from './journal.ts'
import { ACTIVE, type MigrateValues, type StepName } from './migrate-options.ts'
import { blocksFinish, SKIP_REASONS } from './move-rules.ts'
import { type Changed, moveUsers, type Run, readUsers, restoreUsers, type UserOutcome } from './move-users.ts'
import { type Choice, chosenNames, listUsers, type NativeUser, namesInFile } from './native-users.ts'
import { factorsOffered, requireEmailFactor } from './offered-factors.ts'
import { MOVES_A_SECOND, Pace, READS_A_SECOND } from './pace.ts'
import { metricsJson, metricsText, readSignInMetrics } from './sign-in-metrics.ts'
import { migrationStatus, statusJson, statusText } from './status.ts'

/** What a step needs. */
type Step = {
  readonly values: MigrateValues
  readonly userPoolId: string
  readonly aws: Aws
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

const STEPS: Readonly<Record<StepName, (step: Step) => Promise<0 | 1>>> = {
  enable,
  users,
  status,
  rollback,
  finish,
}

/** @returns the exit code: 0 done, 1 some users could not be changed */
export async function runStep(
  name: StepName,
  values: MigrateValues,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const userPoolId = userPoolIdOf(values)
  const aws = awsClients(regionOfPool(userPoolId))
  // The others go on without some operations, and say so.
  if (name !== 'enable' && name !== 'finish') nameMissingOperations(aws.cognito, `migrate ${name}`)
  return await STEPS[name]({ values, userPoolId, aws, terminal, signal })
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

function applyOptions({ json, yes, backup, ...values }: MigrateValues) {
  return { json, yes, dryRun: values['dry-run'], backup }
}

async function status(step: Step): Promise<0> {
  const { values, userPoolId, aws, terminal, signal } = step
  const state = await untilAborted(signal, readPoolState(aws.cognito, userPoolId, []))
  const mfa = mfaOf(state)
  const pace = new Pace(rateOf(values, READS_A_SECOND))
  const isLocal = (user: NativeUser) => user.status !== 'EXTERNAL_PROVIDER'
  const everyone = await untilAborted(signal, readEveryone(step, pace, isLocal))
  const metrics = await untilAborted(signal, readSignInMetrics(aws, state.userPool))
  const report = migrationStatus(everyone, String(mfa['MfaConfiguration'] ?? 'OFF'), factorsOffered(mfa))
  if (values.json) printJson(terminal, { userPoolId, ...statusJson(report), signIns: metricsJson(metrics) })
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
  const mfa = mfaOf(await untilAborted(signal, readPoolState(aws.cognito, userPoolId, [])))
  requireEmailFactor(mfa, userPoolId)
  const bar = progressBar(terminal, 'Listing users')
  const names = await untilAborted(signal, chosenNames(aws.cognito, userPoolId, choice, bar))
  const rules = {
    withOwnFactors: values['with-own-factors'],
    withUnverified: values['with-unverified'],
    offered: factorsOffered(mfa),
  }
  await confirmUnlessTold(step, `Move up to ${names.length} users to the e-mail factor, ${rate} a second?`)
  const journal = values['dry-run'] ? undefined : await Journal.open(journalFile(step), userPoolId)
  const next = [stepCommand('status', userPoolId, {})]
  return changeUsers(step, journal, rate, next, run => moveUsers(run, names, rules))
}

async function rollback(step: Step): Promise<0 | 1> {
  const { values, userPoolId, aws, signal } = step
  const rate = rateOf(values, MOVES_A_SECOND)
  const mfa = mfaOf(await untilAborted(signal, readPoolState(aws.cognito, userPoolId, [])))
  if (mfa['MfaConfiguration'] === 'ON') {
    throw new CommandError(
      'MFA is required in this pool, and Cognito keeps the last factor of a user then. Nothing was changed. Run detach with the ' +
        'backup of migrate finish first.',
      'mfa-required',
    )
  }
  const known = await Journal.read(journalFile(step), userPoolId)
  const entries = await untilAborted(signal, entriesIn(step, known, rate))
  await confirmUnlessTold(step, `Put ${entries.length} users back, ${rate} a second?`)
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

async function confirmUnlessTold({ values, signal, terminal }: Step, question: string): Promise<void> {
  if (values['dry-run'] || values.yes) return
  await untilAborted(signal, confirmChanges(values.json, terminal, question))
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
  if (values.json) printJson(terminal, report)
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
function rateOf({ rate }: MigrateValues, standard: number): number {
  if (rate === undefined) return standard
  if (!/^\d{1,4}(\.\d+)?$/.test(rate) || Number(rate) === 0)
    throw usageError(`--rate must be a number above 0, not ${JSON.stringify(rate)}.`)
  return Number(rate)
}

/** @throws CommandError `usage` unless exactly one choice is made */
function choiceOf({ list, group, percent, all }: MigrateValues): Choice {
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
