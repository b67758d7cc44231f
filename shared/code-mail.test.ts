// The mail of a round: who gets one, and what the log says of one that was not sent.
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { createEvent, PASSWORD_PASSED, USER_ATTRIBUTES } from '../testing/sample-events.ts'
import { mailCode } from './code-mail.ts'
import { planRound } from './code-round.ts'
import { readCreateSettings } from './settings.ts'
import { readTriggerEvent } from './trigger-event.ts'

let ses: SesStandIn
beforeAll(async () => {
  ses = await startSesStandIn()
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SES: ses.url,
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
  })
})
afterAll(() => ses.close())
afterEach(() => {
  jest.restoreAllMocks()
})

/** Mails a code to a user with these attributes; answers with the log. */
async function mailTo(userAttributes: object, unverifiedEmail: string) {
  const lines: unknown[] = []
  for (const method of ['info', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(line => lines.push(JSON.parse(String(line))))
  const settings = readCreateSettings({
    CODE_SECRET: 'ab'.repeat(32),
    FROM_ADDRESS: 'no-reply@example.com',
    UNVERIFIED_EMAIL: unverifiedEmail,
  })
  const first = planRound({ rounds: 0, lastRound: undefined }, false, 0, { ...settings, keyIds: [''] })
  const event = readTriggerEvent(createEvent(PASSWORD_PASSED, { userAttributes }))
  ses.answerWith('accept')
  const error = await mailCode(event, first.round, settings, { remaining: () => 1_000 }, {}).catch(String)
  return { lines, error }
}

test('with UNVERIFIED_EMAIL=refuse an address that is not verified gets no mail, and the log says why', async () => {
  for (const email_verified of ['false', '', undefined, 'yes']) {
    const { lines, error } = await mailTo({ ...USER_ATTRIBUTES, email_verified }, 'refuse')
    expect(error).toBe('CodeNotSentError: The code could not be sent. Please try again later')
    expect(lines).toMatchObject([{ event: 'code-not-sent', failure: 'unverified-address' }])
    expect(ses.requests).toHaveLength(0)
  }
  for (const email_verified of ['true', 'True']) {
    expect((await mailTo({ ...USER_ATTRIBUTES, email_verified }, 'refuse')).error).toBeUndefined()
    expect(ses.mails()).toHaveLength(1)
  }
})

test('by default it gets its mail', async () => {
  const { lines } = await mailTo({ ...USER_ATTRIBUTES, email_verified: 'false' }, '')
  expect(ses.mails()).toHaveLength(1)
  expect(lines).toMatchObject([{ event: 'code-sent', emailVerified: false }])
})
