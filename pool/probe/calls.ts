// The calls of a sign-in over the public API, each observed: what was answered, and after how many milliseconds.
import { createHmac } from 'node:crypto'
import {
  AdminInitiateAuthCommand,
  AssociateSoftwareTokenCommand,
  type AuthenticationResultType,
  type AuthFlowType,
  ChallengeNameType,
  CognitoIdentityProviderClient,
  GetTokensFromRefreshTokenCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  RespondToAuthChallengeCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { printable } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'
import { softwareTokenCode } from '../../local/software-token.ts'
import { awsErrorKind } from '../aws-errors.ts'
import type { ObservedAnswer, ObservedCall } from './observations.ts'
import { startSrp } from './srp-client.ts'

/** The app client that a sign-in goes through. */
export type ProbedClient = {
  readonly id: string
  readonly name: string
  readonly secret: string | undefined
}

/** One call that was made: what may be shown of it, and what the next call needs. */
export type Called = {
  readonly step: ObservedCall
  readonly session: string | undefined
  /** The user's name inside the pool, as the last challenge named it. */
  readonly username: string
  readonly tokens: AuthenticationResultType | undefined
}

export type Credentials = { readonly username: string; readonly password: string }

/** The flows that prove a password, by the name that the report uses. */
export const PASSWORD_FLOWS = [
  'CUSTOM_AUTH',
  'USER_SRP_AUTH',
  'USER_PASSWORD_AUTH',
  'USER_AUTH',
  'ADMIN_USER_PASSWORD_AUTH',
] as const satisfies readonly AuthFlowType[]

export type PasswordFlow = (typeof PASSWORD_FLOWS)[number]

type Responses = Readonly<Record<string, string>>

/** Signs in to one pool, one attempt a call: a repeated call would look like a session that is used twice. */
export class SignInCalls {
  /** Every call so far. */
  readonly steps: ObservedCall[] = []
  readonly #userPoolId: string
  readonly #signal: AbortSignal
  readonly #cognito: CognitoIdentityProviderClient

  /** @param signal aborted when the command is interrupted: the next call is not made */
  constructor(region: string, userPoolId: string, signal: AbortSignal) {
    this.#userPoolId = userPoolId
    this.#signal = signal
    const requestHandler = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }
    this.#cognito = new CognitoIdentityProviderClient({ region, maxAttempts: 1, requestHandler })
  }

  /** Begins a sign-in and proves the password, as far as the pool asks for it. */
  async withPassword(client: ProbedClient, flow: PasswordFlow, user: Credentials): Promise<Called[]> {
    const srp = startSrp()
    const started = await this.#start(client, flow, user.username, {
      ...(flow === 'CUSTOM_AUTH' && { CHALLENGE_NAME: 'SRP_A', SRP_A: srp.srpA }),
      ...(flow === 'USER_SRP_AUTH' && { SRP_A: srp.srpA }),
      ...(flow.endsWith('PASSWORD_AUTH') && { PASSWORD: user.password }),
    })
    const { answer } = started.step
    if (answer.kind !== 'challenge') return [started]
    const PASSWORD = user.password
    if (answer.name === 'SELECT_CHALLENGE')
      return [started, await this.answer(client, started, { ANSWER: 'PASSWORD', PASSWORD })]
    if (answer.name !== 'PASSWORD_VERIFIER') return [started]
    const question = { userPoolId: this.#userPoolId, password: PASSWORD, parameters: answer.parameters }
    return [started, await this.answer(client, started, srp.proof(question))]
  }

  /** The same, and sets the new password where the pool asks for one. */
  async firstSignIn(
    client: ProbedClient,
    flow: PasswordFlow,
    user: Credentials & { readonly newPassword: string; readonly attributes: Responses },
  ): Promise<Called[]> {
    const calls = await this.withPassword(client, flow, user)
    const last = calls.at(-1)
    if (last === undefined || challengeOf(last) !== 'NEW_PASSWORD_REQUIRED') return calls
    const responses = { NEW_PASSWORD: user.newPassword, ...requiredAttributes(last, user.attributes) }
    return [...calls, await this.answer(client, last, responses)]
  }

  /** Begins the custom flow without saying that a password comes. */
  async withoutPassword(client: ProbedClient, username: string): Promise<Called> {
    return this.#start(client, 'CUSTOM_AUTH', username, {})
  }

  /** Answers the challenge that a call opened. */
  async answer(
    client: ProbedClient,
    opened: Called,
    responses: Responses,
    clientMetadata?: Responses,
  ): Promise<Called> {
    const name = challengeOf(opened) ?? ''
    const { username, session } = opened
    const command = new RespondToAuthChallengeCommand({
      ClientId: client.id,
      // A challenge that this SDK does not know cannot be answered: Cognito refuses a call without a name.
      ChallengeName: Object.values(ChallengeNameType).find(known => known === name),
      Session: session,
      ChallengeResponses: { USERNAME: username, ...secretHash(client, username), ...responses },
      ClientMetadata: clientMetadata,
    })
    return this.#observe(name, username, () => this.#cognito.send(command))
  }

  async refresh(client: ProbedClient, refreshToken: string | undefined): Promise<Called> {
    const command = new GetTokensFromRefreshTokenCommand({
      ClientId: client.id,
      ClientSecret: client.secret,
      RefreshToken: refreshToken,
    })
    return this.#observe('GetTokensFromRefreshToken', '', () => this.#cognito.send(command))
  }

  async globalSignOut(accessToken: string | undefined): Promise<Called> {
    const command = new GlobalSignOutCommand({ AccessToken: accessToken })
    return this.#observe('GlobalSignOut', '', () => this.#cognito.send(command))
  }

  /** Sets an authenticator app up. @returns its secret, base32; undefined if the pool refused */
  async setUpSoftwareToken(accessToken: string | undefined): Promise<string | undefined> {
    stopIfInterrupted(this.#signal)
    try {
      const associate = new AssociateSoftwareTokenCommand({ AccessToken: accessToken })
      const { SecretCode = '' } = await this.#cognito.send(associate)
      // A code counts once: that of the step before leaves this step's code to the sign-in.
      const UserCode = softwareTokenCode(SecretCode, Date.now() / 1000 - 30)
      await this.#cognito.send(new VerifySoftwareTokenCommand({ AccessToken: accessToken, UserCode }))
      return SecretCode
    } catch (error) {
      if (!(error instanceof Error) || awsErrorKind(error) === 'unreachable') throw error
      return undefined
    }
  }

  async #start(
    client: ProbedClient,
    flow: PasswordFlow,
    username: string,
    parameters: Responses,
  ): Promise<Called> {
    const input = {
      AuthFlow: flow,
      ClientId: client.id,
      AuthParameters: { USERNAME: username, ...secretHash(client, username), ...parameters },
    }
    const send = () =>
      flow === 'ADMIN_USER_PASSWORD_AUTH'
        ? this.#cognito.send(new AdminInitiateAuthCommand({ ...input, UserPoolId: this.#userPoolId }))
        : this.#cognito.send(new InitiateAuthCommand(input))
    return this.#observe(flow, username, send)
  }

  async #observe(
    call: string,
    username: string,
    send: () => Promise<Partial<InitiateAuthCommandOutput>>,
  ): Promise<Called> {
    const called = await this.#send(call, username, send)
    this.steps.push(called.step)
    return called
  }

  async #send(
    call: string,
    username: string,
    send: () => Promise<Partial<InitiateAuthCommandOutput>>,
  ): Promise<Called> {
    stopIfInterrupted(this.#signal)
    const begin = performance.now()
    const elapsed = () => Math.round(performance.now() - begin)
    try {
      const output = await send()
      const { ChallengeParameters = {}, AvailableChallenges = [] } = output
      return {
        step: {
          call,
          answer: answerOf(output, ChallengeParameters, AvailableChallenges),
          milliseconds: elapsed(),
        },
        session: output.Session,
        username: ChallengeParameters['USERNAME'] ?? ChallengeParameters['USER_ID_FOR_SRP'] ?? username,
        tokens: output.AuthenticationResult,
      }
    } catch (error) {
      const kind = awsErrorKind(error)
      if (!(error instanceof Error) || kind === 'unreachable') throw error
      if (kind === 'unsupported' && call === 'CUSTOM_AUTH')
        throw new CommandError(
          `This endpoint does not have the flow CUSTOM_AUTH, which probe needs: ${printable(error.message)}`,
          'operation-missing',
        )
      const answer: ObservedAnswer = { kind: 'error', name: error.name, message: printable(error.message) }
      return {
        step: { call, answer, milliseconds: elapsed() },
        session: undefined,
        username,
        tokens: undefined,
      }
    }
  }
}

