/**
 * The tests of all but the triggers. Those run by themselves, so that coverage, which is measured for the triggers alone,
 * does not slow the others down by half.
 *
 * @jest-config-loader esbuild-register
 */
import type { Config } from 'jest'
import all from './jest.config.ts'

const config: Config = {
  ...all,
  testPathIgnorePatterns: [...(all.testPathIgnorePatterns ?? []), '<rootDir>/(functions|shared)/'],
}

export default config
