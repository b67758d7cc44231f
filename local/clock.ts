// The clock of the local user pool: the machine's, plus what a test has moved it by.

/** A day: as far as a wrong clock is simulated. */
export const LARGEST_OFFSET_SECONDS = 86_400

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

  /** @throws RangeError when `seconds` is negative or not a number: Cognito's time does not run backwards. */
  advance(seconds: number): void {
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new RangeError(`The clock cannot be advanced by ${seconds} seconds. Give a number from 0.`)
    }
    this.#offsetMs += seconds * 1000
  }

  /**
   * Fault switch: to a client its own clock looks wrong.
   * @param seconds that this clock is ahead of the machine's; negative: behind.
   * @throws RangeError for more than a day.
   */
  set offsetSeconds(seconds: number) {
    if (!(Math.abs(seconds) <= LARGEST_OFFSET_SECONDS)) {
      throw new RangeError(`The clock can be at most ${LARGEST_OFFSET_SECONDS} seconds wrong.`)
    }
    this.#offsetMs = seconds * 1000
  }

  get offsetSeconds(): number {
    return this.#offsetMs / 1000
  }
}
