// Queues the actions on Amplify: it keeps one sign-in per page, so they run one after the other, each with a time limit.

/** The time in which one action has Amplify to itself. */
export interface AmplifyTurn<Result> {
  /** The result of the work; undefined if the time was up first. */
  readonly result: Promise<Result | undefined>
  /** True when the time was up: a result that still arrives is late, and the next turn may have begun. */
  readonly isOver: boolean
  /** Limits the time that the work has left, from now on. */
  endWithin(milliseconds: number): void
}

let lastTurn: Promise<unknown> = Promise.resolve()
let answers = 0

/**
 * Runs `work` when all turns taken before are over.
 * @param milliseconds how long the work may take, counted from when it starts
 */
export function takeAmplifyTurn<Result>(
  work: () => Promise<Result>,
  milliseconds: number,
): AmplifyTurn<Result> {
  let timeLeft = milliseconds
  let isOver = false
  let hasStarted = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let giveUp = (): void => undefined
  const timeIsUp = new Promise<undefined>(resolve => {
    giveUp = () => {
      isOver = true
      resolve(undefined)
    }
  })

  function startTimer(): void {
    clearTimeout(timer)
    timer = setTimeout(giveUp, timeLeft)
  }

  const finished = lastTurn.then(() => {
    hasStarted = true
    startTimer()
    return work()
  })
  const result = Promise.race([finished, timeIsUp]).finally(() => clearTimeout(timer))
  // The caller handles a failure. The next turn begins either way.
  lastTurn = result.catch(() => undefined)
  return {
    result,
    get isOver() {
      return isOver
    },
    endWithin(limit) {
      timeLeft = limit
      if (hasStarted && !isOver) startTimer()
    },
  }
}

/**
 * How many answers Amplify has given in this page. Each may have replaced the one session that it keeps: a step whose
 * answer was not the last one has lost its session to a late answer or to another driver.
 */
export function answerCount(): number {
  return answers
}

/** Call it after every call to Amplify that may replace its session, whether it succeeded or failed. */
export function countAnswer(): void {
  answers++
}
