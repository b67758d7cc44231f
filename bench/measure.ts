// What the benchmarks share: fresh processes in turns, medians, events, a mail server with and without TLS, shares of a processor.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { TriggerName } from '../local/trigger-process.ts'
import { keyIdOf } from '../shared/code.ts'
import { writeRound } from '../shared/code-round.ts'

const run = promisify(execFile)

export const builtTrigger = (name: TriggerName) => resolve(`dist/${name}/index.mjs`)

/** Milliseconds on the clock, and of processor time (user and system), which other work on the machine changes less. */
export type Times = { readonly milliseconds: number; readonly processor: number }

/** What one fresh process took. `answer` counts from the start of the process, `next` is the second call alone. */
export type ProcessTimes = { readonly load: Times; readonly answer: Times; readonly next: Times }

export type Machine = {
  readonly node: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly date: string
}

export function machine(): Machine {
  return {
    node: process.version,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    date: new Date().toISOString().slice(0, 10),
  }
}

export const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_LAMBDA_LOG_FORMAT: 'JSON',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  CODE_SECRET: '0123456789abcdef'.repeat(4),
  FROM_ADDRESS: 'no-reply@example.com',
  NODE_NO_WARNINGS: '1',
}

const NONCE = '00'.repeat(16)
/** A round must not expire while it is measured. */
const FAR_OFF = 4_000_000_000_000

/** An ordinary event of a trigger, after `wrongCodes` wrong codes in the same sign-in. */
export function eventOf(trigger: TriggerName, wrongCodes = 0): object {
  const entry = (challengeName: string, challengeResult: boolean, challengeMetadata: string | null) => ({
    challengeName,
    challengeResult,
    challengeMetadata,
  })
  const round = (index: number) =>
    writeRound({
      reason: index === 0 ? 'first' : 'wrong-code',
      nonce: NONCE,
      keyId: keyIdOf(Buffer.from(ENVIRONMENT.CODE_SECRET, 'hex')),
      sentAt: FAR_OFF - 600_000,
      expiresAt: FAR_OFF,
      sends: 1,
    })
  const session = [
    entry('SRP_A', true, null),
    entry('PASSWORD_VERIFIER', true, null),
    ...Array.from({ length: wrongCodes }, (_, index) => entry('CUSTOM_CHALLENGE', false, round(index))),
  ]
  const kept = {
    passwordStep: 'PASSWORD_VERIFIER',
    nonce: NONCE,
    expiresAt: String(FAR_OFF),
    wrongCodes: String(wrongCodes),
  }
  const requests = {
    'define-auth-challenge': ['DefineAuthChallenge_Authentication', { session }],
    'create-auth-challenge': [
      'CreateAuthChallenge_Authentication',
      { session, challengeName: 'CUSTOM_CHALLENGE' },
    ],
    'verify-auth-challenge-response': [
      'VerifyAuthChallengeResponse_Authentication',
      { challengeAnswer: '000000', privateChallengeParameters: kept },
    ],
    'pre-token-generation': ['TokenGeneration_Authentication', {}],
  } as const
  const [triggerSource, request] = requests[trigger]
  return {
    version: '1',
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_EXAMPLE00',
    userName: 'person',
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: '1example23456789client0000' },
    triggerSource,
    request: { userAttributes: { sub: 'person', email: 'person@example.com' }, ...request },
    response: {},
  }
}

/**
 * Runs a program of bench/processes/ in a fresh process, in a group if there is one.
 *
 * @returns what it printed, as JSON
 */
export async function inFreshProcess(
  program: 'cold' | 'warm',
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  group?: ProcessorGroup,
) {
  const command = [process.execPath, `bench/processes/${program}.mjs`, ...parameters]
  const inGroup = ['/bin/sh', '-c', `echo $$ > ${group?.members}; exec "$@"`, 'sh', ...command]
  const [file = '', ...others] = group === undefined ? command : inGroup
  const env = { ...ENVIRONMENT, ...environment }
  const { stdout } = await run(file, others, { env })
  return JSON.parse(stdout)
}

/** What a fresh process takes to load a module and to answer its first two calls, if it has a handler. */
export function timeProcess(
  file: string,
  event: object,
  environment: Readonly<Record<string, string>>,
  group?: ProcessorGroup,
): Promise<ProcessTimes> {
  return inFreshProcess('cold', [file, JSON.stringify(event)], environment, group)
}

