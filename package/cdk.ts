// cognito-email-code/cdk: the construct of the CDK recipe, which deploys the triggers that are built into the package.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Construct } from 'constructs'
import { EmailCode as EmailCodeOfDirectory, type EmailCodeProps } from '../recipes/cdk/email-code.ts'

export type { EmailCodeProps } from '../recipes/cdk/email-code.ts'

/** The built triggers: this file is in `dist/package`. */
const directory = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * The four functions with their roles, secret and logs, for a user pool of this app or an existing one.
 *
 * @example
 * new EmailCode(stack, 'EmailCode', { userPool, fromAddress: 'no-reply@example.com' })
 */
export class EmailCode extends EmailCodeOfDirectory {
  constructor(scope: Construct, id: string, props: EmailCodeProps) {
    super(scope, id, { directory, ...props })
  }
}
