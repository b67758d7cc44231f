// Reads an option of a measurement that is an integer.

/** The value. Says what is wrong and ends the process with exit code 2 for any other text. */
export function integerOption(name: string, text: string, least = 1): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  process.stderr.write(
    `--${name} must be ${least === 1 ? 'a positive integer' : `an integer of ${least} or more`}.\n`,
  )
  return process.exit(2)
}
