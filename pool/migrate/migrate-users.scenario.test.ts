// Moving users to Cognito's e-mail factor and back, through the command and against a local user pool.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  AdminAddUserToGroupCommand,
  AdminDisableUserCommand,
  AdminGetUserCommand,
  AdminSetUserMFAPreferenceCommand,
  CreateGroupCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type JsonObject, member, stringsAt } from '../../command/json.ts'
import { type LocalUser, type LocalUserPool, startLocalUserPool } from '../../local/local-user-pool.ts'
import { startSharedProcesses } from '../../local/shared-processes.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import { migrate, temporaryFolder, usersOf } from '../../testing/migration-run.ts'
import { jsonOf } from '../../testing/pool-run.ts'
import { environmentOf } from '../../testing/probe-run.ts'

const COUNT = 20

const persons = (count: number): readonly LocalUser[] =>
  Array.from({ length: count }, (_, index) => ({
    username: `person-${index}@example.com`,
    password: 'Permanent-1',
    status: 'CONFIRMED',
    attributes: { email_verified: 'true' },
  }))

const PEOPLE = persons(COUNT)

const processes = await startSharedProcesses()

afterAll(() => processes.close())

let pool: LocalUserPool
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let journal: string

async function start(users: readonly LocalUser[] = PEOPLE): Promise<void> {
  pool = await startLocalUserPool({ users }, processes)
  expect(
    await migrate(pool, ['enable', '--yes', '--backup', join(folder.path, 'enable.backup.json')]),
  ).toMatchObject({ code: 0, err: '' })
}

beforeEach(async () => {
  folder = await temporaryFolder()
  journal = join(folder.path, 'users.jsonl')
})
afterEach(async () => {
  await pool.close()
  await folder.remove()
})

const FAST = ['--rate', '2000']

function users(...args: string[]) {
  return migrate(pool, ['users', '--yes', '--json', '--journal', journal, ...FAST, ...args])
}

function rollback(...args: string[]) {
  return migrate(pool, ['rollback', '--yes', '--json', '--journal', journal, ...FAST, ...args])
}

async function status(): Promise<JsonObject> {
  return jsonOf(await migrate(pool, ['status', '--json', ...FAST]))
}

async function moved(): Promise<string[]> {
  return stringsAt(await status(), 'moved').toSorted()
}

async function factorsOf(username: string) {
  const command = new AdminGetUserCommand({ UserPoolId: pool.userPoolId, Username: username })
  const { PreferredMfaSetting, UserMFASettingList } = await sdkFor(pool).send(command)
  return { preferred: PreferredMfaSetting, list: UserMFASettingList }
}

/** The names of the users that a run with --json reports on. */
function namesIn({ users: reported }: JsonObject): string[] {
  return Array.isArray(reported) ? reported.map(user => String(member(user, 'username'))) : []
}

function preferenceCalls(): string[] {
  return usersOf(pool.calls, 'AdminSetUserMFAPreference')
}

async function journalLines(): Promise<string[]> {
  return (await readFile(journal, 'utf8')).split('\n').filter(line => line !== '')
}

describe('which users', () => {
  test('--all moves everyone, with the e-mail factor preferred, and a second run has nothing to do', async () => {
    await start()
    const first = await users('--all')
    expect(first.code).toBe(0)
    expect(jsonOf(first)['counts']).toEqual({ moved: COUNT })
    expect(await factorsOf('person-0@example.com')).toEqual({ preferred: 'EMAIL_OTP', list: ['EMAIL_OTP'] })
    const second = jsonOf(await users('--all'))
    expect(second['counts']).toEqual({ skipped: COUNT })
    expect(second['skipped']).toEqual({ 'already-moved': COUNT })
    expect(preferenceCalls()).toHaveLength(COUNT)
  })

  test('--percent picks the same people every time, and a larger one includes everyone of a smaller one', async () => {
    const count = 40
    await start(persons(count))
    const names = async (percent: string) => namesIn(jsonOf(await users('--percent', percent, '--dry-run')))
    const [ten, again, fifty, hundred] = [
      await names('10'),
      await names('10'),
      await names('50'),
      await names('100'),
    ]
    expect(again.toSorted()).toEqual(ten.toSorted())
    expect(fifty).toEqual(expect.arrayContaining(ten))
    expect(fifty.length).toBeGreaterThan(ten.length)
    expect(fifty.length).toBeLessThan(count)
    expect(hundred).toHaveLength(count)
    expect(preferenceCalls()).toEqual([])
    await users('--percent', '50')
    expect(await moved()).toEqual(fifty.toSorted())
  })

  test('--group moves the users of the group', async () => {
    await start()
    const sdk = sdkFor(pool)
    const UserPoolId = pool.userPoolId
    await sdk.send(new CreateGroupCommand({ UserPoolId, GroupName: 'staff' }))
    const Username = 'person-7@example.com'
    await sdk.send(new AdminAddUserToGroupCommand({ UserPoolId, GroupName: 'staff', Username }))
    expect(jsonOf(await users('--group', 'staff'))['counts']).toEqual({ moved: 1 })
    expect((await factorsOf(Username)).preferred).toBe('EMAIL_OTP')
    const unknown = jsonOf(await users('--group', 'stuff'))
    expect(unknown).toMatchObject({ code: 'not-found', error: expect.stringContaining('no group "stuff".') })
  })

  test('--list moves the users in a file once each, by any name, and reports who does not exist', async () => {
    await start()
    const list = join(folder.path, 'list.txt')
    const sub = (
      await sdkFor(pool).send(
        new AdminGetUserCommand({ UserPoolId: pool.userPoolId, Username: 'person-1@example.com' }),
      )
    ).Username
    await writeFile(list, `person-1@example.com\r\n${sub}\n\nstranger@example.com\nperson-2@example.com\n`)
    const report = jsonOf(await users('--list', list))
    expect(report).toMatchObject({ counts: { moved: 2, skipped: 1 }, skipped: { gone: 1 } })
    expect(preferenceCalls()).toHaveLength(2)
  })

  test('one of the four ways has to be chosen', async () => {
    await start([])
    for (const args of [[], ['--all', '--percent', '5'], ['--percent', '101'], ['--rate', '0', '--all']])
      expect(jsonOf(await migrate(pool, ['users', '--json', '--yes', ...args]))).toMatchObject({
        code: 'usage',
      })
  })
})

