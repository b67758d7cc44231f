// The calls of the triggers during a probe, as the functions logged them (RECORD_EVENTS=on), of the throw-away user only.
import { setTimeout as wait } from 'node:timers/promises'
import { type JsonObject, member, stringAt } from '../../command/json.ts'
import { eventsIn, type LoggedEvent } from '../../recording/log-export.ts'
import { redactEvent } from '../../shared/redaction.ts'
import { field } from '../../shared/trigger-event.ts'
import type { Aws } from '../aws.ts'
import { type LogGroup, logGroupOf } from '../log-group.ts'
import { arnInSlot, TRIGGERS } from '../trigger-functions.ts'
import { stopIfInterrupted } from './calls.ts'
import type { LoggedCall } from './observations.ts'

/** CloudWatch Logs shows a line some seconds after it was written: how long to wait before each further look. */
const WAITS_MS = [1_000, 3_000, 3_000, 6_000, 12_000]

export type ProbedUser = {
  readonly userPoolId: string
  /** The name inside the pool. */
  readonly name: string
  readonly sub: string
}

/**
 * Reads the recorded events of one user, until a further look finds no more of them.
 *
 * @param since milliseconds since 1970
 * @throws CommandError `interrupted`, or the SDK's error where the logs may not be read
 */
export async function readUserEvents(
  aws: Aws,
  userPool: JsonObject,
  user: ProbedUser,
  since: number,
  signal: AbortSignal,
): Promise<LoggedEvent[]> {
  const arns = TRIGGERS.flatMap(trigger => arnInSlot(userPool, trigger) ?? [])
  const groups = await Promise.all([...new Set(arns)].map(arn => logGroupOf(aws, arn)))
  if (groups.every(({ isRecording }) => isRecording === false)) return []
  const name = recordedName(user)
  const look = async () => {
    const events = await Promise.all(groups.map(group => recordedEvents(aws, group, since)))
    return events.flat().filter(({ event }) => event['userName'] === name)
  }
  let found = await look()
  for (const milliseconds of WAITS_MS) {
    await wait(milliseconds, undefined, { signal }).catch(() => stopIfInterrupted(signal))
    const before = found.length
    found = await look()
    if (before > 0 && found.length === before) break
  }
  return found.toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0))
}

async function recordedEvents(aws: Aws, { region, name }: LogGroup, since: number): Promise<LoggedEvent[]> {
  const found: LoggedEvent[] = []
  const { client, paginateFilterLogEvents } = await aws.logs(region)
  const pages = paginateFilterLogEvents(
    { client },
    { logGroupName: name, startTime: since, filterPattern: '"recorded-event"' },
  )
  try {
    for await (const { events = [] } of pages) {
      for (const { message = '', timestamp } of events)
        found.push(...eventsIn(message).map(({ event, at }) => ({ event, at: at ?? timestamp })))
    }
  } catch (error) {
    // A function that has not logged yet has no group.
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error
  }
  return found
}

/** The name that the functions log in place of this user's. */
function recordedName({ userPoolId, name, sub }: ProbedUser): unknown {
  return field(redactEvent({ userPoolId, userName: name, request: { userAttributes: { sub } } }), 'userName')
}

/** What the report shows of an event. */
export function triggerCallOf({ event }: LoggedEvent): LoggedCall {
  const source = stringAt(event, 'triggerSource') ?? ''
  const session = member(event, 'request', 'session')
  return {
    trigger: source.replace(/_.*/, ''),
    source,
    session: Array.isArray(session)
      ? session.map(entry => `${stringAt(entry, 'challengeName')} ${member(entry, 'challengeResult')}`)
      : undefined,
  }
}
