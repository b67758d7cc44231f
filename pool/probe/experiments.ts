// What a probe does to a pool: a throw-away user is created, signs in in every way, and is deleted whatever happens.
import {
  AdminSetUserMFAPreferenceCommand,
  type CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider'
import type { JsonObject } from '../../command/json.ts'
import { softwareTokenCode } from '../../local/software-token.ts'
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
  NativeFactorName,
  NativeFactorTrace,
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
  /** Cognito's own factors that are on. */
  readonly nativeFactors: readonly NativeFactorName[]
  /** The address that the operator reads; undefined for the mailbox simulator. */
  readonly email: string | undefined
  /** Asks the operator for the code of a mail, again if the one before was wrong; undefined without one. */
  readonly askForCode: (challenge: ObservedAnswer, again: boolean) => Promise<string | undefined>
  /** Told what is done next. */
  readonly progress: (what: string) => void
  readonly signal: AbortSignal
}

/** How often a wrong password and an unknown user are tried, to compare their times. Five wrong passwords lock a user out. */
const COMPARED_TRIES = 2

/** A person may mistype once. */
const TYPED_TRIES = 2

/** The answers to typed codes, and a request for a new mail where one was made. */
type Typed = { readonly trace: Trace; readonly last: Called; readonly resend?: ResendTrace }

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
  /** Whether the operator types the codes of the mails. */
  #readsMail: boolean
  /** The secret of the user's authenticator app, base32, once one is set up. */
  #appSecret: string | undefined

  constructor(context: ProbeContext, user: ThrowawayUser, calls: SignInCalls) {
    this.#context = context
    this.#user = user
    this.#calls = calls
    this.#readsMail = context.email !== undefined
  }

  async run(temporaryPassword: string): Promise<SignInObservations> {
    const { client, userPool, progress } = this.#context
    progress('First sign-in')
    const first = await this.#firstSignIn(client, 'CUSTOM_AUTH', temporaryPassword)
    const typedFirst = await this.#typeCode(first.at(-1))
    progress('Sign-in with the new password')
    const { signIn, opened } = await this.#signIn()
    const isSignedIn = typedFirst?.last.tokens !== undefined
    const typedNext = isSignedIn ? undefined : await this.#typeCode(opened)
    const typed = typedNext ?? typedFirst
    const rounds = await this.#rounds(typedNext === undefined ? opened : undefined)
    const code = typed && (await this.#spendTokens(typed))

    progress('Sign-ins that must be refused')
    const withoutPassword = await this.#calls.withoutPassword(client, this.#user.username)
    const wrongPassword = await this.#compared(this.#user.username)
    const unknownUser = await this.#compared(unknownUsername(userPool))
    return {
      missingTriggers: TRIGGERS.filter(trigger => arnInSlot(userPool, trigger) === undefined),
      firstSignIn: [...traceOf(first), ...refusedByTrigger(typedFirst?.trace ?? [])],
      signIn,
      withoutPassword: traceOf([withoutPassword]),
      wrongPassword,
      unknownUser,
      wrongCode: rounds?.wrongCode,
      usedSession: rounds?.usedSession,
      resend: typed?.resend ?? rounds?.resend,
      code,
      ways: await this.#otherWays(),
      nativeFactors: await this.#nativeFactors(),
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
    const last = native.at(-1)
    if (last === undefined) return undefined
    const code = challengeOf(last) === 'CUSTOM_CHALLENGE' ? await this.#ask(last) : undefined
    if (code === undefined) return { trace: traceOf(native), last }
    const answered = await this.#calls.answer(this.#context.client, last, { ANSWER: code })
    return { trace: traceOf([...native, answered]), last: answered }
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
      code = mayTypeAgain ? await this.#ask(last, true) : undefined
    }
    return { trace, last, resend }
  }

  /** Answers EMAIL_OTP, whose session outlives a wrong code. */
  async #typeNativeCode(opened: Called): Promise<Called[]> {
    const calls: Called[] = []
    while (calls.length < TYPED_TRIES) {
      const code = await this.#ask(opened, calls.length > 0)
      if (code === undefined) break
      const last = await this.#calls.answer(this.#context.client, opened, { EMAIL_OTP_CODE: code })
      calls.push(last)
      const { answer } = last.step
      if (answer.kind !== 'error' || answer.name !== 'CodeMismatchException') break
    }
    return calls
  }

  /** Who has typed nothing once is not asked again. */
  async #ask(opened: Called, again = false): Promise<string | undefined> {
    if (!this.#readsMail) return undefined
    const code = await this.#context.askForCode(opened.step.answer, again)
    this.#readsMail = code !== undefined
    return code
  }

  /** Refreshes the tokens, sets an authenticator app up, signs out everywhere, and tries to refresh once more. */
  async #spendTokens({ trace, last: { tokens } }: Typed): Promise<CodeTrace> {
    if (tokens === undefined) return { trace }
    const { client, nativeFactors } = this.#context
    const refresh = await this.#calls.refresh(client, tokens.RefreshToken)
    // A client that rotates refresh tokens has given a new one.
    const { AccessToken = tokens.AccessToken, RefreshToken = tokens.RefreshToken } = refresh.tokens ?? {}
    if (nativeFactors.includes('SOFTWARE_TOKEN_MFA'))
      this.#appSecret = await this.#calls.setUpSoftwareToken(AccessToken)
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

  /** A sign-in with each of Cognito's own factors that the pool has on. */
  async #nativeFactors(): Promise<NativeFactorTrace[]> {
    const traces: NativeFactorTrace[] = []
    for (const factor of this.#context.nativeFactors) {
      // Without a sign-in there was no way to set an authenticator app up.
      const isSetUp = factor === 'EMAIL_OTP' || this.#appSecret !== undefined
      traces.push({ factor, trace: isSetUp ? await this.#nativeFactor(factor) : [] })
    }
    return traces
  }

  async #nativeFactor(factor: NativeFactorName): Promise<Trace> {
    const { cognito, userPoolId, client, progress } = this.#context
    progress(`Sign-in with Cognito's own factor ${factor}`)
    const settings = (name: NativeFactorName) => ({ Enabled: name === factor, PreferredMfa: name === factor })
    await cognito.send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: userPoolId,
        Username: this.#user.username,
        EmailMfaSettings: settings('EMAIL_OTP'),
        ...(this.#appSecret !== undefined && { SoftwareTokenMfaSettings: settings('SOFTWARE_TOKEN_MFA') }),
      }),
    )
    const calls = await this.#calls.withPassword(client, 'CUSTOM_AUTH', this.#credentials())
    const opened = calls.at(-1)
    if (opened === undefined || challengeOf(opened) !== factor) return traceOf(calls)
    if (factor === 'EMAIL_OTP') return traceOf([...calls, ...(await this.#typeNativeCode(opened))])
    const code = softwareTokenCode(this.#appSecret ?? '', Date.now() / 1000)
    return traceOf([...calls, await this.#calls.answer(client, opened, { SOFTWARE_TOKEN_MFA_CODE: code })])
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
