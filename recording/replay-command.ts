// The command replay: shows what each trigger answers to recorded events.
import { stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { paint, runCommand } from '../command/command.ts'
import { objectOf } from '../command/json.ts'
import { COMMAND, packageDirectory, packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription, type readOptions } from '../command/options.ts'
import { CommandError, type Terminal } from '../command/terminal.ts'
import {
  checkTriggers,
  SETTING_NAMES,
  triggerEnvironments,
  triggerProcesses,
} from '../local/trigger-settings.ts'
import {
  differencesOf,
  type EventReplay,
  expectationFrom,
  findSignIns,
  findUnusedFiles,
  type Replay,
  readSignIn,
  startReplayer,
} from './replay.ts'

const OPTIONS = {
  set: { type: 'string', value: 'NAME=VALUE', multiple: true },
  'write-expected': { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'replay',
  arguments: 'FILE-OR-FOLDER ...',
  about: `Sends recorded trigger events to the triggers, shows what each of them answers, and compares it with the
expected answer: <name>.expected.json beside <name>.json. A file is one event. A folder is a sign-in, with one file per event in
the order of their names, or holds such folders. Mails go to a server on this machine.`,
  options: {
    set: 'a setting of the triggers, such as MAX_ATTEMPTS=5; may be repeated',
    'write-expected': 'write <name>.expected.json beside each event that has none, from the current answers',
  },
  examples: [packageFile('events/resend')],
  exitCodes:
    '0 every answer is as expected, or there is nothing to compare with; 1 an answer differs; 2 could not run',
  notes: `The format of the files: ${packageFile('events/README.md')}`,
}

/** Runs replay. @param args what follows the name of the command */
export function runReplay(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  return runCommand(OPTIONS, DESCRIPTION, args, terminal, replay)
}

async function replay({
  values,
  positionals,
}: ReturnType<typeof readOptions<typeof OPTIONS>>): Promise<0 | 1> {
  if (positionals.length === 0) {
    throw new CommandError(
      `Missing argument: a file or a folder with recorded events. See ${COMMAND} replay --help.`,
      'usage',
    )
  }
  const environment = readSettings(values.set ?? [])
  await checkSettings(environment)
  const replays: Replay[] = []
  const written = new Map<EventReplay, string>()
  const paths = (await Promise.all(positionals.map(pathsOf))).flat()
  const replayer = await startReplayer(join(packageDirectory, 'dist'), environment)
  try {
    for (const path of paths) {
      const signIn = await readSignIn(path)
      if (signIn.events.length === 0) continue
      const replay = await replayer.replay(signIn)
      replays.push(replay)
      if (values['write-expected']) await writeExpected(path, replay, written)
      if (!values.json) process.stdout.write(tableOf(replay))
    }
  } finally {
    await replayer.close()
  }
  if (replays.length === 0) {
    throw new CommandError(
      `No recorded events in ${positionals.join(', ')}. A sign-in is a folder of .json files, one per event; ` +
        `${COMMAND} import makes them from a log export. The format: ${packageFile('events/README.md')}`,
      'no-events',
    )
  }
  const unused = (await Promise.all(positionals.map(unusedFilesOf))).flat()
  const wrong = replays
    .flatMap(replay => replay.events)
    .filter(event => differencesOf(event).length > 0).length
  if (values.json) {
    const shown = replays.map(({ name, events }) => ({
      name,
      events: events.map(event => ({
        ...event,
        differences: differencesOf(event),
        written: written.get(event),
      })),
    }))
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
    for (const file of unused) process.stderr.write(`Not used: ${file}\n`)
  } else {
    const events = replays.flatMap(replay => replay.events)
    const verdict =
      wrong === 0
        ? paint('green', goodVerdict(events, [...written.values()]))
        : paint('red', `${wrong} not as expected`)
    for (const file of written.values()) process.stdout.write(`Written: ${file}\n`)
    for (const file of unused) process.stdout.write(`${paint('yellow', `Not used: ${file}`)}\n`)
    process.stdout.write(`${counted(events, 'event')} in ${counted(replays, 'sign-in')}: ${verdict}\n`)
  }
  return wrong === 0 ? 0 : 1
}

function goodVerdict(events: readonly EventReplay[], written: readonly string[]): string {
  const isCompared = events.some(event => event.expected !== undefined)
  if (written.length === 0)
    return isCompared ? 'as expected' : 'nothing to compare with (--write-expected writes it)'
  return `${isCompared ? 'as expected, and ' : ''}${counted(written, 'expected answer')} written; the next replay compares with them`
}

function counted(things: readonly unknown[], noun: string): string {
  return `${things.length} ${noun}${things.length === 1 ? '' : 's'}`
}

/** The path itself, or the sign-ins in it. */
async function pathsOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => {
    throw new CommandError(`${path} does not exist. Name a file or a folder with recorded events.`, 'usage')
  })
  const inner = found.isDirectory() ? await findSignIns(path) : []
  return inner.length > 0 ? inner : [path]
}

