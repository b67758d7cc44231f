// The mail in English.
import type { MailTexts } from './texts.ts'

export const en: MailTexts = {
  direction: 'ltr',
  subject: (code, appName, reference) => `${code} is your ${appName} sign-in code (${reference})`,
  introduction: appName => `Your code to sign in to ${appName}:`,
  validity: duration => `It is valid for ${duration}.`,
  reference: reference =>
    `Reference: ${reference}. If you received several mails, use the code from the one whose reference matches your screen.`,
  keepSecret: appName => `Do not share this code. Nobody from ${appName} will ask you for it.`,
  notYou: 'Not you? Then somebody knows your password. Change it now.',
}
