// The challenge sequence: what a sign-in has passed so far, and what comes next. Pure, total, and the same for all triggers.
import { type CodeRound, canPass, isFormer, isResend, readRound } from './code-round.ts'
import type { HostedUi, NativeMfa } from './setting-descriptors.ts'
import type { SessionEntry } from './trigger-event.ts'

export type SequencePolicy = {
  /** Wrong codes that end the sign-in. */
  readonly maxAttempts: number
  /** Mails of one sign-in, and requests for a resend that do not count as attempts. */
  readonly maxSends: number
  readonly nativeMfa: NativeMfa
}

/** A running sign-in as Define and Create see it. */
export type SignIn = {
  readonly session: readonly SessionEntry[]
  readonly userNotFound: boolean
  /** The answer that led here asked for a new mail (ClientMetadata `action: resend`). */
  readonly resendRequested: boolean
}

export type RefusalReason =
  | 'no-password-start'
  | 'unexpected-order'
  | 'unknown-challenge'
  | 'unknown-round'
  | 'failed-challenge'
  | 'user-not-found'
  | 'too-many-wrong-codes'

export type Step =
  | { readonly name: 'ask-password' }
  | { readonly name: 'ask-code' }
  | { readonly name: 'issue-tokens'; readonly factor: 'code' | 'native' }
  | { readonly name: 'refuse'; readonly reason: RefusalReason }

/** What the session says, read once from front to back. */
export type Progress = {
  readonly userNotFound: boolean
  /** Why the session can never end in tokens; undefined while it still can. */
  readonly fault: RefusalReason | undefined
  /** SRP_A alone proves nothing, so the password is only asked then; PASSWORD_VERIFIER behind it proves it. */
  readonly password: 'not-started' | 'asked' | 'passed'
  readonly codePassed: boolean
  readonly emailFactorPassed: boolean
  /** SOFTWARE_TOKEN_MFA or SMS_MFA. */
  readonly otherFactorPassed: boolean
  /** A factor was set up in this session: with the password alone, so no factor of this session proves anything. */
  readonly factorSetUp: boolean
  /** Code challenges answered so far, rightly or not. */
  readonly rounds: number
  readonly failedRounds: number
  readonly lastRoundFailed: boolean
  /** Failed rounds that were no answers but requests for a new mail. */
  readonly resendRequests: number
  /** A round that a version without key ids opened was failed: perhaps by its right code, which no longer opens it. */
  readonly formerRoundFailed: boolean
  readonly lastRound: CodeRound | undefined
}

/** Steps of Cognito's own that may come anywhere after the password. */
const BUILT_IN_STEPS: ReadonlySet<string> = new Set([
  'EMAIL_OTP',
  'SOFTWARE_TOKEN_MFA',
  'SMS_MFA',
  'NEW_PASSWORD_REQUIRED',
  'MFA_SETUP',
  'SELECT_MFA_TYPE',
  'DEVICE_SRP_AUTH',
  'DEVICE_PASSWORD_VERIFIER',
])

/**
 * Decides what comes next in a sign-in: tokens if and only if the password step is passed and after it a code (or an
 * accepted native factor). Anything unknown, out of order or failed is refused.
 *
 * @example
 * const step = nextStep(readProgress(signIn), { maxAttempts: 3, maxSends: 3, nativeMfa: 'ask' })
 */
export function nextStep(progress: Progress, policy: SequencePolicy): Step {
  if (progress.fault !== undefined) return { name: 'refuse', reason: progress.fault }
  if (progress.password === 'not-started') return { name: 'refuse', reason: 'no-password-start' }
  if (progress.password === 'asked') return { name: 'ask-password' }
  if (countWrongCodes(progress, policy) >= policy.maxAttempts)
    return { name: 'refuse', reason: 'too-many-wrong-codes' }
  if (progress.codePassed) return { name: 'issue-tokens', factor: 'code' }
  if (acceptsNativeFactor(progress, policy)) return { name: 'issue-tokens', factor: 'native' }
  return { name: 'ask-code' }
}

/**
 * Attempts used so far: answers that were compared with a code or came too late for it, and requests for a resend beyond
 * the allowed mails. Those up to it are free, so a sign-in has at most `maxAttempts + maxSends` rounds; one more if it
 * began under a version without key ids, so that an upgrade does not take the user's last attempt.
 */
export function countWrongCodes(progress: Progress, policy: { readonly maxSends: number }): number {
  const freeRequests = Math.min(progress.resendRequests, policy.maxSends)
  return Math.max(0, progress.failedRounds - freeRequests - (progress.formerRoundFailed ? 1 : 0))
}

/** Whether a code may be mailed to the user, and its answer accepted: the password step is passed, nothing else failed. */
export function mayReceiveCode(progress: Progress): boolean {
  return progress.password === 'passed' && progress.fault === undefined
}

function acceptsNativeFactor(progress: Progress, { nativeMfa }: SequencePolicy): boolean {
  if (nativeMfa === 'ask' || progress.factorSetUp) return false
  return progress.emailFactorPassed || (nativeMfa === 'accept-any' && progress.otherFactorPassed)
}

/** Reads the session of a sign-in. Counts do not depend on positions: Cognito may put steps of its own in between. */
export function readProgress({ session, userNotFound, resendRequested }: SignIn): Progress {
  const progress = session.reduce(addEntry, startOfSignIn(userNotFound))
  return resendRequested ? countResendRequest(progress) : progress
}

