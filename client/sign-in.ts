// The sign-in driver: password, new password and code with Amplify JS v6, one answer to each Cognito session.
import {
  type AuthSession,
  type AuthUser,
  type ConfirmSignInInput,
  confirmSignIn,
  fetchAuthSession,
  getCurrentUser,
  type SignInInput,
  type SignInOutput,
  signIn,
  signOut,
} from 'aws-amplify/auth'
import { sessionStorage } from 'aws-amplify/utils'
import { type AmplifyTurn, answerCount, countAnswer, takeAmplifyTurn } from './amplify-turns.ts'
import { type ClassifiedError, classifyError } from './classified-error.ts'
import { createPasswordMemory } from './password-memory.ts'
import {
  type AcceptedChallenge,
  type CodeState,
  type FailureReason,
  type NewPasswordState,
  normaliseTypedCode,
  type PendingStep,
  pendingStepOf,
  SIGNED_OUT,
  type SignInState,
  stateOf,
} from './sign-in-state.ts'
import { loadStep, type StepStorage, saveStep } from './step-storage.ts'

export type {
  CodeState,
  FailureReason,
  NewPasswordState,
  PasswordRequirement,
  SignInState,
} from './sign-in-state.ts'
export type { StepStorage } from './step-storage.ts'

/**
 * Every action ends in a state and never throws. An action that is started while another one runs is not carried out: it gets
 * the promise of the one under way. An action that does not fit the step changes nothing.
 */
export interface SignInDriver {
  /**
   * The state now. The same object until something changes, so that it can be compared with `===`.
   * @example
   * const { step, busy } = driver.getState()
   */
  getState(): SignInState
  /**
   * Calls `listener` after each change of the state. Returns the function that ends it.
   * @example
   * const unsubscribe = driver.subscribe(() => console.log(driver.getState().step))
   */
  subscribe(listener: () => void): () => void
  /**
   * Begins a sign-in. The same user name and password again, while a step of theirs waits, change nothing. Not meant to
   * confirm the password of a user who is signed in: it answers `signed-in` without a look at the password.
   * @example
   * await driver.signIn({ username: 'ada@example.com', password: 'from the form' })
   */
  signIn(credentials: { username: string; password: string }): Promise<SignInState>
  /**
   * Answers the step `new-password`; `attributes` by name.
   * @example
   * await driver.submitNewPassword('from the form', { given_name: 'Ada' })
   */
  submitNewPassword(password: string, attributes?: Readonly<Record<string, string>>): Promise<SignInState>
  /**
   * Answers the step `code`. Blanks, hyphens, full-width and Arabic digits are fine. The answer to a challenge of the kind
   * `custom` is sent as it is typed.
   * @example
   * await driver.submitCode('123 456')
   */
  submitCode(code: string): Promise<SignInState>
  /**
   * Asks for a new code in the step `code`.
   * @example
   * await driver.resend()
   */
  resend(): Promise<SignInState>
  /**
   * Ends the sign-in and forgets the password at once. A request that is still running does not sign the user in.
   * @example
   * driver.cancel()
   */
  cancel(): void
  /**
   * Call it when the page starts: finds the user who is signed in, or the step that a reload interrupted. Ends in `failed`,
   * `network` if a user may be signed in and the pool cannot be reached; call it again later.
   * @example
   * await driver.resume()
   */
  resume(): Promise<SignInState>
  /**
   * Signs the user out in this browser. If that takes longer than the deadline the state stays as it was.
   * @example
   * await driver.signOut()
   */
  signOut(): Promise<SignInState>
}

export interface SignInDriverOptions {
  /** `CUSTOM_WITH_SRP` runs the triggers. `USER_SRP_AUTH` is for a pool that moved to Cognito's own e-mail factor. */
  authFlowType?: 'CUSTOM_WITH_SRP' | 'USER_SRP_AUTH'
  /**
   * `email-code`, the default: a custom challenge that is not of this project's triggers ends in `unsupported-step`. `any`:
   * it is a step `code` of the kind `custom`, with its parameters.
   */
  challenge?: AcceptedChallenge
  /** Sent with every call (Amplify forgets that of `signIn`), for instance `() => ({ locale: 'zh-CN' })`. */
  clientMetadata?: () => Record<string, string>
  /** How long one action may take before it ends in `network`; default 60,000. What is answered later is discarded. */
  deadlineMilliseconds?: number
  /** The functions of `aws-amplify/auth`. */
  auth?: AuthFunctions
  /** Where a step outlives a reload of the page, never a password or a code. The session storage of Amplify. */
  storage?: StepStorage
}

