// Cold starts: what loading each trigger costs in a fresh process, and how long the first mail takes. Prints ratios.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs, promisify, styleText } from 'node:util'
import { build } from 'esbuild'

const HELP = `Usage: npm run bench -- [options]

Loads each built trigger in fresh processes and compares the medians with an empty module; Create also with a plain
function that mails a code, bundled the usual way (one minified CommonJS file, SDK inside), and with node:https; then the whole way from a fresh process to the
first answer, for Create with a mail that a server on this machine has accepted; then Define in a warm process. On a busy
machine the processor time (user and system) says more than the time on the clock.

Options:
  --runs N  fresh processes per measurement (default 15)
  --check   exit with status 1 when a ratio is above its limit
  --json    print the results as JSON
  --table FILE  measure nothing; print what --json has written into the file as a table for the documents
  --help    print this text
`

/** Highest ratios of processor time: of loading, and for Create of the whole way to the accepted mail. */
const LIMITS = {
  'define-auth-challenge': 1.5,
  'verify-auth-challenge-response': 1.5,
  'pre-token-generation': 1.5,
  'create-auth-challenge': 0.45,
}
const FIRST_MAIL_LIMIT = 0.55

const run = promisify(execFile)
const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const paint = (format, text) => (process.stdout.isTTY ? styleText(format, text) : text)

const ENVIRONMENT = {
  PATH: process.env.PATH,
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_LAMBDA_LOG_FORMAT: 'JSON',
  CODE_SECRET: '0123456789abcdef'.repeat(4),
  FROM_ADDRESS: 'no-reply@example.com',
  NODE_NO_WARNINGS: '1',
}

const passed = challengeName => ({ challengeName, challengeResult: true, challengeMetadata: null })
const PASSWORD_PASSED = [passed('SRP_A'), passed('PASSWORD_VERIFIER')]

const eventOf = (triggerSource, request) => ({
  version: '1',
  region: 'eu-central-1',
  userPoolId: 'eu-central-1_EXAMPLE00',
  userName: 'person',
  callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: '1example23456789client0000' },
  triggerSource,
  request: { userAttributes: { sub: 'person', email: 'person@example.com' }, ...request },
  response: {},
})

/** An ordinary event for each trigger, one that takes the longest way through it. */
const EVENTS = {
  'define-auth-challenge': eventOf('DefineAuthChallenge_Authentication', { session: PASSWORD_PASSED }),
  'create-auth-challenge': eventOf('CreateAuthChallenge_Authentication', {
    session: PASSWORD_PASSED,
    challengeName: 'CUSTOM_CHALLENGE',
  }),
  'verify-auth-challenge-response': eventOf('VerifyAuthChallengeResponse_Authentication', {
    challengeAnswer: '000000',
    privateChallengeParameters: {
      passwordStep: 'PASSWORD_VERIFIER',
      nonce: '00'.repeat(16),
      expiresAt: String(Date.now() + 600_000),
      wrongCodes: '0',
    },
  }),
  'pre-token-generation': eventOf('TokenGeneration_Authentication', {}),
}

/** The script prints two numbers: milliseconds on the clock, and of processor time. */
async function timesOf(script, environment = {}) {
  const env = { ...ENVIRONMENT, ...environment }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env })
  const [milliseconds, processor] = stdout.trim().split(' ').map(Number)
  return { milliseconds, processor }
}

/** What a fresh process takes to load the file. */
function timeImport(file) {
  return timesOf(`
    const cpu = process.cpuUsage(), start = performance.now()
    await import(${JSON.stringify(file)})
    const milliseconds = performance.now() - start, { user, system } = process.cpuUsage(cpu)
    console.log(milliseconds, (user + system) / 1000)
    process.exit()`)
}

const WARM_CALLS = 10_000