/** The progress of a sign-in that has no entry yet. */
export function startOfSignIn(userNotFound: boolean): Progress {
  return {
    userNotFound,
    fault: undefined,
    password: 'not-started',
    codePassed: false,
    emailFactorPassed: false,
    otherFactorPassed: false,
    factorSetUp: false,
    rounds: 0,
    failedRounds: 0,
    lastRoundFailed: false,
    resendRequests: 0,
    formerRoundFailed: false,
    lastRound: undefined,
  }
}

/** The progress after one more entry of the session. What it returns depends on nothing but its two arguments. */
export function addEntry(before: Progress, entry: SessionEntry): Progress {
  const round = readRound(entry.challengeMetadata)
  const progress = { ...before, fault: before.fault ?? faultOf(before, entry, round) }
  const { challengeName, challengeResult } = entry
  if (challengeName === 'CUSTOM_CHALLENGE') return addRound(progress, challengeResult, round)
  if (progress.fault !== undefined) return progress
  switch (challengeName) {
    case 'SRP_A':
      return { ...progress, password: 'asked' }
    case 'PASSWORD_VERIFIER':
      return { ...progress, password: 'passed' }
    case 'EMAIL_OTP':
      return { ...progress, emailFactorPassed: true }
    case 'SOFTWARE_TOKEN_MFA':
    case 'SMS_MFA':
      return { ...progress, otherFactorPassed: true }
    case 'MFA_SETUP':
      return { ...progress, factorSetUp: true }
    default:
      return progress
  }
}

function addRound(before: Progress, passed: boolean, round: CodeRound | undefined): Progress {
  // A round that opens as a resend tells that the failed one before it was no answer but the request for it.
  const progress = isResend(round) ? countResendRequest(before) : before
  return {
    ...progress,
    codePassed: passed,
    rounds: progress.rounds + 1,
    failedRounds: progress.failedRounds + (passed ? 0 : 1),
    lastRoundFailed: !passed,
    formerRoundFailed: progress.formerRoundFailed || (!passed && isFormer(round)),
    lastRound: round,
  }
}

function countResendRequest(progress: Progress): Progress {
  return progress.lastRoundFailed ? { ...progress, resendRequests: progress.resendRequests + 1 } : progress
}

function faultOf(
  { password, userNotFound }: Progress,
  { challengeName, challengeResult }: SessionEntry,
  round: CodeRound | undefined,
): RefusalReason | undefined {
  if (password === 'not-started' && challengeName !== 'SRP_A') return 'no-password-start'
  if (password === 'asked' && challengeName !== 'PASSWORD_VERIFIER') return 'unexpected-order'
  if (password === 'passed') {
    if (challengeName === 'CUSTOM_CHALLENGE')
      return challengeResult && !canPass(round) ? 'unknown-round' : undefined
    if (challengeName === 'SRP_A' || challengeName === 'PASSWORD_VERIFIER') return 'unexpected-order'
    if (!BUILT_IN_STEPS.has(challengeName)) return 'unknown-challenge'
  }
  if (!challengeResult) return 'failed-challenge'
  return password === 'asked' && userNotFound ? 'user-not-found' : undefined
}

/** A request for tokens as Pre Token Generation sees it: it carries no session. */
export type TokenRequest = {
  readonly triggerSource: string
  readonly clientId: string
  readonly userStatus: string
}

export type TokenPolicy = {
  readonly hostedUi: HostedUi
  readonly guardedClientIds: readonly string[] | undefined
}

export type TokenDecision =
  | {
      readonly name: 'allow'
      readonly reason: 'client-not-guarded' | 'guarded-elsewhere' | 'federated' | 'hosted-ui-allowed'
    }
  | { readonly name: 'refuse'; readonly reason: 'new-password' | 'hosted-ui' | 'unknown-source' }

/** Token sources that Define or an earlier sign-in has decided, or that involve no user. */
const GUARDED_ELSEWHERE: ReadonlySet<string> = new Set([
  'TokenGeneration_Authentication',
  'TokenGeneration_AuthenticateDevice',
  'TokenGeneration_RefreshTokens',
  'TokenGeneration_ClientCredentials',
])

/**
 * Decides whether tokens may leave. After a new password Cognito may issue them with no further call to Define, and the
 * hosted UI never calls it: both would go past the code (amazon-cognito-identity-js #341; Cognito developer guide).
 */
export function decideTokens(request: TokenRequest, policy: TokenPolicy): TokenDecision {
  if (policy.guardedClientIds !== undefined && !policy.guardedClientIds.includes(request.clientId)) {
    return { name: 'allow', reason: 'client-not-guarded' }
  }
  if (GUARDED_ELSEWHERE.has(request.triggerSource)) return { name: 'allow', reason: 'guarded-elsewhere' }
  if (request.triggerSource === 'TokenGeneration_NewPasswordChallenge')
    return { name: 'refuse', reason: 'new-password' }
  if (request.triggerSource !== 'TokenGeneration_HostedAuth')
    return { name: 'refuse', reason: 'unknown-source' }
  if (request.userStatus === 'EXTERNAL_PROVIDER') return { name: 'allow', reason: 'federated' }
  return policy.hostedUi === 'allow'
    ? { name: 'allow', reason: 'hosted-ui-allowed' }
    : { name: 'refuse', reason: 'hosted-ui' }
}
