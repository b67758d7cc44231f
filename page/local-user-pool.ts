// What the page asks the local user pool: where it is, which mails it sent, and what happened.

export interface PoolDescription {
  readonly endpoint: string
  readonly userPoolId: string
  readonly clientId: string
  readonly users: readonly PoolUser[]
}

export interface PoolUser {
  readonly username: string
  /** Left out once the person has chosen another one. */
  readonly password: string | undefined
  readonly status: string
}

export interface Mail {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** A request to the Cognito API, or a call of a trigger that it caused. */
export interface Call {
  readonly number: number
  readonly revision: number
  readonly kind: 'request' | 'trigger'
  /** Of a trigger call: the request that caused it. */
  readonly requestNumber: number | undefined
  /** The operation or the trigger. */
  readonly name: string
  readonly attempt: number
  readonly durationMs: number | undefined
  readonly input: unknown
  readonly answer: unknown
  readonly error: string | undefined
}

/** @throws Error when the pool does not answer, or not with a description */
export async function fetchPool(): Promise<PoolDescription> {
  const pool = await fetchJson('/local-user-pool.json')
  return {
    endpoint: textAt(pool, 'endpoint'),
    userPoolId: textAt(pool, 'userPoolId'),
    clientId: textAt(pool, 'clientId'),
    users: listOf(at(pool, 'users')).map(user => ({
      username: textAt(user, 'username'),
      password: textAt(user, 'password') || undefined,
      status: textAt(user, 'status'),
    })),
  }
}

/** The mails that the pool sent, oldest first. */
export async function fetchMails(): Promise<readonly Mail[]> {
  return listOf(await fetchJson('/local-user-pool/messages')).map(mail => ({
    at: 1000 * (numberAt(mail, 'at') ?? 0),
    to: textAt(mail, 'to'),
    subject: textAt(mail, 'subject'),
    text: textAt(mail, 'text'),
    html: textAt(mail, 'html'),
  }))
}

/** The calls that began or ended after a revision. */
export async function fetchCalls(since: number): Promise<readonly Call[]> {
  return listOf(await fetchJson(`/local-user-pool/calls?since=${since}`)).map(readCall)
}

function readCall(call: unknown): Call {
  const kind = at(call, 'kind') === 'trigger' ? 'trigger' : 'request'
  const failed = at(call, 'error')
  return {
    number: numberAt(call, 'number') ?? 0,
    revision: numberAt(call, 'revision') ?? 0,
    kind,
    requestNumber: numberAt(call, 'requestNumber'),
    name: textAt(call, kind === 'trigger' ? 'trigger' : 'operation'),
    attempt: numberAt(call, 'attempt') ?? 1,
    durationMs: numberAt(call, 'durationMs'),
    input: at(call, kind === 'trigger' ? 'event' : 'request'),
    answer: at(call, 'answer'),
    error: failed === undefined ? undefined : typeof failed === 'string' ? failed : textAt(failed, 'message'),
  }
}

async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(path, { cache: 'no-store' })
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`)
  return response.json()
}

/** The value under a path of keys; undefined where there is none. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => {
    const found = typeof inner === 'object' && inner !== null ? Object.entries(inner) : []
    return found.find(([name]) => name === key)?.[1]
  }, value)
}

/** The text under a path of keys; '' where there is none. */
export function textAt(value: unknown, ...keys: readonly string[]): string {
  const found = at(value, ...keys)
  return typeof found === 'string' ? found : ''
}

function numberAt(value: unknown, key: string): number | undefined {
  const found = at(value, key)
  return typeof found === 'number' ? found : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
