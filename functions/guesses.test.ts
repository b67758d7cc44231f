// However a client behaves, one sign-in allows so many guesses, mails and rounds, and no more.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import {
  answered,
  createEvent,
  defineEvent,
  PASSWORD_PASSED,
  type SampleEntry,
  verifyEvent,
} from '../testing/sample-events.ts'

const [MAX_ATTEMPTS, MAX_SENDS] = [3, 3]

let ses: SesStandIn
let define: typeof import('./define-auth-challenge.ts')['handler']
let create: typeof import('./create-auth-challenge.ts')['handler']
let verify: typeof import('./verify-auth-challenge-response.ts')['handler']
const verdicts: unknown[] = []
let clockOffset = 0

beforeAll(async () => {
  ses = await startSesStandIn()
  Object.assign(process.env, {
    CODE_SECRET: 'ab'.repeat(32),
    FROM_ADDRESS: 'no-reply@example.com',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
  })
  const now = Date.now
  jest.spyOn(Date, 'now').mockImplementation(() => now() + clockOffset)
  jest.spyOn(console, 'warn').mockImplementation(() => {})
  jest.spyOn(console, 'info').mockImplementation(line => verdicts.push(JSON.parse(String(line)).event))
  define = (await import('./define-auth-challenge.ts')).handler
  create = (await import('./create-auth-challenge.ts')).handler
  verify = (await import('./verify-auth-challenge-response.ts')).handler
})
afterAll(async () => {
  jest.restoreAllMocks()
  await ses.close()
})

/** What a client does in one round. */
type Move = {
  readonly answer: 'wrong' | 'right, as a resend'
  readonly clientMetadata: Readonly<Record<string, string>>
  /** Seconds before the answer. */
  readonly wait: number
}

const throughJson = (event: object) => JSON.parse(JSON.stringify(event))

/** Plays Cognito for one sign-in whose password is passed, until Define ends it or the client has no more moves. */
async function playSignIn(moves: readonly Move[], reachesCreate: boolean) {
  const session: SampleEntry[] = [...PASSWORD_PASSED]
  let request: object = {}
  for (const move of [...moves, undefined]) {
    const { response } = await define(throughJson(defineEvent(session, request)))
    if (response.issueTokens || response.failAuthentication)
      return { ...response, rounds: session.length - 2 }
    if (move === undefined) break

    const created = (await create(throughJson(createEvent(session, reachesCreate ? request : {})))).response
    clockOffset += move.wait * 1000
    const code = ses.mails().at(-1)?.subject.slice(0, 6) ?? ''
    const isRight = move.answer !== 'wrong'
    request = { clientMetadata: isRight ? { ...move.clientMetadata, action: 'resend' } : move.clientMetadata }
    const answer = isRight ? code : code.replace(/^./, digit => String((Number(digit) + 1) % 10))
    const verified = await verify(
      throughJson(verifyEvent(created.privateChallengeParameters, answer, request)),
    )
    session.push(answered(verified.response.answerCorrect, created.challengeMetadata))
  }
  return { issueTokens: false, failAuthentication: false, rounds: session.length - 2 }
}

test('no ClientMetadata, time or order of answers widens the guesses, the mails or the rounds of a sign-in', async () => {
  const metadata = fc.oneof(
    fc.constant({ action: 'resend' }),
    fc.constant({}),
    fc.dictionary(
      fc.constantFrom('action', 'reason', 'sends', 'wrongCodes', 'locale', '__proto__'),
      fc.string(),
    ),
  )
  const move: fc.Arbitrary<Move> = fc.record({
    answer: fc.constantFrom('wrong', 'right, as a resend'),
    clientMetadata: metadata,
    wait: fc.constantFrom(0, 5, 31, 181),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 1, maxLength: 14 }),
      fc.boolean(),
      async (moves, reachesCreate) => {
        ses.answerWith('accept')
        verdicts.length = 0
        const end = await playSignIn(moves, reachesCreate)
        expect(end.issueTokens).toBe(false)
        expect(verdicts.filter(verdict => verdict === 'code-wrong').length).toBeLessThanOrEqual(MAX_ATTEMPTS)
        expect(ses.requests.length).toBeLessThanOrEqual(MAX_SENDS)
        expect(end.rounds).toBeLessThanOrEqual(MAX_ATTEMPTS + 2 * MAX_SENDS + 1)
        if (moves.length > MAX_ATTEMPTS + 2 * MAX_SENDS) expect(end.failAuthentication).toBe(true)
      },
    ),
    { numRuns: 250 },
  )
})
