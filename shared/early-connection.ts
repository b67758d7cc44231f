// An HTTPS agent whose first connection can be opened before its first request, while Lambda starts the process.
import { Agent, type AgentOptions } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { MiddlewareStack } from '@smithy/types'
import { field } from './trigger-event.ts'

/** A connection that Lambda has stopped the process over may be closed by then. */
const FRESH_MILLISECONDS = 2000

type ConnectionOptions = Parameters<Agent['createConnection']>[0]
type Early = {
  readonly host: string
  readonly port: number
  readonly openedAt: number
  readonly socket: Duplex
}

/** Keeps connections alive; the first one to a host is the one that `open` opened, if it is fresh. */
export class EarlyAgent extends Agent {
  #early: Early | undefined

  constructor(options: AgentOptions = {}) {
    super({ keepAlive: true, ...options })
  }

  /** Connects. Resolves when the connection is open or has failed; never rejects: the first request then tries again. */
  open(host: string, port = 443): Promise<void> {
    return new Promise(resolve => {
      const socket = connect({ host, port, servername: isIP(host) === 0 ? host : '' })
      this.#early = { host, port, openedAt: Date.now(), socket }
      socket.once('secureConnect', resolve).once('close', resolve).on('error', resolve)
    })
  }

  override createConnection(
    options: ConnectionOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const early = this.#early
    this.#early = undefined
    if (early === undefined) return super.createConnection(options, callback)
    const isFor = early.host === options.host && early.port === Number(options.port)
    const isFresh = Date.now() - early.openedAt < FRESH_MILLISECONDS
    if (isFor && isFresh && !early.socket.destroyed) return early.socket
    early.socket.destroy()
    return super.createConnection(options, callback)
  }
}

/** Longer than a connection inside a region takes, and little of the deadline. */
const PREPARATION_MILLISECONDS = 300

/**
 * Prepares what the first call would otherwise wait for, all at the same time, while Lambda starts the process and the
 * processor is not throttled. Connections are opened only for a call that is waiting: where Lambda starts the process ahead of
 * it, they would be closed by then.
 */
export async function prepareFirstCall(
  preparations: readonly ((connect: boolean) => Promise<void>)[],
): Promise<void> {
  const connect = process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'on-demand'
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<void>(resolve => {
    timer = setTimeout(resolve, PREPARATION_MILLISECONDS)
  })
  await Promise.race([Promise.allSettled(preparations.map(prepare => prepare(connect))), timeUp])
  clearTimeout(timer)
}

/**
 * Lets an SDK client make a request up to its signature, which is not sent, and opens the connection for the next one. Never
 * rejects.
 *
 * @param send sends the command through its client
 * @param agent that of the client; undefined: no connection is opened
 */
export async function prepareRequest<Input extends object, Output extends object>(
  { middlewareStack }: { readonly middlewareStack: MiddlewareStack<Input, Output> },
  send: () => Promise<unknown>,
  agent: EarlyAgent | undefined,
): Promise<void> {
  let endpoint: unknown
  middlewareStack.add(
    () =>
      async ({ request }) => {
        endpoint = request
        throw new Error('Nothing is sent.')
      },
    // After the signature.
    { step: 'finalizeRequest', priority: 'low' },
  )
  await send().catch(() => {})
  const [protocol, host, port] = ['protocol', 'hostname', 'port'].map(name => field(endpoint, name))
  if (protocol === 'https:' && typeof host === 'string')
    await agent?.open(host, typeof port === 'number' ? port : undefined)
}
