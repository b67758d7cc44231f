// What the page asks the local user pool: where it is, its mails, its faults, new users, and what happened.

export interface PoolAddress {
  readonly endpoint: string
  readonly userPoolId: string
  readonly clientId: string
}

export interface PoolDescription extends PoolAddress {
  readonly users: readonly PoolUser[]
}

export interface PoolUser {
  readonly username: string
  /** Left out once the person has chosen another one. */
  readonly password: string | undefined
  readonly status: string
}

export interface Mail {
  /** Seconds since 1970. */
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
  /** Of a trigger call: what it answered after Cognito had stopped waiting. */
  readonly lateAnswer: unknown
  /** Of a request: the connection broke before the answer arrived. */
  readonly answerLost: boolean
  readonly error: string | undefined
}

/** @throws Error when the pool does not answer, or not with a description */
export async function fetchPool(): Promise<PoolDescription> {
  const pool = await fetchJson('/local-user-pool.json')
  return {
    endpoint: textAt(pool, 'endpoint'),
    userPoolId: textAt(pool, 'userPoolId'),
    clientId: textAt(pool, 'clientId'),
    users: listOf(at(pool, 'users')).map(readUser),
  }
}

function readUser(user: unknown): PoolUser {
  return {
    username: textAt(user, 'username'),
    password: textAt(user, 'password') || undefined,
    status: textAt(user, 'status'),
  }
}

/**
 * The mails that the pool sent, oldest first.
 *
 * @param since only those from this second on (`at` of a mail)
 */
export async function fetchMails(since = 0): Promise<readonly Mail[]> {
  return listOf(await fetchJson(`/local-user-pool/messages?since=${since}`))
    .map(mail => ({
      at: numberAt(mail, 'at') ?? 0,
      to: textAt(mail, 'to'),
      subject: textAt(mail, 'subject'),
      text: textAt(mail, 'text'),
      html: textAt(mail, 'html'),
    }))
    .filter(({ at: second }) => second >= since)
}

/** The code that a mail brings, if it brings one. */
export function codeIn({ text }: Mail): string | undefined {
  return /^\D*(\d{6,10})\b/m.exec(text)?.[1]
}

/** A user with a temporary password who has never signed in. */
export async function createUser(): Promise<PoolUser> {
  return readUser(await postJson('/local-user-pool/users', {}))
}

/** Makes `password` the permanent one of a user. The local pool asks for no administrator's credentials. */
export async function setPassword(pool: PoolAddress, username: string, password: string): Promise<void> {
  const target = 'AWSCognitoIdentityProviderService.AdminSetUserPassword'
  const request = { UserPoolId: pool.userPoolId, Username: username, Password: password, Permanent: true }
  await postJson('/', request, { 'x-amz-target': target })
}

/** The fault switches of the pool. */
export interface FaultState {
  readonly afterNewPassword: string
  readonly refuseMail: boolean
  /** Seconds that the clock of the pool is ahead of this device's. */
  readonly clockOffset: number
  /** Operations whose next answer will be lost. */
  readonly answersToLose: readonly string[]
  /** Triggers whose next call will be slow. */
  readonly slowTriggers: readonly string[]
}

export async function fetchFaults(): Promise<FaultState> {
  return readFaults(await fetchJson('/local-user-pool/faults'))
}

/** @returns the switches after the change */
export async function changeFaults(change: Readonly<Record<string, unknown>>): Promise<FaultState> {
  return readFaults(await postJson('/local-user-pool/faults', change))
}

function readFaults(state: unknown): FaultState {
  return {
    afterNewPassword: textAt(state, 'afterNewPassword'),
    refuseMail: at(state, 'refuseMail') === true,
    clockOffset: numberAt(state, 'clockOffset') ?? 0,
    answersToLose: listOf(at(state, 'waiting', 'dropNextAnswer')).map(String),
    slowTriggers: listOf(at(state, 'waiting', 'delayTrigger')).map(delay => textAt(delay, 'trigger')),
  }
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
    lateAnswer: at(call, 'lateAnswer'),
    answerLost: at(call, 'answerLost') === true,
    error: failed === undefined ? undefined : typeof failed === 'string' ? failed : textAt(failed, 'message'),
  }
}

function fetchJson(path: string): Promise<unknown> {
  return ask(path, {})
}

function postJson(path: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  return ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(path, { cache: 'no-store', ...init })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/** The value under a path of keys, or undefined. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => {
    const found = typeof inner === 'object' && inner !== null ? Object.entries(inner) : []
    return found.find(([name]) => name === key)?.[1]
  }, value)
}

/** The text under a path of keys, or an empty string. */
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
