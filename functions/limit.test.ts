// The limit across sign-ins through the handlers, with a table and a mail server: what is mailed, shown, counted and accepted.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { userHash } from '../shared/log.ts'
import { type DynamoDbStandIn, startDynamoDbStandIn, type TableAnswer } from '../testing/dynamodb-stand-in.ts'
import {
  answered,
  createEvent,
  defineEvent,
  PASSWORD_PASSED,
  type SampleEntry,
  USER_ATTRIBUTES,
  verifyEvent,
} from '../testing/sample-events.ts'

const [PER_HOUR, PER_DAY] = [4, 6]
const SECRET = Buffer.alloc(32, 0xab)
const NOW = Date.UTC(2026, 10, 24, 8, 30)
const HOUR = 3_600_000
const MESSAGE = 'The code could not be sent. Please try again later'

type Create = typeof import('./create-auth-challenge.ts')['handler']

let ses: SesStandIn
let table: DynamoDbStandIn
let define: typeof import('./define-auth-challenge.ts')['handler']
let verify: typeof import('./verify-auth-challenge-response.ts')['handler']
/** Create by the value of LIMIT_FAILURE. */
let creates: { readonly allow: Create; readonly refuse: Create }
let lines: Record<string, unknown>[]
let now = NOW

beforeAll(async () => {
  ses = await startSesStandIn()
  table = await startDynamoDbStandIn(['user', 'day'])
  Object.assign(process.env, {
    CODE_SECRET: SECRET.toString('hex'),
    FROM_ADDRESS: 'no-reply@example.com',
    LIMIT_TABLE: 'limits',
    MAX_CODES_PER_HOUR: String(PER_HOUR),
    MAX_CODES_PER_DAY: String(PER_DAY),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
  })
  define = (await import('./define-auth-challenge.ts')).handler
  verify = (await import('./verify-auth-challenge-response.ts')).handler
  const allow = (await import('./create-auth-challenge.ts')).handler
  jest.resetModules()
  process.env['LIMIT_FAILURE'] = 'refuse'
  creates = { allow, refuse: (await import('./create-auth-challenge.ts')).handler }
})
afterAll(async () => {
  await ses.close()
  await table.close()
})

beforeEach(() => {
  ses.answerWith('accept')
  table.clear()
  lines = []
  now = NOW
  jest.spyOn(Date, 'now').mockImplementation(() => now)
  // On a busy machine a call may take longer than the table is given.
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)
  for (const method of ['info', 'warn', 'error'] as const) {
    jest.spyOn(console, method).mockImplementation(line => {
      // On a busy machine the SDK warns, in words, that all its connections are in use.
      if (String(line).startsWith('{')) lines.push(JSON.parse(String(line)))
    })
  }
})
afterEach(() => {
  jest.restoreAllMocks()
})

async function createRound(
  session: readonly SampleEntry[] = PASSWORD_PASSED,
  request: object = {},
  create = creates.allow,
) {
  const { response } = await create(JSON.parse(JSON.stringify(createEvent(session, request))))
  const { publicChallengeParameters: shown, privateChallengeParameters: kept, challengeMetadata } = response
  return { shown, kept, metadata: String(challengeMetadata) }
}

async function createRounds(count: number, request: object = {}): Promise<unknown[]> {
  const reasons: unknown[] = []
  for (let round = 0; round < count; round++)
    reasons.push((await createRound(PASSWORD_PASSED, request)).shown['reason'])
  return reasons
}

async function isRight(kept: Readonly<Record<string, string>>, answer: string): Promise<boolean> {
  const { response } = await verify(JSON.parse(JSON.stringify(verifyEvent(kept, answer))))
  return response.answerCorrect
}

async function nextChallenge(session: readonly SampleEntry[]): Promise<unknown> {
  const { response } = await define(JSON.parse(JSON.stringify(defineEvent(session))))
  return response.failAuthentication ? 'refused' : response.challengeName
}

