// The command limit against AWS over HTTP: it reads and resets what Create itself has counted, and shows no secret.
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { objectAt } from '../command/json.ts'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { type StandIn, startAwsStandIn } from '../testing/aws-stand-in.ts'
import { type DynamoDbStandIn, startDynamoDbStandIn } from '../testing/dynamodb-stand-in.ts'
import { ARNS, goodPool, POOL_ID } from '../testing/example-pool.ts'
import { jsonOf, runIn } from '../testing/pool-run.ts'
import { createEvent, PASSWORD_PASSED, USER_ATTRIBUTES } from '../testing/sample-events.ts'
import { runLimit } from './limit-command.ts'

const NOW = Date.UTC(2026, 10, 24, 8, 30)
const ADDRESS = USER_ATTRIBUTES.email
const NAMED = ['--user-pool-id', POOL_ID, '--username', ADDRESS]
const SECRET = '0123456789abcdef'.repeat(4)

let aws: StandIn
let ses: SesStandIn
let table: DynamoDbStandIn
let create: typeof import('../functions/create-auth-challenge.ts')['handler']

beforeAll(async () => {
  const settings = {
    CODE_SECRET: SECRET,
    FROM_ADDRESS: 'no-reply@example.com',
    LIMIT_TABLE: 'limits',
    MAX_CODES_PER_HOUR: '2',
    MAX_CODES_PER_DAY: '5',
  }
  aws = await startAwsStandIn(goodPool())
  const configuration = objectAt(aws.state.functions[ARNS.CreateAuthChallenge]?.configuration)
  configuration['Environment'] = { Variables: settings }
  aws.state.users.push({
    Username: USER_ATTRIBUTES.sub,
    Attributes: [{ Name: 'email', Value: ADDRESS }],
  })
  ses = await startSesStandIn()
  table = await startDynamoDbStandIn(['user', 'day'])
  Object.assign(process.env, settings, aws.environment, {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SES: ses.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
  })
  create = (await import('../functions/create-auth-challenge.ts')).handler
})
afterAll(() => Promise.all([aws.stop(), ses.close(), table.close()]))

beforeEach(() => {
  table.clear()
  ses.answerWith('accept')
  aws.interfere = () => undefined
  jest.restoreAllMocks()
  jest.spyOn(Date, 'now').mockReturnValue(NOW)
  jest.spyOn(console, 'info').mockImplementation(() => {})
  jest.spyOn(console, 'warn').mockImplementation(() => {})
})

const limit = (...args: string[]) => runIn(runLimit, aws.environment, args)
const shown = async () => jsonOf(await limit('show', ...NAMED, '--json'))

/** What the client is shown of a new sign-in. */
async function reasonOfSignIn(): Promise<unknown> {
  const { response } = await create(JSON.parse(JSON.stringify(createEvent(PASSWORD_PASSED))))
  return response.publicChallengeParameters['reason']
}

describe('limit show', () => {
  test('counts the mails that Create sent, for the name and for the address of the user', async () => {
    expect(await shown()).toMatchObject({ hour: { codes: 0, limit: 2 }, day: { codes: 0, limit: 5 } })
    await reasonOfSignIn()
    expect(await shown()).toMatchObject({ hour: { codes: 1 }, day: { codes: 1 }, limitedUntil: null })
    const byName = await limit('show', '--user-pool-id', POOL_ID, '--username', USER_ATTRIBUTES.sub)
    expect(byName).toMatchObject({ code: 0, err: '' })
    expect(byName.out).toContain(
      'This hour: 1 of 2 codes. This UTC day: 1 of 5.\nThe next code can be mailed.',
    )
  })

  test('says until when a user is limited', async () => {
    for (const reason of ['first', 'first', 'limited']) expect(await reasonOfSignIn()).toBe(reason)
    expect(await shown()).toMatchObject({ limitedUntil: '2026-11-24T09:00:00.000Z', reset: false })
    expect((await limit('show', ...NAMED)).out).toContain(
      'No code is mailed before 2026-11-24T09:00:00.000Z.',
    )
  })

  test('changes nothing', async () => {
    await reasonOfSignIn()
    const before = table.items()
    await shown()
    expect(table.items()).toEqual(before)
    expect(aws.calls.filter(({ operation }) => !/^(Describe|Get|AdminGet)/.test(operation))).toEqual([])
  })
})

