// Small runs of the measurements of the functions: cold starts and warm calls.
import { expect, test } from '@jest/globals'
import { bench } from './run-bench.ts'

test('measures a cold start of each function and each other way, and says which goal is missed', async () => {
  const { stdout } = await bench('cold-start', '--runs', '1')
  for (const name of ['empty module', '`create-auth-challenge`', '`pre-token-generation`', '`fetch`'])
    expect(stdout).toContain(name)
  expect(stdout).toMatch(/^\| loading Create, to `node:https` alone \| [\d.]+ \| at most 3 \| /m)
  expect(stdout).not.toContain('NaN')
})

test('measures warm calls after each number of wrong codes', async () => {
  const { rows } = JSON.parse((await bench('warm', '--runs', '1', '--json')).stdout)
  expect(rows).toHaveLength(10)
  for (const row of rows)
    expect(row).toMatchObject({ microseconds: expect.any(Number), p99: expect.any(Number) })
})
