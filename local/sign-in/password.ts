// The password: its proof in SRP, or itself, and where a right one leads.
import { type PendingSignIn, passedEntry } from '../challenges.ts'
import { incorrectUsernameOrPassword, notAuthorized } from '../errors.ts'
import { proofIsRight, type SrpExchange } from '../srp.ts'
import type { User } from '../users.ts'
import { decide, refuseUnusable } from './finish.ts'
import { askForNewPassword } from './new-password.ts'
import { type Answer, type ChallengeAnswer, requiredParameter, type SignInContext } from './open-challenge.ts'
import { askForSecondFactor } from './second-factor.ts'

/** The answer to PASSWORD_VERIFIER. */
export async function checkProof(
  context: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  exchange: SrpExchange,
): Answer {
  const { pool } = context
  const proof = {
    userPoolId: pool.description.id,
    userId: signIn.username,
    secretBlock: requiredParameter(responses, 'PASSWORD_CLAIM_SECRET_BLOCK'),
    timestamp: requiredParameter(responses, 'TIMESTAMP'),
    signature: requiredParameter(responses, 'PASSWORD_CLAIM_SIGNATURE'),
  }
  pool.sessions.consume(session)
  const { user } = signIn
  if (user) pool.users.refuseLockedOut(user)
  // The client stamps the machine's time: a clock that a test has advanced must not make its proof look old.
  const right = proofIsRight(exchange, proof, Date.now())
  if (user) pool.users.countPassword(user, right)
  if (!right || user?.password === undefined) throw incorrectUsernameOrPassword()
  return afterPassword(
    context,
    { ...signIn, entries: [...signIn.entries, passedEntry('PASSWORD_VERIFIER')] },
    user,
  )
}

/** PASSWORD of the flows that send it. */
export async function checkPlainPassword(
  context: SignInContext,
  signIn: PendingSignIn,
  password: string,
): Answer {
  const { user } = signIn
  const { users } = context.pool
  if (user === undefined) throw incorrectUsernameOrPassword()
  users.refuseLockedOut(user)
  const right = user.password?.matches(password) === true
  users.countPassword(user, right)
  if (!right) throw incorrectUsernameOrPassword()
  return afterPassword(context, signIn, user)
}

async function afterPassword(context: SignInContext, signIn: PendingSignIn, user: User): Answer {
  const { pool } = context
  refuseUnusable(user)
  if (user.status !== 'FORCE_CHANGE_PASSWORD') return askForSecondFactor(context, signIn, user)
  if (user.passwordExpiresAt !== undefined && pool.clock.now() > user.passwordExpiresAt) {
    throw notAuthorized('Temporary password has expired and must be reset by an administrator.')
  }
  const isDecidedFirst = signIn.flow === 'CUSTOM_AUTH' && pool.behaviour.afterNewPassword === 'define-first'
  const decided = isDecidedFirst ? await decide(context, signIn) : undefined
  return askForNewPassword(pool, { ...signIn, decided }, user)
}
