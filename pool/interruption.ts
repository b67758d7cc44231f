// Ctrl-C, a polite kill and a closed terminal: the command hears of them and ends what it has begun.
import { CommandError } from '../command/terminal.ts'

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

/** Reading changes nothing, so it can be left at any time. */
export function untilAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  const stopped = new CommandError('Interrupted. Nothing was changed.', 'interrupted')
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(stopped)
    else signal.addEventListener('abort', () => reject(stopped), { once: true })
    // Also after the interruption: an error that nobody waits for would end the process.
    work.then(resolve, reject)
  })
}
