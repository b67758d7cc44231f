// The table of docs/evidence.md is that of the results that the bench wrote, and the claim of the README follows from them.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { member, parseJsonObject } from '../command/json.ts'

const RESULTS = 'docs/evidence/cold-start.json'

test('the table of docs/evidence.md is made of the results of the bench', () => {
  const table = execFileSync(process.execPath, ['bench/cold-start.mjs', '--table', RESULTS], {
    encoding: 'utf8',
  })
  expect(readFileSync('docs/evidence.md', 'utf8')).toContain(`\n\n${table}\n`)
})

test('Create loads in about a third of the usual time, as the README says', () => {
  const loads = member(parseJsonObject(readFileSync(RESULTS, 'utf8')), 'imports')
  const create = Array.isArray(loads)
    ? loads.find(load => member(load, 'name') === 'create-auth-challenge')
    : undefined
  expect(member(create, 'to')).toBe('usual')
  expect(Number(member(create, 'ratio'))).toBeLessThan(0.37)
  expect(readFileSync('README.md', 'utf8').replace(/\s+/g, ' ')).toContain(
    'loads in a third of the usual time',
  )
})
