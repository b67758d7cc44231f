// The HTTP side: the Cognito API, the keys, what tools and the page ask for, and the page itself, on one port.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { isObject, type UntypedObject } from '../command/json.ts'
import type { AwsAnswer, AwsRequest } from './aws-services.ts'
import { AnswerLost, CognitoError, internalError } from './errors.ts'
import { foreignHost, foreignPage, isLoopbackOrigin } from './loopback.ts'

export const API_TARGET = 'AWSCognitoIdentityProviderService.'

const MAX_BODY_BYTES = 1_000_000
const KEEP_ALIVE_MS = 10 * 60 * 1000

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.map': 'application/json',
}

export interface Site {
  /** One operation of the API. Throws CognitoError, or AnswerLost when the connection is to break instead of an answer. */
  call(operation: string, request: UntypedObject): Promise<UntypedObject>
  /** The answer of a service beside Cognito, or undefined where none is there. */
  service(request: AwsRequest): AwsAnswer | undefined
  /** JSON for a GET of this address (its origin is the endpoint of the pool), or undefined. */
  read(address: URL): Promise<unknown>
  /** JSON for a POST of a JSON body to this path, or undefined. Throws CognitoError. */
  write(path: string, body: unknown): Promise<unknown>
  /** Folder of static files served at `/`. */
  readonly pageDirectory: string
}

/** A server that listens. A request that comes before `serve` is broken off. */
export interface Door {
  readonly server: Server
  readonly endpoint: string
  serve(site: Site): void
}

/**
 * Listens on 127.0.0.1 only.
 * @param port 0: a free one.
 * @throws Error when the port is taken.
 */
export async function listen(port: number): Promise<Door> {
  let endpoint = ''
  let site: Site | undefined
  const server = createServer((request, response) => {
    if (site === undefined) response.destroy()
    else handle(site, endpoint, request, response).catch(() => response.destroy())
  })
  // A client that computes for seconds, as SRP in a browser may, must not find its connection closed meanwhile.
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(new Error(cannotListen(port, error))))
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The local user pool has no port')
  endpoint = `http://127.0.0.1:${address.port}`
  const serve = (served: Site) => {
    site = served
  }
  return { server, endpoint, serve }
}

function cannotListen(port: number, error: NodeJS.ErrnoException): string {
  const problem =
    error.code === 'EADDRINUSE'
      ? 'the port is in use (EADDRINUSE), perhaps by another local user pool. Stop that, or choose'
      : `${error.message}. Choose`
  return `The local user pool cannot listen on port ${port}: ${problem} another port with LOCAL_POOL_PORT, or with the option port; 0 is a free one.`
}

async function handle(
  site: Site,
  endpoint: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = foreignHost(request.headers)
  if (refusal !== undefined) {
    sendJson(response, 403, { message: refusal })
    return
  }
  allowLoopbackPages(request, response)
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end()
    return
  }
  const target = request.headers['x-amz-target']
  if (request.method === 'POST' && typeof target === 'string' && target.startsWith(API_TARGET)) {
    await answerApi(site, target, request, response)
    return
  }
  if (request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) {
    await answerService(site, request, response)
    return
  }
  const address = readAddress(request.url ?? '/', endpoint)
  if (address === undefined) {
    sendJson(response, 400, { message: 'The address cannot be read.' })
    return
  }
  if (request.method === 'POST') {
    await answerWrite(site, address.pathname, request, response)
    return
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendJson(response, 405, { message: `${request.method} is not allowed.` })
    return
  }
  const found = await site.read(address)
  if (found !== undefined) {
    sendJson(response, 200, found)
    return
  }
  await sendFile(site.pageDirectory, address.pathname, response)
}

/** A path such as `//host` must not become another origin. */
function readAddress(path: string, endpoint: string): URL | undefined {
  try {
    return new URL(`${endpoint}${path}`)
  } catch {
    return undefined
  }
}

/** Only pages of this machine may read answers; any other site's script is stopped by the browser. */
function allowLoopbackPages(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers
  if (origin === undefined || !isLoopbackOrigin(origin)) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS')
  response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '*')
  response.setHeader('access-control-expose-headers', 'x-amzn-requestid, x-amzn-errortype, date')
  response.setHeader('access-control-max-age', '600')
}

async function answerApi(
  site: Site,
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const operation = target.startsWith(API_TARGET) ? target.slice(API_TARGET.length) : target
  let status = 200
  let answer: UntypedObject
  try {
    const body = parseJson(await readBody(request))
    if (!isObject(body)) throw new CognitoError('SerializationException', 'The body is not a JSON object.')
    answer = await site.call(operation, body)
  } catch (thrown) {
    if (thrown instanceof AnswerLost) {
      request.socket.destroy()
      return
    }
    const error = toCognitoError(thrown)
    status = error.status
    answer = { __type: error.type, message: error.message }
    response.setHeader('x-amzn-errortype', `${error.type}:`)
  }
  response.setHeader('x-amzn-requestid', crypto.randomUUID())
  sendJson(response, status, answer, 'application/x-amz-json-1.1')
}

/** A signed request that is not to Cognito is to another service of AWS. */
async function answerService(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { 'x-amz-target': target, authorization } = request.headers
  const answer = site.service({
    path: request.url ?? '/',
    target: typeof target === 'string' ? target : undefined,
    authorization,
    body: await readBody(request),
  })
  if (answer === undefined) {
    const message =
      'Only Cognito is here. Start with --rehearse for the services that the commands ask beside it.'
    sendJson(response, 404, { __type: 'UnknownOperationException', message })
    return
  }
  const errorHeader = answer.errorCode === undefined ? {} : { 'x-amzn-errortype': answer.errorCode }
  response.writeHead(answer.status, { 'content-type': answer.contentType, ...errorHeader }).end(answer.body)
}

async function answerWrite(
  site: Site,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = foreignPage(request.headers)
  if (refusal !== undefined) {
    sendJson(response, 403, { message: refusal })
    return
  }
  if (!request.headers['content-type']?.startsWith('application/json')) {
    sendJson(response, 415, { message: 'Send application/json, or an X-Amz-Target for the Cognito API.' })
    return
  }
  try {
    const answer = await site.write(path, parseJson(await readBody(request)))
    if (answer === undefined) sendJson(response, 404, { message: `There is nothing at ${path}.` })
    else sendJson(response, 200, answer)
  } catch (thrown) {
    const error = toCognitoError(thrown)
    sendJson(response, error.status, { message: error.message })
  }
}

function toCognitoError(thrown: unknown): CognitoError {
  if (thrown instanceof CognitoError) return thrown
  return internalError(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY_BYTES)
      throw new CognitoError('RequestEntityTooLargeException', 'The body is too long.', 413)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch {
    throw new CognitoError('SerializationException', 'The body is not JSON.')
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(JSON.stringify(body))
}

async function sendFile(directory: string, path: string, response: ServerResponse): Promise<void> {
  const file = path === '/' ? '/index.html' : path
  const content = await readInside(directory, file)
  if (content === undefined) {
    sendJson(response, 404, { message: `There is nothing at ${path}.` })
    return
  }
  const type = CONTENT_TYPES[extname(file)] ?? 'application/octet-stream'
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(content)
}

/** undefined for what is not a file inside the directory. */
async function readInside(directory: string, path: string): Promise<Buffer | undefined> {
  try {
    const file = normalize(join(directory, decodeURIComponent(path)))
    return file.startsWith(normalize(directory) + sep) ? await readFile(file) : undefined
  } catch {
    return undefined
  }
}
