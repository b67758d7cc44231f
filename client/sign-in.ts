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
import {
  type CodeState,
  type FailureReason,
  type NewPasswordState,
  normalizedCode,
  type PendingStep,
  pendingStepOf,
  type SignInState,
  savedStepOf,
  stateOf,
  type Trouble,
  troubleOf,
} from './sign-in-state.ts'

export type { CodeState, FailureReason, NewPasswordState, SignInState } from './sign-in-state.ts'

/**
 * Every action ends in a state and never throws. What is asked for while an action is under way is not done: it gets
 * the promise of the one under way. An action that does not fit the step changes nothing.
 */
export interface SignInDriver {
  /** The state now. The same object until something changes, so that it can be compared with `===`. */
  getState(): SignInState
  /** Calls `listener` after each change of the state. Returns the function that ends it. */
  subscribe(listener: () => void): () => void
  /** Begins a sign-in. The same user name and password again, while a step of theirs waits, change nothing. */
  signIn(credentials: { username: string; password: string }): Promise<SignInState>
  /** Answers the step `new-password`; `attributes` by name, for instance `{ given_name: 'Ada' }`. */
  submitNewPassword(password: string, attributes?: Readonly<Record<string, string>>): Promise<SignInState>
  /** Answers the step `code`. Blanks, hyphens, full-width and Arabic digits are fine. */
  submitCode(code: string): Promise<SignInState>
  /** Asks for a new code in the step `code`. */
  resend(): Promise<SignInState>
  /** Gives the sign-in up and forgets the password at once. Nobody is signed in by what is still under way. */
  cancel(): void
  /** Call it when the page starts: finds the user who is signed in, or the step that a reload interrupted. */
  resume(): Promise<SignInState>
  /** Signs the user out in this browser. */
  signOut(): Promise<SignInState>
}

export interface SignInDriverOptions {
  /** `CUSTOM_WITH_SRP` runs the triggers. `USER_SRP_AUTH` is for a pool that moved to Cognito's own e-mail factor. */
  authFlowType?: 'CUSTOM_WITH_SRP' | 'USER_SRP_AUTH'
  /** Sent with every call (Amplify forgets that of `signIn`), for instance `() => ({ locale: 'zh-CN' })`. */
  clientMetadata?: () => Record<string, string>
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

export interface StepStorage {
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
}

/** What one call to Amplify came to. */
type Answer = { readonly pending: PendingStep } | { readonly trouble: Trouble }

/** Where an action leads; `pending` is the step that waits for a person, if one does. */
type Move = { readonly state: SignInState; readonly pending?: PendingStep | undefined }

type Action = { cancelled: boolean; promise: Promise<SignInState> }

const STORAGE_KEY = 'cognito-email-code.step'
/** Amplify drops its session 3 minutes after it came (its signInStore.ts), whatever AuthSessionValidity says. */
const STEP_LIFE_MILLISECONDS = 3 * 60 * 1000
/** A session that is lost again and again is a network that does not work: one action begins anew at most so often. */
const ROUNDS_PER_ACTION = 3

/**
 * Amplify keeps one sign-in for the whole page, so its calls go one after the other: an answer that comes late, after
 * `cancel`, would otherwise put its session in the place of the next sign-in's.
 */
let amplifyIsFree: Promise<unknown> = Promise.resolve()

/** Makes a driver. One for a page: Amplify keeps one sign-in for the page as well. */
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
  const listeners = new Set<() => void>()

  let state: SignInState = { step: 'signed-out', busy: false }
  let pending: PendingStep | undefined
  /** In memory, and only while a sign-in is under way: to begin anew when a session is lost. */
  let credentials: { readonly username: string; readonly password: string } | undefined
  let current: Action | undefined
  /** Refused since the last mail: to send one of them again would only waste an attempt. */
  const refusedCodes = new Set<string>()

  function show(next: SignInState): SignInState {
    state = next
    for (const listener of listeners) listener()
    return state
  }

  /** Runs one action as soon as Amplify is free. */
  function act(work: (action: Action) => Promise<Move>): Promise<SignInState> {
    const action: Action = { cancelled: false, promise: Promise.resolve(state) }
    current = action
    action.promise = amplifyIsFree.then(() => work(action)).then(move => settle(action, move))
    amplifyIsFree = action.promise.catch(() => undefined)
    show({ ...state, busy: true })
    return action.promise
  }

  async function settle(action: Action, move: Move): Promise<SignInState> {
    if (action.cancelled) {
      if (move.state.step === 'signed-in') await leave()
      if (current === undefined) credentials = undefined
      return state
    }
    current = undefined
    pending = move.pending
    if (!pending) credentials = undefined
    const { state: next } = move
    const sameCode =
      next.step === 'code' && (next.reason === 'wrong-code' || next.reason === 'resend-refused')
    if (!sameCode) refusedCodes.clear()
    keepStep(next)
    return show(next)
  }

