// The custom rounds and the end of a sign-in: Define decides, Create makes the challenge, tokens are issued.

import type { UntypedObject } from '../../command/json.ts'
import { type CustomChallenge, type PendingSignIn, passedEntry } from '../challenges.ts'
import { CognitoError, incorrectUsernameOrPassword, invalidParameter, notAuthorized } from '../errors.ts'
import type { DefineAnswer, TokenGenerationSource } from '../triggers.ts'
import type { User } from '../users.ts'
import {
  type Answer,
  askForPassword,
  type ChallengeAnswer,
  openChallenge,
  requiredParameter,
  requireUser,
  type SignInContext,
  subjectOf,
} from './open-challenge.ts'

/** Cognito's own challenges are answered: what follows is the custom challenge, if there is one, or tokens. */
export function finish(context: SignInContext, signIn: PendingSignIn, user: User): Answer {
  const { afterNewPassword, afterNativeFactor } = context.pool.behaviour
  const tokensAtOnce =
    signIn.flow !== 'CUSTOM_AUTH' ||
    (signIn.passwordChanged && afterNewPassword === 'tokens') ||
    (signIn.usedNativeFactor && afterNativeFactor === 'tokens')
  if (!tokensAtOnce) {
    const { decided, usedNativeFactor } = signIn
    return decided && !usedNativeFactor ? follow(context, signIn, decided) : customRound(context, signIn)
  }
  const source = signIn.passwordChanged
    ? 'TokenGeneration_NewPasswordChallenge'
    : 'TokenGeneration_Authentication'
  return issueTokens(context, signIn, user, source)
}

/** One round of a custom sign-in. */
export async function customRound(context: SignInContext, signIn: PendingSignIn): Answer {
  return follow(context, signIn, await decide(context, signIn))
}

/** @throws CognitoError NotAuthorizedException when Define refuses the sign-in. */
export async function decide(
  { pool, clientMetadata }: SignInContext,
  signIn: PendingSignIn,
): Promise<DefineAnswer> {
  if (!pool.triggers.has('define-auth-challenge')) {
    throw invalidParameter('Custom auth lambda trigger is not configured for the user pool.')
  }
  const answer = await pool.triggers.define(subjectOf(signIn, clientMetadata), signIn.entries)
  if (answer.failAuthentication) throw incorrectUsernameOrPassword()
  return answer
}

async function follow(context: SignInContext, decided: PendingSignIn, answer: DefineAnswer): Answer {
  const { pool, clientMetadata } = context
  const signIn = { ...decided, decided: undefined }
  if (answer.issueTokens) {
    return issueTokens(context, signIn, requireUser(signIn), 'TokenGeneration_Authentication')
  }
  if (answer.challengeName === undefined) {
    throw new CognitoError('InvalidLambdaResponseException', 'Unrecognizable lambda output')
  }
  if (answer.challengeName === 'PASSWORD_VERIFIER') return askForPassword(pool, signIn)
  if (answer.challengeName !== 'CUSTOM_CHALLENGE') {
    return openChallenge(pool, signIn, { name: 'ECHO', shown: answer.challengeName })
  }
  const subject = subjectOf(signIn, clientMetadata)
  const { publicChallengeParameters, ...kept } = await pool.triggers.create(subject, signIn.entries)
  return openChallenge(pool, signIn, { name: 'CUSTOM_CHALLENGE', ...kept }, publicChallengeParameters)
}

/** The answer to a CUSTOM_CHALLENGE. */
export async function checkCustomAnswer(
  context: SignInContext,
  { session, signIn, responses }: ChallengeAnswer,
  { privateChallengeParameters, challengeMetadata }: CustomChallenge,
): Answer {
  const answer = requiredParameter(responses, 'ANSWER')
  context.pool.sessions.consume(session)
  const subject = subjectOf(signIn, context.clientMetadata)
  const challengeResult = await context.pool.triggers.verify(subject, privateChallengeParameters, answer)
  const entry = { ...passedEntry('CUSTOM_CHALLENGE'), challengeResult, challengeMetadata }
  return customRound(context, { ...signIn, entries: [...signIn.entries, entry] })
}

/** Tokens for a user whose sign-in is finished, unless Pre Token Generation refuses them. */
async function issueTokens(
  { pool, clientMetadata }: SignInContext,
  signIn: PendingSignIn,
  user: User,
  source: TokenGenerationSource,
): Promise<UntypedObject> {
  refuseUnusable(user)
  const changes = await pool.triggers.preToken(subjectOf({ ...signIn, user }, clientMetadata), source)
  return {
    ChallengeParameters: {},
    AuthenticationResult: await pool.tokens.issue(user, signIn.client, changes),
  }
}

/** @throws CognitoError for a user who is disabled, not confirmed, or has to reset the password. */
export function refuseUnusable(user: User): void {
  if (!user.enabled) throw notAuthorized('User is disabled.')
  if (user.status === 'UNCONFIRMED')
    throw new CognitoError('UserNotConfirmedException', 'User is not confirmed.')
  if (user.status === 'RESET_REQUIRED') {
    throw new CognitoError('PasswordResetRequiredException', 'Password reset required for the user')
  }
}
