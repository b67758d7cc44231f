// How a plan is carried out: what is written in which order, what is read back, and when everything is put back.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type JsonObject, without } from '../command/json.ts'
import { CommandError } from '../command/terminal.ts'
import { type InProcessStandIn, type Interference, inProcessStandIn } from '../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, functionArn, POOL_ID, poolBeforeAttach } from '../testing/example-pool.ts'
import { readBackup } from './backup.ts'
import { type CarryOutOptions, carryOut } from './carry-out.ts'
import { detachCommand, type Plan, planOf } from './plan.ts'
import { type PoolState, readPoolState } from './user-pool.ts'

const CODE = 'ALLOW_CUSTOM_AUTH'
const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'
const PHONE = '2example23456789client0000'
const KIOSK = '3example23456789client0000'
const WELCOME = { PostConfirmation: functionArn('welcome') }
const EMAIL_MFA = { EmailMfaConfiguration: { Message: '{####}', Subject: 'Code' } }
const WRITES = ['UpdateUserPool', 'UpdateUserPoolClient', 'SetUserPoolMfaConfig']

let parent: string
let backupFile: string
let pool: InProcessStandIn
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'carry-out-'))
})
beforeEach(async () => {
  backupFile = join(await mkdtemp(join(parent, 'one-')), 'pool.backup.json')
  const state = poolBeforeAttach()
  state.userPool['EmailConfiguration'] = { EmailSendingAccount: 'DEVELOPER' }
  state.userPool['AdminCreateUserConfig'] = { AllowAdminCreateUserOnly: true }
  state.clients[PHONE] = { ...state.clients[CLIENT_ID], ClientId: PHONE, ClientName: 'phone' }
  state.clients[KIOSK] = { ...state.clients[CLIENT_ID], ClientId: KIOSK, ClientName: 'kiosk' }
  pool = inProcessStandIn(state)
})
afterAll(() => rm(parent, { recursive: true }))

const read = () => readPoolState(pool.aws.cognito, POOL_ID)
/** All that an administrator has set, as it is now. */
const settings = async (): Promise<PoolState> => {
  const { userPool, mfa, clients } = await read()
  const undated = (described: JsonObject) => without(described, ['LastModifiedDate'])
  const entries = Object.entries(clients).map(([id, client]) => [id, undated(client)])
  return { userPool: undated(userPool), mfa, clients: Object.fromEntries(entries) }
}
const change = (
  state: PoolState,
  userPool: JsonObject,
  clients: Record<string, JsonObject>,
  mfa?: JsonObject,
) => ({
  userPool: { ...state.userPool, ...userPool },
  mfa: mfa ?? state.mfa,
  clients: {
    ...state.clients,
    ...Object.fromEntries(
      Object.entries(clients).map(([id, members]) => [id, { ...state.clients[id], ...members }]),
    ),
  },
})
const TRIGGERS_ON = { LambdaConfig: { ...WELCOME, DefineAuthChallenge: ARNS.DefineAuthChallenge } }
const TRIGGERS_OFF = { LambdaConfig: WELCOME }
const CODE_ONLY = { ExplicitAuthFlows: [CODE, REFRESH] }
const SRP_ONLY = { ExplicitAuthFlows: [SRP, REFRESH] }

/** A plan from what the pool is now. */
const planned = async (
  userPool: JsonObject,
  clients: Record<string, JsonObject> = {},
  { mfa, ...more }: Partial<Plan> & { readonly mfa?: JsonObject } = {},
): Promise<Plan> => {
  const from = await read()
  const to = change(from, userPool, clients, mfa)
  const plan = planOf({ command: 'attach', userPoolId: POOL_ID, from, to, notes: [], triggers: {}, ...more })
  pool.calls.length = 0
  return plan
}
const carriedOut = (plan: Plan, options: Partial<CarryOutOptions> = {}) =>
  carryOut(pool.aws, plan, {
    backupFile,
    onBackup: () => undefined,
    signal: new AbortController().signal,
    ...options,
  })
const writes = () =>
  pool.calls
    .filter(({ operation }) => WRITES.includes(operation))
    .map(({ operation, body: { ClientId } }) =>
      ClientId === undefined ? operation : `${operation} ${ClientId}`,
    )
