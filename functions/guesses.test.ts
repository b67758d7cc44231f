// However a client behaves, and whichever triggers see its ClientMetadata, one sign-in allows so many guesses and no more.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { type DynamoDbStandIn, startDynamoDbStandIn } from '../testing/dynamodb-stand-in.ts'
import {
  answered,
  createEvent,
  defineEvent,
  PASSWORD_PASSED,
  type SampleEntry,
  verifyEvent,
} from '../testing/sample-events.ts'

const [MAX_ATTEMPTS, MAX_SENDS] = [3, 2]

let ses: SesStandIn
let table: DynamoDbStandIn
let define: typeof import('./define-auth-challenge.ts')['handler']
let create: typeof import('./create-auth-challenge.ts')['handler']
/** Create where the limit across sign-ins is reached. */
let limitedCreate: typeof create
let verify: typeof import('./verify-auth-challenge-response.ts')['handler']
const verdicts: unknown[] = []
let clockOffset = 0

beforeAll(async () => {
  ses = await startSesStandIn()
  table = await startDynamoDbStandIn(['user', 'day'])
  Object.assign(process.env, {
    CODE_SECRET: 'ab'.repeat(32),
    FROM_ADDRESS: 'no-reply@example.com',
    MAX_ATTEMPTS: String(MAX_ATTEMPTS),
    MAX_SENDS: String(MAX_SENDS),
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
  })
  const now = Date.now
  jest.spyOn(Date, 'now').mockImplementation(() => now() + clockOffset)
  // On a busy machine a call may take longer than it is given.
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)
  jest.spyOn(console, 'warn').mockImplementation(() => {})
  jest.spyOn(console, 'info').mockImplementation(line => verdicts.push(JSON.parse(String(line)).event))
  define = (await import('./define-auth-challenge.ts')).handler
  create = (await import('./create-auth-challenge.ts')).handler
  verify = (await import('./verify-auth-challenge-response.ts')).handler
  table.answerWith({ error: 'ConditionalCheckFailedException' })
  jest.resetModules()
  Object.assign(process.env, { LIMIT_TABLE: 'limits', LIMIT_FAILURE: 'refuse' })
  limitedCreate = (await import('./create-auth-challenge.ts')).handler
})
afterAll(async () => {
  jest.restoreAllMocks()
  await ses.close()
  await table.close()
})

/** Which triggers see the client's metadata; no source says it for certain. */
type Reach = { readonly define: boolean; readonly create: boolean; readonly verify: boolean }

const SUBSETS: readonly Reach[] = [0, 1, 2, 3, 4, 5, 6, 7].map(bits => ({
  define: (bits & 1) !== 0,
  create: (bits & 2) !== 0,
  verify: (bits & 4) !== 0,
}))

/** What a client does in one round: it waits, and answers with a wrong code. */
type Move = {
  readonly clientMetadata: Readonly<Record<string, string>>
  /** Seconds before the answer. */
  readonly wait: number
  /** The limit across sign-ins lets no mail of this round go. */
  readonly limited: boolean
}

/** A sign-in whose password is passed. */
type Played = {
  readonly session: readonly SampleEntry[]
  readonly request: object
  /** Where the clock stands, in milliseconds ahead. */
  readonly clock: number
  readonly compared: number
  readonly mails: number
  readonly end: 'running' | 'refused' | 'tokens'
}

const START: Played = {
  session: PASSWORD_PASSED,
  request: {},
  clock: 0,
  compared: 0,
  mails: 0,
  end: 'running',
}
const throughJson = (event: object) => JSON.parse(JSON.stringify(event))
const seen = (request: object, sees: boolean) => (sees ? request : {})

