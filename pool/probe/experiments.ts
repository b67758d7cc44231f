// What a probe does to a pool: a throw-away user is created, signs in in every way, and is deleted whatever happens.
import {
  AdminSetUserMFAPreferenceCommand,
  type CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider'
import type { JsonObject } from '../../command/json.ts'
import { arnInSlot, TRIGGERS } from '../trigger-functions.ts'
import {
  type Called,
  challengeOf,
  PASSWORD_FLOWS,
  type PasswordFlow,
  type ProbedClient,
  SignInCalls,
  stopIfInterrupted,
} from './calls.ts'
import type {
  CodeTrace,
  ObservedAnswer,
  ObservedCall,
  ResendTrace,
  SignInObservations,
  Trace,
  WayTrace,
} from './observations.ts'
import {
  type CreatedUser,
  createThrowawayUser,
  deleteLeftovers,
  deleteUser,
  makePassword,
  makeThrowawayUser,
  setThrowawayPassword,
  type ThrowawayUser,
  unknownUsername,
} from './throwaway-user.ts'

export type ProbeContext = {
  readonly cognito: CognitoIdentityProviderClient
  readonly region: string
  readonly userPoolId: string
  readonly userPool: JsonObject
  /** The app client that is probed. */
  readonly client: ProbedClient
  /** The other app clients of the pool. */
  readonly otherClients: readonly ProbedClient[]
  /** Whether Cognito's own e-mail factor is on. */
  readonly hasEmailFactor: boolean
  /** The address that the operator reads; undefined for the mailbox simulator. */
  readonly email: string | undefined
  /** Asks the operator for the code of a mail; undefined without one. */
  readonly askForCode: (challenge: ObservedAnswer) => Promise<string | undefined>
  /** Told what is done next. */
  readonly progress: (what: string) => void
  readonly signal: AbortSignal
}

/** How often a wrong password and an unknown user are tried, to compare their times. Five wrong passwords lock a user out. */
const COMPARED_TRIES = 2

/** A person may mistype once. */
const TYPED_TRIES = 2

/** What became of a typed code; with a request for a new mail where one was made. */
type Typed = { readonly code: CodeTrace; readonly resend?: ResendTrace }

/** What a probe has seen, and how the logs know the user. */
export type ProbeResult = {
  readonly seen: SignInObservations
  /** Every call, in order. */
  readonly steps: readonly ObservedCall[]
  readonly user: CreatedUser
}

/**
 * Runs all experiments. The user is deleted at the end, after an error or an interruption too.
 *
 * @throws the SDK's error of an administrator's call, CommandError `interrupted`, `address-taken` or `user-left`
 */
export async function runExperiments(context: ProbeContext): Promise<ProbeResult> {
  const { cognito, userPoolId, userPool } = context
  stopIfInterrupted(context.signal)
  const user = makeThrowawayUser(userPool, context.email)
  const temporaryPassword = makePassword(userPool)
  context.progress('Creating the throw-away user')
  const created = await createThrowawayUser(cognito, userPoolId, user, temporaryPassword).catch(
    async (error: unknown) => {
      // The answer may be lost and the user there. Only the marker tells that a user is not somebody else's.
      await deleteLeftovers(cognito, userPoolId)
      throw error
    },
  )
  try {
    const calls = new SignInCalls(context.region, userPoolId, context.signal)
    const seen = await new Experiments(context, user, calls).run(temporaryPassword)
    return { seen, steps: calls.steps, user: created }
  } finally {
    context.progress('Deleting the throw-away user')
    await deleteUser(cognito, userPoolId, created.name)
  }
}

class Experiments {
  readonly #context: ProbeContext
  readonly #user: ThrowawayUser
  readonly #calls: SignInCalls
  /** The user's password after the first sign-in. */
  #password = ''

  constructor(context: ProbeContext, user: ThrowawayUser, calls: SignInCalls) {
    this.#context = context
    this.#user = user
    this.#calls = calls
  }

  async run(temporaryPassword: string): Promise<SignInObservations> {
    const { client, userPool, email, progress } = this.#context
    progress('First sign-in')
    const first = await this.#firstSignIn(client, 'CUSTOM_AUTH', temporaryPassword)
    const typedFirst = email === undefined ? undefined : await this.#typeCode(first.at(-1))
    progress('Sign-in with the new password')
    const { signIn, opened } = await this.#signIn()
    const isSignedIn = typedFirst?.code.refresh !== undefined
    const typedNext = email === undefined || isSignedIn ? undefined : await this.#typeCode(opened)
    const typed = typedNext ?? typedFirst
    const rounds = await this.#rounds(typedNext === undefined ? opened : undefined)

    progress('Sign-ins that must be refused')
    const withoutPassword = await this.#calls.withoutPassword(client, this.#user.username)
    const wrongPassword = await this.#compared(this.#user.username)
    const unknownUser = await this.#compared(unknownUsername(userPool))
    return {
      missingTriggers: TRIGGERS.filter(trigger => arnInSlot(userPool, trigger) === undefined),
      firstSignIn: [...traceOf(first), ...refusedByTrigger(typedFirst?.code.trace ?? [])],
      signIn,
      withoutPassword: traceOf([withoutPassword]),
      wrongPassword,
      unknownUser,
      wrongCode: rounds?.wrongCode,
      usedSession: rounds?.usedSession,
      resend: typed?.resend ?? rounds?.resend,
      code: typed?.code,
      ways: await this.#otherWays(),
      nativeFactor: await this.#nativeFactor(),
    }
  }

  async #firstSignIn(client: ProbedClient, flow: PasswordFlow, temporaryPassword: string): Promise<Called[]> {
    const newPassword = makePassword(this.#context.userPool)
    const { username, attributes } = this.#user
    const user = { username, password: temporaryPassword, newPassword, attributes }
    const calls = await this.#calls.firstSignIn(client, flow, user)
    this.#password = newPassword
    return calls
  }

  /** If the new password does not work, it is set, so that the other experiments can say something. */
  async #signIn(): Promise<{ readonly signIn: Trace; readonly opened: Called | undefined }> {
    const { client } = this.#context
    const calls = await this.#calls.withPassword(client, 'CUSTOM_AUTH', this.#credentials())
    if (calls.at(-1)?.step.answer.kind !== 'error') return { signIn: traceOf(calls), opened: calls.at(-1) }
    await this.#setPassword({ permanent: true })
    const again = await this.#calls.withPassword(client, 'CUSTOM_AUTH', this.#credentials())
    return { signIn: traceOf(calls), opened: again.at(-1) }
  }

  /** A wrong code, the session of that answer once more, and a new mail. */
  async #rounds(
    opened: Called | undefined,
  ): Promise<Pick<SignInObservations, 'wrongCode' | 'usedSession' | 'resend'> | undefined> {
    const { client } = this.#context
    const challenge =
      opened ?? (await this.#calls.withPassword(client, 'CUSTOM_AUTH', this.#credentials())).at(-1)
    if (challenge === undefined || challengeOf(challenge) !== 'CUSTOM_CHALLENGE') return undefined
    // One digit more than a code has: no code is that.
    const length = Number(parametersOf(challenge)['codeLength'] ?? 6)
    const wrongCode = { ANSWER: '0'.repeat(length + 1) }
    const wrong = await this.#calls.answer(client, challenge, wrongCode)
    const used = await this.#calls.answer(client, challenge, wrongCode)
    const isOpen = challengeOf(wrong) === 'CUSTOM_CHALLENGE'
    return {
      wrongCode: wrong.step,
      usedSession: used.step,
      resend: isOpen ? (await this.#resend(wrong, undefined)).resend : undefined,
    }
  }

  async #resend(
    opened: Called,
    rightCode: string | undefined,
  ): Promise<{ readonly resend: ResendTrace; readonly next: Called }> {
    const answer = { ANSWER: rightCode ?? 'resend' }
    const next = await this.#calls.answer(this.#context.client, opened, answer, { action: 'resend' })
    const withRightCode = rightCode !== undefined
    return { resend: { before: opened.step.answer, step: next.step, withRightCode }, next }
  }

  /**
   * The operator types the code. It is first sent with a request for a new mail, where it must not count, and then as the
   * answer; if a new mail came, the operator types that code. Where Cognito's own factor comes first, the operator types
   * that code too, and no new mail is asked for: the factor may be enough for the tokens.
   */
  async #typeCode(opened: Called | undefined): Promise<Typed | undefined> {
    if (opened === undefined || challengeOf(opened) !== 'EMAIL_OTP') return this.#typeOurCode(opened)
    const native = await this.#typeNativeCode(opened)
    const trace = traceOf(native)
    const last = native.at(-1)
    if (last === undefined) return undefined
    if (challengeOf(last) !== 'CUSTOM_CHALLENGE') return { code: await this.#spendTokens(trace, last) }
    const code = await this.#ask(last)
    if (code === undefined) return { code: { trace } }
    const answered = await this.#calls.answer(this.#context.client, last, { ANSWER: code })
    return { code: await this.#spendTokens([...trace, answered.step], answered) }
  }

  async #typeOurCode(opened: Called | undefined): Promise<Typed | undefined> {
    if (opened === undefined || challengeOf(opened) !== 'CUSTOM_CHALLENGE') return undefined
    const typed = await this.#ask(opened)
    if (typed === undefined) return undefined
    const { resend, next } = await this.#resend(opened, typed)
    const trace: ObservedCall[] = []
    let last = next
    let code = parametersOf(next)['reason'] === 'resent' ? await this.#ask(next) : typed
    while (code !== undefined && challengeOf(last) === 'CUSTOM_CHALLENGE') {
      last = await this.#calls.answer(this.#context.client, last, { ANSWER: code })
      trace.push(last.step)
      const mayTypeAgain = trace.length < TYPED_TRIES && challengeOf(last) === 'CUSTOM_CHALLENGE'
      code = mayTypeAgain ? await this.#ask(last) : undefined
    }
    return { code: await this.#spendTokens(trace, last), resend }
  }

  /** Answers EMAIL_OTP, whose session outlives a wrong code. */
  async #typeNativeCode(opened: Called): Promise<Called[]> {
    const calls: Called[] = []
    while (calls.length < TYPED_TRIES) {
      const code = await this.#ask(opened)
      if (code === undefined) break
      const last = await this.#calls.answer(this.#context.client, opened, { EMAIL_OTP_CODE: code })
      calls.push(last)
      const { answer } = last.step
      if (answer.kind !== 'error' || answer.name !== 'CodeMismatchException') break
    }
    return calls
  }

  async #ask(opened: Called): Promise<string | undefined> {
    const code = await this.#context.askForCode(opened.step.answer)
    stopIfInterrupted(this.#context.signal)
    return code
  }

  /** Refreshes the tokens, signs out everywhere, and tries to refresh once more. */
  async #spendTokens(trace: Trace, { tokens }: Called): Promise<CodeTrace> {
    if (tokens === undefined) return { trace }
    const { client } = this.#context
    const refresh = await this.#calls.refresh(client, tokens.RefreshToken)
    // A client that rotates refresh tokens has given a new one.
    const { AccessToken = tokens.AccessToken, RefreshToken = tokens.RefreshToken } = refresh.tokens ?? {}
    const signOut = await this.#calls.globalSignOut(AccessToken)
    const again = await this.#calls.refresh(client, RefreshToken)
    return { trace, refresh: refresh.step, signOut: signOut.step, refreshAfterSignOut: again.step }
  }

  async #compared(username: string): Promise<Trace[]> {
    const traces: Trace[] = []
    for (let tries = 0; tries < COMPARED_TRIES; tries += 1) {
      const wrong = { username, password: makePassword(this.#context.userPool) }
      traces.push(traceOf(await this.#calls.withPassword(this.#context.client, 'CUSTOM_AUTH', wrong)))
    }
    return traces
  }

  /** Every flow of every app client with the right password; a first sign-in too through each that is open. */
  async #otherWays(): Promise<WayTrace[]> {
    const { client, otherClients, progress } = this.#context
    const ways: WayTrace[] = []
    for (const [index, each] of [client, ...otherClients].entries()) {
      progress(`Other ways to sign in: app client ${index + 1} of ${otherClients.length + 1}`)
      for (const flow of PASSWORD_FLOWS) {
        if (each === client && flow === 'CUSTOM_AUTH') continue
        const way = { clientId: each.id, clientName: each.name, flow }
        const calls = await this.#calls.withPassword(each, flow, this.#credentials())
        ways.push({ ...way, isFirstSignIn: false, trace: traceOf(calls) })
        if (!asksForFactor(calls.at(-1))) continue
        this.#password = makePassword(this.#context.userPool)
        await this.#setPassword({ permanent: false })
        const first = await this.#firstSignIn(each, flow, this.#password)
        ways.push({ ...way, isFirstSignIn: true, trace: traceOf(first) })
        await this.#setPassword({ permanent: true })
      }
    }
    return ways
  }

  /** A sign-in of a user whose second factor is Cognito's own mail. */
  async #nativeFactor(): Promise<Trace | undefined> {
    const { cognito, userPoolId, client, email, hasEmailFactor, progress } = this.#context
    if (!hasEmailFactor) return undefined
    progress("Sign-in with Cognito's own e-mail factor")
    const Username = this.#user.username
    const EmailMfaSettings = { Enabled: true, PreferredMfa: true }
    await cognito.send(
      new AdminSetUserMFAPreferenceCommand({ UserPoolId: userPoolId, Username, EmailMfaSettings }),
    )
    const calls = await this.#calls.withPassword(client, 'CUSTOM_AUTH', this.#credentials())
    const opened = calls.at(-1)
    if (email === undefined || opened === undefined || challengeOf(opened) !== 'EMAIL_OTP')
      return traceOf(calls)
    return traceOf([...calls, ...(await this.#typeNativeCode(opened))])
  }

  #credentials() {
    return { username: this.#user.username, password: this.#password }
  }

  async #setPassword(options: { readonly permanent: boolean }): Promise<void> {
    stopIfInterrupted(this.#context.signal)
    const { cognito, userPoolId } = this.#context
    await setThrowawayPassword(cognito, userPoolId, this.#user, this.#password, options)
  }
}

/** The guard may refuse the tokens only after Cognito's own factor has been passed. */
function refusedByTrigger(trace: Trace): Trace {
  const answer = trace.at(-1)?.answer
  return answer?.kind === 'error' && answer.name === 'UserLambdaValidationException' ? trace : []
}

function traceOf(calls: readonly Called[]): Trace {
  return calls.map(({ step }) => step)
}

function parametersOf({ step }: Called): Readonly<Record<string, string>> {
  return step.answer.kind === 'challenge' ? step.answer.parameters : {}
}

function asksForFactor(called: Called | undefined): boolean {
  const name = called && challengeOf(called)
  return name !== undefined && name !== 'SELECT_CHALLENGE'
}
