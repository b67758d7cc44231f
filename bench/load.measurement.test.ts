// A small run of the load test: everyone ends signed in, with faults on the way.
import { expect, test } from '@jest/globals'
import { bench } from './run-bench.ts'

const load = (...options: string[]) => bench('load', ...options)

test('everyone signs in although mail and triggers fail, no code opens another sign-in, and every mail is counted', async () => {
  const { stdout } = await load('--sign-ins', '60', '--clients', '12', '--json')
  const figures = JSON.parse(stdout)
  expect(figures).toMatchObject({ signedIn: 60, gaveUp: 0, otherCodesAccepted: 0, problems: [] })
  expect(figures.otherCodesTried).toBeGreaterThan(0)
  expect(Object.keys(figures.errors).length).toBeGreaterThan(0)
})

test('a number of sign-ins that is not a number is refused', async () => {
  await expect(load('--sign-ins', 'many')).rejects.toMatchObject({
    code: 2,
    stderr: '--sign-ins must be a positive integer.\n',
  })
})
