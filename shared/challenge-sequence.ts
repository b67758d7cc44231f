// The challenge sequence: what a sign-in has passed so far, and what comes next. Pure, total, and the same for all triggers.
import { type CodeRound, readRound } from './code-round.ts'
import type { HostedUi, NativeMfa } from './settings.ts'
import type { SessionEntry } from './trigger-event.ts'

export type SequencePolicy = {
  /** Wrong codes that end the sign-in. */
  readonly maxAttempts: number
  /** Mails of one sign-in; twice as many requests for a new one end it. */
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
  | 'failed-challenge'
  | 'user-not-found'
  | 'too-many-wrong-codes'
  | 'too-many-resends'

export type Step =
  | { readonly name: 'ask-password' }
  | { readonly name: 'ask-code' }
  | { readonly name: 'issue-tokens'; readonly factor: 'code' | 'native' }
  | { readonly name: 'refuse'; readonly reason: RefusalReason }

/** What the session says, read once from front to back. */
export type Progress = {
  /** Why the session can never end in tokens; undefined as long as it can. */
  readonly fault: RefusalReason | undefined
  /** Both password entries are there, passed, in their places, and the user exists. */
  readonly passwordPassed: boolean
  readonly codePassed: boolean
  readonly nativeFactorPassed: boolean
  /** Code challenges answered so far, rightly or not. */
  readonly rounds: number
  /** Answers that were compared with a code, or came too late for it, and failed. */
  readonly wrongCodes: number
  readonly resendRequests: number
  readonly lastRound: CodeRound | undefined
}

/** Factors that Cognito checks by itself; passed, they may stand in for the code. */
const NATIVE_FACTORS: ReadonlySet<string> = new Set(['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA', 'SMS_MFA'])

/** Steps of Cognito's own that may stand anywhere after the password; they prove no second factor. */
const NEUTRAL_STEPS: ReadonlySet<string> = new Set([
  'NEW_PASSWORD_REQUIRED',
  'MFA_SETUP',
  'SELECT_MFA_TYPE',
  'DEVICE_SRP_AUTH',
  'DEVICE_PASSWORD_VERIFIER',
])

/**
 * Decides what comes next in a sign-in: tokens if and only if the password step is passed and after it a code (or an
 * accepted native factor). Whatever is unknown, out of order or failed is refused.
 */
export function nextStep(signIn: SignIn, policy: SequencePolicy): Step {
  const progress = readProgress(signIn)
  if (progress.fault !== undefined) return { name: 'refuse', reason: progress.fault }
  if (!progress.passwordPassed) return { name: 'ask-password' }
  if (progress.wrongCodes >= policy.maxAttempts) return { name: 'refuse', reason: 'too-many-wrong-codes' }
  if (progress.resendRequests > 2 * policy.maxSends) return { name: 'refuse', reason: 'too-many-resends' }
  if (progress.codePassed) return { name: 'issue-tokens', factor: 'code' }
  if (progress.nativeFactorPassed && policy.nativeMfa !== 'ask')
    return { name: 'issue-tokens', factor: 'native' }
  return { name: 'ask-code' }
}

/** Reads the session of a sign-in. Counts do not depend on positions: Cognito may put steps of its own in between. */
export function readProgress({ session, userNotFound, resendRequested }: SignIn): Progress {
  const start = readPasswordStep(session, userNotFound)
  let fault = start.fault
  let codePassed = false
  let nativeFactorPassed = false
  let rounds = 0
  let failedRounds = 0
  let resendRequests = 0
  let lastRound: CodeRound | undefined
  let lastRoundFailed = false

  for (const entry of session.slice(2)) {
    if (entry.challengeName === 'CUSTOM_CHALLENGE') {
      lastRound = readRound(entry.challengeMetadata)
      // A round that opens as a resend tells that the failed one before it was no answer but the request for it.
      if (lastRoundFailed && isResend(lastRound)) resendRequests++
      rounds++
      codePassed = entry.challengeResult
      lastRoundFailed = !codePassed
      if (lastRoundFailed) failedRounds++
      continue
    }
    fault ??= faultOf(entry)
    if (NATIVE_FACTORS.has(entry.challengeName)) nativeFactorPassed = entry.challengeResult
  }
  if (lastRoundFailed && resendRequested) resendRequests++

  return {
    fault,
    passwordPassed: start.passed,
    codePassed,
    nativeFactorPassed,
    rounds,
    wrongCodes: failedRounds - resendRequests,
    resendRequests,
    lastRound,
  }
}

/** The first two entries: SRP_A alone proves nothing, only PASSWORD_VERIFIER behind it does. */
function readPasswordStep(
  session: readonly SessionEntry[],
  userNotFound: boolean,
): { readonly passed: boolean; readonly fault: RefusalReason | undefined } {
  const [first, second] = session
  if (first === undefined || first.challengeName !== 'SRP_A')
    return { passed: false, fault: 'no-password-start' }
  if (!first.challengeResult) return { passed: false, fault: 'failed-challenge' }
  if (second === undefined) return { passed: false, fault: undefined }
  if (second.challengeName !== 'PASSWORD_VERIFIER') return { passed: false, fault: 'unexpected-order' }
  if (!second.challengeResult) return { passed: false, fault: 'failed-challenge' }
  if (userNotFound) return { passed: false, fault: 'user-not-found' }
  return { passed: true, fault: undefined }
}

function faultOf({ challengeName, challengeResult }: SessionEntry): RefusalReason | undefined {
  if (challengeName === 'SRP_A' || challengeName === 'PASSWORD_VERIFIER') return 'unexpected-order'
  if (!NATIVE_FACTORS.has(challengeName) && !NEUTRAL_STEPS.has(challengeName)) return 'unknown-challenge'
  return challengeResult ? undefined : 'failed-challenge'
}

function isResend(round: CodeRound | undefined): boolean {
  return round?.reason === 'resent' || round?.reason === 'resend-refused'
}

/** What Create writes into the private parameters once the session shows the password step, and Verify asks for. */
const PASSWORD_RECORD = { passwordStep: 'PASSWORD_VERIFIER' } as const

/** The record of the password step for `privateChallengeParameters`; undefined when the session does not show it. */
export function recordPasswordStep(progress: Progress): typeof PASSWORD_RECORD | undefined {
  return progress.passwordPassed && progress.fault === undefined ? PASSWORD_RECORD : undefined
}

/** Whether the private parameters carry the record of the password step. */
export function hasPasswordStep(privateChallengeParameters: Readonly<Record<string, string>>): boolean {
  return privateChallengeParameters['passwordStep'] === PASSWORD_RECORD.passwordStep
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

/** Token sources behind which Define has decided, or an earlier sign-in, or no person stands. */
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
