// What the commands of this folder share: colours on a terminal only, and errors as one line and an exit status.
import { styleText } from 'node:util'

/** The text in a style, on a terminal only. */
export function paint(format: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY ? styleText(format, text) : text
}

/** Runs a command; `main` answers its exit status. What it throws is printed, and the status is 2. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  // A reader that needs only the first lines closes the pipe.
  process.stdout.on('error', () => process.exit())
  try {
    process.exitCode = await main()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 2
  }
}
