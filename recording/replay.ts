// Replays the trigger events of a sign-in through the built triggers, in order, as Cognito would have sent them.
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { objectOf, type UntypedObject } from '../command/json.ts'
import {
  startTrigger,
  TRIGGER_NAMES,
  TriggerError,
  type TriggerName,
  type TriggerProcess,
} from '../local/trigger-process.ts'
import { SETTING_NAMES } from '../local/trigger-settings.ts'
import type { SentMail } from './raw-mail.ts'
import { startSesStandIn } from './ses-stand-in.ts'
import { triggerOfSource } from './trigger-sources.ts'

/** What is expected of the answer; only the keys that are there are compared. */
export type Expectation = {
  /** Seconds that pass before the event. */
  readonly after?: number
  readonly response?: UntypedObject
  /** The message that the trigger throws. */
  readonly error?: string
  /** Mails sent by this event. */
  readonly mails?: number
}

export type RecordedEvent = {
  /** Name of the file without its ending. */
  readonly name: string
  readonly event: UntypedObject
  readonly expected: Expectation | undefined
}

export type RecordedSignIn = {
  readonly name: string
  readonly events: readonly RecordedEvent[]
  /** Settings of the triggers that differ from the defaults (`settings.json`). */
  readonly settings: Readonly<Record<string, string>>
}

export type EventReplay = {
  readonly name: string
  readonly trigger: TriggerName
  /** The event as it was sent, with what was carried over from earlier answers, except for a code that was typed. */
  readonly event: UntypedObject
  readonly expected: Expectation | undefined
  readonly response: UntypedObject | undefined
  readonly error: string | undefined
  readonly mails: number
  /** What differs from the record: a result that came out otherwise. */
  readonly notes: readonly string[]
}

export type Replay = {
  readonly name: string
  readonly events: readonly EventReplay[]
  /** What the triggers logged, one JSON object a line. */
  readonly logs: readonly string[]
  /** What no event and no log line may hold. */
  readonly secrets: readonly string[]
}

/** Stand for an answer that only a replay can know; see events/README.md. */
const ANSWERS = ['<code>', '<previous code>', '<wrong code>'] as const

/**
 * Reads one event file, or a folder of them in the order of their names.
 *
 * @throws Error naming the file that is not a JSON object, not a trigger event, or has a setting of no trigger
 */
export async function readSignIn(path: string): Promise<RecordedSignIn> {
  if (!(await stat(path)).isDirectory()) {
    return { name: basename(path, '.json'), events: [await readEvent(path)], settings: {} }
  }
  const files = (await readdir(path)).filter(file => file.endsWith('.json')).sort()
  const events = files.filter(file => !file.endsWith('.expected.json') && file !== 'settings.json')
  const settings = files.includes('settings.json') ? textsOf(await readJson(join(path, 'settings.json'))) : {}
  refuseUnknownSettings(Object.keys(settings), join(path, 'settings.json'))
  return {
    name: basename(resolve(path)),
    events: await Promise.all(events.map(file => readEvent(join(path, file)))),
    settings,
  }
}

/** The folders with events below a folder, in the order of their names. */
export async function findSignIns(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter(entry => entry.isDirectory())
    .map(entry => join(directory, entry.name))
    .sort()
}

/**
 * JSON files that a replay of the folder does not use: files beside folders of sign-ins, and expectations without an
 * event.
 */
export async function findUnusedFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const files = entries.flatMap(({ name }) => (name.endsWith('.json') ? [name] : [])).sort()
  const folders = entries.filter(entry => entry.isDirectory()).map(entry => join(directory, entry.name))
  const unused = files.filter(
    file =>
      folders.length > 0 ||
      (file.endsWith('.expected.json') && !files.includes(file.replace(/\.expected\.json$/, '.json'))),
  )
  const below = await Promise.all(folders.sort().map(findUnusedFiles))
  return [...unused.map(file => join(directory, file)), ...below.flat()]
}

/** @throws Error naming the settings that no trigger has */
export function refuseUnknownSettings(names: readonly string[], where: string): void {
  const unknown = names.filter(name => !SETTING_NAMES.includes(name))
  if (unknown.length === 0) return
  throw new Error(`${where}: no trigger has a setting ${unknown.join(', ')}.`)
}

/** What stays the same in every replay of an event, to be written as its expectation. */
export function expectationFrom({ trigger, response, error, mails }: EventReplay): Expectation {
  if (error !== undefined) return { error }
  if (response === undefined) return {}
  if (trigger !== 'create-auth-challenge') return { response }
  const parameters = Object.entries(objectOf(response['publicChallengeParameters']))
  const stable = parameters.filter(([name]) => !CHANGING_PARAMETERS.includes(name))
  return { response: { publicChallengeParameters: Object.fromEntries(stable) }, mails }
}

