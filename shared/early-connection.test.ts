// The connection that is opened before the first request: it is used once, only for its own host, and only while it is fresh.
import { once } from 'node:events'
import { request } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import {
  GetSendQuotaCommand,
  type GetSendQuotaCommandInput,
  type GetSendQuotaCommandOutput,
  SESClient,
} from '@aws-sdk/client-ses'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { FinalizeRequestMiddleware } from '@smithy/types'
import { listening } from '../testing/listening.ts'
import { EarlyAgent, prepareRequest } from './early-connection.ts'
import { lambdaClientSettings } from './lambda-sdk.ts'
import { field } from './trigger-event.ts'

/** Takes connections and never answers: what counts is which connections come. */
const server = createServer(socket => {
  sockets.push(socket.on('error', () => {}))
})
let sockets: Socket[] = []
let port = 0
const agents: EarlyAgent[] = []

beforeEach(async () => {
  sockets = []
  port = await listening(server)
})
afterEach(async () => {
  jest.restoreAllMocks()
  for (const agent of agents.splice(0)) agent.destroy()
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

/** Opens early, and waits until the connection is there. */
async function opened() {
  const agent = new EarlyAgent()
  agents.push(agent)
  const open = agent.open('127.0.0.1', port)
  await once(server, 'connection')
  return { agent, open }
}

/** The connections that the server has after one request. */
async function connectionsAfterRequest(agent: EarlyAgent, host = '127.0.0.1') {
  const sent = request({ agent, host, port, path: '/' }).on('error', () => {})
  const [socket] = await once(sent, 'socket')
  if (socket.connecting) await once(socket, 'connect')
  await new Promise(resolve => setImmediate(resolve))
  sent.destroy()
  return sockets.length
}

test('the first request takes the connection that is open already', async () => {
  const { agent } = await opened()
  expect(await connectionsAfterRequest(agent)).toBe(1)
  expect(await connectionsAfterRequest(agent)).toBe(2)
})

test('a request to another host opens its own', async () => {
  const { agent } = await opened()
  expect(await connectionsAfterRequest(agent, 'localhost')).toBe(2)
})

test('a request to another port opens its own', async () => {
  const { agent } = await opened()
  const other = createServer(socket => socket.on('error', () => {}).destroy())
  const otherPort = await listening(other)
  const connected = once(other, 'connection')
  request({ agent, host: '127.0.0.1', port: otherPort, path: '/' }).on('error', () => {})
  await connected
  other.close()
})

test.each([
  [1_999, 1],
  [2_000, 2],
])('after %i milliseconds, of 2,000 that it is used in, there are %i connections', async (later, count) => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000)
  const { agent } = await opened()
  now.mockReturnValue(1_000_000 + later)
  expect(await connectionsAfterRequest(agent)).toBe(count)
})

test('it is ready when its handshake is over', async () => {
  const { agent, open } = await opened()
  agent.createConnection({ host: '127.0.0.1', port })?.emit('secureConnect')
  await expect(open).resolves.toBeUndefined()
})

test.each([
  ['localhost', ['localhost']],
  ['127.0.0.1', []],
])('of the host %s the server is told the names %j: an address is no name', async (host, told) => {
  const names: string[] = []
  const tls = createTlsServer({
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  }).on('tlsClientError', () => {})
  await new EarlyAgent().open(host, await listening(tls))
  tls.close()
  expect(names).toEqual(told)
})

test('connections are kept, unless somebody says otherwise', () => {
  expect(new EarlyAgent()).toMatchObject({ keepAlive: true })
  expect(new EarlyAgent({ keepAlive: false })).toMatchObject({ keepAlive: false })
})

test('a connection that a stopped process kept is closed, and not used', async () => {
  const { agent, open } = await opened()
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now + 60_000)
  expect(await connectionsAfterRequest(agent)).toBe(2)
  await open
})

test('a connection that fails is no error: the first request opens its own', async () => {
  const { agent, open } = await opened()
  sockets[0]?.destroy()
  await open
  expect(await connectionsAfterRequest(agent)).toBe(2)
})

