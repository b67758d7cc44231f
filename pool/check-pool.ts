// The work of the command check: reads the facts of a pool and prints the findings.
import type { Json } from '../command/json.ts'
import {
  CommandError,
  coloured,
  printJson,
  progressBar,
  type Style,
  type Terminal,
  wrapped,
} from '../command/terminal.ts'
import { type Aws, awsClients } from './aws.ts'
import { readPoolFacts } from './check.ts'
import { FINDING_IDS, type Finding, findings, type Level } from './findings.ts'
import { regionOfPool, userPoolIdOf } from './pool-id.ts'
import { listOf, type PoolValues, wholeNumber } from './pool-options.ts'
import { arnsOfStack, checkedArn, type TriggerArns } from './trigger-functions.ts'

/** @returns the exit code: 0 no problems, 1 findings */
export async function checkPool(values: PoolValues, terminal: Terminal): Promise<0 | 1> {
  const userPoolId = userPoolIdOf(values)
  const ignored = knownFindings(listOf(values.ignore), ' in --ignore')
  const aws = awsClients(regionOfPool(userPoolId))
  const facts = await readFacts(aws, values, terminal, wholeNumber('sample', values.sample))
  const found = findings(facts).filter(({ id }) => !ignored.includes(id))
  if (values.json)
    printJson(terminal, {
      userPoolId,
      usersLookedAt: facts.users?.looked ?? null,
      findings: found.map(asJson),
    })
  else terminal.stdout.write(findingsText(terminal, userPoolId, found, facts.users?.looked))
  return found.length > 0 ? 1 : 0
}

/** @throws CommandError `usage` for an id that no finding has */
export function knownFindings(ids: readonly string[], where = ''): readonly string[] {
  const known: readonly string[] = FINDING_IDS
  const unknown = ids.filter(id => !known.includes(id))
  if (unknown.length === 0) return ids
  throw new CommandError(
    `Unknown finding${where}: ${unknown.join(', ')}. Findings: ${known.join(', ')}.`,
    'usage',
  )
}

/** @param sample how many users to look at; undefined for all */
export async function readFacts(
  aws: Aws,
  values: PoolValues,
  terminal: Terminal,
  sample: number | undefined,
) {
  const expected = values['stack-name'] ? await arnsOfStack(aws, values['stack-name']) : namedArns(values)
  const options = {
    userPoolId: userPoolIdOf(values),
    expected,
    stackName: values['stack-name'],
    sample,
    signInsPerDay: wholeNumber('sign-ins-per-day', values['sign-ins-per-day']),
    fromAddress: senderOf(values['from-address']),
    email: values.email,
  }
  return readPoolFacts(aws, options, progressBar(terminal, 'Reading users'))
}

export function namedArns(values: PoolValues): TriggerArns {
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

const ARN_OPTIONS = ['define-arn', 'create-arn', 'verify-arn', 'pre-token-arn'] as const

function senderOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[^@]*[^@\s]@[^@\s]+$/.test(text)) return text
  throw new CommandError(
    `--from-address must be an address such as no-reply@example.com, not ${JSON.stringify(text)}.`,
    'usage',
  )
}

function asJson({ id, level, what, why, fix, records }: Finding): Json {
  return { id, level, what, why, fix, ...(records && { records: [...records] }) }
}

const LEVEL_STYLE: Record<Level, Style> = { high: 'red', medium: 'yellow', low: 'cyan' }

/** A table of one finding a row; the command that fixes it is alone on its line, to be copied. */
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
  const rows = found.map(({ id, level, what, why, fix, records = [] }) => {
    const first = found.find(it => it.fix === fix)?.id ?? id
    return [
      `${coloured(terminal, LEVEL_STYLE[level], level.padEnd(6))}  ${coloured(terminal, 'bold', id)}`,
      `${indent}${wrapped(what, width, indent)}`,
      `${indent}${coloured(terminal, 'dim', wrapped(why, width, indent))}`,
      ...records.map(record => `${indent}${record}`),
      `${indent}${first === id ? fix : `The command of ${first} fixes this as well.`}`,
    ].join('\n')
  })
  const counts = (['high', 'medium', 'low'] as const)
    .map(level => ({ level, count: found.filter(it => it.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${level}`)
  return `${head}\n\n${rows.join('\n\n')}\n\n${found.length} finding${found.length === 1 ? '' : 's'}: ${counts.join(', ')}\n`
}