const at =
  (operation: string, count: number, act: Interference): Interference =>
  (...call) =>
    call[0] === operation && call[1] === count ? act(...call) : undefined
const together =
  (...all: Interference[]): Interference =>
  (...call) =>
    all.map(interfere => interfere(...call)).find(fault => fault !== undefined)

const everythingBack = () => detachCommand(POOL_ID, backupFile, { everything: true })

describe('a plan', () => {
  test('is done: only what changes is written, and only that is read', async () => {
    const before = await settings()
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    expect(await carriedOut(plan)).toBe('done')
    expect(await settings()).toEqual(change(before, TRIGGERS_ON, { [PHONE]: CODE_ONLY }))
    expect(writes()).toEqual(['UpdateUserPool', `UpdateUserPoolClient ${PHONE}`])
    const described = pool.calls.filter(({ operation }) => operation === 'DescribeUserPoolClient')
    expect(described.slice(0, 2).map(({ body }) => body['ClientId'])).toEqual([PHONE, PHONE])
  })

  test('has its backup on the disk before the first write, with everything that was', async () => {
    const before = await read()
    const plan = await planned(
      TRIGGERS_ON,
      { [PHONE]: CODE_ONLY },
      { triggers: { DefineAuthChallenge: 'x' } },
    )
    const seen: unknown[] = []
    await carriedOut(plan, { onBackup: file => seen.push(file, existsSync(file), writes()) })
    expect(seen).toEqual([backupFile, true, []])
    const backup = await readBackup(backupFile, POOL_ID)
    expect(backup).toMatchObject({
      command: 'attach',
      userPoolId: POOL_ID,
      triggers: { DefineAuthChallenge: 'x' },
    })
    expect(backup.before).toEqual(before)
    expect(backup.after.userPool).toEqual(plan.to.userPool)
    expect(backup.after.clients).toEqual({ [PHONE]: plan.to.clients[PHONE] })
    expect(Date.now() - Date.parse(backup.madeAt)).toBeLessThan(60_000)
  })

  test('needs no other backup where it has one', async () => {
    const seen: string[] = []
    const plan = await planned(TRIGGERS_ON)
    const options = { backupFile: undefined, onBackup: (file: string) => seen.push(file) }
    expect(await carriedOut(plan, options)).toBe('done')
    expect(seen).toEqual([])
    expect(existsSync(backupFile)).toBe(false)
  })

  test('writes nothing where a backup cannot be written', async () => {
    await writeFile(backupFile, 'older')
    await expect(carriedOut(await planned(TRIGGERS_ON))).rejects.toBeInstanceOf(CommandError)
    expect(writes()).toEqual([])
  })

  test('that is refused does nothing', async () => {
    const refusal = new CommandError('No.', 'users-left')
    await expect(carriedOut(await planned(TRIGGERS_ON, {}, { refusal }))).rejects.toBe(refusal)
    expect(pool.calls).toEqual([])
  })

  test('with nothing to change writes nothing', async () => {
    expect(await carriedOut(await planned({}))).toBe('done')
    expect(writes()).toEqual([])
  })

  test('does not need the MFA configuration', async () => {
    pool.interfere = operation => (operation === 'GetUserPoolMfaConfig' ? 'deny' : undefined)
    expect(await carriedOut(await planned(TRIGGERS_ON))).toBe('done')
    expect(writes()).toEqual(['UpdateUserPool'])
  })
})

describe('a pool that is not what it was when the plan was made', () => {
  const message = (names: string) =>
    `The pool changed since it was read (${names}). Nothing was changed. Run the command again.`
  const unprotect = () => void Object.assign(pool.state.userPool, { DeletionProtection: 'INACTIVE' })

  test.each<[string, () => void]>([
    ['user pool DeletionProtection', () => unprotect()],
    [
      `app client ${PHONE} ClientName`,
      () => void Object.assign(pool.state.clients[PHONE] ?? {}, { ClientName: 'new' }),
    ],
    [`app client ${PHONE}`, () => void delete pool.state.clients[PHONE]],
    [
      `user pool DeletionProtection, app client ${PHONE}`,
      () => {
        unprotect()
        delete pool.state.clients[PHONE]
      },
    ],
  ])('is left alone: %s', async (names, move) => {
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    move()
    await expect(carriedOut(plan)).rejects.toMatchObject({ code: 'pool-changed', message: message(names) })
    expect(writes()).toEqual([])
    expect(existsSync(backupFile)).toBe(false)
  })

  test('is changed all the same where an app client moved that the plan is not about', async () => {
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    delete pool.state.clients[KIOSK]
    expect(await carriedOut(plan)).toBe('done')
  })
})

