// The process that receives mail: aws-ses-v2-local keeps its messages in one list a process, so each pool has its own.
// Started by mailbox.ts, which has its port and hands it the connections.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import mail from 'aws-ses-v2-local'
import { foreignHost, foreignPage } from './loopback.ts'

/** What mailbox.ts asks for: that SES refuses every mail from now on, or accepts them again; or to serve a connection. */
export type MailServerOrder = { readonly refuseMail: boolean } | { readonly connection: true }

/** What mailbox.ts is told. */
export type MailServerReport =
  | { readonly started: true }
  | { readonly error: string }
  | { readonly refusesMail: boolean }

type MailServer = (config: { readonly host: string; readonly port: number }) => Promise<Server>

let refusesMail = false

process.on('disconnect', () => process.exit())
process.on('SIGINT', () => undefined)
process.on('uncaughtException', error => report({ error: error.message }))

// It cannot be had without a port of its own.
const server = await commonJsDefault(mail)({ host: '127.0.0.1', port: 0 })
// A busy client must not find its connection closed.
server.keepAliveTimeout = 10 * 60 * 1000
guard(server)
process.on('message', (order: MailServerOrder, connection: unknown) => {
  if ('connection' in order) {
    if (!(connection instanceof Socket)) return
    server.emit('connection', connection)
    connection.resume()
    return
  }
  refusesMail = order.refuseMail
  report({ refusesMail })
})
report({ started: true })

/** Puts the checks in front of the server, which has none of its own; without them a page could empty its mailbox. */
function guard(guarded: Server): void {
  const listeners = guarded.listeners('request')
  guarded.removeAllListeners('request')
  guarded.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, headers } = request
    const isRead = method === 'GET' || method === 'HEAD'
    const refusal = foreignHost(headers) ?? (isRead ? undefined : foreignPage(headers))
    if (refusal !== undefined) {
      response.writeHead(403, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: refusal }))
      return
    }
    if (refusesMail && headers.authorization !== undefined) {
      refuseMail(request, response)
      return
    }
    for (const listener of listeners) Reflect.apply(listener, guarded, [request, response])
  })
}

/** As SES does to a sender that is not verified: XML for version 1 of its API, JSON for version 2. */
function refuseMail(request: IncomingMessage, response: ServerResponse): void {
  const message = 'Email address is not verified.'
  request.resume()
  if (request.url?.startsWith('/v2/')) {
    response.writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': 'MessageRejected' })
    response.end(JSON.stringify({ message }))
    return
  }
  const error = `<Error><Type>Sender</Type><Code>MessageRejected</Code><Message>${message}</Message></Error>`
  response.writeHead(400, { 'content-type': 'text/xml' })
  response.end(`<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">${error}</ErrorResponse>`)
}

/** The package is CommonJS: Node hands out its exports object where the types promise the function. */
function commonJsDefault(module: MailServer | { readonly default: MailServer }): MailServer {
  return 'default' in module ? module.default : module
}

function report(message: MailServerReport): void {
  process.send?.(message)
}
