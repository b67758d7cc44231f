// What fix plans: the changes that the chosen findings carry, and what it refuses.
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../command/json.ts'
import { type InProcessStandIn, inProcessStandIn } from '../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, POOL_ID, poolBeforeAttach } from '../testing/example-pool.ts'
import type { Finding } from './findings.ts'
import { planFix } from './fix.ts'
import type { PoolChange } from './user-pool.ts'

const CODE = 'ALLOW_CUSTOM_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'
const PHONE = 'phone'

let pool: InProcessStandIn
beforeEach(() => {
  pool = inProcessStandIn(poolBeforeAttach())
  pool.state.clients[PHONE] = {
    UserPoolId: POOL_ID,
    ClientId: PHONE,
    ClientName: 'phone\u001b[2J',
    ExplicitAuthFlows: [SRP],
  }
})

const finding = (id: Finding['id'], change?: PoolChange, fix = `run ${id}`): Finding => ({
  id,
  level: 'high',
  what: 'something',
  why: 'It matters.',
  fix,
  ...(change === undefined ? {} : { change }),
})
/** Sets members of app clients. */
const onClients = (members: JsonObject, ...clientIds: string[]): PoolChange => ({
  clientIds,
  apply: state => ({
    ...state,
    clients: {
      ...state.clients,
      ...Object.fromEntries(clientIds.map(id => [id, { ...state.clients[id], ...members }])),
    },
  }),
})
const ON_POOL: PoolChange = {
  clientIds: [],
  apply: state => ({ ...state, userPool: { ...state.userPool, DeletionProtection: 'INACTIVE' } }),
}
const REVEALS = finding(
  'client-reveals-users',
  onClients({ PreventUserExistenceErrors: 'LEGACY' }, PHONE, CLIENT_ID),
)
const SHORT = finding('client-session-short', onClients({ AuthSessionValidity: 9 }, PHONE))
const TRACKING = finding('device-tracking', ON_POOL)
const NOT_FIXABLE = finding('trigger-missing', undefined, 'attach this')

const planned = (found: readonly Finding[], ids: readonly string[], clientIds: readonly string[] = []) =>
  planFix(pool.aws, found, { userPoolId: POOL_ID, ids, clientIds })

test('all that was chosen is changed, in one plan, and nothing else', async () => {
  const found = [REVEALS, SHORT, TRACKING, NOT_FIXABLE]
  const plan = await planned(found, ['client-reveals-users', 'client-session-short', 'device-tracking'])
  const { from } = plan
  expect(plan).toMatchObject({ command: 'fix', userPoolId: POOL_ID, notes: [], triggers: {} })
  expect(plan.to).toEqual({
    userPool: { ...from.userPool, DeletionProtection: 'INACTIVE' },
    mfa: from.mfa,
    clients: {
      [CLIENT_ID]: { ...from.clients[CLIENT_ID], PreventUserExistenceErrors: 'LEGACY' },
      [PHONE]: { ...from.clients[PHONE], PreventUserExistenceErrors: 'LEGACY', AuthSessionValidity: 9 },
    },
  })
})

test('a finding that stands twice is changed as a whole, but for the part that nothing changes', async () => {
  const twice = [SHORT, finding('client-session-short', onClients({ AuthSessionValidity: 5 }, CLIENT_ID))]
  const plan = await planned([...twice, finding('client-session-short')], ['client-session-short'])
  expect(plan.to.clients).toMatchObject({
    [CLIENT_ID]: { AuthSessionValidity: 5 },
    [PHONE]: { AuthSessionValidity: 9 },
  })
})

test('what could not be read is a note', async () => {
  pool.interfere = operation =>
    operation === 'ListUserImportJobs' || operation === 'GetUserPoolMfaConfig' ? 'deny' : undefined
  expect((await planned([SHORT], ['client-session-short'])).notes).toEqual([
    expect.stringContaining('import jobs were not checked'),
    expect.stringContaining('MFA configuration could not be read'),
  ])
})

test('nothing is planned while users are imported', async () => {
  pool.state.importJobs = [{ JobId: 'import-1', Status: 'Pending' }]
  await expect(planned([SHORT], ['client-session-short'])).rejects.toMatchObject({ code: 'import-running' })
})

