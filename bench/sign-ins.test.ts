// The table of docs/evidence.md is that of the results that the bench wrote, and a small run of it works.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const bench = (...options: string[]) =>
  execFileSync(process.execPath, ['bench/run.mjs', 'sign-ins', ...options], { encoding: 'utf8' })

test('the table of the sign-ins in docs/evidence.md is made of the results of the bench', () => {
  const table = bench('--table', 'docs/evidence/sign-ins.json')
  expect(readFileSync('docs/evidence.md', 'utf8')).toContain(`\n\n${table}\n`)
})

test('the bench signs in with as many clients as told', () => {
  const { rows } = JSON.parse(bench('--clients', '1,3', '--sign-ins', '3', '--runs', '1', '--json'))
  expect(rows).toEqual(
    [1, 3].map(clients => ({
      clients,
      signInsPerSecond: [expect.any(Number)],
      median: expect.any(Number),
      processorMs: { clients: expect.any(Number), pool: expect.any(Number), triggers: expect.any(Number) },
    })),
  )
})
