// A small run of the measurement of sign-ins per second.
import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'

const bench = (...options: string[]) =>
  execFileSync(process.execPath, ['bench/run.mjs', 'sign-ins', ...options], { encoding: 'utf8' })

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
