// What the time of an answer tells about whether a user exists: the built triggers, and sign-ins through the local user pool.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type LocalUserPool, startLocalUserPool } from '../local/local-user-pool.ts'
import { projectDirectory, type TriggerName } from '../local/trigger-process.ts'
import { startSesStandIn } from '../recording/ses-stand-in.ts'
import { createEvent, defineEvent, PASSWORD_PASSED, passed, verifyEvent } from '../testing/sample-events.ts'
import { integerOption } from './integer-option.ts'
import { type Machine, machine, machineText, markdownTable, median } from './measure.ts'
import { signIn } from './people.ts'

const HELP = `Usage: npm run enumeration -- [options]

Calls each built trigger for a user who exists and for one who does not, in random order, and signs both in with a wrong
password through the local user pool. Prints medians, and how often the unknown user took longer: 50 % tells nothing.

Options:
  --runs N      calls for each of both (default 1000; a tenth where a mail or a whole sign-in is measured)
  --json        print the figures as JSON
  --table FILE  print figures that --json wrote, as Markdown
  --help        print this text
`

type Comparison = {
  readonly name: string
  readonly runs: number
  /** Medians in milliseconds. */
  readonly known: number
  readonly unknown: number
  /** In how many of all pairs of measurements the unknown user took longer, from 0 to 1. */
  readonly unknownSlower: number
}

type Figures = {
  readonly machine: Machine
  readonly comparisons: readonly Comparison[]
}

type Call = () => Promise<unknown>

async function millisecondsOf(call: Call): Promise<number> {
  const start = performance.now()
  await call()
  return performance.now() - start
}

async function compare(
  name: string,
  runs: number,
  calls: { known: Call; unknown: Call },
): Promise<Comparison> {
  const times: Record<keyof typeof calls, number[]> = { known: [], unknown: [] }
  const warmUp = Math.ceil(runs / 10)
  for (let run = -warmUp; run < runs; run += 1) {
    const order = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
    for (const user of order) {
      const time = await millisecondsOf(calls[user])
      if (run >= 0) times[user].push(time)
    }
  }
  const { known, unknown } = times
  const pairs = known.map(one => unknown.filter(other => other > one).length)
  const unknownSlower = pairs.reduce((sum, count) => sum + count, 0) / (runs * runs)
  return { name, runs, known: median(known), unknown: median(unknown), unknownSlower }
}

type Handler = (event: object) => Promise<{ response: Record<string, unknown> }>

async function handlerOf(trigger: TriggerName): Promise<Handler> {
  return (await import(pathToFileURL(join(projectDirectory, 'dist', trigger, 'index.mjs')).href)).handler
}

const NOT_THERE = { userNotFound: true, userAttributes: {} }

/** Mails take 60 to 100 ms here. */
async function compareTriggers(runs: number): Promise<Comparison[]> {
  const ses = await startSesStandIn()
  ses.answerWith(() => ({ acceptAfterMilliseconds: 60 + 40 * Math.random() }))
  Object.assign(process.env, {
    CODE_SECRET: 'ab'.repeat(32),
    FROM_ADDRESS: 'no-reply@example.com',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
  })
  const { info, warn } = console
  Object.assign(console, { info() {}, warn() {} })
  try {
    const define = await handlerOf('define-auth-challenge')
    const create = await handlerOf('create-auth-challenge')
    const verify = await handlerOf('verify-auth-challenge-response')
    const parametersFor = async (request: object) => {
      const { response } = await create(createEvent(PASSWORD_PASSED, request))
      const kept = Object(response['privateChallengeParameters'])
      return Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, String(value)]))
    }
    const ofKnown = await parametersFor({})
    const ofUnknown = await parametersFor(NOT_THERE)
    return [
      await compare('Define, password asked', runs, {
        known: () => define(defineEvent([passed('SRP_A')])),
        unknown: () => define(defineEvent([passed('SRP_A')], NOT_THERE)),
      }),
      await compare('Create, with and without a mail', Math.ceil(runs / 10), {
        known: () => create(createEvent(PASSWORD_PASSED)),
        unknown: () => create(createEvent(PASSWORD_PASSED, NOT_THERE)),
      }),
      await compare('Verify, wrong code', runs, {
        known: () => verify(verifyEvent(ofKnown, '000000')),
        unknown: () => verify(verifyEvent(ofUnknown, '000000', NOT_THERE)),
      }),
    ]
  } finally {
    Object.assign(console, { info, warn })
    await ses.close()
  }
}

/** A sign-in with a wrong password, up to the error. */
async function failToSignIn(pool: LocalUserPool, username: string): Promise<void> {
  const person = { username, isNew: false, password: 'Wrong-password-1' }
  const end = await signIn(pool, person, () => '').catch((error: unknown) => String(error))
  if (!end?.includes('NotAuthorizedException')) throw new Error(`The sign-in ended in ${end ?? 'tokens'}.`)
}

async function compareSignIns(runs: number): Promise<Comparison> {
  const username = 'known@example.com'
  const pool = await startLocalUserPool({
    users: [{ username, password: 'Permanent-1', status: 'CONFIRMED' }],
  })
  try {
    return await compare('local user pool, wrong password', Math.ceil(runs / 10), {
      known: () => failToSignIn(pool, username),
      unknown: () => failToSignIn(pool, 'unknown@example.com'),
    })
  } finally {
    await pool.close()
  }
}

function tableOf({ machine, comparisons }: Figures): string {
  const time = (milliseconds: number) =>
    milliseconds < 1 ? `${(milliseconds * 1000).toFixed(0)} us` : `${milliseconds.toFixed(1)} ms`
  const table = markdownTable(
    ['answer', 'calls', 'known user, median', 'unknown user, median', 'the unknown one took longer'],
    comparisons.map(({ name, runs, known, unknown, unknownSlower }) => [
      name,
      String(runs),
      time(known),
      time(unknown),
      `${(unknownSlower * 100).toFixed(0)} %`,
    ]),
  )
  return `${table}\n\n${machineText(machine)}.\n`
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
    table: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(HELP)
} else if (values.table !== undefined) {
  process.stdout.write(tableOf(JSON.parse(await readFile(values.table, 'utf8'))))
} else {
  const runs = integerOption('runs', values.runs)
  const figures: Figures = {
    machine: machine(),
    comparisons: [...(await compareTriggers(runs)), await compareSignIns(runs)],
  }
  process.stdout.write(values.json ? `${JSON.stringify(figures, null, 2)}\n` : tableOf(figures))
}
