// Create and Verify, through their handlers and a mail server: what is mailed, shown, kept and accepted.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { deriveCode, keyIdOf } from '../shared/code.ts'
import { userHash } from '../shared/log.ts'
import {
  answered,
  createEvent,
  PASSWORD_PASSED,
  passed,
  type SampleEntry,
  USER_ATTRIBUTES,
  verifyEvent,
} from '../testing/sample-events.ts'

/** The first makes codes; the other is the one before it. */
const [SECRET, OLD_SECRET] = [Buffer.alloc(32, 0xab), Buffer.alloc(32, 0xcd)]

let ses: SesStandIn
let create: typeof import('./create-auth-challenge.ts')['handler']
let verify: typeof import('./verify-auth-challenge-response.ts')['handler']
let waitLikeAMail: typeof import('../shared/code-mail.ts')['waitLikeAMail']
let lines: Record<string, unknown>[]
let clockOffset = 0

beforeAll(async () => {
  ses = await startSesStandIn()
  Object.assign(process.env, {
    CODE_SECRET: `${SECRET.toString('hex')},${OLD_SECRET.toString('hex')}`,
    FROM_ADDRESS: 'no-reply@example.com',
    APP_NAME: 'Example',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
  })
  create = (await import('./create-auth-challenge.ts')).handler
  verify = (await import('./verify-auth-challenge-response.ts')).handler
  waitLikeAMail = (await import('../shared/code-mail.ts')).waitLikeAMail
})
afterAll(() => ses.close())

beforeEach(() => {
  ses.answerWith('accept')
  lines = []
  clockOffset = 0
  const now = Date.now
  jest.spyOn(Date, 'now').mockImplementation(() => now() + clockOffset)
  for (const method of ['info', 'warn', 'error'] as const) {
    jest.spyOn(console, method).mockImplementation(line => lines.push(JSON.parse(String(line))))
  }
})
afterEach(() => {
  jest.restoreAllMocks()
})

/** What Create answers, as text by key; events go through JSON as they do on the way from Cognito. */
async function createRound(session: readonly SampleEntry[], request: object = {}) {
  const event = JSON.parse(JSON.stringify(createEvent(session, request)))
  const before = JSON.parse(JSON.stringify(event))
  const result = await create(event)
  expect(event).toEqual(before)
  expect({ ...result, response: null }).toEqual({ ...before, response: null })
  const {
    publicChallengeParameters: shown,
    privateChallengeParameters: kept,
    challengeMetadata,
  } = result.response
  for (const value of [...Object.values(shown), ...Object.values(kept), challengeMetadata])
    expect(typeof value).toBe('string')
  return { shown, kept, metadata: String(challengeMetadata) }
}

async function isRight(
  kept: Readonly<Record<string, string>>,
  answer: string,
  request: object = {},
): Promise<boolean> {
  const event = JSON.parse(JSON.stringify(verifyEvent(kept, answer, request)))
  const before = JSON.parse(JSON.stringify(event))
  const result = await verify(event)
  expect(event).toEqual(before)
  expect({ ...result, response: null }).toEqual({ ...before, response: null })
  return result.response.answerCorrect
}

/** The first line of the text part. */
const lastCode = () => /^.*/.exec(ses.mails().at(-1)?.text ?? '')?.[0] ?? ''
const other = (code: string) => code.replace(/^./, first => String((Number(first) + 1) % 10))
const resend = { clientMetadata: { action: 'resend' } }

