// The mail of a round: who gets one, and what the log says of one that was not sent.
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import { type SesAnswer, type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { createEvent, PASSWORD_PASSED, USER_ATTRIBUTES } from '../testing/sample-events.ts'
import { mailCode } from './code-mail.ts'
import { planRound } from './code-round.ts'
import { LOCALES } from './locales.ts'
import { ownMail } from './own-mail.ts'
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
async function mailTo(
  userAttributes: object,
  unverifiedEmail: string,
  more: Readonly<Record<string, string>> = {},
  answer: SesAnswer = 'accept',
) {
  const lines: unknown[] = []
  for (const method of ['info', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(line => lines.push(JSON.parse(String(line))))
  const settings = readCreateSettings(
    {
      CODE_SECRET: 'ab'.repeat(32),
      FROM_ADDRESS: 'no-reply@example.com',
      UNVERIFIED_EMAIL: unverifiedEmail,
      ...more,
    },
    [...LOCALES, 'sv'],
  )
  const first = planRound({ rounds: 0, lastRound: undefined }, false, 0, { ...settings, keyIds: [''] })
  const event = readTriggerEvent(createEvent(PASSWORD_PASSED, { userAttributes }))
  ses.answerWith(answer)
  const error = await mailCode(event, first.round, settings, { remaining: () => 20_000 }, {}).catch(String)
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

test('the log has the time that the mail took, sent or not', async () => {
  jest.spyOn(performance, 'now').mockReturnValue(5_000)
  for (const answer of ['accept', { code: 'MessageRejected' }] as const) {
    const { lines } = await mailTo(USER_ATTRIBUTES, '', {}, answer)
    expect(lines).toMatchObject([{ milliseconds: 0 }])
  }
})

test.each([['AccessDenied'], ['AccessDeniedException']])(
  'after %s the log names the right that the role lacks',
  async code => {
    const denied = {
      code,
      message: 'User: arn:aws:sts::111122223333:x is not authorized',
      status: 403,
    }
    const { lines } = await mailTo(USER_ATTRIBUTES, '', {}, denied)
    expect(lines).toEqual([
      expect.objectContaining({
        event: 'code-not-sent',
        failure: 'refused',
        code: expect.stringMatching(/^AccessDenied/),
        status: 403,
        missingRight: 'ses:SendRawEmail',
      }),
    ])
    expect(JSON.stringify(lines)).not.toContain('arn:')
  },
)

test('after another refusal it names no right', async () => {
  const { lines } = await mailTo(USER_ATTRIBUTES, '', {}, { code: 'MessageRejected' })
  expect(lines).toMatchObject([{ failure: 'refused', code: 'MessageRejected' }])
  expect(lines[0]).not.toHaveProperty('missingRight')
})

test('what was refused before it was sent has no code and no status', async () => {
  const { lines } = await mailTo({ ...USER_ATTRIBUTES, email: '' }, '')
  expect(lines).toMatchObject([{ failure: 'no-address' }])
  for (const name of ['code', 'status']) expect(lines[0]).not.toHaveProperty(name)
})

test('the mail promises whole minutes, and never more than the code has', async () => {
  await mailTo(USER_ATTRIBUTES, '', { CODE_TTL_SECONDS: '179' })
  expect(ses.mails()[0]?.text).toContain('It is valid for 2 minutes.')
})

test('the footer is that of the language, or of DEFAULT_LOCALE', async () => {
  const MAIL_FOOTER = '{"en":"Example Ltd","de":"Example AG"}'
  const footerFor = async (locale: string) => {
    await mailTo({ ...USER_ATTRIBUTES, locale }, '', { MAIL_FOOTER })
    return ses.mails()[0]?.text.trimEnd().split('\n').at(-1)
  }
  expect(await footerFor('de-AT')).toBe('Example AG')
  expect(await footerFor('ja')).toBe('Example Ltd')
})

test('a language that this build has no texts in gets the English ones', async () => {
  await mailTo({ ...USER_ATTRIBUTES, locale: 'xx' }, '', { DEFAULT_LOCALE: 'sv' })
  expect(ses.mails()[0]?.text).toContain('Use this code to sign in')
})

test('an own mail that breaks its contract gives way to the standard one, and the log says so', async () => {
  Object.assign(ownMail, { default: () => JSON.parse('{') })
  try {
    const { lines, error } = await mailTo({ ...USER_ATTRIBUTES, locale: 'de' }, '')
    expect(error).toBeUndefined()
    expect(lines).toMatchObject([{ event: 'own-mail-broken', locale: 'de' }, { event: 'code-sent' }])
    expect(ses.mails()).toHaveLength(1)
  } finally {
    Object.assign(ownMail, { default: undefined })
  }
})
