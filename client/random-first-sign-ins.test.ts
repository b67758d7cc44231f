// A hundred sign-ins at random of users with a temporary password, while things go wrong at random.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { checkRandomSignIns, startRandomPool } from '../testing/random-sign-ins.ts'

const RUNS = 102
let local: Awaited<ReturnType<typeof startRandomPool>>

beforeAll(async () => {
  local = await startRandomPool()
}, 120_000)

afterAll(() => local.close())

test('each ends signed in or in a true failure, without a token before a code, and with bounded requests and mails', async () => {
  const ends = await checkRandomSignIns(local, () => local.newUser(), { runs: RUNS, seed: 10_001 })
  expect(ends).toHaveLength(RUNS)
  // Most of them end signed in, and several kinds of failure are met.
  expect(ends.filter(end => end === 'signed-in').length).toBeGreaterThan(RUNS / 2)
  expect(new Set(ends).size).toBeGreaterThanOrEqual(4)
}, 180_000)
