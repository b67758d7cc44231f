// Session strings: each belongs to one step of one sign-in, may be answered once, and lives for a few minutes.
import { randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'
import { notAuthorized } from './errors.ts'

interface OpenSession<Challenge> {
  readonly challenge: Challenge
  expiresAt: number
  used: boolean
}

/** `Challenge` is what has to be remembered until the answer comes. */
export class Sessions<Challenge> {
  readonly #clock: Clock
  readonly #sessions = new Map<string, OpenSession<Challenge>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * @param validityMinutes AuthSessionValidity of the app client; each challenge has all of it.
   * @param session the string to hand out; left out: a random one.
   */
  open(
    challenge: Challenge,
    validityMinutes: number,
    session = randomBytes(192).toString('base64url'),
  ): string {
    const expiresAt = this.#clock.now() + validityMinutes * 60_000
    this.#sessions.set(session, { challenge, expiresAt, used: false })
    return session
  }

  /**
   * The challenge to be answered, without using the session up: an answer that is refused before it counts
   * (a weak new password, a mistyped EMAIL_OTP code) may be repeated.
   * @throws CognitoError NotAuthorizedException in Cognito's words (amplify-js #14330, #5834).
   */
  find(session: string): Challenge {
    const found = this.#sessions.get(session)
    if (found === undefined) throw notAuthorized('Invalid session for the user.')
    if (found.used) throw notAuthorized('Invalid session for the user, session can only be used once.')
    if (this.#clock.now() > found.expiresAt) {
      throw notAuthorized('Invalid session for the user, session is expired.')
    }
    return found.challenge
  }

  /** Uses the session up. Of several answers at the same time one gets here first; the others fail as in `find`. */
  consume(session: string): Challenge {
    const challenge = this.find(session)
    const found = this.#sessions.get(session)
    if (found) found.used = true
    return challenge
  }

  /** Fault switch: every session that is open now is too old from now on. */
  expireAll(): void {
    for (const session of this.#sessions.values()) session.expiresAt = Number.NEGATIVE_INFINITY
  }
}
