// Starts a measurement as its users do, for the tests.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** @param options the name of the measurement, and its options */
export const bench = (...options: string[]) =>
  promisify(execFile)(process.execPath, ['bench/run.mjs', ...options])
