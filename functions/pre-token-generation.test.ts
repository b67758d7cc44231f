// Pre Token Generation, through its handler: tokens pass untouched or are refused by an error that gives nothing away.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { tokenEvent } from '../testing/sample-events.ts'

const { handler } = await import('./pre-token-generation.ts')

let lines: unknown[]
beforeEach(() => {
  lines = []
  for (const method of ['info', 'warn'] as const)
    jest.spyOn(console, method).mockImplementation(line => lines.push([method, JSON.parse(String(line))]))
})
afterEach(() => {
  jest.restoreAllMocks()
})

test('the tokens of an ordinary sign-in pass, and the event comes back as it was', async () => {
  const event = tokenEvent('Authentication')
  const before = JSON.stringify(event)
  expect(await handler(event)).toBe(event)
  expect(JSON.stringify(event)).toBe(before)
  const { triggerSource, callerContext } = event
  const facts = { reason: 'guarded-elsewhere', triggerSource, clientId: callerContext.clientId }
  expect(lines).toEqual([['info', expect.objectContaining({ event: 'tokens-allowed', ...facts })]])
})

test.each([
  ['NewPasswordChallenge', 'The new password is set. Please sign in with it'],
  ['HostedAuth', 'Please sign in through the app'],
  ['SomethingNew', 'This way to sign in is not allowed'],
])('tokens of TokenGeneration_%s are refused', async (source, message) => {
  const event = tokenEvent(source)
  await expect(handler(event)).rejects.toMatchObject({ name: 'TokensRefusedError', message })
  const facts = { triggerSource: event.triggerSource, clientId: event.callerContext.clientId }
  expect(lines).toEqual([['warn', expect.objectContaining({ event: 'tokens-refused', ...facts })]])
})

test('federated users of the hosted UI pass', async () => {
  const event = tokenEvent('HostedAuth', 'EXTERNAL_PROVIDER')
  expect(await handler(event)).toBe(event)
})

test('an event with nothing in it is refused', async () => {
  await expect(handler({ triggerSource: '' })).rejects.toThrow('This way to sign in is not allowed')
})