export interface AuthFunctions {
  signIn(input: SignInInput): Promise<SignInOutput>
  confirmSignIn(input: ConfirmSignInInput): Promise<SignInOutput>
  getCurrentUser(): Promise<AuthUser>
  fetchAuthSession(): Promise<AuthSession>
  signOut(): Promise<void>
}

/** What one call to Amplify came to. */
type Answer = { readonly pending: PendingStep } | { readonly error: ClassifiedError }

/** Where an action leads. It is only worked out by the actions; `settle` alone applies it. */
interface Move {
  readonly state: SignInState
  /** The step that waits for the user, if there is one. */
  readonly pending?: PendingStep | undefined
  /** This action obtained tokens; they do not belong to a user who was signed in before. */
  readonly obtainedTokens?: boolean
  /** Refused since the last mail. */
  readonly refusedCode?: string
  /** The new password with which the sign-in continues. */
  readonly newPassword?: string
  /** The pool is known to have saved it. */
  readonly newPasswordSaved?: boolean
}

/** One action of the user, from the click to the state that it leads to. */
interface Action {
  cancelled: boolean
  /** Whether a user was signed in when it began, perhaps by another tab. */
  wasSignedIn: Promise<boolean>
  readonly turn: AmplifyTurn<SignInState>
  readonly promise: Promise<SignInState>
}

const DEADLINE_MILLISECONDS = 60_000
/** After `cancel` the next action waits so long for the answer that is on its way: it would replace Amplify's session. */
const WAIT_AFTER_CANCEL_MILLISECONDS = 5_000
/** A session that is lost again and again is a network that does not work: one action signs in at most so often. */
const ROUNDS_PER_ACTION = 3

/**
 * Makes a driver. One for a page: Amplify keeps one sign-in for the page as well.
 *
 * @example
 * const driver = createSignInDriver({ clientMetadata: () => ({ locale: document.documentElement.lang }) })
 * const state = await driver.signIn({ username: 'ada@example.com', password: 'from the form' })
 * if (state.step === 'code') console.log(`Enter the code that was sent to ${state.destination}.`)
 */