/** Times and random parts of the public parameters. */
const CHANGING_PARAMETERS = ['expiresAt', 'resendAfter', 'expiresIn', 'resendIn', 'reference']

/** Replays sign-ins one after another. */
export interface Replayer {
  /**
   * Sends the events of one sign-in to the triggers. From one to the next go, as in Cognito, the private parameters of the
   * last Create, the metadata of each round, and the result of each Verify.
   */
  replay(signIn: RecordedSignIn): Promise<Replay>
  close(): Promise<void>
}

/**
 * Sign-ins with the same settings share the processes of the triggers, whose start costs more than all their work.
 *
 * @param directory where the built triggers are
 * @param environment settings of the triggers, over the defaults and those of each sign-in
 */
export async function startReplayer(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Replayer> {
  const ses = await startSesStandIn()
  const secret = randomBytes(32).toString('hex')
  const started = new Map<string, ReadonlyMap<TriggerName, TriggerProcess>>()

  function triggersWith(own: Readonly<Record<string, string>>): ReadonlyMap<TriggerName, TriggerProcess> {
    const settings = {
      CODE_SECRET: secret,
      FROM_ADDRESS: 'no-reply@example.com',
      AWS_ENDPOINT_URL_SES: ses.url,
      ...own,
      ...environment,
    }
    const key = JSON.stringify(settings)
    const triggers =
      started.get(key) ??
      new Map(TRIGGER_NAMES.map(name => [name, startTrigger({ name, directory, environment: settings })]))
    started.set(key, triggers)
    return triggers
  }

  async function replay(signIn: RecordedSignIn): Promise<Replay> {
    ses.answerWith('accept')
    const triggers = triggersWith(signIn.settings)
    const earlierLogs = new Map([...triggers].map(([name, { logs }]) => [name, logs.length]))
    const carried: Carried = { privateParameters: undefined, metadata: [], results: [] }
    const replayed: EventReplay[] = []
    let clockOffsetMs = 0
    for (const { name, event, expected } of signIn.events) {
      clockOffsetMs += (expected?.after ?? 0) * 1000
      const trigger = triggerOf(event)
      const codes = ses.mails().map(codeIn)
      const { event: sent, notes } = carryOver(event, trigger, carried, codes)
      const outcome = await invoke(triggers.get(trigger), sent, clockOffsetMs)
      keep(outcome.response, trigger, sent, carried)
      const mails = ses.mails().length - codes.length
      replayed.push({
        name,
        trigger,
        event: withRecordedAnswer(sent, event),
        expected,
        ...outcome,
        mails,
        notes,
      })
    }
    const codes = ses.mails().map(codeIn)
    const logs = [...triggers].flatMap(([name, trigger]) => trigger.logs.slice(earlierLogs.get(name)))
    return { name: signIn.name, events: replayed, logs, secrets: [secret, ...codes] }
  }

  return {
    replay,
    async close() {
      const triggers = [...started.values()].flatMap(each => [...each.values()])
      await Promise.all(triggers.map(trigger => trigger.close()))
      await ses.close()
    },
  }
}

function codeIn(mail: SentMail): string {
  return /\b\d{6,10}\b/.exec(mail.text)?.[0] ?? ''
}

/** Where the replay differs from what is expected; empty where it does not. */
export function differencesOf(replayed: EventReplay): readonly string[] {
  const { expected, response, error, mails } = replayed
  if (expected === undefined) return []
  return [
    ...(expected.error === error ? [] : [`error: expected ${show(expected.error)}, was ${show(error)}`]),
    ...(expected.mails === undefined || expected.mails === mails
      ? []
      : [`mails: expected ${expected.mails}, were ${mails}`]),
    ...(expected.response === undefined ? [] : partsThatDiffer('response', expected.response, response)),
  ]
}

type Carried = {
  privateParameters: unknown
  readonly metadata: unknown[]
  readonly results: boolean[]
}

function carryOver(
  event: UntypedObject,
  trigger: TriggerName,
  carried: Carried,
  codes: readonly string[],
): { readonly event: UntypedObject; readonly notes: readonly string[] } {
  const request = objectOf(event['request'])
  const notes: string[] = []
  const changed: Record<string, unknown> = {}
  if (trigger === 'verify-auth-challenge-response') {
    if (carried.privateParameters !== undefined) {
      changed['privateChallengeParameters'] = carried.privateParameters
    }
    changed['challengeAnswer'] = answerOf(request['challengeAnswer'], codes)
  }
  if (Array.isArray(request['session'])) {
    let round = 0
    changed['session'] = request['session'].map((entry: unknown) => {
      const recorded = objectOf(entry)
      if (recorded['challengeName'] !== 'CUSTOM_CHALLENGE') return entry
      const challengeMetadata = carried.metadata[round] ?? recorded['challengeMetadata']
      const challengeResult = carried.results[round] ?? recorded['challengeResult']
      round++
      if (challengeResult !== recorded['challengeResult']) {
        notes.push(
          `round ${round} was ${recorded['challengeResult']} in the record, is ${challengeResult} here`,
        )
      }
      return { ...recorded, challengeResult, challengeMetadata }
    })
  }
  return { event: { ...event, request: { ...request, ...changed } }, notes }
}

/** Only the trigger gets the code: the event that is shown has the word that stands for it. */
function withRecordedAnswer(sent: UntypedObject, recorded: UntypedObject): UntypedObject {
  const { challengeAnswer } = objectOf(recorded['request'])
  if (challengeAnswer === undefined) return sent
  return { ...sent, request: { ...objectOf(sent['request']), challengeAnswer } }
}

/** By rounds, not by calls: Cognito calls a slow trigger again, and only its last answer counts. */
function keep(
  response: UntypedObject | undefined,
  trigger: TriggerName,
  sent: UntypedObject,
  carried: Carried,
): void {
  if (response === undefined) return
  if (trigger === 'create-auth-challenge') {
    carried.privateParameters = response['privateChallengeParameters']
    carried.metadata[roundsOf(sent)] = response['challengeMetadata']
  }
  if (trigger === 'verify-auth-challenge-response') {
    carried.results[Math.max(0, carried.metadata.length - 1)] = response['answerCorrect'] === true
  }
}

/** Rounds of the code that were answered before the event. */
function roundsOf(event: UntypedObject): number {
  const { session } = objectOf(event['request'])
  const entries: unknown[] = Array.isArray(session) ? session : []
  return entries.filter(entry => objectOf(entry)['challengeName'] === 'CUSTOM_CHALLENGE').length
}

function answerOf(recorded: unknown, codes: readonly string[]): unknown {
  const [previous = '', last = ''] = ['', '', ...codes].slice(-2)
  const answer = ANSWERS.find(candidate => candidate === recorded)
  if (answer === '<code>') return last
  if (answer === '<previous code>') return previous
  if (answer === '<wrong code>') return last.replace(/./, digit => String((Number(digit) + 1) % 10))
  return recorded
}

async function invoke(trigger: TriggerProcess | undefined, event: UntypedObject, clockOffsetMs: number) {
  try {
    const answer = objectOf(await trigger?.invoke(event, { clockOffsetMs }))
    return { response: objectOf(answer['response']), error: undefined }
  } catch (error) {
    if (error instanceof TriggerError) return { response: undefined, error: error.message }
    throw error
  }
}

function triggerOf(event: UntypedObject): TriggerName {
  const trigger = triggerOfSource(event['triggerSource'])
  if (trigger === undefined) {
    throw new Error(`No trigger of this project handles events of ${String(event['triggerSource'])}.`)
  }
  return trigger
}

async function readEvent(path: string): Promise<RecordedEvent> {
  const event = objectOf(await readJson(path))
  if (typeof event['triggerSource'] !== 'string') {
    throw new Error(`${path} is not a trigger event: "triggerSource" is missing.`)
  }
  const expectedPath = path.replace(/\.json$/, '.expected.json')
  const hasExpectation = await stat(expectedPath).then(
    () => true,
    () => false,
  )
  const expected = hasExpectation ? expectationOf(await readJson(expectedPath), expectedPath) : undefined
  return { name: basename(path, '.json'), event, expected }
}

function expectationOf(value: unknown, path: string): Expectation {
  const { after, response, error, mails, ...others } = objectOf(value)
  const [unknownKey] = Object.keys(others)
  if (unknownKey !== undefined) {
    throw new Error(`${path} has an unknown key: ${unknownKey}. The keys are: after, response, error, mails.`)
  }
  return {
    ...(typeof after === 'number' && { after }),
    ...(typeof response === 'object' && { response: objectOf(response) }),
    ...(typeof error === 'string' && { error }),
    ...(typeof mails === 'number' && { mails }),
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}

function partsThatDiffer(path: string, expected: unknown, actual: unknown): readonly string[] {
  if (typeof expected !== 'object' || expected === null) {
    return expected === actual ? [] : [`${path}: expected ${show(expected)}, was ${show(actual)}`]
  }
  return Object.entries(expected).flatMap(([key, value]) =>
    partsThatDiffer(`${path}.${key}`, value, objectOf(actual)[key]),
  )
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value)
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([key, text]) => [key, String(text)]))
}
