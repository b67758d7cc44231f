// Lists in pages: a limit, and a token that says where the next page begins.
import { invalidParameter } from './errors.ts'

/** The largest page of every list of the API. */
const LARGEST_PAGE = 60

export interface Page<Item> {
  readonly items: readonly Item[]
  /** undefined on the last page. */
  readonly next: string | undefined
}

/** @throws CognitoError InvalidParameterException for a limit out of range or an invalid token. */
export function takePage<Item>(all: readonly Item[], limit: number, token: string | undefined): Page<Item> {
  if (!Number.isInteger(limit) || limit < 0 || limit > LARGEST_PAGE) {
    throw invalidParameter(
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: ` +
        `Member must have value less than or equal to ${LARGEST_PAGE}`,
    )
  }
  const from = token === undefined ? 0 : position(token)
  const end = from + (limit === 0 ? LARGEST_PAGE : limit)
  const next = end < all.length ? Buffer.from(`from:${end}`).toString('base64url') : undefined
  return { items: all.slice(from, end), next }
}

function position(token: string): number {
  const match = /^from:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())
  if (match === null) throw invalidParameter('Invalid pagination token')
  return Number(match[1])
}
