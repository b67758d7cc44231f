// The clock of the local user pool: the machine's, plus what a test has moved it by.

export class Clock {
  #offsetMs = 0

  /** Milliseconds that this clock is ahead of the machine's. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offsetMs
  }

  /** Seconds since 1970, as in tokens. */
  seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  /** Moves this clock to so many seconds ahead of the machine's, or behind it. */
  setOffset(seconds: number): void {
    this.#offsetMs = seconds * 1000
  }

  /** @throws RangeError when `seconds` is negative or not a number: Cognito's time does not run backwards. */
  advance(seconds: number): void {
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new RangeError(`The clock cannot be advanced by ${seconds} seconds. Give a number from 0.`)
    }
    this.#offsetMs += seconds * 1000
  }
}