/** Plays Cognito for one more round: Define, Create, the move of the client, Verify. */
async function playRound(before: Played, move: Move, reach: Reach): Promise<Played> {
  const { session, request } = before
  clockOffset = before.clock
  const { response } = await define(throughJson(defineEvent(session, seen(request, reach.define))))
  if (response.issueTokens) return { ...before, end: 'tokens' }
  if (response.failAuthentication) return { ...before, end: 'refused' }

  ses.answerWith('accept')
  verdicts.length = 0
  const createNext = move.limited ? limitedCreate : create
  const created = (await createNext(throughJson(createEvent(session, seen(request, reach.create))))).response
  clockOffset += move.wait * 1000
  const next = { clientMetadata: move.clientMetadata }
  // Six digits are the code with a chance of one in a million; a letter never is.
  const answer = verifyEvent(created.privateChallengeParameters, 'a23456', seen(next, reach.verify))
  const { answerCorrect } = (await verify(throughJson(answer))).response
  return {
    session: [...session, answered(answerCorrect, created.challengeMetadata)],
    request: next,
    clock: clockOffset,
    compared: before.compared + verdicts.filter(verdict => verdict === 'code-wrong').length,
    mails: before.mails + ses.requests.length,
    end: 'running',
  }
}

function expectBounded(played: Played, reach: Reach): void {
  const guesses = reach.verify ? MAX_ATTEMPTS : MAX_ATTEMPTS + MAX_SENDS
  expect({ reach, tooMany: played.compared > guesses }).toEqual({ reach, tooMany: false })
  expect(played.mails).toBeLessThanOrEqual(MAX_SENDS)
  expect(played.session.length - PASSWORD_PASSED.length).toBeLessThanOrEqual(MAX_ATTEMPTS + MAX_SENDS)
  expect(played.end).not.toBe('tokens')
}

/** What the rest of a sign-in depends on: no nonce, and times only as far as they can still change something. */
function stateOf({ session, request, clock, compared, mails, end }: Played): string {
  const rounds = session.slice(PASSWORD_PASSED.length).map(({ challengeMetadata }) => {
    const { reason, sends } = JSON.parse(challengeMetadata ?? '{}')
    return `${String(reason).startsWith('rese')} ${sends}`
  })
  const { sentAt = 0 } = JSON.parse(session.at(-1)?.challengeMetadata ?? '{}')
  const age = Math.min(200, Math.round((Date.now() - clockOffset + clock - sentAt) / 31_000) * 31)
  return JSON.stringify([rounds, request, age, compared, mails, end])
}

test.each(SUBSETS)('with ClientMetadata that reaches %j every way to answer is bounded', async reach => {
  const moves: readonly Move[] = [0, 31, 181].flatMap(wait =>
    [{}, { action: 'resend' }].map(clientMetadata => ({ clientMetadata, wait, limited: false })),
  )
  let running: readonly Played[] = [START]
  let most = START
  for (let round = 0; running.length > 0; round++) {
    expect(round).toBeLessThanOrEqual(MAX_ATTEMPTS + MAX_SENDS + 1)
    const reached = new Map<string, Played>()
    for (const before of running) {
      for (const move of moves) {
        const played = await playRound(before, move, reach)
        expectBounded(played, reach)
        if (played.compared > most.compared) most = played
        if (played.end === 'running') reached.set(stateOf(played), played)
        // A refused sign-in is refused whatever the next move would be.
        else break
      }
    }
    running = [...reached.values()]
  }
  // The bound is reached: only a Create that takes an answer for a request, which Verify compared, gives more guesses.
  const free = reach.create && !reach.verify ? MAX_SENDS : 0
  expect(most.compared).toBe(MAX_ATTEMPTS + free)
})

test('no ClientMetadata, time, order of answers or limited round widens the guesses, the mails or the rounds of a sign-in', async () => {
  const metadata = fc.oneof(
    fc.constant({ action: 'resend' }),
    fc.constant({}),
    fc.dictionary(
      fc.constantFrom('action', 'reason', 'sends', 'wrongCodes', 'keyId', 'locale', '__proto__'),
      fc.string(),
    ),
  )
  const move: fc.Arbitrary<Move> = fc.record({
    clientMetadata: metadata,
    wait: fc.constantFrom(0, 5, 31, 181),
    limited: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...SUBSETS),
      async (moves, reach) => {
        let played = START
        for (const next of moves) {
          if (played.end === 'running') played = await playRound(played, next, reach)
          expectBounded(played, reach)
        }
        if (moves.length > MAX_ATTEMPTS + MAX_SENDS) expect(played.end).toBe('refused')
      },
    ),
    { numRuns: 250 },
  )
})
