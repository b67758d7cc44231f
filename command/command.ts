// What runs each command: its help, its arguments, and each error as one line, as JSON for machines, and exit code 2.
import { styleText } from 'node:util'
import type { ErrorCode } from './error-codes.ts'
import { type CommandDescription, helpOf, type OptionTypes, readOptions } from './options.ts'
import { CommandError, printJson, type Terminal } from './terminal.ts'

/** The text in a style, on a terminal only. */
export function paint(format: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY ? styleText(format, text) : text
}

/** What went wrong, for people and for machines. */
export type Explained = { readonly message: string; readonly code: ErrorCode }

function explainedPlainly(error: unknown): Explained {
  if (error instanceof CommandError) return { message: error.message, code: error.code }
  return { message: error instanceof Error ? error.message : String(error), code: 'failed' }
}

/** Prints an error: on stderr, and with `--json` on stdout too. @returns the exit code, 2 */
export function reportError(
  { message, code }: Explained,
  args: readonly string[],
  terminal: Pick<Terminal, 'stdout' | 'stderr'>,
): 2 {
  if (args.includes('--json')) printJson(terminal, { error: message, code })
  terminal.stderr.write(`${message}\n`)
  return 2
}

/**
 * Runs a command with what its description says of its options.
 *
 * @param args what follows the name of the command
 * @param main the work; answers the exit code
 * @param explain what an error of the work means
 * @returns the exit code; 2 if the arguments are wrong or the work throws
 */
export async function runCommand<Types extends OptionTypes, Code extends number>(
  types: Types,
  description: CommandDescription<keyof Types & string>,
  args: readonly string[],
  terminal: Terminal,
  main: (read: ReturnType<typeof readOptions<Types>>) => Promise<Code>,
  explain: (error: unknown) => Explained = explainedPlainly,
): Promise<Code | 0 | 2> {
  try {
    const read = readOptions(types, description, args)
    if (args.includes('--help') || args.includes('-h')) {
      terminal.stdout.write(helpOf(types, description))
      return 0
    }
    return await main(read)
  } catch (error) {
    return reportError(explain(error), args, terminal)
  }
}