const lastCode = () => /^.*/.exec(ses.mails().at(-1)?.text ?? '')?.[0] ?? ''
const resend = { clientMetadata: { action: 'resend' } }
/** Nobody has a row of the table to read: what is in it must say so by itself. */
const counters = () => table.items().map(({ user: _, ...item }) => item)

describe('a user who asked for too many codes', () => {
  test('gets no mail, and is told when the next one can go', async () => {
    expect(await createRounds(PER_HOUR)).toEqual(Array(PER_HOUR).fill('first'))
    const { shown, metadata } = await createRound()
    expect(ses.mails()).toHaveLength(PER_HOUR)
    expect(shown).toEqual({
      challenge: 'EMAIL_CODE',
      reason: 'limited',
      destination: 'u***@e***',
      codeLength: '6',
      expiresAt: '2026-11-24T08:30:00.000Z',
      expiresIn: '0',
      resendAfter: '2026-11-24T09:00:00.000Z',
      resendIn: '1800',
      attemptsLeft: '3',
      sendsLeft: '3',
      reference: '',
    })
    expect(await nextChallenge([...PASSWORD_PASSED, answered(false, metadata)])).toBe('CUSTOM_CHALLENGE')
    expect(lines.at(-2)).toMatchObject({ event: 'limited', sends: 0, until: '2026-11-24T09:00:00.000Z' })
  })

  test('gets one again in the next hour, up to the limit of the day, and then on the next day', async () => {
    await createRounds(PER_HOUR + 1)
    now = Date.UTC(2026, 10, 24, 9)
    expect(await createRounds(3)).toEqual(['first', 'first', 'limited'])
    expect((await createRound()).shown['resendAfter']).toBe('2026-11-25T00:00:00.000Z')
    now = Date.UTC(2026, 10, 25)
    expect(await createRounds(1)).toEqual(['first'])
    expect(ses.mails()).toHaveLength(PER_DAY + 1)
  })

  test('is limited in every app client of the pool, and other users are not', async () => {
    await createRounds(PER_HOUR)
    const event = createEvent(PASSWORD_PASSED)
    const elsewhere = { ...event, callerContext: { ...event.callerContext, clientId: '2example' } }
    const reasonOf = async (changed: object) =>
      (await creates.allow(JSON.parse(JSON.stringify(changed)))).response.publicChallengeParameters['reason']
    expect(await reasonOf(elsewhere)).toBe('limited')
    expect(await reasonOf({ ...event, userName: 'someone-else' })).toBe('first')
  })

  test('has the limit that the hour has, where the table does not say which counter is full', async () => {
    await createRounds(PER_HOUR)
    table.answerWith('full-without-item')
    expect((await createRound()).shown['resendAfter']).toBe('2026-11-24T09:00:00.000Z')
  })
})

describe('a limited round', () => {
  test('is opened by no code: not by that of an earlier mail of the same sign-in, nor by any other', async () => {
    const first = await createRound()
    const code = lastCode()
    await createRounds(PER_HOUR - 1)
    now += 31_000
    const limited = await createRound([...PASSWORD_PASSED, answered(false, first.metadata)], resend)
    expect(limited.shown).toMatchObject({ reason: 'limited', attemptsLeft: '3', sendsLeft: '2' })
    for (const answer of [code, lastCode(), '', '000000'])
      expect(await isRight(limited.kept, answer)).toBe(false)
    expect(await isRight(first.kept, code)).toBe(true)
  })

  test('goes on in the same sign-in: a resend stays limited, costs no attempt, and sends once the limit is over', async () => {
    await createRounds(PER_HOUR)
    const first = await createRound()
    const session = [...PASSWORD_PASSED, answered(false, first.metadata)]
    const second = await createRound(session, resend)
    expect(second.shown).toMatchObject({ reason: 'limited', attemptsLeft: '3', sendsLeft: '3' })
    now += HOUR
    const third = await createRound([...session, answered(false, second.metadata)], resend)
    expect(third.shown).toMatchObject({ reason: 'resent', attemptsLeft: '3', sendsLeft: '2' })
    expect(await isRight(third.kept, lastCode())).toBe(true)
  })

  test('costs an attempt for each answer, so that a sign-in ends after as many as ever', async () => {
    await createRounds(PER_HOUR)
    let session = PASSWORD_PASSED
    for (let round = 0; round < 3; round++) {
      expect(await nextChallenge(session)).toBe('CUSTOM_CHALLENGE')
      const { shown, kept, metadata } = await createRound(session)
      expect(shown).toMatchObject({ reason: 'limited', attemptsLeft: String(3 - round) })
      expect(await isRight(kept, '123456')).toBe(false)
      session = [...session, answered(false, metadata)]
    }
    expect(await nextChallenge(session)).toBe('refused')
    expect(ses.mails()).toHaveLength(PER_HOUR)
  })
})

