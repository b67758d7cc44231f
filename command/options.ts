// One description of each command: its help text and its parser are made from it, so neither knows an option that the other does not.
import { parseArgs } from 'node:util'
import { COMMAND } from './name.ts'
import { CommandError, wrapped } from './terminal.ts'

/** What `node:util` parses, and how the help shows the value. */
export type OptionTypes = Readonly<
  Record<
    string,
    {
      readonly type: 'string' | 'boolean'
      readonly value?: string
      readonly multiple?: boolean
      readonly default?: false
    }
  >
>

export type CommandDescription<Name extends string = string> = {
  readonly name: string
  /** Arguments besides the options, as the usage line shows them; without it the command takes none. */
  readonly arguments?: string
  readonly about: string
  /** The options that the command takes, in the order of the help, with what each means. */
  readonly options: Readonly<Partial<Record<Name, string>>>
  /** What follows the name of the command in an example that works. */
  readonly examples: readonly string[]
  readonly exitCodes: string
  readonly notes?: string
}

/** Every command takes these. */
export const COMMON_OPTIONS = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const COMMON_MEANINGS = {
  json: 'print JSON; an error is an object with a stable "code"',
  help: 'print this text',
}

/**
 * Reads the arguments of a command.
 *
 * @param types the options of this program, COMMON_OPTIONS among them
 * @param args what follows the name of the command
 * @throws CommandError `usage` for an option or an argument that the command does not take, and for a value that is
 *   missing, empty or given twice
 */
export function readOptions<Types extends OptionTypes>(
  types: Types,
  description: CommandDescription<keyof Types & string>,
  args: readonly string[],
) {
  const help = `See ${COMMAND} ${description.name} --help.`
  const { values, positionals, tokens } = parsed(types, description, args, help)
  const given = tokens.flatMap(token => (token.kind === 'option' ? [token] : []))
  const taken = [...Object.keys(description.options), ...Object.keys(COMMON_OPTIONS)]
  for (const [index, { name, value }] of given.entries()) {
    if (!taken.includes(name))
      throw new CommandError(`Unknown option for ${description.name}: --${name}. ${help}`, 'usage')
    if (value?.trim() === '') throw new CommandError(`The value of --${name} is empty. ${help}`, 'usage')
    const isRepeated = given.findIndex(other => other.name === name) < index
    if (value !== undefined && isRepeated && types[name]?.multiple !== true)
      throw new CommandError(`--${name} is given more than once. ${help}`, 'usage')
  }
  const [extra] = positionals
  if (extra !== undefined && description.arguments === undefined)
    throw new CommandError(`Unexpected argument: ${extra}. ${help}`, 'usage')
  if (positionals.includes('')) throw new CommandError(`An argument is empty. ${help}`, 'usage')
  return { values, positionals }
}

function parsed<Types extends OptionTypes>(
  options: Types,
  { name }: CommandDescription,
  args: readonly string[],
  help: string,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, tokens: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${parseErrorText(message, name)} ${help}`, 'usage')
  }
}

/** Node's own text, where it has no shorter form. */
function parseErrorText(message: string, command: string): string {
  const unknown = /^Unknown option '(--?[\w-]+)/.exec(message)?.[1]
  if (unknown !== undefined) return `Unknown option for ${command}: ${unknown}.`
  const incomplete = /^Option '(--[\w-]+)[^']*' argument (?:missing|is ambiguous)/.exec(message)?.[1]
  return incomplete === undefined ? message.replace(/\.?$/, '.') : `The value of ${incomplete} is missing.`
}

const MARGIN = 30
const WIDTH = 112

/** The text of `--help`. */
export function helpOf(types: OptionTypes, description: CommandDescription): string {
  const { name, about, options, examples, exitCodes, notes } = description
  const rows = Object.entries({ ...options, ...COMMON_MEANINGS }).map(([option, meaning = '']) => {
    const value = types[option]?.value
    const head = `  --${option}${value === undefined ? '' : ` ${value}`}`
    const gap = head.length + 1 >= MARGIN ? `\n${' '.repeat(MARGIN)}` : ' '.repeat(MARGIN - head.length)
    return `${head}${gap}${meaning
      .split('\n')
      .map(line => wrapped(line, WIDTH, ' '.repeat(MARGIN)))
      .join(`\n${' '.repeat(MARGIN)}`)}`
  })
  const usage = [COMMAND, name, '[options]', description.arguments]
    .filter(word => word !== undefined)
    .join(' ')
  return [
    `Usage: ${usage}`,
    about,
    `Options:\n${rows.join('\n')}`,
    ...(notes === undefined ? [] : [notes]),
    examples.map(example => `Example: ${COMMAND} ${name} ${example}`).join('\n'),
    `Exit code: ${exitCodes}\n`,
  ].join('\n\n')
}
