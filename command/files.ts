// Reads the files that a command line names.
import { readFile } from 'node:fs/promises'
import type { ErrorCode } from './error-codes.ts'
import { objectOf } from './json.ts'
import { CommandError } from './terminal.ts'

/** A file, with what names it on the command line, and the code of the error if it cannot be read. */
export interface NamedFile {
  readonly option: '--backup' | '--journal' | '--list' | '--probe' | 'the log export'
  readonly file: string
  /** What to name instead, as a sentence. */
  readonly advice: string
  readonly code: ErrorCode
}

/** The text of a file. @throws CommandError that names the option and the file, and says what to do */
export async function readNamedFile({ option, file, advice, code }: NamedFile): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    const cause = objectOf(error)['code']
    const problem = cause === 'ENOENT' ? 'there is no such file' : String(cause)
    throw new CommandError(`Cannot read ${option} ${file}: ${problem}. ${advice}`, code)
  })
}