describe('the order of the writes', () => {
  const ON = { MfaConfiguration: 'ON', ...EMAIL_MFA }
  const startFrom = (userPool: JsonObject, clients: Record<string, JsonObject>, mfa?: JsonObject) => {
    Object.assign(pool.state.userPool, userPool)
    for (const [id, members] of Object.entries(clients))
      pool.state.clients[id] = { ...pool.state.clients[id], ...members }
    if (mfa !== undefined) pool.state.mfa = mfa
  }

  test('has the triggers before the app clients that need them', async () => {
    await carriedOut(await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY, [KIOSK]: CODE_ONLY }))
    expect(writes()).toEqual([
      'UpdateUserPool',
      `UpdateUserPoolClient ${PHONE}`,
      `UpdateUserPoolClient ${KIOSK}`,
    ])
  })

  test('has the app clients before the triggers go', async () => {
    startFrom(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    await carriedOut(await planned(TRIGGERS_OFF, { [PHONE]: SRP_ONLY }))
    expect(writes()).toEqual([`UpdateUserPoolClient ${PHONE}`, 'UpdateUserPool'])
  })

  test('requires MFA before an app client does without the triggers', async () => {
    startFrom(
      { ...TRIGGERS_ON, MfaConfiguration: 'OPTIONAL' },
      { [PHONE]: CODE_ONLY },
      { ...ON, MfaConfiguration: 'OPTIONAL' },
    )
    const finish = await planned(
      { ...TRIGGERS_OFF, MfaConfiguration: 'ON' },
      { [PHONE]: SRP_ONLY },
      { mfa: ON },
    )
    expect(await carriedOut(finish)).toBe('done')
    expect(writes()).toEqual(['SetUserPoolMfaConfig', `UpdateUserPoolClient ${PHONE}`, 'UpdateUserPool'])
  })

  test('requires MFA for as long as an app client does without the triggers', async () => {
    startFrom({ ...TRIGGERS_OFF, MfaConfiguration: 'ON' }, { [PHONE]: SRP_ONLY }, ON)
    const back = await planned(
      { ...TRIGGERS_ON, MfaConfiguration: 'OPTIONAL' },
      { [PHONE]: CODE_ONLY },
      { mfa: { ...ON, MfaConfiguration: 'OPTIONAL' } },
    )
    expect(await carriedOut(back)).toBe('done')
    expect(writes()).toEqual(['UpdateUserPool', `UpdateUserPoolClient ${PHONE}`, 'SetUserPoolMfaConfig'])
    expect(pool.calls.find(({ operation }) => operation === 'UpdateUserPool')?.body).toMatchObject({
      MfaConfiguration: 'ON',
    })
  })

  test('sets MFA by its own call alone where nothing else of the pool changes', async () => {
    const plan = await planned(
      { MfaConfiguration: 'OPTIONAL' },
      {},
      { mfa: { ...ON, MfaConfiguration: 'OPTIONAL' } },
    )
    expect(await carriedOut(plan)).toBe('done')
    expect(writes()).toEqual(['SetUserPoolMfaConfig'])
  })

  test.each(['described', 'left out'])(
    'sets MFA again, after the setting that it needs, with MFA off %s',
    async how => {
      startFrom({ EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' } }, {})
      if (how === 'left out') delete pool.state.userPool['MfaConfiguration']
      const mfa = { ...ON, MfaConfiguration: 'OPTIONAL' }
      const sender = {
        EmailConfiguration: { EmailSendingAccount: 'DEVELOPER' },
        MfaConfiguration: 'OPTIONAL',
      }
      expect(await carriedOut(await planned(sender, {}, { mfa }))).toBe('done')
      expect(writes()).toEqual(['SetUserPoolMfaConfig', 'UpdateUserPool', 'SetUserPoolMfaConfig'])
      expect(pool.calls.find(({ operation }) => operation === 'UpdateUserPool')?.body).toMatchObject({
        MfaConfiguration: 'OFF',
      })
      expect(pool.state.mfa).toEqual(mfa)
    },
  )
})

test('MFA that may not be read is set with the pool', async () => {
  pool.state.mfa = { MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } }
  pool.state.userPool['MfaConfiguration'] = 'OPTIONAL'
  pool.interfere = operation => (operation === 'GetUserPoolMfaConfig' ? 'deny' : undefined)
  expect(await carriedOut(await planned({ MfaConfiguration: 'OFF' }))).toBe('done')
  expect(pool.state.mfa).toMatchObject({ MfaConfiguration: 'OFF' })
  expect(writes()).toEqual(['UpdateUserPool'])
})

