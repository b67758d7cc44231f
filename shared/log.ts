// The log: one JSON object a line. Metric filters in template.yaml read these names; never a code, a secret or an address.
import { lazyCrypto } from './lazy-crypto.ts'

/** What happened; `reason` and `failure` say why. */
export type LogEvent =
  | 'password-asked'
  | 'code-asked'
  | 'tokens-issued'
  | 'sign-in-refused'
  | 'code-sent'
  | 'code-kept'
  | 'code-not-sent'
  | 'limited'
  | 'limit-failed'
  | 'decoy-shown'
  | 'code-right'
  | 'code-wrong'
  | 'code-expired'
  | 'resend-asked'
  | 'answer-refused'
  | 'tokens-allowed'
  | 'tokens-refused'
  | 'mail-retried'
  | 'own-mail-broken'
  | 'recorded-event'

export type LogEntry = { readonly event: LogEvent } & Readonly<Record<string, unknown>>

/**
 * Writes one line. With Lambda's JSON log format the runtime wraps an object as `message` of its own JSON line;
 * elsewhere the line is the object itself.
 */
export function log(level: 'info' | 'warn' | 'error', entry: LogEntry): void {
  console[level](process.env['AWS_LAMBDA_LOG_FORMAT'] === 'JSON' ? entry : JSON.stringify(entry))
}

/** A stable pseudonym of a user, 16 hex digits: only the holder of the secret can link it to the user. */
export function userHash(secret: Buffer, userPoolId: string, userName: string): string {
  return lazyCrypto()
    .createHmac('sha256', secret)
    .update(JSON.stringify(['log-user', userPoolId, userName]))
    .digest('hex')
    .slice(0, 16)
}
