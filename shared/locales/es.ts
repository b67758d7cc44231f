// The mail in Spanish.
import type { MailTexts } from './texts.ts'

declare module './texts.ts' {
  interface MailLanguages {
    readonly es: MailTexts
  }
}

export const es: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Tu código de acceso a ${appName} (${reference})`,
  introduction: appName => `Usa este código para iniciar sesión en ${appName}.`,
  minutes: count => (count === 1 ? '1 minuto' : `${count} minutos`),
  validity: duration => `Es válido durante ${duration}.`,
  reference: reference =>
    `Referencia: ${reference}. Si has recibido varios correos, usa el código del correo cuya referencia coincida con la de la pantalla.`,
  keepSecret: appName => `No compartas este código con nadie. Nadie de ${appName} te lo pedirá.`,
  notYou: 'Si no has sido tú, otra persona conoce tu contraseña. Cámbiala ahora.',
}
