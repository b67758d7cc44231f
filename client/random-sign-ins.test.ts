// A hundred sign-ins at random of users with a password of their own, while things go wrong at random.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Run, signInAtRandom, startRandomPool } from '../testing/random-sign-ins.ts'

const RUNS = 102
const RUNS_PER_TEST = 17
const parts = Array.from({ length: RUNS / RUNS_PER_TEST }, (_, part) => part * RUNS_PER_TEST)
const runs: Run[] = []
let local: Awaited<ReturnType<typeof startRandomPool>>

beforeAll(async () => {
  local = await startRandomPool(RUNS)
}, 120_000)

afterAll(() => local.close())

test.each(parts)(
  '%i and the sixteen after it end signed in or in a true failure, without a token before a code',
  async first => {
    for (let seed = first; seed < first + RUNS_PER_TEST; seed++) {
      const run = await signInAtRandom(local, local.knownUser(), seed)
      runs.push(run)
      expect(run.complaints.length === 0 ? [] : [...run.complaints, run.story.join('\n')]).toEqual([])
    }
  },
  180_000,
)

test('most of them end signed in, and several kinds of failure were met', () => {
  const ends = runs.map(({ end }) => (end.step === 'failed' ? end.reason : end.step))
  expect(runs).toHaveLength(RUNS)
  expect(ends.filter(end => end === 'signed-in').length).toBeGreaterThan(RUNS / 2)
  expect(new Set(ends).size).toBeGreaterThanOrEqual(4)
})
