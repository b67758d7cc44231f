// The course of a sign-in: from the first request through every challenge to the tokens, in each of Cognito's flows.
import { randomInt } from 'node:crypto'
import type { AppClient } from './app-client.ts'
import { CognitoError, incorrectUsernameOrPassword, invalidParameter, notAuthorized } from './errors.ts'
import { isJsonObject, type JsonObject, Parameters } from './parameters.ts'
import type { Pool } from './pool.ts'
import { softwareTokenCodeIsRight } from './software-token.ts'
import { proofIsRight, type SrpExchange, startExchange } from './srp.ts'
import type { CreateAnswer, SessionEntry, SignInSubject, TokenGenerationSource } from './triggers.ts'
import { type NativeFactor, triggerAttributes, type User } from './users.ts'

export type Flow = 'CUSTOM_AUTH' | 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH' | 'ADMIN_USER_PASSWORD_AUTH'

/** What is known of a sign-in at any of its steps. */
export interface SignIn {
  readonly flow: Flow
  readonly client: AppClient
  /** undefined: nobody of that name, and PreventUserExistenceErrors hides it. */
  readonly user: User | undefined
  /** As the person typed it. */
  readonly typedName: string
  /** The name inside the pool, or a made-up one for nobody. */
  readonly username: string
  readonly srpA: string | undefined
  /** `session` of the trigger events. */
  readonly entries: readonly SessionEntry[]
  readonly passwordChanged: boolean
  readonly usedNativeFactor: boolean
}

type Challenge =
  | { readonly name: 'PASSWORD_VERIFIER'; readonly exchange: SrpExchange }
  | { readonly name: 'NEW_PASSWORD_REQUIRED' }
  | ({ readonly name: 'CUSTOM_CHALLENGE' } & Omit<CreateAnswer, 'publicChallengeParameters'>)
  | { readonly name: 'EMAIL_OTP'; readonly code: string }
  | { readonly name: 'SOFTWARE_TOKEN_MFA' }
  | { readonly name: 'SELECT_MFA_TYPE'; readonly factors: readonly NativeFactor[] }
  | { readonly name: 'MFA_SETUP'; readonly secret?: string; readonly verified: boolean }
  /** A built-in name that Define made up: Cognito passes it on and does no work for it (amplify-flutter #4890). */
  | { readonly name: 'ECHO'; readonly shown: string }

/** A challenge that waits for its answer: what a session string stands for. */
export interface Step {
  readonly signIn: SignIn
  readonly challenge: Challenge
}

/** ClientMetadata of the request in hand; never remembered. */
type ClientMetadata = Readonly<Record<string, string>> | undefined

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

/** The members of the answer of InitiateAuth and RespondToAuthChallenge. */
type Answer = Promise<JsonObject>