describe('the first round', () => {
  test('mails a code to the user and tells the client all that it has to show', async () => {
    const { shown } = await createRound(PASSWORD_PASSED)
    expect(ses.mails()).toMatchObject([{ to: USER_ATTRIBUTES.email }])
    expect(shown).toEqual({
      challenge: 'EMAIL_CODE',
      reason: 'first',
      destination: 'u***@e***',
      codeLength: '6',
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      resendAfter: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      expiresIn: expect.stringMatching(/^1(80|7\d)$/),
      resendIn: expect.stringMatching(/^(30|2\d)$/),
      attemptsLeft: '3',
      sendsLeft: '2',
      reference: expect.stringMatching(/^[A-Z]{4}$/),
    })
    expect(Date.parse(String(shown['expiresAt'])) - Date.parse(String(shown['resendAfter']))).toBe(150_000)
    const [mail] = ses.mails()
    expect(mail?.subject).toBe(`Your Example sign-in code (${shown['reference']})`)
    expect(lastCode()).toMatch(/^\d{6}$/)
    expect(mail?.html).toContain(`>${lastCode()} Use this code`)
  })

  test('tells the seconds left as of the answer, so that a client with a wrong clock can count them', async () => {
    const first = await createRound(PASSWORD_PASSED)
    clockOffset = 100_000
    const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)])
    expect(Number(second.shown['expiresIn'])).toBeLessThanOrEqual(80)
    expect(Number(second.shown['expiresIn'])).toBeGreaterThan(0)
    expect(second.shown['resendIn']).toBe('0')
    expect(second.shown['expiresAt']).toBe(first.shown['expiresAt'])
    const spent = JSON.stringify({ ...JSON.parse(first.metadata), sends: 3 })
    clockOffset = 200_000
    const third = await createRound([...PASSWORD_PASSED, answered(false, spent)])
    expect(third.shown).toMatchObject({ reason: 'expired', expiresIn: '0', resendIn: '0' })
  })

  test('is passed by the code of the mail, and by nothing else', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    expect(await isRight(kept, lastCode())).toBe(true)
    expect(await isRight(kept, ` ${lastCode().slice(0, 3)} ${lastCode().slice(3)} `)).toBe(true)
    for (const wrong of [other(lastCode()), '', 'resend']) expect(await isRight(kept, wrong)).toBe(false)
    expect(lines.map(line => line['event'])).toEqual([
      'code-sent',
      'code-right',
      'code-right',
      ...Array(3).fill('code-wrong'),
    ])
  })

  test('speaks the language of the user, then of the app, then the default', async () => {
    const subject = async (locale: string | undefined, clientMetadata: object) => {
      await createRound(PASSWORD_PASSED, { userAttributes: { ...USER_ATTRIBUTES, locale }, clientMetadata })
      return ses.mails().at(-1)?.subject
    }
    expect(await subject('de', { locale: 'fr' })).toContain('Anmeldecode')
    expect(await subject(undefined, { locale: 'fr' })).toContain('Code de connexion')
    expect(await subject(undefined, {})).toContain('sign-in code')
  })
})

describe('a wrong code', () => {
  test('costs one attempt, sends no mail, and the code of the mail is still right', async () => {
    const first = await createRound(PASSWORD_PASSED)
    const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)])
    expect(second.shown).toMatchObject({ reason: 'wrong-code', attemptsLeft: '2', sendsLeft: '2' })
    expect(second.shown['reference']).toBe(first.shown['reference'])
    expect(ses.mails()).toHaveLength(1)
    expect(await isRight(second.kept, lastCode())).toBe(true)
  })

  test('with no attempt left even the right code is refused', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    expect(await isRight({ ...kept, wrongCodes: '3' }, lastCode())).toBe(false)
    expect(lines.at(-1)).toMatchObject({ event: 'answer-refused', reason: 'no-attempts-left' })
  })
})

test('an address that goes away half-way changes nothing for a code that is on its way', async () => {
  const first = await createRound(PASSWORD_PASSED)
  const userAttributes = { ...USER_ATTRIBUTES, email: undefined }
  const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)], { userAttributes })
  expect(second.shown).toMatchObject({ reason: 'wrong-code', destination: '***@***' })
  expect(await isRight(second.kept, lastCode())).toBe(true)
})

describe('a resend', () => {
  test('that comes too early sends nothing and keeps the code', async () => {
    const first = await createRound(PASSWORD_PASSED)
    const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)], resend)
    expect(second.shown).toMatchObject({ reason: 'resend-refused', attemptsLeft: '3', sendsLeft: '2' })
    expect(ses.mails()).toHaveLength(1)
    expect(await isRight(second.kept, lastCode())).toBe(true)
  })

  test('that is due sends a new code, the only one that counts from then on', async () => {
    const first = await createRound(PASSWORD_PASSED)
    const oldCode = lastCode()
    clockOffset = 31_000
    const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)], resend)
    expect(second.shown).toMatchObject({ reason: 'resent', attemptsLeft: '3', sendsLeft: '1' })
    expect(ses.mails()).toHaveLength(2)
    expect(await isRight(second.kept, oldCode)).toBe(false)
    expect(await isRight(second.kept, lastCode())).toBe(true)
  })

  test('is never compared with the code, not even when its answer is the code', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    expect(await isRight(kept, lastCode(), resend)).toBe(false)
    expect(lines.at(-1)).toMatchObject({ event: 'resend-asked' })
  })
})

