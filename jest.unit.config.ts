/**
 * npm run test:unit: the tests that need no server, no browser and nothing built, for the inner loop.
 *
 * @jest-config-loader esbuild-register
 */
import type { Config } from 'jest'
import all from './jest.config.ts'

/** Tests that start processes or servers, run what is built, or take seconds. A new test is a unit test unless it is here. */
export const END_TO_END = [
  '<rootDir>/(build|template)\\.test',
  '<rootDir>/bench/.*\\.test',
  '<rootDir>/client/(?!(sign-in-state|scripted-answers)\\.).*\\.test',
  '<rootDir>/command/.*\\.test',
  '<rootDir>/functions/(create-and-verify|guesses|limit)\\.test',
  '<rootDir>/mail/(?!check-mail\\.).*\\.test',
  '<rootDir>/local/(?!srp\\.).*\\.test',
  '<rootDir>/package/.*\\.test',
  '<rootDir>/pool/(?!(app-clients|attach-plan|backup|detach|fix|plan|migrate/(enable|finish|journal|move-rules|native-users))\\.).*\\.test',
  '<rootDir>/recording/.*\\.test',
  '<rootDir>/testing/fuzz\\.test',
  '<rootDir>/shared/(challenge-sequence|deadline|early-connection|limit-table|ses)\\.test',
]

const { globalSetup: _, ...unit } = all

const config: Config = {
  ...unit,
  testPathIgnorePatterns: [...(all.testPathIgnorePatterns ?? []), ...END_TO_END],
}

export default config
