// The command limit: shows how many codes were mailed to a user, or resets these counters.
import { runCommand } from '../command/command.ts'
import { COMMON_OPTIONS, type CommandDescription } from '../command/options.ts'
import type { Terminal } from '../command/terminal.ts'
import { explained } from './aws-errors.ts'
import { CREDENTIALS, POOL_MEANINGS, USER_POOL_OPTIONS, usageError } from './pool-options.ts'

const OPTIONS = {
  ...USER_POOL_OPTIONS,
  username: { type: 'string', value: 'NAME' },
  yes: { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'limit',
  arguments: 'show|reset',
  about: `Shows how many codes were mailed to a user, in the limit across sign-ins (LIMIT_TABLE), or resets the counters of the
hour and of the day to zero, so that the user can get codes again.`,
  options: {
    ...POOL_MEANINGS,
    username: 'the name of the user or an alias, such as the e-mail address (required)',
    yes: 'reset without asking',
  },
  notes: `The table holds keyed hashes instead of names. The key is CODE_SECRET, which is read from the configuration of the Create
Auth Challenge function, kept in memory and never printed.
${CREDENTIALS}`,
  examples: [
    'show --user-pool-id eu-central-1_EXAMPLE00 --username ada@example.com',
    'reset --user-pool-id eu-central-1_EXAMPLE00 --username ada@example.com',
  ],
  exitCodes: '0 done, 2 could not run',
}

/**
 * Runs one command.
 *
 * @param args `show` or `reset`, and what follows it
 * @returns the exit code: 0 done, 2 could not run
 */
export function runLimit(args: readonly string[], terminal: Terminal): Promise<0 | 2> {
  return runCommand(
    OPTIONS,
    DESCRIPTION,
    args,
    terminal,
    async ({ values, positionals }) => {
      const [action, ...more] = positionals
      if ((action !== 'show' && action !== 'reset') || more.length > 0)
        throw usageError('limit takes one argument: show or reset.')
      const { limitUser } = await import('./limit-counters.ts')
      return limitUser(values, action === 'reset', terminal)
    },
    explained,
  )
}
