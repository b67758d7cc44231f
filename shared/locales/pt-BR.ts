// The mail in Brazilian Portuguese.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly 'pt-BR': MailTexts
  }
}

export const ptBR: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Seu código de acesso a ${appName} (${reference})`,
  introduction: appName => `Use este código para entrar em ${appName}.`,
  minutes: count => (count === 1 ? '1 minuto' : `${count} minutos`),
  validity: duration => `Ele é válido por ${duration}.`,
  reference: reference =>
    `Referência: ${reference}. Se você recebeu vários e-mails, use o código do e-mail cuja referência aparece na tela.`,
  keepSecret: appName =>
    `Não compartilhe este código com ninguém. A equipe ${appName} nunca vai pedir este código a você.`,
  notYou: 'Se não foi você, outra pessoa sabe a sua senha. Altere-a agora.',
}
