// Every error that the triggers raise. What a trigger throws reaches the browser, so those messages give nothing away.

/** A setting is missing or wrong. Thrown once, when the process starts; lists every problem, never a value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'

  /** @param problems one sentence each: the variable and what it must be */
  constructor(problems: readonly string[]) {
    super(`Invalid environment variables.\n${problems.map(problem => `- ${problem}`).join('\n')}`)
  }
}

/** Thrown by Create to Cognito, and so to the browser, when no code could be mailed. The cause is in the log. */
export class CodeNotSentError extends Error {
  override readonly name = 'CodeNotSentError'

  constructor() {
    super('The code could not be sent. Please try again later')
  }
}

/** Thrown by Pre Token Generation to Cognito, and so to the browser, when no tokens may leave. */
export class TokensRefusedError extends Error {
  override readonly name = 'TokensRefusedError'

  constructor(message: string) {
    super(message)
  }
}

/** Why a mail was not sent; goes to the log only. */
export type MailFailure =
  | 'no-address'
  | 'not-a-mailbox'
  | 'unverified-address'
  | 'refused'
  | 'throttled'
  | 'unavailable'
  | 'outage'
  | 'unreachable'
  | 'unanswered'
  | 'broken-off'
  | 'deadline'

/**
 * A mail that was not sent, for the log and for the choice of a second try. It holds the code of the error (the name that
 * SES or Node.js gives it) and the HTTP status, never the text of SES: that quotes addresses.
 */
export class MailError extends Error {
  override readonly name = 'MailError'
  readonly failure: MailFailure
  readonly code: string | undefined
  readonly status: number | undefined

  constructor(failure: MailFailure, cause: { readonly code?: string; readonly status?: number } = {}) {
    super(failure)
    this.failure = failure
    this.code = cause.code
    this.status = cause.status
  }
}
