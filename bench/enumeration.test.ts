// The table of docs/evidence.md is that of the figures that the bench wrote.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { bench } from './run-bench.ts'

const enumeration = (...options: string[]) => bench('enumeration', ...options)

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
