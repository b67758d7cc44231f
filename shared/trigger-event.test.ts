// Reading events: every part has its type, whatever Cognito or another caller sends.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isResendRequest, readTriggerEvent } from './trigger-event.ts'

test('an event without anything reads as empty', () => {
  const empty = {
    triggerSource: '',
    userPoolId: '',
    clientId: '',
    userName: '',
    userAttributes: {},
    clientMetadata: {},
    userNotFound: false,
    challengeName: '',
    challengeAnswer: '',
    privateChallengeParameters: {},
    session: [],
  }
  for (const event of [undefined, null, {}, [], 'event', { request: null }, { request: [] }]) {
    expect(readTriggerEvent(event)).toEqual(empty)
  }
})

test('values of another type than text are left out', () => {
  const event = {
    request: { userAttributes: { email: 1, name: 'x', other: null }, clientMetadata: ['resend'] },
  }
  const { userAttributes, clientMetadata } = readTriggerEvent(event)
  expect({ userAttributes, clientMetadata }).toEqual({
    userAttributes: { name: 'x' },
    clientMetadata: { 0: 'resend' },
  })
  const session = [{ challengeName: 1, challengeResult: 'true', challengeMetadata: {} }]
  expect(readTriggerEvent({ request: { session } }).session).toEqual([
    { challengeName: '', challengeResult: false, challengeMetadata: undefined },
  ])
})

test('each part is read from its own key', () => {
  const parts = { userPoolId: 'pool', userName: 'user', triggerSource: 'Source_Name' }
  const request = { challengeName: 'CUSTOM_CHALLENGE', challengeAnswer: '123456' }
  const event = { ...parts, callerContext: { clientId: 'client' }, request }
  expect(readTriggerEvent(event)).toMatchObject({ ...parts, ...request, clientId: 'client' })
})

test('what goes into logs is one word of at most 128 characters, or nothing', () => {
  const read = (triggerSource: string) => readTriggerEvent({ triggerSource }).triggerSource
  expect(read('a'.repeat(128))).toHaveLength(128)
  for (const text of ['a b', ' a', 'a ', 'a@example.com', 'a'.repeat(129)]) expect(read(text)).toBe('')
})

test('userNotFound is false only when it is absent, null or false', () => {
  const read = (userNotFound: unknown) => readTriggerEvent({ request: { userNotFound } }).userNotFound
  expect([undefined, null, false].map(read)).toEqual([false, false, false])
  expect([true, 'true', 'false', 0, 1, {}].map(read)).toEqual(Array(6).fill(true))
})

test('a resend is asked for by one exact word', () => {
  const asks = (clientMetadata: unknown) => isResendRequest(readTriggerEvent({ request: { clientMetadata } }))
  expect(asks({ action: 'resend' })).toBe(true)
  for (const metadata of [null, {}, { action: 'RESEND' }, { action: true }, { ACTION: 'resend' }, 'resend']) {
    expect(asks(metadata)).toBe(false)
  }
})

test('no event makes the reading throw', () => {
  const part = fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true })
  fc.assert(
    fc.property(fc.oneof(part, fc.record({ request: part, callerContext: part })), event => {
      expect(readTriggerEvent(event).session.every(entry => typeof entry.challengeName === 'string')).toBe(
        true,
      )
    }),
    { numRuns: 2_000 },
  )
})