test('a pool without the e-mail factor is refused, and the message says what to run', async () => {
  pool = await startLocalUserPool({ users: PEOPLE }, processes)
  const result = await users('--all')
  expect(jsonOf(result)).toMatchObject({ code: 'factor-absent' })
  expect(result.err).toContain('migrate enable')
  expect(preferenceCalls()).toEqual([])
})

test('users who cannot be moved are skipped, each for a reason that is reported', async () => {
  const user = (name: string, status: LocalUser['status'], verified = 'true'): LocalUser => ({
    username: `${name}@example.com`,
    password: 'Permanent-1',
    status,
    attributes: { email_verified: verified },
  })
  await start([
    user('plain', 'CONFIRMED'),
    user('invited', 'FORCE_CHANGE_PASSWORD'),
    user('unconfirmed', 'UNCONFIRMED'),
    user('reset', 'RESET_REQUIRED'),
    user('unverified', 'CONFIRMED', 'false'),
    user('disabled', 'CONFIRMED'),
  ])
  const Username = 'disabled@example.com'
  await sdkFor(pool).send(new AdminDisableUserCommand({ UserPoolId: pool.userPoolId, Username }))
  expect(jsonOf(await users('--all'))).toMatchObject({
    counts: { moved: 2, skipped: 4 },
    skipped: { unconfirmed: 1, 'reset-required': 1, 'unverified-address': 1, disabled: 1 },
  })
  expect(await status()).toMatchObject({ mfaConfiguration: 'OPTIONAL', users: 6, notMoved: [] })
  expect(stringsAt(await status(), 'left')).toHaveLength(1)
  expect(jsonOf(await users('--all', '--with-unverified'))).toMatchObject({
    counts: { moved: 1, skipped: 5 },
  })
  expect(stringsAt(await status(), 'left')).toEqual([])
  const text = await migrate(pool, ['status', ...FAST])
  expect(text.out).toContain('3  moved')
  expect(text.out).toContain('1  reset-required:')
  expect(text.err).toContain('the factors of 6 users. This makes each of them a monthly active user')

  // Whoever is disabled, unconfirmed or to be reset does not keep MFA from being required, with or without a factor.
  const before = pool.calls.length
  await migrate(pool, ['finish', '--dry-run', ...FAST])
  expect(usersOf(pool.calls.slice(before), 'AdminGetUser')).toHaveLength(3)
})

