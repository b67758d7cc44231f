// The commands of `npm run pool`: arguments in, text or JSON out, exit code 0 fine, 1 findings, 2 could not run.
import { parseArgs } from 'node:util'
import type { Json } from '../command/json.ts'
import {
  ask,
  CommandError,
  canAsk,
  coloured,
  progressBar,
  type Style,
  type Terminal,
  wrapped,
} from '../command/terminal.ts'
import { type AttachOptions, carryOut, type Plan, planAttach, planDetach } from './attach.ts'
import { awsClients } from './aws.ts'
import { readPoolFacts } from './check.ts'
import { type Finding, findings, type Level } from './findings.ts'
import { arnsOfStack, checkedArn, type TriggerArns } from './trigger-functions.ts'

const HELP = `Puts the e-mailed code on a user pool that exists already.

  npm run pool -- check  --user-pool-id ID [--stack-name NAME] [--sample N] [--ignore FINDING,...]
  npm run pool -- attach --user-pool-id ID --stack-name NAME [--clients ID,ID] [--backup FILE]
  npm run pool -- detach --user-pool-id ID --backup FILE

check    reads only; says what lets people in without a code, or keeps the code from them
  --stack-name NAME        the stack of template.yaml, to compare the triggers with
  --sample N               look at the first N users only
  --sign-ins-per-day N     for the mail quota (without it: every user once a day)
  --from-address ADDRESS   the sender to look up in SES, before anything is deployed
  --ignore FINDING,...     leave out findings that you accept

attach   sets the triggers, and nothing else
  --stack-name NAME        takes the functions from the outputs of that stack; or name them:
  --define-arn ARN --create-arn ARN --verify-arn ARN --pre-token-arn ARN
  --clients ID,ID          lets these app clients sign in with password and code only
  --replace                takes slots that other functions hold
  --backup FILE            where the whole pool is kept first (without it: a name with the time in it)

detach   puts back what attach changed, and leaves what others changed since
  --backup FILE            the file that attach wrote
  --everything             puts back every setting of the backup
  --replace                also if others have put their triggers on the pool since

attach and detach
  --dry-run                shows the exact difference and changes nothing
  --yes                    does not ask

--json prints one JSON object. --help prints this.
Exit code: 0 fine, 1 findings, 2 could not run.
Credentials, profiles and endpoints are those of the AWS SDK (AWS_PROFILE, AWS_ENDPOINT_URL_..., ...).
`

