// The Filter of ListUsers: `attribute = "value"` for the whole value, `attribute ^= "value"` for its beginning.
import { invalidParameter } from './errors.ts'
import type { User } from './users.ts'

/** The attributes that the API reference of ListUsers lets one search; custom ones are not among them. */
const SEARCHABLE = [
  'username',
  'email',
  'phone_number',
  'name',
  'given_name',
  'family_name',
  'preferred_username',
  'cognito:user_status',
  'status',
  'sub',
]

/**
 * @param filter left out or empty: every user.
 * @throws CognitoError InvalidParameterException.
 */
export function userFilter(filter: string | undefined): (user: User) => boolean {
  if (filter === undefined || filter.trim() === '') return () => true
  const match = /^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$/.exec(filter)
  if (match === null) throw invalidParameter(`Error while parsing filter: ${filter}`)
  const [, attribute = '', operator, quoted = ''] = match
  if (!SEARCHABLE.includes(attribute)) {
    throw invalidParameter(`Cannot filter on ${attribute}; one can on ${SEARCHABLE.join(', ')}.`)
  }
  const wanted = quoted.replaceAll(/\\(.)/g, '$1')
  // Of all attributes only this one is compared without regard to case (API reference of ListUsers).
  const folded = (text: string) => (attribute === 'cognito:user_status' ? text.toUpperCase() : text)
  return user => {
    const value = attributeValue(user, attribute)
    if (value === undefined) return false
    return operator === '=' ? folded(value) === folded(wanted) : folded(value).startsWith(folded(wanted))
  }
}

function attributeValue(user: User, attribute: string): string | undefined {
  if (attribute === 'username') return user.username
  if (attribute === 'cognito:user_status') return user.status
  if (attribute === 'status') return user.enabled ? 'Enabled' : 'Disabled'
  return user.attributes.get(attribute)
}
