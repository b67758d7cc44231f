// Sending: what each failure of SES and of the network leads to, and that no round sends two mails.
import { Agent as HttpAgent } from 'node:http'
import { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type SesAnswer, type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { MailError } from './errors.ts'
import { errorCode, prepareSes, sendMail } from './ses.ts'
import { type Environment, readCreateSettings } from './settings.ts'

const MAIL = { subject: 'Your code', text: 'text', html: '<p>html</p>' }
const ENVIRONMENT = {
  CODE_SECRET: 'ab'.repeat(32),
  FROM_ADDRESS: 'no-reply@example.com',
  AWS_REGION: 'eu-central-1',
}
const FALLBACK = { SES_FALLBACK_REGION: 'eu-west-1' }

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

/** Sends with the given time left; answers with what was sent, or the failure. */
async function send(environment: Environment = {}, milliseconds = 20_000, to = 'person@example.com') {
  const end = performance.now() + milliseconds
  const retries: string[] = []
  try {
    const sent = await sendMail(
      MAIL,
      to,
      readCreateSettings({ ...ENVIRONMENT, ...environment }),
      { remaining: () => Math.max(0, end - performance.now()) },
      error => retries.push(error.failure),
    )
    return { ...sent, retries }
  } catch (error) {
    if (error instanceof MailError) {
      const { failure, code, status } = error
      return { failure, code, status, text: String(error), retries }
    }
    throw error
  }
}

describe('one mail', () => {
  test('is sent with text, HTML, sender, reply-to and configuration set', async () => {
    ses.answerWith('accept')
    const sent = await send({
      FROM_ADDRESS: 'Example <no-reply@example.com>',
      REPLY_TO_ADDRESS: 'help@bücher.example',
      SES_CONFIGURATION_SET: 'codes',
    })
    expect(sent).toEqual({ region: 'eu-central-1', tries: 1, retries: [] })
    const { 'RawMessage.Data': message, ...parameters } = Object.fromEntries(
      ses.requests[0]?.parameters ?? [],
    )
    expect(parameters).toMatchObject({
      Action: 'SendRawEmail',
      'Destinations.member.1': 'person@example.com',
      ConfigurationSetName: 'codes',
    })
    expect(Buffer.from(message ?? '', 'base64').toString()).toMatch(
      /^From: "Example" <no-reply@example\.com>\r\nTo: person@example\.com\r\nReply-To: help@xn--bcher-kva\.example\r\n/,
    )
    expect(ses.mails()).toEqual([{ to: 'person@example.com', ...MAIL }])
  })

  test('goes to a domain in another script in Punycode', async () => {
    ses.answerWith('accept')
    await send({}, 20_000, 'person@bücher.example')
    expect(ses.mails()[0]?.to).toBe('person@xn--bcher-kva.example')
  })
})

describe('a refusal by SES', () => {
  test.each([
    ['MessageRejected'],
    ['MailFromDomainNotVerifiedException'],
    ['ConfigurationSetDoesNotExist'],
    ['AccountSendingPausedException'],
    ['InvalidParameterValue'],
  ])('%s is final: it is not tried again, neither here nor in the fallback region', async code => {
    ses.answerWith({ code, message: 'said by SES' })
    expect(await send(FALLBACK)).toMatchObject({
      failure: 'refused',
      code: expect.stringMatching(`^${code}`),
      status: 400,
      text: 'MailError: refused',
      retries: [],
    })
    expect(ses.requests).toHaveLength(1)
  })
})

describe('throttling and outages', () => {
  test.each([
    ['throttled', { code: 'Throttling', message: 'Maximum sending rate exceeded.' }],
    ['throttled', { code: 'ThrottlingException' }],
    ['throttled', { code: 'TooManyRequestsException' }],
    ['throttled', { code: 'LimitExceededException' }],
    ['throttled', { code: 'TooManyRequests', status: 429 }],
    ['unavailable', { code: 'ServiceUnavailable', status: 503 }],
  ] satisfies [string, SesAnswer][])('%s: one more try in the same region', async (failure, answer) => {
    ses.answerWith((_, index) => (index === 0 ? answer : 'accept'))
    expect(await send()).toEqual({ region: 'eu-central-1', tries: 2, retries: [failure] })
    expect(ses.mails()).toHaveLength(1)
    ses.answerWith(answer)
    expect(await send()).toMatchObject({ failure, retries: [failure] })
    expect(ses.requests).toHaveLength(2)
  })

  test.each([[500], [502], [504]])(
    'HTTP %i may follow a mail that was sent: only the fallback region tries again',
    async status => {
      ses.answerWith({ code: 'InternalFailure', status })
      expect(await send()).toMatchObject({ failure: 'outage', retries: [] })
      expect(ses.requests).toHaveLength(1)
      ses.answerWith(region => (region === 'eu-west-1' ? 'accept' : { code: 'InternalFailure', status }))
      expect(await send(FALLBACK)).toMatchObject({ region: 'eu-west-1', retries: ['outage'] })
    },
  )

  test('go to the fallback region at once, where there is one, and to the same one after a pause', async () => {
    const wait = jest.spyOn(globalThis, 'setTimeout')
    const pauses = () => wait.mock.calls.filter(([, milliseconds]) => milliseconds === 200).length
    ses.answerWith((_, index) => (index === 0 ? { code: 'Throttling' } : 'accept'))
    await send()
    expect(pauses()).toBe(1)
    ses.answerWith(region => (region === 'eu-west-1' ? 'accept' : { code: 'Throttling' }))
    expect(await send(FALLBACK)).toEqual({ region: 'eu-west-1', tries: 2, retries: ['throttled'] })
    expect(pauses()).toBe(1)
    expect(ses.requests.map(request => request.region)).toEqual(['eu-central-1', 'eu-west-1'])
    expect(ses.mails()).toHaveLength(1)
  })
})

describe('a server that never answers', () => {
  test('is given up at the deadline, and is not tried again: it may have the mail', async () => {
    ses.answerWith('never')
    expect(await send({}, 500)).toMatchObject({ failure: 'unanswered', retries: [] })
    expect(ses.requests).toHaveLength(1)
  })

  test('leaves half of the time to the fallback region', async () => {
    ses.answerWith(region => (region === 'eu-west-1' ? 'accept' : 'never'))
    expect(await send(FALLBACK, 1_500)).toEqual({ region: 'eu-west-1', tries: 2, retries: ['unanswered'] })
    expect(ses.mails()).toHaveLength(1)
  })

  test('in both regions ends at the deadline', async () => {
    ses.answerWith('never')
    expect(await send(FALLBACK, 1_000)).toMatchObject({ failure: 'unanswered', retries: ['unanswered'] })
    expect(ses.requests).toHaveLength(2)
  })
})

describe('a half answer', () => {
  test.each([['half-answer'], ['half-answer-that-hangs']] satisfies [SesAnswer][])(
    '(%s) is an error without a second try: SES has the mail',
    async answer => {
      ses.answerWith(answer)
      expect(await send(FALLBACK, 1_000)).toMatchObject({ failure: 'broken-off', retries: [] })
      expect(ses.requests).toHaveLength(1)
    },
  )
})

describe('connections', () => {
  test('a connection that breaks before any answer is not tried again in the same region', async () => {
    ses.answerWith('accept')
    ses.dropConnections()
    await new Promise(resolve => setTimeout(resolve, 50))
    ses.answerWith('reset')
    expect(await send()).toMatchObject({
      failure: 'unanswered',
      code: 'ECONNRESET',
      status: undefined,
    })
    expect(ses.requests).toHaveLength(1)
  })

  test('a kept connection that SES has closed in the meantime costs nothing but a second try', async () => {
    // A region of its own has a client of its own.
    const region = { AWS_REGION: 'eu-west-3' }
    let clock = 5_000
    jest.spyOn(performance, 'now').mockImplementation(() => clock)
    const breakAfter = async (milliseconds: number) => {
      ses.answerWith('accept')
      await send(region)
      ses.answerWith((_, index) => {
        if (index > 0) return 'accept'
        clock += milliseconds
        return 'reset'
      })
      return send(region)
    }
    expect(await breakAfter(49)).toEqual({ region: 'eu-west-3', tries: 2, retries: ['unreachable'] })
    expect(await breakAfter(50)).toMatchObject({ failure: 'unanswered', retries: [] })
  })

  test('a kept connection that breaks later is not tried again: SES may have the mail', async () => {
    ses.answerWith('accept')
    await send()
    ses.answerWith((_, index) => (index === 0 ? 'late-reset' : 'accept'))
    expect(await send()).toMatchObject({ failure: 'unanswered', retries: [] })
    expect(ses.requests).toHaveLength(1)
  })

  test('a refused connection is retried once, then reported', async () => {
    const gone = await startSesStandIn()
    await gone.close()
    process.env['AWS_ENDPOINT_URL_SES'] = gone.url
    // Regions of their own: a client keeps the endpoint that it began with.
    expect(await send({ AWS_REGION: 'eu-north-1' })).toMatchObject({
      failure: 'unreachable',
      retries: ['unreachable'],
    })
    process.env['AWS_ENDPOINT_URL_SES'] = ses.url
    ses.answerWith('accept')
    expect(await send({ AWS_REGION: 'eu-north-1', SES_FALLBACK_REGION: 'eu-south-1' })).toEqual({
      region: 'eu-south-1',
      tries: 2,
      retries: ['unreachable'],
    })
  })
})

test.each([
  ['ECONNREFUSED', 'us-west-1'],
  ['ENOTFOUND', 'us-west-2'],
  ['EAI_AGAIN', 'us-west-3'],
  ['EHOSTUNREACH', 'us-west-4'],
  ['ENETUNREACH', 'us-west-5'],
  ['CERT_HAS_EXPIRED', 'us-west-6'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'us-west-7'],
])('after %s nothing has reached SES: one more try in the same region', async (code, region) => {
  ses.answerWith('accept')
  jest.spyOn(HttpAgent.prototype, 'createConnection').mockImplementationOnce(() => {
    const socket = new Socket()
    process.nextTick(() => socket.destroy(Object.assign(new Error('not connected'), { code })))
    return socket
  })
  // In a region of its own there is no connection yet.
  expect(await send({ AWS_REGION: region })).toEqual({ region, tries: 2, retries: ['unreachable'] })
})

test('an error is named by its code alone, whatever else it holds', () => {
  expect(errorCode(new TypeError('user5@example.com'))).toBe('TypeError')
  expect(errorCode(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED')
  for (const error of [null, undefined, 'user5@example.com', { name: 'user5@example.com' }, { code: 5 }])
    expect(errorCode(error)).toBe('unknown')
  expect(errorCode({ name: 'a'.repeat(64) })).toBe('a'.repeat(64))
  for (const name of ['a'.repeat(65), 'an error', 'error@', '@error', ''])
    expect(errorCode({ name })).toBe('unknown')
  expect(errorCode({ code: 'an error', name: 'Name' })).toBe('Name')
})

test('without time left nothing is sent at all', async () => {
  ses.answerWith('accept')
  expect(await send({}, 0)).toMatchObject({ failure: 'deadline' })
  expect(ses.requests).toHaveLength(0)
})

test('with a millisecond left it is tried', async () => {
  ses.answerWith('never')
  const settings = readCreateSettings(ENVIRONMENT)
  const sending = sendMail(MAIL, 'person@example.com', settings, { remaining: () => 1 }, () => {})
  await expect(sending).rejects.toMatchObject({ failure: 'unanswered' })
})

test('an error of our own is not taken for one of SES', async () => {
  ses.answerWith('accept')
  const settings = readCreateSettings({ ...ENVIRONMENT, ...FALLBACK })
  const broken = {
    remaining: () => {
      throw new TypeError('a mistake')
    },
  }
  await expect(sendMail(MAIL, 'person@example.com', settings, broken, () => {})).rejects.toThrow(TypeError)
})

describe('what is prepared while Lambda starts the process', () => {
  test('sends nothing, and the first mail goes as usual', async () => {
    ses.answerWith('accept')
    await prepareSes(readCreateSettings(ENVIRONMENT), true)
    expect(ses.requests).toEqual([])
    expect(await send()).toMatchObject({ tries: 1 })
  })
})
