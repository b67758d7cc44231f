// probe against the local user pool: what it reports of a pool that keeps the promise, in every behaviour of Cognito.
import { afterEach, expect, test } from '@jest/globals'
import { type LocalUserPool, startLocalUserPool } from '../../local/local-user-pool.ts'
import { probePool, verdictsOf } from '../../testing/probe-run.ts'

let pool: LocalUserPool

afterEach(() => pool.close())

test('of a pool that asks for the code, nothing is broken', async () => {
  pool = await startLocalUserPool()
  const run = await probePool(pool)
  expect(run.code).toBe(0)
  expect(Object.values(verdictsOf(run))).not.toContain('broken')
})