describe('limit reset', () => {
  test('lets a limited user get a code again', async () => {
    for (const reason of ['first', 'first', 'limited']) expect(await reasonOfSignIn()).toBe(reason)
    const result = await limit('reset', ...NAMED, '--yes')
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(result.out).toContain('This hour: 2 of 2 codes.')
    expect(await shown()).toMatchObject({ hour: { codes: 0 }, day: { codes: 0 }, limitedUntil: null })
    expect(await reasonOfSignIn()).toBe('first')
  })

  test('asks first, and without a yes changes nothing', async () => {
    await reasonOfSignIn()
    expect(await runIn(runLimit, aws.environment, ['reset', ...NAMED], { typed: 'n' })).toMatchObject({
      code: 2,
    })
    expect(jsonOf(await limit('reset', ...NAMED, '--json'))).toMatchObject({ code: 'not-confirmed' })
    expect(await shown()).toMatchObject({ day: { codes: 1 } })
    expect(await runIn(runLimit, aws.environment, ['reset', ...NAMED], { typed: 'y' })).toMatchObject({
      code: 0,
    })
    expect(await shown()).toMatchObject({ day: { codes: 0 } })
  })

  test('with --json prints one object', async () => {
    await reasonOfSignIn()
    expect(jsonOf(await limit('reset', ...NAMED, '--yes', '--json'))).toMatchObject({
      username: ADDRESS,
      day: { codes: 0 },
      reset: true,
    })
  })
})

test.each([
  ['an argument that is neither', ['open', ...NAMED], 'usage'],
  ['no user', ['show', '--user-pool-id', POOL_ID], 'usage'],
  ['no pool', ['show', '--username', ADDRESS], 'usage'],
  ['a user who does not exist', ['show', '--user-pool-id', POOL_ID, '--username', 'ghost'], 'user-missing'],
])('%s is an error with a stable code', async (_, args, code) => {
  const result = await limit(...args, '--json')
  expect(result.code).toBe(2)
  expect(jsonOf(result)).toMatchObject({ code })
})

test('a pool without the limit, or without the function, is an error that says so', async () => {
  const pool = goodPool()
  const without = await startAwsStandIn(pool)
  try {
    const args = ['show', ...NAMED, '--json']
    expect(jsonOf(await runIn(runLimit, without.environment, args))).toMatchObject({ code: 'limit-absent' })
    delete objectAt(pool.userPool, 'LambdaConfig')['CreateAuthChallenge']
    expect(jsonOf(await runIn(runLimit, without.environment, args))).toMatchObject({
      code: 'function-missing',
    })
  } finally {
    await without.stop()
  }
})

test('no output shows the secret, whether it works or fails', async () => {
  const outputs = [await limit('show', ...NAMED), await limit('reset', ...NAMED, '--yes', '--json')]
  table.answerWith({ error: 'AccessDeniedException' })
  outputs.push(await limit('show', ...NAMED))
  expect(outputs.at(-1)).toMatchObject({ code: 2, err: expect.stringContaining('lack a right') })
  const configuration = objectAt(aws.state.functions[ARNS.CreateAuthChallenge]?.configuration)
  const variables = objectAt(configuration, 'Environment', 'Variables')
  variables['MAX_ATTEMPTS'] = 'many'
  outputs.push(await limit('show', ...NAMED, '--json'))
  delete variables['MAX_ATTEMPTS']
  for (const { out, err } of outputs) expect(out + err).not.toContain(SECRET.slice(0, 16))
})