describe('an expired code', () => {
  test('is refused though it is right, and replaced by a new one', async () => {
    const first = await createRound(PASSWORD_PASSED)
    clockOffset = 180_000
    expect(await isRight(first.kept, lastCode())).toBe(false)
    expect(lines.at(-1)).toMatchObject({ event: 'code-expired' })
    const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)])
    expect(second.shown).toMatchObject({ reason: 'expired', sendsLeft: '1' })
    expect(await isRight(second.kept, lastCode())).toBe(true)
  })

  test('without a mail left stays expired', async () => {
    const first = await createRound(PASSWORD_PASSED)
    const spent = JSON.stringify({ ...JSON.parse(first.metadata), sends: 3 })
    clockOffset = 180_000
    const second = await createRound([...PASSWORD_PASSED, answered(false, spent)])
    expect(second.shown).toMatchObject({ reason: 'expired', sendsLeft: '0' })
    expect(ses.mails()).toHaveLength(1)
    expect(await isRight(second.kept, lastCode())).toBe(false)
  })
})

describe('a code is good for nothing else', () => {
  test('not for another sign-in of the same user', async () => {
    await createRound(PASSWORD_PASSED)
    const codeOfFirst = lastCode()
    const second = await createRound(PASSWORD_PASSED)
    expect(codeOfFirst).not.toBe(lastCode())
    expect(await isRight(second.kept, codeOfFirst)).toBe(false)
  })

  test.each([
    [{ expiresAt: 'never' }],
    [{ expiresAt: '' }],
    [{ wrongCodes: 'none' }],
    [{ wrongCodes: '' }],
    [{ keyId: '' }],
    [{ keyId: 'ffffffff' }],
    [{ passwordStep: 'true' }],
    [{ nonce: '' }],
  ])('not with private parameters that Create did not write: %j', async broken => {
    const { kept } = await createRound(PASSWORD_PASSED)
    expect(await isRight({ ...kept, ...broken }, lastCode())).toBe(false)
  })

  test('not without private parameters, nor for a user that does not exist', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    const { passwordStep: _, ...withoutRecord } = kept
    expect(await isRight(withoutRecord, lastCode())).toBe(false)
    expect(await isRight({}, lastCode())).toBe(false)
    expect(
      await isRight(
        { passwordStep: 'PASSWORD_VERIFIER', expiresAt: kept['expiresAt'] ?? '', wrongCodes: '0' },
        '',
      ),
    ).toBe(false)
    expect(await isRight(kept, lastCode(), { userNotFound: true })).toBe(false)
  })
})

describe('a user who has not passed the password', () => {
  const sessions: [string, readonly SampleEntry[], object][] = [
    ['started without a password', [], {}],
    ['sent only SRP_A', [passed('SRP_A')], {}],
    ['failed another step', [...PASSWORD_PASSED, { ...passed('SMS_MFA'), challengeResult: false }], {}],
    ['does not exist', PASSWORD_PASSED, { userNotFound: true, userAttributes: {} }],
  ]
  test.each(sessions)(
    'who %s gets an answer of the same shape, no mail, and no way in',
    async (_, session, request) => {
      const real = await createRound(PASSWORD_PASSED)
      ses.answerWith('accept')
      const wait = jest.spyOn(globalThis, 'setTimeout')
      const decoy = await createRound(session, request)
      expect(ses.requests).toHaveLength(0)
      // As long as the last mail took, which here is a few milliseconds.
      expect(wait.mock.calls.some(([, milliseconds = 0]) => milliseconds > 0)).toBe(true)
      expect(Object.keys(decoy.shown)).toEqual(Object.keys(real.shown))
      expect(decoy.shown).toMatchObject({ reason: 'first', attemptsLeft: '3', sendsLeft: '2' })
      expect(decoy.shown['destination']).toMatch(/^[a-z]\*\*\*@[a-z]\*\*\*$/)
      // The session that the client gets holds them: neither it nor the metadata may be shorter.
      expect(Object.keys(decoy.kept)).toEqual(Object.keys(real.kept))
      expect(JSON.stringify(decoy.kept)).toHaveLength(JSON.stringify(real.kept).length)
      expect(decoy.metadata).toHaveLength(real.metadata.length)
      expect(decoy.kept['passwordStep']).not.toBe(real.kept['passwordStep'])
      const derived = deriveCode(
        SECRET,
        {
          ...createEvent([]),
          clientId: createEvent([]).callerContext.clientId,
          nonce: decoy.kept['nonce'] ?? '',
        },
        6,
      )
      expect(await isRight(decoy.kept, derived)).toBe(false)
      expect(await createRound(session, request)).toMatchObject({
        shown: { destination: decoy.shown['destination'] },
      })
    },
  )
})

