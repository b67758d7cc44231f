// The mail in French.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly fr: MailTexts
  }
}

export const fr: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Code de connexion ${appName} (${reference})`,
  introduction: appName => `Utilisez ce code pour vous connecter à ${appName}.`,
  minutes: count => (count === 1 ? '1 minute' : `${count} minutes`),
  validity: duration => `Il est valable pendant ${duration}.`,
  reference: reference =>
    `Référence\u00a0: ${reference}. Si vous avez reçu plusieurs e-mails, utilisez le code de celui dont la référence s’affiche à l’écran.`,
  keepSecret: appName =>
    `Ne communiquez ce code à personne. Aucun membre de l’équipe ${appName} ne vous le demandera.`,
  notYou:
    'Si vous n’êtes pas à l’origine de cette connexion, une autre personne connaît votre mot de passe. Changez-le immédiatement.',
}
