// What a probe has seen: the pool's answers, call by call, without passwords, codes, sessions or tokens.

/** What Cognito answered to one call. */
export type ObservedAnswer =
  | {
      readonly kind: 'challenge'
      readonly name: string
      readonly parameters: Readonly<Record<string, string>>
      /** AvailableChallenges, where the pool lets the user choose. */
      readonly available: readonly string[]
    }
  | { readonly kind: 'tokens' }
  /** A call that answers neither, such as GlobalSignOut. */
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly name: string; readonly message: string }

/** One call and its answer. */
export type ObservedCall = {
  /** The flow that begins a sign-in, the challenge that is answered, or an operation. */
  readonly call: string
  readonly answer: ObservedAnswer
  readonly milliseconds: number
}

/** One sign-in, from its first call on. */
export type Trace = readonly ObservedCall[]

/** A sign-in through one way of one app client. */
export type WayTrace = {
  readonly clientId: string
  readonly clientName: string
  readonly flow: string
  /** Whether the user had a temporary password. */
  readonly isFirstSignIn: boolean
  readonly trace: Trace
}

/** A request for a new mail: the challenge that was open, and what answered. */
export type ResendTrace = {
  readonly before: ObservedAnswer
  readonly step: ObservedCall
  /** Whether the right code was sent with the request, which must not count. */
  readonly withRightCode: boolean
}

/** What became of the code that the operator typed. */
export type CodeTrace = {
  /** The answers to the codes, in order. */
  readonly trace: Trace
  readonly refresh?: ObservedCall
  readonly signOut?: ObservedCall
  readonly refreshAfterSignOut?: ObservedCall
}

/** Cognito's own factors that a throw-away user can have. */
export type NativeFactorName = 'EMAIL_OTP' | 'SOFTWARE_TOKEN_MFA'

/** A sign-in of a user who has that factor; empty where it could not be set up. */
export type NativeFactorTrace = { readonly factor: NativeFactorName; readonly trace: Trace }

/** One call of a trigger, as the function logged it. */
export type LoggedCall = {
  readonly trigger: string
  /** Entries of the session, such as `PASSWORD_VERIFIER true`. */
  readonly session: readonly string[] | undefined
  readonly source: string
}

/** What the sign-ins have shown. */
export type SignInObservations = {
  /** Slots of LambdaConfig without a function. */
  readonly missingTriggers: readonly string[]
  readonly firstSignIn: Trace
  /** The next sign-in, with the new password. */
  readonly signIn: Trace
  readonly withoutPassword: Trace
  readonly wrongPassword: readonly Trace[]
  readonly unknownUser: readonly Trace[]
  /** undefined where no code was asked. */
  readonly wrongCode: ObservedCall | undefined
  readonly usedSession: ObservedCall | undefined
  readonly resend: ResendTrace | undefined
  /** undefined without a mailbox, or where the operator typed nothing. */
  readonly code: CodeTrace | undefined
  /** Every other way to sign in, of this app client and of the others. */
  readonly ways: readonly WayTrace[]
  /** One for each of Cognito's own factors that the pool has on. */
  readonly nativeFactors: readonly NativeFactorTrace[]
}

/** What the functions logged of the user. */
export type LoggedCalls = {
  readonly calls: readonly LoggedCall[]
  /** Why the logs could not be read or recorded. */
  readonly error?: string
}

/** With what the functions logged; undefined without --logs. */
export type Observations = SignInObservations & { readonly logged: LoggedCalls | undefined }

/** The last answer of a sign-in. */
export function outcomeOf(trace: Trace): ObservedAnswer | undefined {
  return trace.at(-1)?.answer
}

/** Reasons of this project's code step that send no mail (shared/public-parameters.ts). */
const WITHOUT_MAIL = ['wrong-code', 'resend-refused', 'limited']

/** How many mails the pool sent: one for each code step that was opened. */
export function countMails(steps: readonly ObservedCall[]): number {
  return steps.filter(({ answer }) => {
    if (answer.kind !== 'challenge') return false
    if (answer.name === 'EMAIL_OTP') return true
    return answer.name === 'CUSTOM_CHALLENGE' && !WITHOUT_MAIL.includes(answer.parameters['reason'] ?? '')
  }).length
}

export type StepTime = {
  readonly step: string
  readonly first: number
  /** Median of the later calls; undefined if there was one only. */
  readonly later: number | undefined
}

/** Milliseconds of each kind of step; the first one meets functions that may have to start. */
export function timesOf(steps: readonly ObservedCall[]): StepTime[] {
  const byStep = new Map<string, number[]>()
  for (const { call, answer, milliseconds } of steps) {
    if (answer.kind === 'error') continue
    const step = `${call} -> ${answerText(answer)}`
    byStep.set(step, [...(byStep.get(step) ?? []), milliseconds])
  }
  return [...byStep].map(([step, [first = 0, ...later]]) => ({ step, first, later: median(later) }))
}

/** An answer in one word or one sentence. */
export function answerText(answer: ObservedAnswer): string {
  if (answer.kind === 'challenge') return answer.name
  return answer.kind === 'error' ? `${answer.name}: ${answer.message}` : answer.kind
}

/** undefined for no numbers. */
function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)]
}