describe('when Lambda starts the process', () => {
  /** Loads Create. Both services are the server, which never says anything. */
  function loadCreate(initialization: string, settings: Readonly<Record<string, string>> = {}) {
    jest.resetModules()
    process.env = {
      ...ENVIRONMENT,
      AWS_LAMBDA_INITIALIZATION_TYPE: initialization,
      CODE_SECRET: 'ab'.repeat(32),
      FROM_ADDRESS: 'no-reply@example.com',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`,
      ...settings,
    }
    return import('../functions/create-auth-challenge.ts')
  }
  const ENVIRONMENT = process.env
  afterEach(() => {
    process.env = ENVIRONMENT
  })

  test('for a call that waits, Create connects to SES', async () => {
    const loading = loadCreate('on-demand')
    await once(server, 'connection')
    sockets[0]?.destroy()
    await loading
    expect(sockets).toHaveLength(1)
  })

  test('and there is a limit, it connects to DynamoDB at the same time', async () => {
    const loading = loadCreate('on-demand', { LIMIT_TABLE: 'limits' })
    while (sockets.length < 2) await once(server, 'connection')
    for (const socket of sockets) socket.destroy()
    await loading
    expect(sockets).toHaveLength(2)
  })

  test('and nothing answers, it goes on without a connection', async () => {
    const { handler } = await loadCreate('on-demand')
    expect(handler).toBeInstanceOf(Function)
    if (sockets.length === 0) await once(server, 'connection')
    expect(sockets).toHaveLength(1)
  })

  test('ahead of its first call, Create connects to nothing: the connection would be closed by then', async () => {
    await loadCreate('provisioned-concurrency', { LIMIT_TABLE: 'limits' })
    expect(sockets).toEqual([])
  })

  test('and SES is reached without TLS, as a server on this machine, it connects to nothing', async () => {
    await loadCreate('on-demand', { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` })
    expect(sockets).toEqual([])
  })

  test('and SES cannot be reached, on the usual port, Create loads all the same', async () => {
    await loadCreate('on-demand', { AWS_ENDPOINT_URL: 'https://127.0.0.1' })
    expect(sockets).toEqual([])
  })
})

test('a request is prepared with its signature, and not sent', async () => {
  const credentials = jest.fn(async () => ({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' }))
  const client = new SESClient({ region: 'eu-central-1', endpoint: `http://127.0.0.1:${port}`, credentials })
  const command = new GetSendQuotaCommand()
  const signed: boolean[] = []
  const seen: FinalizeRequestMiddleware<GetSendQuotaCommandInput, GetSendQuotaCommandOutput> =
    next => args => {
      signed.push(/^AWS4-HMAC-SHA256 /.test(String(field(field(args.request, 'headers'), 'authorization'))))
      return next(args)
    }
  // Behind the signature, and before what is last of this step.
  command.middlewareStack.add(seen, { step: 'finalizeRequest' })
  await prepareRequest(command, () => client.send(command), undefined)
  expect(credentials).toHaveBeenCalled()
  expect(signed).toEqual([true])
  expect(sockets).toEqual([])
})

test('the SDK gets the credentials of Lambda, and empty ones where there are none', async () => {
  const { credentials } = lambdaClientSettings('eu-central-1')
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
  for (const name of names) delete process.env[name]
  expect(await credentials()).toEqual({ accessKeyId: '', secretAccessKey: '' })
  for (const name of names) process.env[name] = name
  process.env['AWS_SDK_UA_APP_ID'] = 'app'
  expect(lambdaClientSettings('eu-central-1').userAgentAppId).toBe('app')
  expect(await credentials()).toEqual({
    accessKeyId: 'AWS_ACCESS_KEY_ID',
    secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
    sessionToken: 'AWS_SESSION_TOKEN',
  })
})

test('the SDK is told all that it would look for in files, and takes the variables that are its own', () => {
  const names = ['AWS_SDK_UA_APP_ID', 'AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT']
  const settingsWith = (variables: Readonly<Record<string, string>>) => {
    for (const name of names) delete process.env[name]
    Object.assign(process.env, variables)
    const { credentials: _, ...settings } = lambdaClientSettings('eu-central-1')
    return settings
  }
  const plain = {
    region: 'eu-central-1',
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'legacy',
    authSchemePreference: [],
    userAgentAppId: '',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  }
  expect(settingsWith({})).toEqual(plain)
  expect(settingsWith({ AWS_USE_FIPS_ENDPOINT: 'true' })).toEqual({ ...plain, useFipsEndpoint: true })
  expect(settingsWith({ AWS_USE_DUALSTACK_ENDPOINT: 'true' })).toEqual({
    ...plain,
    useDualstackEndpoint: true,
  })
  expect(settingsWith({ AWS_USE_FIPS_ENDPOINT: 'false', AWS_USE_DUALSTACK_ENDPOINT: '' })).toEqual(plain)
})

test('a host that cannot be reached is no error', async () => {
  await new EarlyAgent().open('localhost', 1)
})
