// The limit across sign-ins on dynalite, an independent DynamoDB emulator: as exact as on the stand-in, which is the project's own reading of it.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { objectAt } from '../../command/json.ts'
import { type SesStandIn, startSesStandIn } from '../../recording/ses-stand-in.ts'
import { readTemplate } from '../cloudformation-template.ts'
import { type DynamoDbStandIn, startDynamoDbStandIn } from '../dynamodb-stand-in.ts'
import { createEvent, PASSWORD_PASSED, USER_ATTRIBUTES } from '../sample-events.ts'
import { type Dynalite, startDynalite } from './dynalite.ts'

const [PER_HOUR, PER_DAY] = [10, 12]
const NINE = Date.UTC(2026, 10, 24, 9)

type Create = typeof import('../../functions/create-auth-challenge.ts')['handler']

let ses: SesStandIn
let dynalite: Dynalite
let standIn: DynamoDbStandIn
/** Create by the table that it counts in. */
let creates: { readonly dynalite: Create; readonly standIn: Create }
let now: number

beforeAll(async () => {
  const table = objectAt(readTemplate(readFileSync('template.yaml', 'utf8')), 'Resources', 'LimitTable')
  ses = await startSesStandIn()
  ses.answerWith('accept')
  dynalite = await startDynalite(table, 'limits')
  standIn = await startDynamoDbStandIn(['user', 'day'])
  Object.assign(process.env, {
    CODE_SECRET: 'ab'.repeat(32),
    FROM_ADDRESS: 'no-reply@example.com',
    LIMIT_TABLE: 'limits',
    LIMIT_FAILURE: 'refuse',
    MAX_CODES_PER_HOUR: String(PER_HOUR),
    MAX_CODES_PER_DAY: String(PER_DAY),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
  })
  creates = { dynalite: await createOn(dynalite.url), standIn: await createOn(standIn.url) }
})
afterAll(async () => {
  await ses.close()
  await dynalite.close()
  await standIn.close()
})

beforeEach(() => {
  now = NINE
  jest.spyOn(Date, 'now').mockImplementation(() => now)
  // On a busy machine a call may take longer than the table is given.
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)
  for (const method of ['info', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(() => undefined)
})
afterEach(() => {
  jest.restoreAllMocks()
})

/** The address is read at the first call. */
async function createOn(url: string): Promise<Create> {
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = url
  jest.resetModules()
  const { handler } = await import('../../functions/create-auth-challenge.ts')
  jest.spyOn(console, 'info').mockImplementation(() => undefined)
  await handler(JSON.parse(JSON.stringify(createEvent(PASSWORD_PASSED, userOf('first')))))
  return handler
}

const userOf = (sub: string) => ({ userAttributes: { ...USER_ATTRIBUTES, sub } })

/** What the app is told in the first round of a sign-in: the reason, and when the limit opens again. */
async function firstRound(create: Create, sub: string): Promise<readonly unknown[]> {
  const event = { ...createEvent(PASSWORD_PASSED, userOf(sub)), userName: sub }
  const { response } = await create(JSON.parse(JSON.stringify(event)))
  const { reason, resendAfter } = response.publicChallengeParameters
  return reason === 'limited' ? [reason, resendAfter] : [reason]
}

async function firstRounds(create: Create, sub: string, count: number): Promise<(readonly unknown[])[]> {
  const rounds: (readonly unknown[])[] = []
  for (let round = 0; round < count; round++) rounds.push(await firstRound(create, sub))
  return rounds
}

// dynalite does not know ReturnValuesOnConditionCheckFailure. Without the counters Create names the next hour, also where the day is full.
test('an hour and a day let through their number of mails', async () => {
  const sub = '00000000-0000-4000-8000-000000000001'
  now = NINE
  expect(await firstRounds(creates.dynalite, sub, 12)).toEqual([
    ...Array(PER_HOUR).fill(['first']),
    ...Array(2).fill(['limited', '2026-11-24T10:00:00.000Z']),
  ])
  now = NINE + 3_600_000
  expect(await firstRounds(creates.dynalite, sub, 3)).toEqual([
    ['first'],
    ['first'],
    ['limited', '2026-11-24T11:00:00.000Z'],
  ])
  now = NINE + 24 * 3_600_000
  expect(await firstRounds(creates.dynalite, sub, 1)).toEqual([['first']])
})

test('of forty sign-ins at once exactly ten get a mail', async () => {
  const sub = '00000000-0000-4000-8000-000000000002'
  const before = ses.mails().length
  const rounds = await Promise.all(Array.from({ length: 40 }, () => firstRound(creates.dynalite, sub)))
  expect(rounds.filter(([reason]) => reason === 'first')).toHaveLength(PER_HOUR)
  expect(rounds.filter(([reason]) => reason === 'limited')).toHaveLength(30)
  expect(ses.mails()).toHaveLength(before + PER_HOUR)
})

test('the stand-in of the other tests answers the same, and holds the same items', async () => {
  standIn.answerWith('full-without-item')
  const sub = '00000000-0000-4000-8000-000000000003'
  const known = await dynalite.items()
  const told: Record<string, unknown> = {}
  for (const [name, create] of Object.entries(creates)) {
    now = NINE
    const first = await firstRounds(create, sub, 11)
    now += 3_600_000
    told[name] = [...first, ...(await firstRounds(create, sub, 3))]
  }
  expect(told['standIn']).toEqual(told['dynalite'])
  const keys = known.map(({ user }) => JSON.stringify(user))
  const added = (await dynalite.items()).filter(({ user }) => !keys.includes(JSON.stringify(user)))
  expect(added).toHaveLength(1)
  expect(standIn.items()).toContainEqual(added[0])
})