describe('app clients that are named', () => {
  test('limit the change to them', async () => {
    const plan = await planned([REVEALS, SHORT], ['client-reveals-users', 'client-session-short'], [PHONE])
    expect(plan.to).toEqual({
      ...plan.from,
      clients: {
        ...plan.from.clients,
        [PHONE]: {
          ...plan.from.clients[PHONE],
          PreventUserExistenceErrors: 'LEGACY',
          AuthSessionValidity: 9,
        },
      },
    })
  })

  test('have to be in a finding that was chosen', async () => {
    const refused = planned([REVEALS, SHORT], ['client-session-short'], [PHONE, CLIENT_ID])
    await expect(refused).rejects.toMatchObject({
      code: 'finding-absent',
      message: `No finding named here is about app client ${CLIENT_ID}. Nothing was changed.`,
    })
  })

  test('may each be in another finding', async () => {
    const web = finding('client-writes-email', onClients({ AuthSessionValidity: 7 }, CLIENT_ID))
    const ids = ['client-session-short', 'client-writes-email']
    const plan = await planned([SHORT, web], ids, [PHONE, CLIENT_ID])
    expect(plan.to.clients).toMatchObject({
      [CLIENT_ID]: { AuthSessionValidity: 7 },
      [PHONE]: { AuthSessionValidity: 9 },
    })
  })

  test('do not limit what is about the user pool', async () => {
    await expect(
      planned([SHORT, TRACKING], ['client-session-short', 'device-tracking'], [PHONE]),
    ).rejects.toMatchObject({
      code: 'usage',
      message:
        'device-tracking is about the user pool, so --clients cannot limit it. Nothing was changed. Run fix device-tracking ' +
        'without --clients.',
    })
  })
})

describe('a finding', () => {
  test.each<[Finding[], string]>([
    [[REVEALS, REVEALS, NOT_FIXABLE, SHORT], 'fix can change: client-reveals-users, client-session-short.'],
    [[NOT_FIXABLE], 'fix can change nothing here.'],
    [[], 'fix can change nothing here.'],
  ])('that check does not report is refused, with what could be chosen', async (found, choice) => {
    await expect(planned(found, ['native-mfa'])).rejects.toMatchObject({
      code: 'finding-absent',
      message: `check does not report "native-mfa" on this pool. ${choice}`,
    })
    expect(pool.calls).toEqual([])
  })

  test('that no setting fixes is refused, with the commands that do, each once', async () => {
    const others = [NOT_FIXABLE, NOT_FIXABLE, finding('trigger-missing', undefined, 'attach that'), TRACKING]
    await expect(planned(others, ['trigger-missing'])).rejects.toMatchObject({
      code: 'finding-not-fixable',
      message:
        'trigger-missing is not fixed by a setting of the pool or of an app client. It matters.\n' +
        'Run:\n  attach this\n  attach that',
    })
  })
})

describe('an app client that could do nothing but ask for the code', () => {
  const only = finding('client-skips-code', onClients({ ExplicitAuthFlows: [CODE] }, PHONE, CLIENT_ID))

  test('is refused on a pool that cannot ask', async () => {
    await expect(planned([only], ['client-skips-code'])).rejects.toMatchObject({
      code: 'client-stranded',
      message:
        'The pool has no triggers that ask for the code, so users could not sign in any more through: ' +
        `${CLIENT_ID} (web), phone (phone[2J). Nothing was changed. Run attach first.`,
    })
  })

  test('is not in the way where it is one already', async () => {
    pool.state.clients[PHONE] = { ...pool.state.clients[PHONE], ExplicitAuthFlows: [CODE] }
    const plan = await planned([SHORT], ['client-session-short'])
    expect(plan.to.clients[PHONE]).toMatchObject({ AuthSessionValidity: 9 })
  })

  test('is planned on a pool that asks', async () => {
    pool.state.userPool['LambdaConfig'] = { DefineAuthChallenge: ARNS.DefineAuthChallenge }
    expect((await planned([only], ['client-skips-code'])).to.clients).toMatchObject({
      [CLIENT_ID]: { ExplicitAuthFlows: [CODE] },
      [PHONE]: { ExplicitAuthFlows: [CODE] },
    })
  })
})
