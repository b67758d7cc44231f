// How fast the calls of a migration follow each other: a rate that the operator chose, and slower whenever Cognito says so.
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../../command/terminal.ts'

const SLOWEST_MILLISECONDS = 10_000
/** So often in a row a call may be refused because of the rate. */
const MOST_REFUSALS = 8

/**
 * Low on purpose: the quotas are those of the account and the region, and apps need them too. AdminSetUserMFAPreference is one of
 * the operations that share 25 calls a second, AdminGetUser of those that share 120 (developer guide, "Quotas in Amazon Cognito").
 */
export const MOVES_A_SECOND = 10
export const READS_A_SECOND = 40

type Answer = { readonly $metadata: { readonly attempts?: number | undefined } }

export class Pace {
  readonly #wanted: number
  #interval: number
  #next = 0
  #slowedAt = 0

  /** @param perSecond how many turns */
  constructor(perSecond: number) {
    this.#wanted = 1000 / perSecond
    this.#interval = this.#wanted
  }

  /** Waits for the next turn. */
  async turn(): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#interval
    if (at > now) await sleep(at - now)
  }

  /**
   * Makes a call until Cognito takes it. A call that is refused because of the rate, and one that the SDK had to repeat, doubles
   * the pause between all turns; every other one shortens it again, down to the chosen rate.
   *
   * @throws CommandError `throttled` if Cognito refuses it because of the rate again and again
   */
  async send<Output extends Answer>(call: () => Promise<Output>): Promise<Output> {
    for (let refusals = 0; refusals < MOST_REFUSALS; refusals += 1) {
      try {
        const answer = await call()
        if ((answer.$metadata.attempts ?? 1) > 1) this.#slowDown()
        else this.#interval = Math.max(this.#wanted, this.#interval * 0.8)
        return answer
      } catch (error) {
        if (!isThrottling(error)) throw error
        this.#slowDown()
        await this.turn()
      }
    }
    throw new CommandError(
      'Cognito refuses the calls because there are too many of them (TooManyRequestsException), also after waiting. ' +
        'Run the same command again later, or with a lower --rate.',
      'throttled',
    )
  }

  /** Calls under way at the same time are refused for one reason, and slow down once. */
  #slowDown(): void {
    const now = performance.now()
    if (now < this.#slowedAt + this.#interval) return
    this.#slowedAt = now
    this.#interval = Math.min(Math.max(this.#interval, 100) * 2, SLOWEST_MILLISECONDS)
  }
}

function isThrottling(error: unknown): boolean {
  return error instanceof Error && ['TooManyRequestsException', 'ThrottlingException'].includes(error.name)
}

/** At most so many calls are under way at a time. */
const LANES = 8

/**
 * Does the work for each item, several at a time. After a failure, and once the signal is aborted, no new item begins; what has
 * begun ends.
 *
 * @returns the results of what was done
 * @throws the first failure, once everything has ended
 */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const failures: unknown[] = []
  const waiting = items.values()
  const lane = async () => {
    for (const item of waiting) {
      if (signal.aborted || failures.length > 0) return
      await work(item).then(
        result => void results.push(result),
        (error: unknown) => void failures.push(error),
      )
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  if (failures.length > 0) throw failures[0]
  return results
}
