// Fault switches: what can go wrong between a client and Cognito, at will.
import { CognitoError } from './errors.ts'
import { isJsonObject, type JsonObject, Parameters } from './parameters.ts'
import type { AfterNativeFactor, AfterNewPassword, Pool } from './pool.ts'
import { TRIGGER_NAMES, type TriggerName } from './trigger-process.ts'

const AFTER_NEW_PASSWORD: readonly AfterNewPassword[] = ['define', 'define-with-entry', 'tokens']
const AFTER_NATIVE_FACTOR: readonly AfterNativeFactor[] = ['define-with-entry', 'tokens']

export class Faults {
  readonly #pool: Pool
  readonly #answersToDrop = new Map<string, number>()
  readonly #errorsToAnswer = new Map<string, CognitoError[]>()
  /** True: no mail can be sent. */
  refuseMail = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** The next request of the operation is processed; then the connection breaks instead of an answer. */
  dropNextAnswer(operation: string): void {
    this.#answersToDrop.set(operation, (this.#answersToDrop.get(operation) ?? 0) + 1)
  }

  /** True once for each `dropNextAnswer` of the operation. */
  takeDroppedAnswer(operation: string): boolean {
    const left = this.#answersToDrop.get(operation) ?? 0
    if (left === 0) return false
    this.#answersToDrop.set(operation, left - 1)
    return true
  }

