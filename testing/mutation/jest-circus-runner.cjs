// Runs a test file as jest does, unless an earlier file has noticed the mutant. (Stryker wants jest-circus in the name.)
const { createEmptyTestResult } = require('@jest/test-result')
const { default: circus } = require('jest-circus/runner')

let noticed

/** The result of a file with one test. */
function resultOf(status, failureMessages = []) {
  const test = { ancestorTitles: [], title: 'the file', fullName: 'the file', status, failureMessages }
  const counts = { numPendingTests: Number(status === 'pending'), numFailingTests: failureMessages.length }
  return { ...createEmptyTestResult(), ...counts, testResults: [test] }
}

module.exports = async (...parts) => {
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__
  if (mutant === undefined) return circus(...parts)
  if (mutant === noticed) return resultOf('pending')
  // A file that does not load any more has noticed the mutant, too; Stryker would count that as an error of its own.
  const result = await circus(...parts).catch(error => resultOf('failed', [String(error)]))
  if (result.numFailingTests > 0) noticed = mutant
  return result
}
