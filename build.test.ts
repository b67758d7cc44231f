// What `npm run build` writes: loadable handlers, and zips that hold the same files.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
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

test('each trigger exports a handler', async () => {
  const script = `Promise.all(${JSON.stringify(TRIGGER_NAMES)}.map(name => import('./dist/' + name + '/index.mjs')))
    .then(modules => console.log(JSON.stringify(modules.map(module => Object.keys(module)))))`
  const env = { CODE_SECRET: 'ab'.repeat(32), FROM_ADDRESS: 'no-reply@example.com' }
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env })
  expect(JSON.parse(stdout)).toEqual(TRIGGER_NAMES.map(() => ['handler']))
})