/** What each subject takes, `runs` times, in turns: what else the machine does then falls on all of them alike. */
export async function inTurns<Subject, Result>(
  subjects: readonly Subject[],
  runs: number,
  time: (subject: Subject) => Promise<Result>,
  show: (done: number, total: number) => void,
): Promise<{ readonly subject: Subject; readonly results: readonly Result[] }[]> {
  const all = subjects.map(subject => ({ subject, results: [] as Result[] }))
  let done = 0
  for (let round = 0; round < runs; round++) {
    for (const { subject, results } of all) {
      results.push(await time(subject))
      show(++done, runs * subjects.length)
    }
  }
  return all
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** @param part of all values, from 0 to 1 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export function medianTimes(values: readonly Times[]): Times {
  const rounded = (key: keyof Times) => Number(median(values.map(value => value[key])).toFixed(2))
  return { milliseconds: rounded('milliseconds'), processor: rounded('processor') }
}

export type MailServer = {
  /** What a process needs to know to send its mail here. */
  readonly environment: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

/** What SES answers to SendEmail and to SendRawEmail. */
const sesAnswer = (action: string) =>
  `<${action}Response xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><${action}Result><MessageId>1</MessageId></${action}Result></${action}Response>`

/** Accepts every mail at once: of SES in both versions of its API, and of any HTTP API. */
export async function startMailServer(protocol: 'http' | 'https'): Promise<MailServer> {
  const answer: RequestListener = (request, response) => {
    const isQuery = request.headers['content-type'] === 'application/x-www-form-urlencoded'
    const chunks: Buffer[] = []
    request
      .on('data', chunk => chunks.push(chunk))
      .on('end', () => {
        const action = new URLSearchParams(Buffer.concat(chunks).toString()).get('Action') ?? ''
        response.setHeader('content-type', isQuery ? 'text/xml' : 'application/json')
        response.end(isQuery ? sesAnswer(action) : '{"MessageId":"1"}')
      })
  }
  const certificate = protocol === 'https' ? await makeCertificate() : undefined
  const server = certificate === undefined ? createServer(answer) : createTlsServer(certificate, answer)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const url = `${protocol}://localhost:${typeof address === 'object' ? address?.port : ''}`
  return {
    environment: {
      AWS_ENDPOINT_URL_SES: url,
      AWS_ENDPOINT_URL_SESV2: url,
      ...(certificate && { NODE_EXTRA_CA_CERTS: certificate.file }),
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      await certificate?.remove()
    },
  }
}

/** A certificate for localhost that its own process trusts through NODE_EXTRA_CA_CERTS. */
async function makeCertificate() {
  const directory = await mkdtemp(join(tmpdir(), 'bench-certificate-'))
  const [keyFile, file] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await run('openssl', ['req', ...kind, ...subject, '-keyout', keyFile, '-out', file])
  const [key, cert] = [await readFile(keyFile), await readFile(file)]
  return { key, cert, file, remove: () => rm(directory, { recursive: true }) }
}

/** A control group of Linux. Who writes a process id into `members` puts the process there. */
export type ProcessorGroup = { readonly members: string; readonly remove: () => Promise<void> }

/** Lambda's own is not documented. */
const PERIOD_MICROSECONDS = 20_000

/**
 * A group whose processes have a part of one processor between them.
 *
 * @throws if this machine has no control groups for processors, or this user may not make one
 */
export async function makeProcessorGroup(share: number): Promise<ProcessorGroup> {
  const root = '/sys/fs/cgroup'
  const isUnified = existsSync(`${root}/cgroup.controllers`)
  const directory = `${isUnified ? root : `${root}/cpu`}/bench-${process.pid}-${Math.round(share * 1000)}`
  const quota = Math.round(share * PERIOD_MICROSECONDS)
  const limits = isUnified
    ? [['cpu.max', `${quota} ${PERIOD_MICROSECONDS}`]]
    : [
        ['cpu.cfs_period_us', String(PERIOD_MICROSECONDS)],
        ['cpu.cfs_quota_us', String(quota)],
      ]
  try {
    await mkdir(directory)
    for (const [file, limit = ''] of limits) await writeFile(`${directory}/${file}`, limit)
  } catch (cause) {
    throw new Error('No control group for processors can be made: run as root on Linux.', { cause })
  }
  return { members: `${directory}/cgroup.procs`, remove: () => rmdir(directory) }
}

export type Benchmark<Result> = {
  /** What it measures, for --help. */
  readonly help: string
  /** Fresh processes per measurement, unless --runs says otherwise. */
  readonly runs: number
  readonly measure: (runs: number, show: (done: number, total: number) => void) => Promise<Result>
  /** The results as Markdown: the terminal and the documents show the same. */
  readonly table: (result: Result) => string
  readonly goals: (result: Result) => readonly Goal[]
}

/** A ratio of processor times that is not to be exceeded. */
export type Goal = { readonly name: string; readonly ratio: number; readonly goal: number }

export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), `|${headings.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

export function goalTable(goals: readonly Goal[]): string {
  return markdownTable(
    ['ratio of processor times', 'measured', 'goal', ''],
    goals.map(({ name, ratio, goal }) => [
      name,
      `${ratio.toFixed(2)}`,
      `at most ${goal}`,
      ratio <= goal ? 'met' : '**missed**',
    ]),
  )
}

export function machineText({ node, processor, cores, memoryGiB, date }: Machine): string {
  return `Node.js ${node}, ${cores} x ${processor}, ${memoryGiB} GiB, ${date}`
}

export function machineLine(machine: Machine, runs: number): string {
  return `${machineText(machine)}; medians of ${runs} fresh processes in turns.`
}