describe('an interruption', () => {
  const interruptAt = (operation: string, count = 1) => {
    const controller = new AbortController()
    pool.interfere = at(operation, count, () => void controller.abort())
    return controller.signal
  }

  test('before the backup leaves nothing behind', async () => {
    const plan = await planned(TRIGGERS_ON)
    await expect(carriedOut(plan, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'interrupted',
      message: 'Interrupted. Nothing was changed.',
    })
    expect(writes()).toEqual([])
    expect(existsSync(backupFile)).toBe(false)
  })

  test('between two writes puts everything back, after one look', async () => {
    const before = await settings()
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    const signal = interruptAt('UpdateUserPool')
    await expect(carriedOut(plan, { signal })).rejects.toMatchObject({
      code: 'interrupted',
      message: 'Interrupted.\nThe pool was put back as it was before.',
    })
    expect(writes()).toEqual(['UpdateUserPool', 'UpdateUserPool'])
    // Before, after the failure, before putting back, after putting back.
    expect(pool.calls.filter(({ operation }) => operation === 'DescribeUserPool')).toHaveLength(4)
    expect(await settings()).toEqual(before)
  })

  test('after the last write lets it be done', async () => {
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    const signal = interruptAt('UpdateUserPoolClient')
    expect(await carriedOut(plan, { signal })).toBe('done-after-interruption')
    expect(pool.state.clients[PHONE]).toMatchObject(CODE_ONLY)
  })
})

