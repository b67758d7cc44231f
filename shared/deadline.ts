// The one deadline of a Create call. Cognito waits 5 s and then calls again, and each call would be another mail.

/** What is left of the time of one call. */
export type Deadline = {
  /** Milliseconds, never below zero. */
  readonly remaining: () => number
}

/** Half a second below the 5 s of Cognito, for the way there and back. */
export const DEADLINE_MILLISECONDS = 4500

/** Longer than it takes Lambda to pass on a call that it started the process for. */
const IDLE_MILLISECONDS = 250

const loadedAt = performance.now()
let isFirstCall = true

/**
 * Starts the deadline of this call. On a cold start the time counts from the start of the process, since Cognito is
 * waiting that long already. A process that Lambda had started ahead of its first call counts from the call.
 */
export function startDeadline(): Deadline {
  const now = performance.now()
  const startedAt = isFirstCall && isColdStart(now) ? 0 : now
  isFirstCall = false
  return { remaining: () => Math.max(0, startedAt + DEADLINE_MILLISECONDS - performance.now()) }
}

/** @param now milliseconds since the process started */
function isColdStart(now: number): boolean {
  if (now < DEADLINE_MILLISECONDS) return true
  // Either a start that took too long already, or a process that waited for its first call.
  return process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'on-demand' && now - loadedAt < IDLE_MILLISECONDS
}
