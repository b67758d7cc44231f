// The mailbox of the local user pool: receives what the triggers and the pool send through SES, delivers nothing.
import { fork } from 'node:child_process'
import { isObject } from '../command/json.ts'
import { CognitoError } from './errors.ts'
import type { MailServerOrder, MailServerReport } from './mail-server.ts'
import { builtTool } from './trigger-process.ts'

export interface Message {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Seconds since 1970, the machine's clock. */
  readonly at: number
}

export interface LocalMailbox {
  /** Address of the SES endpoint; in a browser it shows the messages. */
  readonly url: string
  /** Oldest first; those of this second (`at`) and later. */
  messages(since?: number): Promise<readonly Message[]>
  /**
   * A mail from the pool itself: an invitation or an EMAIL_OTP code.
   * @throws CognitoError CodeDeliveryFailureException when the mail is refused.
   */
  send(message: { readonly to: string; readonly subject: string; readonly text: string }): Promise<void>
  /** Fault switch: SES refuses every mail from now on, or accepts them again. */
  refuseMail(refused: boolean): Promise<void>
  close(): Promise<void>
}

/**
 * @param port 0: a free one.
 * @throws Error when the port is taken.
 */
export async function startMailbox(port: number): Promise<LocalMailbox> {
  const child = fork(builtTool('mail-server'), [String(port)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const close = () =>
    new Promise<void>(done => {
      if (child.exitCode !== null || child.signalCode !== null) return done()
      child.once('exit', () => done())
      child.kill('SIGKILL')
    })
  const report = await new Promise<MailServerReport>(resolve => {
    child.once('message', (message: MailServerReport) => resolve(message))
    child.once('exit', () => resolve({ error: 'the mail server ended' }))
    child.once('error', error => resolve({ error: error.message }))
  })
  if (!('port' in report)) {
    await close()
    const reason = 'error' in report ? report.error : 'it has no port'
    throw new Error(
      `The local mail server did not start on port ${port}: ${reason}. Choose another one with LOCAL_MAIL_PORT, or with the option mailPort; 0 is a free one.`,
    )
  }

  const url = `http://127.0.0.1:${report.port}`
  return {
    url,
    close,

    async messages(since) {
      const query = since === undefined ? '' : `?since=${since}`
      const store: unknown = await (await fetch(`${url}/store${query}`)).json()
      const emails = isObject(store) && Array.isArray(store['emails']) ? store['emails'] : []
      return emails.map(toMessage)
    },

    async send({ to, subject, text }) {
      const response = await fetch(`${url}/v2/email/outbound-emails`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'AWS local' },
        body: JSON.stringify({
          FromEmailAddress: 'no-reply@example.com',
          Destination: { ToAddresses: [to] },
          Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text } } } },
        }),
      })
      if (response.ok) return
      throw new CognitoError('CodeDeliveryFailureException', 'The email could not be delivered.')
    },

    refuseMail: refused =>
      new Promise((resolve, reject) => {
        const order: MailServerOrder = { refuseMail: refused }
        child.once('message', () => resolve())
        child.send(order, error => error && reject(error))
      }),
  }
}

function toMessage(email: {
  readonly destination: { readonly to: readonly string[] }
  readonly subject: string
  readonly body: { readonly text?: string; readonly html?: string }
  readonly at: number
}): Message {
  return {
    to: email.destination.to.join(', '),
    subject: email.subject,
    text: email.body.text ?? '',
    html: email.body.html ?? '',
    at: email.at,
  }
}
