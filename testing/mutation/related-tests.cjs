// Which test files jest runs for a mutant: those that met it in the run without mutants (jest-environment.mjs).
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

module.exports = paths => {
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__
  if (mutant === undefined) return { filtered: paths }
  const met = JSON.parse(readFileSync(join(__dirname, 'met-mutants.json'), 'utf8'))
  return { filtered: paths.filter(path => met[path]?.includes(mutant)) }
}
