// Mutation testing: changes the code in small ways, and names each change that no test notices and nobody has explained.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compare, resultsOf, withFigures, withoutSurvivors } from './results.mjs'
import { ROOMS } from './rooms.mjs'

const HELP = `Usage: npm run mutate -- [ROOM ...] [options]

Makes thousands of small changes to the code, runs the tests on each, and fails if one survives that explained.json does
not explain. Takes one to two hours for all rooms. Unchanged code is not run again: coverage/mutation-ROOM-kept.json has the results.
A run writes its figures into docs/evidence/mutation.json; npm run bench -- document then writes the tables of the documents.
Rooms: ${Object.keys(ROOMS).join(', ')} (default all)

Options:
  --files A,B  only these files of the room
  --last       run nothing, print what the last run found
  --help       print this text
`
const EVIDENCE = 'docs/evidence/mutation.json'
const STRYKER = 'testing/mutation/node_modules/@stryker-mutator/core/bin/stryker.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: 'string' },
    last: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const rooms = positionals.length > 0 ? positionals : Object.keys(ROOMS)
const unknown = rooms.filter(room => !Object.hasOwn(ROOMS, room))
if (values.help) {
  process.stdout.write(HELP)
} else if (unknown.length > 0) {
  process.stderr.write(
    `Unknown room: ${unknown.join(', ')}. The rooms are ${Object.keys(ROOMS).join(', ')}.\n`,
  )
  process.exitCode = 2
} else {
  process.exitCode = rooms.map(isNoticed).every(Boolean) ? 0 : 1
}

function reportIn(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** @returns whether a test notices each change to the room, or the change is explained */
function isNoticed(room) {
  const file = `coverage/mutation-${room}.json`
  const files = values.files?.split(',')
  const isRun = name => files?.includes(name) ?? true
  if (!values.last) {
    const kept = `coverage/mutation-${room}-kept.json`
    if (existsSync(kept)) writeFileSync(kept, JSON.stringify(withoutSurvivors(reportIn(kept), isRun)))
    const mutate = values.files === undefined ? [] : ['--mutate', values.files]
    const { status } = spawnSync(
      process.execPath,
      [STRYKER, 'run', 'testing/mutation/stryker.config.mjs', ...mutate],
      { stdio: 'inherit', env: { ...process.env, MUTATED_ROOM: room } },
    )
    if (status !== 0) return false
  }
  if (!existsSync(file)) {
    process.stderr.write(`${room} was not run yet: npm run mutate -- ${room}\n`)
    return false
  }
  const report = reportIn(file)
  if (!values.last) {
    const evidence = withFigures(
      reportIn(EVIDENCE),
      room,
      report,
      isRun,
      new Date().toISOString().slice(0, 10),
    )
    writeFileSync(EVIDENCE, `${JSON.stringify(evidence, null, 2)}\n`)
  }
  const { made, noticed, survivors } = resultsOf(report)
  const { unexplained, needless } = compare(report.files, survivors)
  const percent = ((100 * noticed) / made).toFixed(1)
  const listed = list => list.map(survivor => JSON.stringify(survivor, null, 2))
  const lines = [
    `${room}: ${noticed} of ${made} changes noticed (${percent} %), ${survivors.length - unexplained.length} explained`,
    ...(unexplained.length > 0 ? ['No test notices, and explained.json does not explain:'] : []),
    ...listed(unexplained),
    ...(needless.length > 0 ? ['explained.json explains what a test notices:'] : []),
    ...listed(needless),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return unexplained.length + needless.length === 0
}
