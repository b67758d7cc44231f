// Which users a step of the migration is about, and what is taken from Cognito's answer about one of them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../../command/json.ts'
import { scriptedCognito } from '../../testing/scripted-cognito.ts'
import {
  type Choice,
  chosenNames,
  isInPercent,
  listUsers,
  namesInFile,
  nativeUser,
  readUser,
} from './native-users.ts'

const POOL_ID = 'eu-central-1_EXAMPLE00'
const $metadata = {}
const SUBS = Array.from({ length: 1_000 }, (_, index) => `6d1e7d2c-0000-4000-8000-${index}`)

describe('an answer about a user', () => {
  test('gives the name, the state, the address and the factors', () => {
    expect(
      nativeUser({
        $metadata,
        Username: 'ann',
        UserStatus: 'CONFIRMED',
        Enabled: false,
        UserAttributes: [
          { Name: 'sub', Value: 'the-sub' },
          { Name: 'email', Value: 'ann@example.com' },
          { Name: 'email_verified', Value: 'TRUE' },
        ],
        UserMFASettingList: ['EMAIL_OTP', 'SMS_MFA'],
        PreferredMfaSetting: 'SMS_MFA',
      }),
    ).toEqual({
      username: 'ann',
      sub: 'the-sub',
      status: 'CONFIRMED',
      enabled: false,
      email: 'ann@example.com',
      emailVerified: true,
      factors: { list: ['EMAIL_OTP', 'SMS_MFA'], preferred: 'SMS_MFA' },
    })
  })

  test('that says nothing is of an enabled user without a name, an address and a factor', () => {
    expect(nativeUser({ $metadata, Username: undefined })).toEqual({
      username: '',
      sub: '',
      status: '',
      enabled: true,
      email: undefined,
      emailVerified: false,
      factors: { list: [], preferred: null },
    })
  })

  test.each(['false', 'yes', ''])('does not take %j for a verified address', Value => {
    const UserAttributes = [{ Name: 'email_verified', Value }]
    expect(nativeUser({ $metadata, Username: 'ann', UserAttributes }).emailVerified).toBe(false)
  })

  test('does not take an empty address for one', () => {
    const UserAttributes = [{ Name: 'email', Value: '' }]
    expect(nativeUser({ $metadata, Username: 'ann', UserAttributes }).email).toBeUndefined()
  })
})

describe('so many percent of the users', () => {
  const picked = (percent: number) => SUBS.filter(sub => isInPercent(sub, percent))

  test('are about so many', () => {
    expect(picked(10).length).toBeGreaterThan(70)
    expect(picked(10).length).toBeLessThan(130)
    expect([picked(0), picked(100)]).toEqual([[], SUBS])
  })

  test('are the same ones in every version, or a later run would move others', () => {
    const subs = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    expect(subs.filter(sub => isInPercent(sub, 15))).toEqual(['d', 'f'])
    expect(subs.filter(sub => isInPercent(sub, 70))).toEqual(['b', 'c', 'd', 'e', 'f', 'h'])
  })

  test('include everyone of a smaller number', () => {
    const lost = [1, 2, 5, 10, 25, 50, 75].flatMap(percent => {
      const larger = new Set(picked(percent * 1.3))
      return picked(percent).filter(sub => !larger.has(sub))
    })
    expect(lost).toEqual([])
  })
})

