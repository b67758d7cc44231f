// The mail in Brazilian Portuguese.
import type { MailTexts } from './texts.ts'

export const ptBR: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Seu código de acesso a ${appName} (${reference})`,
  introduction: appName => `Use este código para entrar em ${appName}.`,
  minutes: count => (count === 1 ? '1 minuto' : `${count} minutos`),
  validity: duration => `Ele é válido por ${duration}.`,
  reference: reference =>
    `Referência: ${reference}. Se você recebeu vários e-mails, use o código daquele com a referência que aparece na tela.`,
  keepSecret: appName => `Não compartilhe este código. Ninguém de ${appName} vai pedi-lo a você.`,
  notYou: 'Não foi você? Então alguém sabe a sua senha. Troque-a agora.',
}
