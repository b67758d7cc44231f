/**
 * How the tests run: TypeScript through ts-jest, as ES modules, beside the code that they test.
 *
 * @jest-config-loader esbuild-register
 */
import { availableParallelism } from 'node:os'
import type { Config } from 'jest'

const config: Config = {
  testMatch: ['**/*.test.ts', '**/*.test.tsx'],
  // Each of those has a command of its own: npm run test:browser, test:package, test:measurements, test:scenarios,
  // test:recipes and test:dynamodb.
  testPathIgnorePatterns: [
    '/node_modules/',
    '/dist/',
    '\\.(browser|package|measurement|scenario)\\.test\\.ts$',
    '<rootDir>/recipes/',
    '<rootDir>/testing/dynamodb/',
  ],
  modulePathIgnorePatterns: [
    '<rootDir>/coverage/',
    '<rootDir>/dist/',
    '<rootDir>/recipes/node_modules/',
    '<rootDir>/testing/dynamodb/node_modules/',
  ],
  globalSetup: './package/require-build.mjs',
  testEnvironment: './jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  // With isolatedModules in tsconfig.json ts-jest only transpiles. Types are checked once, by npm run typecheck: in here
  // each worker would load the whole program to check them.
  transform: { '\\.tsx?$': ['ts-jest', { useESM: true }] },
  testTimeout: 60_000,
  // Jest's default leaves one processor idle, which on two is half of them; and some tests wait more than they compute.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  coverageProvider: 'v8',
  collectCoverageFrom: ['functions/*.ts', 'shared/**/*.ts', '!**/*.test.ts', '!shared/locales/texts.ts'],
  coverageThreshold: {
    global: { branches: 100, functions: 100, lines: 100, statements: 100 },
  },
}

export default config
