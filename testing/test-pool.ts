// What the tests of the client share: a local pool with many users, Amplify set up for it, requests and mails counted.
import { Amplify } from 'aws-amplify'
import { ConsoleLogger } from 'aws-amplify/utils'
import type { PoolCall } from '../local/call-log.ts'
import {
  type LocalUserPool,
  type LocalUserPoolOptions,
  startLocalUserPool,
} from '../local/local-user-pool.ts'
import { AMPLIFY_SRP_FILE, type AmplifySrp, computePowersByOpenSsl } from './amplify-srp.ts'

export const TEMPORARY_PASSWORD = 'Temporary-1'
export const PERMANENT_PASSWORD = 'Permanent-1'
export { NEW_PASSWORD } from './passwords.ts'

export interface TestPool {
  readonly pool: LocalUserPool
  /** A user that no test has used yet. */
  newUser(): { username: string; password: string }
  knownUser(): { username: string; password: string }
  /** Subjects and codes of the mails to a user, oldest first. A code is read from the text part. */
  mails(username: string): Promise<readonly { subject: string; code: string }[]>
  /** The code of the newest mail to a user. */
  code(username: string): Promise<string>
  /** How often an operation was called since the last look. */
  requests(operation: string): number
  /** The names of the triggers called since the last look at them. */
  triggers(): readonly string[]
}

/**
 * @param options over a pool whose codes may be sent again at once
 * @param usersOfEachKind how many
 */
export async function startTestPool(
  options: LocalUserPoolOptions = {},
  usersOfEachKind = 30,
): Promise<TestPool> {
  const numbers = Array.from({ length: usersOfEachKind }, (_, index) => index + 1)
  const attributes = { email_verified: 'true' }
  const newUsers = numbers.map(number => ({
    username: `new-${number}@example.com`,
    password: TEMPORARY_PASSWORD,
    status: 'FORCE_CHANGE_PASSWORD' as const,
    attributes,
  }))
  const knownUsers = numbers.map(number => ({
    username: `known-${number}@example.com`,
    password: PERMANENT_PASSWORD,
    status: 'CONFIRMED' as const,
    attributes,
  }))
  const pool = await startLocalUserPool({
    users: [...newUsers, ...knownUsers],
    ...options,
    environment: { RESEND_AFTER_SECONDS: '0', ...options.environment },
  })
  configureAmplify(pool)
  const seen = new Map<string, number>()

  function unseen(kind: string): readonly PoolCall[] {
    const calls = pool.calls.slice(seen.get(kind) ?? 0)
    seen.set(kind, pool.calls.length)
    return calls
  }

  async function mails(username: string) {
    const messages = await pool.messages()
    return messages
      .filter(({ to }) => to === username)
      .map(({ subject, text }) => ({ subject, code: /(?<!\d)\d{6,10}(?!\d)/.exec(text)?.[0] ?? '' }))
  }

  return {
    pool,
    newUser: () => taken(newUsers.shift()),
    knownUser: () => taken(knownUsers.shift()),
    mails,
    code: async username => taken((await mails(username)).at(-1)).code,
    requests: operation =>
      unseen(operation).filter(call => call.kind === 'request' && call.operation === operation).length,
    triggers: () => unseen('triggers').flatMap(call => (call.kind === 'trigger' ? [call.trigger] : [])),
  }
}

/**
 * A jest test runs in a realm of its own, where the TypeError of `fetch` is not its own, and Amplify would not recognise a broken
 * connection. In a browser and in plain Node.js it does.
 */
const { fetch } = globalThis
globalThis.fetch = (...request) =>
  fetch(...request).catch((error: unknown) => {
    throw new TypeError(String(error))
  })

// Amplify warns of every endpoint that is not Cognito's own.
ConsoleLogger.LOG_LEVEL = 'ERROR'

export function configureAmplify(pool: LocalUserPool): void {
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: pool.userPoolId,
        userPoolClientId: pool.clientId,
        userPoolEndpoint: pool.endpoint,
      },
    },
  })
}

/** A code that is certainly not the given one. */
export function wrongCode(code: string, step = 1): string {
  return String((Number(code) + step) % 10 ** code.length).padStart(code.length, '0')
}

function taken<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('No user is left: start the test pool with more users.')
  return value
}

/** Waits of Amplify between its tries are shorter than this; deadlines are longer. */
const LONGEST_WAIT_TO_SHORTEN = 5000

const { default: BigInteger }: AmplifySrp = await import(AMPLIFY_SRP_FILE)

/**
 * Speeds Amplify up in this process: it waits only a tenth as long between its tries, and OpenSSL computes its SRP powers,
 * as a native module does in React Native; the protocol is the same. The function that it returns ends that. Tests without
 * it meet Amplify's own arithmetic.
 */
export function speedUpSrp(): () => void {
  const { setTimeout: realSetTimeout } = globalThis
  const shorter = (work: () => void, milliseconds = 0) =>
    realSetTimeout(work, milliseconds < LONGEST_WAIT_TO_SHORTEN ? milliseconds / 10 : milliseconds)
  globalThis.setTimeout = Object.assign(shorter, realSetTimeout)
  const endPowers = computePowersByOpenSsl(BigInteger)
  return () => {
    globalThis.setTimeout = realSetTimeout
    endPowers()
  }
}
