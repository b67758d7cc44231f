// The command probe: reads its options; what it does is loaded when they are right.
import { runCommand } from '../../command/command.ts'
import type { Terminal } from '../../command/terminal.ts'
import { explained } from '../aws-errors.ts'
import { PROBE_DESCRIPTION, PROBE_OPTIONS } from './probe-options.ts'

/**
 * Runs the command.
 *
 * @param args what follows `probe`
 * @param signal aborted when the operator interrupts: the user is deleted and the command ends
 * @returns the exit code: 0 nothing is broken, 1 the promise does not hold, 2 could not run
 */
export function runProbe(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  return runCommand(
    PROBE_OPTIONS,
    PROBE_DESCRIPTION,
    args,
    terminal,
    async ({ values }) => (await import('./probe-pool.ts')).probe(values, terminal, signal),
    explained,
  )
}
