// The connections to the table of the limit: opened early where a call waits, used for one request, and never kept.
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import { listening } from '../testing/listening.ts'
import { countRequest } from './limit.ts'

const REQUEST = countRequest('limits', 'user', 0, { maxCodesPerHour: 1, maxCodesPerDay: 1 })

/** Takes connections and closes them. */
const server = createServer(socket => {
  sockets.push(socket.on('error', () => {}).end())
})
let sockets: Socket[] = []
let port = 0
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' })
  port = await listening(server)
})
afterEach(() => {
  jest.restoreAllMocks()
  sockets = []
})
afterAll(() => {
  server.close()
})

/** A client keeps its endpoint, so each endpoint has a client of its own. */
function tableAt(url: string) {
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = url
  jest.resetModules()
  return import('./limit-table.ts')
}

test('a connection is opened early where that is asked for, and otherwise not', async () => {
  const { prepareTable } = await tableAt(`https://127.0.0.1:${port}`)
  await expect(prepareTable(REQUEST, 'eu-central-1', false)).resolves.toBeUndefined()
  expect(sockets).toHaveLength(0)
  await expect(prepareTable(REQUEST, 'eu-central-1', true)).resolves.toBeUndefined()
  expect(sockets).toHaveLength(1)
})

test('no connection is kept: it may be closed by the next call, and a request is never repeated', async () => {
  let connections = 0
  const http = createHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}')
  }).on('connection', () => {
    connections += 1
  })
  const { countMail } = await tableAt(`http://127.0.0.1:${await listening(http)}`)
  for (const expected of [1, 2]) {
    expect(await countMail(REQUEST, 'eu-central-1', 5_000)).toEqual({ name: 'counted' })
    expect(connections).toBe(expected)
  }
  http.close()
})

test('nor with TLS, though the client is', async () => {
  const { countMail } = await tableAt(`https://127.0.0.1:${port}`)
  const { EarlyAgent } = await import('./early-connection.ts')
  const connect = jest.spyOn(EarlyAgent.prototype, 'createConnection')
  for (const _ of [1, 2]) await expect(countMail(REQUEST, 'eu-central-1', 5_000)).rejects.toThrow()
  expect(connect).toHaveBeenCalledWith(expect.objectContaining({ keepAlive: false }), expect.anything())
  expect(connect).toHaveBeenCalledTimes(2)
  expect(new Set(connect.mock.contexts).size).toBe(1)
})

test.each([
  [{ codes: { N: '30' } }, 30],
  [{}, undefined],
  [undefined, undefined],
])('a full counter says how many codes there were where the table tells: %j', async (Item, codes) => {
  const http = createHttpServer((_, response) => {
    response
      .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      .end(JSON.stringify({ __type: 'ConditionalCheckFailedException', Item }))
  })
  const { countMail } = await tableAt(`http://127.0.0.1:${await listening(http)}`)
  expect(await countMail(REQUEST, 'eu-central-1', 5_000)).toEqual({ name: 'full', codes })
  http.close()
})
