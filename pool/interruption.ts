// Ctrl-C, a polite kill and a closed terminal: the command hears of them and ends what it has begun.

const STOPPED_AT_ONCE =
  'Stopped at once. A write may have been under way: run check. If a backup was named above, detach with it restores the pool.\n'

/** npm passes Ctrl-C on to a process that the terminal has told already. */
const SAME_KEY_PRESS_MILLISECONDS = 1_000

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @returns aborted by the first of these signals; the second one ends the process at once */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    const now = Date.now()
    if (controller.signal.aborted && now - firstAt > SAME_KEY_PRESS_MILLISECONDS) {
      process.stderr.write(STOPPED_AT_ONCE)
      process.exit(2)
    }
    if (!controller.signal.aborted) firstAt = now
    controller.abort()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return controller.signal
}
