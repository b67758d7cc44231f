// Runs a test file as jest does, unless an earlier file has noticed the mutant. (Stryker wants jest-circus in the name.)
const { createEmptyTestResult } = require('@jest/test-result')
const { default: circus } = require('jest-circus/runner')

let noticed

module.exports = async (...parts) => {
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__
  if (mutant !== undefined && mutant === noticed) return createEmptyTestResult()
  const result = await circus(...parts)
  if (result.numFailingTests > 0) noticed = mutant
  return result
}
