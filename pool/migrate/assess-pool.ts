// The work of the command migrate assess: reads a pool and reports whether Cognito's own e-mail MFA can take the place of the triggers.
import { paginateListUsers } from '@aws-sdk/client-cognito-identity-provider'
import { CommandError, progressBar, type Terminal } from '../../command/terminal.ts'
import { type Aws, awsClients } from '../aws.ts'
import { readPoolFacts } from '../check.ts'
import { regionOfPool, userPoolIdOf } from '../pool-id.ts'
import { wholeNumber } from '../pool-options.ts'
import { arnsOfStack } from '../trigger-functions.ts'
import { readPoolState } from '../user-pool.ts'
import { type Assessment, assess, type OwnFactors } from './assess.ts'
import { totalOf } from './assess-cost.ts'
import { assessmentHtml } from './assess-html.ts'
import { PLAN_PRICES, PRICES } from './assess-prices.ts'
import { assessmentMarkdown, assessmentText } from './assess-text.ts'
import type { AssessValues } from './migrate-options.ts'
import { readUsers } from './move-users.ts'
import { MOVES_A_SECOND, Pace, READS_A_SECOND } from './pace.ts'
import { readProbeLines } from './probe-report.ts'

/** @returns the exit code: 0 no blockers, 1 blockers */
export async function assessPool(values: AssessValues, terminal: Terminal): Promise<0 | 1> {
  const render = rendererOf(values)
  const assessment = await assessmentOf(values, terminal)
  terminal.stdout.write(render(terminal, assessment))
  return assessment.fits === 'blocked' ? 1 : 0
}

/** @throws CommandError `usage` for two forms at once */
function rendererOf({
  json,
  markdown,
  html,
}: AssessValues): (terminal: Terminal, assessment: Assessment) => string {
  if ([json, markdown, html].filter(Boolean).length > 1)
    throw new CommandError('Pass one of --json, --markdown and --html.', 'usage')
  if (json) return (_, assessment) => assessmentJson(assessment)
  if (markdown) return (_, assessment) => assessmentMarkdown(assessment)
  if (html) return (_, assessment) => assessmentHtml(assessment)
  return assessmentText
}

async function assessmentOf(values: AssessValues, terminal: Terminal): Promise<Assessment> {
  const userPoolId = userPoolIdOf(values)
  const probe = values.probe === undefined ? undefined : await readProbeLines(values.probe, userPoolId)
  const start = values.start ?? new Date().toISOString().slice(0, 10)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(start) || Number.isNaN(Date.parse(start)))
    throw new CommandError(`--start must be a day such as 2027-01-04, not ${JSON.stringify(start)}.`, 'usage')
  const number = (option: 'sample' | 'factors' | 'active-users' | 'sign-ins-per-user' | 'rate') =>
    wholeNumber(option, values[option])
  const signInsPerUser = number('sign-ins-per-user') ?? 4
  const options = {
    userPoolId,
    expected: {},
    stackName: values['stack-name'],
    sample: number('sample'),
    signInsPerDay: undefined,
    fromAddress: undefined,
  }
  const amplifyVersion = values['amplify-version']
  if (amplifyVersion !== undefined && !/^[~^]?\d+(\.\d+){0,2}\b/.test(amplifyVersion))
    throw new CommandError(
      `--amplify-version must be a version such as 6.8.0, not ${JSON.stringify(amplifyVersion)}.`,
      'usage',
    )
  const perSecond = number('rate') ?? MOVES_A_SECOND
  const activeUsers = number('active-users')
  const factors = number('factors')
  const aws = awsClients(regionOfPool(userPoolId))
  const expected = options.stackName === undefined ? {} : await arnsOfStack(aws, options.stackName)
  const pool = await readPoolFacts(aws, { ...options, expected }, progressBar(terminal, 'Reading users'))
  const { mfa } = await readPoolState(aws.cognito, userPoolId, [])
  const ownFactors =
    factors === undefined ? undefined : await readOwnFactors(aws, userPoolId, factors, terminal)
  return assess({
    pool,
    mfa,
    ownFactors,
    probe,
    activeUsers,
    signInsPerUser,
    perSecond,
    start,
    amplifyVersion,
  })
}

/** Of the first so many users, by ListUsers; at the pace of migrate status. */
async function readOwnFactors(
  { cognito }: Aws,
  userPoolId: string,
  count: number,
  terminal: Terminal,
): Promise<OwnFactors> {
  const names: string[] = []
  for await (const { Users = [] } of paginateListUsers(
    { client: cognito },
    { UserPoolId: userPoolId, Limit: Math.min(count, 60) },
  )) {
    names.push(...Users.flatMap(({ Username }) => Username ?? []))
    if (names.length >= count) break
  }
  const bar = progressBar(terminal, 'Reading factors')
  const run = {
    cognito,
    userPoolId,
    pace: new Pace(READS_A_SECOND),
    bar,
    signal: new AbortController().signal,
  }
  const read = await readUsers(run, names.slice(0, count))
  const users = new Map<string, number>()
  for (const factor of read.flatMap(({ factors }) => factors.list))
    users.set(factor, (users.get(factor) ?? 0) + 1)
  return { looked: read.length, users }
}

function assessmentJson(assessment: Assessment): string {
  const { lines, cost } = assessment
  const of = (level: string) => lines.filter(line => line.level === level)
  const report = {
    ...assessment,
    blockers: of('blocker').map(({ id }) => id),
    warnings: of('warning').map(({ id }) => id),
    cost: {
      ...cost,
      totals: { custom: totalOf(cost.custom), native: totalOf(cost.native), once: totalOf(cost.once) },
      prices: { plans: PLAN_PRICES, other: PRICES },
    },
  }
  return `${JSON.stringify(report, null, 2)}\n`
}
