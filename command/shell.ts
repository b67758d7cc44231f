// Text on its way to a terminal: commands to paste with every value quoted, and values without control characters.

/** Control characters, and the marks that change the direction of the text around them. */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A value from outside as it may be printed: on one line, and unable to move the cursor or reorder the text. */
export function printable(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(INVISIBLE, '')
}

/**
 * A value as one word of a POSIX shell.
 *
 * @example shellWord("o'neill") // 'o'\''neill'
 */
export function shellWord(value: string): string {
  const text = printable(value)
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** `true` is an option without a value; several values follow the option one by one; undefined leaves it out. */
export type ShellOptions = Readonly<Record<string, string | readonly string[] | true | undefined>>

/**
 * A command on one line, to be pasted into a POSIX shell.
 *
 * @param command the command's own words, as they are
 * @param options by name, without hyphens
 * @example shellCommand('aws sesv2 get-account', { region: 'eu-west-1' }) // aws sesv2 get-account --region eu-west-1
 */
export function shellCommand(command: string, options: ShellOptions): string {
  const words = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return []
    if (value === true) return [`--${name}`]
    const [first = '', ...more] = typeof value === 'string' ? [value] : value
    // A value that begins with a hyphen would be read as an option of its own.
    const head = first.startsWith('-') ? [`--${name}=${shellWord(first)}`] : [`--${name}`, shellWord(first)]
    return [...head, ...more.map(shellWord)]
  })
  return [command, ...words].join(' ')
}