test('a made-up destination is that of the name and pool, and stays the same in the next version', async () => {
  const destinationOf = async (changed: object) => {
    const event = { ...createEvent([], { userNotFound: true, userAttributes: {} }), ...changed }
    const { response } = await create(JSON.parse(JSON.stringify(event)))
    return response.publicChallengeParameters['destination']
  }
  expect(await destinationOf({ userName: 'one' })).toBe('u***@r***')
  expect(await destinationOf({ userName: 'two' })).toBe('r***@t***')
  expect(await destinationOf({ userName: 'one', userPoolId: 'eu-central-1_OTHER' })).toBe('w***@w***')
})

describe('a mail that cannot be sent', () => {
  const message = 'The code could not be sent. Please try again later'

  test.each([
    ['no-address', { ...USER_ATTRIBUTES, email: undefined }],
    ['not-a-mailbox', { ...USER_ATTRIBUTES, email: 'cognito:default_val' }],
    ['not-a-mailbox', { ...USER_ATTRIBUTES, email: 'a@example.com,b@example.com' }],
  ])('(%s) gives one and the same error, and nothing is sent', async (failure, userAttributes) => {
    await expect(createRound(PASSWORD_PASSED, { userAttributes })).rejects.toThrow(message)
    expect(ses.requests).toHaveLength(0)
    expect(lines).toMatchObject([{ event: 'code-not-sent', failure }])
  })

  test('for what SES says, the cause is in the log, and no address with it', async () => {
    ses.answerWith({
      code: 'MessageRejected',
      message:
        "Email address is not verified. The following identities failed the check: user5.o'brien@example.com, no-reply@example.com",
    })
    await expect(createRound(PASSWORD_PASSED)).rejects.toThrow(message)
    expect(lines).toMatchObject([
      {
        event: 'code-not-sent',
        failure: 'refused',
        code: 'MessageRejected',
        status: 400,
      },
    ])
    for (const text of ['@', 'user5', 'no-reply', 'not verified', 'identities'])
      expect(JSON.stringify(lines)).not.toContain(text)
  })

  test('a second try is told in the log', async () => {
    ses.answerWith((_, index) =>
      index === 0 ? { code: 'Throttling', message: 'Rate exceeded for "user5"@example.com.' } : 'accept',
    )
    await createRound(PASSWORD_PASSED)
    expect(lines).toMatchObject([
      { event: 'mail-retried', failure: 'throttled', code: 'Throttling', status: 400 },
      { event: 'code-sent', tries: 2 },
    ])
    for (const text of ['@', 'user5', 'exceeded']) expect(JSON.stringify(lines)).not.toContain(text)
  })

  test('a mistake of our own shows no more than any other cause', async () => {
    jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      throw new RangeError('a mistake with user5@example.com')
    })
    await expect(createRound(PASSWORD_PASSED)).rejects.toThrow(message)
    expect(lines).toMatchObject([{ event: 'code-not-sent', failure: 'unexpected', code: 'RangeError' }])
    expect(JSON.stringify(lines)).not.toContain('@')
  })
})

test('neither the parameters nor the log ever hold the code, the secret or the address', async () => {
  const first = await createRound(PASSWORD_PASSED)
  await isRight(first.kept, other(lastCode()))
  const second = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)])
  await isRight(second.kept, lastCode())
  const written = JSON.stringify([first, second, lines])
  for (const hidden of [lastCode(), SECRET.toString('hex'), USER_ATTRIBUTES.email])
    expect(written).not.toContain(hidden)
})

test('an unverified address gets its mail, and the log says that it is unverified', async () => {
  await createRound(PASSWORD_PASSED, { userAttributes: { ...USER_ATTRIBUTES, email_verified: 'True' } })
  await createRound(PASSWORD_PASSED, { userAttributes: { ...USER_ATTRIBUTES, email_verified: 'false' } })
  await createRound(PASSWORD_PASSED, { userAttributes: { email: USER_ATTRIBUTES.email } })
  expect(lines.map(line => line['emailVerified'])).toEqual([true, false, false])
})