  function keepStep(next: SignInState): void {
    const kept =
      pending && 'username' in next
        ? storage.setItem(
            STORAGE_KEY,
            JSON.stringify({ username: next.username, savedAt: Date.now(), pending }),
          )
        : storage.removeItem(STORAGE_KEY)
    // A step that could not be saved is only lost to a reload: no reason to stop the sign-in.
    kept.catch(() => undefined)
  }

  async function call(action: Action, invoke: () => Promise<SignInOutput>): Promise<Answer> {
    if (action.cancelled) return { trouble: { kind: 'session', errorName: 'Cancelled' } }
    try {
      const next = pendingStepOf(await invoke())
      const factor = next.signInStep === 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION' && next.parameters['factor']
      return factor ? answerStep(action, factor) : { pending: next }
    } catch (error) {
      return { trouble: troubleOf(error) }
    }
  }

  function answerStep(
    action: Action,
    challengeResponse: string,
    more: NonNullable<ConfirmSignInInput['options']> = {},
  ): Promise<Answer> {
    return call(action, () => {
      const clientMetadata = { ...options.clientMetadata?.(), ...more.clientMetadata }
      return auth.confirmSignIn({ challengeResponse, options: { ...more, clientMetadata } })
    })
  }

  /** Signs in with the password. A lost answer spends the session, so it may take more than one round. */
  async function begin(action: Action, username: string, password: string): Promise<Answer> {
    const round = () =>
      call(action, () => {
        const clientMetadata = { ...options.clientMetadata?.() }
        return auth.signIn({ username, password, options: { authFlowType, clientMetadata } })
      })
    let answer = await round()
    for (let rounds = 1; rounds < ROUNDS_PER_ACTION && troubleIn(answer) === 'session'; rounds++) {
      answer = restarted(await round())
    }
    return answer
  }

  /** Begins anew in the middle of a sign-in, which takes the password; after a reload it is gone. */
  async function beginAnew(action: Action, username: string): Promise<Move> {
    if (!credentials) return (await signedInMove(username)) ?? failure(username, 'expired')
    return moveTo(username, restarted(await begin(action, username, credentials.password)))
  }

  async function moveTo(username: string, answer: Answer): Promise<Move> {
    if ('pending' in answer) return arrival(username, answer.pending)
    const { kind, errorName } = answer.trouble
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
      case 'invalid-input':
        // Amplify may have kept the tokens and failed behind that.
        return (await signedInMove(username)) ?? failure(username, 'unknown', errorName)
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
    for (let rounds = 1; rounds < ROUNDS_PER_ACTION && troubleIn(answer) === 'session'; rounds++) {
      // Whether the former password still works tells whether the answer that got lost was taken.
      const again = credentials && (await begin(action, username, credentials.password))
      if (!again || troubleIn(again) === 'refused') return finishWith(action, username, password, restarted)
      answer = isNewPasswordStep(again) ? await submit() : again
    }
    if ('pending' in answer) {
      credentials = { username, password }
      return arrival(username, answer.pending)
    }
    switch (answer.trouble.kind) {
      case 'tokens-refused':
      case 'refused':
        return finishWith(action, username, password)
      case 'weak-password':
      case 'used-before':
      case 'invalid-input':
      case 'network':
        return { state: { ...step, busy: false, problem: answer.trouble.kind }, pending }
      default:
        return moveTo(username, answer)
    }
  }

  /**
   * The pool keeps the new password but gives no tokens before a code: the sign-in begins once more with it. `mark` says
   * that a mail may have gone out before.
   */
  async function finishWith(
    action: Action,
    username: string,
    password: string,
    mark = (answer: Answer) => answer,
  ): Promise<Move> {
    credentials = { username, password }
    const answer = mark(await begin(action, username, password))
    const refused = troubleIn(answer) === 'refused' || isNewPasswordStep(answer)
    return refused ? failure(username, 'new-password-unclear') : moveTo(username, answer)
  }

  async function finishCode(action: Action, step: CodeState, code: string): Promise<Move> {
    const { username } = step
    const answer = await answerStep(action, code)
    if ('pending' in answer) {
      const { reason, reference } = answer.pending.parameters
      if (reason === 'wrong-code') refusedCodes.add(code)
      // Expired and no new mail: neither this code nor another one can pass this sign-in any more.
      if (reason === 'expired' && reference === step.reference) return beginAnew(action, username)
      return arrival(username, answer.pending)
    }
    switch (answer.trouble.kind) {
      case 'session':
        return beginAnew(action, username)
      case 'refused':
        return failure(username, 'too-many-codes', answer.trouble.errorName)
      case 'network':
        return { state: { ...step, busy: false, problem: 'network' }, pending }
      case 'wrong-code':
        // Cognito's own factors keep the session after a wrong code; a custom challenge knows no such error.
        if (step.kind === 'email-code' || !pending) return beginAnew(action, username)
        refusedCodes.add(code)
        return arrival(username, withReason(pending, 'wrong-code'))
      default:
        return moveTo(username, answer)
    }
  }

