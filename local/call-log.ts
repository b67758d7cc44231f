// What happened: every request to the pool and every call of a trigger, in the order in which they began.
import { EventEmitter } from 'node:events'
import { AnswerLost, CognitoError } from './errors.ts'

interface CallBase {
  /** 1, 2, 3 ... in the order in which the calls began. */
  readonly number: number
  /** Running number of the last change; a call changes when it ends, and when it answers after that. */
  readonly revision: number
  /** ISO 8601, the pool's clock. */
  readonly at: string
  /** Milliseconds; left out while the call runs. */
  readonly durationMs?: number
  /** What was answered; left out while the call runs, and when it failed. */
  readonly answer?: unknown
}

/** A request to the Cognito API. Passwords, SRP values, secrets and tokens are replaced by `(left out)`. */
export interface RequestCall extends CallBase {
  readonly kind: 'request'
  readonly operation: string
  readonly request: unknown
  readonly error?: { readonly type: string; readonly message: string }
  /** Fault switch: it was processed, and the connection broke before the answer arrived. */
  readonly answerLost?: true
}

/** A call of a trigger. */
export interface TriggerCall extends CallBase {
  readonly kind: 'trigger'
  /** `number` of the request that caused it. */
  readonly requestNumber: number
  /** Such as `DefineAuthChallenge`. */
  readonly trigger: string
  /** 1 to 3. */
  readonly attempt: number
  readonly event: unknown
  readonly error?: string
  /** What came after the time limit, which Cognito does not take: the work was done all the same. */
  readonly lateAnswer?: unknown
}

export type PoolCall = RequestCall | TriggerCall

const LEFT_OUT = '(left out)'

const SECRET_MEMBERS = new Set([
  'Password',
  'TemporaryPassword',
  'PreviousPassword',
  'ProposedPassword',
  'PASSWORD',
  'NEW_PASSWORD',
  'SRP_A',
  'SRP_B',
  'SALT',
  'SECRET_BLOCK',
  'PASSWORD_CLAIM_SECRET_BLOCK',
  'PASSWORD_CLAIM_SIGNATURE',
  'SECRET_HASH',
  'SecretHash',
  'ClientSecret',
  'SecretCode',
  'REFRESH_TOKEN',
  'RefreshToken',
  'AccessToken',
  'IdToken',
  'Token',
])

export class CallLog {
  readonly #calls: PoolCall[] = []
  readonly #emitter = new EventEmitter()
  readonly #now: () => number
  #revision = 0

  /** @param now milliseconds since 1970, the pool's clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  get calls(): readonly PoolCall[] {
    return this.#calls
  }

  /** The calls that began, ended or answered late after a revision, in the order of their numbers. */
  since(revision: number): readonly PoolCall[] {
    return this.#calls.filter(call => call.revision > revision)
  }

  /** The listener gets each call twice: when it begins and when it ends. Returns what ends the subscription. */
  subscribe(listener: (call: PoolCall) => void): () => void {
    this.#emitter.on('call', listener)
    return () => this.#emitter.off('call', listener)
  }

  /**
   * @param work is given the number of the request
   * @param losesAnswer asked when the request is processed: whether the connection breaks instead of an answer
   * @throws AnswerLost if so
   */
  async request<Answer>(
    operation: string,
    request: unknown,
    work: (requestNumber: number) => Promise<Answer>,
    losesAnswer: () => boolean,
  ): Promise<Answer> {
    const begun = this.#begin({ kind: 'request', operation, request: withoutSecrets(request) })
    const started = performance.now()
    const processed = work(begun.number)
    const outcome = await processed.then(
      answer => ({ answer: withoutSecrets(answer) }),
      (thrown: unknown) => ({ error: errorOf(thrown) }),
    )
    const answerLost = losesAnswer()
    this.#end({ ...begun, durationMs: since(started), ...outcome, ...(answerLost && { answerLost }) })
    if (answerLost) throw new AnswerLost()
    return processed
  }

  /**
   * @param requestNumber of the request that caused it
   * @param work is given what takes an answer that comes after its own end
   */
  async trigger<Answer>(
    trigger: string,
    attempt: number,
    requestNumber: number,
    event: unknown,
    work: (keepLate: (lateAnswer: unknown) => void) => Promise<Answer>,
  ): Promise<Answer> {
    const begun = this.#begin({
      kind: 'trigger',
      requestNumber,
      trigger,
      attempt,
      event,
    })
    const started = performance.now()
    try {
      const answer = await work(lateAnswer => this.#keepLate(begun.number, lateAnswer))
      this.#end({ ...begun, durationMs: since(started), answer })
      return answer
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown)
      this.#end({ ...begun, durationMs: since(started), error })
      throw thrown
    }
  }

  #begin<Details extends Omit<RequestCall, keyof CallBase> | Omit<TriggerCall, keyof CallBase>>(
    details: Details,
  ): Details & CallBase {
    this.#revision += 1
    const at = new Date(this.#now()).toISOString()
    const call = { number: this.#calls.length + 1, revision: this.#revision, at, ...details }
    this.#calls.push(call)
    this.#emitter.emit('call', call)
    return call
  }

  #keepLate(number: number, lateAnswer: unknown): void {
    const call = this.#calls[number - 1]
    if (call?.kind !== 'trigger') return
    this.#revision += 1
    this.#calls[number - 1] = { ...call, revision: this.#revision, lateAnswer }
  }

  #end(ended: PoolCall): void {
    this.#revision += 1
    const call = { ...ended, revision: this.#revision }
    this.#calls[ended.number - 1] = call
    this.#emitter.emit('call', call)
  }
}

function errorOf(thrown: unknown): { readonly type: string; readonly message: string } {
  const type = thrown instanceof CognitoError ? thrown.type : 'InternalErrorException'
  return { type, message: thrown instanceof Error ? thrown.message : String(thrown) }
}

function since(started: number): number {
  return Math.round(performance.now() - started)
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_MEMBERS.has(name) && typeof member === 'string' ? LEFT_OUT : withoutSecrets(member),
    ]),
  )
}