test('--dry-run changes nothing and writes no journal', async () => {
  await start()
  expect(jsonOf(await users('--all', '--dry-run'))).toMatchObject({
    dryRun: true,
    journal: null,
    counts: { 'would-move': COUNT },
  })
  expect(preferenceCalls()).toEqual([])
  await expect(readFile(journal)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('it asks before it changes anything, and a no changes nothing', async () => {
  await start()
  const args = ['users', '--all', '--journal', journal, ...FAST]
  expect(await migrate(pool, args, { typed: 'n' })).toMatchObject({ code: 2 })
  expect((await migrate(pool, args)).err).toContain('--yes')
  expect(preferenceCalls()).toEqual([])
  const yes = await migrate(pool, args, { typed: 'y' })
  expect(yes.out).toContain(`Move up to ${COUNT} users`)
  expect(yes.out).toContain(`Moved: ${COUNT}`)
})

describe('the journal', () => {
  test('has a line before each call and one after it', async () => {
    await start()
    await users('--all')
    const lines = await journalLines()
    expect(lines).toHaveLength(2 * COUNT)
    const parsed: JsonObject[] = lines.map(line => JSON.parse(line))
    const positions = (name: string, username: unknown) =>
      parsed.findIndex(line => line[name] === 'move' && line['username'] === username)
    for (const username of preferenceCalls())
      expect(positions('intent', username)).toBeLessThan(positions('done', username))
    expect(parsed.find(line => line['intent'])).toMatchObject({
      userPoolId: pool.userPoolId,
      before: { list: [], preferred: null },
    })
  })

  test('a run that was killed at any point goes on with nothing done twice and nothing lost', async () => {
    await start()
    const command = ['migrate', 'users', '--user-pool-id', pool.userPoolId, '--all', '--yes', '--json']
    const program = ['dist/command/cognito-email-code.mjs', ...command, '--journal', journal, '--rate', '100']
    for (const calls of [2, 6, 10]) {
      const child = spawn(process.execPath, program, {
        env: { PATH: process.env['PATH'], ...environmentOf(pool) },
        stdio: 'ignore',
      })
      const exit = once(child, 'exit')
      const stop = pool.subscribe(() => {
        if (preferenceCalls().length >= calls) child.kill('SIGKILL')
      })
      await exit
      stop()
      // A line of which only a part reached the disk.
      if (calls === 6) await appendFile(journal, '{"at":"2026-01-01T00:00:00.000Z","userPoo')
      expect(preferenceCalls().length).toBeLessThan(COUNT)
    }
    expect((await users('--all')).code).toBe(0)
    expect(new Set(preferenceCalls()).size).toBe(COUNT)
    expect(preferenceCalls()).toHaveLength(COUNT)
    expect(await moved()).toHaveLength(COUNT)
    const parsed: JsonObject[] = (await journalLines()).map(line => JSON.parse(line))
    expect(new Set(parsed.flatMap(line => (line['done'] ? [line['username']] : []))).size).toBe(COUNT)
    expect(jsonOf(await rollback())).toMatchObject({ counts: { restored: COUNT } })
    expect(await moved()).toEqual([])
  })

  test('two runs do not write one journal: the second one names the first and changes nothing', async () => {
    await start()
    const [first, second] = await Promise.all([users('--all'), users('--all')])
    const [refused, done] = first.code === 0 ? [second, first] : [first, second]
    expect(jsonOf(done)['counts']).toEqual({ moved: COUNT })
    expect(jsonOf(refused)).toMatchObject({ code: 'journal-locked' })
    expect(refused.err).toContain(`process ${process.pid} on ${hostname()}`)
    expect(preferenceCalls()).toHaveLength(COUNT)
    expect((await rollback()).code).toBe(0)
  })

  test('the lock of a run that was killed is taken over, and one of another machine is not', async () => {
    await start()
    const child = spawn(process.execPath, ['--eval', ''])
    await once(child, 'exit')
    const lock = (host: string) =>
      writeFile(
        `${journal}.lock`,
        JSON.stringify({ process: child.pid, host, since: '2026-01-01T00:00:00.000Z' }),
      )
    await lock('another.example.com')
    const refused = await users('--all')
    expect(jsonOf(refused)).toMatchObject({ code: 'journal-locked' })
    expect(refused.err).toContain(`delete ${journal}.lock`)
    expect(preferenceCalls()).toEqual([])
    await lock(hostname())
    expect(jsonOf(await users('--all'))['counts']).toEqual({ moved: COUNT })
  })

  test('an interrupted run ends what it began and says how to go on', async () => {
    await start()
    const child = spawn(
      process.execPath,
      [
        'dist/command/cognito-email-code.mjs',
        'migrate',
        'users',
        '--user-pool-id',
        pool.userPoolId,
        '--all',
      ].concat(['--yes', '--journal', journal, '--rate', '100']),
      { env: { PATH: process.env['PATH'], ...environmentOf(pool) }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let err = ''
    child.stderr.on('data', part => {
      err += part
    })
    const exit = once(child, 'close')
    const stop = pool.subscribe(() => {
      if (preferenceCalls().length === 5) child.kill('SIGINT')
    })
    expect(await exit).toEqual([2, null])
    stop()
    expect(err).toContain('Run the same command again')
    const parsed: JsonObject[] = (await journalLines()).map(line => JSON.parse(line))
    expect(parsed.filter(line => line['intent'])).toHaveLength(parsed.filter(line => line['done']).length)
    expect(jsonOf(await users('--all'))['counts']).toMatchObject({ moved: COUNT - preferredBefore(parsed) })
  })

  function preferredBefore(lines: readonly JsonObject[]): number {
    return lines.filter(line => line['done'] === 'move').length
  }

  test('of another pool, and a file that is no journal, are refused', async () => {
    await start()
    await users('--percent', '50')
    await writeFile(journal, (await readFile(journal, 'utf8')).replaceAll(pool.userPoolId, 'us-east-1_Other'))
    expect(jsonOf(await users('--all'))).toMatchObject({ code: 'journal-of-other-pool' })
    expect(jsonOf(await rollback())).toMatchObject({ code: 'journal-of-other-pool' })
    await writeFile(journal, 'name,address\nann,ann@example.com\n')
    expect(jsonOf(await users('--all'))).toMatchObject({ code: 'journal-unreadable' })
    journal = join(folder.path, 'none')
    expect(jsonOf(await rollback())).toMatchObject({ code: 'journal-unreadable' })
  })
})

describe('what Cognito answers', () => {
  test('a call that is refused because of the rate is made again, and every user is moved once', async () => {
    await start()
    for (let refused = 0; refused < 6; refused += 1)
      pool.faults.failNext('AdminSetUserMFAPreference', 'TooManyRequestsException', 'Rate exceeded')
    expect(jsonOf(await users('--all'))['counts']).toEqual({ moved: COUNT })
    const refused = pool.calls.filter(call => call.kind === 'request' && 'error' in call && call.error)
    expect(refused.length).toBeGreaterThanOrEqual(6)
    expect((await journalLines()).filter(line => line.includes('"intent"'))).toHaveLength(COUNT)
  })

  test('a user whom Cognito refuses is named, the others are moved, and the exit code tells', async () => {
    await start()
    pool.faults.failNext('AdminSetUserMFAPreference', 'InvalidParameterException', 'No.')
    const result = await users('--all')
    expect(result.code).toBe(1)
    expect(jsonOf(result)).toMatchObject({ counts: { moved: COUNT - 1, failed: 1 } })
    expect((await users('--all')).code).toBe(0)
    expect(await moved()).toHaveLength(COUNT)
  })

  test('a missing right ends the run, and the next one goes on', async () => {
    await start()
    pool.faults.failNext('AdminSetUserMFAPreference', 'AccessDeniedException', 'not authorized')
    expect(jsonOf(await users('--all'))).toMatchObject({ code: 'access-denied' })
    expect(preferenceCalls().length).toBeLessThan(COUNT)
    expect((await users('--all')).code).toBe(0)
    expect(await moved()).toHaveLength(COUNT)
  })
})

describe('rollback', () => {
  test('puts everyone back as they were, and a second one has nothing to do', async () => {
    await start()
    const list = join(folder.path, 'list.txt')
    // On, but not preferred: as it has to be again.
    await sdkFor(pool).send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: pool.userPoolId,
        Username: 'person-3@example.com',
        EmailMfaSettings: { Enabled: true, PreferredMfa: false },
      }),
    )
    await users('--percent', '50')
    await users('--all')
    await writeFile(list, 'person-1@example.com\nperson-2@example.com\nstranger@example.com\n')
    expect(jsonOf(await rollback('--list', list, '--dry-run'))['counts']).toEqual({ 'would-restore': 2 })
    expect(jsonOf(await rollback('--list', list))['counts']).toEqual({ restored: 2 })
    expect(await moved()).toHaveLength(COUNT - 2)
    expect(jsonOf(await rollback())['counts']).toEqual({ restored: COUNT - 2 })
    expect(await factorsOf('person-0@example.com')).toEqual({ preferred: undefined, list: undefined })
    expect(await factorsOf('person-3@example.com')).toEqual({ preferred: undefined, list: ['EMAIL_OTP'] })
    expect(jsonOf(await rollback())['counts']).toEqual({})
    expect(jsonOf(await users('--all'))['counts']).toEqual({ moved: COUNT })
  })

  test('that was stopped goes on, and so does a move of users of whom some are back', async () => {
    await start()
    await users('--all')
    pool.faults.failNext('AdminSetUserMFAPreference', 'AccessDeniedException', 'not authorized')
    expect(jsonOf(await rollback())).toMatchObject({ code: 'access-denied' })
    expect((await moved()).length).toBeGreaterThan(0)
    expect((await users('--all')).code).toBe(0)
    expect(await moved()).toHaveLength(COUNT)
    expect((await rollback()).code).toBe(0)
    expect(await moved()).toEqual([])
    expect(await factorsOf('person-0@example.com')).toEqual({ preferred: undefined, list: undefined })
  })

  test('a user whom others moved before is left as they are', async () => {
    await start()
    const Username = 'person-3@example.com'
    await sdkFor(pool).send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: pool.userPoolId,
        Username,
        EmailMfaSettings: { Enabled: true, PreferredMfa: true },
      }),
    )
    await users('--all')
    await rollback()
    expect(await moved()).toHaveLength(1)
  })
})
