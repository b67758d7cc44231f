// What a backup holds, which files are taken for one, and that none is lost.
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { UntypedObject } from '../command/json.ts'
import { type Backup, backupsBeside, readBackup, writeBackup } from './backup.ts'

const POOL_ID = 'eu-central-1_EXAMPLE00'
const OTHER_POOL_ID = 'eu-central-1_OTHER0000'
const CLIENT = {
  UserPoolId: POOL_ID,
  ClientId: 'web',
  ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  AuthSessionValidity: 5,
}
const BACKUP: Backup = {
  command: 'fix',
  userPoolId: POOL_ID,
  madeAt: '2026-01-02T03:04:05.000Z',
  before: {
    userPool: { Id: POOL_ID, LambdaConfig: { PostConfirmation: 'welcome' } },
    mfa: { MfaConfiguration: 'OFF' },
    clients: { web: CLIENT },
  },
  after: {
    userPool: { Id: POOL_ID, LambdaConfig: {} },
    mfa: undefined,
    clients: { web: { ...CLIENT, ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'] } },
  },
  triggers: { DefineAuthChallenge: 'define' },
}

let parent: string
let folder: string
let file: string

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'backup-'))
})
beforeEach(async () => {
  folder = await mkdtemp(join(parent, 'one-'))
  file = join(folder, 'pool.json')
})
afterAll(() => rm(parent, { recursive: true }))

/** Writes a backup as JSON with other members. */
async function fileWith(members: UntypedObject, name = 'pool.json'): Promise<void> {
  const format = 'cognito-email-code backup 2'
  await writeFile(join(folder, name), JSON.stringify({ format, ...BACKUP, ...members }))
}

const read = () => readBackup(file, POOL_ID)

describe('a backup', () => {
  test('is read as it was written', async () => {
    await writeBackup(file, BACKUP)
    expect(await read()).toEqual(BACKUP)
  })

  test('is for its owner only, in lines to be read, and the only file that is left', async () => {
    await writeBackup(file, BACKUP)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toMatch(
      /^{\n {2}"format": "cognito-email-code backup 2",\n.*\n}\n$/s,
    )
    expect(await readdir(folder)).toEqual(['pool.json'])
  })

  test('is on the disk before the pool may be changed', async () => {
    const probe = await open(join(folder, 'probe'), 'w')
    await probe.close()
    const sync = jest.spyOn(Object.getPrototypeOf(probe), 'sync')
    try {
      await writeBackup(file, BACKUP)
      expect(sync).toHaveBeenCalledTimes(1)
    } finally {
      sync.mockRestore()
    }
  })

  test('does not take the place of a file: that may be the only record of how the pool was', async () => {
    await writeFile(file, 'an earlier backup')
    await expect(writeBackup(file, BACKUP)).rejects.toMatchObject({
      code: 'backup-exists',
      message:
        `The backup file ${file} already exists and may be the only record of how the pool was. Nothing was changed.\n` +
        'Pass another name with --backup FILE.',
    })
    expect(await readFile(file, 'utf8')).toBe('an earlier backup')
    expect(await readdir(folder)).toEqual(['pool.json'])
  })

  test('is not written beside half of another one, and says what to do', async () => {
    file = join(folder, 'none', 'pool.json')
    await expect(writeBackup(file, BACKUP)).rejects.toMatchObject({
      code: 'backup-unwritable',
      message:
        `The backup file ${file} cannot be written (ENOENT). Nothing was changed.\n` +
        'With --backup FILE, pass a name in a folder that exists and that you may write to.',
    })
    file = join(folder, 'pool.json')
    await writeFile(`${file}.${process.pid}.unfinished`, 'half of a backup')
    await expect(writeBackup(file, BACKUP)).rejects.toThrow('cannot be written (EEXIST)')
  })

  test('cannot be a file without a name, which is not taken for one that exists', async () => {
    await expect(writeBackup('', BACKUP)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readdir('.')).not.toContain(`.${process.pid}.unfinished`)
  })
})

