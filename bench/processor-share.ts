// What each function takes with the part of a processor that Lambda gives it by its memory size.
import { TRIGGER_NAMES, type TriggerName } from '../local/trigger-process.ts'
import {
  type Benchmark,
  builtTrigger,
  eventOf,
  inTurns,
  type Machine,
  machine,
  machineLine,
  makeProcessorGroup,
  markdownTable,
  median,
  startMailServer,
  timeProcess,
} from './measure.ts'

/** The memory size at which a function has one processor (Lambda developer guide, Configure Lambda function memory). */
const ONE_PROCESSOR = 1769
const SIZES = [128, 256, 512, 1024, ONE_PROCESSOR] as const

/** Milliseconds on the clock: `cold` from the start of the process to its first answer, `warm` of the second call alone. */
type Row = {
  readonly trigger: TriggerName
  readonly megabytes: number
  readonly cold: number
  readonly warm: number
}

export type ProcessorShare = {
  readonly machine: Machine
  readonly runs: number
  readonly rows: readonly Row[]
}

export const processorShare: Benchmark<ProcessorShare> = {
  help: `Each function with the part of a processor that Lambda gives it at ${SIZES.join(', ')} MB, throttled from the start of
the process, the mail over TLS. Needs Linux, control groups for processors, and root. On a busy machine the times are too
long, above all those with a large part.`,
  runs: 15,

  async measure(runs, show) {
    const server = await startMailServer('https')
    const groups = await Promise.all(
      SIZES.map(async megabytes => ({
        megabytes,
        group: await makeProcessorGroup(megabytes / ONE_PROCESSOR),
      })),
    )
    try {
      const subjects = TRIGGER_NAMES.flatMap(trigger => groups.map(group => ({ trigger, ...group })))
      const times = await inTurns(
        subjects,
        runs,
        ({ trigger, group }) =>
          timeProcess(builtTrigger(trigger), eventOf(trigger), server.environment, group),
        show,
      )
      const rows = times.map(({ subject: { trigger, megabytes }, results }) => {
        const milliseconds = (key: 'answer' | 'next') =>
          Number(median(results.map(result => result[key].milliseconds)).toFixed(2))
        return { trigger, megabytes, cold: milliseconds('answer'), warm: milliseconds('next') }
      })
      return { machine: machine(), runs, rows }
    } finally {
      await server.close()
      for (const { group } of groups) await group.remove()
    }
  },

  table({ rows, ...result }) {
    const cells = (trigger: TriggerName, key: 'cold' | 'warm') =>
      rows.filter(row => row.trigger === trigger).map(row => row[key].toFixed(key === 'cold' ? 0 : 1))
    const share = (megabytes: number) => `${((megabytes / ONE_PROCESSOR) * 100).toFixed(0)} %`
    const lines = TRIGGER_NAMES.flatMap(trigger => [
      [`\`${trigger}\`, cold`, ...cells(trigger, 'cold')],
      ['the same, warm', ...cells(trigger, 'warm')],
    ])
    const headings = ['', ...SIZES.map(megabytes => `${megabytes} MB (${share(megabytes)})`)]
    return `${markdownTable(headings, lines)}

Milliseconds on the clock. Cold: from the start of the process, throttled from there on, to the first answer; of Create with
a mail over TLS that is accepted at once. Warm: the second call. ${machineLine(result.machine, result.runs)}`
  },

  goals: () => [],
}
