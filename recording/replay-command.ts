// The command replay: shows what each trigger answers to recorded events.
import { stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { paint, runCommand } from '../command/command.ts'
import { objectOf } from '../command/json.ts'
import { projectDirectory } from '../local/trigger-process.ts'
import { checkTriggers, triggerEnvironments, triggerProcesses } from '../local/trigger-settings.ts'
import {
  differencesOf,
  type EventReplay,
  expectationFrom,
  findSignIns,
  findUnusedFiles,
  type Replay,
  readSignIn,
  refuseUnknownSettings,
  replaySignIn,
} from './replay.ts'

const HELP = `Usage: npx cognito-email-code replay [options] <file or folder> ...

Sends recorded trigger events to the built triggers and shows what each of them answers. A file is one event, a folder is
a sign-in (its files in the order of their names) or holds folders of sign-ins. Mails go to a server on this machine.
If <name>.expected.json exists beside <name>.json, the answer is compared with it. See events/README.md.

Options:
  --set NAME=VALUE  a setting of the triggers, such as MAX_ATTEMPTS=5; may be repeated
  --write-expected  write <name>.expected.json beside each event that has none, from what is answered now
  --json            print the replays as JSON
  --help            print this text

Example: npx cognito-email-code replay events/resend --set MAX_SENDS=1

Exit status: 0 every answer is as expected, 1 one is not, 2 the replay could not run.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true },
      'write-expected': { type: 'boolean', default: false },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  if (positionals.length === 0)
    throw new Error(`Missing argument: a file or a folder with events.\n\n${HELP}`)

  const environment = readSettings(values.set ?? [])
  await checkSettings(environment)
  const replays: Replay[] = []
  const written: string[] = []
  for (const path of (await Promise.all(positionals.map(pathsOf))).flat()) {
    const replay = await replaySignIn(await readSignIn(path), join(projectDirectory, 'dist'), environment)
    replays.push(replay)
    if (values['write-expected']) written.push(...(await writeExpected(path, replay)))
    if (!values.json) process.stdout.write(tableOf(replay))
  }
  const wrong = replays
    .flatMap(replay => replay.events)
    .filter(event => differencesOf(event).length > 0).length
  if (values.json) {
    const shown = replays.map(({ name, events }) => ({
      name,
      events: events.map(event => ({ ...event, differences: differencesOf(event) })),
    }))
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
  } else {
    const events = replays.flatMap(replay => replay.events)
    const isCompared = events.some(event => event.expected !== undefined)
    const good = isCompared ? 'as expected' : 'nothing to compare with'
    const verdict = wrong === 0 ? paint('green', good) : paint('red', `${wrong} not as expected`)
    for (const file of written) process.stdout.write(`Written: ${file}\n`)
    for (const file of (await Promise.all(positionals.map(unusedFilesOf))).flat()) {
      process.stdout.write(`${paint('yellow', `Not used: ${file}`)}\n`)
    }
    process.stdout.write(`${counted(events, 'event')} in ${counted(replays, 'sign-in')}: ${verdict}\n`)
  }
  return wrong === 0 ? 0 : 1
}

function counted(things: readonly unknown[], noun: string): string {
  return `${things.length} ${noun}${things.length === 1 ? '' : 's'}`
}

/** The path itself, or the sign-ins in it. */
async function pathsOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => {
    throw new Error(`${path} does not exist. Name a file or a folder with events.`)
  })
  const inner = found.isDirectory() ? await findSignIns(path) : []
  return inner.length > 0 ? inner : [path]
}

function readSettings(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map(pair => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/s.exec(pair) ?? []
      if (name === undefined || value === undefined)
        throw new Error(`Invalid --set: ${pair}. Write it as NAME=VALUE.`)
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
  refuseUnknownSettings(names, '--set')
  const environments = triggerEnvironments({
    environment,
    region: 'us-east-1',
    mailboxUrl: 'http://127.0.0.1',
  })
  const triggers = triggerProcesses(join(projectDirectory, 'dist'), environments)
  await checkTriggers(triggers.values())
}

/** Never over a file that exists. @returns the files */
async function writeExpected(path: string, { events }: Replay): Promise<string[]> {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path)
  const missing = events.filter(({ expected }) => expected === undefined)
  return Promise.all(
    missing.map(async event => {
      const file = join(folder, `${event.name}.expected.json`)
      await writeFile(file, `${JSON.stringify(expectationFrom(event), null, 2)}\n`, { flag: 'wx' })
      return file
    }),
  )
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

await runCommand(main)
