// What a module of one's own may hold: a mail, languages, or both; and the mail that is sent when it breaks its contract.
import type { MailTexts } from './locales/texts.ts'
import { MAIL_TEXTS } from './locales.ts'
import { type ComposedMail, type ComposeMail, type MailParts, onOneLine, standardMail } from './mail.ts'

/** A module for `cognito-email-code build --mail`. */
export type MailModule = {
  /** Writes the mail. Default: the standard one. */
  readonly default?: ComposeMail
  /** More languages, or other words for one of the nine, by language tag such as `sv` or `pt-PT`. */
  readonly locales?: Readonly<Record<string, MailTexts>>
}

/** The texts of every language that there is a mail in. */
export function languagesOf({ locales }: MailModule): Readonly<Record<string, MailTexts>> {
  return locales === undefined ? MAIL_TEXTS : { ...MAIL_TEXTS, ...locales }
}

/**
 * The mail of the module; the standard one if the module has none, throws, or breaks the promises that a sign-in rests on. The
 * build has checked them with example values; these are the values of a real mail.
 *
 * @param onFault called when the module's own mail could not be used
 */
export function composeMail(
  { default: own }: MailModule,
  parts: MailParts,
  onFault: () => void,
): ComposedMail {
  if (own === undefined) return standardMail(parts)
  try {
    const mail = own(parts)
    if (keepsPromises(mail, parts)) return { ...mail, subject: onOneLine(mail.subject) }
  } catch {
    // As for a broken promise: the user still gets a mail.
  }
  onFault()
  return standardMail(parts)
}

function keepsPromises({ subject, text, html }: ComposedMail, { code }: MailParts): boolean {
  return text.includes(code) && html.includes(code) && !holdsCode(subject, code)
}

/** Whether a text gives the code away, however its digits are grouped or written. */
export function holdsCode(text: string, code: string): boolean {
  return text
    .normalize('NFKC')
    .replace(/[\s\p{Pd}._\u00ad\u200b-\u200f\u2060]/gu, '')
    .includes(code)
}
