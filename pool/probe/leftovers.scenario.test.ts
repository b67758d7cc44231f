// A probe that is interrupted or killed at any moment: the user is deleted at once, or by the next run, and nobody else is.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import {
  AdminCreateUserCommand,
  ListUsersCommand,
  type UserType,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type LocalUserPool, startLocalUserPool } from '../../local/local-user-pool.ts'
import { startFaultProxy } from '../../testing/fault-proxy.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import { jsonOf } from '../../testing/pool-run.ts'
import { environmentOf, probePool } from '../../testing/probe-run.ts'

/** The sign-in calls of one run against this pool; a signal that comes with the last ones may find nothing to interrupt. */
const SIGN_IN_CALLS = 21

let pool: LocalUserPool
let before: string[]

beforeAll(async () => {
  pool = await startLocalUserPool()
  // A stranger whose address resembles that of a throw-away user.
  await sdkFor(pool).send(
    new AdminCreateUserCommand({
      UserPoolId: pool.userPoolId,
      Username: 'cognito-email-code-probe-1@example.com',
    }),
  )
  before = await addresses()
})

afterAll(() => pool.close())

async function addresses(): Promise<string[]> {
  const { Users = [] } = await sdkFor(pool).send(new ListUsersCommand({ UserPoolId: pool.userPoolId }))
  return Users.map(addressOf)
}

function addressOf({ Attributes = [] }: UserType): string {
  return Attributes.find(({ Name }) => Name === 'email')?.Value ?? ''
}

function startProbe(): ChildProcess {
  const ids = ['--user-pool-id', pool.userPoolId, '--client-id', pool.clientId]
  return spawn(
    process.execPath,
    ['dist/command/cognito-email-code.mjs', 'probe', ...ids, '--yes', '--json'],
    { env: { PATH: process.env['PATH'], ...environmentOf(pool) }, stdio: ['ignore', 'pipe', 'ignore'] },
  )
}

/** Sends the signal when the pool gets that request after the creation of the user; 0 is the creation itself. */
async function stopAt(request: number, signal: 'SIGINT' | 'SIGKILL'): Promise<number | null> {
  const child = startProbe()
  let count = -1
  const numbers = new Set<number>()
  const unsubscribe = pool.subscribe(call => {
    if (call.kind !== 'request' || numbers.has(call.number)) return
    numbers.add(call.number)
    if (count < 0 && call.operation !== 'AdminCreateUser') return
    count += 1
    if (count === request) child.kill(signal)
  })
  try {
    await once(child, 'exit')
    return child.exitCode
  } finally {
    unsubscribe()
  }
}

const MOMENTS = [0, 1, ...Array.from({ length: 4 }, () => randomInt(2, SIGN_IN_CALLS - 4))]

test.each(MOMENTS)('killed at its request %i, the next run deletes the user', async request => {
  await stopAt(request, 'SIGKILL')
  const left = (await addresses()).filter(address => !before.includes(address))
  const next = await probePool(pool)
  expect(jsonOf(next)['removed']).toHaveLength(left.length)
  expect(left).toHaveLength(1)
  expect(await addresses()).toEqual(before)
})

test.each(MOMENTS)('interrupted at its request %i, it deletes the user and says so', async request => {
  expect(await stopAt(request, 'SIGINT')).toBe(2)
  expect(await addresses()).toEqual(before)
})

test('interrupted while the operator is asked for the code, it deletes the user', async () => {
  const controller = new AbortController()
  const run = await probePool(pool, ['--yes', '--json', '--email', 'operator@example.com'], {
    signal: controller.signal,
    typed: () => {
      controller.abort()
      return ''
    },
  })
  expect({ code: run.code, json: jsonOf(run)['code'] }).toEqual({ code: 2, json: 'interrupted' })
  expect(await addresses()).toEqual(before)
})

test('when the answer to the creation is lost, the user is deleted', async () => {
  const proxy = await startFaultProxy(pool.endpoint)
  try {
    const lost = { change: () => ({}) }
    proxy.next('AdminCreateUser', lost)
    const run = await probePool(pool, undefined, { endpoint: proxy.endpoint })
    expect(run.code).toBe(0)
    expect(await addresses()).toEqual(before)
  } finally {
    await proxy.close()
  }
})

test('when the user cannot be deleted, the error names it and the command that deletes it', async () => {
  const proxy = await startFaultProxy(pool.endpoint)
  const body = JSON.stringify({ __type: 'AccessDeniedException', message: 'not allowed' })
  proxy.always('AdminDeleteUser', { status: 400, contentType: 'application/x-amz-json-1.1', body })
  try {
    const run = await probePool(pool, undefined, { endpoint: proxy.endpoint })
    expect(jsonOf(run)).toMatchObject({
      code: 'user-left',
      error: expect.stringContaining('aws cognito-idp admin-delete-user --user-pool-id'),
    })
  } finally {
    await proxy.close()
  }
  expect(jsonOf(await probePool(pool))['removed']).toHaveLength(1)
  expect(await addresses()).toEqual(before)
})
