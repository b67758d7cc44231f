// The mail in German.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly de: MailTexts
  }
}

export const de: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Ihr Anmeldecode für ${appName} (${reference})`,
  introduction: appName => `Mit diesem Code melden Sie sich bei ${appName} an.`,
  minutes: count => (count === 1 ? '1 Minute' : `${count} Minuten`),
  validity: duration => `Er ist ${duration} gültig.`,
  reference: reference =>
    `Kennung: ${reference}. Wenn Sie mehrere E-Mails erhalten haben, verwenden Sie den Code aus der E-Mail, deren Kennung auf Ihrem Bildschirm steht.`,
  keepSecret: appName =>
    `Geben Sie diesen Code an niemanden weiter. Niemand von ${appName} wird Sie danach fragen.`,
  notYou: 'Das waren nicht Sie? Dann kennt jemand anderes Ihr Passwort. Ändern Sie es bitte sofort.',
}
