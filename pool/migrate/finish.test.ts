// What migrate finish plans: MFA required, app clients on SRP, the triggers off, and what it refuses.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../command/json.ts'
import { type InProcessStandIn, inProcessStandIn } from '../../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, functionArn, goodPool, POOL_ID } from '../../testing/example-pool.ts'
import { type FinishOptions, planFinish, whyGuardIsNeeded } from './finish.ts'
import type { NativeUser } from './native-users.ts'

const CODE = 'ALLOW_CUSTOM_AUTH'
const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'
const OPTIONS: FinishOptions = { userPoolId: POOL_ID, keepCustomAuth: false, probeFile: undefined }
const GUARD = {
  PreTokenGeneration: ARNS.PreTokenGeneration,
  PreTokenGenerationConfig: { LambdaVersion: 'V1_0', LambdaArn: ARNS.PreTokenGeneration },
}
const MFA = { MfaConfiguration: 'OPTIONAL', EmailMfaConfiguration: { Message: '{####}', Subject: 'Code' } }

const user = (username: string, members: Partial<NativeUser> = {}): NativeUser => ({
  username,
  sub: username,
  status: 'CONFIRMED',
  enabled: true,
  email: `${username}@example.com`,
  emailVerified: true,
  factors: { list: [], preferred: null },
  ...members,
})
const MOVED = user('moved', { factors: { list: ['EMAIL_OTP'], preferred: 'EMAIL_OTP' } })

let pool: InProcessStandIn
beforeEach(() => {
  const state = goodPool()
  state.mfa = MFA
  state.userPool['MfaConfiguration'] = 'OPTIONAL'
  pool = inProcessStandIn(state)
})

const planned = (options: Partial<FinishOptions> = {}, users: readonly NativeUser[] = [MOVED]) =>
  planFinish(pool.aws, { ...OPTIONS, ...options }, async () => users)
const addClient = (id: string, members: JsonObject) => {
  pool.state.clients[id] = { UserPoolId: POOL_ID, ClientId: id, ClientName: id, ...members }
}

const ASKED =
  'Cognito asks every local user for a second factor from now on. Users without one who are created later get the code at ' +
  'their address.'
const GOES =
  'CUSTOM_AUTH goes from every app client that lists it: a pool has one set of challenge triggers, which serves them all. ' +
  'Apps have to start USER_SRP_AUTH: one that starts CUSTOM_AUTH cannot sign anyone in any more. With --keep-custom-auth both ' +
  'work for a time.'
const GUARD_STAYS =
  'The Pre Token Generation trigger stays: it refuses tokens right after a new password, and it is not known whether Cognito ' +
  'asks for the factor before them. Someone who signs in for the first time signs in once more with the new password. ' +
  'To remove it: run probe --json after migrate finish --keep-custom-auth, and pass its report with --probe FILE.'

