/**
 * The tests of all but the triggers. Those run by themselves, so that coverage, which is measured for the triggers alone,
 * does not slow the others down by half.
 *
 * @jest-config-loader esbuild-register
 */
import type { Config } from 'jest'
import all from './jest.config.ts'

// Each of the hundreds of processes that these tests start would load the certificates as it starts, for 80 ms of processor
// time, and none talks to anything but this machine.
delete process.env['NODE_EXTRA_CA_CERTS']

const config: Config = {
  ...all,
  testPathIgnorePatterns: [...(all.testPathIgnorePatterns ?? []), '<rootDir>/(functions|shared)/'],
}

export default config
