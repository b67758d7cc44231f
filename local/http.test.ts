// The HTTP side of the local user pool: addresses, CORS, the page, what happened, and the fault switches.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  DescribeUserPoolCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sdkFor, writeTriggers } from '../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

let pool: LocalUserPool
let folder: string
let removeTriggers: () => Promise<void>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'))
  await mkdir(join(folder, 'page'))
  await writeFile(join(folder, 'secret.txt'), 'not for the page')
  await writeFile(join(folder, 'page/index.html'), '<h1>Sign in</h1>')
  await writeFile(join(folder, 'page/page.js'), 'start()')
  await writeFile(join(folder, 'page/page.css'), 'h1 {}')
  const { directory, remove } = await writeTriggers()
  removeTriggers = remove
  pool = await startLocalUserPool({ directory, pageDirectory: join(folder, 'page') })
})

afterAll(async () => {
  await pool.close()
  await removeTriggers()
  await rm(folder, { recursive: true })
})

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${pool.endpoint}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

function startChallenge() {
  return sdkFor(pool).send(
    new InitiateAuthCommand({
      AuthFlow: 'CUSTOM_AUTH',
      ClientId: pool.clientId,
      AuthParameters: { USERNAME: 'known@example.com' },
    }),
  )
}

function answer(Session: string | undefined) {
  return sdkFor(pool).send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName: 'CUSTOM_CHALLENGE',
      Session,
      ChallengeResponses: { USERNAME: 'known@example.com', ANSWER: 'right' },
    }),
  )
}

/** A path and headers as they are, which `fetch` would tidy up. @returns the status */
function raw(
  path: string,
  headers: Record<string, string> = {},
  { at = pool.endpoint, method = 'GET' } = {},
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(at)
    request({ host: '127.0.0.1', port, path, method, headers }, response => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end(method === 'POST' ? '{}' : undefined)
  })
}

test('a tool finds all it needs at one address', async () => {
  const { endpoint, region, userPoolId, clientId, mailbox } = pool
  expect(await (await fetch(`${endpoint}/local-user-pool.json`)).json()).toEqual({
    endpoint,
    region,
    userPoolId,
    clientId,
    mailbox,
    users: [
      { username: 'new@example.com', password: 'Temporary-1', status: 'FORCE_CHANGE_PASSWORD' },
      { username: 'known@example.com', password: 'Permanent-1', status: 'CONFIRMED' },
    ],
  })
  const openId = await (await fetch(`${endpoint}/${userPoolId}/.well-known/openid-configuration`)).json()
  expect(openId.issuer).toBe(`https://cognito-idp.us-east-1.amazonaws.com/${userPoolId}`)
  const jwks = await (await fetch(openId.jwks_uri)).json()
  expect(jwks.keys).toMatchObject([
    { alg: 'RS256', use: 'sig', kid: expect.any(String) },
    { alg: 'RS256', use: 'sig', kid: expect.any(String) },
  ])
  for (const key of jwks.keys) expect(key).not.toHaveProperty('d')
})

test('an unknown operation is named in the error', async () => {
  await expect(
    sdkFor(pool).send(
      new SignUpCommand({
        ClientId: pool.clientId,
        Username: 'someone@example.com',
        Password: 'Permanent-1',
      }),
    ),
  ).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: expect.stringContaining('no operation SignUp'),
  })
})

test('what is not JSON, not an object or of the wrong type is refused', async () => {
  const target = { 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' }
  const send = async (body: string) => {
    const response = await fetch(pool.endpoint, { method: 'POST', headers: target, body })
    return [response.status, (await response.json()).__type]
  }
  expect(await send('{')).toEqual([400, 'SerializationException'])
  expect(await send('[]')).toEqual([400, 'SerializationException'])
  expect(await send('{"ClientId":5}')).toEqual([400, 'SerializationException'])
  expect(await send('{"ClientId":null}')).toEqual([400, 'InvalidParameterException'])
  expect(await send(JSON.stringify({ long: 'x'.repeat(1_000_001) }))).toEqual([
    413,
    'RequestEntityTooLargeException',
  ])
})

test('a page on this machine may call the API, a page of another site may not', async () => {
  const preflight = (origin: string) =>
    fetch(pool.endpoint, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-amz-target,x-amz-user-agent',
      },
    })
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1:5173']) {
    const { status, headers } = await preflight(origin)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-headers')).toContain('x-amz-target')
  }
  for (const origin of ['https://example.com', 'http://localhost.example.com', 'null']) {
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull()
  }
})

test('a request under the name of another host is refused, by the pool and by the mailbox', async () => {
  const { port } = new URL(pool.endpoint)
  for (const at of [pool.endpoint, pool.mailbox]) {
    for (const host of [
      'rebound.example.com',
      `localhost.example.com:${port}`,
      '10.0.0.1',
      '127.0.0.1.example.com',
    ]) {
      expect([host, await raw('/', { host }, { at })]).toEqual([host, 403])
    }
    for (const host of ['localhost', `LOCALHOST:${port}`, '127.0.0.1:1', '[::1]:9229']) {
      expect([host, await raw('/', { host }, { at })]).toEqual([host, 200])
    }
  }
})