describe('what is counted', () => {
  test('is each mail, and nothing else: a wrong or right code and a refused resend count nothing', async () => {
    const { kept, metadata } = await createRound()
    expect(await isRight(kept, '000')).toBe(false)
    await createRound([...PASSWORD_PASSED, answered(false, metadata)])
    await createRound([...PASSWORD_PASSED, answered(false, metadata)], resend)
    expect(await isRight(kept, lastCode())).toBe(true)
    expect(counters()).toEqual([
      { day: { S: '2026-11-24' }, codes: { N: '1' }, hour08: { N: '1' }, expiresAt: { N: '1795564800' } },
    ])
  })

  test('is under a hash of the user that only the secret can trace back, the one of the log', async () => {
    await createRound()
    const { userPoolId, userName } = createEvent([])
    expect(table.items().map(({ user }) => user)).toEqual([{ S: userHash(SECRET, userPoolId, userName) }])
    expect(lines).toMatchObject([{ user: userHash(SECRET, userPoolId, userName) }])
    const sent = JSON.stringify(table.requests)
    for (const hidden of [userName, USER_ATTRIBUTES.email, userPoolId, '@'])
      expect(sent).not.toContain(hidden)
  })

  test('is exact when two hundred sign-ins of one user begin at the same time', async () => {
    const rounds = await Promise.all(Array.from({ length: 200 }, () => createRound()))
    const limited = rounds.filter(({ shown }) => shown['reason'] === 'limited')
    expect(limited).toHaveLength(200 - PER_HOUR)
    expect(ses.mails()).toHaveLength(PER_HOUR)
    expect(counters()).toMatchObject([{ codes: { N: String(PER_HOUR) } }])
  })
})

describe('somebody who has not passed the password', () => {
  const unknown = { userNotFound: true, userAttributes: {} }

  test('is limited after as many rounds, and told the same in as many characters', async () => {
    await createRounds(PER_HOUR)
    const real = await createRound()
    expect(await createRounds(PER_HOUR + 1, unknown)).toEqual([...Array(PER_HOUR).fill('first'), 'limited'])
    const decoy = await createRound(PASSWORD_PASSED, unknown)
    const { destination, ...others } = decoy.shown
    expect(real.shown).toEqual({ ...others, destination: 'u***@e***' })
    expect(destination).toMatch(/^[a-z]\*\*\*@[a-z]\*\*\*$/)
    expect(JSON.stringify(decoy.kept)).toHaveLength(JSON.stringify(real.kept).length)
    expect(decoy.metadata).toBe(real.metadata)
    expect(await isRight(decoy.kept, '123456')).toBe(false)
  })

  test('does not wait for a mail beyond the limit, where nobody gets one', async () => {
    await createRounds(PER_HOUR, unknown)
    const dice = jest.spyOn(Math, 'random')
    expect((await createRound(PASSWORD_PASSED, unknown)).shown['reason']).toBe('limited')
    expect(dice).not.toHaveBeenCalled()
  })

  test('makes the same request, and cannot use up the mails of the user whose name it is', async () => {
    await createRounds(PER_HOUR + 1, unknown)
    expect(await createRounds(1)).toEqual(['first'])
    const [decoy, real] = [table.requests[0], table.requests.at(-1)]
    expect({ ...decoy, Key: null }).toEqual({ ...real, Key: null })
    expect(JSON.stringify(decoy?.['Key'])).toContain('"decoy-')
  })

  test('is refused, too, when the table fails and LIMIT_FAILURE says so', async () => {
    table.answerWith({ error: 'ThrottlingException' })
    await expect(createRound(PASSWORD_PASSED, unknown, creates.refuse)).rejects.toThrow(MESSAGE)
    expect((await createRound(PASSWORD_PASSED, unknown)).shown['reason']).toBe('first')
  })
})