describe('a write that fails', () => {
  const failing = async (interfere: Interference, plan?: Plan) => {
    const its = plan ?? (await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY, [KIOSK]: CODE_ONLY }))
    pool.interfere = interfere
    return carriedOut(its)
  }
  const REFUSED = 'InvalidParameterException: Refused by the test.'

  test('is believed at once where Cognito refused it, and nothing else is written', async () => {
    const before = await settings()
    await expect(failing(at('UpdateUserPool', 1, () => 'refuse'))).rejects.toMatchObject({
      code: 'update-failed',
      message: `${REFUSED}\nNothing was changed.`,
    })
    expect(writes()).toEqual(['UpdateUserPool'])
    expect(pool.calls.filter(({ operation }) => operation === 'DescribeUserPool')).toHaveLength(3)
    expect(await settings()).toEqual(before)
  })

  test('has everything before it put back, in the reverse order', async () => {
    const before = await settings()
    await expect(failing(at('UpdateUserPoolClient', 2, () => 'refuse'))).rejects.toMatchObject({
      code: 'update-failed',
      message: `${REFUSED}\nThe pool was put back as it was before.`,
    })
    expect(writes()).toEqual([
      'UpdateUserPool',
      `UpdateUserPoolClient ${PHONE}`,
      `UpdateUserPoolClient ${KIOSK}`,
      `UpdateUserPoolClient ${PHONE}`,
      'UpdateUserPool',
    ])
    expect(await settings()).toEqual(before)
  })

  test.each([
    ['UpdateUserPool', 1],
    ['UpdateUserPoolClient', 1],
    ['UpdateUserPoolClient', 2],
  ])(
    'is no failure where only the answer of %s %i was lost and it was the last',
    async (operation, count) => {
      const plan = await planned(
        operation === 'UpdateUserPool' ? TRIGGERS_ON : {},
        Object.fromEntries(
          [PHONE, KIOSK]
            .slice(0, operation === 'UpdateUserPool' ? 0 : count)
            .map(id => [id, { AuthSessionValidity: 9 }]),
        ),
      )
      expect(
        await failing(
          at(operation, count, () => 'lose-answer'),
          plan,
        ),
      ).toBe('done')
    },
  )

  test.each([
    ['break', 'Error: The connection breaks.'],
    ['internal', 'InternalErrorException: Something went wrong.'],
  ] as const)('that may have been done (%s) is looked at four times', async (fault, cause) => {
    const before = await settings()
    await expect(failing(at('UpdateUserPool', 1, () => fault))).rejects.toMatchObject({
      code: 'update-failed',
      message: `${cause}\nNothing was changed.`,
    })
    expect(pool.calls.filter(({ operation }) => operation === 'DescribeUserPool')).toHaveLength(6)
    expect(await settings()).toEqual(before)
  })

  test('and shows only later is no failure', async () => {
    const plan = await planned(TRIGGERS_ON)
    const old = structuredClone(pool.state.userPool)
    let written: JsonObject = {}
    const lag: Interference = (operation, count, state) => {
      if (operation !== 'DescribeUserPool') return
      if (count === 3) {
        written = state.userPool
        state.userPool = old
      }
      if (count === 5) state.userPool = written
      return
    }
    // The first look was the plan's own.
    expect(await failing(lag, plan)).toBe('done')
    expect(pool.calls.filter(({ operation }) => operation === 'DescribeUserPool')).toHaveLength(4)
    expect(writes()).toEqual(['UpdateUserPool'])
  })

  test('of MFA keeps everything after it from being written', async () => {
    const before = await settings()
    const mfa = { ...EMAIL_MFA, MfaConfiguration: 'OPTIONAL' }
    const plan = await planned({ ...TRIGGERS_ON, MfaConfiguration: 'OPTIONAL' }, {}, { mfa })
    await expect(
      failing(
        at('SetUserPoolMfaConfig', 1, () => 'break'),
        plan,
      ),
    ).rejects.toMatchObject({
      code: 'update-failed',
      message: 'Error: The connection breaks.\nThe pool was put back as it was before.',
    })
    expect(writes()).toEqual(Array(3).fill('SetUserPoolMfaConfig'))
    expect(await settings()).toEqual(before)
  })

  test('of MFA is done again where it may not have been done', async () => {
    const plan = await planned(
      { MfaConfiguration: 'OPTIONAL' },
      {},
      { mfa: { ...EMAIL_MFA, MfaConfiguration: 'OPTIONAL' } },
    )
    await expect(
      failing(
        at('SetUserPoolMfaConfig', 1, () => 'break'),
        plan,
      ),
    ).resolves.toBe('done')
    expect(writes()).toEqual(['SetUserPoolMfaConfig', 'SetUserPoolMfaConfig'])
  })

  test('while everything is put back leaves the backup, and the command to go on with', async () => {
    const interfere = together(
      at('UpdateUserPoolClient', 1, () => 'refuse'),
      at('UpdateUserPool', 2, () => 'refuse'),
    )
    await expect(failing(interfere)).rejects.toMatchObject({
      code: 'put-back-failed',
      message:
        `${REFUSED}\nPutting the pool back failed as well: ${REFUSED}\nThe backup holds every setting. Once AWS answers again:\n` +
        `  ${everythingBack()}`,
    })
  })

  test('while everything is put back is a failure where Cognito refuses an app client, too', async () => {
    const interfere = together(
      at('UpdateUserPoolClient', 2, () => 'refuse'),
      at('UpdateUserPoolClient', 3, () => 'refuse'),
    )
    await expect(failing(interfere)).rejects.toMatchObject({
      code: 'put-back-failed',
      message: expect.stringContaining(`\nPutting the pool back failed as well: ${REFUSED}\n`),
    })
  })

  test('is told even where nobody answers afterwards', async () => {
    const interfere = together(
      at('UpdateUserPool', 1, () => 'refuse'),
      (operation, count) => (operation === 'DescribeUserPool' && count > 3 ? 'break' : undefined),
    )
    await expect(failing(interfere)).rejects.toMatchObject({
      code: 'put-back-failed',
      message: expect.stringContaining('failed as well: Error: The connection breaks.'),
    })
  })

  test('names a file to be filled in where there was no backup to write', async () => {
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    pool.interfere = together(
      at('UpdateUserPoolClient', 1, () => 'refuse'),
      at('UpdateUserPool', 2, () => 'refuse'),
    )
    await expect(carriedOut(plan, { backupFile: undefined })).rejects.toMatchObject({
      message: expect.stringContaining(detachCommand(POOL_ID, 'FILE', { everything: true })),
    })
  })
})

