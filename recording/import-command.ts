// The command import: reads a log export, writes one folder per sign-in, without personal data.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { CommandError, progressBar, type Terminal } from '../command/terminal.ts'
import { eventsIn, type LoggedEvent } from './log-export.ts'
import { type LoggedSignIn, recordedSignIns, suspectsIn } from './recorded-sign-ins.ts'

const HELP = `Makes recorded sign-ins out of a CloudWatch log export. Replay them as regression tests.

  npx cognito-email-code import [FILE ...] --out FOLDER

Reads the files, or standard input: JSON lines, the answer of aws logs filter-log-events or get-log-events, what
aws logs tail prints, and the console's CSV or text export. Finds the trigger events in it (RECORD_EVENTS=on logs them),
replaces every value that identifies a person, and writes one numbered folder per sign-in, with one file per event.
Nothing is written if anything still looks like an address, a phone number, a code or a secret.

  --out FOLDER     where the folders are written, such as events; existing folders are never changed
  --name PREFIX    names of the folders: PREFIX-1, PREFIX-2, ... (recorded)
  --dry-run        lists what would be written, and writes nothing
  --json           prints one JSON object
  --help           prints this

Example: npx cognito-email-code import export.jsonl --out events --name mine

Exit code: 0 written, 1 nothing was found, 2 could not run.
`

const OPTIONS = {
  out: { type: 'string' },
  name: { type: 'string', default: 'recorded' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/**
 * Runs one command.
 *
 * @param args `import` and what follows it
 * @returns the exit code: 0 written, 1 nothing was found, 2 could not run
 */
export async function runEvents(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    if (values.help || args.length === 0) {
      terminal.stdout.write(HELP)
      return args.length === 0 ? 2 : 0
    }
    const [command, ...files] = positionals
    if (command !== 'import')
      throw new CommandError(
        command === undefined
          ? 'Missing command: import. See --help.'
          : `Unknown command: ${command}. See --help.`,
        'usage',
      )
    if (!/^[\w-]{1,60}$/.test(values.name))
      throw new CommandError('--name must be 1 to 60 letters, digits, - or _.', 'usage')
    const { out } = values
    if (out === undefined && !values['dry-run'])
      throw new CommandError('Missing required option: --out FOLDER.', 'usage')

    const signIns = recordedSignIns(await readExports(files, terminal))
    refuseSuspects(signIns)
    const names = await writeSignIns(signIns, values['dry-run'] ? undefined : out, values.name)
    const written = signIns.map(({ events }, index) => ({
      folder: names[index] ?? '',
      events: events.map(it => it.name),
    }))
    if (values.json)
      terminal.stdout.write(`${JSON.stringify({ dryRun: values['dry-run'], signIns: written }, null, 2)}\n`)
    else terminal.stdout.write(reportOf(written, values['dry-run'] ? undefined : out))
    return signIns.length === 0 ? 1 : 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (args.includes('--json'))
      terminal.stdout.write(`${JSON.stringify({ error: message, code: codeOf(error) })}\n`)
    terminal.stderr.write(`${message}\n`)
    return 2
  }
}

/** The stable code of an error, as the other commands print it. */
function codeOf(error: unknown): string {
  if (error instanceof CommandError) return error.code
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
    ? 'usage'
    : 'failed'
}

async function readExports(files: readonly string[], terminal: Terminal): Promise<LoggedEvent[]> {
  if (files.length === 0) return eventsIn(await text(terminal.stdin))
  const progress = progressBar(terminal, 'Reading')
  const events: LoggedEvent[] = []
  try {
    for (const [index, file] of files.entries()) {
      progress.show(index, files.length)
      const content = await readFile(file, 'utf8').catch((error: unknown) => {
        throw new CommandError(
          `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        )
      })
      events.push(...eventsIn(content))
    }
  } finally {
    progress.end()
  }
  return events
}

/** @throws CommandError naming the places, never the values */
export function refuseSuspects(signIns: readonly LoggedSignIn[]): void {
  const suspects = signIns.flatMap(({ events }, index) =>
    events.flatMap(({ name, event }) =>
      suspectsIn(event).map(
        ({ path, what }) => `  sign-in ${index + 1}, ${name}: ${path} looks like ${what}`,
      ),
    ),
  )
  if (suspects.length === 0) return
  throw new CommandError(
    `Nothing was written: personal data may be left.\n${suspects.join('\n')}\n` +
      'Remove it from the export, or leave the sign-in out, and run the import again.',
  )
}

/** Folders that exist are passed over, never changed. @returns the name of each sign-in's folder */
export async function writeSignIns(
  signIns: readonly LoggedSignIn[],
  out: string | undefined,
  prefix: string,
): Promise<string[]> {
  const names: string[] = []
  let number = 1
  for (const { events } of signIns) {
    let name = `${prefix}-${number}`
    while (out !== undefined && !(await madeFolder(join(out, name)))) {
      number += 1
      name = `${prefix}-${number}`
    }
    number += 1
    names.push(name)
    if (out === undefined) continue
    for (const it of events) {
      await writeFile(join(out, name, `${it.name}.json`), `${JSON.stringify(it.event, null, 2)}\n`, {
        flag: 'wx',
      })
    }
  }
  return names
}

/** @returns false if there is one already */
async function madeFolder(path: string): Promise<boolean> {
  return (await mkdir(path, { recursive: true })) !== undefined
}

function reportOf(
  written: readonly { folder: string; events: readonly string[] }[],
  out: string | undefined,
): string {
  if (written.length === 0) {
    return 'No trigger events were found. Were they logged? RECORD_EVENTS=on does that; see docs/existing-pool.md.\n'
  }
  const lines = written.map(
    ({ folder, events }) => `${folder}\n${events.map(name => `  ${name}.json`).join('\n')}`,
  )
  const next =
    out === undefined ? 'Nothing was written (--dry-run).' : `Replay them with: npm run replay -- ${out}`
  return `${lines.join('\n')}\n${written.length} sign-in${written.length === 1 ? '' : 's'}. ${next}\n`
}
