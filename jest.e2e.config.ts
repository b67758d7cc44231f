/**
 * npm run test:e2e: the tests that npm run test:unit leaves out, against what is built.
 *
 * @jest-config-loader esbuild-register
 */
import type { Config } from 'jest'
import all from './jest.config.ts'
import { END_TO_END } from './jest.unit.config.ts'

/** Jest knows <rootDir> in patterns of what to ignore only. */
const root = process.cwd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

// Jest takes either testMatch or testRegex.
const { testMatch: _, ...others } = all

const config: Config = {
  ...others,
  testRegex: END_TO_END.map(pattern => `${pattern.replace('<rootDir>', () => root)}\\.tsx?$`),
}

export default config