/** What one call takes in a warm process, its log line included, written as the runtime of Lambda writes it: as JSON, at once. */
function timeWarm(file, event) {
  return timesOf(`
    const { handler } = await import(${JSON.stringify(file)})
    const event = ${JSON.stringify(JSON.stringify(event))}
    const { log } = console
    const events = Array.from({ length: ${WARM_CALLS} }, () => JSON.parse(event))
    const { openSync, writeSync } = await import('node:fs')
    const nothing = openSync('/dev/null', 'w')
    console.info = entry => writeSync(nothing, JSON.stringify({ level: 'INFO', message: entry }))
    for (const one of events) await handler(structuredClone(one))
    const cpu = process.cpuUsage(), start = performance.now()
    for (const one of events) await handler(one)
    const milliseconds = performance.now() - start, { user, system } = process.cpuUsage(cpu)
    log(milliseconds / ${WARM_CALLS}, (user + system) / 1000 / ${WARM_CALLS})
    process.exit()`)
}

/** What it takes from the start of a fresh process to the first answer of a trigger; of Create, with its mail accepted. */
function timeFirstAnswer(file, event, endpoint) {
  const script = `
    const module = await import(${JSON.stringify(file)})
    const handler = module.handler ?? module.default?.handler
    console.info = console.warn = () => {}
    await handler?.(${JSON.stringify(event)})
    const milliseconds = performance.now(), { user, system } = process.cpuUsage()
    console.log(milliseconds, (user + system) / 1000)
    process.exit()`
  return timesOf(script, { AWS_ENDPOINT_URL_SES: endpoint })
}

async function startMailServer() {
  const server = createServer(async (request, response) => {
    const [, action] = /\bAction=(\w+)/.exec(await text(request)) ?? []
    const result = `<${action}Result><MessageId>1</MessageId></${action}Result>`
    response.setHeader('content-type', 'text/xml')
    response.end(
      `<${action}Response xmlns="http://ses.amazonaws.com/doc/2010-12-01/">${result}</${action}Response>`,
    )
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** In turns, so that what else the machine does falls on all of them alike. */
async function measure(subjects, runs, time) {
  const times = Object.fromEntries(Object.keys(subjects).map(name => [name, []]))
  for (let round = 0; round < runs; round++) {
    for (const [name, file] of Object.entries(subjects)) times[name].push(await time(file, name))
    if (process.stderr.isTTY) process.stderr.write(`\r${round + 1}/${runs} `)
  }
  if (process.stderr.isTTY) process.stderr.write('\r')
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, medians(values)]))
}

function medians(values) {
  const of = key => median(values.map(value => value[key]))
  return { milliseconds: of('milliseconds'), processor: of('processor') }
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    check: { type: 'boolean' },
    json: { type: 'boolean' },
    table: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit()
}
if (values.table !== undefined) {
  process.stdout.write(tableOf(JSON.parse(await readFile(values.table, 'utf8'))))
  process.exit()
}
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`--runs must be an integer of at least 1, not ${values.runs}.\n`)
  process.exit(2)
}

