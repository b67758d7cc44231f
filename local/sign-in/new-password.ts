// NEW_PASSWORD_REQUIRED: the new password, and the attributes that a client may write with it.

import type { UntypedObject } from '../../command/json.ts'
import { type PendingSignIn, passedEntry } from '../challenges.ts'
import { invalidParameter, notAuthorized } from '../errors.ts'
import type { Pool } from '../pool.ts'
import type { User } from '../users.ts'
import {
  type Answer,
  type ChallengeAnswer,
  openChallenge,
  requiredParameter,
  type SignInContext,
} from './open-challenge.ts'
import { askForSecondFactor } from './second-factor.ts'

export function askForNewPassword(pool: Pool, signIn: PendingSignIn, user: User): UntypedObject {
  const { sub: _sub, ...attributes } = Object.fromEntries(user.attributes)
  const parameters = {
    USER_ID_FOR_SRP: signIn.username,
    requiredAttributes: JSON.stringify(missingAttributes(pool, user).map(name => `userAttributes.${name}`)),
    userAttributes: JSON.stringify(attributes),
  }
  return openChallenge(pool, signIn, { name: 'NEW_PASSWORD_REQUIRED' }, parameters)
}

/** The answer. What is refused before the password changed leaves the session open for another try. */
export async function changePassword(
  context: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  user: User,
): Answer {
  const { pool } = context
  const password = requiredParameter(responses, 'NEW_PASSWORD')
  const missing = missingAttributes(pool, user)
  const attributes = new Map(
    Object.keys(responses.values)
      .filter(key => key.startsWith('userAttributes.'))
      .map(key => [key.slice('userAttributes.'.length), responses.string(key)]),
  )
  signIn.client.checkWritable(attributes.keys())
  pool.description.checkSchema(attributes)
  for (const name of attributes.keys()) {
    if (pool.description.requiredAttributes.includes(name) && !missing.includes(name)) {
      throw notAuthorized(`Cannot modify an already provided ${name}`)
    }
  }
  for (const name of missing) {
    if (!attributes.get(name)) throw invalidParameter(`Invalid attributes given, ${name} is missing`)
  }
  pool.users.checkPolicy(password)
  pool.users.refuseTakenAddress(user, attributes)
  pool.sessions.consume(session)
  pool.users.setPassword(user, password, { permanent: true })
  pool.users.setAttributes(user, attributes)
  const entry =
    pool.behaviour.afterNewPassword === 'define-with-entry' ? [passedEntry('NEW_PASSWORD_REQUIRED')] : []
  const changed = { ...signIn, passwordChanged: true, entries: [...signIn.entries, ...entry] }
  return askForSecondFactor(context, changed, user)
}

function missingAttributes(pool: Pool, user: User): string[] {
  return pool.description.requiredAttributes.filter(name => !user.attributes.has(name))
}
