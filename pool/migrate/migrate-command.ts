// The command migrate: the help of its steps, and their options; what a step does is loaded when they are right.
import { reportError, runCommand } from '../../command/command.ts'
import { COMMAND, packageFile } from '../../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription } from '../../command/options.ts'
import type { Terminal } from '../../command/terminal.ts'
import { LOCALES } from '../../shared/locales.ts'
import { explained } from '../aws-errors.ts'
import { CREDENTIALS, POOL_MEANINGS, usageError } from '../pool-options.ts'
import { runAssess } from './assess-command.ts'
import { ACTIVE, MIGRATE_OPTIONS, type StepName } from './migrate-options.ts'

const ASKING = { 'dry-run': 'show what would change and change nothing', yes: 'start without asking' }
const BACKUP =
  'where the whole pool is saved first (default: a name with the time); detach with this file undoes the command'
const JOURNAL = 'the journal file (default: ID.migration.jsonl)'
const POOL_EXAMPLE = '--user-pool-id eu-central-1_EXAMPLE00'
const EXIT_CODES = '0 done, 2 could not run'
const EXIT_CODES_OF_USERS = '0 done, 1 some users could not be changed, 2 could not run'

const STEPS: Readonly<Record<StepName, CommandDescription<keyof typeof MIGRATE_OPTIONS>>> = {
  enable: {
    name: 'migrate enable',
    about: 'Turns the e-mail factor on for the pool. Users are asked for it only once they are moved to it.',
    options: {
      ...POOL_MEANINGS,
      'app-name': "the name in the mail (default: that of the pool's sender)",
      locale: `the language of the mail: ${LOCALES.join(', ')} (default: en)`,
      'change-recovery': 'how accounts are recovered if not by e-mail alone: phone or admin',
      backup: BACKUP,
      ...ASKING,
    },
    notes: CREDENTIALS,
    examples: [`${POOL_EXAMPLE} --dry-run`],
    exitCodes: EXIT_CODES,
  },
  users: {
    name: 'migrate users',
    about:
      'Moves users: makes the e-mail factor their preferred one. A run that was stopped continues where it stopped.',
    options: {
      ...POOL_MEANINGS,
      list: 'the users in this file, one name per line',
      group: 'or the users of a group',
      percent: 'or the first N percent; a larger N includes everyone of a smaller one',
      all: 'or every user',
      'with-own-factors': 'also users who have set up another factor, which stays on',
      'with-unverified': 'also users whose address is not verified',
      journal: JOURNAL,
      rate: 'users per second (default: 10)',
      ...ASKING,
    },
    notes: CREDENTIALS,
    examples: [`${POOL_EXAMPLE} --percent 1 --dry-run`],
    exitCodes: EXIT_CODES_OF_USERS,
  },
  status: {
    name: 'migrate status',
    about:
      'Reports who is moved, who is not and why, who still blocks finish, and the sign-ins of the last days. It only reads.',
    options: { ...POOL_MEANINGS, rate: 'users per second (default: 40)' },
    notes: `Local users are read with AdminGetUser. ${ACTIVE}\n${CREDENTIALS}`,
    examples: [POOL_EXAMPLE],
    exitCodes: EXIT_CODES,
  },
  rollback: {
    name: 'migrate rollback',
    about: 'Puts users back as they were before migrate users.',
    options: {
      ...POOL_MEANINGS,
      journal: JOURNAL,
      list: 'only the users in this file',
      rate: 'users per second (default: 10)',
      ...ASKING,
    },
    notes: CREDENTIALS,
    examples: [`${POOL_EXAMPLE} --dry-run`],
    exitCodes: EXIT_CODES_OF_USERS,
  },
  finish: {
    name: 'migrate finish',
    about: 'Requires MFA, lets app clients sign in with SRP, and removes the challenge triggers.',
    options: {
      ...POOL_MEANINGS,
      'keep-custom-auth': 'keep CUSTOM_AUTH and the triggers while old app versions are in use',
      probe: 'the output of probe --json; the guard is removed too if it shows that it is not needed',
      rate: 'users per second (default: 40)',
      backup: BACKUP,
      ...ASKING,
    },
    notes: `Local users who can sign in are read with AdminGetUser. ${ACTIVE}\n${CREDENTIALS}`,
    examples: [`${POOL_EXAMPLE} --dry-run`],
    exitCodes: EXIT_CODES,
  },
}

const STEP_NAMES = ['assess', ...Object.keys(STEPS)]
const STEPS_TEXT = `The steps are ${STEP_NAMES.join(', ')}.`

const DESCRIPTION: CommandDescription<keyof typeof COMMON_OPTIONS> = {
  name: 'migrate',
  arguments: STEP_NAMES.join('|'),
  about:
    "Moves a user pool from the code of the triggers to Cognito's own e-mail MFA, step by step, and back.",
  options: {},
  notes: `Steps:
  assess    Reports whether the e-mail factor can take the place of the triggers. It only reads.
${Object.values(STEPS)
  .map(({ name, about }) => `  ${name.replace('migrate ', '').padEnd(10)}${about}`)
  .join('\n')}

${COMMAND} migrate STEP --help lists the options of a step. How to: ${packageFile('docs/native-mfa.md')}`,
  examples: [`users ${POOL_EXAMPLE} --percent 1 --dry-run`],
  exitCodes:
    '0 done, 1 blockers (assess) or users who could not be changed (users, rollback), 2 could not run',
}

/**
 * Runs one step of a migration.
 *
 * @param args what follows `migrate`
 * @param signal aborted when the operator interrupts: the calls under way end, and the journal says how to continue
 * @returns the exit code: 0 done, 1 some users could not be changed, 2 could not run
 */
export async function runMigrate(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> {
  const [name = '', ...rest] = args
  if (name === 'assess') return runAssess(rest, terminal, signal)
  if (!isStep(name)) {
    if (name !== '' && !name.startsWith('-'))
      return reportError(usageError(`Unknown step of migrate: ${name}. ${STEPS_TEXT}`), args, terminal)
    return runCommand(COMMON_OPTIONS, DESCRIPTION, args, terminal, async () => {
      throw usageError(`Missing step of migrate. ${STEPS_TEXT}`)
    })
  }
  return runCommand(
    MIGRATE_OPTIONS,
    STEPS[name],
    rest,
    terminal,
    async ({ values }) => (await import('./migrate-steps.ts')).runStep(name, values, terminal, signal),
    explained,
  )
}

function isStep(name: string): name is StepName {
  return Object.hasOwn(STEPS, name)
}