describe('a setting that Cognito does not keep', () => {
  /** Each update of the pool leaves this as it is. */
  const keeping =
    (name: string, value: string): Interference =>
    (operation, _, state) => {
      if (operation === 'DescribeUserPool') state.userPool[name] = value
      return undefined
    }

  test('has everything put back', async () => {
    const before = await settings()
    const plan = await planned({ ...TRIGGERS_ON, DeletionProtection: 'INACTIVE' })
    pool.interfere = keeping('DeletionProtection', 'ACTIVE')
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'not-kept',
      message:
        'Changed: user pool LambdaConfig.DefineAuthChallenge. Cognito did not keep every setting: user pool DeletionProtection.\n' +
        'The pool was put back as it was before.',
    })
    expect(await settings()).toEqual(before)
  })

  test('is told from the same setting elsewhere', async () => {
    const longer = { AuthSessionValidity: 9 }
    const plan = await planned({ DeletionProtection: 'INACTIVE' }, { [PHONE]: longer, [KIOSK]: longer })
    pool.interfere = together(keeping('DeletionProtection', 'ACTIVE'), (operation, _, { clients }) => {
      if (operation === 'DescribeUserPoolClient')
        clients[PHONE] = { ...clients[PHONE], AuthSessionValidity: 3 }
      return undefined
    })
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'not-kept',
      message:
        `Changed: app client ${KIOSK} AuthSessionValidity. Cognito did not keep every setting: user pool DeletionProtection, ` +
        `app client ${PHONE} AuthSessionValidity.\nThe pool was put back as it was before.`,
    })
  })

  test('may be all that was asked', async () => {
    const plan = await planned({ DeletionProtection: 'INACTIVE' })
    pool.interfere = keeping('DeletionProtection', 'ACTIVE')
    await expect(carriedOut(plan)).rejects.toMatchObject({
      message: 'Cognito did not keep every setting: user pool DeletionProtection.\nNothing was changed.',
    })
  })

  test('is set again where it is of MFA and nobody asked for another one', async () => {
    const plan = await planned(TRIGGERS_ON)
    pool.interfere = at('UpdateUserPool', 1, (_, __, state) => {
      state.mfa = { MfaConfiguration: 'OFF', SoftwareTokenMfaConfiguration: { Enabled: false } }
      return undefined
    })
    expect(await carriedOut(plan)).toBe('done')
    expect(pool.state.mfa).toEqual({ MfaConfiguration: 'OFF' })
    expect(writes()).toEqual(['UpdateUserPool', 'SetUserPoolMfaConfig'])
  })

  test('leaves the rest changed where a part is enough', async () => {
    const plan = await planned({ ...TRIGGERS_ON, DeletionProtection: 'INACTIVE' }, {}, { keepsPart: true })
    pool.interfere = keeping('DeletionProtection', 'ACTIVE')
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'not-kept',
      message:
        'Changed: user pool LambdaConfig.DefineAuthChallenge. Cognito did not keep every setting: user pool DeletionProtection.',
    })
    expect(pool.state.userPool).toMatchObject(TRIGGERS_ON)
  })

  test('has everything put back after another failure, even where a part is enough', async () => {
    const before = await settings()
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY }, { keepsPart: true })
    pool.interfere = at('UpdateUserPoolClient', 1, () => 'refuse')
    await expect(carriedOut(plan)).rejects.toMatchObject({ code: 'update-failed' })
    expect(await settings()).toEqual(before)
  })

  test('is named where it cannot be put back either', async () => {
    const plan = await planned(TRIGGERS_ON)
    let moved = false
    pool.interfere = (operation, _, state) => {
      if (operation === 'UpdateUserPool') moved = true
      if (operation === 'DescribeUserPool' && moved) state.userPool['DeletionProtection'] = 'INACTIVE'
      return undefined
    }
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'put-back-differs',
      message:
        'Changed: user pool LambdaConfig.DefineAuthChallenge. Cognito did not keep every setting: user pool DeletionProtection.\n' +
        'The pool was put back, except for: user pool DeletionProtection.\n' +
        `Set these by hand; the backup holds the values. To try again:\n  ${everythingBack()}`,
    })
    expect(pool.state.userPool).toMatchObject(TRIGGERS_OFF)
  })
})

