// The deadline: counted from the start of the process on a cold start, from the call otherwise.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, jest, test } from '@jest/globals'
import { DEADLINE_MILLISECONDS, startDeadline, startOfCall } from './deadline.ts'

afterEach(() => {
  jest.restoreAllMocks()
  delete process.env['AWS_LAMBDA_INITIALIZATION_TYPE']
})

test.each([
  [undefined, 3_500],
  ['on-demand', 3_500],
  ['provisioned-concurrency', 4_500],
])(
  'a second after a start that was %s the first call has %d ms, and the next one all of them',
  async (initialization, first) => {
    jest.resetModules()
    jest.spyOn(performance, 'now').mockReturnValue(1_000)
    if (initialization !== undefined) process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] = initialization
    const fresh = await import('./deadline.ts')
    expect(fresh.startDeadline().remaining()).toBe(first)
    expect(fresh.startDeadline().remaining()).toBe(DEADLINE_MILLISECONDS)
  },
)

test('a later call has the whole time, and never less than none', async () => {
  startDeadline()
  const deadline = startDeadline()
  expect(deadline.remaining()).toBeLessThanOrEqual(DEADLINE_MILLISECONDS)
  expect(deadline.remaining()).toBeGreaterThan(DEADLINE_MILLISECONDS - 1_000)
})

/** What is left at the first call of a fresh process that waited before and after loading the module. */
async function firstCall(waits: { beforeLoading: number; afterLoading: number }, initialization?: string) {
  const { build } = await import('esbuild')
  const bundle = await build({
    entryPoints: ['shared/deadline.ts'],
    bundle: true,
    format: 'esm',
    write: false,
  })
  const module = `data:text/javascript,${encodeURIComponent(bundle.outputFiles[0]?.text ?? '')}`
  const script = `
    const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
    await pause(${waits.beforeLoading})
    const { startDeadline } = await import(${JSON.stringify(module)})
    await pause(${waits.afterLoading})
    const startedAt = performance.now()
    console.log(JSON.stringify({ startedAt, remaining: startDeadline().remaining(), next: startDeadline().remaining() }))`
  const environment = { ...process.env, AWS_LAMBDA_INITIALIZATION_TYPE: initialization }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: environment,
  })
  const { startedAt, remaining, next } = JSON.parse(stdout)
  return { sinceStart: Math.abs(DEADLINE_MILLISECONDS - startedAt - remaining) < 100, remaining, next }
}

test('on a cold start the time counts from the start of the process; the second call has all of it', async () => {
  const { sinceStart, remaining, next } = await firstCall({ beforeLoading: 500, afterLoading: 0 })
  expect(sinceStart).toBe(true)
  expect(remaining).toBeLessThan(DEADLINE_MILLISECONDS - 500)
  expect(next).toBeGreaterThan(DEADLINE_MILLISECONDS - 100)
})

test('a cold start that took longer than the deadline leaves nothing', async () => {
  expect((await firstCall({ beforeLoading: 4_600, afterLoading: 0 }, 'on-demand')).remaining).toBe(0)
})

test('a process that Lambda started ahead is no cold start, and neither is a later call', () => {
  const start = (now: number, loadedAt: number, initialization?: string, isFirstCall = true) =>
    startOfCall({ now, loadedAt, isFirstCall, initialization })
  expect(start(100, 50, 'on-demand')).toBe(0)
  expect(start(4_499, 50, 'on-demand')).toBe(0)
  expect(start(4_499, 50)).toBe(0)
  expect(start(4_600, 4_590, 'on-demand')).toBe(0)
  expect(start(DEADLINE_MILLISECONDS, 50, 'on-demand')).toBe(DEADLINE_MILLISECONDS)
  expect(start(9_000, 8_751, 'on-demand')).toBe(0)
  expect(start(9_000, 8_750, 'on-demand')).toBe(9_000)
  expect(start(9_000, 50, 'on-demand')).toBe(9_000)
  expect(start(9_000, 8_990, 'provisioned-concurrency')).toBe(9_000)
  expect(start(4_400, 50, 'provisioned-concurrency')).toBe(4_400)
  expect(start(9_000, 8_990)).toBe(9_000)
  expect(start(100, 50, 'on-demand', false)).toBe(100)
})
