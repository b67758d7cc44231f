// Ctrl-C and a polite kill: the command hears of them and ends what it has begun.

/** npm passes Ctrl-C on to a process that the terminal has told already. */
const SAME_KEY_PRESS_MILLISECONDS = 1_000

/** @returns aborted by SIGINT or SIGTERM; the second one ends the process at once */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    const now = Date.now()
    if (controller.signal.aborted && now - firstAt > SAME_KEY_PRESS_MILLISECONDS) process.exit(2)
    if (!controller.signal.aborted) firstAt = now
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return controller.signal
}
