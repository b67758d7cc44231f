// The mail in Spanish.
import type { MailTexts } from './texts.ts'

export const es: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => `Tu código de acceso a ${appName} (${reference})`,
  introduction: appName => `Usa este código para iniciar sesión en ${appName}.`,
  minutes: count => (count === 1 ? '1 minuto' : `${count} minutos`),
  validity: duration => `Es válido durante ${duration}.`,
  reference: reference =>
    `Referencia: ${reference}. Si tienes varios correos, usa el código del que lleva la referencia que ves en la pantalla.`,
  keepSecret: appName => `No compartas este código. Nadie de ${appName} te lo pedirá.`,
  notYou: '¿No has sido tú? Entonces alguien conoce tu contraseña. Cámbiala ahora.',
}
