// The one way in which a command changes a pool: shows what it is going to change, asks, carries it out and says how it ended.
import type { Json } from '../command/json.ts'
import { printable } from '../command/shell.ts'
import { coloured, confirm, printJson, type Terminal, wrapped } from '../command/terminal.ts'
import type { Aws } from './aws.ts'
import { carryOut, type Outcome } from './carry-out.ts'
import { untilAborted } from './interruption.ts'
import { detachCommand, type Plan, shownName } from './plan.ts'

export type ApplyOptions = {
  readonly json: boolean
  readonly yes: boolean
  readonly dryRun: boolean
  /** Where the backup goes; undefined: a name with the time in it. */
  readonly backup?: string | undefined
}

/**
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
    if (json) printJson(terminal, planJson(plan, dryRun, changed, backupFile, next))
    else for (const step of next) terminal.stdout.write(noteText(terminal, step))
  }
  if (plan.changes.length === 0 || dryRun) {
    await report(false, undefined)
    return 0
  }
  if (!yes)
    await untilAborted(signal, confirmChanges(json, terminal, `Apply these changes to ${userPoolId}?`))
  const backupFile = plan.command === 'detach' ? undefined : (backup ?? defaultBackupName(userPoolId))
  const outcome = await carryOutAloud(aws, plan, backupFile, json, terminal, signal)
  if (!json) terminal.stdout.write(doneText(terminal, plan, backupFile, outcome))
  else if (outcome === 'done-after-interruption') terminal.stderr.write(`${FINISHED}\n`)
  await report(true, backupFile)
  return 0
}

/** @throws CommandError `not-confirmed` unless the answer is yes */
export function confirmChanges(json: boolean, terminal: Terminal, question: string): Promise<void> {
  return confirm(terminal, { question, json, otherwise: 'Pass --yes to apply, or --dry-run to preview.' })
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
