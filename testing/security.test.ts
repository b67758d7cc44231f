// SECURITY.md names tests and commands that exist.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { hasTest } from './test-titles.ts'

const TEXT = readFileSync('SECURITY.md', 'utf8')

/** The tests that the document names: `FILE`: "NAME". */
const NAMED = [...TEXT.matchAll(/`([\w./-]+\.test\.ts)`: "([^"]+)"/g)].map(([, file = '', name = '']) => ({
  file,
  name,
}))

test.each(NAMED)('SECURITY.md: $file has the test "$name"', ({ file, name }) => {
  expect(hasTest(readFileSync(file, 'utf8'), name)).toBe(true)
})

test('each attack names a test, or says that nothing stops it', () => {
  const table = TEXT.slice(TEXT.indexOf('## Threat model'), TEXT.indexOf('## Guessing'))
  const rows = table.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| attack'))
  expect(rows.length).toBeGreaterThan(20)
  const unproven = rows.filter(row => !row.includes('.test.ts`: "'))
  expect(unproven.filter(row => !row.includes('| nothing | - |'))).toEqual([])
})

test('every file that SECURITY.md names exists', () => {
  const files = [...TEXT.matchAll(/(?:`|\]\()([\w-]+\/[\w./-]+\.(?:ts|mjs|md))/g)].map(
    ([, file = '']) => file,
  )
  expect(files.length).toBeGreaterThan(5)
  expect(files.filter(file => !existsSync(file))).toEqual([])
})
