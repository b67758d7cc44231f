// The mailbox of the local user pool: receives what the triggers and the pool send through SES, delivers nothing.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
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
  /** Starts the process, if need be; who waits here loses no time of the first mail. */
  ready(): Promise<void>
  /** Oldest first; those of this second (`at`) and later. */
  messages(since?: number): Promise<readonly Message[]>
  /**
   * A mail from the pool itself: an invitation or an EMAIL_OTP code. Its text may hold HTML tags, as the pool's messages may.
   * @throws CognitoError CodeDeliveryFailureException when the mail is refused.
   */
  send(message: { readonly to: string; readonly subject: string; readonly text: string }): Promise<void>
  /** Fault switch: SES refuses every mail from now on, or accepts them again. */
  refuseMail(refused: boolean): Promise<void>
  /** As if it had just started: no mails, and none are refused. */
  clear(): Promise<void>
  close(): Promise<void>
}

/**
 * Its process starts when it is first needed: most pools of tests never send a mail. This process hands it the connections.
 * @param port 0: a free one.
 * @throws Error when the port is taken.
 */
export async function startMailbox(port: number): Promise<LocalMailbox> {
  const program = builtTool('mail-server')
  const door = createServer({ pauseOnConnect: true })
  door.listen(port, '127.0.0.1')
  await once(door, 'listening').catch((error: Error) => {
    throw new Error(
      `The local mail server did not start on port ${port}: ${error.message}. Choose another one with LOCAL_MAIL_PORT, or with the option mailPort; 0 is a free one.`,
    )
  })
  const address = door.address()
  if (address === null || typeof address === 'string') throw new Error('The local mail server has no port.')
  const url = `http://127.0.0.1:${address.port}`

  let server: Promise<ChildProcess> | undefined
  const started = () => {
    server ??= startServer(program)
    return server
  }
  door.on('connection', socket => {
    started().then(
      child => child.send({ connection: true } satisfies MailServerOrder, socket, () => socket.destroy()),
      () => socket.destroy(),
    )
  })

  async function refuseMail(refused: boolean): Promise<void> {
    if (server === undefined && !refused) return
    const child = await started()
    child.send({ refuseMail: refused } satisfies MailServerOrder)
    await once(child, 'message')
  }

  return {
    url,
    refuseMail,

    async ready() {
      await started()
    },

    async clear() {
      if (server === undefined) return
      await refuseMail(false)
      await fetch(`${url}/clear-store`, { method: 'POST' })
    },

    async close() {
      door.close()
      const child = await server?.catch(() => undefined)
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },

    async messages(since) {
      if (server === undefined) return []
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
          Content: {
            Simple: {
              Subject: { Data: subject },
              Body: { Html: { Data: text }, Text: { Data: withoutTags(text) } },
            },
          },
        }),
      })
      if (response.ok) return
      throw new CognitoError('CodeDeliveryFailureException', 'The email could not be delivered.')
    },
  }
}

function withoutTags(html: string): string {
  return html.replace(/<\/(?:p|div)>|<br\s*\/?>/g, '\n').replace(/<[^>]*>/g, '')
}

async function startServer(program: string): Promise<ChildProcess> {
  const child = fork(program, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const report = await new Promise<MailServerReport>(resolve => {
    child.once('message', (message: MailServerReport) => resolve(message))
    child.once('exit', () => resolve({ error: 'it ended' }))
    child.once('error', error => resolve({ error: error.message }))
  })
  if (!('error' in report)) return child
  child.kill('SIGKILL')
  throw new Error(`The local mail server did not start: ${report.error}`)
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
