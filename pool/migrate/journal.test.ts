// What a journal knows of the users: from its own lines, also those of a run that was killed, and from no others.
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { UntypedObject } from '../../command/json.ts'
import { Journal } from './journal.ts'
import type { NativeUser } from './native-users.ts'

const POOL_ID = 'eu-central-1_EXAMPLE00'
const NONE = { list: [], preferred: null }
const TOTP = { list: ['SOFTWARE_TOKEN_MFA'], preferred: 'SOFTWARE_TOKEN_MFA' }
const ANN: NativeUser = {
  username: 'ann',
  sub: '6d1e7d2c-0000-4000-8000-000000000001',
  status: 'CONFIRMED',
  enabled: true,
  email: 'ann@example.com',
  emailVerified: true,
  factors: TOTP,
}
const BEN: NativeUser = {
  ...ANN,
  username: 'ben',
  sub: '6d1e7d2c-0000-4000-8000-000000000002',
  factors: NONE,
}

let folder: string
let file: string
let count = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'))
})
beforeEach(() => {
  count += 1
  file = join(folder, `${count}.jsonl`)
})
afterAll(() => rm(folder, { recursive: true }))

const opened = () => Journal.open(file, POOL_ID)
const read = () => Journal.read(file, POOL_ID)

/** What a run writes, and then what the file says. */
async function written(write: (journal: Journal) => Promise<void>) {
  const journal = await opened()
  await write(journal)
  const entries = journal.entries()
  await journal.close()
  return { entries, later: (await read()).entries() }
}

/** A file with such lines: what a move of Ann writes, with other members. */
async function fileWith(...lines: UntypedObject[]): Promise<void> {
  const { username, sub, factors } = ANN
  const line = { userPoolId: POOL_ID, intent: 'move', username, sub, before: factors }
  await writeFile(file, lines.map(more => `${JSON.stringify({ ...line, ...more })}\n`).join(''))
}

const entry = ({ username, sub, factors }: NativeUser) => ({ username, sub, before: factors })

describe('a run that writes a journal', () => {
  test('begins with nobody, in a file for its owner only', async () => {
    const journal = await opened()
    expect([journal.file, journal.entries(), journal.entry('ann')]).toEqual([file, [], undefined])
    await journal.close()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toBe('')
  })

  test('leaves it open whether a change was made until it is', async () => {
    expect(
      await written(async journal => {
        await journal.intend(ANN, 'move')
        await journal.intend(BEN, 'move')
        expect(journal.entry('ann')).toEqual({ ...entry(ANN), change: 'move', done: false })
        await journal.done(ANN, 'move')
      }),
    ).toEqual({
      entries: [
        { ...entry(ANN), change: 'move', done: true },
        { ...entry(BEN), change: 'move', done: false },
      ],
      later: [
        { ...entry(ANN), change: 'move', done: true },
        { ...entry(BEN), change: 'move', done: false },
      ],
    })
  })

  test('keeps how the user was before the first change, whatever is changed next', async () => {
    const moved = { ...ANN, factors: { list: ['SOFTWARE_TOKEN_MFA', 'EMAIL_OTP'], preferred: 'EMAIL_OTP' } }
    const restoring = { ...entry(ANN), change: 'restore', done: false }
    expect(
      await written(async journal => {
        await journal.intend(ANN, 'move')
        await journal.done(ANN, 'move')
        await journal.intend(moved, 'restore')
      }),
    ).toEqual({ entries: [restoring], later: [restoring] })
  })

  test('forgets a user who was put back, and another move is a first one again', async () => {
    const back = async (journal: Journal) => {
      await journal.intend(ANN, 'move')
      await journal.intend(BEN, 'move')
      await journal.done(ANN, 'restore')
    }
    const benOnly = [{ ...entry(BEN), change: 'move', done: false }]
    expect(await written(back)).toEqual({ entries: benOnly, later: benOnly })
    const again = { ...ANN, factors: NONE }
    const { later } = await written(journal => journal.intend(again, 'move'))
    expect(later).toEqual([...benOnly, { ...entry(again), change: 'move', done: false }])
  })

  test('takes no word of a user whom it did not mean to change', async () => {
    expect(await written(journal => journal.done(ANN, 'move'))).toEqual({ entries: [], later: [] })
    expect(await written(journal => journal.done(ANN, 'restore'))).toEqual({ entries: [], later: [] })
  })

  test('writes lines with the pool and the time, one for each word', async () => {
    await written(async journal => {
      await Promise.all([journal.intend(ANN, 'move'), journal.intend(BEN, 'move'), journal.done(ANN, 'move')])
    })
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)
    const lines = (await readFile(file, 'utf8')).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map(line => JSON.parse(line))).toEqual([
      { at, userPoolId: POOL_ID, intent: 'move', ...entry(ANN) },
      { at, userPoolId: POOL_ID, intent: 'move', ...entry(BEN) },
      { at, userPoolId: POOL_ID, done: 'move', username: 'ann' },
    ])
  })

  test('has an intent on the disk before it goes on, and the rest when it ends', async () => {
    const probe = await open(join(folder, 'probe'), 'w')
    const sync = jest.spyOn(Object.getPrototypeOf(probe), 'sync')
    await probe.close()
    try {
      const journal = await opened()
      await journal.intend(ANN, 'move')
      expect(sync).toHaveBeenCalledTimes(1)
      await journal.done(ANN, 'move')
      expect(sync).toHaveBeenCalledTimes(1)
      await journal.close()
      expect(sync).toHaveBeenCalledTimes(2)
    } finally {
      sync.mockRestore()
    }
  })

  test('is told of a line that could not be written, and can still end', async () => {
    const probe = await open(join(folder, 'probe'), 'w')
    const append = jest.spyOn(Object.getPrototypeOf(probe), 'appendFile')
    await probe.close()
    append.mockImplementation(() => Promise.reject(new Error('no space left')))
    try {
      const journal = await opened()
      await expect(journal.intend(ANN, 'move')).rejects.toThrow('no space left')
      expect(journal.entry('ann')).toBeUndefined()
      await journal.close()
    } finally {
      append.mockRestore()
    }
    expect(await readdir(folder)).not.toContain(`${count}.jsonl.lock`)
  })
})

