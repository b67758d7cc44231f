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
    // Stryker has other states, such as for changes that it was told to ignore.
    made: count('Killed', 'Timeout', 'Survived', 'NoCoverage'),
    noticed: count('Killed', 'Timeout'),
    survivors: survivors.map(({ survivor }) => survivor),
  }
}

/**
 * What docs/evidence/mutation.json says after a run: the files that were run have its figures, the others keep theirs.
 *
 * @param isRun by the name of a file
 * @param date of the run
 */
export function withFigures(evidence, room, { files }, isRun, date) {
  const run = Object.entries(files).filter(([name]) => isRun(name))
  const figures = run.map(([name, file]) => {
    const only = { [name]: file }
    const { made, noticed, survivors } = resultsOf({ files: only })
    const explained = survivors.length - compare(only, survivors).unexplained.length
    return [name, { made, noticed, explained, date }]
  })
  const isMade = ([, { made }]) => made > 0
  return { ...evidence, [room]: { ...evidence[room], ...Object.fromEntries(figures.filter(isMade)) } }
}

/** The survivors that explained.json does not name, and what it explains in these files although it does not survive. */
export function compare(files, survivors) {
  const explained = EXPLAINED.filter(({ file }) => Object.hasOwn(files, file)).map(
    ({ why: _, ...survivor }) => survivor,
  )
  const without = (some, others) => {
    const texts = new Set(others.map(other => JSON.stringify(other)))
    return some.filter(one => !texts.has(JSON.stringify(one)))
  }
  return { unexplained: without(survivors, explained), needless: without(explained, survivors) }
}

/**
 * The report without the survivors of what is run again: Stryker keeps what it finds in there, also where a new test
 * would notice now.
 */
export function withoutSurvivors(report, isRun) {
  const noticed = ({ status }) => ['Killed', 'Timeout'].includes(status)
  const files = Object.entries(report.files).map(([name, file]) => [
    name,
    isRun(name) ? { ...file, mutants: file.mutants.filter(noticed) } : file,
  ])
  return { ...report, files: Object.fromEntries(files) }
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
  return oneLine.length > 160 ? `${oneLine.slice(0, 157)}...` : oneLine
}
