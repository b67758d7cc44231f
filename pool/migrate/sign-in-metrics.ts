// What CloudWatch counted of the sign-ins of the last days: by factor, and what went wrong. Reads only.
import type { Metric } from '@aws-sdk/client-cloudwatch'
import { paginateListUserPoolClients } from '@aws-sdk/client-cognito-identity-provider'
import { type JsonObject, stringAt } from '../../command/json.ts'
import type { RefusalReason, TokenDecision } from '../../shared/challenge-sequence.ts'
import type { Aws } from '../aws.ts'
import { awsErrorKind, awsErrorText } from '../aws-errors.ts'
import { type LogGroup, logGroupOf } from '../log-group.ts'
import { arnInSlot, TRIGGERS } from '../trigger-functions.ts'

const DAYS = 7
const DAY_SECONDS = 86_400
/** API reference of GetMetricData. */
const QUERIES_A_CALL = 500

/** Sign-ins that ended in tokens; null if that could not be read. */
type Day = {
  /** YYYY-MM-DD, UTC. */
  readonly date: string
  /** Of every flow, as Cognito counts them. */
  readonly all: number | null
  /** With the code of the triggers. */
  readonly code: number | null
  /** With Cognito's own factor, which Define accepted for the code. */
  readonly native: number | null
}

type Failure = { readonly metric: string; readonly reason: string | null; readonly count: number }

type NotRead = { readonly what: string; readonly error: string; readonly rights: readonly string[] }

export type SignInMetrics = {
  readonly days: readonly Day[]
  /** Those that happened; null if they could not be read. */
  readonly failures: readonly Failure[] | null
  readonly notRead: readonly NotRead[]
}

const REFUSED_SIGN_INS: Readonly<Record<RefusalReason, true>> = {
  'no-password-start': true,
  'unexpected-order': true,
  'unknown-challenge': true,
  'unknown-round': true,
  'failed-challenge': true,
  'user-not-found': true,
  'too-many-wrong-codes': true,
}

const REFUSED_TOKENS: Readonly<Record<Extract<TokenDecision, { name: 'refuse' }>['reason'], true>> = {
  'new-password': true,
  'hosted-ui': true,
  'unknown-source': true,
}

/** By metric. */
const REASONS: Readonly<Record<string, object>> = {
  SignInsRefused: REFUSED_SIGN_INS,
  TokensRefused: REFUSED_TOKENS,
}

/** Metrics of template.yaml that count failures, and their meaning. */
const FAILURES: Readonly<Record<string, string>> = {
  CodesWrong: 'wrong codes',
  CodesExpired: 'expired codes',
  CodesLimited: 'codes not sent because of the limit across sign-ins',
  MailFailures: 'mails that could not be sent',
  SignInsRefused: 'sign-ins refused',
  TokensRefused: 'tokens refused by the guard',
}

/** A metric of template.yaml; one with a dimension counts each of its values apart. */
type Counter = { readonly metric: string; readonly dimension?: string; readonly value: string | null }

const TOKENS: readonly Counter[] = ['code', 'native'].map(value => ({
  metric: 'TokensIssued',
  dimension: 'Factor',
  value,
}))

const FAILED: readonly Counter[] = Object.keys(FAILURES).flatMap((metric): Counter[] => {
  const reasons = REASONS[metric]
  if (reasons === undefined) return [{ metric, value: null }]
  return Object.keys(reasons).map(value => ({ metric, dimension: 'Reason', value }))
})

/** What cannot be read is noted. @param userPool as Cognito describes it */
export async function readSignInMetrics(aws: Aws, userPool: JsonObject): Promise<SignInMetrics> {
  const firstDay = Math.floor(Date.now() / 1000 / DAY_SECONDS) - DAYS + 1
  const notRead: NotRead[] = []
  const tried = <Value>(what: string, rights: readonly string[], read: () => Promise<Value>) =>
    read().catch((error: unknown) => {
      const isDenied = awsErrorKind(error) === 'denied'
      notRead.push({ what, error: awsErrorText(error), rights: isDenied ? rights : [] })
      return undefined
    })

  const total = 'The number of sign-ins'
  const ofClients = await tried(total, ['cognito-idp:ListUserPoolClients'], () =>
    signInMetrics(aws, stringAt(userPool, 'Id') ?? ''),
  )
  const all =
    ofClients &&
    (await tried(total, ['cloudwatch:GetMetricData'], () => sumsByDay(aws, aws.region, ofClients, firstDay)))

  const byFactor = 'The sign-ins by factor and the failures'
  const place = await tried(byFactor, ['logs:DescribeMetricFilters'], () => placeOfMetrics(aws, userPool))
  if (place === null) {
    const error = 'no function that is attached to the pool has the metric filters of template.yaml'
    notRead.push({ what: byFactor, error, rights: [] })
  }
  const own =
    place &&
    (await tried(byFactor, ['cloudwatch:GetMetricData'], () => {
      const metrics = [...TOKENS, ...FAILED].map(counter => metricOf(place.namespace, counter))
      return sumsByDay(aws, place.region, metrics, firstDay)
    }))
  const [code, native, ...failed] = own ?? []

  return {
    days: Array.from({ length: DAYS }, (_, day) => ({
      date: new Date((firstDay + day) * DAY_SECONDS * 1000).toISOString().slice(0, 10),
      all: all === undefined ? null : sum(all.map(counts => counts[day] ?? 0)),
      code: code?.[day] ?? null,
      native: native?.[day] ?? null,
    })),
    failures: own
      ? FAILED.map(({ metric, value }, index) => ({
          metric,
          reason: value,
          count: sum(failed[index] ?? []),
        })).filter(({ count }) => count > 0)
      : null,
    notRead,
  }
}