export async function startSignIn(pool: Pool, { flow, client, parameters }: StartRequest): Answer {
  const typedName = requiredParameter(parameters, 'USERNAME')
  const user = pool.users.find(typedName)
  if (user === undefined && !client.hidesUnknownUsers) {
    throw new CognitoError('UserNotFoundException', 'User does not exist.')
  }
  const username = user?.username ?? pool.users.simulate(typedName).username
  const start = {
    flow,
    client,
    user,
    typedName,
    username,
    entries: [],
    passwordChanged: false,
    usedNativeFactor: false,
  }

  if (flow === 'CUSTOM_AUTH') {
    if (parameters.optionalString('CHALLENGE_NAME') !== 'SRP_A')
      return define(pool, { ...start, srpA: undefined }, undefined)
    const srpA = requiredParameter(parameters, 'SRP_A')
    return define(pool, { ...start, srpA, entries: [passed('SRP_A')] }, undefined)
  }
  if (flow === 'USER_SRP_AUTH') {
    return askForPassword(pool, { ...start, srpA: requiredParameter(parameters, 'SRP_A') })
  }
  const password = requiredParameter(parameters, 'PASSWORD')
  if (user === undefined) throw incorrectUsernameOrPassword()
  pool.users.refuseLockedOut(user)
  const right = pool.users.passwordIsRight(user, password)
  pool.users.countPassword(user, right)
  if (!right) throw incorrectUsernameOrPassword()
  return afterPassword(pool, { ...start, srpA: undefined }, user, undefined)
}

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
  const { responses, clientMetadata } = request
  switch (challenge.name) {
    case 'PASSWORD_VERIFIER':
      return checkPassword(pool, session, signIn, challenge.exchange, responses, clientMetadata)
    case 'CUSTOM_CHALLENGE':
      return checkCustomAnswer(pool, session, signIn, challenge, responses, clientMetadata)
  }

  const user = requireUser(signIn)
  switch (challenge.name) {
    case 'NEW_PASSWORD_REQUIRED':
      return changePassword(pool, session, signIn, user, responses, clientMetadata)
    case 'EMAIL_OTP': {
      if (requiredParameter(responses, 'EMAIL_OTP_CODE') !== challenge.code) throw wrongCode()
      pool.sessions.consume(session)
      // The first code that comes back proves the address (developer guide, "SMS and email message MFA").
      user.attributes.set('email_verified', 'true')
      return afterNativeFactor(pool, signIn, user, 'EMAIL_OTP', clientMetadata)
    }
    case 'SOFTWARE_TOKEN_MFA': {
      const code = requiredParameter(responses, 'SOFTWARE_TOKEN_MFA_CODE')
      const secret = user.softwareTokenSecret
      if (secret === undefined || !softwareTokenCodeIsRight(secret, code, pool.clock.seconds()))
        throw wrongCode()
      pool.sessions.consume(session)
      return afterNativeFactor(pool, signIn, user, 'SOFTWARE_TOKEN_MFA', clientMetadata)
    }
    case 'SELECT_MFA_TYPE': {
      const chosen = challenge.factors.find(factor => factor === requiredParameter(responses, 'ANSWER'))
      if (chosen === undefined) throw invalidParameter('The answer is none of MFAS_CAN_CHOOSE.')
      pool.sessions.consume(session)
      return askForNativeFactor(pool, signIn, user, chosen)
    }
    case 'MFA_SETUP': {
      if (!challenge.verified) throw notAuthorized('Invalid session for the user.')
      pool.sessions.consume(session)
      return afterNativeFactor(pool, signIn, user, 'SOFTWARE_TOKEN_MFA', clientMetadata)
    }
  }
}

/** Tokens for a user whose sign-in is finished, unless Pre Token Generation refuses them. */
async function issueTokens(
  pool: Pool,
  signIn: SignIn,
  user: User,
  source: TokenGenerationSource,
  clientMetadata: ClientMetadata,
): Answer {
  refuseUnusable(user)
  const changes = await pool.triggers.preToken(subjectOf({ ...signIn, user }, clientMetadata), source)
  return {
    ChallengeParameters: {},
    AuthenticationResult: await pool.tokens.issue(user, signIn.client, changes),
  }
}

/** One round of a custom sign-in: Define decides, and where it asks for it Create makes the challenge. */
async function define(pool: Pool, signIn: SignIn, clientMetadata: ClientMetadata): Answer {
  if (!pool.triggers.has('define-auth-challenge')) {
    throw invalidParameter('Custom auth lambda trigger is not configured for the user pool.')
  }
  const subject = subjectOf(signIn, clientMetadata)
  const next = await pool.triggers.define(subject, signIn.entries)
  if (next.failAuthentication) throw incorrectUsernameOrPassword()
  if (next.issueTokens) {
    return issueTokens(pool, signIn, requireUser(signIn), 'TokenGeneration_Authentication', clientMetadata)
  }
  if (next.challengeName === undefined) {
    throw new CognitoError('InvalidLambdaResponseException', 'Unrecognizable lambda output')
  }
  if (next.challengeName === 'PASSWORD_VERIFIER') return askForPassword(pool, signIn)
  if (next.challengeName !== 'CUSTOM_CHALLENGE') {
    return ask(pool, signIn, { name: 'ECHO', shown: next.challengeName }, {})
  }
  const { publicChallengeParameters, ...kept } = await pool.triggers.create(subject, signIn.entries)
  return ask(pool, signIn, { name: 'CUSTOM_CHALLENGE', ...kept }, publicChallengeParameters)
}

