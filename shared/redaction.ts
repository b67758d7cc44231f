// Takes everything that identifies a person out of a trigger event and keeps its shape, so that it can be kept.
import { lazyCrypto } from './lazy-crypto.ts'
import { field } from './trigger-event.ts'

/**
 * A copy of a trigger event in which every value that could identify a person is replaced: addresses, phone numbers,
 * ids, names, the answer, and whatever is not known to be harmless at its place. Keys, types, nulls and absent keys stay;
 * only a key that could be a value, such as one inside a text of JSON, is replaced too.
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
  return redact(event, { path: '', personal: false, depth: 0 }, fake)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DEPTH_LIMIT = 16

/** Languages (ISO 639-1) and countries (ISO 3166-1) that a `locale` may name: who writes it may write anything. */
const LANGUAGES =
  'ar|bg|bn|ca|cs|da|de|el|en|es|et|fa|fi|fr|he|hi|hr|hu|id|it|ja|ko|lt|lv|ms|nb|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|sw|ta|te|th|tr|uk|ur|vi|zh'
const COUNTRIES =
  'AE|AR|AT|AU|BE|BG|BR|CA|CH|CL|CN|CO|CZ|DE|DK|DZ|EE|EG|ES|FI|FR|GB|GR|HK|HR|HU|ID|IE|IL|IN|IQ|IR|IT|JO|JP|KE|KR|LB|LT|LU|LV|MA|MO|MX|MY|NL|NO|NZ|PE|PH|PK|PL|PT|RO|RS|RU|SA|SE|SG|SI|SK|TH|TN|TR|TW|UA|US|VE|VN|ZA'
const LOCALE = new RegExp(`^(${LANGUAGES})([-_](Hans|Hant))?([-_](${COUNTRIES}))?$`)
const STATUS =
  /^(UNCONFIRMED|CONFIRMED|ARCHIVED|COMPROMISED|UNKNOWN|RESET_REQUIRED|FORCE_CHANGE_PASSWORD|EXTERNAL_PROVIDER)$/
const CHALLENGE = /^[A-Z][A-Z_]{1,40}$/
const ROUND_KEYS = ['reason', 'nonce', 'keyId', 'sentAt', 'expiresAt', 'sends']

/** What stays as it is, by its place in the event (`[]` an item of a list, `{}` the value of a text of JSON). */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  triggerSource: /^[A-Za-z]+_[A-Za-z]+$/,
  region: /^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/,
  'callerContext.awsSdkVersion': /^aws-sdk-[\w.-]{1,40}$/,
  'callerContext.clientId': /^CLIENT_ID_NOT_APPLICABLE$/,
  'request.challengeName': CHALLENGE,
  'request.session[].challengeName': CHALLENGE,
  'response.challengeName': CHALLENGE,
  'request.userAttributes.cognito:user_status': STATUS,
  'request.userAttributes.cognito:token_nbf': /^\d{13}$/,
  'request.userAttributes.locale': LOCALE,
  'request.userAttributes.identities{}[].providerType':
    /^(SAML|OIDC|Facebook|Google|LoginWithAmazon|SignInWithApple)$/,
  'request.clientMetadata.action': /^resend$/,
  'request.clientMetadata.locale': LOCALE,
}

/** The keys that stay in a text of JSON, by the place of the object; any other key there may be a value. */
const JSON_KEYS: Readonly<Record<string, readonly string[]>> = {
  'request.userAttributes.identities{}[]': [
    'userId',
    'providerName',
    'providerType',
    'issuer',
    'primary',
    'dateCreated',
  ],
  'request.session[].challengeMetadata{}': ROUND_KEYS,
  'response.challengeMetadata{}': ROUND_KEYS,
}

/** What stays as it is anywhere: yes, no, nothing, and words that this project puts in place of an answer. */
const HARMLESS_ANYWHERE = /^(true|false|cognito:default_val|<answer>|<code>|)$/i

/** Counters, and times in milliseconds. A person's own data has numbers of other kinds, so there they go too. */
const HARMLESS_NUMBER = /^(-?\d{1,3}|1\d{12})$/
const NOT_NUMBERS = ['request.challengeAnswer', 'userName']
const PERSONAL = ['userAttributes', 'clientMetadata', 'validationData', 'groupConfiguration']

