// The tables of mutation testing in the documents, from docs/evidence/mutation.json, which npm run mutate writes.
import { markdownTable } from './measure.ts'

/** `explained`: changes that no test can notice, as testing/mutation/explained.json says. */
type Count = { readonly made: number; readonly noticed: number; readonly explained: number }

/** By the room of testing/mutation/rooms.mjs, then by file, the day of its last run with it. */
export type Mutation = Readonly<Record<string, Readonly<Record<string, Count & { readonly date: string }>>>>

const number = (count: number) => count.toLocaleString('en-US')

function sumOf(counts: readonly Count[]): Count {
  const sum = (part: keyof Count) => counts.reduce((so, count) => so + count[part], 0)
  return { made: sum('made'), noticed: sum('noticed'), explained: sum('explained') }
}

const cellsOf = ({ made, noticed, explained }: Count) => [made, noticed, explained].map(number)

/** A row for each file. */
export function mutationTable(mutation: Mutation): string {
  const files = Object.values(mutation).flatMap(room => Object.entries(room))
  const { made, noticed, explained } = sumOf(files.map(([, count]) => count))
  const share = `${number(noticed)} (${((100 * noticed) / made).toFixed(1)} %)`
  return markdownTable(
    ['file', 'changes', 'noticed', 'explained', 'run on'],
    [
      ...files.map(([file, count]) => [`\`${file}\``, ...cellsOf(count), count.date]),
      ['all of these', number(made), share, number(explained), ''],
    ],
  )
}

/** A row for each room. @param titles of the rooms; of `all` the last row */
export function roomTable(
  mutation: Mutation,
  headings: readonly [string, string, string, string],
  titles: Readonly<Record<string, string>>,
): string {
  const rooms = Object.entries(mutation).map(([room, files]) => ({
    room,
    count: sumOf(Object.values(files)),
  }))
  const all = { room: 'all', count: sumOf(rooms.map(({ count }) => count)) }
  return markdownTable(
    ['', ...headings],
    [...rooms, all].map(({ room, count }) => [
      room === 'all' ? '' : `\`${room}\``,
      titleIn(titles, room),
      ...cellsOf(count),
    ]),
  )
}

/** @throws Error for a room that has no title yet */
function titleIn(titles: Readonly<Record<string, string>>, room: string): string {
  const title = titles[room]
  if (title === undefined) throw new Error(`The room ${room} has no title in bench/document.ts.`)
  return title
}
