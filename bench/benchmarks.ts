// Runs one benchmark of those that have a file in docs/evidence/: options, progress, table or JSON, goals.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { progressBar } from '../command/terminal.ts'
import { coldStart } from './cold-start.ts'
import { cost } from './cost.ts'
import type { Benchmark } from './measure.ts'
import { processorShare } from './processor-share.ts'
import { warm } from './warm.ts'

const OPTIONS = `
Options:
  --runs N   measurements of each kind (default RUNS)
  --json     print the results as JSON
  --write    write the results to FILE, too, which the documents are made of
  --file     measure nothing: show what FILE holds
  --check    exit with status 1 when a goal is missed
  --help     print this text
`

async function runBenchmark<Result>(name: string, benchmark: Benchmark<Result>): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: String(benchmark.runs) },
      json: { type: 'boolean' },
      write: { type: 'boolean' },
      file: { type: 'boolean' },
      check: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const file = `docs/evidence/${name}.json`
  if (values.help) {
    const options = OPTIONS.replace('RUNS', String(benchmark.runs)).replaceAll('FILE', file)
    process.stdout.write(`Usage: npm run bench -- ${name} [options]\n\n${benchmark.help}\n${options}`)
    return
  }
  const runs = Number(values.runs)
  if (!Number.isSafeInteger(runs) || runs < 1) {
    process.stderr.write(`--runs must be a positive integer, not ${values.runs}.\n`)
    process.exitCode = 2
    return
  }
  const bar = progressBar(process, name)
  const result: Result = values.file
    ? JSON.parse(await readFile(file, 'utf8'))
    : await benchmark.measure(runs, bar.show)
  bar.end()
  const json = `${JSON.stringify(result, null, 2)}\n`
  if (values.write) await writeFile(file, json)
  process.stdout.write(values.json ? json : `${benchmark.table(result)}\n`)
  if (values.check && benchmark.goals(result).some(({ ratio, goal }) => !(ratio <= goal)))
    process.exitCode = 1
}

/** The benchmark of a name; undefined for any other name. */
export function benchmarkOf(name: string): (() => Promise<void>) | undefined {
  switch (name) {
    case 'cold-start':
      return () => runBenchmark(name, coldStart)
    case 'processor-share':
      return () => runBenchmark(name, processorShare)
    case 'warm':
      return () => runBenchmark(name, warm)
    case 'cost':
      return () => runBenchmark(name, cost)
    default:
      return undefined
  }
}