describe('a file', () => {
  test('that does not exist, and one that is not JSON, is no backup', async () => {
    await expect(read()).rejects.toMatchObject({
      code: 'backup-unreadable',
      message: `Cannot read --backup ${file}: there is no such file. Name the backup that attach, fix or migrate wrote.`,
    })
    await writeFile(file, 'half of a ba')
    await expect(read()).rejects.toMatchObject({
      code: 'backup-unreadable',
      message: expect.stringMatching(/^The backup file .*pool\.json cannot be read: Unexpected token/),
    })
  })

  test.each<[string, UntypedObject]>([
    ['of a later format', { format: 'cognito-email-code backup 3' }],
    ['without a format', { format: null }],
    ['without the pool it is of', { userPoolId: null }],
    ['without the state before', { before: null }],
    ['without the pool before', { before: { userPool: { Name: 'people' }, clients: {} } }],
    ['without the state after', { after: null }],
    ['without the pool after', { after: { userPool: {}, clients: {} } }],
    ['of the first format without the state before', { format: 'cognito-email-code backup 1', before: {} }],
  ])('%s is no backup', async (_, members) => {
    await fileWith(members)
    await expect(read()).rejects.toMatchObject({
      code: 'backup-unreadable',
      message: `${file} is not a backup of this tool (its "format" should be "cognito-email-code backup 2").`,
    })
  })

  const other = { ...CLIENT, UserPoolId: OTHER_POOL_ID }
  const { UserPoolId: _, ...unnamed } = CLIENT
  test.each<[string, UntypedObject, string]>([
    ['that says so', { userPoolId: OTHER_POOL_ID }, OTHER_POOL_ID],
    ['by the pool in it', { before: { userPool: { Id: OTHER_POOL_ID } } }, OTHER_POOL_ID],
    ['by an app client in it', { before: { ...BACKUP.before, clients: { web: other } } }, OTHER_POOL_ID],
    [
      'by an app client of no pool',
      { before: { ...BACKUP.before, clients: { web: unnamed } } },
      '(not named)',
    ],
    ['whose name could move the cursor', { userPoolId: `${OTHER_POOL_ID}\u001b[2J` }, `${OTHER_POOL_ID}[2J`],
  ])('of another pool, %s, is refused', async (_, members, named) => {
    await fileWith(members)
    await expect(read()).rejects.toMatchObject({
      code: 'backup-of-other-pool',
      message: `${file} is a backup of the pool ${named}, not of ${POOL_ID}. Nothing was changed.`,
    })
  })
})

describe('what a backup says', () => {
  test('of an app client under another id than its own, or of none, is left out', async () => {
    const clients = { web: CLIENT, phone: CLIENT, text: 'web', none: null, list: [], unnamed: {} }
    const userPool = { Id: POOL_ID }
    await fileWith({ before: { userPool, clients } })
    expect((await read()).before).toEqual({ userPool, mfa: undefined, clients: { web: CLIENT } })
  })

  test('of MFA is nothing where it could not be read, or holds nothing', async () => {
    const userPool = { Id: POOL_ID }
    await fileWith({ before: { userPool, mfa: {} }, after: { userPool, mfa: { MfaConfiguration: 'ON' } } })
    expect(await read()).toMatchObject({
      before: { userPool, mfa: undefined, clients: {} },
      after: { userPool, mfa: { MfaConfiguration: 'ON' }, clients: {} },
    })
  })

  test.each(['attach', 'fix', 'migrate enable', 'migrate finish'])('of the command is %s', async command => {
    await fileWith({ command })
    expect((await read()).command).toBe(command)
  })

  test('of a command that this version does not know is attach', async () => {
    await fileWith({ command: 'paint' })
    expect((await read()).command).toBe('attach')
  })

  test('of its time may be missing, and of triggers too', async () => {
    await fileWith({ madeAt: null, triggers: null })
    expect(await read()).toMatchObject({ madeAt: 'an unknown time', triggers: {} })
  })

  test('in the first format leaves open how long sessions became, and is of attach', async () => {
    await fileWith({ format: 'cognito-email-code backup 1', command: 'fix', after: null })
    expect(await read()).toEqual({
      ...BACKUP,
      command: 'attach',
      after: {
        userPool: {
          Id: POOL_ID,
          LambdaConfig: { PostConfirmation: 'welcome', DefineAuthChallenge: 'define' },
        },
        mfa: { MfaConfiguration: 'OFF' },
        clients: {
          web: {
            ...CLIENT,
            ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
            AuthSessionValidity: null,
          },
        },
      },
    })
  })
})

describe('beside a backup', () => {
  test('are the others of the same pool, the newest first, and nothing else', async () => {
    await fileWith({})
    await fileWith({ madeAt: '2026-01-01T00:00:00.000Z' }, 'b.json')
    await fileWith({ madeAt: '2026-03-01T00:00:00.000Z' }, 'c.json')
    await fileWith({ madeAt: '2026-02-01T00:00:00.000Z' }, 'a.json')
    await fileWith({ userPoolId: OTHER_POOL_ID }, 'other-pool.json')
    await fileWith({}, 'copy.txt')
    await writeFile(join(folder, 'package.json'), '{}')
    await mkdir(join(folder, 'folder.json'))
    // As it is passed to --backup: it is the same file all the same.
    const named = join(relative(process.cwd(), folder), 'pool.json')
    const found = await backupsBeside(named, POOL_ID)
    expect(found.map(it => it.file)).toEqual(
      ['c.json', 'a.json', 'b.json'].map(name => join(relative(process.cwd(), folder), name)),
    )
    expect(found[0]?.backup).toEqual({ ...BACKUP, madeAt: '2026-03-01T00:00:00.000Z' })
  })

  test('is nothing where there is no such folder', async () => {
    expect(await backupsBeside(join(folder, 'none', 'pool.json'), POOL_ID)).toEqual([])
  })
})
