// The process that receives mail: aws-ses-v2-local keeps its messages in one list a process, so each pool has its own.
// Started by mailbox.ts: node mail-server.mjs <port, 0 for a free one>
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import mail from 'aws-ses-v2-local'

/** What mailbox.ts is told. */
export type MailServerReport = { readonly port: number } | { readonly error: string }

type MailServer = (config: { readonly host: string; readonly port: number }) => Promise<Server>

process.on('disconnect', () => process.exit())
process.on('SIGINT', () => undefined)
process.on('uncaughtException', error => report({ error: error.message }))

const server = await commonJsDefault(mail)({ host: '127.0.0.1', port: Number(process.argv[2]) })
// A busy client must not find its connection closed.
server.keepAliveTimeout = 10 * 60 * 1000
const address = server.address()
report(isAddress(address) ? { port: address.port } : { error: `port ${process.argv[2]} is not free` })

/** The package is CommonJS: Node hands out its exports object where the types promise the function. */
function commonJsDefault(module: MailServer | { readonly default: MailServer }): MailServer {
  return 'default' in module ? module.default : module
}

function isAddress(value: AddressInfo | string | null): value is AddressInfo {
  return typeof value === 'object' && value !== null
}

function report(message: MailServerReport): void {
  process.send?.(message)
}
