// The limit across sign-ins: where a mail is counted, and what the answer of the table means. Pure.
import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb'

export type LimitPolicy = {
  readonly maxCodesPerHour: number
  readonly maxCodesPerDay: number
}

/** What the table says to one more mail. */
export type CountAnswer =
  | { readonly name: 'counted' }
  /** A counter is at its limit, and nothing was counted. `codes`: mails of the day; undefined if the table did not say. */
  | { readonly name: 'full'; readonly codes: number | undefined }

/** Whether one more mail may go to a user. */
export type LimitVerdict =
  | { readonly name: 'allowed' }
  /** `until`: milliseconds since 1970. */
  | { readonly name: 'limited'; readonly until: number }
  /** The table did not answer, or with an error; `code` is its name. `mayMail` is what LIMIT_FAILURE says then. */
  | { readonly name: 'failed'; readonly code: string; readonly mayMail: boolean }

/** How many mails to a user were counted, in this hour of the clock and on this UTC day. */
export type MailCounters = { readonly hour: number; readonly day: number }

const HOUR_MILLISECONDS = 3_600_000
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS

/**
 * The one request that checks both counters of a user and counts a mail in them; DynamoDB does it as a whole or not at
 * all, so parallel sign-ins cannot exceed the limit. An item holds the counters of one user and one UTC day: `codes`, and
 * `hour00` to `hour23`. A new hour or day is a new counter, so nothing has to be set back.
 *
 * @param user a keyed hash: the table holds no name and no address
 * @param now milliseconds since 1970
 */
export function countRequest(
  table: string,
  user: string,
  now: number,
  policy: LimitPolicy,
): UpdateItemCommandInput {
  return {
    TableName: table,
    Key: counterKey(user, now),
    UpdateExpression: 'SET #expiresAt = :endOfDay ADD #codes :one, #hour :one',
    ConditionExpression:
      '(attribute_not_exists(#codes) OR #codes < :maxCodesPerDay) AND (attribute_not_exists(#hour) OR #hour < :maxCodesPerHour)',
    ExpressionAttributeNames: {
      '#codes': 'codes',
      '#hour': hourCounter(now),
      '#expiresAt': 'expiresAt',
    },
    ExpressionAttributeValues: {
      ':one': { N: '1' },
      ':endOfDay': { N: String(endOf(now, DAY_MILLISECONDS) / 1000) },
      ':maxCodesPerDay': { N: String(policy.maxCodesPerDay) },
      ':maxCodesPerHour': { N: String(policy.maxCodesPerHour) },
    },
    // The counters tell which of the two is full.
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

/** The key of the item with the counters of a user for the UTC day. */
export function counterKey(user: string, now: number): { user: { S: string }; day: { S: string } } {
  return { user: { S: user }, day: { S: new Date(now).toISOString().slice(0, 10) } }
}

/** The counters in the item of the day; zero without an item. */
export function readCounters(
  item: Readonly<Record<string, AttributeValue>> | undefined,
  now: number,
): MailCounters {
  const count = (name: string) => Number(item?.[name]?.N ?? 0)
  return { hour: count(hourCounter(now)), day: count('codes') }
}

/** Until when a user with these counters gets no mail, in milliseconds since 1970; undefined if the next one may go. */
export function limitedUntil(
  { hour, day }: MailCounters,
  now: number,
  policy: LimitPolicy,
): number | undefined {
  if (day >= policy.maxCodesPerDay) return endOf(now, DAY_MILLISECONDS)
  return hour >= policy.maxCodesPerHour ? endOf(now, HOUR_MILLISECONDS) : undefined
}

/** What the answer to `countRequest` means. Where the table did not say which counter is full, it is that of the hour. */
export function verdictOf(answer: CountAnswer, now: number, policy: LimitPolicy): LimitVerdict {
  if (answer.name === 'counted') return { name: 'allowed' }
  const isDayFull = (answer.codes ?? 0) >= policy.maxCodesPerDay
  return { name: 'limited', until: endOf(now, isDayFull ? DAY_MILLISECONDS : HOUR_MILLISECONDS) }
}

function hourCounter(now: number): string {
  return `hour${new Date(now).toISOString().slice(11, 13)}`
}

/** The end of the hour of the clock, or of the UTC day, that a time is in. */
function endOf(now: number, length: number): number {
  return (Math.floor(now / length) + 1) * length
}
