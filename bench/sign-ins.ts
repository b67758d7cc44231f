// Whole sign-ins per second through the local user pool and the built triggers, with 1, 8 and 32 clients.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { startLocalUserPool } from '../local/local-user-pool.ts'
import { startSesStandIn } from '../recording/ses-stand-in.ts'
import { integerOption } from './integer-option.ts'
import { type Machine, machine, machineText, markdownTable, median } from './measure.ts'
import { localUsersOf, mailReader, type Participant, people, type SignInTarget, signIn } from './people.ts'

const HELP = `Usage: npm run bench:sign-ins -- [options]

Signs users in through the local user pool, with SRP, the built triggers and a code from each mail; half of them have a temporary
password. The clients and the mail server are in one thread, the pool in another, each trigger in processes of its own.

Options:
  --clients N,N    how many at a time (default 1,8,32)
  --sign-ins N     in each run (default 200)
  --runs N         of which the median counts (default 5)
  --json           print the figures as JSON
  --table FILE     print the table of figures that were written with --json
  --help           print this text
`

type Work = { readonly pool: SignInTarget; readonly clients: number; readonly signIns: number }

type Measured = { readonly milliseconds: number; readonly processorMs: number }

type Row = {
  readonly clients: number
  /** Of each run. */
  readonly signInsPerSecond: readonly number[]
  readonly median: number
  /** Processor time of one sign-in in clients, mail server and pool, without the triggers; median. */
  readonly processorMs: number
}

type Figures = {
  readonly machine: Machine
  readonly signIns: number
  readonly runs: number
  readonly rows: readonly Row[]
}

/** How many sign in before the measurement begins: processes start, and code gets warm. */
const warmUpFor = (signIns: number) => Math.min(40, signIns)

/** The thread of the clients: says where it takes mail, then signs in as told and says how long that took. */
async function beClients(port: NonNullable<typeof parentPort>): Promise<void> {
  const ses = await startSesStandIn()
  const codeOf = mailReader(ses)
  async function signInAll(
    pool: SignInTarget,
    persons: readonly Participant[],
    clients: number,
  ): Promise<void> {
    const waiting = persons.values()
    async function client(): Promise<void> {
      for (const person of waiting) {
        await signIn(pool, person, ({ reference }) => codeOf(person.username, String(reference)) ?? '')
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
  }
  port.on('message', async ({ pool, clients, signIns }: Work) => {
    const warmUp = warmUpFor(signIns)
    const persons = people(warmUp + signIns)
    await signInAll(pool, persons.slice(0, warmUp), clients)
    const start = performance.now()
    const before = process.cpuUsage()
    await signInAll(pool, persons.slice(warmUp), clients)
    const { user, system } = process.cpuUsage(before)
    const measured: Measured = {
      milliseconds: performance.now() - start,
      processorMs: (user + system) / 1000,
    }
    port.postMessage(measured)
  })
  port.postMessage(ses.url)
}

/** What the thread of the clients says next. @throws Error when it fails */
function answerOf<Answer>(worker: Worker): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function measure(clients: readonly number[], signIns: number, runs: number): Promise<Figures> {
  const worker = new Worker(new URL(import.meta.url))
  const mailUrl = await answerOf<string>(worker)
  const measured = new Map<number, Measured[]>(clients.map(count => [count, []]))
  for (let run = 0; run < runs; run += 1) {
    for (const [count, results] of measured) {
      const users = localUsersOf(people(warmUpFor(signIns) + signIns))
      const pool = await startLocalUserPool({ users, environment: { AWS_ENDPOINT_URL_SES: mailUrl } })
      const { endpoint, userPoolId, clientId } = pool
      const work: Work = { pool: { endpoint, userPoolId, clientId }, clients: count, signIns }
      const answer = answerOf<Measured>(worker)
      worker.postMessage(work)
      results.push(await answer)
      await pool.close()
    }
  }
  await worker.terminate()
  const rows = [...measured].map(([count, results]) => {
    const signInsPerSecond = results.map(({ milliseconds }) => rounded((signIns / milliseconds) * 1000))
    const processorMs = rounded(median(results.map(result => result.processorMs / signIns)))
    return { clients: count, signInsPerSecond, median: median(signInsPerSecond), processorMs }
  })
  return { machine: machine(), signIns, runs, rows }
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10
}

function tableOf({ machine, signIns, runs, rows }: Figures): string {
  const table = markdownTable(
    [
      'clients',
      'sign-ins per second',
      'lowest and highest run',
      'processor time of one, ms, without the triggers',
    ],
    rows.map(({ clients, signInsPerSecond, ...row }) => {
      const span = `${Math.min(...signInsPerSecond)} to ${Math.max(...signInsPerSecond)}`
      return [String(clients), String(row.median), span, String(row.processorMs)]
    }),
  )
  return `${table}\n\n${machineText(machine)}; medians of ${runs} runs of ${signIns} sign-ins.\n`
}

async function runCommand(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '1,8,32' },
      'sign-ins': { type: 'string', default: '200' },
      runs: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      table: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (values.table !== undefined) {
    const figures: Figures = JSON.parse(readFileSync(values.table, 'utf8'))
    process.stdout.write(tableOf(figures))
    return
  }
  const clients = values.clients.split(',').map(text => integerOption('clients', text))
  const signIns = integerOption('sign-ins', values['sign-ins'])
  const figures = await measure(clients, signIns, integerOption('runs', values.runs))
  process.stdout.write(values.json ? `${JSON.stringify(figures, null, 2)}\n` : tableOf(figures))
}

if (isMainThread || parentPort === null) await runCommand()
else await beClients(parentPort)
