// How Stryker makes mutants and runs jest on them.
import { ROOMS } from './rooms.mjs'

const name = process.env.MUTATED_ROOM
const { mutate, tests } = ROOMS[name]

export default {
  mutate,
  plugins: ['@stryker-mutator/jest-runner'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  coverageAnalysis: 'perTest',
  jest: {
    // The one that does not ask for a build.
    configFile: 'jest.unit.config.ts',
    enableFindRelatedTests: false,
    config: {
      testMatch: tests,
      testPathIgnorePatterns: ['/node_modules/', '/dist/'],
      testEnvironment: './testing/mutation/jest-environment.mjs',
      testRunner: './testing/mutation/jest-circus-runner.cjs',
      testSequencer: './testing/mutation/fastest-first.cjs',
      filter: './testing/mutation/related-tests.cjs',
      // A change can make a test wait for what never comes: most of the run would be such waits.
      testTimeout: 20_000,
    },
  },
  // The tests start processes of their own.
  concurrency: 1,
  // Each jest run in a process leaves some memory behind.
  maxTestRunnerReuse: 100,
  timeoutMS: 60_000,
  timeoutFactor: 3,
  disableTypeChecks: false,
  ignorePatterns: ['/coverage', '/release', '/recipes', '/bench', '/docs', '/testing/mutation/node_modules'],
  tempDirName: 'coverage/stryker',
  incremental: true,
  incrementalFile: `coverage/mutation-${name}-kept.json`,
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: true, allowColor: false },
  jsonReporter: { fileName: `coverage/mutation-${name}.json` },
  allowConsoleColors: false,
}
