// The mail in English.
import type { MailTexts } from './texts.ts'

export const en: MailTexts = {
  direction: 'ltr',
  subject: (code, appName, reference) => `${code} is your ${appName} sign-in code (${reference})`,
  introduction: appName => `Your code to sign in to ${appName}:`,
  validity: duration => `It is valid for ${duration}.`,
  reference: reference =>
    `Reference: ${reference}. If you have several mails, use the code of the one with the reference on your screen.`,
  keepSecret: appName => `Do not share this code. Nobody from ${appName} will ask you for it.`,
  notYou: 'Not you? Then somebody knows your password. Change it now.',
}
