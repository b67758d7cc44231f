// Triggers in processes of their own: cold starts, time limits, logs, failures and the clock.
import { afterEach, expect, test } from '@jest/globals'
import { type HandlerBodies, writeTriggers } from '../testing/local-pool.ts'
import { startTrigger, type TriggerProcess } from './trigger-process.ts'

const cleanUp: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo()
})

/** @param functionTimeoutMs long enough for any machine, unless the time limit is what a test is about */
async function triggerOf(
  body: string,
  environment: Record<string, string> = {},
  functionTimeoutMs = 60_000,
): Promise<TriggerProcess> {
  const bodies: HandlerBodies = { 'define-auth-challenge': body }
  const { directory, remove } = await writeTriggers(bodies)
  const trigger = startTrigger({
    name: 'define-auth-challenge',
    directory,
    environment,
    functionTimeoutMs,
  })
  cleanUp.push(
    () => trigger.close(),
    () => remove(),
  )
  return trigger
}

const pause = (milliseconds: number) => `await new Promise(done => setTimeout(done, ${milliseconds}))`

test('a trigger gets the event and its answer comes back', async () => {
  const trigger = await triggerOf('event.response.seen = event.request.word')
  const event = { request: { word: 'hello' }, response: {} }
  expect(await trigger.invoke(event)).toEqual({ request: { word: 'hello' }, response: { seen: 'hello' } })
  expect(event.response).toEqual({})
})

test('a trigger finds only its own settings and what Lambda sets', async () => {
  process.env['OF_THE_MACHINE'] = 'not for triggers'
  const trigger = await triggerOf('event.environment = process.env', { APP_NAME: 'Example' })
  const answer = await trigger.invoke({})
  delete process.env['OF_THE_MACHINE']
  expect(answer).toMatchObject({
    environment: {
      APP_NAME: 'Example',
      AWS_LAMBDA_FUNCTION_NAME: 'define-auth-challenge',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
    },
  })
  expect(answer).not.toHaveProperty('environment.OF_THE_MACHINE')
})

test('a logged object is one line of JSON, as Lambda writes it', async () => {
  const trigger = await triggerOf("console.info({ event: 'code-sent', left: 2 }); console.debug('not shown')")
  await trigger.invoke({})
  expect(trigger.logs.map(line => JSON.parse(line))).toEqual([
    {
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'INFO',
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      message: { event: 'code-sent', left: 2 },
    },
  ])
})

test('the text of a thrown error comes back, and the process goes on', async () => {
  const trigger = await triggerOf("if (calls === 1) throw new Error('no mail'); event.calls = calls")
  await expect(trigger.invoke({})).rejects.toThrow('no mail')
  expect(await trigger.invoke({})).toEqual({ calls: 2 })
})

test('one process answers call after call; while it is busy another one starts', async () => {
  const trigger = await triggerOf(`event.pid = process.pid\n${pause(200)}`)
  const first = await trigger.invoke({})
  const [second, third] = await Promise.all([trigger.invoke({}), trigger.invoke({})])
  expect(second).toEqual(first)
  expect(third).not.toEqual(first)
})

test('a hung process is given up at the time limit of the function, and the next call is a cold start', async () => {
  const trigger = await triggerOf(`if (event.hang) ${pause(60_000)}\nevent.calls = calls`, {}, 1000)
  await expect(trigger.invoke({ hang: true })).rejects.toThrow('Task timed out after 1.00 seconds')
  // On a busy machine a cold start can take longer than this limit.
  const answer = await trigger.invoke({}).catch(() => trigger.invoke({}))
  expect(answer).toEqual({ calls: 1 })
})

test('a killed process is reported as Lambda reports it', async () => {
  const trigger = await triggerOf(pause(500))
  await expect(trigger.invoke({}, { kill: true })).rejects.toThrow(
    /Runtime exited with error: signal: killed$/,
  )
})

test('a trigger that cannot be loaded says why, at each call', async () => {
  const trigger = await triggerOf('} syntax error {')
  await expect(trigger.invoke({})).rejects.toThrow(/Unexpected/)
  await expect(trigger.invoke({})).rejects.toThrow(/Unexpected/)
})

test('the clock of a trigger can be moved, call by call', async () => {
  const trigger = await triggerOf('event.times = [Date.now(), new Date().getTime(), new Date(5).getTime()]')
  const hour = 3_600_000
  const before = Date.now()
  const moved = await trigger.invoke({}, { clockOffsetMs: hour })
  const after = Date.now()
  expect(moved).toEqual({ times: [expect.any(Number), expect.any(Number), 5] })
  const { times } = JSON.parse(JSON.stringify(moved))
  for (const time of times.slice(0, 2)) {
    expect(time).toBeGreaterThanOrEqual(before + hour)
    expect(time).toBeLessThanOrEqual(after + hour)
  }
})

test('quick calls that come together share processes', async () => {
  const trigger = await triggerOf('event.pid = process.pid')
  await trigger.invoke({})
  const answers = await Promise.all(Array.from({ length: 50 }, () => trigger.invoke({})))
  expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBeLessThan(10)
})

test('a call that waits for a process when the trigger is closed is refused', async () => {
  const trigger = await triggerOf(pause(60_000))
  // So large that it is still being written when the process is killed.
  const event = { padding: 'x'.repeat(300_000) }
  const calls = [trigger.invoke(event), trigger.invoke(event)]
  const ended = Promise.all(calls.map(call => expect(call).rejects.toThrow(/killed|is closed/)))
  await trigger.close()
  await ended
})