describe('an app client that was deleted meanwhile', () => {
  const deleteAt = (operation: string, ...ids: string[]) =>
    at(operation, 1, (_, __, state) => {
      for (const id of ids) delete state.clients[id]
      return undefined
    })

  test('is named, and everything else is done', async () => {
    const plan = await planned(TRIGGERS_ON, {
      [PHONE]: CODE_ONLY,
      [KIOSK]: CODE_ONLY,
      [CLIENT_ID]: CODE_ONLY,
    })
    pool.interfere = deleteAt('UpdateUserPool', CLIENT_ID, PHONE)
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'pool-changed',
      message:
        `App clients were deleted while the command ran: ${CLIENT_ID} (web), ${PHONE} (phone). ` +
        'Everything else was changed as planned.',
    })
    expect(pool.state.userPool).toMatchObject(TRIGGERS_ON)
    expect(pool.state.clients[KIOSK]).toMatchObject(CODE_ONLY)
  })

  test('is named where the rest is put back', async () => {
    const plan = await planned(TRIGGERS_ON, {
      [PHONE]: CODE_ONLY,
      [KIOSK]: CODE_ONLY,
      [CLIENT_ID]: CODE_ONLY,
    })
    pool.interfere = together(
      deleteAt('UpdateUserPool', PHONE, KIOSK),
      at('UpdateUserPoolClient', 1, () => 'break'),
    )
    await expect(carriedOut(plan)).rejects.toMatchObject({
      message:
        'Error: The connection breaks.\nThe pool was put back as it was before. ' +
        `App clients that no longer exist: ${PHONE}, ${KIOSK}.`,
    })
    expect(pool.state.userPool).toMatchObject(TRIGGERS_OFF)
  })

  test('is named where nothing was changed', async () => {
    const plan = await planned(TRIGGERS_ON, { [PHONE]: CODE_ONLY })
    pool.interfere = together(
      at('UpdateUserPool', 1, (_, __, state) => {
        delete state.clients[PHONE]
        return 'refuse'
      }),
    )
    await expect(carriedOut(plan)).rejects.toMatchObject({
      message:
        'InvalidParameterException: Refused by the test.\nNothing was changed. ' +
        `App clients that no longer exist: ${PHONE}.`,
    })
  })
})