/** @throws CommandError `interrupted` */
export function stopIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw interruption()
}

/** What a run ends with when the operator interrupts it. */
export function interruption(): CommandError {
  return new CommandError('Interrupted. No throw-away user is left in the pool.', 'interrupted')
}

/** The challenge that a call opened. */
export function challengeOf({ step }: Called): string | undefined {
  return step.answer.kind === 'challenge' ? step.answer.name : undefined
}

function answerOf(
  { ChallengeName, AuthenticationResult }: Partial<InitiateAuthCommandOutput>,
  parameters: Readonly<Record<string, string>>,
  available: readonly string[],
): ObservedAnswer {
  if (AuthenticationResult !== undefined) return { kind: 'tokens' }
  if (ChallengeName === undefined) return { kind: 'done' }
  return { kind: 'challenge', name: ChallengeName, parameters, available }
}

/** "A keyed-hash message authentication code (HMAC)" over user name and client id (API reference, SECRET_HASH). */
function secretHash({ id, secret }: ProbedClient, username: string): { SECRET_HASH?: string } {
  if (secret === undefined) return {}
  return { SECRET_HASH: createHmac('sha256', secret).update(`${username}${id}`).digest('base64') }
}

/** `requiredAttributes` is a text of JSON: a list of `userAttributes.NAME` (API reference of RespondToAuthChallenge). */
function requiredAttributes({ step }: Called, attributes: Responses): Responses {
  if (step.answer.kind !== 'challenge') return {}
  const { requiredAttributes: names = '' } = step.answer.parameters
  return Object.fromEntries(
    Object.entries(attributes)
      .map(([name, value]) => [`userAttributes.${name}`, value])
      .filter(([name]) => names.includes(`"${name}"`)),
  )
}