test('a page of another origin changes nothing here: no switch, no user, no mail', async () => {
  await post('/local-user-pool/faults', { reset: true })
  const headers = { 'content-type': 'application/json', authorization: 'AWS local' }
  for (const origin of ['https://example.com', 'http://localhost:3000', 'null']) {
    for (const [path, at] of [
      ['/local-user-pool/faults', pool.endpoint],
      ['/local-user-pool/users', pool.endpoint],
      ['/clear-store', pool.mailbox],
      ['/v2/email/outbound-emails', pool.mailbox],
    ] as const) {
      expect([origin, path, await raw(path, { ...headers, origin }, { at, method: 'POST' })]).toEqual([
        origin,
        path,
        403,
      ])
    }
  }
  for (const [path, at] of [
    ['/local-user-pool/faults', pool.endpoint],
    ['/clear-store', pool.mailbox],
  ] as const) {
    expect(await raw(path, { ...headers, origin: at }, { at, method: 'POST' })).toBe(200)
    expect(await raw(path, headers, { at, method: 'POST' })).toBe(200)
  }
})

test('a first-time user is made by one request, and is in the list from then on', async () => {
  const add = async (body: unknown) => {
    const response = await post('/local-user-pool/users', body)
    return [response.status, await response.json()]
  }
  const first = {
    username: 'new-1@example.com',
    password: 'Temporary-1',
    status: 'FORCE_CHANGE_PASSWORD',
  }
  expect(await add({})).toEqual([200, first])
  expect(await add({})).toEqual([200, { ...first, username: 'new-2@example.com' }])
  expect((await add({ username: 'me' }))[0]).toBe(400)
  const { users } = await (await fetch(`${pool.endpoint}/local-user-pool.json`)).json()
  expect(users).toContainEqual(first)
})

test('SES refuses mails while the switch is on', async () => {
  await post('/local-user-pool/faults', { refuseMail: true })
  const send = () =>
    fetch(`${pool.mailbox}/`, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        Action: 'SendEmail',
        Source: 'no-reply@example.com',
        'Destination.ToAddresses.member.1': 'known@example.com',
        'Message.Subject.Data': 'A subject',
        'Message.Body.Text.Data': 'A text',
      }),
    })
  const refused = await send()
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('MessageRejected')])
  await post('/local-user-pool/faults', { refuseMail: false })
  expect((await send()).status).toBe(200)
  const messages = async (since: number) =>
    (await fetch(`${pool.endpoint}/local-user-pool/messages?since=${since}`)).json()
  const [{ at, subject }] = await messages(0)
  expect(subject).toBe('A subject')
  expect(await messages(at + 1)).toEqual([])
})

test('the clock can be wrong to both sides, and reset brings everything back', async () => {
  await post('/local-user-pool/faults', { reset: true })
  const start = await (await fetch(`${pool.endpoint}/local-user-pool/faults`)).json()
  const at = async () => {
    await startChallenge()
    return Date.parse(pool.calls.at(-1)?.at ?? '') - Date.now()
  }
  await post('/local-user-pool/faults', {
    clockOffset: -600,
    refuseMail: true,
    afterNativeFactor: 'tokens',
    failNext: { operation: 'DescribeUserPool', type: 'TooManyRequestsException', message: 'Too many' },
    dropNextAnswer: 'RespondToAuthChallenge',
  })
  expect(Math.round((await at()) / 60_000)).toBe(-10)
  await post('/local-user-pool/faults', { clockOffset: 600 })
  expect(Math.round((await at()) / 60_000)).toBe(10)
  expect((await post('/local-user-pool/faults', { clockOffset: 86_401 })).status).toBe(400)
  expect(await (await post('/local-user-pool/faults', { reset: true })).json()).toEqual(start)
  expect(Math.abs(await at())).toBeLessThan(60_000)
})

test('the page is served with its types, and nothing outside its folder', async () => {
  const get = async (path: string) => {
    const response = await fetch(`${pool.endpoint}${path}`)
    return [response.status, response.headers.get('content-type')]
  }
  expect(await get('/')).toEqual([200, 'text/html; charset=utf-8'])
  expect(await get('/page.js')).toEqual([200, 'text/javascript; charset=utf-8'])
  expect(await get('/page.css')).toEqual([200, 'text/css; charset=utf-8'])
  expect(await get('/nothing.js')).toEqual([404, 'application/json'])
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%',
    '/..\\secret.txt',
    '/%00',
  ]) {
    expect([path, await raw(path)]).toEqual([path, 404])
  }
})