function askForPassword(pool: Pool, signIn: SignIn): JsonObject {
  if (signIn.srpA === undefined) throw invalidParameter('Missing required parameter SRP_A')
  const passwordVerifier = signIn.user?.password ?? pool.users.simulate(signIn.typedName).password
  const exchange = startExchange(signIn.srpA, passwordVerifier)
  if (exchange === undefined) throw invalidParameter('SRP_A is not a number that the protocol allows.')
  const parameters = {
    USER_ID_FOR_SRP: signIn.username,
    SALT: passwordVerifier.salt,
    SRP_B: exchange.B.toString(16),
    SECRET_BLOCK: exchange.secretBlock,
  }
  const step = { signIn, challenge: { name: 'PASSWORD_VERIFIER', exchange } } as const
  const minutes = signIn.client.authSessionValidity
  const ChallengeParameters = { ...parameters, USERNAME: signIn.username }
  if (signIn.flow !== 'USER_SRP_AUTH') {
    return {
      ChallengeName: 'PASSWORD_VERIFIER',
      Session: pool.sessions.open(step, minutes),
      ChallengeParameters,
    }
  }
  // In USER_SRP_AUTH no Session is answered: the secret block alone ties the answer to the question.
  pool.sessions.open(step, minutes, exchange.secretBlock)
  return { ChallengeName: 'PASSWORD_VERIFIER', ChallengeParameters }
}

async function checkPassword(
  pool: Pool,
  session: string,
  signIn: SignIn,
  exchange: SrpExchange,
  responses: Parameters,
  clientMetadata: ClientMetadata,
): Answer {
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
    pool,
    { ...signIn, entries: [...signIn.entries, passed('PASSWORD_VERIFIER')] },
    user,
    clientMetadata,
  )
}

async function afterPassword(pool: Pool, signIn: SignIn, user: User, clientMetadata: ClientMetadata): Answer {
  refuseUnusable(user)
  if (user.status !== 'FORCE_CHANGE_PASSWORD') return askForSecondFactor(pool, signIn, user, clientMetadata)
  if (user.passwordExpiresAt !== undefined && pool.clock.now() > user.passwordExpiresAt) {
    throw notAuthorized('Temporary password has expired and must be reset by an administrator.')
  }
  const { sub: _sub, ...attributes } = Object.fromEntries(user.attributes)
  return ask(
    pool,
    signIn,
    { name: 'NEW_PASSWORD_REQUIRED' },
    {
      USER_ID_FOR_SRP: signIn.username,
      requiredAttributes: JSON.stringify(missingAttributes(pool, user).map(name => `userAttributes.${name}`)),
      userAttributes: JSON.stringify(attributes),
    },
  )
}

/** What is refused before the password changed leaves the session open, so that the person can try again. */
async function changePassword(
  pool: Pool,
  session: string,
  signIn: SignIn,
  user: User,
  responses: Parameters,
  clientMetadata: ClientMetadata,
): Answer {
  const password = requiredParameter(responses, 'NEW_PASSWORD')
  const missing = missingAttributes(pool, user)
  const attributes = new Map(
    Object.keys(responses.values)
      .filter(key => key.startsWith('userAttributes.'))
      .map(key => [key.slice('userAttributes.'.length), responses.string(key)]),
  )
  for (const name of attributes.keys()) {
    if (requiredAttributes(pool).includes(name) && !missing.includes(name)) {
      throw notAuthorized(`Cannot modify an already provided ${name}`)
    }
  }
  for (const name of missing) {
    if (!attributes.get(name)) throw invalidParameter(`Invalid attributes given, ${name} is missing`)
  }
  pool.users.checkPolicy(password)
  pool.sessions.consume(session)
  pool.users.setPassword(user, password, { permanent: true })
  pool.users.setAttributes(user, attributes)
  const entry =
    pool.behaviour.afterNewPassword === 'define-with-entry' ? [passed('NEW_PASSWORD_REQUIRED')] : []
  const changed = { ...signIn, passwordChanged: true, entries: [...signIn.entries, ...entry] }
  return askForSecondFactor(pool, changed, user, clientMetadata)
}