export function createSignInDriver(options: SignInDriverOptions = {}): SignInDriver {
  const auth: AuthFunctions = options.auth ?? {
    signIn,
    confirmSignIn,
    getCurrentUser,
    fetchAuthSession,
    signOut,
  }
  const storage: StepStorage = options.storage ?? sessionStorage
  const authFlowType = options.authFlowType ?? 'CUSTOM_WITH_SRP'
  const deadline = options.deadlineMilliseconds ?? DEADLINE_MILLISECONDS
  const listeners = new Set<() => void>()
  /** Only while a sign-in is under way: to begin again when a session is lost. */
  const memory = createPasswordMemory()
  /** To send one of them again would only waste an attempt. */
  const refusedCodes = new Set<string>()

  let state: SignInState = SIGNED_OUT
  let pending: PendingStep | undefined
  /** Which of Amplify's answers the pending step came with. */
  let pendingAnswer = 0
  let newPasswordSaved = false
  let current: Action | undefined

  function show(next: SignInState): SignInState {
    state = next
    for (const listener of listeners) callSafely(listener)
    return state
  }

  /** Runs one action as soon as it is its turn; `atDeadline` is where it leads if it takes too long. */
  function act(atDeadline: Move, work: (action: Action) => Promise<Move>): Promise<SignInState> {
    const turn = takeAmplifyTurn(async () => {
      action.wasSignedIn = isSomeoneSignedIn()
      return settle(action, await work(action))
    }, deadline)
    const promise = turn.result.then(settled => settled ?? (action.cancelled ? state : apply(atDeadline)))
    const action: Action = { cancelled: false, wasSignedIn: Promise.resolve(false), turn, promise }
    current = action
    show({ ...state, busy: true })
    return promise
  }

  /** What an action that was cancelled or is late came to is discarded, and its tokens are given back. */
  async function settle(action: Action, move: Move): Promise<SignInState> {
    if (!isOver(action)) return apply(move)
    if (!move.obtainedTokens) return state
    if (!action.turn.isOver) await leave()
    // The same user may have signed in meanwhile: then these tokens are as good.
    else if (!isSignedInAs(move.state)) await giveBackLate()
    return state
  }

  /** Another action may have its turn by now, and may even have found the late tokens and taken them for its own. */
  async function giveBackLate(): Promise<void> {
    await takeAmplifyTurn(leave, deadline).result
    if (state.step === 'signed-in' && !current) apply({ state: SIGNED_OUT })
  }

  function apply(move: Move): SignInState {
    const { state: next } = move
    current = undefined
    pending = move.pending
    if (move.newPassword !== undefined && 'username' in next)
      memory.hold({ username: next.username, password: move.newPassword })
    newPasswordSaved ||= move.newPasswordSaved === true
    const saysSaved = newPasswordSaved && next.step === 'failed'
    if (pending) memory.holdOn()
    else forget()
    const sameCode =
      next.step === 'code' && (next.reason === 'wrong-code' || next.reason === 'resend-refused')
    if (!sameCode) refusedCodes.clear()
    if (move.refusedCode !== undefined) refusedCodes.add(move.refusedCode)
    const step = pending && 'username' in next ? { username: next.username, pending } : undefined
    void saveStep(storage, step)
    return show(saysSaved ? { ...next, newPasswordSaved: true } : next)
  }

  function forget(): void {
    memory.forget()
    refusedCodes.clear()
    newPasswordSaved = false
  }

  async function call(action: Action, invoke: () => Promise<SignInOutput>): Promise<Answer> {
    if (isOver(action)) return lostSession('ActionIsOver')
    const thisAnswer = answerCount() + 1
    try {
      return { pending: pendingStepOf(await invoke()) }
    } catch (error) {
      return { error: classifyError(error) }
    } finally {
      countAnswer()
      if (!isOver(action)) pendingAnswer = thisAnswer
    }
  }

  async function answerStep(
    action: Action,
    challengeResponse: string,
    more: NonNullable<ConfirmSignInInput['options']> = {},
  ): Promise<Answer> {
    // A late answer, or another driver, has replaced the session: an answer to that one would belong to another step.
    if (pendingAnswer !== answerCount()) return lostSession('SessionReplaced')
    return selectFactor(action, await confirm(action, challengeResponse, more))
  }

  function confirm(
    action: Action,
    challengeResponse: string,
    more: NonNullable<ConfirmSignInInput['options']> = {},
  ): Promise<Answer> {
    return call(action, () => {
      const clientMetadata = { ...options.clientMetadata?.(), ...more.clientMetadata }
      return auth.confirmSignIn({ challengeResponse, options: { ...more, clientMetadata } })
    })
  }

  /** Answers the question for a factor, once: a pool that asks it again is not understood. */
  function selectFactor(action: Action, answer: Answer): Answer | Promise<Answer> {
    if (!('pending' in answer) || answer.pending.signInStep !== 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION')
      return answer
    const factor = answer.pending.parameters['factor']
    return factor === undefined ? answer : confirm(action, factor)
  }

  /** Signs in with the password. A lost answer spends the session, so it may take more than one round. */
  async function begin(action: Action, username: string, password: string): Promise<Answer> {
    const round = async () => {
      const answer = await call(action, () => {
        const clientMetadata = { ...options.clientMetadata?.() }
        return auth.signIn({ username, password, options: { authFlowType, clientMetadata } })
      })
      return selectFactor(action, answer)
    }
    let answer = await round()
    for (let rounds = 1; rounds < ROUNDS_PER_ACTION && errorKind(answer) === 'session'; rounds++) {
      answer = restarted(await round())
    }
    return answer
  }

  /** Begins again in the middle of a sign-in, which takes the password; after a reload it is gone. */
  async function beginAgain(action: Action, username: string): Promise<Move> {
    const credentials = memory.recall()
    if (!credentials) return (await signedInMove(username)) ?? failure(username, 'expired')
    return moveTo(action, username, restarted(await begin(action, username, credentials.password)))
  }

  async function moveTo(action: Action, username: string, answer: Answer): Promise<Move> {
    if ('pending' in answer) return arrival(username, answer.pending)
    const { kind, errorName } = answer.error
    switch (kind) {
      case 'refused':
        return failure(username, 'wrong-password', errorName)
      case 'session':
        // Spent within seconds, and again and again: the answers do not get through.
        return failure(username, 'network', errorName)
      case 'already-signed-in':
        return (await signedInMove(username)) ?? failure(username, 'another-user', errorName)
      case 'unknown':
      case 'wrong-code':
      case 'weak-password':
      case 'used-before':
      case 'invalid-input': {
        // Amplify may have kept the tokens and failed behind that.
        const move = await signedInMove(username)
        if (!move) return failure(username, 'unknown', errorName)
        return { ...move, obtainedTokens: !(await action.wasSignedIn) }
      }
      default:
        return failure(username, kind, errorName)
    }
  }

  async function finishNewPassword(
    action: Action,
    step: NewPasswordState,
    password: string,
    userAttributes: Record<string, string>,
  ): Promise<Move> {
    const { username } = step
    const submit = () => answerStep(action, password, { userAttributes })
    let answer = await submit()
    for (let rounds = 1; rounds < ROUNDS_PER_ACTION && errorKind(answer) === 'session'; rounds++) {
      // Whether the former password still works tells whether the answer that got lost was taken.
      const former = memory.recall()
      const again = former && (await begin(action, username, former.password))
      if (!again || errorKind(again) === 'refused')
        return finishWith(action, username, password, { mailMayBeOut: true })
      // The former password signs in: nothing was saved, and the pool no longer asks for a new password.
      if ('pending' in again && !isNewPasswordStep(again)) return moveTo(action, username, restarted(again))
      answer = 'pending' in again ? await submit() : again
    }
    if ('pending' in answer) {
      const next = { ...answer.pending, followsNewPassword: true } as const
      return { ...arrival(username, next), newPassword: password, newPasswordSaved: true }
    }
    const { kind, unmetRequirements } = answer.error
    switch (kind) {
      case 'tokens-refused':
        return finishWith(action, username, password, { isSaved: true })
      case 'mail-not-sent':
        return finishWith(action, username, password, { mailMayBeOut: true })
      case 'refused':
        return finishWith(action, username, password)
      case 'weak-password':
        return { state: { ...step, busy: false, problem: kind, unmetRequirements }, pending }
      case 'used-before':
      case 'invalid-input':
      case 'network':
        return { state: withProblem(step, kind), pending }
      default:
        return moveTo(action, username, answer)
    }
  }

  /** The pool saves the new password but gives no tokens before a code: the sign-in starts again with it. */
  async function finishWith(
    action: Action,
    username: string,
    password: string,
    { isSaved = false, mailMayBeOut = false } = {},
  ): Promise<Move> {
    const first = await begin(action, username, password)
    const answer = mailMayBeOut ? restarted(first) : first
    const refused = errorKind(answer) === 'refused' || isNewPasswordStep(answer)
    if (refused) return failure(username, 'new-password-unclear')
    const move = await moveTo(action, username, answer)
    return { ...move, newPassword: password, newPasswordSaved: isSaved || isPastPassword(answer) }
  }

  async function finishCode(action: Action, step: CodeState, code: string): Promise<Move> {
    const { username } = step
    const answer = await answerStep(action, code)
    if ('pending' in answer) return afterCode(action, step, code, answer.pending)
    switch (answer.error.kind) {
      case 'session':
        return beginAgain(action, username)
      case 'refused':
        return failure(username, 'too-many-codes', answer.error.errorName)
      case 'network':
        return { state: withProblem(step, 'network'), pending }
      case 'wrong-code':
        // Cognito's own factors keep the session after a wrong code; a custom challenge knows no such error.
        if (isCustomChallenge(step) || !pending) return beginAgain(action, username)
        return { ...arrival(username, withReason(pending, 'wrong-code')), refusedCode: code }
      case 'tokens-refused':
        // Right after a new password the guard lets no tokens out: it cannot see that a factor of Cognito's came in between.
        return pending?.followsNewPassword ? beginAgain(action, username) : moveTo(action, username, answer)
      default:
        return moveTo(action, username, answer)
    }
  }

  async function afterCode(action: Action, step: CodeState, code: string, next: PendingStep): Promise<Move> {
    const move = arrival(step.username, next)
    if (move.state.step !== 'code') return move
    // Other triggers may ask the next question as well as the same one again: no answer to them is known to be wrong.
    if (move.state.kind === 'custom')
      return step.kind === 'custom' ? arrival(step.username, withReason(next, 'wrong-code')) : move
    const { reason, reference } = next.parameters
    // Expired and no new mail: neither this code nor another one can pass this sign-in any more.
    if (reason === 'expired' && reference === step.reference) return beginAgain(action, step.username)
    return reason === 'wrong-code' ? { ...move, refusedCode: code } : move
  }

  async function finishResend(action: Action, step: CodeState): Promise<Move> {
    // Within one session Cognito sends the codes of its own factors only once; other triggers know no resend of ours.
    if (step.kind !== 'email-code') return beginAgain(action, step.username)
    const answer = await answerStep(action, 'resend', { clientMetadata: { action: 'resend' } })
    if ('pending' in answer) {
      const { reason } = answer.pending.parameters
      const understood = reason === 'resent' || reason === 'resend-refused' || reason === 'limited'
      return understood ? arrival(step.username, answer.pending) : beginAgain(action, step.username)
    }
    switch (answer.error.kind) {
      case 'session':
      case 'refused':
      case 'wrong-code':
        return beginAgain(action, step.username)
      case 'network':
        return { state: withProblem(step, 'network'), pending }
      default:
        return moveTo(action, step.username, answer)
    }
  }

  async function findStep(): Promise<Move> {
    const user = await currentUser()
    if (user === 'unreachable') return failure('', 'network')
    if (user) return user.move
    const saved = await loadStep(storage)
    if (!saved) return { state: SIGNED_OUT }
    pendingAnswer = answerCount()
    return arrival(saved.username, saved.pending)
  }

  /** Tokens that are there and cannot be refreshed now are somebody's too. */
  async function isSomeoneSignedIn(): Promise<boolean> {
    try {
      return Boolean(await auth.getCurrentUser())
    } catch (error) {
      return classifyError(error).kind === 'network'
    }
  }

  /** The signed-in user, if it is this one: another tab may have finished the sign-in. */
  async function signedInMove(username: string): Promise<Move | undefined> {
    const user = await currentUser()
    if (user === 'unreachable') return undefined
    return user?.names.includes(username.toLowerCase()) ? user.move : undefined
  }

  /** The user who is signed in in this browser, by every name that the user may have typed. */
  async function currentUser(): Promise<
    { names: readonly string[]; move: Move } | 'unreachable' | undefined
  > {
    try {
      const { username, signInDetails } = await auth.getCurrentUser()
      const { tokens } = await auth.fetchAuthSession()
      const claims = tokens?.idToken?.payload ?? {}
      const typed = [claims['email'], claims['preferred_username'], claims['phone_number'], username]
      const names = [signInDetails?.loginId, ...typed].filter(name => typeof name === 'string')
      const [name] = names
      // Another tab is signing in: Amplify keeps the ID token, which has the name, after the access token.
      if (name === undefined) return undefined
      const state = { step: 'signed-in', busy: false, username: name } as const
      return { names: names.map(name => name.toLowerCase()), move: { state } }
    } catch (error) {
      // Tokens that are there and cannot be refreshed now.
      return classifyError(error).kind === 'network' ? 'unreachable' : undefined
    }
  }

  async function leave(): Promise<Move> {
    try {
      await auth.signOut()
      return { state: SIGNED_OUT }
    } catch {
      const user = await currentUser()
      return typeof user === 'object' ? user.move : { state: SIGNED_OUT }
    }
  }

  function arrival(username: string, next: PendingStep): Move {
    const nextState = stateOf(username, next, options.challenge)
    if (nextState.step === 'signed-in') return { state: nextState, obtainedTokens: true }
    const waits = nextState.step === 'code' || nextState.step === 'new-password'
    return waits ? { state: nextState, pending: next } : { state: nextState }
  }

  function isSignedInAs(other: SignInState): boolean {
    return state.step === 'signed-in' && other.step === 'signed-in' && state.username === other.username
  }

  return {
    getState: () => state,

    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async signIn({ username: typed, password }) {
      if (current) return current.promise
      // No user name of Cognito has a blank in it, but pasted ones come with some around.
      const username = typed.trim()
      const known = memory.recall()
      if (pending && known?.username === username && known.password === password) return state
      if (/\s/.test(username)) return apply(failure(username, 'wrong-password'))
      return act(failure(username, 'network', 'DeadlineExceeded'), async action => {
        if (!isOver(action)) memory.hold({ username, password })
        return moveTo(action, username, await begin(action, username, password))
      })
    },

    async submitNewPassword(password, attributes = {}) {
      if (current) return current.promise
      const step = state
      if (step.step !== 'new-password') return state
      // Amplify refuses an empty one by an error of its own.
      if (password === '') return show({ ...step, problem: 'weak-password', unmetRequirements: ['length'] })
      return act({ state: withProblem(step, 'network'), pending }, action =>
        finishNewPassword(action, step, password, { ...attributes }),
      )
    },

    async submitCode(typed) {
      if (current) return current.promise
      const step = state
      // The pool accepts no code in a limited round: to send one would only waste an attempt.
      if (step.step !== 'code' || step.reason === 'limited') return state
      const code = step.kind === 'custom' ? typed : normaliseTypedCode(typed)
      if (!isComplete(step, code)) return show({ ...step, problem: 'incomplete-code' })
      if (refusedCodes.has(code)) return show({ ...step, reason: 'wrong-code', problem: undefined })
      return act({ state: withProblem(step, 'network'), pending }, action => finishCode(action, step, code))
    },

    async resend() {
      if (current) return current.promise
      const step = state
      if (step.step !== 'code') return state
      return act({ state: withProblem(step, 'network'), pending }, action => finishResend(action, step))
    },

    cancel() {
      if (state.step === 'signed-in') return
      if (current) current.cancelled = true
      current?.turn.endWithin(WAIT_AFTER_CANCEL_MILLISECONDS)
      apply({ state: SIGNED_OUT })
    },

    async resume() {
      if (current) return current.promise
      return pending ? state : act(failure('', 'network', 'DeadlineExceeded'), findStep)
    },

    async signOut() {
      if (current) return current.promise
      return act({ state, pending }, leave)
    },
  }
}

function isOver(action: Action): boolean {
  return action.cancelled || action.turn.isOver
}

/** A listener that throws must not stop the sign-in, nor keep the others from hearing of it. */
function callSafely(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    // Node.js has no reportError.
    if (typeof reportError === 'function') reportError(error)
    else console.error(error)
  }
}

