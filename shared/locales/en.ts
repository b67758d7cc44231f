// The mail in English.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly en: MailTexts
  }
}

export const en: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Your ${appName} sign-in code (${reference})`,
  introduction: appName => `Use this code to sign in to ${appName}.`,
  minutes: count => (count === 1 ? '1 minute' : `${count} minutes`),
  validity: duration => `It is valid for ${duration}.`,
  reference: reference =>
    `Reference: ${reference}. If you received several emails, use the code from the one whose reference matches your screen.`,
  keepSecret: appName =>
    `Do not share this code with anyone. Nobody from ${appName} will ever ask you for it.`,
  notYou: 'If this was not you, someone else knows your password. Change it now.',
}
