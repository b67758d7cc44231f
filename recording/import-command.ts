// The command import: reads a log export, writes one folder per sign-in, without personal data.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { runCommand } from '../command/command.ts'
import { readNamedFile } from '../command/files.ts'
import { type Destination, isFolder, writingTo } from '../command/folders.ts'
import { COMMAND, packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription } from '../command/options.ts'
import { shellWord } from '../command/shell.ts'
import { CommandError, printJson, progressBar, type Terminal } from '../command/terminal.ts'
import type { LoggedEvent } from './log-export.ts'
import { type LoggedSignIn, recordedSignIns, suspectsIn } from './recorded-sign-ins.ts'

const OPTIONS = {
  out: { type: 'string', value: 'FOLDER' },
  name: { type: 'string', value: 'PREFIX' },
  'dry-run': { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'import',
  arguments: '[FILE ...]',
  about: `Turns a CloudWatch log export into recorded sign-ins, which replay uses as regression tests.

Reads the files, or standard input: JSON lines, the output of aws logs filter-log-events, get-log-events or
tail, and the console's CSV or text export. Finds the trigger events in it (RECORD_EVENTS=on logs them),
replaces every value that identifies a person, and writes one numbered folder per sign-in, with one file per event.
Nothing is written if anything still looks like an address, a phone number, a code or a secret.`,
  options: {
    out: 'where the folders are written, such as events (required without --dry-run); existing folders are never changed',
    name: 'names of the folders: PREFIX-1, PREFIX-2 and so on (default: recorded)',
    'dry-run': 'list what would be written, and write nothing',
  },
  examples: ['log-export.json --out events --name mine'],
  exitCodes: '0 written, 1 nothing was found, 2 could not run',
  notes: `How to record and export events: ${packageFile('docs/existing-pool.md')}`,
}

/**
 * Runs import.
 *
 * @param args what follows the name of the command
 * @returns the exit code: 0 written, 1 nothing was found, 2 could not run
 */
export function runImport(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  return runCommand(OPTIONS, DESCRIPTION, args, terminal, async ({ values, positionals: files }) => {
    const { out, name = 'recorded' } = values
    if (!/^[\w-]{1,60}$/.test(name))
      throw new CommandError('--name must be 1 to 60 letters, digits, - or _.', 'usage')
    if (out === undefined && !values['dry-run'])
      throw new CommandError(`Missing required option: --out FOLDER. See ${COMMAND} import --help.`, 'usage')
    if (files.length === 0 && terminal.stdin.isTTY === true)
      terminal.stderr.write('Reading the log export from standard input; Ctrl-D ends it.\n')

    const signIns = recordedSignIns(await readExports(files, terminal))
    refuseSuspects(signIns, 'Remove it from the export, or leave the sign-in out, and run the import again.')
    const destination: Destination | undefined =
      out === undefined || values['dry-run'] ? undefined : { option: '--out', folder: out }
    const names = await writeSignIns(signIns, destination, name)
    const written = signIns.map(({ events }, index) => ({
      folder: names[index] ?? '',
      events: events.map(it => it.name),
    }))
    if (values.json) printJson(terminal, { dryRun: values['dry-run'], signIns: written })
    else terminal.stdout.write(reportOf(written, values['dry-run'] ? undefined : out))
    return signIns.length === 0 ? 1 : 0
  })
}

async function readExports(files: readonly string[], terminal: Terminal): Promise<LoggedEvent[]> {
  const { eventsIn } = await import('./log-export.ts')
  if (files.length === 0) return eventsIn(await text(terminal.stdin), 'Standard input')
  const progress = progressBar(terminal, 'Reading')
  const events: LoggedEvent[] = []
  try {
    for (const [index, file] of files.entries()) {
      progress.show(index, files.length)
      const advice = 'Name the files that you exported from CloudWatch Logs.'
      const content = await readNamedFile({ option: 'the log export', file, advice, code: 'usage' })
      events.push(...eventsIn(content, file))
    }
  } finally {
    progress.end()
  }
  return events
}

/** @param advice what to do, as a sentence. @throws CommandError naming the places, never the values */
export function refuseSuspects(signIns: readonly LoggedSignIn[], advice: string): void {
  const suspects = signIns.flatMap(({ events }, index) =>
    events.flatMap(({ name, event }) =>
      suspectsIn(event).map(
        ({ path, what }) => `  sign-in ${index + 1}, ${name}: ${path} looks like ${what}`,
      ),
    ),
  )
  if (suspects.length === 0) return
  throw new CommandError(`Nothing was written: personal data may be left.\n${suspects.join('\n')}\n${advice}`)
}

/** Folders that exist are passed over, never changed. @returns the name of each sign-in's folder */
export async function writeSignIns(
  signIns: readonly LoggedSignIn[],
  destination: Destination | undefined,
  prefix: string,
): Promise<string[]> {
  const names: string[] = []
  let number = 1
  for (const { events } of signIns) {
    let name = `${prefix}-${number}`
    while (destination !== undefined && !(await madeFolder(destination, name))) {
      number += 1
      name = `${prefix}-${number}`
    }
    number += 1
    names.push(name)
    if (destination === undefined) continue
    for (const it of events) {
      await writeFile(
        join(destination.folder, name, `${it.name}.json`),
        `${JSON.stringify(it.event, null, 2)}\n`,
        {
          flag: 'wx',
        },
      )
    }
  }
  return names
}

/** @returns false if there is one already. @throws CommandError if the folder cannot be made */
async function madeFolder(destination: Destination, name: string): Promise<boolean> {
  return writingTo(destination, async () => {
    const folder = join(destination.folder, name)
    if (await isFolder(folder)) return false
    await mkdir(folder)
    return true
  })
}

function reportOf(
  written: readonly { folder: string; events: readonly string[] }[],
  out: string | undefined,
): string {
  if (written.length === 0) {
    return `No trigger events were found. Were they logged? RECORD_EVENTS=on does that; see ${packageFile('docs/existing-pool.md')}.\n`
  }
  const lines = written.map(
    ({ folder, events }) => `${folder}\n${events.map(name => `  ${name}.json`).join('\n')}`,
  )
  const [first, ...more] = written.map(({ folder }) => join(out ?? '', folder))
  const next =
    out === undefined
      ? 'Nothing was written (--dry-run).'
      : `Next:\n  ${COMMAND} replay ${shellWord(more.length === 0 && first !== undefined ? first : out)}`
  return `${lines.join('\n')}\n${written.length} sign-in${more.length === 0 ? '' : 's'}. ${next}\n`
}