describe('the end of the migration', () => {
  test('requires MFA, takes the challenge triggers off, and leaves SRP', async () => {
    const plan = await planned()
    expect(plan).toMatchObject({
      command: 'migrate finish',
      userPoolId: POOL_ID,
      notes: [ASKED, GOES, GUARD_STAYS],
      triggers: {},
    })
    expect(plan).not.toHaveProperty('refusal')
    expect(plan.to).toEqual({
      userPool: {
        ...plan.from.userPool,
        MfaConfiguration: 'ON',
        LambdaConfig: { PostConfirmation: functionArn('welcome'), ...GUARD },
      },
      mfa: { ...MFA, MfaConfiguration: 'ON' },
      clients: { [CLIENT_ID]: { ...plan.from.clients[CLIENT_ID], ExplicitAuthFlows: [REFRESH, SRP] } },
    })
  })

  test('has no note on a guard that is not there', async () => {
    pool.state.userPool['LambdaConfig'] = { DefineAuthChallenge: ARNS.DefineAuthChallenge }
    const { notes, to } = await planned()
    expect(notes).toEqual([ASKED, GOES])
    expect(to.userPool['LambdaConfig']).toEqual({})
  })

  test('can keep the triggers and the code for a time', async () => {
    const { from, to, notes } = await planned({ keepCustomAuth: true })
    expect(to.userPool['LambdaConfig']).toEqual(from.userPool['LambdaConfig'])
    expect(to.userPool['MfaConfiguration']).toBe('ON')
    expect(to.clients[CLIENT_ID]).toMatchObject({ ExplicitAuthFlows: [CODE, REFRESH, SRP] })
    expect(notes).toEqual([
      ASKED,
      'Apps may start USER_SRP_AUTH as well as CUSTOM_AUTH. Once no app version in use starts CUSTOM_AUTH, run migrate finish ' +
        'again without --keep-custom-auth.',
    ])
  })

  test.each<[string, JsonObject]>([
    ['whose flows nobody chose', {}],
    ['that never asked for the code', { ExplicitAuthFlows: [SRP] }],
    ['for machines', { ExplicitAuthFlows: [CODE], AllowedOAuthFlows: ['client_credentials'] }],
  ])('leaves an app client as it is %s', async (_, members) => {
    addClient('other', members)
    for (const keepCustomAuth of [true, false]) {
      const { from, to } = await planned({ keepCustomAuth })
      expect(to.clients['other']).toEqual(from.clients['other'])
    }
  })

  test('is planned with a note where the import jobs could not be read', async () => {
    pool.interfere = operation => (operation === 'ListUserImportJobs' ? 'deny' : undefined)
    expect((await planned()).notes).toEqual([
      expect.stringContaining('import jobs were not checked'),
      ASKED,
      GOES,
      GUARD_STAYS,
    ])
  })
})

describe('nothing is planned', () => {
  test('while users are imported', async () => {
    pool.state.importJobs = [{ JobId: 'import-1', Status: 'Pending' }]
    await expect(planned()).rejects.toMatchObject({ code: 'import-running' })
  })

  test('without the MFA configuration', async () => {
    pool.interfere = operation => (operation === 'GetUserPoolMfaConfig' ? 'deny' : undefined)
    await expect(planned()).rejects.toMatchObject({ code: 'mfa-unreadable' })
  })

  test.each<JsonObject>([
    { ...MFA, MfaConfiguration: 'OFF' },
    { MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true } },
  ])('on a pool without the e-mail factor: %j', async mfa => {
    pool.state.mfa = mfa
    await expect(planned()).rejects.toMatchObject({
      code: 'factor-absent',
      message:
        "The pool does not offer Cognito's e-mail factor. Nothing was changed. Run first:\n" +
        `  npx cognito-email-code migrate enable --user-pool-id ${POOL_ID}`,
    })
  })
})

describe('while somebody has no factor', () => {
  test('the plan may be seen, and says who', async () => {
    const users = [
      MOVED,
      user('ann'),
      user('dan\u001b[2J', { email: undefined }),
      user('bob@example.com', { email: 'bob@example.com' }),
    ]
    const { refusal, to } = await planned({}, users)
    expect(to.userPool['MfaConfiguration']).toBe('ON')
    expect(refusal).toMatchObject({
      code: 'users-left',
      message:
        '3 users have no second factor. If MFA were required now, whoever has such a password could set up a factor of their own. ' +
        'Nothing was changed.\n  ann (ann@example.com)\n  dan[2J (no e-mail address)\n  bob@example.com\n' +
        'Move them (migrate users), disable them, or give them an address. migrate status shows why each one is left.',
    })
  })

  test.each([
    [1, /^1 user has no .*\n {2}u0 \(u0@example\.com\)\nMove them/s],
    [20, /^20 users have .*\n {2}u19 \(u19@example\.com\)\nMove them/s],
    [21, /^21 users have .*\n {2}u19 \(u19@example\.com\)\n {2}and 1 more\nMove them/s],
  ])('%i of them are named, at most 20', async (count, message) => {
    const users = Array.from({ length: count }, (_, index) => user(`u${index}`))
    expect((await planned({}, users)).refusal?.message).toMatch(message)
  })

  test('another factor counts if the pool offers it', async () => {
    const withApp = user('ann', {
      factors: { list: ['SOFTWARE_TOKEN_MFA'], preferred: 'SOFTWARE_TOKEN_MFA' },
    })
    expect((await planned({}, [withApp])).refusal).toMatchObject({ code: 'users-left' })
    pool.state.mfa = { ...MFA, SoftwareTokenMfaConfiguration: { Enabled: true } }
    expect((await planned({}, [withApp])).refusal).toBeUndefined()
  })

  test('users are read by the factors that the pool offers', async () => {
    const asked: (readonly string[])[] = []
    await planFinish(pool.aws, OPTIONS, async offered => {
      asked.push(offered)
      return []
    })
    expect(asked).toEqual([['EMAIL_OTP']])
  })
})