describe('a table that fails', () => {
  const faults: [string, TableAnswer, string][] = [
    ['throttles', { error: 'ThrottlingException' }, 'ThrottlingException'],
    [
      'has no capacity left',
      { error: 'ProvisionedThroughputExceededException' },
      'ProvisionedThroughputExceededException',
    ],
    ['denies access', { error: 'AccessDeniedException' }, 'AccessDeniedException'],
    ['is not there', { error: 'ResourceNotFoundException' }, 'ResourceNotFoundException'],
    ['breaks the connection', 'break', 'ECONNRESET'],
    ['is silent', 'never', 'AbortError'],
    ['loses its answer', 'lose-answer', 'ECONNRESET'],
  ]
  beforeEach(() => {
    jest.mocked(AbortSignal.timeout).mockRestore()
  })

  test.each(faults)('and %s lets the mail go, once asked, with a line in the log', async (_, fault, code) => {
    table.answerWith(fault)
    const { shown, kept } = await createRound()
    expect(shown).toMatchObject({ reason: 'first', sendsLeft: '2' })
    expect(await isRight(kept, lastCode())).toBe(true)
    expect(table.requests).toHaveLength(1)
    expect(ses.mails()).toHaveLength(1)
    expect(lines).toMatchObject([
      { event: 'limit-failed', code, mail: 'allowed' },
      { event: 'code-sent' },
      { event: 'code-right' },
    ])
  })

  test.each(faults)('and %s sends none where LIMIT_FAILURE is refuse', async (_, fault, code) => {
    table.answerWith(fault)
    await expect(createRound(PASSWORD_PASSED, {}, creates.refuse)).rejects.toThrow(MESSAGE)
    expect(table.requests).toHaveLength(1)
    expect(ses.requests).toHaveLength(0)
    expect(lines).toMatchObject([{ event: 'limit-failed', code, mail: 'refused' }])
    table.answerWith('work')
    expect((await createRound(PASSWORD_PASSED, {}, creates.refuse)).shown['reason']).toBe('first')
  })

  test('is given a part of the time only: the mail has the rest', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout')
    table.answerWith('never')
    await createRound()
    const [forTable = 0, forMail = 0] = timeout.mock.calls.map(([milliseconds]) => milliseconds)
    expect(forTable).toBeLessThanOrEqual(1000)
    expect(forMail).toBeGreaterThan(forTable)
    expect(forTable + forMail).toBeLessThanOrEqual(4500)
  })

  test('is given a third of the time that is left, where that is less than a second', async () => {
    const { startLimit } = await import('../shared/mail-limit.ts')
    const { readCreateSettings } = await import('../shared/settings.ts')
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)
    const limit = startLimit(readCreateSettings(process.env))
    expect(await limit?.ask('user', NOW, { remaining: () => 600 })).toEqual({ name: 'allowed' })
    expect(timeout).toHaveBeenCalledWith(200)
  })

  test('and loses its answer has counted the mail once, and no more', async () => {
    table.answerWith('lose-answer')
    await createRound()
    table.answerWith('work')
    await createRound()
    expect(counters()).toMatchObject([{ codes: { N: '2' }, hour08: { N: '2' } }])
  })

  test('says nothing in the log that its error says', async () => {
    table.answerWith({ error: 'AccessDeniedException' })
    await createRound()
    expect(JSON.stringify(lines)).not.toContain('said by DynamoDB')
  })
})