describe('two secrets', () => {
  test('the first makes the codes, and is the key of the hash that stands for the user in the log', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    expect(kept['keyId']).toBe(keyIdOf(SECRET))
    await isRight(kept, lastCode())
    const { userPoolId, userName } = createEvent([])
    const hash = userHash(SECRET, userPoolId, userName)
    expect(lines).toMatchObject([
      { event: 'code-sent', user: hash },
      { event: 'code-right', user: hash },
    ])
  })

  test('a round opens for the code of the secret that made it, not for that of the other one', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    const event = createEvent([])
    const identity = { ...event, clientId: event.callerContext.clientId, nonce: kept['nonce'] ?? '' }
    const [code, oldCode] = [SECRET, OLD_SECRET].map(secret => deriveCode(secret, identity, 6))
    expect(code).toBe(lastCode())
    expect(await isRight(kept, oldCode ?? '')).toBe(false)
    const before = { ...kept, keyId: keyIdOf(OLD_SECRET) }
    expect(await isRight(before, oldCode ?? '')).toBe(true)
    expect(await isRight(before, code ?? '')).toBe(false)
  })

  test('a code whose secret is gone has expired, and a new one is mailed', async () => {
    const first = await createRound(PASSWORD_PASSED)
    const gone = keyIdOf(Buffer.alloc(32, 1))
    expect(await isRight({ ...first.kept, keyId: gone }, lastCode())).toBe(false)
    expect(lines.at(-1)).toMatchObject({ event: 'code-expired' })
    const metadata = JSON.stringify({ ...JSON.parse(first.metadata), keyId: gone })
    const second = await createRound([...PASSWORD_PASSED, answered(false, metadata)])
    expect(second.shown).toMatchObject({ reason: 'expired', sendsLeft: '1' })
    expect(await isRight(second.kept, lastCode())).toBe(true)
  })
})

test('a round that keeps its code, and an answer to it, are told in the log with the reference of the mail', async () => {
  const first = await createRound(PASSWORD_PASSED)
  const { reference } = first.shown
  await isRight(first.kept, other(lastCode()))
  await createRound([...PASSWORD_PASSED, answered(false, first.metadata)])
  await isRight({}, lastCode())
  const { passwordStep: _, ...withoutPassword } = first.kept
  await isRight(withoutPassword, lastCode())
  expect(lines).toMatchObject([
    { event: 'code-sent', reference },
    { event: 'code-wrong', reference },
    { event: 'code-kept', reason: 'wrong-code', reference, wrongCodes: 1 },
    { event: 'answer-refused', reason: 'unknown-round', reference: '' },
    { event: 'answer-refused', reason: 'no-password-step', reference },
  ])
})

describe('a user who gets no mail waits', () => {
  const waits = () => {
    const timer = jest.spyOn(globalThis, 'setTimeout')
    return () => timer.mock.calls.map(([, milliseconds = 0]) => milliseconds)
  }

  test('about as long as the last mail took', async () => {
    await createRound(PASSWORD_PASSED)
    const took = Number(lines.at(-1)?.['milliseconds'])
    const dice = jest.spyOn(Math, 'random')
    for (const [thrown, part] of [
      [0, 0.9],
      [0.25, 0.95],
      [1, 1.1],
    ] as const) {
      dice.mockReturnValue(thrown)
      const waited = waits()
      await createRound([passed('SRP_A')])
      expect(waited().at(-1)).toBeCloseTo(part * took)
    }
    expect(lines.at(-1)).toMatchObject({ event: 'decoy-shown', reason: 'first' })
  })

  test('not at all where a known user would get none either', async () => {
    const { metadata } = await createRound([passed('SRP_A')])
    const dice = jest.spyOn(Math, 'random')
    const { shown } = await createRound([passed('SRP_A'), answered(false, metadata)])
    expect(shown['reason']).toBe('wrong-code')
    expect(dice).not.toHaveBeenCalled()
  })

  test('but not beyond the deadline of the call', async () => {
    const waited = waits()
    await waitLikeAMail({ remaining: () => 0 })
    expect(waited()).toEqual([0])
  })
})

describe('whatever comes in as an event', () => {
  test.each([[null], [{}], ['event'], [{ request: null, response: null }]])(
    '%j is answered, not thrown at',
    async event => {
      expect(await verify(JSON.parse(JSON.stringify(event)))).toMatchObject({
        response: { answerCorrect: false },
      })
      const { response } = await create(JSON.parse(JSON.stringify(event)))
      expect(response.privateChallengeParameters).toMatchObject({ passwordStep: 'PASSWORD_NOT_SEEN' })
    },
  )

  test('a frozen event is answered like any other, and left as it is', async () => {
    const { kept } = await createRound(PASSWORD_PASSED)
    const event = Object.freeze(JSON.parse(JSON.stringify(verifyEvent(kept, lastCode()))))
    Object.freeze(event.response)
    expect(await verify(event)).toMatchObject({ response: { answerCorrect: true } })
    expect(event.response).toEqual({ answerCorrect: null })
  })
})