describe('an app client that Cognito refuses', () => {
  const both = { [PHONE]: CODE_ONLY, [KIOSK]: CODE_ONLY }
  const detaching = async (userPool: JsonObject, clients: Record<string, JsonObject>, mfa?: JsonObject) =>
    planned(userPool, clients, { command: 'detach', ...(mfa === undefined ? {} : { mfa }) })
  const refusing =
    (...ids: string[]): Interference =>
    operation =>
      operation === 'UpdateUserPoolClient' && ids.includes(String(pool.calls.at(-1)?.body['ClientId']))
        ? 'refuse'
        : undefined
  const refused = (ids: string[], end: string) =>
    `Cognito refused to update these app clients:\n${ids.map(id => `  ${id}: InvalidParameterException: Refused by the test.\n`).join('')}${end}`
  const STAY =
    'The triggers stay on the pool: without them users of these app clients could not sign in. Correct what Cognito names, or ' +
    'delete the app client, and run the command again.'
  const BACK = 'Everything else was put back. Correct what Cognito names and run the command again.'

  beforeEach(() => {
    Object.assign(pool.state.userPool, TRIGGERS_ON)
    for (const [id, members] of Object.entries(both))
      pool.state.clients[id] = { ...pool.state.clients[id], ...members }
  })

  test('keeps its triggers where it needs them, and the others are put back', async () => {
    const plan = await detaching(TRIGGERS_OFF, { [PHONE]: SRP_ONLY, [KIOSK]: SRP_ONLY })
    pool.interfere = refusing(PHONE)
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'client-not-restored',
      message: refused([`${PHONE} (phone)`], STAY),
    })
    expect(pool.state.userPool).toMatchObject(TRIGGERS_ON)
    expect(pool.state.clients[KIOSK]).toMatchObject(SRP_ONLY)
    expect(pool.state.clients[PHONE]).toMatchObject(CODE_ONLY)
    expect(writes()).toEqual([`UpdateUserPoolClient ${PHONE}`, `UpdateUserPoolClient ${KIOSK}`])
  })

  test('keeps MFA as it is where it keeps the triggers', async () => {
    const mfa = { MfaConfiguration: 'ON', ...EMAIL_MFA }
    pool.state.mfa = mfa
    pool.state.userPool['MfaConfiguration'] = 'ON'
    const lowered = { ...mfa, MfaConfiguration: 'OPTIONAL' }
    const plan = await detaching(
      { ...TRIGGERS_OFF, MfaConfiguration: 'OPTIONAL' },
      { [PHONE]: SRP_ONLY },
      lowered,
    )
    pool.interfere = refusing(PHONE)
    await expect(carriedOut(plan)).rejects.toMatchObject({ code: 'client-not-restored' })
    expect(pool.state.mfa).toEqual(mfa)
  })

  test('does not keep triggers that it does not need', async () => {
    pool.state.clients[PHONE] = { ...pool.state.clients[PHONE], ExplicitAuthFlows: [CODE, SRP] }
    const plan = await detaching(TRIGGERS_OFF, { [PHONE]: { AuthSessionValidity: 9 }, [KIOSK]: SRP_ONLY })
    pool.interfere = refusing(PHONE)
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'client-not-restored',
      message: refused([`${PHONE} (phone)`], BACK),
    })
    expect(pool.state.userPool).toMatchObject(TRIGGERS_OFF)
    expect(pool.state.clients[KIOSK]).toMatchObject(SRP_ONLY)
  })

  test('does not keep triggers on a pool that stays with them, or had none', async () => {
    const plan = await detaching({ DeletionProtection: 'INACTIVE' }, { [PHONE]: SRP_ONLY, [KIOSK]: SRP_ONLY })
    pool.interfere = refusing(PHONE, KIOSK)
    await expect(carriedOut(plan)).rejects.toMatchObject({
      message: refused([`${PHONE} (phone)`, `${KIOSK} (kiosk)`], BACK),
    })
    expect(pool.state.userPool).toMatchObject({ DeletionProtection: 'INACTIVE' })

    Object.assign(pool.state.userPool, TRIGGERS_OFF)
    const bare = await detaching({ DeletionProtection: 'ACTIVE' }, { [PHONE]: SRP_ONLY })
    await expect(carriedOut(bare, { backupFile: undefined })).rejects.toMatchObject({
      message: refused([`${PHONE} (phone)`], BACK),
    })
    expect(pool.state.userPool).toMatchObject({ DeletionProtection: 'ACTIVE' })
  })

  test('has everything put back by every other command', async () => {
    const before = await settings()
    const plan = await planned(TRIGGERS_OFF, { [PHONE]: SRP_ONLY, [KIOSK]: SRP_ONLY })
    pool.interfere = refusing(KIOSK)
    await expect(carriedOut(plan)).rejects.toMatchObject({ code: 'update-failed' })
    expect(await settings()).toEqual(before)
  })

  test('has everything put back by detach too where it was no refusal', async () => {
    const before = await settings()
    const plan = await detaching(TRIGGERS_OFF, { [PHONE]: SRP_ONLY, [KIOSK]: SRP_ONLY })
    pool.interfere = at('UpdateUserPoolClient', 2, () => 'break')
    await expect(carriedOut(plan)).rejects.toMatchObject({
      code: 'update-failed',
      message: 'Error: The connection breaks.\nThe pool was put back as it was before.',
    })
    expect(await settings()).toEqual(before)
  })
})