function isComplete(step: CodeState, code: string): boolean {
  if (step.kind === 'custom') return code !== ''
  return /^\d+$/.test(code) && (step.codeLength ?? code.length) === code.length
}

function isCustomChallenge({ kind }: CodeState): boolean {
  return kind === 'email-code' || kind === 'custom'
}

function withProblem<Step extends NewPasswordState | CodeState>(step: Step, problem: Step['problem']): Step {
  return { ...step, busy: false, problem }
}

function failure(username: string, reason: FailureReason, errorName?: string): Move {
  return { state: { step: 'failed', busy: false, username, reason, errorName } }
}

function lostSession(errorName: string): Answer {
  return { error: { kind: 'session', errorName, unmetRequirements: [] } }
}

function errorKind(answer: Answer): ClassifiedError['kind'] | undefined {
  return 'error' in answer ? answer.error.kind : undefined
}

function isNewPasswordStep(answer: Answer): boolean {
  return 'pending' in answer && answer.pending.signInStep === 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED'
}

/** Only a right password leads to a next step, to the mail or to tokens. */
function isPastPassword(answer: Answer): boolean {
  const kind = errorKind(answer)
  return kind === undefined || kind === 'mail-not-sent' || kind === 'tokens-refused'
}

/** An earlier mail may be in the mailbox, and its code is no longer accepted: the user has to be told. */
function restarted(answer: Answer): Answer {
  if (!('pending' in answer) || answer.pending.parameters['reason'] === 'limited') return answer
  return { pending: withReason(answer.pending, 'restarted') }
}

function withReason(pending: PendingStep, reason: CodeState['reason']): PendingStep {
  return { ...pending, reason }
}
