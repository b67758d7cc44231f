// Runs the commands for a pool inside a test, against a stand-in for AWS.
import { Readable, Writable } from 'node:stream'
import { type JsonObject, parseJsonObject } from '../command/json.ts'
import type { Terminal } from '../command/terminal.ts'
import { runPool } from '../pool/command-line.ts'

export type CommandRun = { readonly code: number; readonly out: string; readonly err: string }

export type RunOptions = {
  /** Act as a terminal at which a person types this. */
  readonly typed?: string
  readonly stderrIsTerminal?: boolean
}

/** @param environment where the SDK finds AWS; stays set for the rest of the test file */
export function run(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandRun> {
  return runIn(runPool, environment, args, options)
}

/** The same for another program. */
export async function runIn(
  program: (args: readonly string[], terminal: Terminal) => Promise<number>,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  { typed, stderrIsTerminal = false }: RunOptions = {},
): Promise<CommandRun> {
  Object.assign(process.env, environment)
  const out = collector(typed !== undefined)
  const err = collector(stderrIsTerminal)
  const stdin = Object.assign(Readable.from(typed === undefined ? [] : [`${typed}\n`]), {
    isTTY: typed !== undefined,
  })
  const code = await program(args, { stdin, stdout: out.stream, stderr: err.stream })
  return { code, out: out.text(), err: err.text() }
}

/** What a run with --json printed. */
export function jsonOf({ out }: CommandRun): JsonObject {
  return parseJsonObject(out)
}

function collector(isTTY: boolean) {
  const parts: string[] = []
  const stream = new Writable({
    write(part, _encoding, done) {
      parts.push(String(part))
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY }), text: () => parts.join('') }
}
