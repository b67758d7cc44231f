// The two doors of a sign-in: the first request, and the answer to a challenge.
import type { AppClient } from '../app-client.ts'
import { type ClientMetadata, type Flow, type PendingSignIn, passedEntry } from '../challenges.ts'
import { CognitoError, invalidParameter, notAuthorized } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import type { Pool } from '../pool.ts'
import { checkCustomAnswer, customRound } from './finish.ts'
import { changePassword } from './new-password.ts'
import { type Answer, askForPassword, requiredParameter, requireUser } from './open-challenge.ts'
import { checkPlainPassword, checkProof } from './password.ts'
import { checkEmailCode, checkSoftwareToken, chooseFactor, finishSetUp } from './second-factor.ts'

export interface StartRequest {
  readonly flow: Flow
  readonly client: AppClient
  /** AuthParameters. */
  readonly parameters: Parameters
}

export interface AnswerRequest {
  readonly client: AppClient
  readonly challengeName: string
  readonly session: string | undefined
  /** ChallengeResponses. */
  readonly responses: Parameters
  readonly clientMetadata: ClientMetadata
}

/** InitiateAuth of a flow that the app client allows. Its ClientMetadata reaches none of the four triggers. */
export async function startSignIn(pool: Pool, { flow, client, parameters }: StartRequest): Answer {
  const typedName = requiredParameter(parameters, 'USERNAME')
  const user = pool.users.find(typedName)
  if (user === undefined && !client.hidesUnknownUsers) {
    throw new CognitoError('UserNotFoundException', 'User does not exist.')
  }
  const context = { pool, clientMetadata: undefined }
  const start: PendingSignIn = {
    flow,
    client,
    user,
    typedName,
    username: user?.username ?? pool.users.simulate(typedName).username,
    srpA: undefined,
    entries: [],
    decided: undefined,
    passwordChanged: false,
    usedNativeFactor: false,
  }
  switch (flow) {
    case 'CUSTOM_AUTH': {
      if (parameters.optionalString('CHALLENGE_NAME') !== 'SRP_A') return customRound(context, start)
      const srpA = requiredParameter(parameters, 'SRP_A')
      return customRound(context, { ...start, srpA, entries: [passedEntry('SRP_A')] })
    }
    case 'USER_SRP_AUTH':
      return askForPassword(pool, { ...start, srpA: requiredParameter(parameters, 'SRP_A') })
    default:
      return checkPlainPassword(context, start, requiredParameter(parameters, 'PASSWORD'))
  }
}

/** RespondToAuthChallenge. */
export async function answerChallenge(pool: Pool, request: AnswerRequest): Answer {
  const session = sessionOf(request)
  const { signIn, challenge } = pool.sessions.find(session)
  const name = requiredParameter(request.responses, 'USERNAME')
  if (signIn.client !== request.client || !isSamePerson(pool, signIn, name)) {
    throw notAuthorized('Invalid session for the user.')
  }
  if (challenge.name === 'ECHO' || challenge.name !== request.challengeName) {
    throw notAuthorized('Invalid session provided for the user.')
  }
  const context = { pool, clientMetadata: request.clientMetadata }
  const answer = { session, signIn, responses: request.responses }
  switch (challenge.name) {
    case 'PASSWORD_VERIFIER':
      return checkProof(context, answer, challenge.exchange)
    case 'CUSTOM_CHALLENGE':
      return checkCustomAnswer(context, answer, challenge)
    case 'NEW_PASSWORD_REQUIRED':
      return changePassword(context, answer, requireUser(signIn))
    case 'EMAIL_OTP':
      return checkEmailCode(context, answer, requireUser(signIn), challenge)
    case 'SOFTWARE_TOKEN_MFA':
      return checkSoftwareToken(context, answer, requireUser(signIn))
    case 'SELECT_MFA_TYPE':
      return chooseFactor(context, answer, requireUser(signIn), challenge.factors)
    case 'MFA_SETUP':
      return finishSetUp(context, answer, requireUser(signIn), challenge)
  }
}

function sessionOf({ session, challengeName, responses }: AnswerRequest): string {
  if (session !== undefined) return session
  if (challengeName === 'PASSWORD_VERIFIER')
    return requiredParameter(responses, 'PASSWORD_CLAIM_SECRET_BLOCK')
  throw invalidParameter('Missing required parameter Session')
}

function isSamePerson(pool: Pool, { user, username, typedName }: PendingSignIn, name: string): boolean {
  if (user === undefined) return name === username || name.toLowerCase() === typedName.toLowerCase()
  return pool.users.find(name) === user
}
