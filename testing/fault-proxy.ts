// An HTTP proxy before the local user pool, for tests of what a network can do: hold answers, replace them, change them.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** What happens to one request. */
export type Fault =
  /** It never reaches the pool and gets this answer. */
  | { readonly status: number; readonly contentType: string; readonly body: string }
  /** The pool answers, and the answer is delivered when the promise resolves. */
  | { readonly holdUntil: Promise<void> }
  /** The pool's answer is changed. */
  | { readonly change: (answer: Readonly<Record<string, unknown>>) => object }

export interface FaultProxy {
  readonly endpoint: string
  /** The next request of the operation gets the fault; several are queued. */
  next(operation: string, fault: Fault): void
  /** Every request of the operation gets the fault. */
  always(operation: string, fault: Fault): void
  /** Holds the answer to the next request of the operation. */
  hold(operation: string): {
    /** The pool has answered. */
    readonly answered: Promise<void>
    deliver(): void
  }
  /** How many requests of the operation have come so far, answered by the pool or not. */
  requests(operation: string): number
  /** No faults any more. */
  clear(): void
  close(): Promise<void>
}

/** Listens on 127.0.0.1, on a free port, and passes everything on to `target` until told otherwise. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let waiting: { readonly operation: string; readonly fault: Fault; readonly onAnswer?: () => void }[] = []
  const permanent = new Map<string, Fault>()
  const counts = new Map<string, number>()

  const server = createServer((request, response) => {
    // Where the pool breaks the connection, so does the proxy.
    pass(request, response).catch(() => response.destroy())
  })

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const header = String(request.headers['x-amz-target'] ?? '')
    const operation = header.slice(header.indexOf('.') + 1)
    const body = await text(request)
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    const found = waiting.find(each => each.operation === operation)
    waiting = waiting.filter(each => each !== found)
    const fault = found?.fault ?? permanent.get(operation)
    if (fault && 'status' in fault) return send(response, fault.status, fault.contentType, fault.body)
    const answer = await fetch(target, {
      method: request.method ?? 'POST',
      headers: { 'x-amz-target': header, 'content-type': 'application/x-amz-json-1.1' },
      body,
    })
    const answered = await answer.text()
    found?.onAnswer?.()
    if (fault && 'holdUntil' in fault) await fault.holdUntil
    const changed = fault && 'change' in fault ? JSON.stringify(fault.change(JSON.parse(answered))) : answered
    send(response, answer.status, 'application/x-amz-json-1.1', changed)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')

  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    next: (operation, fault) => void waiting.push({ operation, fault }),
    always: (operation, fault) => void permanent.set(operation, fault),
    hold(operation) {
      let deliver = (): void => undefined
      const holdUntil = new Promise<void>(resolve => {
        deliver = resolve
      })
      const answered = new Promise<void>(onAnswer => {
        waiting.push({ operation, fault: { holdUntil }, onAnswer })
      })
      return { answered, deliver: () => deliver() }
    },
    requests: operation => counts.get(operation) ?? 0,
    clear() {
      waiting = []
      permanent.clear()
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType }).end(body)
}
