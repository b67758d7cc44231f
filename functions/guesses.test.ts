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

/** A sign-in that asks for the code. */
type Asked = Played & { readonly created: Awaited<ReturnType<typeof create>>['response'] }

/** Plays Cognito up to the next question: Define, Create. */
async function ask(before: Played, limited: boolean, reach: Reach): Promise<Played | Asked> {
  const { session, request } = before
  clockOffset = before.clock
  const { response } = await define(throughJson(defineEvent(session, seen(request, reach.define))))
  if (response.issueTokens) return { ...before, end: 'tokens' }
  if (response.failAuthentication) return { ...before, end: 'refused' }
  ses.answerWith('accept')
  const createNext = limited ? limitedCreate : create
  const created = (await createNext(throughJson(createEvent(session, seen(request, reach.create))))).response
  return { ...before, mails: before.mails + ses.requests.length, created }
}

/** The move of the client, and Verify. */
async function answer({ created, ...before }: Asked, move: Move, reach: Reach): Promise<Played> {
  clockOffset = before.clock + move.wait * 1000
  verdicts.length = 0
  const next = { clientMetadata: move.clientMetadata }
  // Six digits are the code with a chance of one in a million; a letter never is.
  const event = verifyEvent(created.privateChallengeParameters, 'a23456', seen(next, reach.verify))
  const { answerCorrect } = (await verify(throughJson(event))).response
  return {
    ...before,
    session: [...before.session, answered(answerCorrect, created.challengeMetadata)],
    request: next,
    clock: clockOffset,
    compared: before.compared + verdicts.filter(verdict => verdict === 'code-wrong').length,
  }
}

/** What is beyond the bounds; asked so often that `expect` would take a third of the time. */
function excessOf({ compared, mails, session, end }: Played, reach: Reach): readonly string[] {
  const guesses = reach.verify ? MAX_ATTEMPTS : MAX_ATTEMPTS + MAX_SENDS
  const rounds = session.length - PASSWORD_PASSED.length
  return [
    ...(compared > guesses ? [`${compared} guesses`] : []),
    ...(mails > MAX_SENDS ? [`${mails} mails`] : []),
    ...(rounds > MAX_ATTEMPTS + MAX_SENDS ? [`${rounds} rounds`] : []),
    ...(end === 'tokens' ? ['tokens'] : []),
  ]
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
    [{}, { action: 'resend' }].map(clientMetadata => ({ clientMetadata, wait })),
  )
  let running: readonly Played[] = [START]
  let most = START
  const excess: string[] = []
  for (let round = 0; running.length > 0; round++) {
    expect(round).toBeLessThanOrEqual(MAX_ATTEMPTS + MAX_SENDS + 1)
    const reached = new Map<string, Played>()
    for (const before of running) {
      // What is asked does not depend on what the client does then.
      const asked = await ask(before, false, reach)
      excess.push(...excessOf(asked, reach))
      if (!('created' in asked)) continue
      for (const move of moves) {
        const played = await answer(asked, move, reach)
        excess.push(...excessOf(played, reach))
        if (played.compared > most.compared) most = played
        reached.set(stateOf(played), played)
      }
    }
    running = [...reached.values()]
  }
  expect(excess).toEqual([])
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
  const round = fc.record({
    clientMetadata: metadata,
    wait: fc.constantFrom(0, 5, 31, 181),
    /** The limit across sign-ins lets no mail of this round go. */
    limited: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...SUBSETS),
      async (rounds, reach) => {
        let played = START
        for (const { limited, ...move } of rounds) {
          if (played.end !== 'running') break
          const asked = await ask(played, limited, reach)
          expect(excessOf(asked, reach)).toEqual([])
          played = 'created' in asked ? await answer(asked, move, reach) : asked
          expect(excessOf(played, reach)).toEqual([])
        }
        if (rounds.length > MAX_ATTEMPTS + MAX_SENDS) expect(played.end).toBe('refused')
      },
    ),
    { numRuns: 250 },
  )
})
