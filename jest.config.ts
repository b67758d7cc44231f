/**
 * How the tests run: TypeScript through ts-jest, as ES modules, beside the code that they test.
 *
 * @jest-config-loader esbuild-register
 */
import type { Config } from 'jest'

const config: Config = {
  testMatch: ['**/*.test.ts', '**/*.test.tsx'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.browser\\.test\\.ts$'],
  testEnvironment: './jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '\\.tsx?$': ['ts-jest', { useESM: true }] },
  testTimeout: 30_000,
  coverageProvider: 'v8',
  collectCoverageFrom: ['functions/*.ts', 'shared/**/*.ts', '!**/*.test.ts', '!shared/locales/texts.ts'],
  coverageThreshold: {
    global: { branches: 100, functions: 100, lines: 100, statements: 100 },
  },
}

export default config
