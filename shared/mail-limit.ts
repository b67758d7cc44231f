// Asks the limit across sign-ins, if there is one, whether a mail may go, and counts it.
import type { Deadline } from './deadline.ts'
import { countRequest, type LimitVerdict, verdictOf } from './limit.ts'
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

export type MailLimit = {
  readonly ask: AskLimit
  /** Prepares the first question, for `prepareFirstCall`. */
  readonly prepare: (connect: boolean) => Promise<void>
}

/**
 * Makes the question of this process. Where there is a table its client loads from now on, beside everything else.
 *
 * @returns undefined without a table, and so without a limit
 */
export function startLimit(settings: CreateSettings): MailLimit | undefined {
  const { limitTable, region, limitFailure } = settings
  if (limitTable === undefined) return undefined
  const loading = import('./limit-table.ts')
  return {
    async ask(user, now, deadline) {
      try {
        const { countMail } = await loading
        const milliseconds = Math.min(LIMIT_MILLISECONDS, deadline.remaining() / 3)
        const answer = await countMail(countRequest(limitTable, user, now, settings), region, milliseconds)
        return verdictOf(answer, now, settings)
      } catch (error) {
        return { name: 'failed', code: errorCode(error), mayMail: limitFailure === 'allow' }
      }
    },
    async prepare(connect) {
      const { prepareTable } = await loading
      await prepareTable(countRequest(limitTable, '', Date.now(), settings), region, connect)
    },
  }
}
