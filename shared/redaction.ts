// Takes everything that identifies a person out of a trigger event and keeps its shape, so that it can be kept for ever.
import { lazyCrypto } from './lazy-crypto.ts'
import { field } from './trigger-event.ts'

/**
 * A copy of a trigger event in which every value that could name somebody is a made-up one: addresses, phone numbers,
 * ids, names, the answer, and whatever is not known to be harmless. Keys, types, nulls and absent keys stay.
 *
 * The same value becomes the same fake one in every event of one user: fakes are hashes of the value keyed with the
 * user's `sub`, a random id that Cognito puts into each of their events. Nothing has to be stored or configured, and who
 * does not know the `sub` cannot try addresses until one fits. Who does (it is in the user's own tokens, and in the
 * pool) can. Events without it, those of unknown users, get fakes that are the same for everybody.
 *
 * Never throws, and can be applied again to what it returned.
 */
export function redactEvent(event: unknown): unknown {
  const request = field(event, 'request')
  const candidates = [field(field(request, 'userAttributes'), 'sub'), field(event, 'userName')]
  const key = candidates.find(candidate => typeof candidate === 'string' && UUID.test(candidate))
  const fake = fakes(typeof key === 'string' ? `${key} ${String(field(event, 'userPoolId'))}` : undefined)
  return redact(event, { key: '', personal: false, depth: 0 }, fake)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DEPTH_LIMIT = 16

/** What stays as it is, by the key that it stands under: words of Cognito, not of people. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  version: /^\d$/,
  triggerSource: /^[A-Za-z]+_[A-Za-z]+$/,
  region: /^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/,
  awsSdkVersion: /^aws-sdk-[\w.-]{1,40}$/,
  clientId: /^CLIENT_ID_NOT_APPLICABLE$/,
  challengeName: /^[A-Z][A-Z_]{1,40}$/,
  'cognito:user_status': /^[A-Z][A-Z_]{1,40}$/,
  locale: /^[A-Za-z]{2,3}([-_][A-Za-z\d]{2,8}){0,3}$/,
  action: /^resend$/,
  'cognito:token_nbf': /^\d{13}$/,
  providerType: /^[A-Za-z]{1,20}$/,
}

/** What stays as it is anywhere: yes, no, nothing, and words that this project puts in place of an answer. */
const HARMLESS_ANYWHERE = /^(true|false|cognito:default_val|<answer>|<code>|)$/i

/** Counters, and times in milliseconds. A person's own data has numbers of other kinds, so there they go too. */
const HARMLESS_NUMBER = /^(-?\d{1,3}|1\d{12})$/
const PERSONAL = ['userAttributes', 'clientMetadata', 'validationData', 'groupConfiguration']

type Fakes = (value: string, key: string) => string
type Place = { readonly key: string; readonly personal: boolean; readonly depth: number }

function redact(value: unknown, place: Place, fake: Fakes): unknown {
  if (place.depth > DEPTH_LIMIT) return null
  const at = (key: string): Place => ({
    key,
    personal: place.personal || PERSONAL.includes(key),
    depth: place.depth + 1,
  })
  if (typeof value === 'string') return redactText(value, place, fake)
  if (typeof value === 'number') return isHarmlessNumber(String(value), place) ? value : 0
  if (Array.isArray(value)) return value.map(item => redact(item, at(place.key), fake))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      /^[A-Za-z][\w:.-]{0,60}$/.test(name) ? name : fake(name, 'name'),
      redact(item, at(name), fake),
    ]),
  )
}

function redactText(value: string, place: Place, fake: Fakes): string {
  const harmless =
    HARMLESS_ANYWHERE.test(value) ||
    (Object.hasOwn(HARMLESS, place.key) && HARMLESS[place.key]?.test(value) === true)
  if (harmless || isHarmlessNumber(value, place)) return value
  if (place.key === 'challengeAnswer') return '<answer>'
  const json = /^[[{]/.test(value) ? parsed(value) : undefined
  return json === undefined ? fake(value, place.key) : JSON.stringify(redact(json, place, fake))
}

function isHarmlessNumber(text: string, { personal, key }: Place): boolean {
  return !personal && key !== 'challengeAnswer' && key !== 'userName' && HARMLESS_NUMBER.test(text)
}

/** @param key what only the user's own events hold; undefined makes every fake of one shape the same */
function fakes(key: string | undefined): Fakes {
  // The same for the same value, whatever the case that an address was typed in.
  const hash = (value: string) => (key === undefined ? '0'.repeat(64) : digest(key, value.toLowerCase()))
  return (value, name) => {
    if (name === 'userPoolId')
      return `${/^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}(?=_)/.exec(value)?.[0] ?? 'local'}_EXAMPLE00`
    if (name === 'clientId') return `1example${letters(digest('clientId', value)).slice(0, 18)}`
    if (UUID.test(value)) return `00000000-0000-4000-8000-${hash(value).slice(0, 12)}`
    if (/^[^\s@]+@[^\s@]+$/.test(value)) return `user-${letters(hash(value)).slice(0, 8)}@example.com`
    if (/^\+\d{6,15}$/.test(value))
      return `+1555555${String(Number.parseInt(hash(value).slice(0, 8), 16) % 10_000).padStart(4, '0')}`
    return `redacted-${letters(hash(value)).slice(0, 8)}`
  }
}

function digest(key: string, value: string): string {
  return lazyCrypto().createHmac('sha256', key).update(value).digest('hex')
}

/** Hexadecimal digits as the letters a to p: a fake must not look like a code by chance. */
function letters(hexadecimal: string): string {
  return hexadecimal.replace(/./g, digit => String.fromCharCode(97 + Number.parseInt(digit, 16)))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
