// Reads what `probe --json` printed, for the commands of migrate that take it with --probe.
import { readNamedFile } from '../../command/files.ts'
import { isJsonObject, type JsonObject, parseJsonObject, stringAt } from '../../command/json.ts'
import { CommandError } from '../../command/terminal.ts'
import type { ProbeLine } from './assess.ts'

/** The whole report, of this pool. @throws CommandError `probe-unreadable` */
export async function readProbeReport(file: string, userPoolId: string): Promise<JsonObject> {
  const report = await readReport(file)
  if (stringAt(report, 'userPoolId') === userPoolId && Array.isArray(report['lines'])) return report
  throw new CommandError(
    `${file} is not a report that probe --json made of ${userPoolId}. Run probe --json again and keep what it prints.`,
    'probe-unreadable',
  )
}

/** What each line of the report says. @throws CommandError `probe-unreadable` */
export async function readProbeLines(file: string, userPoolId: string): Promise<ProbeLine[]> {
  const { lines } = await readProbeReport(file, userPoolId)
  return (Array.isArray(lines) ? lines : []).filter(isJsonObject).map(line => ({
    id: stringAt(line, 'id') ?? '',
    verdict: stringAt(line, 'verdict') ?? '',
    what: stringAt(line, 'what') ?? '',
  }))
}

async function readReport(file: string): Promise<JsonObject> {
  const advice = 'Name the file that holds what probe --json printed.'
  const text = await readNamedFile({ option: '--probe', file, advice, code: 'probe-unreadable' })
  try {
    return parseJsonObject(text)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(`The report of probe ${file} cannot be read: ${cause}`, 'probe-unreadable')
  }
}