describe('a journal that a run left behind', () => {
  test('loses a last line that was not written whole, and nothing else', async () => {
    await fileWith({ username: 'änn' }, { username: 'ben' })
    const whole = await readFile(file, 'utf8')
    await appendFile(file, '{"userPoolId":"eu-central-1_EXAMPLE00","done":"move","username":"änn"}')
    const names = (journal: Journal) =>
      journal.entries().map(({ username, done }) => `${username}${done ? ' is done' : ''}`)
    expect(names(await read())).toEqual(['änn', 'ben'])
    const journal = await opened()
    expect(names(journal)).toEqual(['änn', 'ben'])
    await journal.close()
    expect(await readFile(file, 'utf8')).toBe(whole)
  })

  test('that has but half a line knows nobody', async () => {
    await writeFile(file, '{"userPoolId":"eu-central-1_EXAMPLE00","intent":"mo')
    expect((await read()).entries()).toEqual([])
    const journal = await opened()
    expect(journal.entries()).toEqual([])
    await journal.close()
    expect(await readFile(file, 'utf8')).toBe('')
  })

  test('is not changed by reading it', async () => {
    await fileWith({})
    await appendFile(file, '{"userPo')
    const before = await readFile(file, 'utf8')
    const journal = await read()
    await journal.intend(BEN, 'move')
    await journal.done(ANN, 'move')
    await journal.close()
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('may have empty lines', async () => {
    await fileWith({})
    await writeFile(file, `\n${await readFile(file, 'utf8')}\n`)
    expect((await read()).entries()).toEqual([{ ...entry(ANN), change: 'move', done: false }])
  })

  test('may lack what the user was like: no factors, then', async () => {
    await fileWith({ sub: undefined, before: undefined })
    expect((await read()).entries()).toEqual([
      { username: 'ann', sub: '', before: NONE, change: 'move', done: false },
    ])
  })
})

describe('a file is no journal', () => {
  test.each<[string, UntypedObject]>([
    ['without a user name', { username: undefined }],
    ['without a pool', { userPoolId: undefined }],
    ['without a change', { intent: undefined }],
    ['with a change that migrate does not make', { intent: 'delete' }],
    ['with such a change that is done', { intent: undefined, done: 'delete' }],
  ])('with a line %s', async (_, members) => {
    await fileWith({}, members)
    const refused = {
      code: 'journal-unreadable',
      message:
        `The journal ${file} cannot be read: line 2 is not one that migrate wrote\n` +
        'migrate users writes the journal; name another one with --journal FILE.',
    }
    await expect(read()).rejects.toMatchObject(refused)
    await expect(opened()).rejects.toMatchObject(refused)
  })

  test.each(['name,address', '["ann"]', '"ann"', 'null'])('with the line %s', async line => {
    await writeFile(file, `${line}\n`)
    await expect(read()).rejects.toThrow(`${file} cannot be read: line 1 is not one that migrate wrote`)
  })

  test('where nothing can be read', async () => {
    await expect(read()).rejects.toMatchObject({
      code: 'journal-unreadable',
      message: `Cannot read --journal ${file}: there is no such file. migrate users writes the journal; name another one with --journal FILE.`,
    })
  })
})

test('the journal of another pool is refused, and is not locked afterwards', async () => {
  await fileWith({ userPoolId: 'eu-central-1_OTHER\u001b[2J' })
  const refused = {
    code: 'journal-of-other-pool',
    message: `${file} is the journal of the pool eu-central-1_OTHER[2J, not of ${POOL_ID}. Nothing was changed.`,
  }
  await expect(opened()).rejects.toMatchObject(refused)
  await expect(read()).rejects.toMatchObject(refused)
  await fileWith({})
  await (await opened()).close()
})

test('a journal that cannot be opened is not locked afterwards', async () => {
  file = join(folder, 'none', 'users.jsonl')
  await expect(opened()).rejects.toThrow('ENOENT')
  file = folder
  await expect(opened()).rejects.toThrow('EISDIR')
  expect(await readdir(tmpdir())).not.toContain(`${folder.slice(tmpdir().length + 1)}.lock`)
})
