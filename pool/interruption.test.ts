// Ctrl-C while a command only reads: it ends at once, says so, and nothing that was under way ends the process in another way.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parseJsonObject } from '../command/json.ts'
import { POOL_ID } from '../testing/example-pool.ts'
import { listening } from '../testing/listening.ts'
import { environmentOf } from '../testing/probe-run.ts'
import { untilAborted } from './interruption.ts'

const INTERRUPTED = 'Interrupted. Nothing was changed.'

/** Takes requests, and never answers. */
const silent = createServer()
let endpoint: string

beforeAll(async () => {
  endpoint = `http://127.0.0.1:${await listening(silent)}`
})

afterAll(() => {
  silent.closeAllConnections()
  silent.close()
})

test('work that fails after the interruption is not an unhandled rejection', async () => {
  const controller = new AbortController()
  let fail: (error: Error) => void = () => {}
  const underWay = new Promise<never>((_, reject) => {
    fail = reject
  })
  const before = untilAborted(controller.signal, underWay)
  controller.abort()
  await expect(before).rejects.toMatchObject({ code: 'interrupted' })
  fail(new Error('the connection broke'))
  const after = untilAborted(controller.signal, Promise.reject(new Error('the connection broke')))
  await expect(after).rejects.toMatchObject({ code: 'interrupted', message: INTERRUPTED })
  // Node.js looks for unhandled rejections between two turns of its loop, and Jest fails the test for one.
  await setImmediate()
})

test.each<[string, readonly string[]]>([
  ['check', []],
  ['probe', ['--client-id', 'example-client']],
  ['migrate status', []],
  ['migrate assess', []],
])('%s ends at Ctrl-C although AWS does not answer', async (command, more) => {
  const args = [...command.split(' '), '--user-pool-id', POOL_ID, ...more, '--json']
  const child = spawn(process.execPath, ['dist/command/cognito-email-code.mjs', ...args], {
    env: { PATH: process.env['PATH'], ...environmentOf({ endpoint }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  await once(silent, 'request')
  child.kill('SIGINT')
  const [[code], [stdout, stderr]] = await Promise.all([once(child, 'exit'), output])
  expect({ code, stderr }).toEqual({ code: 2, stderr: `${INTERRUPTED}\n` })
  expect(parseJsonObject(stdout)).toEqual({ error: INTERRUPTED, code: 'interrupted' })
})
