// The texts of the mail: what each locale file must hold. A missing one fails the type check.

/** All texts of one language. Values come in as they are to be printed: already escaped where they go into HTML. */
export type MailTexts = {
  readonly direction: 'ltr' | 'rtl'
  /** Begins with the code, so that a phone shows it in its notification; the reference tells several mails apart. */
  readonly subject: (code: string, appName: string, reference: string) => string
  readonly introduction: (appName: string) => string
  /** @param duration for example "3 minutes", already in the language */
  readonly validity: (duration: string) => string
  readonly reference: (reference: string) => string
  readonly keepSecret: (appName: string) => string
  readonly notYou: string
}