const directory = await mkdtemp(join(tmpdir(), 'cold-start-'))
const server = await startMailServer()
try {
  const empty = join(directory, 'empty.mjs')
  const usual = join(directory, 'usual.cjs')
  await writeFile(empty, 'export {}\n')
  const bundle = { bundle: true, platform: 'node', target: 'node20', minify: true, logLevel: 'warning' }
  await build({
    ...bundle,
    entryPoints: ['bench/usual-create.mjs'],
    format: 'cjs',
    outfile: usual,
  })

  const built = name => resolve(`dist/${name}/index.mjs`)
  const subjects = {
    empty,
    ...Object.fromEntries(Object.keys(LIMITS).map(name => [name, built(name)])),
    usual,
  }
  const imports = await measure({ ...subjects, https: 'node:https' }, runs, timeImport)
  const answers = await measure(subjects, runs, (file, name) =>
    timeFirstAnswer(file, EVENTS[name] ?? EVENTS['create-auth-challenge'], server.url),
  )
  const define = 'define-auth-challenge'
  const warm = await measure({ [define]: built(define) }, runs, file => timeWarm(file, EVENTS[define]))

  const baselineOf = name => (name === 'create-auth-challenge' ? 'usual' : 'empty')
  const compared = (times, limits) =>
    Object.keys(LIMITS).map(name => {
      const to = baselineOf(name)
      return {
        name,
        ...times[name],
        to,
        ratio: times[name].processor / times[to].processor,
        ratioOnTheClock: times[name].milliseconds / times[to].milliseconds,
        limit: limits[name],
      }
    })
  const result = {
    machine: {
      node: process.version,
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    runs,
    imports: compared(imports, LIMITS),
    baselines: { empty: imports.empty, https: imports.https, usual: imports.usual },
    createToHttps: imports['create-auth-challenge'].processor / imports.https.processor,
    firstAnswers: compared(answers, { 'create-auth-challenge': FIRST_MAIL_LIMIT }),
    firstAnswerBaselines: { empty: answers.empty, usual: answers.usual },
    warmDefineMicroseconds: warm[define].processor * 1000,
    usualBytes: (await stat(usual)).size,
  }

  if (values.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else print(result)
  if (values.check && [...result.imports, ...result.firstAnswers].some(({ ratio, limit }) => ratio > limit))
    process.exitCode = 1
} finally {
  server.close()
  await rm(directory, { recursive: true })
}

function print(result) {
  const { machine, runs, baselines, firstAnswerBaselines } = result
  const row = (name, { milliseconds, processor }, remark = '') =>
    `  ${name.padEnd(34)}${milliseconds.toFixed(1).padStart(7)} ms ${processor.toFixed(1).padStart(7)} ms processor   ${remark}`
  const compared = ({ name, ratio, ratioOnTheClock, to, limit, ...times }) => {
    const text = `${ratio.toFixed(2)} x ${to} (${ratioOnTheClock.toFixed(2)} on the clock)`
    if (limit === undefined) return row(name, times, text)
    return row(name, times, paint(ratio > limit ? 'red' : 'green', `${text}, limit ${limit}`))
  }
  const lines = [
    `Node ${machine.node}, ${machine.cores} x ${machine.cpu}, ${machine.memoryGiB} GiB; medians of ${runs} fresh processes`,
    '',
    'Loading the module',
    row('empty: nothing in the module', baselines.empty),
    row('node:https alone', baselines.https),
    row('usual: a plain Create in one file', baselines.usual),
    ...result.imports.map(compared),
    `  create-auth-challenge takes ${result.createToHttps.toFixed(1)} x the processor time of node:https`,
    '',
    'From the start of the process to the first answer (of Create: with an accepted mail)',
    row('empty: nothing in the module', firstAnswerBaselines.empty),
    row('usual: a plain Create in one file', firstAnswerBaselines.usual),
    ...result.firstAnswers.map(compared),
    '',
    `One call of define-auth-challenge in a warm process, log line included: ${result.warmDefineMicroseconds.toFixed(0)} microseconds`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function tableOf({ machine, runs, imports, baselines, firstAnswers, firstAnswerBaselines, ...others }) {
  const row = (name, load, answer, ratio) =>
    `| ${[name, load.processor.toFixed(1), answer?.processor.toFixed(1) ?? '-', ratio].join(' | ')} |`
  const rows = imports.map((load, index) => {
    const answer = firstAnswers[index]
    return row(`\`${load.name}\``, load, answer, `${answer.ratio.toFixed(2)} x ${answer.to}`)
  })
  const lines = [
    '| module | load, ms of processor time | process start to first answer | ratio |',
    '|---|---|---|---|',
    row('empty module', baselines.empty, firstAnswerBaselines.empty, '-'),
    row('`node:https`', baselines.https, undefined, '-'),
    row('usual: a plain Create in one file', baselines.usual, firstAnswerBaselines.usual, '-'),
    ...rows,
    '',
    `Node.js ${machine.node}, ${machine.cores} x ${machine.cpu}; medians of ${runs} fresh processes. One call of Define in a warm process: ${others.warmDefineMicroseconds.toFixed(0)} microseconds.`,
  ]
  return `${lines.join('\n')}\n`
}