/** Native factors come after the password, and after the new one (moto's tests against AWS; amplify-js #14330). */
async function askForSecondFactor(
  pool: Pool,
  signIn: SignIn,
  user: User,
  clientMetadata: ClientMetadata,
): Answer {
  const mode = pool.description.mfaConfiguration
  const available = availableFactors(pool)
  const chosen = available.filter(factor => user.factors.has(factor))
  const hasEmail = available.includes('EMAIL_OTP') && user.attributes.has('email')

  if (mode === 'OFF') return finish(pool, signIn, user, clientMetadata)
  if (user.preferredFactor && chosen.includes(user.preferredFactor)) {
    return askForNativeFactor(pool, signIn, user, user.preferredFactor)
  }
  if (chosen.length > 1) {
    return ask(
      pool,
      signIn,
      { name: 'SELECT_MFA_TYPE', factors: chosen },
      {
        MFAS_CAN_CHOOSE: JSON.stringify(chosen),
      },
    )
  }
  if (chosen[0] !== undefined) return askForNativeFactor(pool, signIn, user, chosen[0])
  if (mode === 'OPTIONAL') return finish(pool, signIn, user, clientMetadata)
  if (hasEmail) return askForNativeFactor(pool, signIn, user, 'EMAIL_OTP')
  const canSetUp = available.filter(factor => factor === 'SOFTWARE_TOKEN_MFA')
  return ask(
    pool,
    signIn,
    { name: 'MFA_SETUP', verified: false },
    {
      MFAS_CAN_SETUP: JSON.stringify(canSetUp),
    },
  )
}

async function askForNativeFactor(pool: Pool, signIn: SignIn, user: User, factor: NativeFactor): Answer {
  if (factor === 'SOFTWARE_TOKEN_MFA') return ask(pool, signIn, { name: factor }, {})
  const address = user.attributes.get('email')
  if (address === undefined) throw invalidParameter('The user has no email address.')
  // The length of the MFA code is not published; the password-less code of the same name has 8 digits.
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const template = new Parameters(pool.description.mfa).object('EmailMfaConfiguration')
  await pool.mailbox.send({
    to: address,
    subject: template.optionalString('Subject') ?? 'Your authentication code',
    text: (template.optionalString('Message') ?? 'Your authentication code is {####}').replaceAll(
      '{####}',
      code,
    ),
  })
  return ask(
    pool,
    signIn,
    { name: 'EMAIL_OTP', code },
    {
      CODE_DELIVERY_DELIVERY_MEDIUM: 'EMAIL',
      CODE_DELIVERY_DESTINATION: masked(address),
    },
  )
}

async function afterNativeFactor(
  pool: Pool,
  signIn: SignIn,
  user: User,
  factor: NativeFactor,
  clientMetadata: ClientMetadata,
): Answer {
  const entries = [...signIn.entries, passed(factor)]
  return finish(pool, { ...signIn, entries, usedNativeFactor: true }, user, clientMetadata)
}

/** Everything that Cognito asks for by itself is answered: now the custom part, where there is one, or tokens. */
async function finish(pool: Pool, signIn: SignIn, user: User, clientMetadata: ClientMetadata): Answer {
  const tokensAtOnce =
    signIn.flow !== 'CUSTOM_AUTH' ||
    (signIn.passwordChanged && pool.behaviour.afterNewPassword === 'tokens') ||
    (signIn.usedNativeFactor && pool.behaviour.afterNativeFactor === 'tokens')
  if (!tokensAtOnce) return define(pool, signIn, clientMetadata)
  const source = signIn.passwordChanged
    ? 'TokenGeneration_NewPasswordChallenge'
    : 'TokenGeneration_Authentication'
  return issueTokens(pool, signIn, user, source, clientMetadata)
}

