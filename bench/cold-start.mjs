// Cold starts: what loading each trigger costs in a fresh process, and how long the first mail takes. Prints ratios.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify, styleText } from 'node:util'
import { build } from 'esbuild'

const HELP = `Usage: npm run bench -- [options]

Loads each built trigger in fresh processes and compares the medians with an empty module; Create also with the same
source bundled the usual way (one minified CommonJS file, SDK inside); then the whole way from a fresh process to the
first answer, for Create with a mail that a server on this machine has accepted.

Options:
  --runs N  fresh processes per measurement (default 15)
  --check   exit with status 1 when a ratio is above its limit
  --json    print the results as JSON
  --help    print this text
`

const LIMITS = {
  'define-auth-challenge': 1.5,
  'verify-auth-challenge-response': 1.5,
  'pre-token-generation': 1.5,
  'create-auth-challenge': 0.45,
}

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

/** Milliseconds that a fresh process takes to load the file. */
async function timeImport(file) {
  const script = `const t = performance.now(); await import(${JSON.stringify(file)}); console.log(performance.now() - t); process.exit()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env: ENVIRONMENT })
  return Number(stdout)
}

/** Milliseconds from the start of a fresh process to the first answer of a trigger; of Create, with its mail accepted. */
async function timeFirstAnswer(file, event, endpoint) {
  const script = `
    const { handler } = await import(${JSON.stringify(file)})
    console.info = console.warn = () => {}
    await handler?.(${JSON.stringify(event)})
    console.log(performance.now())
    process.exit()`
  const env = { ...ENVIRONMENT, AWS_ENDPOINT_URL_SES: endpoint }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env })
  return Number(stdout)
}

async function startMailServer() {
  const accepted =
    '<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendEmailResult><MessageId>1</MessageId></SendEmailResult></SendEmailResponse>'
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'text/xml').end(accepted))
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
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]))
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    check: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
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
    entryPoints: ['functions/create-auth-challenge.ts'],
    format: 'cjs',
    outfile: usual,
  })

  const built = name => resolve(`dist/${name}/index.mjs`)
  const imports = await measure(
    { empty, ...Object.fromEntries(Object.keys(LIMITS).map(name => [name, built(name)])), usual },
    runs,
    timeImport,
  )
  const answers = await measure(
    { empty, ...Object.fromEntries(Object.keys(LIMITS).map(name => [name, built(name)])), usual },
    runs,
    (file, name) => timeFirstAnswer(file, EVENTS[name] ?? EVENTS['create-auth-challenge'], server.url),
  )

  const baselineOf = name => (name === 'create-auth-challenge' ? 'usual' : 'empty')
  const ratios = Object.keys(LIMITS).map(name => {
    const ratio = imports[name] / imports[baselineOf(name)]
    return { name, milliseconds: imports[name], to: baselineOf(name), ratio, limit: LIMITS[name] }
  })
  const result = {
    machine: {
      node: process.version,
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    runs,
    imports: ratios,
    baselines: { empty: imports.empty, usual: imports.usual },
    firstAnswers: Object.keys(LIMITS).map(name => {
      const ratio = answers[name] / answers[baselineOf(name)]
      return { name, milliseconds: answers[name], to: baselineOf(name), ratio }
    }),
    firstAnswerBaselines: { empty: answers.empty, usual: answers.usual },
    usualBytes: (await stat(usual)).size,
  }

  if (values.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else print(result)
  if (values.check && ratios.some(({ ratio, limit }) => ratio > limit)) process.exitCode = 1
} finally {
  server.close()
  await rm(directory, { recursive: true })
}

function print({ machine, runs, imports, baselines, firstAnswers, firstAnswerBaselines }) {
  const row = (name, milliseconds, remark = '') =>
    `  ${name.padEnd(34)}${milliseconds.toFixed(1).padStart(6)} ms   ${remark}`
  const baselineRows = ({ empty, usual }) => [
    row('empty: nothing in the module', empty),
    row('usual: Create in one CommonJS file', usual),
  ]
  const compared = ({ ratio, to }) => `${ratio.toFixed(2)} x ${to}`
  const lines = [
    `Node ${machine.node}, ${machine.cores} x ${machine.cpu}, ${machine.memoryGiB} GiB; medians of ${runs} fresh processes`,
    '',
    'Loading the module',
    ...baselineRows(baselines),
    ...imports.map(result => {
      const verdict = `${compared(result)}, limit ${result.limit}`
      return row(
        result.name,
        result.milliseconds,
        paint(result.ratio > result.limit ? 'red' : 'green', verdict),
      )
    }),
    '',
    'From the start of the process to the first answer (of Create: with an accepted mail)',
    ...baselineRows(firstAnswerBaselines),
    ...firstAnswers.map(result => row(result.name, result.milliseconds, compared(result))),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
