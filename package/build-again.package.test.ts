// A build over an earlier one: the same bytes, nothing written without need, and never a file missing meanwhile.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { TRIGGER_NAMES } from '../local/trigger-process.ts'

describe('another build', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'build-'))
    await cp('dist', directory, { recursive: true })
    for (const name of TRIGGER_NAMES) await rm(`${directory}/${name}.zip`)
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('never takes a file away from a program that reads it meanwhile', async () => {
    let building = true
    const env = { ...process.env, TZ: 'Pacific/Auckland' }
    const built = promisify(execFile)(process.execPath, ['build.mjs', directory, '--force'], {
      env,
    }).finally(() => {
      building = false
    })
    const lengths = new Set<number>()
    while (building) {
      lengths.add((await readFile(join(directory, 'define-auth-challenge/index.mjs'))).length)
      await setTimeout(1)
    }
    await built
    expect(lengths.size).toBe(1)
  })

  test('the same sources give the same bytes, in another place and another time zone', async () => {
    for (const name of TRIGGER_NAMES) {
      expect((await readFile(`${directory}/${name}.zip`)).equals(await readFile(`dist/${name}.zip`))).toBe(
        true,
      )
    }
  })
})

describe('a second build', () => {
  let directory: string
  const buildAgain = () => promisify(execFile)(process.execPath, ['build.mjs', directory])
  const index = () => join(directory, 'define-auth-challenge/index.mjs')
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'build-'))
    // What the first build wrote; the time of a file tells whether it is written again.
    await cp('dist', directory, { recursive: true, preserveTimestamps: true })
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('writes nothing when nothing changed', async () => {
    const { ino, mtimeMs } = await stat(index())
    await buildAgain()
    expect(await stat(index())).toMatchObject({ ino, mtimeMs })
  })

  test('restores a file that was changed or deleted, and removes what does not belong there', async () => {
    const content = await readFile(index(), 'utf8')
    await writeFile(index(), 'changed')
    await rm(join(directory, 'create-auth-challenge.zip'))
    await writeFile(join(directory, 'stale.mjs'), '')
    await buildAgain()
    expect(await readFile(index(), 'utf8')).toBe(content)
    expect(await readdir(directory)).toContain('create-auth-challenge.zip')
    expect(await readdir(directory)).not.toContain('stale.mjs')
  })
})

test('a directory that holds a package is not emptied for a build', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'build-'))
  await writeFile(join(directory, 'package.json'), '{}')
  const built = promisify(execFile)(process.execPath, ['build.mjs', directory])
  await expect(built).rejects.toMatchObject({ stderr: expect.stringContaining('holds a package.json') })
  expect(await readdir(directory)).toEqual(['package.json'])
  await rm(directory, { recursive: true })
})