async function checkCustomAnswer(
  pool: Pool,
  session: string,
  signIn: SignIn,
  challenge: Omit<CreateAnswer, 'publicChallengeParameters'>,
  responses: Parameters,
  clientMetadata: ClientMetadata,
): Answer {
  const answer = requiredParameter(responses, 'ANSWER')
  pool.sessions.consume(session)
  const subject = subjectOf(signIn, clientMetadata)
  const challengeResult = await pool.triggers.verify(subject, challenge.privateChallengeParameters, answer)
  const entry = {
    challengeName: 'CUSTOM_CHALLENGE',
    challengeResult,
    challengeMetadata: challenge.challengeMetadata,
  }
  return define(pool, { ...signIn, entries: [...signIn.entries, entry] }, clientMetadata)
}

/** Opens the session in which the challenge is to be answered. */
function ask(
  pool: Pool,
  signIn: SignIn,
  challenge: Challenge,
  parameters: Readonly<Record<string, string>>,
): JsonObject {
  const Session = pool.sessions.open({ signIn, challenge }, signIn.client.authSessionValidity)
  return {
    ChallengeName: challenge.name === 'ECHO' ? challenge.shown : challenge.name,
    Session,
    ChallengeParameters: { USERNAME: signIn.username, ...parameters },
  }
}

function passed(challengeName: string): SessionEntry {
  return { challengeName, challengeResult: true, challengeMetadata: null }
}

function subjectOf(
  { client, user, username }: Pick<SignIn, 'client' | 'user' | 'username'>,
  clientMetadata: ClientMetadata,
): SignInSubject {
  return {
    clientId: client.id,
    username,
    userAttributes: user ? triggerAttributes(user) : {},
    userNotFound: client.hidesUnknownUsers ? user === undefined : undefined,
    clientMetadata,
  }
}

function sessionOf({ session, challengeName, responses }: AnswerRequest): string {
  if (session !== undefined) return session
  if (challengeName === 'PASSWORD_VERIFIER')
    return requiredParameter(responses, 'PASSWORD_CLAIM_SECRET_BLOCK')
  throw invalidParameter('Missing required parameter Session')
}

function isSamePerson(pool: Pool, { user, username, typedName }: SignIn, name: string): boolean {
  if (user === undefined) return name === username || name.toLowerCase() === typedName.toLowerCase()
  return pool.users.find(name) === user
}

function requireUser({ user }: SignIn): User {
  if (user === undefined) throw incorrectUsernameOrPassword()
  return user
}

function refuseUnusable(user: User): void {
  if (!user.enabled) throw notAuthorized('User is disabled.')
  if (user.status === 'UNCONFIRMED')
    throw new CognitoError('UserNotConfirmedException', 'User is not confirmed.')
  if (user.status === 'RESET_REQUIRED') {
    throw new CognitoError('PasswordResetRequiredException', 'Password reset required for the user')
  }
}

function wrongCode(): CognitoError {
  return new CognitoError('CodeMismatchException', 'Invalid code or auth state for the user.')
}

function requiredParameter(parameters: Parameters, name: string): string {
  const value = parameters.optionalString(name)
  if (value === undefined || value === '') throw invalidParameter(`Missing required parameter ${name}`)
  return value
}

function requiredAttributes(pool: Pool): string[] {
  const schema = pool.description.describe()['SchemaAttributes']
  if (!Array.isArray(schema)) return []
  return schema
    .filter(isJsonObject)
    .map(attribute => new Parameters(attribute))
    .filter(attribute => attribute.boolean('Required') && attribute.string('Name') !== 'sub')
    .map(attribute => attribute.string('Name'))
}

function missingAttributes(pool: Pool, user: User): string[] {
  return requiredAttributes(pool).filter(name => !user.attributes.has(name))
}

/** The factors that the pool offers; SMS is not simulated. */
function availableFactors(pool: Pool): NativeFactor[] {
  const mfa = new Parameters(pool.description.mfa)
  const factors: NativeFactor[] = []
  if (mfa.optionalObject('EmailMfaConfiguration')) factors.push('EMAIL_OTP')
  if (mfa.object('SoftwareTokenMfaConfiguration').boolean('Enabled')) factors.push('SOFTWARE_TOKEN_MFA')
  return factors
}

/** As Cognito masks it: `m***@e***`. */
function masked(address: string): string {
  const [name = '', domain = ''] = address.split('@')
  return `${name.charAt(0)}***@${domain.charAt(0)}***`
}
