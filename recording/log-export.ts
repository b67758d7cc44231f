// Finds trigger events in whatever CloudWatch gives: JSON lines, the answers of `aws logs`, the console's CSV and text.
import { CsvError, parse as parseCsv } from 'csv-parse/sync'
import { isJsonObject, type Json, type JsonObject, member, stringAt } from '../command/json.ts'
import { CommandError } from '../command/terminal.ts'

/** A trigger event and when it was logged (milliseconds since 1970; undefined if the export does not say). */
export type LoggedEvent = { readonly event: JsonObject; readonly at: number | undefined }

/** An event may be pretty-printed over this many lines at most. */
const MOST_LINES = 2_000
/** Events are a few levels deep in what CloudWatch gives. */
const MOST_LEVELS = 100

/**
 * All trigger events in an export, in its order. What is no JSON, or JSON of another kind, is passed over.
 *
 * @param source what the export is called in an error
 * @throws CommandError `export-unreadable` for CSV that cannot be read; never with a value of it
 */
export function eventsIn(text: string, source = 'The log'): LoggedEvent[] {
  try {
    return documentsIn(text).flatMap(({ value, at }) => eventsOf(value, at))
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new CommandError(
      `${source} is CSV that cannot be read (${error.code}). Export it again, whole, or as JSON lines.`,
      'export-unreadable',
    )
  }
}

type Document = { readonly value: Json; readonly at: number | undefined }

function documentsIn(text: string): Document[] {
  const whole = parsed(text.trim())
  if (whole !== undefined) return [{ value: whole, at: undefined }]
  if (/^\uFEFF?"?@?(timestamp|message|ingestionTime)"?,/i.test(text)) {
    const rows: Json = parseCsv(text, { columns: true, bom: true, relax_column_count: true })
    return [{ value: rows, at: undefined }]
  }
  return documentsInLines(text.split(/\r?\n/))
}

/** Each line may begin with a time and other words; JSON begins at its first bracket and may continue on the next lines. */
function documentsInLines(lines: readonly string[]): Document[] {
  const documents: Document[] = []
  // Many lines may have to look at the same ones.
  const depths = Int32Array.from(lines, depthOf)
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    // A log stream is called [$LATEST]0123: that bracket opens no JSON.
    const start = line.search(/(?<=^|\s)[[{](?!\$LATEST)/)
    if (start < 0) continue
    const first = line.slice(start)
    const end = endOf(depths, index, depthOf(first))
    if (end === undefined) continue
    const value = parsed([first, ...lines.slice(index + 1, end + 1)].join('\n'))
    if (value === undefined) continue
    const at = timeOf(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(line.slice(0, start))?.[0] ?? null)
    documents.push({ value, at })
    index = end
  }
  return documents
}

/**
 * The line on which the brackets that open on a line are closed.
 *
 * @param depths how many more brackets open than close, by line
 * @param own the same for the part of the first line where JSON begins
 */
function endOf(depths: Int32Array, first: number, own: number): number | undefined {
  if (own < 0) return undefined
  const end = Math.min(depths.length, first + MOST_LINES)
  let depth = own
  for (let index = first; index < end; index += 1) {
    if (index > first) depth += depths[index] ?? 0
    if (depth <= 0) return index
  }
  return undefined
}

/** How many more brackets open than close. A text that is not closed on its line is no JSON: the rest of the line is passed over. */
function depthOf(line: string): number {
  let depth = 0
  for (const bracket of line.replace(/"(?:\\.?|[^"\\])*(?:"|$)/g, '').match(/[[\]{}]/g) ?? [])
    depth += '[{'.includes(bracket) ? 1 : -1
  return depth
}

/** Trigger events in a value, on any level: `events[].message`, `@message`, `message` of Lambda's JSON format, ... */
function eventsOf(value: Json, at: number | undefined, level = 0): LoggedEvent[] {
  if (level > MOST_LEVELS) return []
  if (typeof value === 'string') {
    return /"triggerSource"/.test(value)
      ? documentsIn(value).flatMap(it => eventsOf(it.value, it.at ?? at, level + 1))
      : []
  }
  if (Array.isArray(value)) return value.flatMap(item => eventsOf(item, at, level + 1))
  if (!isJsonObject(value)) return []
  if (stringAt(value, 'triggerSource') !== undefined && isJsonObject(member(value, 'request')))
    return [{ event: value, at }]
  const own = timeOf(value['timestamp'] ?? value['@timestamp'] ?? null)
  return Object.values(value).flatMap(item => eventsOf(item, own ?? at, level + 1))
}

/** Milliseconds, or a date as CloudWatch and Lambda write it. */
function timeOf(value: Json): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  if (/^\d{13}$/.test(value)) return Number(value)
  const time = Date.parse(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(value) ? `${value.replace(' ', 'T')}Z` : value,
  )
  return Number.isNaN(time) ? undefined : time
}

function parsed(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
