// probe --logs and --record: the calls of the triggers for the throw-away user, out of the functions' logs.

import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { objectOf } from '../../command/json.ts'
import {
  type LocalUserPool,
  type LocalUserPoolOptions,
  startLocalUserPool,
} from '../../local/local-user-pool.ts'
import { startSharedProcesses } from '../../local/shared-processes.ts'
import { TRIGGER_NAMES } from '../../local/trigger-process.ts'
import { ACCOUNT_ID } from '../../local/user-pool.ts'
import { DEPLOYED } from '../../testing/deployed-pool.ts'
import { jsonOf } from '../../testing/pool-run.ts'
import { probePool, verdictsOf } from '../../testing/probe-run.ts'

/** By the log group of its function. */
const SOURCES: Readonly<Record<string, RegExp>> = {
  '/aws/lambda/define-auth-challenge': /"DefineAuthChallenge_/,
  '/aws/lambda/create-auth-challenge': /"CreateAuthChallenge_/,
  '/aws/lambda/verify-auth-challenge-response': /"VerifyAuthChallengeResponse_/,
  '/aws/lambda/pre-token-generation': /"TokenGeneration_/,
}

const processes = await startSharedProcesses()

afterAll(() => processes.close())

let pool: LocalUserPool
let logs: Server
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probe-record-'))
  const seen: { readonly line: string; readonly timestamp: number }[] = []
  // FilterLogEvents over what the triggers of the pool have logged, five events a page.
  logs = createServer((request, response) => {
    json(request).then(body => {
      const { logGroupName, nextToken } = objectOf(body)
      for (const line of pool.logs.slice(seen.length)) seen.push({ line, timestamp: Date.now() })
      const pattern = SOURCES[String(logGroupName)] ?? /^$/
      const own = seen.filter(({ line }) => pattern.test(line))
      const index = Number(nextToken ?? 0)
      const events = own.slice(index, index + 5).map(({ line, timestamp }) => ({ message: line, timestamp }))
      const next = index + 5 < own.length ? { nextToken: String(index + 5) } : {}
      response
        .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ events, ...next }))
    })
  })
  await new Promise<void>(resolve => logs.listen(0, '127.0.0.1', resolve))
  const address = logs.address()
  process.env['AWS_ENDPOINT_URL_CLOUDWATCH_LOGS'] =
    `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})

afterEach(async () => {
  delete process.env['AWS_ENDPOINT_URL_CLOUDWATCH_LOGS']
  await pool.close()
  logs.close()
  await rm(folder, { recursive: true })
})

test('--logs shows each call of Define for this user and the entries of its session, in the rehearsal too', async () => {
  delete process.env['AWS_ENDPOINT_URL_CLOUDWATCH_LOGS']
  pool = await startLocalUserPool(
    { ...DEPLOYED, environment: { RECORD_EVENTS: 'on' }, afterNewPassword: 'define-with-entry' },
    processes,
  )
  const run = await probePool(pool, ['--yes', '--json', '--logs'])
  expect(verdictsOf(run)['trigger-calls']).toBe('holds')
  for (const text of [
    'DefineAuthChallenge [SRP_A true]',
    'DefineAuthChallenge [SRP_A true, PASSWORD_VERIFIER true, NEW_PASSWORD_REQUIRED true]',
  ])
    expect(run.out).toContain(text)
})

test('--record writes the sign-ins, redacted, and the replay takes them', async () => {
  pool = await startLocalUserPool({ environment: { RECORD_EVENTS: 'on' } }, processes)
  const run = await probePool(pool, [
    '--yes',
    '--json',
    '--email',
    'operator@example.com',
    '--record',
    folder,
  ])
  const names = await readdir(folder)
  expect(names.length).toBeGreaterThan(2)
  expect(jsonOf(run)['folders']).toEqual(expect.arrayContaining(names))
  const replay = spawnSync(process.execPath, ['dist/command/cognito-email-code.mjs', 'replay', folder], {
    encoding: 'utf8',
  })
  expect({ status: replay.status, err: replay.stderr }).toEqual({ status: 0, err: '' })
})

test('a folder that --record cannot write to ends the command before it creates a user', async () => {
  pool = await startLocalUserPool({}, processes)
  const file = join(folder, 'file')
  await writeFile(file, '')
  const run = await probePool(pool, ['--yes', '--record', file])
  expect(run.code).toBe(2)
  expect(run.err).toContain(`Cannot write to --record ${file}: `)
  expect(pool.calls.filter(call => call.kind === 'request' && call.operation === 'AdminCreateUser')).toEqual(
    [],
  )
})

test('without recorded events --logs says how to get them, and --record leaves no folder behind', async () => {
  const account: LocalUserPoolOptions['account'] = ({ region, environments }) => ({
    functions: Object.fromEntries(
      TRIGGER_NAMES.map(name => [
        `arn:aws:lambda:${region}:${ACCOUNT_ID}:function:${name}`,
        { configuration: { Environment: { Variables: { ...environments.get(name) } } } },
      ]),
    ),
    ses: {},
    stacks: {},
    alarms: [],
    allowedResources: [],
  })
  pool = await startLocalUserPool({ account }, processes)
  const record = join(folder, 'recorded', 'sign-ins')
  const run = await probePool(pool, ['--yes', '--json', '--logs', '--record', record])
  expect(run.code).toBe(0)
  expect(await readdir(folder)).toEqual([])
  expect(verdictsOf(run)['trigger-calls']).toBe('unknown')
  expect(run.out).toContain('RECORD_EVENTS')
})

test('logs that may not be read do not cost the report', async () => {
  pool = await startLocalUserPool({}, processes)
  logs.removeAllListeners('request')
  logs.on('request', (_request, response) => {
    const body = JSON.stringify({ __type: 'AccessDeniedException', message: 'no right to FilterLogEvents' })
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(body)
  })
  const run = await probePool(pool, ['--yes', '--json', '--logs'])
  expect(verdictsOf(run)).toMatchObject({ 'sign-in': 'holds', 'trigger-calls': 'unknown' })
  expect(run.out).toContain('no right to FilterLogEvents')
})
