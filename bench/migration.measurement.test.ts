// A small run of the migration's load test, in the behaviour in which Define is not called after the native factor.
import { expect, test } from '@jest/globals'
import { bench } from './run-bench.ts'

test('everyone is moved and put back while people sign in and the mover is killed: each is asked once, nothing is left', async () => {
  const options = ['--users', '50', '--at-once', '4', '--kills', '1', '--rate', '1000', '--typing', '200']
  const { stdout } = await bench('migration', '--after', 'tokens', '--json', ...options)
  const [run, ...others] = JSON.parse(stdout)
  expect(others).toEqual([])
  expect(run).toMatchObject({ afterNativeFactor: 'tokens', problems: {} })
  expect(Object.keys(run.tokensAfter).toSorted()).toEqual(['CUSTOM_CHALLENGE', 'EMAIL_OTP'])
  const stages: readonly { readonly signIns: number; readonly kills: number }[] = run.stages
  for (const { signIns } of stages) expect(signIns).toBeGreaterThan(0)
  expect(stages.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(1)
}, 180_000)
