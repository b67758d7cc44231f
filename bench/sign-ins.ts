// Whole sign-ins per second through the local user pool and the built triggers, with 1, 8 and 32 clients.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startLocalUserPool } from '../local/local-user-pool.ts'
import { startSesStandIn } from '../recording/ses-stand-in.ts'
import { childProcesses } from './child-processes.ts'
import { integerOption } from './integer-option.ts'
import { machine, median } from './measure.ts'
import { localUsersOf, mailReader, type Participant, people, type SignInTarget, signIn } from './people.ts'
import { type Shares, type SignIns, signInsTable } from './sign-ins-table.ts'

const HELP = `Usage: npm run bench:sign-ins -- [options]

Signs users in through the local user pool, with SRP, the built triggers and a code from each mail; half of them have a temporary
password. The clients are in one process with the mail server, the pool is in another one, each trigger in processes of its own: the
clients compute as much as the pool, so the processor time of each is told apart (of the triggers on Linux only).

Options:
  --clients N,N    how many at a time (default 1,8,32)
  --sign-ins N     in each run (default 200)
  --runs N         of which the median counts (default 5)
  --json           print the figures as JSON
  --write          write them to docs/evidence/sign-ins.json, too, which the documents are made of
  --help           print this text
`

type Work = { readonly pool: SignInTarget; readonly clients: number; readonly signIns: number }

type Measured = { readonly milliseconds: number; readonly processorMs: number }

/** How many sign in before the measurement begins: processes start, and code gets warm. */
const warmUpFor = (signIns: number) => Math.min(40, signIns)

/** Tells the process of the clients apart. */
const CLIENTS = '--be-clients'

/** The process of the clients: says where it takes mail, then signs in as told and says how long that took. */
async function beClients(send: (answer: string | Measured) => void): Promise<void> {
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
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ pool, clients, signIns }: Work) => {
    const warmUp = warmUpFor(signIns)
    const persons = people(warmUp + signIns)
    await signInAll(pool, persons.slice(0, warmUp), clients)
    send('warm')
    const start = performance.now()
    const before = processorMs()
    await signInAll(pool, persons.slice(warmUp), clients)
    send({ milliseconds: performance.now() - start, processorMs: processorMs() - before })
  })
  send(ses.url)
}

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What the process of the clients says next. @throws Error when it ends instead */
async function answerOf<Answer>(clients: ChildProcess): Promise<Answer> {
  const over = new AbortController()
  const ended = once(clients, 'exit', { signal: over.signal }).then(() => {
    throw new Error('The clients ended.')
  })
  const answered = once(clients, 'message', { signal: over.signal }).then(([answer]) => answer)
  try {
    return await Promise.race([answered, ended])
  } finally {
    over.abort()
    for (const waiting of [answered, ended]) waiting.catch(() => undefined)
  }
}

/** What the pool's process and the triggers took so far. */
function sharesNow(clients: ChildProcess): Omit<Shares, 'clients'> {
  const triggers = childProcesses().filter(({ id }) => id !== clients.pid)
  return { pool: processorMs(), triggers: triggers.reduce((sum, each) => sum + each.processorMs, 0) }
}

/** One run, in a pool of its own. */
async function runOnce(clients: ChildProcess, mailUrl: string, count: number, signIns: number) {
  const users = localUsersOf(people(warmUpFor(signIns) + signIns))
  const pool = await startLocalUserPool({ users, environment: { AWS_ENDPOINT_URL_SES: mailUrl } })
  const { endpoint, userPoolId, clientId } = pool
  const work: Work = { pool: { endpoint, userPoolId, clientId }, clients: count, signIns }
  const warm = answerOf<'warm'>(clients)
  clients.send(work)
  await warm
  const before = sharesNow(clients)
  const measured = await answerOf<Measured>(clients)
  const after = sharesNow(clients)
  await pool.close()
  const shares: Shares = {
    clients: measured.processorMs / signIns,
    pool: (after.pool - before.pool) / signIns,
    triggers: (after.triggers - before.triggers) / signIns,
  }
  return { signInsPerSecond: rounded((signIns / measured.milliseconds) * 1000), shares }
}

async function measure(counts: readonly number[], signIns: number, runs: number): Promise<SignIns> {
  const clients = fork(fileURLToPath(import.meta.url), [CLIENTS])
  const mailUrl = await answerOf<string>(clients)
  const measured = new Map<number, Awaited<ReturnType<typeof runOnce>>[]>(counts.map(count => [count, []]))
  for (let run = 0; run < runs; run += 1) {
    for (const [count, results] of measured) {
      results.push(await runOnce(clients, mailUrl, count, signIns))
    }
  }
  clients.disconnect()
  const rows = [...measured].map(([count, results]) => {
    const signInsPerSecond = results.map(result => result.signInsPerSecond)
    const share = (part: keyof Shares) => rounded(median(results.map(({ shares }) => shares[part])))
    const processorMs = { clients: share('clients'), pool: share('pool'), triggers: share('triggers') }
    return { clients: count, signInsPerSecond, median: median(signInsPerSecond), processorMs }
  })
  return { machine: machine(), signIns, runs, rows }
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10
}

async function runCommand(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '1,8,32' },
      'sign-ins': { type: 'string', default: '200' },
      runs: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const clients = values.clients.split(',').map(text => integerOption('clients', text))
  const signIns = integerOption('sign-ins', values['sign-ins'])
  const figures = await measure(clients, signIns, integerOption('runs', values.runs))
  const json = `${JSON.stringify(figures, null, 2)}\n`
  if (values.write) writeFileSync('docs/evidence/sign-ins.json', json)
  process.stdout.write(values.json ? json : `${signInsTable(figures)}\n`)
}

const send = process.argv.includes(CLIENTS) ? process.send?.bind(process) : undefined
if (send === undefined) await runCommand()
else await beClients(send)