  async function finishResend(action: Action, step: CodeState): Promise<Move> {
    // Within one session Cognito sends the codes of its own factors only once.
    if (step.kind !== 'email-code') return beginAnew(action, step.username)
    const answer = await answerStep(action, 'resend', { clientMetadata: { action: 'resend' } })
    if ('pending' in answer) {
      const { reason } = answer.pending.parameters
      const honoured = reason === 'resent' || reason === 'resend-refused'
      return honoured ? arrival(step.username, answer.pending) : beginAnew(action, step.username)
    }
    switch (answer.trouble.kind) {
      case 'session':
      case 'refused':
      case 'wrong-code':
        return beginAnew(action, step.username)
      case 'network':
        return { state: { ...step, busy: false, problem: 'network' }, pending }
      default:
        return moveTo(step.username, answer)
    }
  }

  async function findStep(): Promise<Move> {
    const user = await currentUser()
    if (user) return user.move
    const text = await storage.getItem(STORAGE_KEY).catch(() => null)
    const saved = text === null ? undefined : savedStepOf(text)
    if (!saved || Date.now() - saved.savedAt > STEP_LIFE_MILLISECONDS) return SIGNED_OUT
    return arrival(saved.username, saved.pending)
  }

  /** The signed-in user, if it is this one: another tab may have finished the sign-in. */
  async function signedInMove(username: string): Promise<Move | undefined> {
    const user = await currentUser()
    return user?.names.includes(username.toLowerCase()) ? user.move : undefined
  }

  /** Whoever is signed in in this browser, by all the names that one may have typed. */
  async function currentUser(): Promise<{ names: readonly string[]; move: Move } | undefined> {
    try {
      const { username, signInDetails } = await auth.getCurrentUser()
      const { tokens } = await auth.fetchAuthSession()
      const claims = tokens?.idToken?.payload ?? {}
      const typed = [claims['email'], claims['preferred_username'], claims['phone_number'], username]
      const names = [signInDetails?.loginId, ...typed].filter(name => typeof name === 'string')
      const state = { step: 'signed-in', busy: false, username: names[0] ?? username } as const
      return { names: names.map(name => name.toLowerCase()), move: { state } }
    } catch {
      return undefined
    }
  }

  async function leave(): Promise<Move> {
    try {
      await auth.signOut()
      return SIGNED_OUT
    } catch {
      return (await currentUser())?.move ?? SIGNED_OUT
    }
  }

  return {
    getState: () => state,

    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async signIn({ username, password }) {
      if (current) return current.promise
      const underWay = pending && credentials?.username === username && credentials.password === password
      if (underWay) return state
      return act(async action => {
        credentials = { username, password }
        return moveTo(username, await begin(action, username, password))
      })
    },

    async submitNewPassword(password, attributes = {}) {
      if (current) return current.promise
      const step = state
      if (step.step !== 'new-password') return state
      return act(action => finishNewPassword(action, step, password, { ...attributes }))
    },

    async submitCode(typed) {
      if (current) return current.promise
      const step = state
      if (step.step !== 'code') return state
      const code = normalizedCode(typed)
      const complete = /^\d+$/.test(code) && (step.codeLength ?? code.length) === code.length
      if (!complete) return show({ ...step, problem: 'incomplete-code' })
      if (refusedCodes.has(code)) return show({ ...step, reason: 'wrong-code', problem: undefined })
      return act(action => finishCode(action, step, code))
    },

    async resend() {
      if (current) return current.promise
      const step = state
      if (step.step !== 'code') return state
      return act(action => finishResend(action, step))
    },

    cancel() {
      if (state.step === 'signed-in') return
      if (current) current.cancelled = true
      current = undefined
      credentials = undefined
      pending = undefined
      refusedCodes.clear()
      keepStep(SIGNED_OUT.state)
      show(SIGNED_OUT.state)
    },

    async resume() {
      if (current) return current.promise
      return pending ? state : act(findStep)
    },

    async signOut() {
      if (current) return current.promise
      return act(leave)
    },
  }
}

const SIGNED_OUT = { state: { step: 'signed-out', busy: false } } as const

function arrival(username: string, pending: PendingStep): Move {
  const state = stateOf(username, pending)
  const waits = state.step === 'code' || state.step === 'new-password'
  return waits ? { state, pending } : { state }
}

function failure(username: string, reason: FailureReason, errorName?: string): Move {
  return { state: { step: 'failed', busy: false, username, reason, errorName } }
}

function troubleIn(answer: Answer): Trouble['kind'] | undefined {
  return 'trouble' in answer ? answer.trouble.kind : undefined
}

function isNewPasswordStep(answer: Answer): boolean {
  return 'pending' in answer && answer.pending.signInStep === 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED'
}

/** An earlier mail may be in the mailbox, and its code is worth nothing any more: a person has to be told. */
function restarted(answer: Answer): Answer {
  return 'pending' in answer ? { pending: withReason(answer.pending, 'restarted') } : answer
}

function withReason(pending: PendingStep, reason: CodeState['reason']): PendingStep {
  return { ...pending, parameters: { ...pending.parameters, reason } }
}
