// The rules of the migration: which user is moved to Cognito's e-mail factor, and who stays, for which reason. Pure.
import type { Factors, NativeUser } from './native-users.ts'

/** The name of Cognito's e-mail factor in UserMFASettingList. */
export const EMAIL_FACTOR = 'EMAIL_OTP'

/** Why a user is not moved. */
export const SKIP_REASONS = {
  'already-moved': 'the e-mail factor is on and preferred already',
  federated: 'signs in through another identity provider, where MFA of the pool does not apply',
  disabled: 'is disabled',
  unconfirmed: 'has not confirmed the sign-up',
  'reset-required': 'must reset the password first, which needs the mailbox as a way to recover the account',
  'unknown-status': 'has a status that this command does not know',
  'no-address': 'has no e-mail address',
  'own-factor': 'has a second factor of their own (--with-own-factors moves them too)',
  'unverified-address': 'has an address that is not verified (--with-unverified moves them too)',
} as const

export type SkipReason = keyof typeof SKIP_REASONS

export type MoveDecision = { readonly name: 'move' } | { readonly name: 'skip'; readonly reason: SkipReason }

export type MoveRules = {
  /** Move users who have a factor of their own that the pool offers; it stays on, but is no longer preferred. */
  readonly withOwnFactors: boolean
  /** Move users whose address is not verified. */
  readonly withUnverified: boolean
  /** The factors that the pool offers: a factor that it does not offer is never asked for. */
  readonly offered: readonly string[]
}

/** The rules of a run that was given no options. */
export function defaultRules(offered: readonly string[]): MoveRules {
  return { withOwnFactors: false, withUnverified: false, offered }
}

export function moveDecision(user: NativeUser, rules: MoveRules): MoveDecision {
  const { factors, status } = user
  if (status === 'EXTERNAL_PROVIDER') return skip('federated')
  if (factors.list.includes(EMAIL_FACTOR) && factors.preferred === EMAIL_FACTOR) return skip('already-moved')
  if (!user.enabled) return skip('disabled')
  if (status === 'UNCONFIRMED') return skip('unconfirmed')
  // Cognito sends no code to reset a password to the address of an e-mail factor.
  if (status === 'RESET_REQUIRED') return skip('reset-required')
  if (status !== 'CONFIRMED' && status !== 'FORCE_CHANGE_PASSWORD') return skip('unknown-status')
  if (user.email === undefined) return skip('no-address')
  if (!rules.withOwnFactors && ownFactors(factors, rules.offered).length > 0) return skip('own-factor')
  if (!rules.withUnverified && !user.emailVerified) return skip('unverified-address')
  return { name: 'move' }
}

function skip(reason: SkipReason): MoveDecision {
  return { name: 'skip', reason }
}

function ownFactors({ list }: Factors, offered: readonly string[]): string[] {
  return list.filter(factor => factor !== EMAIL_FACTOR && offered.includes(factor))
}

/**
 * Whether a user keeps MFA from being required. Somebody without a factor may be asked to set one up right after the password,
 * and whoever has only the password could then do that. A user without an address always is; of the others, Cognito asks those
 * who cannot sign in now for a code at their address once they can.
 */
export function blocksFinish(user: NativeUser, offered: readonly string[]): boolean {
  if (user.status === 'EXTERNAL_PROVIDER' || !user.enabled) return false
  if (user.factors.list.some(factor => offered.includes(factor))) return false
  if (user.email === undefined) return true
  return user.status !== 'UNCONFIRMED' && user.status !== 'RESET_REQUIRED'
}

/**
 * The factors that putting a user back leads to: the e-mail factor as it was before the move, the preference as it was, and
 * whatever the user has changed of other factors since.
 */
export function restoredFactors(now: Factors, before: Factors): Factors {
  const others = now.list.filter(factor => factor !== EMAIL_FACTOR)
  const list = before.list.includes(EMAIL_FACTOR) ? [...others, EMAIL_FACTOR] : others
  const chosenSince = now.preferred === EMAIL_FACTOR ? null : now.preferred
  const preferred =
    before.preferred !== null && list.includes(before.preferred) ? before.preferred : chosenSince
  return { list, preferred }
}

export function sameFactors(one: Factors, other: Factors): boolean {
  return (
    one.preferred === other.preferred &&
    one.list.length === other.list.length &&
    one.list.every(factor => other.list.includes(factor))
  )
}
