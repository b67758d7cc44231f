// Thousands of sign-ins at a time through the local user pool and the built triggers, while mail and triggers fail.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { type JsonObject, parseJsonObject, stringAt } from '../command/json.ts'
import { progressBar } from '../command/terminal.ts'
import { type LocalUserPool, startLocalUserPool } from '../local/local-user-pool.ts'
import { TRIGGER_NAMES } from '../local/trigger-process.ts'
import { type SesAnswer, type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { childProcesses } from './child-processes.ts'
import { integerOption } from './integer-option.ts'
import { type LimitTable, serveLimitTable, startLimitTable } from './limit-table.ts'
import { machine, machineText, median } from './measure.ts'
import {
  localUsersOf,
  mailReader,
  type Participant,
  PoolError,
  people as peopleOf,
  signIn,
} from './people.ts'
import { randomNumbers, shuffledDeck } from './random-numbers.ts'

const HELP = `Usage: npm run load -- [options]

Signs users in, many at a time, with the built triggers, a mail server that throttles, refuses, is slow and breaks off,
and triggers that are killed. Half of the users have a temporary password. Each person tries again after an error, as
people do. Fails if a sign-in ends in anything but tokens or a documented error, if a code opens another sign-in, or if the
mails and the counts differ.

Options:
  --sign-ins N  how many (default 5000)
  --clients N   how many at a time (default 100)
  --seed N      of the faults (default 1)
  --no-faults   mail and triggers work: how many sign-ins a second the local user pool takes
  --write FILE  write the report as Markdown
  --json        print the figures as JSON
  --help        print this text
`

const TRIES_OF_A_PERSON = 8

/** What a person may see when mail or a trigger fails. Anything else is a fault of this project. */
const TRUE_ERRORS: readonly RegExp[] = [
  /^UserLambdaValidationException: CreateAuthChallenge failed with error The code could not be sent/,
  /^UserLambdaValidationException: PreTokenGeneration failed with error .* enter the code/,
  /^UserLambdaValidationException: \w+ failed with error RequestId Error: Runtime exited with error: signal: killed/,
]

type Figures = {
  signIns: number
  clients: number
  signedIn: number
  gaveUp: number
  /** How often a person met an error, by its text. */
  errors: Record<string, number>
  /** Mails that somebody else's code was tried on. */
  otherCodesTried: number
  otherCodesAccepted: number
  triggersKilled: number
  mailsAccepted: number
  mailsCounted: number
  mailsLogged: number
  mailsFailed: number
  /** The table did not answer in time; LIMIT_FAILURE=allow lets the mail go uncounted. */
  countsFailed: number
  seconds: number
  signInsPerSecond: number
  megabytes: { early: number; end: number }
}

/** How SES answers fifty requests. */
const MAIL_ANSWERS: readonly SesAnswer[] = [
  ...Array<SesAnswer>(40).fill('accept'),
  { acceptAfterMilliseconds: 1_500 },
  { acceptAfterMilliseconds: 1_500 },
  { code: 'Throttling', message: 'Maximum sending rate exceeded.', status: 400 },
  { code: 'Throttling', message: 'Maximum sending rate exceeded.', status: 400 },
  // The one that no other try can help.
  { code: 'MessageRejected', message: 'Email address is not verified.', status: 400 },
  { code: 'ServiceUnavailable', status: 503 },
  'reset',
  'late-reset',
  'half-answer',
  'never',
]

/** One of so many. */
const oneOf = (count: number): boolean[] => Array.from({ length: count }, (_, index) => index === 0)

/** Median of the triggers' processes; 0 where the machine does not tell. */
function megabytesOfTriggers(): number {
  const sizes = childProcesses().map(({ megabytes }) => megabytes)
  return sizes.length === 0 ? 0 : Math.round(median(sizes))
}

type Options = {
  readonly signIns: number
  readonly clients: number
  readonly seed: number
  readonly hasFaults: boolean
}

async function run(
  { signIns, clients, seed, hasFaults }: Options,
  show: (done: number) => void,
): Promise<Figures> {
  const random = randomNumbers(seed)
  const ses = await startSesStandIn()
  const table = await startLimitTable(new URL(import.meta.url))
  if (hasFaults) ses.answerWith(shuffledDeck(MAIL_ANSWERS, random))
  const people = peopleOf(signIns)
  const pool = await startLocalUserPool({
    users: localUsersOf(people),
    environment: {
      AWS_ENDPOINT_URL_SES: ses.url,
      AWS_ENDPOINT_URL_DYNAMODB: table.url,
      LIMIT_TABLE: 'limits',
      MAX_CODES_PER_HOUR: String(TRIES_OF_A_PERSON * 3),
      MAX_CODES_PER_DAY: String(TRIES_OF_A_PERSON * 3),
    },
  })
  try {
    return await signInAll(pool, { people, clients, random, hasFaults, ses, table, show })
  } finally {
    await pool.close()
    await ses.close()
    await table.close()
  }
}

type Load = {
  readonly people: readonly Participant[]
  readonly clients: number
  readonly random: () => number
  readonly hasFaults: boolean
  readonly ses: SesStandIn
  readonly table: LimitTable
  readonly show: (done: number) => void
}

async function signInAll(pool: LocalUserPool, load: Load): Promise<Figures> {
  const { people, clients, random, hasFaults, ses, table, show } = load
  const codeOf = mailReader(ses)
  const figures: Figures = {
    signIns: people.length,
    clients,
    signedIn: 0,
    gaveUp: 0,
    errors: {},
    otherCodesTried: 0,
    otherCodesAccepted: 0,
    triggersKilled: 0,
    mailsAccepted: 0,
    mailsCounted: 0,
    mailsLogged: 0,
    mailsFailed: 0,
    countsFailed: 0,
    seconds: 0,
    signInsPerSecond: 0,
    megabytes: { early: 0, end: 0 },
  }
  const triesOtherCode = shuffledDeck(oneOf(10), random)
  const isKilled = shuffledDeck(oneOf(50), random)
  const killed = shuffledDeck(TRIGGER_NAMES, random)
  let lastCode = ''
  let done = 0

  /** Answers the challenges of one sign-in; one in ten with the code of somebody else first. */
  function codesFor({ username }: Participant) {
    let other = triesOtherCode() ? lastCode : ''
    const attempt = {
      isOther: false,
      next(challenge: JsonObject): string {
        const reference = stringAt(challenge, 'reference') ?? ''
        const code = codeOf(username, reference)
        if (code === undefined) throw new PoolError(`No mail has the reference ${reference}.`)
        attempt.isOther = other !== '' && other !== code
        const answer = attempt.isOther ? other : code
        if (attempt.isOther) figures.otherCodesTried += 1
        other = ''
        lastCode = code
        return answer
      },
    }
    return attempt
  }

  async function signInPatiently(person: Participant): Promise<boolean> {
    for (let tries = 0; tries < TRIES_OF_A_PERSON; tries += 1) {
      if (hasFaults && isKilled()) {
        pool.faults.killTrigger(killed())
        figures.triggersKilled += 1
      }
      const codes = codesFor(person)
      try {
        await signIn(pool, person, codes.next)
        if (codes.isOther) figures.otherCodesAccepted += 1
        return true
      } catch (error) {
        if (!(error instanceof PoolError)) throw error
        const text = error.message.replace(/RequestId: [\w-]+/, 'RequestId')
        figures.errors[text] = (figures.errors[text] ?? 0) + 1
      }
    }
    return false
  }

  const waiting = people[Symbol.iterator]()
  async function client(): Promise<void> {
    for (const person of waiting) {
      if (await signInPatiently(person)) figures.signedIn += 1
      else figures.gaveUp += 1
      done += 1
      show(done)
      if (done === Math.ceil(people.length / 5)) figures.megabytes.early = megabytesOfTriggers()
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - start) / 1000
  figures.seconds = Math.round(seconds)
  figures.signInsPerSecond = Math.round((people.length / seconds) * 10) / 10
  figures.megabytes.end = megabytesOfTriggers()
  figures.mailsAccepted = ses.requests.filter(({ accepted }) => accepted).length
  figures.mailsCounted = await table.counted()
  const events = pool.logs.map(
    line => stringAt(parseJsonObject(line), 'message', 'event') ?? stringAt(parseJsonObject(line), 'event'),
  )
  figures.mailsLogged = events.filter(event => event === 'code-sent').length
  figures.countsFailed = events.filter(event => event === 'limit-failed').length
  figures.mailsFailed = events.filter(event => event === 'code-not-sent').length
  return figures
}

/** What is wrong with a run, in words; nothing where every promise held. */
function broken(figures: Figures): string[] {
  const { triggersKilled, mailsAccepted, mailsCounted, mailsLogged, mailsFailed, countsFailed, megabytes } =
    figures
  const untrue = Object.keys(figures.errors).filter(text => !TRUE_ERRORS.some(pattern => pattern.test(text)))
  return [
    figures.gaveUp > 0 ? `${figures.gaveUp} people did not get in.` : '',
    ...untrue.map(text => `This error is not documented: ${text}`),
    figures.otherCodesAccepted > 0 ? `${figures.otherCodesAccepted} codes opened another sign-in.` : '',
    mailsAccepted < mailsLogged ? 'Mails are logged that no server accepted.' : '',
    // A mail that was accepted too late is logged as failed; a trigger that is killed behind its mail logs nothing.
    mailsAccepted - mailsLogged - mailsFailed > triggersKilled
      ? 'Mails went out that no log line tells of.'
      : '',
    mailsCounted + countsFailed < mailsAccepted ? 'Mails went out that were not counted.' : '',
    mailsCounted - mailsLogged - mailsFailed > triggersKilled ? 'More mails are counted than were due.' : '',
    megabytes.end > megabytes.early * 1.25 + 5 ? 'The memory of the triggers grew.' : '',
  ].filter(text => text !== '')
}

function reportOf(figures: Figures, problems: readonly string[], command: string): string {
  const { errors, megabytes } = figures
  const rows: readonly (readonly [string, string | number])[] = [
    ['sign-ins, half of them first ones', figures.signIns],
    ['at a time', figures.clients],
    ['ended signed in', figures.signedIn],
    ['gave up', figures.gaveUp],
    [
      'errors on the way, after which the person signed in again',
      Object.values(errors).reduce((sum, count) => sum + count, 0),
    ],
    ['codes of another sign-in tried', figures.otherCodesTried],
    ['codes of another sign-in accepted', figures.otherCodesAccepted],
    ['triggers killed at work', figures.triggersKilled],
    ['mails accepted by the mail server', figures.mailsAccepted],
    ['mails logged as sent', figures.mailsLogged],
    ['mails logged as failed', figures.mailsFailed],
    ['mails counted in the limit table', figures.mailsCounted],
    ['mails that the table did not count in time, logged and allowed', figures.countsFailed],
    ['median memory of a trigger process after a fifth of the sign-ins', `${megabytes.early} MB`],
    ['at the end', `${megabytes.end} MB`],
    ['duration', `${figures.seconds} s`],
    [
      'sign-ins per second, client, pool, triggers and mail server on this one machine',
      figures.signInsPerSecond,
    ],
  ]
  const errorRows = Object.entries(errors).map(([text, count]) => `| ${count} | ${text} |`)
  return `# Sign-ins under load, while mail and triggers fail

Written by \`${command}\`. What it does: \`npm run load -- --help\`.

Machine: ${machineText(machine())}; one run.

| | |
|---|---|
${rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n')}

${problems.length === 0 ? 'Every promise held.' : problems.join('\n')}

A mail is counted before it is sent, so the count is that of the accepted and the failed mails; a trigger that is killed
in between has counted or sent a mail and logged nothing.

The pool, the mail server and the people share one process here. The table has a thread of its own, so that it answers
within the second that Create gives it; where it does not, Create logs it and, with LIMIT_FAILURE=allow, mails uncounted.

| times | error that a person met |
|---|---|
${errorRows.join('\n')}
`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'sign-ins': { type: 'string', default: '5000' },
      clients: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      'no-faults': { type: 'boolean', default: false },
      write: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const signIns = integerOption('sign-ins', values['sign-ins'])
  const clients = integerOption('clients', values.clients)
  const bar = progressBar(process, 'Signing in')
  const figures = await run(
    { signIns, clients, seed: integerOption('seed', values.seed), hasFaults: !values['no-faults'] },
    done => bar.show(done, signIns),
  )
  bar.end()
  const problems = broken(figures)
  const report = reportOf(figures, problems, ['npm run load --', ...process.argv.slice(2)].join(' '))
  if (values.write !== undefined) await writeFile(values.write, report)
  process.stdout.write(values.json ? `${JSON.stringify({ ...figures, problems })}\n` : report)
  process.exitCode = problems.length > 0 ? 1 : 0
}

await (isMainThread ? main() : serveLimitTable())
