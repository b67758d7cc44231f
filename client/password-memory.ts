// Holds the password of the sign-in under way, in memory only and for a limited time.

const MEMORY_MILLISECONDS = 15 * 60 * 1000

export interface PasswordMemory {
  /** Replaces what was held, for another 15 minutes. */
  hold(credentials: { readonly username: string; readonly password: string }): void
  /** Holds what there is for another 15 minutes. */
  holdOn(): void
  /** What is held, if it is not too old. */
  recall(): { readonly username: string; readonly password: string } | undefined
  forget(): void
}

/** Makes an empty memory. Nothing else keeps what it holds. */
export function createPasswordMemory(): PasswordMemory {
  let held: { readonly username: string; readonly password: string; readonly until: number } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function forget(): void {
    clearTimeout(timer)
    held = undefined
  }

  function recall() {
    // A timer stands still while a device sleeps.
    if (held && Date.now() >= held.until) forget()
    return held
  }

  function hold({ username, password }: { readonly username: string; readonly password: string }): void {
    clearTimeout(timer)
    held = { username, password, until: Date.now() + MEMORY_MILLISECONDS }
    timer = setTimeout(forget, MEMORY_MILLISECONDS)
    keepNoProcessAlive(timer)
  }

  function holdOn(): void {
    const credentials = recall()
    if (credentials) hold(credentials)
  }

  return { hold, holdOn, recall, forget }
}

/** In Node.js a timer keeps the process running. In a browser it is a number. */
function keepNoProcessAlive(timer: unknown): void {
  if (typeof timer !== 'object' || timer === null) return
  if ('unref' in timer && typeof timer.unref === 'function') timer.unref()
}
