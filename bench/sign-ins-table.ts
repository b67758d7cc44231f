// The table of the sign-ins per second through the local user pool, and the goals for them.
import { type Machine, machineText, markdownTable } from './measure.ts'

/** Milliseconds of processor time, user and system. */
export type Shares = {
  /** With the mail server. */
  readonly clients: number
  readonly pool: number
  readonly triggers: number
}

type Row = {
  readonly clients: number
  /** Of each run. */
  readonly signInsPerSecond: readonly number[]
  readonly median: number
  /** Of one sign-in; medians. */
  readonly processorMs: Shares
}

export type SignIns = {
  readonly machine: Machine
  readonly signIns: number
  readonly runs: number
  readonly rows: readonly Row[]
}

/** With the goals, and the machine. */
export function signInsTable({ machine, signIns, runs, rows }: SignIns): string {
  const table = markdownTable(
    [
      'clients',
      'sign-ins per second',
      'lowest and highest run',
      'processor time of one, ms: clients and mail server',
      'pool',
      'triggers',
    ],
    rows.map(({ clients, signInsPerSecond, processorMs, ...row }) => {
      const span = `${Math.min(...signInsPerSecond)} to ${Math.max(...signInsPerSecond)}`
      const shares = [processorMs.clients, processorMs.pool, processorMs.triggers].map(String)
      return [String(clients), String(row.median), span, ...shares]
    }),
  )
  return `${table}

${goalsTable(rows)}

${machineText(machine)}; medians of ${runs} runs of ${signIns} sign-ins.`
}

function goalsTable(rows: readonly Row[]): string {
  const rate = (clients: number) => rows.find(row => row.clients === clients)?.median ?? Number.NaN
  const best = Math.max(...rows.map(({ median }) => median))
  const ratio = rate(32) / rate(8)
  const met = (isMet: boolean) => (isMet ? 'met' : '**missed**')
  return markdownTable(
    ['sign-ins per second', 'measured', 'goal', ''],
    [
      ['highest median', best.toFixed(1), 'at least 100', met(best >= 100)],
      ...(Number.isNaN(ratio)
        ? []
        : [['32 clients, to 8', ratio.toFixed(2), 'no fall: at least 1', met(ratio >= 1)]]),
    ],
  )
}
