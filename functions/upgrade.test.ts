// A sign-in that began under the version before: it goes on, or is asked for a new code, and never ends in an error.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { answered, createEvent, defineEvent, PASSWORD_PASSED, verifyEvent } from '../testing/sample-events.ts'

let ses: SesStandIn
let define: typeof import('./define-auth-challenge.ts')['handler']
let create: typeof import('./create-auth-challenge.ts')['handler']
let verify: typeof import('./verify-auth-challenge-response.ts')['handler']

beforeAll(async () => {
  ses = await startSesStandIn()
  Object.assign(process.env, {
    CODE_SECRET: 'ab'.repeat(32),
    FROM_ADDRESS: 'no-reply@example.com',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
  })
  for (const method of ['info', 'warn'] as const) jest.spyOn(console, method).mockImplementation(() => {})
  define = (await import('./define-auth-challenge.ts')).handler
  create = (await import('./create-auth-challenge.ts')).handler
  verify = (await import('./verify-auth-challenge-response.ts')).handler
})
afterAll(async () => {
  jest.restoreAllMocks()
  await ses.close()
})

/** What the version before wrote: no id of the secret. */
const [sentAt, expiresAt] = [Date.now() - 10_000, Date.now() + 170_000]
const FORMER_ROUND = { reason: 'first', nonce: '0123456789abcdef'.repeat(2), sentAt, expiresAt, sends: 1 }
const FORMER_PARAMETERS = {
  passwordStep: 'PASSWORD_VERIFIER',
  nonce: FORMER_ROUND.nonce,
  expiresAt: String(expiresAt),
  wrongCodes: '0',
}
const throughJson = (event: object) => JSON.parse(JSON.stringify(event))

test('its code has expired: a new one is mailed, and leads to the tokens', async () => {
  ses.answerWith('accept')
  const early = await verify(throughJson(verifyEvent(FORMER_PARAMETERS, '123456')))
  expect(early.response.answerCorrect).toBe(false)

  const session = [...PASSWORD_PASSED, answered(false, JSON.stringify(FORMER_ROUND))]
  expect((await define(throughJson(defineEvent(session)))).response.challengeName).toBe('CUSTOM_CHALLENGE')
  const { response } = await create(throughJson(createEvent(session)))
  expect(response.publicChallengeParameters).toMatchObject({ reason: 'expired', sendsLeft: '1' })
  expect(ses.mails()).toHaveLength(1)

  const code = ses.mails()[0]?.text.split('\n')[0] ?? ''
  const right = await verify(throughJson(verifyEvent(response.privateChallengeParameters, code)))
  expect(right.response.answerCorrect).toBe(true)
  const end = [...session, answered(true, response.challengeMetadata)]
  expect((await define(throughJson(defineEvent(end)))).response.issueTokens).toBe(true)
})

test('after two wrong codes under the version before, its right code is no third one: a new code is mailed', async () => {
  ses.answerWith('accept')
  const wrong = answered(false, JSON.stringify({ ...FORMER_ROUND, reason: 'wrong-code' }))
  const session = [...PASSWORD_PASSED, wrong, wrong, wrong]
  expect((await define(throughJson(defineEvent(session)))).response.challengeName).toBe('CUSTOM_CHALLENGE')
  const { response } = await create(throughJson(createEvent(session)))
  expect(response.publicChallengeParameters).toMatchObject({ reason: 'expired', attemptsLeft: '1' })

  const wrongAgain = [...session, answered(false, response.challengeMetadata)]
  expect((await define(throughJson(defineEvent(wrongAgain)))).response.failAuthentication).toBe(true)
  const right = [...session, answered(true, response.challengeMetadata)]
  expect((await define(throughJson(defineEvent(right)))).response.issueTokens).toBe(true)
})

test('with no mail left it stays expired until the attempts are used up, and then is refused', async () => {
  ses.answerWith('accept')
  const spent = answered(false, JSON.stringify({ ...FORMER_ROUND, sends: 3 }))
  const session = [...PASSWORD_PASSED, spent]
  const { response } = await create(throughJson(createEvent(session)))
  expect(response.publicChallengeParameters).toMatchObject({ reason: 'expired', sendsLeft: '0' })
  expect(ses.mails()).toHaveLength(0)
  const answer = await verify(throughJson(verifyEvent(response.privateChallengeParameters, '123456')))
  expect(answer.response.answerCorrect).toBe(false)
  const end = await define(throughJson(defineEvent([...session, spent, spent, spent])))
  expect(end.response.failAuthentication).toBe(true)
})

test('a code that the version before has accepted leads to the tokens', async () => {
  const session = [...PASSWORD_PASSED, answered(true, JSON.stringify(FORMER_ROUND))]
  expect((await define(throughJson(defineEvent(session)))).response.issueTokens).toBe(true)
})
