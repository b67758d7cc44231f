// Sign-ins at random, while things go wrong at random: a thousand with each kind of user by npm run random, a few by npm run test:scenarios.
// RANDOM_SIGN_INS=N and RANDOM_SEED=N say how many of each kind of user and which; a failure prints its seed.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { checkRandomSignIns, startRandomPool } from '../testing/random-sign-ins.ts'
import type { TestPool } from '../testing/test-pool.ts'

const RUNS = Number(process.env['RANDOM_SIGN_INS'] ?? 36)
const SEED = Number(process.env['RANDOM_SEED'] ?? 1)

let local: Awaited<ReturnType<typeof startRandomPool>>

beforeAll(async () => {
  local = await startRandomPool(RUNS)
}, 120_000)

afterAll(() => local.close())

test.each<[string, (local: TestPool) => { username: string; password: string }]>([
  ['a user with a password of their own', it => it.knownUser()],
  ['a user with a temporary password', it => it.newUser()],
])(
  '%s ends signed in or in a true failure, without a token before a code, and with bounded requests and mails',
  async (_, user) => {
    const ends = await checkRandomSignIns(local, () => user(local), { runs: RUNS, seed: SEED })
    expect(ends).toHaveLength(RUNS)
    // Most of them end signed in, and several kinds of failure are met.
    expect(ends.filter(end => end === 'signed-in').length).toBeGreaterThan(RUNS / 2)
    expect(new Set(ends).size).toBeGreaterThanOrEqual(4)
  },
  120_000 + RUNS * 2000,
)
