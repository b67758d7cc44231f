// What the commands of this room share: help, one-line errors with a stable code, the exit status.
import { CommandError, type Terminal } from '../command/terminal.ts'

/**
 * Runs one command.
 *
 * @param work does it; what it throws is printed
 * @returns the exit code: 0 done, 2 could not run
 */
export async function runMailCommand(
  args: readonly string[],
  terminal: Terminal,
  help: string,
  work: () => Promise<void>,
): Promise<0 | 2> {
  if (args.includes('--help') || args.includes('-h')) {
    terminal.stdout.write(help)
    return 0
  }
  try {
    await work()
    return 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (args.includes('--json'))
      terminal.stdout.write(`${JSON.stringify({ error: message, code: codeOf(error) })}\n`)
    terminal.stderr.write(`${message}\n`)
    return 2
  }
}

function codeOf(error: unknown): string {
  if (error instanceof CommandError) return error.code
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  return isUsage ? 'usage' : 'failed'
}
