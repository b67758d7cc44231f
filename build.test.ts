// What `npm run build` writes: loadable handlers, and zips that hold the same files and come out the same each time.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { unzipSync } from 'fflate'
import { TRIGGER_NAMES } from './local/trigger-process.ts'

test.each(TRIGGER_NAMES.map(name => [name]))(
  'the zip of %s holds the files of its folder at its root',
  async name => {
    const zip = unzipSync(await readFile(`dist/${name}.zip`))
    const files = (await readdir(`dist/${name}`)).sort()
    expect(Object.keys(zip).sort()).toEqual(files)
    expect(files).toContain('index.mjs')
    for (const file of files)
      expect([file, (await readFile(`dist/${name}/${file}`)).equals(zip[file] ?? Buffer.of())]).toEqual([
        file,
        true,
      ])
  },
)

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
    while (building) lengths.add((await readFile(join(directory, 'define-auth-challenge/index.mjs'))).length)
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

test('Define, Verify and Pre Token Generation are one file each that imports nothing', async () => {
  for (const name of TRIGGER_NAMES.filter(trigger => trigger !== 'create-auth-challenge')) {
    expect(await readdir(`dist/${name}`)).toEqual(['index.mjs'])
    expect(await readFile(`dist/${name}/index.mjs`, 'utf8')).not.toMatch(/\bimport\b[^;]*['"]|\brequire\(/)
  }
})

test.each([
  ['create-auth-challenge', 'CODE_SECRET is required'],
  ['verify-auth-challenge-response', 'CODE_SECRET is required'],
])('%s does not start without its settings, and says which', async (name, problem) => {
  const started = promisify(execFile)(process.execPath, ['-e', `import('./dist/${name}/index.mjs')`], {
    env: {},
  })
  await expect(started).rejects.toMatchObject({ stderr: expect.stringContaining(problem) })
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

test('each trigger exports a handler', async () => {
  const script = `Promise.all(${JSON.stringify(TRIGGER_NAMES)}.map(name => import('./dist/' + name + '/index.mjs')))
    .then(modules => console.log(JSON.stringify(modules.map(module => Object.keys(module)))))`
  const env = { CODE_SECRET: 'ab'.repeat(32), FROM_ADDRESS: 'no-reply@example.com' }
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env })
  expect(JSON.parse(stdout)).toEqual(TRIGGER_NAMES.map(() => ['handler']))
})