test('a request whose answer is dropped is still processed', async () => {
  const { Session } = await startChallenge()
  await post('/local-user-pool/faults', { dropNextAnswer: 'RespondToAuthChallenge' })
  await expect(answer(Session)).rejects.toThrow('socket hang up')
  expect(pool.calls.findLast(call => call.kind === 'request')).toMatchObject({
    answer: { AuthenticationResult: { TokenType: 'Bearer' } },
    answerLost: true,
  })
  await expect(answer(Session)).rejects.toThrow('session can only be used once')
})

test('the next answer can be replaced by an error', async () => {
  const failNext = {
    operation: 'DescribeUserPool',
    type: 'TooManyRequestsException',
    message: 'Too many requests',
  }
  await post('/local-user-pool/faults', { failNext })
  const describe = () => sdkFor(pool).send(new DescribeUserPoolCommand({ UserPoolId: pool.userPoolId }))
  await expect(describe()).rejects.toMatchObject({ name: 'TooManyRequestsException' })
  expect((await describe()).UserPool?.Id).toBe(pool.userPoolId)
})

test('the other switches work over HTTP too', async () => {
  const { Session } = await startChallenge()
  const response = await post('/local-user-pool/faults', {
    expireSessions: true,
    afterNewPassword: 'tokens',
    killTrigger: 'define-auth-challenge',
    clientMetadataReachesCreate: false,
  })
  const state = {
    afterNewPassword: 'tokens',
    afterNativeFactor: 'define-with-entry',
    clientMetadataReachesCreate: false,
    refuseMail: false,
    clockOffset: 0,
    quotas: false,
    waiting: {
      dropNextAnswer: [],
      failNext: [],
      delayTrigger: [],
      killTrigger: ['define-auth-challenge'],
    },
  }
  expect(await response.json()).toEqual(state)
  expect(await (await fetch(`${pool.endpoint}/local-user-pool/faults`)).json()).toEqual(state)
  await expect(answer(Session)).rejects.toThrow('session is expired')
  await expect(startChallenge()).rejects.toThrow('signal: killed')
  await post('/local-user-pool/faults', {
    delayTrigger: { trigger: 'create-auth-challenge', milliseconds: 50 },
    advanceClock: 60,
  })
  const { Session: late } = await startChallenge()
  await post('/local-user-pool/faults', { advanceClock: 181 })
  await expect(answer(late)).rejects.toThrow('session is expired')
})

test('an unknown switch, or a wrong value, changes nothing', async () => {
  const before = pool.faults.afterNativeFactor
  for (const body of [
    { afterNativeFactor: 'tokens', nothing: true },
    { afterNativeFactor: 'tokens', killTrigger: 'no-trigger' },
    { afterNativeFactor: 'tokens', advanceClock: -1 },
    { afterNativeFactor: 'tokens', delayTrigger: { trigger: 'create-auth-challenge' } },
    { afterNativeFactor: 'sometimes' },
    [],
  ]) {
    expect((await post('/local-user-pool/faults', body)).status).toBe(400)
  }
  expect(pool.faults.afterNativeFactor).toBe(before)
  const asForm = await post('/local-user-pool/faults', {}, { 'content-type': 'text/plain' })
  expect(asForm.status).toBe(415)
  expect((await post('/elsewhere', {})).status).toBe(404)
})

test('a signed request and one with an unknown signature are treated alike', async () => {
  const client = new CognitoIdentityProviderClient({
    endpoint: pool.endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'anybody', secretAccessKey: 'anything' },
  })
  const { UserPool } = await client.send(new DescribeUserPoolCommand({ UserPoolId: pool.userPoolId }))
  expect(UserPool?.Id).toBe(pool.userPoolId)
})

test('a taken port is an error that says so, and nothing stays behind', async () => {
  const { port } = new URL(pool.endpoint)
  await expect(startLocalUserPool({ port: Number(port) })).rejects.toThrow(
    new RegExp(`cannot listen on port ${port}: .*EADDRINUSE.*LOCAL_POOL_PORT`),
  )
  const mailPort = Number(new URL(pool.mailbox).port)
  await expect(startLocalUserPool({ mailPort })).rejects.toThrow(`did not start on port ${mailPort}`)
})

test('a user who has set a new password is shown as CONFIRMED, and the old password is no longer shown', async () => {
  const fresh = await startLocalUserPool()
  try {
    const [first, second] = fresh.users
    await sdkFor(fresh).send(
      new AdminSetUserPasswordCommand({
        UserPoolId: fresh.userPoolId,
        Username: first?.username,
        Password: 'Brand-New-Password-1',
        Permanent: true,
      }),
    )
    const { users } = await (await fetch(`${fresh.endpoint}/local-user-pool.json`)).json()
    expect(users).toEqual([
      { username: first?.username, status: 'CONFIRMED' },
      { username: second?.username, password: second?.password, status: 'CONFIRMED' },
    ])
  } finally {
    await fresh.close()
  }
})