describe('users from Cognito', () => {
  const user = (name: string | undefined, sub = 'a') => ({
    ...(name === undefined ? {} : { Username: name }),
    Enabled: true,
    UserStatus: 'CONFIRMED',
    Attributes: [{ Name: 'sub', Value: sub }],
  })

  /** Pages by the token that asks for each; what was shown of the progress. */
  function pool(first: JsonObject, second: JsonObject = {}) {
    const shown: (number | 'end')[] = []
    const bar = { show: (done: number) => void shown.push(done), end: () => void shown.push('end') }
    const script = scriptedCognito(({ NextToken, PaginationToken }) => ({
      body: (NextToken ?? PaginationToken) === undefined ? first : second,
    }))
    return {
      ...script,
      bar,
      shown,
      names: (choice: Choice) => chosenNames(script.cognito, POOL_ID, choice, bar),
    }
  }

  test('are all of every page, each once', async () => {
    const its = pool(
      { Users: [user('ann'), user('ben')], PaginationToken: 'more' },
      { Users: [user('ann'), user('cem')] },
    )
    expect(await its.names({ kind: 'all' })).toEqual(['ann', 'ben', 'cem'])
    expect(its.inputs).toEqual([
      { UserPoolId: POOL_ID, Limit: 60 },
      { UserPoolId: POOL_ID, Limit: 60, PaginationToken: 'more' },
    ])
    expect(its.shown).toEqual([2, 3, 'end'])
  })

  test('are those of a group', async () => {
    const its = pool({ Users: [user('ann')], NextToken: 'more' }, { Users: [user('ben')] })
    expect(await its.names({ kind: 'group', group: 'staff' })).toEqual(['ann', 'ben'])
    expect(its.inputs[0]).toEqual({ UserPoolId: POOL_ID, GroupName: 'staff', Limit: 60 })
  })

  test('of a group that does not exist are an error that names the group', async () => {
    const refusing = (name: string) =>
      scriptedCognito(() => ({ status: 400, body: { __type: name, message: 'Group not found.' } })).cognito
    const names = (name: string, choice: Choice) =>
      chosenNames(refusing(name), POOL_ID, choice, { show: () => {}, end: () => {} })
    await expect(names('ResourceNotFoundException', { kind: 'group', group: 'staff' })).rejects.toMatchObject(
      {
        code: 'not-found',
        message:
          'The pool has no group "staff". Check --group (aws cognito-idp list-groups shows the groups).',
      },
    )
    for (const [name, choice] of [
      ['AccessDeniedException', { kind: 'group', group: 'staff' }],
      ['ResourceNotFoundException', { kind: 'all' }],
    ] as const)
      await expect(names(name, choice)).rejects.toMatchObject({ name, message: 'Group not found.' })
  })

  test('are so many percent by their sub; who has none is left out', async () => {
    const noSub = { Username: 'dan', Attributes: [{ Name: 'email', Value: 'c' }] }
    const its = pool({ Users: [user('ann', 'a'), user('cem', 'c'), noSub, { Username: 'eve' }] })
    expect(await its.names({ kind: 'percent', percent: 50 })).toEqual(['cem'])
    expect(await its.names({ kind: 'all' })).toEqual(['ann', 'cem', 'dan', 'eve'])
  })

  test('need a name', async () => {
    expect(await pool({ Users: [user(undefined), user('ann')] }).names({ kind: 'all' })).toEqual(['ann'])
    expect(await pool({}).names({ kind: 'all' })).toEqual([])
  })

  test('are listed whole, without their factors', async () => {
    const its = pool({ Users: [user('ann')], PaginationToken: 'more' }, { Users: [user('ben', 'b')] })
    expect(await listUsers(its.cognito, POOL_ID, its.bar)).toMatchObject([
      {
        username: 'ann',
        sub: 'a',
        status: 'CONFIRMED',
        enabled: true,
        factors: { list: [], preferred: null },
      },
      { username: 'ben', sub: 'b' },
    ])
    expect(its.inputs[0]).toEqual({ UserPoolId: POOL_ID, Limit: 60 })
    expect(its.shown).toEqual([1, 2, 'end'])
    expect(await listUsers(pool({}).cognito, POOL_ID, its.bar)).toEqual([])
  })

  test('leave no progress bar behind where Cognito refuses', async () => {
    const body = { __type: 'AccessDeniedException', message: 'no' }
    const { cognito } = scriptedCognito(() => ({ status: 400, body }))
    const { bar, shown } = pool({})
    await expect(chosenNames(cognito, POOL_ID, { kind: 'all' }, bar)).rejects.toThrow('no')
    await expect(listUsers(cognito, POOL_ID, bar)).rejects.toThrow('no')
    expect(shown).toEqual(['end', 'end'])
  })

  test('are read one by one, by any name', async () => {
    const { cognito, inputs } = scriptedCognito(() => ({ body: { Username: 'ann' } }))
    expect(await readUser(cognito, POOL_ID, 'ann@example.com')).toMatchObject({ Username: 'ann' })
    expect(inputs).toEqual([{ UserPoolId: POOL_ID, Username: 'ann@example.com' }])
  })
})

describe('users in a file', () => {
  let folder: string
  let file: string
  const { cognito } = scriptedCognito(() => ({ body: {} }))
  const silent = { show: () => {}, end: () => {} }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'users-'))
    file = join(folder, 'users.txt')
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('are one a line, each once, without the blanks around them', async () => {
    await writeFile(file, 'ann\r\n\n  ben@example.com \nann\nmary ann\n')
    const names = ['ann', 'ben@example.com', 'mary ann']
    expect(await namesInFile(file)).toEqual(names)
    expect(await chosenNames(cognito, POOL_ID, { kind: 'list', file }, silent)).toEqual(names)
  })

  test('must be somebody', async () => {
    await writeFile(file, '\n  \n')
    await expect(namesInFile(file)).rejects.toMatchObject({
      code: 'usage',
      message: `${file} names no user. It must hold one user name per line.`,
    })
  })

  test('must be in a file that can be read', async () => {
    const file = join(folder, 'none')
    await expect(namesInFile(file)).rejects.toMatchObject({
      code: 'usage',
      message: `Cannot read --list ${file}: there is no such file. Name a file with one user name per line.`,
    })
    await expect(namesInFile(folder)).rejects.toThrow(`Cannot read --list ${folder}: EISDIR. Name a file`)
  })
})
