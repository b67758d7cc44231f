// Asks the limit across sign-ins, if there is one, whether a mail may go, and counts it.
import { AwsService } from './aws-service.ts'
import type { Deadline } from './deadline.ts'
import { countRequest, type LimitVerdict, verdictOf } from './limit.ts'
import { countMail } from './limit-table.ts'
import { errorCode } from './ses.ts'
import type { CreateSettings } from './settings.ts'

/** Many times what DynamoDB takes for one item, and little of the time that the mail needs. */
const LIMIT_MILLISECONDS = 1000

/**
 * Counts one mail to a user, unless a counter is full. Never throws.
 *
 * @param user a keyed hash
 * @param now milliseconds since 1970
 */
export type AskLimit = (user: string, now: number, deadline: Deadline) => Promise<LimitVerdict>

/** What the start of the process makes of the settings. */
export type MailLimit = {
  readonly ask: AskLimit
  /** Undefined if there is no limit. */
  readonly table: AwsService | undefined
}

export function startLimit(settings: CreateSettings): MailLimit {
  const { limitTable, region, limitFailure } = settings
  if (limitTable === undefined) return { ask: async () => ({ name: 'allowed' }), table: undefined }
  // A connection kept over a pause of the process may be closed by then, and would fail a request that is never repeated.
  const table = new AwsService('dynamodb', region, false)
  const ask: AskLimit = async (user, now, deadline) => {
    try {
      const milliseconds = Math.min(LIMIT_MILLISECONDS, deadline.remaining() / 3)
      return verdictOf(
        await countMail(table, countRequest(limitTable, user, now, settings), milliseconds),
        now,
        settings,
      )
    } catch (error) {
      return { name: 'failed', code: errorCode(error), mayMail: limitFailure === 'allow' }
    }
  }
  return { ask, table }
}
