// What the command line needs of a terminal: text out, a question, a progress bar, colours, all only where they fit.
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { ErrorCode } from './error-codes.ts'
import type { Json } from './json.ts'

/** The command could not do its work. The message says why and what to do; exit code 2. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** Stable, for machines: `--json` prints it beside the message. */
  readonly code: ErrorCode

  constructor(message: string, code: ErrorCode = 'failed') {
    super(message)
    this.code = code
  }
}

export type Terminal = {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
}

export type Style = Parameters<typeof styleText>[0]

/** What `--json` promises: one value on stdout, and nothing else. */
export function printJson({ stdout }: Pick<Terminal, 'stdout'>, value: Json): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Text in colour on a terminal (unless NO_COLOR says otherwise), plain elsewhere. */
export function coloured(terminal: Terminal, style: Style, text: string): string {
  const wanted = terminal.stdout.isTTY === true && !process.env['NO_COLOR']
  return wanted ? styleText(style, text, { validateStream: false }) : text
}

function canAsk(terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && terminal.stdout.isTTY === true
}

/** @returns whether the answer was yes; Ctrl-C, Ctrl-D and the end of the input are a no */
export async function askYesNo(terminal: Terminal, question: string): Promise<boolean> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stdout })
  try {
    // An answer that ends with the input is still an answer, so the end comes a moment later.
    const ended = new Promise<string>(resolve => {
      lines.once('close', () => setImmediate(() => resolve('')))
    })
    // The question itself rejects at Ctrl-C and Ctrl-D in some versions of Node.js, and never ends in others.
    const answered = lines.question(`${question} [y/N] `).catch(() => '')
    const answer = await Promise.race([answered, ended])
    const isYes = /^y(es)?$/i.test(answer.trim())
    // What is printed next begins on a line of its own.
    if (answer === '') terminal.stdout.write('\n')
    return isYes
  } finally {
    lines.close()
  }
}

export interface Confirmation {
  readonly question: string
  /** JSON is printed, so nothing can be asked. */
  readonly json: boolean
  /** What to do where nobody can be asked. */
  readonly otherwise: string
}

/** @throws CommandError `not-confirmed` unless the answer is yes */
export async function confirm(
  terminal: Terminal,
  { question, json, otherwise }: Confirmation,
): Promise<void> {
  if (json || !canAsk(terminal))
    throw new CommandError(
      `Cannot ask for confirmation: not an interactive terminal. ${otherwise}`,
      'not-confirmed',
    )
  if (!(await askYesNo(terminal, question))) throw new CommandError('Nothing was changed.', 'not-confirmed')
}

export type ProgressBar = { show(done: number, total: number | undefined): void; end(): void }

/** A bar on stderr if that is a terminal; nothing otherwise. */
export function progressBar(terminal: Terminal, label: string): ProgressBar {
  if (terminal.stderr.isTTY !== true) return { show: () => {}, end: () => {} }
  const width = 24
  return {
    show(done, total) {
      const part = total === undefined || total === 0 ? 0 : Math.min(1, done / total)
      const filled = Math.round(part * width)
      const bar = total === undefined ? '' : `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] `
      terminal.stderr.write(`\r${label} ${bar}${done}${total === undefined ? '' : ` of about ${total}`} `)
    },
    end: () => void terminal.stderr.write('\r\u001b[K'),
  }
}

/** Wraps text at blanks; every line after the first begins with `indent`. */
export function wrapped(text: string, width: number, indent: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > width - indent.length) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join(`\n${indent}`)
}
