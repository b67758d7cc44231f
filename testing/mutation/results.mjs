// What a report of Stryker says: how many changes were noticed, and which ones survive.
import { readFileSync } from 'node:fs'

const EXPLAINED = JSON.parse(readFileSync(new URL('explained.json', import.meta.url), 'utf8'))

/** @param report in Stryker's own format (mutation-testing-report-schema) */
export function resultsOf({ files }) {
  const mutants = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map(mutant => ({ status: mutant.status, survivor: { file, ...changeOf(source, mutant) } })),
  )
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length
  const survivors = mutants.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status))
  return {
    // A change that does not load is no mutant.
    made: count('Killed', 'Timeout', 'Survived', 'NoCoverage'),
    noticed: count('Killed', 'Timeout'),
    survivors: survivors.map(({ survivor }) => survivor),
  }
}

/** The survivors that explained.json does not name. */
export function unexplained(survivors) {
  const known = new Set(EXPLAINED.map(({ why: _, ...survivor }) => JSON.stringify(survivor)))
  return survivors.filter(survivor => !known.has(JSON.stringify(survivor)))
}

/** The line of the source, and what of it was replaced by what. */
function changeOf(source, { location: { start, end }, replacement }) {
  const lines = source.split('\n')
  const span = lines.slice(start.line - 1, end.line)
  const cut = [...span]
  cut[cut.length - 1] = cut[cut.length - 1].slice(0, end.column - 1)
  cut[0] = cut[0].slice(start.column - 1)
  return { line: span[0].trim(), from: shorten(cut.join('\n')), to: shorten(replacement) }
}

function shorten(text) {
  const oneLine = text.replace(/\s+/g, ' ')
  return oneLine.length > 80 ? `${oneLine.slice(0, 77)}...` : oneLine
}
