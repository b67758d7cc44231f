// Pre Token Generation, through its handler: tokens pass untouched or are refused by an error that gives nothing away.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { tokenEvent } from '../testing/sample-events.ts'

const { handler } = await import('./pre-token-generation.ts')

beforeEach(() => {
  for (const method of ['info', 'warn'] as const) jest.spyOn(console, method).mockImplementation(() => {})
})
afterEach(() => {
  jest.restoreAllMocks()
})

test('the tokens of an ordinary sign-in pass, and the event comes back as it was', async () => {
  const event = tokenEvent('Authentication')
  const before = JSON.stringify(event)
  expect(await handler(event)).toBe(event)
  expect(JSON.stringify(event)).toBe(before)
})

test.each([
  ['NewPasswordChallenge', 'The new password is set. Please sign in with it'],
  ['HostedAuth', 'Please sign in through the app'],
  ['SomethingNew', 'This way to sign in is not allowed'],
])('tokens of TokenGeneration_%s are refused', async (source, message) => {
  await expect(handler(tokenEvent(source))).rejects.toThrow(message)
})

test('federated users of the hosted UI pass', async () => {
  const event = tokenEvent('HostedAuth', 'EXTERNAL_PROVIDER')
  expect(await handler(event)).toBe(event)
})

test('an event with nothing in it is refused', async () => {
  await expect(handler({ triggerSource: '' })).rejects.toThrow('This way to sign in is not allowed')
})
