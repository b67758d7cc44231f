// The log: one JSON object a line in every log format of Lambda, and users that only the secret can trace.
import { afterEach, expect, jest, test } from '@jest/globals'
import { log, userHash } from './log.ts'

afterEach(() => {
  jest.restoreAllMocks()
  delete process.env['AWS_LAMBDA_LOG_FORMAT']
})

test('with the JSON log format of Lambda the runtime gets the object, and otherwise a line of JSON', () => {
  const info = jest.spyOn(console, 'info').mockImplementation(() => {})
  log('info', { event: 'code-sent', sends: 1 })
  process.env['AWS_LAMBDA_LOG_FORMAT'] = 'JSON'
  log('info', { event: 'code-sent', sends: 1 })
  expect(info.mock.calls).toEqual([['{"event":"code-sent","sends":1}'], [{ event: 'code-sent', sends: 1 }]])
})

test('the hash of a user is stable, and another one for another secret, pool or user', () => {
  const secret = Buffer.alloc(32, 1)
  const hash = userHash(secret, 'pool', 'user')
  // The limit across sign-ins counts under it, so it is the same in every version.
  expect(hash).toBe('1cb13f3273617c1a')
  expect(userHash(secret, 'pool', 'user')).toBe(hash)
  const others = [
    userHash(Buffer.alloc(32, 2), 'pool', 'user'),
    userHash(secret, 'other', 'user'),
    userHash(secret, 'p', 'ooluser'),
    userHash(secret, 'pool', 'x'),
  ]
  expect(others).not.toContain(hash)
})
