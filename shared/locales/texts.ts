// The texts of the mail: what each locale file must hold. A missing one fails the type check.

/** All texts of one language. Values come in as they are to be printed: already escaped where they go into HTML. */
export type MailTexts = {
  readonly direction: 'ltr' | 'rtl'
  /** Never holds the code: subjects are copied into SES events, relays and lock screens. The reference tells mails apart. */
  readonly subject: (appName: string, reference: string) => string
  /** Stands under the code in the text part, above it in the HTML part. */
  readonly introduction: (appName: string) => string
  /** @param count a whole number from 1 to 15, what CODE_TTL_SECONDS allows */
  readonly minutes: (count: number) => string
  /** @param duration for example "3 minutes", already in the language */
  readonly validity: (duration: string) => string
  readonly reference: (reference: string) => string
  readonly keepSecret: (appName: string) => string
  readonly notYou: string
}

/** The languages of the mail by tag. Each file here adds its own, so that the type check fails while its line in locales.ts is missing. */
export interface MailLanguages {
  readonly [tag: string]: MailTexts
}