/** Cognito publishes its metric by app client, for requests of administrators as `Admin` (developer guide, "User pool metrics in CloudWatch"). */
async function signInMetrics({ cognito }: Aws, userPoolId: string): Promise<Metric[]> {
  const clients = ['Admin']
  for await (const page of paginateListUserPoolClients(
    { client: cognito },
    { UserPoolId: userPoolId, MaxResults: 60 },
  )) {
    for (const { ClientId } of page.UserPoolClients ?? []) if (ClientId !== undefined) clients.push(ClientId)
  }
  return clients.map(client => ({
    Namespace: 'AWS/Cognito',
    MetricName: 'SignInSuccesses',
    Dimensions: [
      { Name: 'UserPool', Value: userPoolId },
      { Name: 'UserPoolClient', Value: client },
    ],
  }))
}

/** Where the metric filters on the functions' logs count; null if there are none. */
async function placeOfMetrics(aws: Aws, userPool: JsonObject) {
  for (const arn of TRIGGERS.flatMap(trigger => arnInSlot(userPool, trigger) ?? [])) {
    const group = await logGroupOf(aws, arn)
    const namespace = await namespaceOn(aws, group)
    if (namespace !== undefined) return { region: group.region, namespace }
  }
  return null
}

async function namespaceOn(aws: Aws, { region, name }: LogGroup): Promise<string | undefined> {
  const { client, paginateDescribeMetricFilters } = await aws.logs(region)
  const pages = paginateDescribeMetricFilters({ client }, { logGroupName: name })
  const ours = new Set([...TOKENS, ...FAILED].map(({ metric }) => metric))
  try {
    for await (const { metricFilters = [] } of pages) {
      const counted = metricFilters.flatMap(({ metricTransformations = [] }) => metricTransformations)
      const found = counted.find(({ metricName = '' }) => ours.has(metricName))
      if (found !== undefined) return found.metricNamespace
    }
  } catch (error) {
    // A function that has not logged yet may have no group.
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error
  }
  return undefined
}

function metricOf(namespace: string, { metric, dimension, value }: Counter): Metric {
  const dimensions = dimension === undefined || value === null ? [] : [{ Name: dimension, Value: value }]
  return { Namespace: namespace, MetricName: metric, Dimensions: dimensions }
}

/** @returns for each metric one number a day */
async function sumsByDay(
  aws: Aws,
  region: string,
  metrics: readonly Metric[],
  firstDay: number,
): Promise<number[][]> {
  const { client, paginateGetMetricData } = await aws.cloudWatch(region)
  const sums = metrics.map(() => Array.from({ length: DAYS }, () => 0))
  const dateOf = (day: number) => new Date(day * DAY_SECONDS * 1000)
  const queries = metrics.map((metric, index) => ({
    Id: `m${index}`,
    MetricStat: { Metric: metric, Period: DAY_SECONDS, Stat: 'Sum' },
  }))
  for (let start = 0; start < queries.length; start += QUERIES_A_CALL) {
    const pages = paginateGetMetricData(
      { client },
      {
        MetricDataQueries: queries.slice(start, start + QUERIES_A_CALL),
        StartTime: dateOf(firstDay),
        EndTime: dateOf(firstDay + DAYS),
      },
    )
    for await (const { MetricDataResults = [] } of pages) {
      for (const { Id = '', Timestamps = [], Values = [] } of MetricDataResults) {
        const counts = sums[Number(Id.slice(1))] ?? []
        for (const [index, timestamp] of Timestamps.entries()) {
          const day = Math.floor(timestamp.getTime() / 1000 / DAY_SECONDS) - firstDay
          counts[day] = (counts[day] ?? 0) + (Values[index] ?? 0)
        }
      }
    }
  }
  return sums
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

export function metricsJson({ days, failures, notRead }: SignInMetrics): JsonObject {
  return {
    days: days.map(day => ({ ...day })),
    failures: failures?.map(failure => ({ ...failure })) ?? null,
    notRead: notRead.map(({ rights, ...it }) => ({ ...it, rights: [...rights] })),
  }
}

export function metricsText({ days, failures, notRead }: SignInMetrics): string {
  const row = (date: string, ...cells: (string | number | null)[]) =>
    `  ${date.padEnd(10)}${cells.map(cell => String(cell ?? '-').padStart(8)).join('')}`
  const lines = [
    'Sign-ins that ended in tokens, by day (UTC):',
    row('', 'all', 'code', 'native'),
    ...days.map(({ date, all, code, native }) => row(date, all, code, native)),
    "all: as Cognito counts them. code: with the code of the triggers. native: with Cognito's own factor in CUSTOM_AUTH.",
    'Other flows, such as USER_SRP_AUTH, are in all only.',
  ]
  if (failures !== null) {
    lines.push(failures.length === 0 ? 'Failures in these days: none' : 'Failures in these days:')
    for (const { metric, reason, count } of failures)
      lines.push(`${String(count).padStart(8)}  ${FAILURES[metric]}${reason === null ? '' : `: ${reason}`}`)
  }
  for (const { what, error, rights } of notRead) {
    const missing = rights.length === 0 ? '' : ` Missing right: ${rights.join(', ')}.`
    lines.push(`${what} could not be read: ${error}.${missing}`)
  }
  return `${lines.join('\n')}\n`
}