type Fakes = (value: string, path: string) => string
type Place = { readonly path: string; readonly personal: boolean; readonly depth: number }

function redact(value: unknown, place: Place, fake: Fakes): unknown {
  if (place.depth > DEPTH_LIMIT) return null
  const inside = { personal: place.personal, depth: place.depth + 1 }
  if (typeof value === 'string') return redactText(value, place, fake)
  if (typeof value === 'number') return isHarmlessNumber(String(value), place) ? value : 0
  if (Array.isArray(value))
    return value.map(item => redact(item, { ...inside, path: `${place.path}[]` }, fake))
  if (typeof value !== 'object' || value === null) return value
  const redacted = new Map<string, unknown>()
  for (const [name, item] of Object.entries(value)) {
    const path = place.path === '' ? name : `${place.path}.${name}`
    const personal = place.personal || PERSONAL.includes(name)
    const key = redactKey(name, place, fake)
    // The fakes of an unknown user are all the same: each key keeps its value.
    const uniqueKey = redacted.has(key) ? `${key}-${redacted.size}` : key
    redacted.set(uniqueKey, redact(item, { ...inside, path, personal }, fake))
  }
  return Object.fromEntries(redacted)
}

/** The names of attributes and parameters stay: a pool or an app has chosen them. What is inside such a value is not one. */
function redactKey(name: string, { path }: Place, fake: Fakes): string {
  const known =
    path.includes('{}') || /\.(userAttributes|clientMetadata|validationData)\./.test(path)
      ? Object.hasOwn(JSON_KEYS, path) && JSON_KEYS[path]?.includes(name) === true
      : /^[A-Za-z][\w:-]{0,60}$/.test(name)
  return known ? name : fake(name, 'name')
}

function redactText(value: string, place: Place, fake: Fakes): string {
  const harmless =
    HARMLESS_ANYWHERE.test(value) ||
    (Object.hasOwn(HARMLESS, place.path) && HARMLESS[place.path]?.test(value) === true)
  if (harmless || isHarmlessNumber(value, place)) return value
  if (place.path === 'request.challengeAnswer') return '<answer>'
  const json = /^[[{]/.test(value) ? parsed(value) : undefined
  if (json === undefined) return fake(value, place.path)
  return JSON.stringify(redact(json, { ...place, path: `${place.path}{}`, depth: place.depth + 1 }, fake))
}

function isHarmlessNumber(text: string, { personal, path }: Place): boolean {
  return !personal && !NOT_NUMBERS.includes(path) && HARMLESS_NUMBER.test(text)
}

/** @param key what only the user's own events hold; undefined makes every fake of one shape the same */
function fakes(key: string | undefined): Fakes {
  // The same for the same value, whatever the case that an address was typed in.
  const hash = (value: string) => (key === undefined ? '0'.repeat(64) : digest(key, value.toLowerCase()))
  return (value, path) => {
    if (path === 'userPoolId')
      return `${/^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}(?=_)/.exec(value)?.[0] ?? 'local'}_EXAMPLE00`
    if (path === 'callerContext.clientId') return `1example${letters(digest('clientId', value), 18)}`
    if (UUID.test(value)) return `00000000-0000-4000-8000-${hash(value).slice(0, 12)}`
    if (/^[^\s@]+@[^\s@]+$/.test(value)) return `user-${letters(hash(value), 8)}@example.com`
    if (/^\+\d{6,15}$/.test(value))
      return `+1555555${String(Number.parseInt(hash(value).slice(0, 8), 16) % 10_000).padStart(4, '0')}`
    return `redacted-${letters(hash(value), 8)}`
  }
}

function digest(key: string, value: string): string {
  return lazyCrypto().createHmac('sha256', key).update(value).digest('hex')
}

/** The first hexadecimal digits as the letters a to p: a fake must not look like a code by chance. */
function letters(hexadecimal: string, length: number): string {
  return hexadecimal
    .slice(0, length)
    .replace(/./g, digit => String.fromCharCode(97 + Number.parseInt(digit, 16)))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
