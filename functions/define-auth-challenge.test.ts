// Define, through its handler: each step as Cognito reads it, on the very event that came in.
import { beforeEach, expect, jest, test } from '@jest/globals'
import { answered, defineEvent, PASSWORD_PASSED, passed, type SampleEntry } from '../testing/sample-events.ts'

const { handler } = await import('./define-auth-challenge.ts')

let lines: unknown[]
let levels: string[]
beforeEach(() => {
  lines = []
  levels = []
  for (const method of ['info', 'warn'] as const)
    jest.spyOn(console, method).mockImplementation(line => {
      lines.push(JSON.parse(String(line)))
      levels.push(method)
    })
})

async function define(session: readonly SampleEntry[] | null, request: object = {}) {
  const event = JSON.parse(JSON.stringify({ ...defineEvent([], request), request: { ...request, session } }))
  const before = JSON.parse(JSON.stringify(event))
  const result = await handler(event)
  expect(event).toEqual(before)
  expect({ ...result, response: null }).toEqual({ ...before, response: null })
  return result.response
}

const ROUND = JSON.stringify({
  reason: 'first',
  nonce: '00'.repeat(16),
  keyId: 'ab'.repeat(4),
  sentAt: 1,
  expiresAt: 2,
  sends: 1,
})

test('a sign-in begins with the password', async () => {
  expect(await define([passed('SRP_A')])).toEqual({
    challengeName: 'PASSWORD_VERIFIER',
    issueTokens: false,
    failAuthentication: false,
  })
  expect(lines).toMatchObject([{ event: 'password-asked', rounds: 0 }])
})

test('after the password comes the code', async () => {
  expect(await define(PASSWORD_PASSED)).toEqual({
    challengeName: 'CUSTOM_CHALLENGE',
    issueTokens: false,
    failAuthentication: false,
  })
  expect(lines).toMatchObject([{ event: 'code-asked' }])
})

test('after the code come the tokens', async () => {
  expect(await define([...PASSWORD_PASSED, answered(true, ROUND)])).toEqual({
    challengeName: null,
    issueTokens: true,
    failAuthentication: false,
  })
  expect(lines).toMatchObject([{ event: 'tokens-issued', factor: 'code', reference: 'BBBB' }])
})

test('the log has a warning for a refusal and no other step, a reason for a refusal, and a factor for tokens', async () => {
  await define([passed('SRP_A')])
  await define([...PASSWORD_PASSED, answered(true, ROUND)])
  await define([])
  expect(levels).toEqual(['info', 'info', 'warn'])
  const keys = lines.map(line => ['reason', 'factor'].filter(name => Object.hasOwn(Object(line), name)))
  expect(keys).toEqual([[], ['factor'], ['reason']])
})

test('a sign-in that starts without the password is refused, with the reason in the log only', async () => {
  const refused = { challengeName: null, issueTokens: false, failAuthentication: true }
  expect(await define([])).toEqual(refused)
  expect(await define(null)).toEqual(refused)
  expect(await define([passed('CUSTOM_CHALLENGE')])).toEqual(refused)
  expect(lines).toMatchObject(
    [{}, {}, {}].map(() => ({ event: 'sign-in-refused', reason: 'no-password-start' })),
  )
})

test('the third wrong code ends the sign-in; a resend in between does not count', async () => {
  const wrong = answered(false, ROUND)
  expect(await define([...PASSWORD_PASSED, wrong, wrong])).toMatchObject({
    challengeName: 'CUSTOM_CHALLENGE',
  })
  const three = [...PASSWORD_PASSED, wrong, wrong, wrong]
  expect(await define(three, { clientMetadata: { action: 'resend' } })).toMatchObject({
    challengeName: 'CUSTOM_CHALLENGE',
  })
  expect(await define(three)).toMatchObject({ failAuthentication: true })
})

test('a null event is refused, and a frozen one answered like any other', async () => {
  const none = JSON.parse('null')
  expect(await handler(none)).toEqual({
    response: { challengeName: null, issueTokens: false, failAuthentication: true },
  })
  const event = Object.freeze(JSON.parse(JSON.stringify(defineEvent(PASSWORD_PASSED))))
  Object.freeze(event.response)
  expect((await handler(event)).response.challengeName).toBe('CUSTOM_CHALLENGE')
})

test('a passed challenge that Create did not write is refused', async () => {
  for (const metadata of [null, 'CAPTCHA_CHALLENGE', '{}']) {
    expect(await define([...PASSWORD_PASSED, answered(true, metadata)])).toMatchObject({
      issueTokens: false,
      failAuthentication: true,
    })
  }
  expect(lines).toMatchObject([{}, {}, {}].map(() => ({ event: 'sign-in-refused', reason: 'unknown-round' })))
})

test('an authenticator app that was set up with the password alone does not stand in for the code', async () => {
  const setUp = [...PASSWORD_PASSED, passed('MFA_SETUP')]
  for (const name of ['SOFTWARE_TOKEN_MFA', 'SMS_MFA', 'EMAIL_OTP']) {
    expect(await define([...setUp, passed(name)])).toMatchObject({ challengeName: 'CUSTOM_CHALLENGE' })
  }
  // At the next sign-in there is no MFA_SETUP any more: by default only the e-mail factor is accepted.
  expect(await define([...PASSWORD_PASSED, passed('SOFTWARE_TOKEN_MFA')])).toMatchObject({
    challengeName: 'CUSTOM_CHALLENGE',
  })
  expect(await define([...PASSWORD_PASSED, passed('EMAIL_OTP')])).toMatchObject({ issueTokens: true })
})
