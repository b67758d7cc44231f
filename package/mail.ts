// What a mail module of one's own imports as cognito-email-code/mail.
export { checkMail, type MailProblem, type MailRule } from '../mail/check-mail.ts'
export type { MailTexts } from '../shared/locales/texts.ts'
export {
  type ComposedMail,
  type ComposeMail,
  escapeHtml,
  type MailParts,
  standardMail,
} from '../shared/mail.ts'
export type { MailModule } from '../shared/mail-module.ts'