function readSettings(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map(pair => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/s.exec(pair) ?? []
      if (name === undefined || value === undefined)
        throw new CommandError(`Invalid --set: ${pair}. Write it as NAME=VALUE.`, 'usage')
      return [name, value]
    }),
  )
}

async function unusedFilesOf(path: string): Promise<readonly string[]> {
  return (await stat(path)).isDirectory() ? findUnusedFiles(path) : []
}

/** @throws Error for a setting that no trigger has, or with what the triggers say to a value that they refuse. */
async function checkSettings(environment: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(environment)
  if (names.length === 0) return
  const unknown = names.filter(name => !SETTING_NAMES.includes(name))
  if (unknown.length > 0) {
    throw new CommandError(
      `Unknown setting in --set: ${unknown.join(', ')}. Settings: ${SETTING_NAMES.join(', ')}.`,
      'usage',
    )
  }
  const environments = triggerEnvironments({
    environment,
    region: 'us-east-1',
    mailboxUrl: 'http://127.0.0.1',
  })
  const triggers = triggerProcesses(join(packageDirectory, 'dist'), environments)
  await checkTriggers(triggers.values()).catch((error: unknown) => {
    throw new CommandError(error instanceof Error ? error.message : String(error), 'usage')
  })
}

/** Never over a file that exists. @param written gets each file that is written, by its event */
async function writeExpected(path: string, { events }: Replay, written: Map<EventReplay, string>) {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path)
  for (const event of events) {
    if (event.expected !== undefined) continue
    const file = join(folder, `${event.name}.expected.json`)
    await writeFile(file, `${JSON.stringify(expectationFrom(event), null, 2)}\n`, { flag: 'wx' })
    written.set(event, file)
  }
}

function tableOf({ name, events }: Replay): string {
  const rows = events.map(event => [event.name, sawWhat(event), answered(event)] as const)
  const widths = [0, 1].map(column => Math.max(...rows.map(row => (row[column] ?? '').length)))
  const lines = rows.map(([file, saw, answer], index) => {
    const event = events[index]
    const remarks = event === undefined ? [] : [...differencesOf(event), ...event.notes]
    const mark =
      remarks.length > 0 ? paint('red', '✗') : event?.expected === undefined ? '·' : paint('green', '✓')
    const line = `${mark} ${file.padEnd(widths[0] ?? 0)}  ${saw.padEnd(widths[1] ?? 0)}  ${answer}`
    return [line, ...remarks.map(remark => `    ${paint('red', remark)}`)].join('\n')
  })
  return `${paint('bold', basename(name))}\n${lines.join('\n')}\n\n`
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  PASSWORD_VERIFIER: 'PASSWORD',
  CUSTOM_CHALLENGE: 'CODE',
  NEW_PASSWORD_REQUIRED: 'NEW_PASSWORD',
  DEVICE_PASSWORD_VERIFIER: 'DEVICE_PASSWORD',
}

/** What the trigger had before it, in short. */
function sawWhat({ trigger, event }: EventReplay): string {
  const request = objectOf(event['request'])
  if (trigger === 'pre-token-generation') return String(event['triggerSource'])
  if (trigger === 'verify-auth-challenge-response') {
    return objectOf(request['clientMetadata'])['action'] === 'resend' ? 'asks for a resend' : 'an answer'
  }
  const session: unknown[] = Array.isArray(request['session']) ? request['session'] : []
  const entries = session.map(entry => {
    const { challengeName, challengeResult } = objectOf(entry)
    const name = String(challengeName)
    return `${SHORT_NAMES[name] ?? name} ${challengeResult === true ? '✓' : '✗'}`
  })
  return entries.join(' → ') || 'an empty session'
}

function answered({ trigger, response, error, mails }: EventReplay): string {
  if (error !== undefined) return `refuses: ${error}`
  if (trigger === 'verify-auth-challenge-response')
    return response?.['answerCorrect'] === true ? 'right' : 'not right'
  if (trigger === 'pre-token-generation') return 'tokens pass'
  if (trigger === 'define-auth-challenge') {
    if (response?.['issueTokens'] === true) return 'tokens'
    return response?.['failAuthentication'] === true
      ? 'refuses'
      : `asks ${String(response?.['challengeName'])}`
  }
  const { reason, attemptsLeft, sendsLeft } = objectOf(response?.['publicChallengeParameters'])
  const mail = mails === 0 ? 'no mail' : 'mail sent'
  return `${mail}, reason ${reason}, attempts left ${attemptsLeft}, mails left ${sendsLeft}`
}
