// Makes sign-ins of logged trigger events: redacted, in order, each answer told by what came after it.
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, type JsonObject, member, objectAt } from '../command/json.ts'
import type { TriggerName } from '../local/trigger-process.ts'
import { redactEvent } from '../shared/redaction.ts'
import type { LoggedEvent } from './log-export.ts'
import { triggerOfSource } from './trigger-sources.ts'

/** A sign-in as a log tells it, ready to be written. `name` is that of the file: `02-create-auth-challenge`. */
export type LoggedSignIn = {
  readonly events: readonly { readonly name: string; readonly event: JsonObject }[]
}

/** The trigger that an event is for; undefined for triggers that this project does not have. */
function triggerOf(event: JsonObject): TriggerName | undefined {
  return triggerOfSource(event['triggerSource'])
}

/**
 * Groups events by sign-in, in the order in which they were logged, and redacts them. A sign-in is one user at one
 * app client; a new one begins when Define sees a session that does not continue the last one.
 */
export function recordedSignIns(logged: readonly LoggedEvent[]): LoggedSignIn[] {
  const inOrder = logged
    .map((it, index) => ({ ...it, index }))
    .toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0) || one.index - other.index)
  const groups: JsonObject[][] = []
  for (const { event } of inOrder) {
    const redacted = asJsonObject(redactEvent(event))
    if (triggerOf(redacted) === undefined) continue
    const group = groups.findLast(candidate => continuesSignIn(candidate, redacted))
    if (group === undefined) groups.push([redacted])
    // Cognito calls again when an answer is late: the same event twice is one.
    else if (!isDeepStrictEqual(group.at(-1), redacted)) group.push(redacted)
  }
  return groups.map(group => ({
    events: group.map((event, index) => ({
      name: `${String(index + 1).padStart(2, '0')}-${triggerOf(event)}`,
      event: withAnswer(event, group.slice(index + 1), sessionBefore(group, index)),
    })),
  }))
}

/** Whether an event belongs to a sign-in that has begun. */
function continuesSignIn(group: readonly JsonObject[], event: JsonObject): boolean {
  const [first] = group
  const last = group.at(-1)
  if (first === undefined || last === undefined || !isSameUser(first, event)) return false
  if (isDeepStrictEqual(last, event)) return true
  switch (triggerOf(event)) {
    case 'define-auth-challenge': {
      const before = sessionBefore(group, group.length) ?? []
      const session = sessionOf(event) ?? []
      return triggerOf(last) !== 'pre-token-generation' && session.length >= 2 && beginsWith(session, before)
    }
    case 'create-auth-challenge':
      return (
        triggerOf(last) === 'define-auth-challenge' && isDeepStrictEqual(sessionOf(last), sessionOf(event))
      )
    case 'verify-auth-challenge-response':
      return triggerOf(last) === 'create-auth-challenge'
    default:
      return triggerOf(last) !== 'pre-token-generation'
  }
}

function isSameUser(one: JsonObject, other: JsonObject): boolean {
  const paths = [['userPoolId'], ['userName'], ['callerContext', 'clientId']]
  return paths.every(path => member(one, ...path) === member(other, ...path))
}

function sessionOf(event: JsonObject): Json[] | undefined {
  const session = member(event, 'request', 'session')
  return Array.isArray(session) ? session : undefined
}

/** The last session that was seen before an event. */
function sessionBefore(group: readonly JsonObject[], index: number): Json[] | undefined {
  return group
    .slice(0, index)
    .map(sessionOf)
    .findLast(session => session !== undefined)
}

function beginsWith(session: readonly Json[], before: readonly Json[]): boolean {
  const facts = (entry: Json | undefined) => [
    member(entry, 'challengeName'),
    member(entry, 'challengeResult'),
  ]
  return before.every((entry, index) => isDeepStrictEqual(facts(entry), facts(session[index])))
}

/** `<code>` if the next session says that the answer was right, `000000` if not or if nothing says so. */
function withAnswer(event: JsonObject, later: readonly JsonObject[], before: Json[] | undefined): JsonObject {
  const request = objectAt(event, 'request')
  if (request['challengeAnswer'] === undefined || request['challengeAnswer'] === '') return event
  const next = later.map(sessionOf).find(session => session !== undefined)
  const right = member(next?.[before?.length ?? 0], 'challengeResult') === true
  return { ...event, request: { ...request, challengeAnswer: right ? '<code>' : '000000' } }
}

function asJsonObject(value: unknown): JsonObject {
  const json: Json = JSON.parse(JSON.stringify(value))
  return isJsonObject(json) ? json : {}
}

/** What may look like an address, a number or a code: made by redaction, or by Cognito itself. */
const HARMLESS = [
  /^[\w.+-]+@([\w-]+\.)*example\.(com|org|net)$/,
  /^\+1555555\d{4}$/,
  /^00000000-0000-4000-8000-[0-9a-f]{12}$/,
  /^1\d{12}$/,
  /^(<code>|000000|CLIENT_ID_NOT_APPLICABLE)$/,
  /^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}(_EXAMPLE00)?$/,
  /^aws-sdk-[\w.-]+$/,
  /^1example[a-p]{18}$/,
]

const SUSPECTS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an address', /[^\s@]@[^\s@]/],
  ['a phone number', /\+\d[\d\s().-]{5,}/],
  ['a code or a personal number', /\d(?:[\s-]?\d){5,}/],
  ['a secret', /(?=[\w+/=-]*\d)[\w+/=-]{32,}/],
]

export type Suspect = { readonly path: string; readonly what: string }

/** Every value, and every key, in which something personal seems to be left. Empty for what may be written. */
export function suspectsIn(value: Json, path = ''): Suspect[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => suspectsIn(item, `${path}[${index}]`))
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => [
      ...suspectsInText(key, `${path}.(a key)`),
      ...suspectsIn(item, path === '' ? key : `${path}.${key}`),
    ])
  }
  if (typeof value !== 'string' && typeof value !== 'number') return []
  const text = String(value)
  const json = /^[[{]/.test(text) ? readJson(text) : undefined
  return json === undefined ? suspectsInText(text, path) : suspectsIn(json, path)
}

function suspectsInText(text: string, path: string): Suspect[] {
  if (HARMLESS.some(pattern => pattern.test(text))) return []
  const found = SUSPECTS.find(([, pattern]) => pattern.test(text))
  return found === undefined ? [] : [{ path, what: found[0] }]
}

function readJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
