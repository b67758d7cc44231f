// The switch RECORD_EVENTS.
import { afterEach, expect, jest, test } from '@jest/globals'
import { defineEvent, PASSWORD_PASSED, USER_ATTRIBUTES } from '../testing/sample-events.ts'
import { recordEvent } from './event-record.ts'

afterEach(() => {
  jest.restoreAllMocks()
})

test('an event is logged only when that is switched on, and then without what identifies a person', () => {
  const info = jest.spyOn(console, 'info').mockImplementation(() => {})
  const event = defineEvent(PASSWORD_PASSED)
  recordEvent(event, false)
  expect(info).not.toHaveBeenCalled()
  recordEvent(event, true)
  const [line] = info.mock.calls.flat()
  expect(JSON.parse(String(line))).toMatchObject({
    event: 'recorded-event',
    recorded: {
      triggerSource: event.triggerSource,
      request: { session: event.request.session },
      response: event.response,
    },
  })
  expect(line).not.toContain(USER_ATTRIBUTES.sub)
  expect(line).not.toContain(USER_ATTRIBUTES.email)
})
