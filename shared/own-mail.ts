// The own mail of this build. Empty here: `cognito-email-code build --mail` puts another file in the place of the built one.
import type { MailModule } from './mail-module.ts'

export const ownMail: MailModule = {}