  /** The next request of the operation is not processed; it is answered this error, such as TooManyRequestsException. */
  failNext(operation: string, type: string, message: string): void {
    this.#errorsToAnswer.set(operation, [
      ...(this.#errorsToAnswer.get(operation) ?? []),
      new CognitoError(type, message),
    ])
  }

  /** The error of the oldest `failNext` of the operation, once. */
  takeError(operation: string): CognitoError | undefined {
    return this.#errorsToAnswer.get(operation)?.shift()
  }

  /** The trigger does its work at once and answers `milliseconds` late, in its next `attempts` calls. */
  delayTrigger(trigger: TriggerName, milliseconds: number, attempts = 1): void {
    this.#pool.triggers.delay(trigger, milliseconds, attempts)
  }

  /** The process of the trigger is killed during its next call. */
  killTrigger(trigger: TriggerName): void {
    this.#pool.triggers.kill(trigger)
  }

  /** Everything is as it was when the pool started. */
  reset(): void {
    this.#answersToDrop.clear()
    this.#errorsToAnswer.clear()
    this.#pool.triggers.forget()
    this.#pool.clock.setOffset(0)
    this.refuseMail = false
    this.afterNewPassword = 'define'
  }

  /** The switches as they are now, and what waits to happen. */
  get state(): JsonObject {
    return {
      afterNewPassword: this.afterNewPassword,
      afterNativeFactor: this.afterNativeFactor,
      clientMetadataReachesCreate: this.clientMetadataReachesCreate,
      refuseMail: this.refuseMail,
      clockOffset: this.#pool.clock.offsetMs / 1000,
      waiting: {
        dropNextAnswer: [...this.#answersToDrop].flatMap(([operation, left]) =>
          left > 0 ? [operation] : [],
        ),
        delayTrigger: this.#pool.triggers.waitingDelays,
      },
    }
  }

  /** Every session that is open now has expired. */
  expireSessions(): void {
    this.#pool.sessions.expireAll()
  }

  get afterNewPassword(): AfterNewPassword {
    return this.#pool.behaviour.afterNewPassword
  }

  set afterNewPassword(value: AfterNewPassword) {
    this.#pool.behaviour.afterNewPassword = value
  }

  get afterNativeFactor(): AfterNativeFactor {
    return this.#pool.behaviour.afterNativeFactor
  }

  set afterNativeFactor(value: AfterNativeFactor) {
    this.#pool.behaviour.afterNativeFactor = value
  }

  get clientMetadataReachesCreate(): boolean {
    return this.#pool.triggers.clientMetadataReachesCreate
  }

  set clientMetadataReachesCreate(value: boolean) {
    this.#pool.triggers.clientMetadataReachesCreate = value
  }

  /**
   * The same over HTTP, any of: `{ dropNextAnswer: 'InitiateAuth', failNext: { operation, type, message },
   * delayTrigger: { trigger, milliseconds, attempts },
   * killTrigger: 'create-auth-challenge', expireSessions: true, advanceClock: 60, afterNewPassword: 'tokens',
   * afterNativeFactor: 'tokens', clientMetadataReachesCreate: false }`.
   * @returns the switches that stay as they are set.
   * @throws CognitoError InvalidParameterException; nothing of the request is done then.
   */
  apply(body: unknown): JsonObject {
    const request = new Parameters(isJsonObject(body) ? body : refuse('The body is not a JSON object.'))
    const known = Object.keys(SWITCHES)
    const unknown = Object.keys(request.values).filter(name => !known.includes(name))
    if (unknown.length > 0)
      refuse(`There is no switch ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
    const actions = Object.entries(SWITCHES).flatMap(([name, read]) =>
      name in request.values ? [read(request, this, this.#pool)] : [],
    )
    for (const act of actions) act()
    return this.state
  }
}

/** Each reads its member and checks it; what it returns does the work. */
const SWITCHES: Readonly<Record<string, (request: Parameters, faults: Faults, pool: Pool) => () => void>> = {
  reset(_request, faults) {
    return () => faults.reset()
  },
  refuseMail(request, faults, pool) {
    const value = request.boolean('refuseMail')
    return () => {
      faults.refuseMail = value
      pool.triggers.forget()
    }
  },
  clockOffset(request, _faults, pool) {
    const seconds = request.optionalNumber('clockOffset') ?? 0
    return () => pool.clock.setOffset(seconds)
  },
  dropNextAnswer(request, faults) {
    const operation = request.string('dropNextAnswer')
    return () => faults.dropNextAnswer(operation)
  },
  failNext(request, faults) {
    const failure = request.object('failNext')
    const operation = failure.string('operation')
    const type = failure.string('type')
    const message = failure.string('message')
    return () => faults.failNext(operation, type, message)
  },
  delayTrigger(request, faults) {
    const delay = request.object('delayTrigger')
    const trigger = triggerName(delay.string('trigger'))
    const milliseconds = delay.optionalNumber('milliseconds') ?? refuse('delayTrigger needs milliseconds.')
    const attempts = delay.optionalNumber('attempts')
    return () => faults.delayTrigger(trigger, milliseconds, attempts)
  },
  killTrigger(request, faults) {
    const trigger = triggerName(request.string('killTrigger'))
    return () => faults.killTrigger(trigger)
  },
  expireSessions(request, faults) {
    return request.boolean('expireSessions') ? () => faults.expireSessions() : () => undefined
  },
  advanceClock(request, _faults, pool) {
    const seconds = request.optionalNumber('advanceClock') ?? 0
    if (seconds < 0) refuse(`The clock cannot be advanced by ${seconds} seconds.`)
    return () => pool.clock.advance(seconds)
  },
  afterNewPassword(request, faults) {
    const value = oneOf(AFTER_NEW_PASSWORD, request.string('afterNewPassword'))
    return () => {
      faults.afterNewPassword = value
    }
  },
  afterNativeFactor(request, faults) {
    const value = oneOf(AFTER_NATIVE_FACTOR, request.string('afterNativeFactor'))
    return () => {
      faults.afterNativeFactor = value
    }
  },
  clientMetadataReachesCreate(request, faults) {
    const value = request.boolean('clientMetadataReachesCreate')
    return () => {
      faults.clientMetadataReachesCreate = value
    }
  },
}

function triggerName(text: string): TriggerName {
  return oneOf(TRIGGER_NAMES, text)
}

function oneOf<Value extends string>(values: readonly Value[], text: string): Value {
  return values.find(value => value === text) ?? refuse(`${text} is none of ${values.join(', ')}.`)
}

function refuse(message: string): never {
  throw new CognitoError('InvalidParameterException', message)
}
