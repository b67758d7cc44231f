// Warm calls: time, 99th percentile and memory of each function, and how they grow with the length of the sign-in.
import { TRIGGER_NAMES, type TriggerName } from '../local/trigger-process.ts'
import {
  type Benchmark,
  builtTrigger,
  eventOf,
  inFreshProcess,
  inTurns,
  type Machine,
  machine,
  machineLine,
  markdownTable,
  median,
  startMailServer,
} from './measure.ts'

/** Wrong codes so far in the sign-in. The functions run with MAX_ATTEMPTS=10, so that none of them refuses. */
const WRONG_CODES = [0, 3, 6, 9] as const

type Row = {
  readonly trigger: TriggerName
  readonly wrongCodes: number
  readonly microseconds: number
  readonly p99: number
  /** Memory of the process after the calls (resident set). */
  readonly megabytes: number
}

export type Warm = { readonly machine: Machine; readonly runs: number; readonly rows: readonly Row[] }

export const warm: Benchmark<Warm> = {
  help: `Calls in a warm process, the log line included, written as the runtime of Lambda writes it. Create sends a mail in its first
round, and none after a wrong code. Measured on the clock, call by call, so that there is a 99th percentile; the median is what
other work on the machine changes least.`,
  runs: 7,

  async measure(runs, show) {
    const server = await startMailServer('http')
    try {
      const subjects = TRIGGER_NAMES.flatMap(trigger =>
        (growsWithSignIn(trigger) ? WRONG_CODES : [0]).map(wrongCodes => ({ trigger, wrongCodes })),
      )
      const times = await inTurns(
        subjects,
        runs,
        ({ trigger, wrongCodes }) => {
          const event = eventOf(trigger, wrongCodes)
          const sendsMail = trigger === 'create-auth-challenge' && wrongCodes === 0
          return timeCalls(builtTrigger(trigger), event, sendsMail ? 200 : 2000, server.environment)
        },
        show,
      )
      const rows = times.map(({ subject, results }) => {
        const middle = (key: keyof Calls) => Number(median(results.map(result => result[key])).toFixed(1))
        return {
          ...subject,
          microseconds: middle('microseconds'),
          p99: middle('p99'),
          megabytes: middle('megabytes'),
        }
      })
      return { machine: machine(), runs, rows }
    } finally {
      await server.close()
    }
  },

  table({ rows, ...result }) {
    const cells = rows.map(({ trigger, wrongCodes, microseconds, p99, megabytes }) => [
      `\`${trigger}\``,
      growsWithSignIn(trigger) ? String(wrongCodes) : '',
      microseconds.toFixed(0),
      p99.toFixed(0),
      megabytes.toFixed(0),
    ])
    const headings = [
      'function',
      'wrong codes before',
      'one call, microseconds',
      '99th percentile',
      'memory, MB',
    ]
    return `${markdownTable(headings, cells)}

${ratiosTable(rows)}

${machineLine(result.machine, result.runs)}`
  },

  goals: () => [],
}

/** How a warm call grows from no wrong code to the most that were measured. */
function ratiosTable(rows: readonly Row[]): string {
  const time = (trigger: TriggerName, wrongCodes: number) =>
    rows.find(row => row.trigger === trigger && row.wrongCodes === wrongCodes)?.microseconds ?? Number.NaN
  const ratio = (trigger: TriggerName, from: number) => (time(trigger, 9) / time(trigger, from)).toFixed(2)
  return markdownTable(
    ['ratio of times on the clock', 'measured'],
    [
      ['`define-auth-challenge`, 9 wrong codes to none', ratio('define-auth-challenge', 0)],
      ['`create-auth-challenge` without a mail, 9 wrong codes to 3', ratio('create-auth-challenge', 3)],
    ],
  )
}

/** The other functions get no session. */
export function growsWithSignIn(trigger: TriggerName): boolean {
  return trigger === 'define-auth-challenge' || trigger === 'create-auth-challenge'
}

type Calls = Pick<Row, 'microseconds' | 'p99' | 'megabytes'>

function timeCalls(
  file: string,
  event: object,
  calls: number,
  environment: Readonly<Record<string, string>>,
): Promise<Calls> {
  const parameters = [file, JSON.stringify(event), String(calls)]
  return inFreshProcess('warm', parameters, { ...environment, MAX_ATTEMPTS: '10' })
}
