// The table of docs/evidence.md is that of the figures that the bench wrote.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const enumeration = (...options: string[]) =>
  promisify(execFile)(process.execPath, ['bench/run.mjs', 'enumeration', ...options])

test('the table of docs/evidence.md is made of the figures of the bench', async () => {
  const { stdout } = await enumeration('--table', 'docs/evidence/enumeration.json')
  expect(readFileSync('docs/evidence.md', 'utf8')).toContain(`\n\n${stdout}\n`)
})

test('a number of runs that is not a number is refused', async () => {
  await expect(enumeration('--runs', 'many')).rejects.toMatchObject({
    code: 2,
    stderr: '--runs must be a positive integer.\n',
  })
})