describe('the guard', () => {
  const HELD = {
    userPoolId: POOL_ID,
    holds: true,
    lines: [
      { id: 'first-sign-in', verdict: 'holds' },
      { id: 'other-ways', verdict: 'holds' },
      { id: 'hosted-ui', verdict: 'not tried' },
    ],
    firstSignInsBySrp: [{ afterNewPassword: 'EMAIL_OTP' }, { afterNewPassword: 'EMAIL_OTP' }],
  }

  describe('by a report of probe', () => {
    let folder: string
    let probeFile: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'finish-'))
      probeFile = join(folder, 'probe.json')
    })
    afterAll(() => rm(folder, { recursive: true }))

    test('goes where Cognito asks for the factor after a new password', async () => {
      await writeFile(probeFile, JSON.stringify(HELD))
      const { to, notes } = await planned({ probeFile })
      expect(to.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome') })
      expect(notes).toEqual([
        ASKED,
        GOES,
        'The Pre Token Generation trigger is removed: probe has shown that the pool asks for the factor after a new password.',
      ])
    })

    test('stays while the other triggers do', async () => {
      await writeFile(probeFile, JSON.stringify(HELD))
      const { from, to, notes } = await planned({ probeFile, keepCustomAuth: true })
      expect(to.userPool['LambdaConfig']).toEqual(from.userPool['LambdaConfig'])
      expect(notes).toHaveLength(2)
    })

    test('stays where it does not, and the reason is told', async () => {
      await writeFile(probeFile, JSON.stringify({ ...HELD, holds: false }))
      const { to, notes } = await planned({ probeFile })
      expect(to.userPool['LambdaConfig']).toEqual({ PostConfirmation: functionArn('welcome'), ...GUARD })
      expect(notes).toEqual([
        ASKED,
        GOES,
        'The Pre Token Generation trigger stays: the report of probe says that the promise does not hold.',
      ])
    })

    test('is not decided on by the report of another pool, with no guard either', async () => {
      pool.state.userPool['LambdaConfig'] = {}
      await writeFile(probeFile, JSON.stringify({ ...HELD, userPoolId: 'us-east-1_OTHER' }))
      await expect(planned({ probeFile })).rejects.toMatchObject({ code: 'probe-unreadable' })
    })
  })

  const DOES_NOT_HOLD = 'the report of probe says that the promise does not hold'
  const IS_OPEN = 'the report of probe leaves a first sign-in open'
  const NONE = 'the report of probe has no first sign-in with SRP'
  const NOT_ASKED = 'in the report of probe, a first sign-in with SRP was not asked for the e-mail factor'
  const line = (id: Json, verdict: Json) => [...HELD.lines, { id, verdict }]

  test.each<[string | undefined, JsonObject]>([
    [undefined, {}],
    [undefined, { lines: [] }],
    [undefined, { lines: line('hosted-ui', 'broken') }],
    [DOES_NOT_HOLD, { holds: null }],
    [DOES_NOT_HOLD, { holds: 'true' }],
    [IS_OPEN, { lines: line('first-sign-in', 'not tried') }],
    [IS_OPEN, { lines: line('other-ways', null) }],
    [NONE, { firstSignInsBySrp: [] }],
    [NONE, { firstSignInsBySrp: null }],
    [NONE, { firstSignInsBySrp: 'EMAIL_OTP' }],
    [NONE, { firstSignInsBySrp: ['EMAIL_OTP'] }],
    [NOT_ASKED, { firstSignInsBySrp: [{ afterNewPassword: 'tokens' }] }],
    [NOT_ASKED, { firstSignInsBySrp: [...HELD.firstSignInsBySrp, {}] }],
  ])('is needed because %s: %j', (why, members) => {
    expect(whyGuardIsNeeded({ ...HELD, ...members })).toBe(why)
  })
})
