// A small run of the comparison of times measures all of it.
import { expect, test } from '@jest/globals'
import { member, parseJsonObject } from '../command/json.ts'
import { bench } from './run-bench.ts'

const enumeration = (...options: string[]) => bench('enumeration', ...options)

const comparisonsOf = (json: string) => {
  const list = member(parseJsonObject(json), 'comparisons')
  return Array.isArray(list) ? list : []
}

test('the times of known and unknown users are compared for each trigger of the code step, and for a sign-in', async () => {
  const comparisons = comparisonsOf((await enumeration('--runs', '2', '--json')).stdout)
  expect(comparisons).toHaveLength(4)
  for (const one of comparisons) {
    expect(member(one, 'known')).toBeGreaterThan(0)
    expect(member(one, 'unknown')).toBeGreaterThan(0)
  }
})
