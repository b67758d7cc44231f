// A forgotten password: a code by mail, and the new password for it.
import type { UntypedObject } from '../../command/json.ts'
import { deliveryTo, newCode, sendVerificationMail } from '../attribute-changes.ts'
import { checkSecretHash } from '../client-secret.ts'
import { CognitoError, notAuthorized } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { findClient, type Operation, type Pool, userIn } from '../pool.ts'
import { CODE_LIFETIME_MS, type RecoveryDecision, recoveryDecision, withAttempt } from '../recovery.ts'
import type { User } from '../users.ts'

/** What the app client hides is answered like a code that was sent (developer guide, "Managing user existence error responses"). */
export const ForgotPassword: Operation = async (pool, request) => {
  const { name, user, isHiding } = subjectOf(pool, request)
  countAttempt(pool, name)
  const decision = user && decide(pool, user)
  if (user && decision?.name === 'mail') {
    return { CodeDeliveryDetails: await sendCode(pool, user, decision.address) }
  }
  if (decision?.name === 'refuse' && !(decision.isHidden && isHiding)) throw decision.error
  open(pool, name)
  return { CodeDeliveryDetails: deliveryTo(request.string('Username')) }
}

export const ConfirmForgotPassword: Operation = async (pool, request) => {
  const { name, user, isHiding } = subjectOf(pool, request)
  const code = request.string('ConfirmationCode')
  const password = request.string('Password')
  const recovery = countAttempt(pool, name)
  if (user?.enabled === false && !isHiding) throw notAuthorized('User is disabled.')
  if (pool.clock.now() > recovery.expiresAt) {
    throw new CognitoError('ExpiredCodeException', 'Invalid code provided, please request a code again.')
  }
  if (user?.enabled !== true || recovery.code !== code) {
    throw new CognitoError('CodeMismatchException', 'Invalid verification code provided, please try again.')
  }
  pool.users.setPassword(user, password, { permanent: true })
  pool.recoveries.set(name, { attempts: recovery.attempts, expiresAt: 0 })
  return {}
}

/** Sends a code as ForgotPassword does; until it is used, nobody signs in as the user. */
export const AdminResetUserPassword: Operation = async (pool, request) => {
  const user = userIn(pool, request)
  const decision = decide(pool, user)
  if (decision.name === 'refuse') throw decision.error
  await sendCode(pool, user, decision.address)
  user.status = 'RESET_REQUIRED'
  return {}
}

/**
 * Who it is about, and whether the app client hides that there is no such user.
 * @throws CognitoError UserNotFoundException for a user who does not exist, unless the app client hides that.
 */
function subjectOf(pool: Pool, request: Parameters) {
  const client = findClient(pool, request.string('ClientId'))
  const typed = request.string('Username')
  checkSecretHash(client, request.optionalString('SecretHash'), [typed])
  const user = pool.users.find(typed)
  const isHiding = client.hidesUnknownUsers
  if (user === undefined && !isHiding)
    throw new CognitoError('UserNotFoundException', 'Username/client id combination not found.')
  return { name: user?.username ?? typed.toLowerCase(), user, isHiding }
}

function decide({ description }: Pool, user: User): RecoveryDecision {
  return recoveryDecision(user, description.recoveryMechanisms, description.mfaConfiguration)
}

/** @throws CognitoError LimitExceededException. */
function countAttempt(pool: Pool, name: string) {
  const recovery = withAttempt(pool.recoveries.get(name), pool.clock.now())
  pool.recoveries.set(name, recovery)
  return recovery
}

async function sendCode(pool: Pool, { username }: User, address: string): Promise<UntypedObject> {
  const code = newCode()
  open(pool, username, code)
  await sendVerificationMail(pool, address, code)
  return deliveryTo(address)
}

/** @param code left out: none opens it. */
function open(pool: Pool, name: string, code?: string): void {
  const { attempts = [] } = pool.recoveries.get(name) ?? {}
  const expiresAt = pool.clock.now() + CODE_LIFETIME_MS
  pool.recoveries.set(name, { attempts, expiresAt, ...(code !== undefined && { code }) })
}
