// A small run of the measurement of sign-ins per second.
import { expect, test } from '@jest/globals'
import { bench } from './run-bench.ts'

test('the bench signs in with as many clients as told', async () => {
  const options = ['--clients', '1,3', '--sign-ins', '3', '--runs', '1', '--json']
  const { rows } = JSON.parse((await bench('sign-ins', ...options)).stdout)
  expect(rows).toEqual(
    [1, 3].map(clients => ({
      clients,
      signInsPerSecond: [expect.any(Number)],
      median: expect.any(Number),
      processorMs: { clients: expect.any(Number), pool: expect.any(Number), triggers: expect.any(Number) },
    })),
  )
})