const OPTIONS = {
  'user-pool-id': { type: 'string' },
  region: { type: 'string' },
  'stack-name': { type: 'string' },
  'define-arn': { type: 'string' },
  'create-arn': { type: 'string' },
  'verify-arn': { type: 'string' },
  'pre-token-arn': { type: 'string' },
  clients: { type: 'string' },
  backup: { type: 'string' },
  sample: { type: 'string' },
  'sign-ins-per-day': { type: 'string' },
  'from-address': { type: 'string' },
  ignore: { type: 'string' },
  replace: { type: 'boolean', default: false },
  everything: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const ARN_OPTIONS = ['define-arn', 'create-arn', 'verify-arn', 'pre-token-arn'] as const
const CHANGING = ['backup', 'replace', 'yes', 'dry-run'] as const

/** Which options a command understands, besides --user-pool-id, --json and --help. */
const COMMANDS: Record<string, readonly (keyof typeof OPTIONS)[]> = {
  check: ['stack-name', ...ARN_OPTIONS, 'sample', 'sign-ins-per-day', 'from-address', 'ignore'],
  attach: ['stack-name', ...ARN_OPTIONS, 'clients', ...CHANGING],
  detach: ['everything', ...CHANGING],
}

type Values = ReturnType<typeof parse>['values']

/**
 * Runs one command.
 *
 * @param args what follows `npm run pool --`
 * @returns the exit code: 0 fine, 1 findings, 2 could not run
 */
export async function runPool(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  const json = args.includes('--json')
  try {
    const { values, positionals } = parse(args)
    if (values.help || args.length === 0) {
      terminal.stdout.write(HELP)
      return args.length === 0 ? 2 : 0
    }
    const [command, ...more] = positionals
    checkUsage(command, more, values)
    if (command === 'check') return await check(values, terminal)
    return await change(command === 'attach' ? 'attach' : 'detach', values, terminal)
  } catch (error) {
    const message = explained(error)
    if (json) print(terminal, { error: message })
    terminal.stderr.write(`${message}\n`)
    return 2
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
}

/** @throws CommandError if the command or one of its options makes no sense */
function checkUsage(command: string | undefined, more: readonly string[], values: Values): void {
  const allowed = COMMANDS[command ?? '']
  if (allowed === undefined) throw new CommandError(`There is no command ${command ?? '(none)'}. See --help.`)
  if (more.length > 0) throw new CommandError(`${more[0]} is one word too many. See --help.`)
  const region = values['user-pool-id'] && regionOfPool(values['user-pool-id'])
  if (region !== undefined && values.region !== undefined && values.region !== region)
    throw new CommandError(`--region is ${values.region}, but the user pool is in ${region}.`)
  for (const [name, value] of Object.entries(values)) {
    const known = ['user-pool-id', 'region', 'json', 'help', ...allowed].includes(name)
    if (!known && value !== false) throw new CommandError(`${command} does not know --${name}. See --help.`)
  }
}

async function check(values: Values, terminal: Terminal): Promise<0 | 1> {
  const userPoolId = userPoolIdOf(values)
  const aws = awsClients(regionOfPool(userPoolId))
  const expected = values['stack-name'] ? await arnsOfStack(aws, values['stack-name']) : namedArns(values)
  const options = {
    userPoolId,
    expected,
    stackName: values['stack-name'],
    sample: wholeNumber('sample', values.sample),
    signInsPerDay: wholeNumber('sign-ins-per-day', values['sign-ins-per-day']),
    fromAddress: values['from-address'],
  }
  const facts = await readPoolFacts(aws, options, progressBar(terminal, 'Looking at users'))
  const ignored = listOf(values.ignore)
  const found = findings(facts).filter(({ id }) => !ignored.includes(id))
  if (values.json)
    print(terminal, { userPoolId, usersLookedAt: facts.users?.looked ?? null, findings: found.map(asJson) })
  else terminal.stdout.write(findingsText(terminal, userPoolId, found, facts.users?.looked))
  return found.length > 0 ? 1 : 0
}

function asJson({ id, level, what, why, fix }: Finding): Json {
  return { id, level, what, why, fix }
}

const LEVEL_STYLE: Record<Level, Style> = { high: 'red', medium: 'yellow', low: 'cyan' }

/** A table of one finding a row; the command that fixes it stands alone on its line, to be copied. */
function findingsText(
  terminal: Terminal,
  userPoolId: string,
  found: readonly Finding[],
  looked: number | undefined,
): string {
  const head = `User pool ${userPoolId}${looked === undefined ? '' : `, ${looked} user${looked === 1 ? '' : 's'} looked at`}`
  if (found.length === 0) return `${head}\n${coloured(terminal, 'green', 'No problems found.')}\n`
  const width = Math.max(60, Math.min(terminal.stdout.columns ?? 100, 120))
  const indent = ' '.repeat(8)
  const rows = found.map(({ id, level, what, why, fix }) =>
    [
      `${coloured(terminal, LEVEL_STYLE[level], level.padEnd(6))}  ${coloured(terminal, 'bold', id)}`,
      `${indent}${wrapped(what, width, indent)}`,
      `${indent}${coloured(terminal, 'dim', wrapped(why, width, indent))}`,
      `${indent}$ ${fix}`,
    ].join('\n'),
  )
  const counts = (['high', 'medium', 'low'] as const)
    .map(level => ({ level, count: found.filter(it => it.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${level}`)
  return `${head}\n\n${rows.join('\n\n')}\n\n${found.length} finding${found.length === 1 ? '' : 's'}: ${counts.join(', ')}\n`
}

async function change(command: 'attach' | 'detach', values: Values, terminal: Terminal): Promise<0> {
  const userPoolId = userPoolIdOf(values)
  if (command === 'detach' && values.backup === undefined) {
    throw new CommandError('detach needs --backup FILE, the file that attach wrote.')
  }
  const aws = awsClients(regionOfPool(userPoolId))
  const plan =
    command === 'attach'
      ? await planAttach(aws, await attachOptions(aws, userPoolId, values))
      : await planDetach(aws, {
          userPoolId,
          backupFile: values.backup ?? '',
          everything: values.everything,
          replace: values.replace,
        })
  if (!values.json) terminal.stdout.write(planText(terminal, plan))
  const report = (outcome: { changed: boolean; backup: string | null }) => {
    if (!values.json) return
    const { changes, notes } = plan
    const changesAsJson = changes.map(
      ({ target, path, before, after }): Json => ({ target, path, before, after }),
    )
    print(terminal, {
      command,
      userPoolId,
      dryRun: values['dry-run'],
      ...outcome,
      changes: changesAsJson,
      notes: [...notes],
    })
  }
  if (plan.changes.length === 0 || values['dry-run']) {
    report({ changed: false, backup: null })
    return 0
  }
  if (!values.yes) {
    if (values.json || !canAsk(terminal)) {
      throw new CommandError(
        'Nobody is here to be asked. Say --yes to change this, or --dry-run to see it only.',
      )
    }
    if (!(await ask(terminal, `Change this on ${userPoolId}?`)))
      throw new CommandError('Nothing was changed.')
  }
  const backup = command === 'attach' ? (values.backup ?? defaultBackupName(userPoolId)) : undefined
  await carryOut(aws, plan, backup)
  report({ changed: true, backup: backup ?? null })
  if (!values.json) terminal.stdout.write(doneText(terminal, command, userPoolId, backup))
  return 0
}

async function attachOptions(
  aws: ReturnType<typeof awsClients>,
  userPoolId: string,
  values: Values,
): Promise<AttachOptions> {
  const named = namedArns(values)
  const stackName = values['stack-name']
  if (stackName !== undefined && Object.keys(named).length > 0) {
    throw new CommandError('Say either --stack-name or the ARNs, not both.')
  }
  if (stackName === undefined && Object.keys(named).length === 0) {
    throw new CommandError(
      'attach needs --stack-name NAME, or --define-arn, --create-arn, --verify-arn and --pre-token-arn.',
    )
  }
  const arns = stackName === undefined ? named : await arnsOfStack(aws, stackName)
  return { userPoolId, arns, clientIds: listOf(values.clients), replace: values.replace }
}

function planText(terminal: Terminal, plan: Plan): string {
  const { userPoolId, from, changes, notes } = plan
  const lines = [`User pool ${userPoolId} (${from.userPool['Name']})`]
  let target = ''
  for (const { target: its, path, before, after } of changes) {
    if (its !== target) lines.push(its)
    target = its
    lines.push(
      `  ${path}`,
      `    ${coloured(terminal, 'red', `- ${shown(before)}`)}`,
      `    ${coloured(terminal, 'green', `+ ${shown(after)}`)}`,
    )
  }
  if (changes.length === 0) lines.push('Nothing to change: it is as it should be.')
  else lines.push('Everything else stays as it is.')
  for (const note of notes) lines.push('', coloured(terminal, 'yellow', wrapped(`Note: ${note}`, 100, '  ')))
  return `${lines.join('\n')}\n`
}

function shown(value: Json): string {
  if (value === null) return '(not set)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function doneText(
  terminal: Terminal,
  command: string,
  userPoolId: string,
  backup: string | undefined,
): string {
  const done = coloured(terminal, 'green', `Done: read back and compared, nothing else moved.`)
  if (command === 'detach') return `${done}\n`
  return (
    `${done}\nThe pool as it was is in ${backup}. Keep it; this puts it back:\n` +
    `  npm run pool -- detach --user-pool-id ${userPoolId} --backup ${backup}\n`
  )
}

function defaultBackupName(userPoolId: string): string {
  return `${userPoolId}-${new Date().toISOString().replace(/[:.]/g, '-')}.backup.json`
}

function userPoolIdOf(values: Values): string {
  const id = values['user-pool-id']
  if (id === undefined) throw new CommandError('Which pool? Say --user-pool-id ID.')
  if (!/^[\w-]+_[0-9a-zA-Z]+$/.test(id)) {
    throw new CommandError(
      `--user-pool-id is ${JSON.stringify(id)}, not an id such as eu-central-1_EXAMPLE00.`,
    )
  }
  return id
}

/** A pool's id names its region. */
function regionOfPool(userPoolId: string): string {
  return userPoolId.split('_')[0] ?? ''
}

function namedArns(values: Values): TriggerArns {
  const named = (option: (typeof ARN_OPTIONS)[number], trigger: keyof TriggerArns): TriggerArns => {
    const arn = values[option]
    return arn === undefined ? {} : { [trigger]: checkedArn(`--${option}`, arn) }
  }
  return {
    ...named('define-arn', 'DefineAuthChallenge'),
    ...named('create-arn', 'CreateAuthChallenge'),
    ...named('verify-arn', 'VerifyAuthChallengeResponse'),
    ...named('pre-token-arn', 'PreTokenGeneration'),
  }
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new CommandError(`--${option} is ${JSON.stringify(text)}, not a whole number from 1.`)
  return Number(text)
}

function print(terminal: Terminal, value: Json): void {
  terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** An error as a person can act on it. */
function explained(error: unknown): string {
  if (error instanceof CommandError) return error.message
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return `${error.message}. See --help.`
  switch (error.name) {
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return `No AWS credentials: ${error.message}\nSet AWS_PROFILE, or run aws sso login, and try again.`
    case 'ResourceNotFoundException':
      return `${error.message}\nLook at the ids, and at the account and region of your credentials.`
    case 'AccessDeniedException':
    case 'NotAuthorizedException':
      return `AWS refused: ${error.message}\nThe credentials in use lack a right; the message names it.`
    default:
      return `${error.name}: ${error.message}`
  }
}
