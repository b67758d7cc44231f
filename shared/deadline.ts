// The one deadline of a Create call. Cognito waits 5 s and then calls again, and each call would be another mail.

/** What is left of the time of one call, or of one mail. */
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
  const initialization = process.env['AWS_LAMBDA_INITIALIZATION_TYPE']
  const startedAt = startOfCall({ now, loadedAt, isFirstCall, initialization })
  isFirstCall = false
  return deadlineAt(startedAt + DEADLINE_MILLISECONDS)
}

/** @param end in milliseconds since the process started */
export function deadlineAt(end: number): Deadline {
  return { remaining: () => Math.max(0, end - performance.now()) }
}

/**
 * When the time of a call began to count: at the start of the process, or with the call. After a start that took longer
 * than the deadline, only a call right behind the loading of the module is what Lambda started the process for.
 *
 * @param call times in milliseconds since the process started; `initialization` is AWS_LAMBDA_INITIALIZATION_TYPE
 */
export function startOfCall(call: {
  readonly now: number
  readonly loadedAt: number
  readonly isFirstCall: boolean
  readonly initialization: string | undefined
}): number {
  if (!call.isFirstCall || call.initialization === 'provisioned-concurrency') return call.now
  if (call.now < DEADLINE_MILLISECONDS) return 0
  const wasIdle = call.now - call.loadedAt >= IDLE_MILLISECONDS
  return call.initialization === 'on-demand' && !wasIdle ? 0 : call.now
}
