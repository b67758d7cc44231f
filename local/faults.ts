// Fault switches: what can go wrong between a client and Cognito, on request.

import { isObject } from '../command/json.ts'
import {
  AFTER_NATIVE_FACTOR,
  AFTER_NEW_PASSWORD,
  type AfterNativeFactor,
  type AfterNewPassword,
} from './behaviour.ts'
import { LARGEST_OFFSET_SECONDS } from './clock.ts'
import { CognitoError, invalidParameter } from './errors.ts'
import { Parameters } from './parameters.ts'
import type { Pool } from './pool.ts'
import { type QuotaChoice, type QuotaRates, quotaRates } from './quotas.ts'
import { TRIGGER_NAMES, type TriggerName } from './trigger-process.ts'
import type { Delay } from './triggers.ts'

/** An error that stands in for the next answer of an operation. */
interface Failure {
  readonly operation: string
  readonly type: string
  readonly message: string
}

/** The positions of the switches, and the faults that are set and have not happened yet. */
export interface FaultSwitchState {
  readonly afterNewPassword: AfterNewPassword
  readonly afterNativeFactor: AfterNativeFactor
  readonly clientMetadataReachesCreate: boolean
  readonly refuseMail: boolean
  readonly clockOffset: number
  /** Requests a second by category; false: no quotas. */
  readonly quotas: QuotaRates | false
  readonly waiting: {
    readonly dropNextAnswer: readonly string[]
    readonly failNext: readonly Failure[]
    readonly delayTrigger: readonly ({ readonly trigger: TriggerName } & Delay)[]
    readonly killTrigger: readonly TriggerName[]
  }
}

export class Faults {
  readonly #pool: Pool
  /** The switches that stay, as the pool started. */
  readonly #start: Pick<
    FaultSwitchState,
    'afterNewPassword' | 'afterNativeFactor' | 'clientMetadataReachesCreate' | 'quotas'
  >
  #answersToDrop: string[] = []
  #failures: Failure[] = []
  #refusesMail = false

  constructor(pool: Pool) {
    this.#pool = pool
    const { clientMetadataReachesCreate } = pool.triggers
    this.#start = { ...pool.behaviour, clientMetadataReachesCreate, quotas: pool.quotas.rates }
  }

  /** The next request of the operation is processed; then the connection breaks instead of an answer. */
  dropNextAnswer(operation: string): void {
    this.#answersToDrop.push(operation)
  }

  /** True once for each `dropNextAnswer` of the operation. */
  takeDroppedAnswer(operation: string): boolean {
    const index = this.#answersToDrop.indexOf(operation)
    if (index === -1) return false
    this.#answersToDrop.splice(index, 1)
    return true
  }

  /** The next request of the operation is not processed; it is answered this error, such as TooManyRequestsException. */
  failNext(operation: string, type: string, message: string): void {
    this.#failures.push({ operation, type, message })
  }

  /** The error of the oldest `failNext` of the operation, once. */
  takeError(operation: string): CognitoError | undefined {
    const failure = this.#failures.find(candidate => candidate.operation === operation)
    if (failure === undefined) return undefined
    this.#failures = this.#failures.filter(other => other !== failure)
    return new CognitoError(failure.type, failure.message)
  }

  /** The trigger does its work at once and answers `milliseconds` late, in its next `attempts` calls. */
  delayTrigger(trigger: TriggerName, milliseconds: number, attempts = 1): void {
    this.#pool.triggers.delay(trigger, milliseconds, attempts)
  }

  /** The process of the trigger is killed during its next call. */
  killTrigger(trigger: TriggerName): void {
    this.#pool.triggers.kill(trigger)
  }

  /** Every session that is open now has expired. */
  expireSessions(): void {
    this.#pool.sessions.expireAll()
  }

  /** SES refuses every mail from now on, or accepts them again. */
  async refuseMail(refused: boolean): Promise<void> {
    await this.#pool.mailbox.refuseMail(refused)
    this.#refusesMail = refused
  }

  /** Seconds that the clock of the pool and of the triggers is ahead of the machine's; negative: behind. */
  get clockOffset(): number {
    return this.#pool.clock.offsetSeconds
  }

  set clockOffset(seconds: number) {
    this.#pool.clock.offsetSeconds = seconds
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

  /** Requests beyond the quotas are refused with TooManyRequestsException; setting them fills every bucket. */
  get quotas(): QuotaRates | false {
    return this.#pool.quotas.rates
  }

  set quotas(choice: QuotaChoice) {
    this.#pool.quotas.rates = quotaRates(choice)
  }

  /** Every switch as the pool started; what has not happened yet does not happen. Expired sessions stay expired. */
  async reset(): Promise<void> {
    this.#answersToDrop = []
    this.#failures = []
    this.#pool.triggers.forgetFaults()
    this.afterNewPassword = this.#start.afterNewPassword
    this.afterNativeFactor = this.#start.afterNativeFactor
    this.clientMetadataReachesCreate = this.#start.clientMetadataReachesCreate
    this.quotas = this.#start.quotas
    this.clockOffset = 0
    await this.refuseMail(false)
  }

  get state(): FaultSwitchState {
    const { delays, toKill } = this.#pool.triggers
    return {
      afterNewPassword: this.afterNewPassword,
      afterNativeFactor: this.afterNativeFactor,
      clientMetadataReachesCreate: this.clientMetadataReachesCreate,
      refuseMail: this.#refusesMail,
      clockOffset: this.clockOffset,
      quotas: this.quotas,
      waiting: {
        dropNextAnswer: [...this.#answersToDrop],
        failNext: [...this.#failures],
        delayTrigger: [...delays].map(([trigger, delay]) => ({ trigger, ...delay })),
        killTrigger: [...toKill],
      },
    }
  }

  /**
   * The same over HTTP, with members of SWITCHES in whatever order; `reset` comes first.
   * @throws CognitoError InvalidParameterException; nothing of the request is done then.
   */
  async apply(body: unknown): Promise<FaultSwitchState> {
    if (!isObject(body)) throw invalidParameter('The body is not a JSON object.')
    const request = new Parameters(body)
    const unknown = Object.keys(body).filter(name => !Object.hasOwn(SWITCHES, name))
    if (unknown.length > 0) {
      const known = Object.keys(SWITCHES).join(', ')
      throw invalidParameter(`Unknown switch: ${unknown.join(', ')}. The switches are: ${known}.`)
    }
    const actions = Object.entries(SWITCHES).flatMap(([name, read]) =>
      name in body ? [read(request, this, this.#pool)] : [],
    )
    for (const act of actions) await act()
    return this.state
  }
}

/** Reads its member of the request and checks it; what it returns does the work. */
type Switch = (request: Parameters, faults: Faults, pool: Pool) => () => void | Promise<void>

const SWITCHES: Readonly<Record<string, Switch>> = {
  reset(request, faults) {
    return request.boolean('reset') ? () => faults.reset() : () => undefined
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
    const trigger = oneOf(TRIGGER_NAMES, delay.string('trigger'))
    const milliseconds = delay.optionalNumber('milliseconds')
    const attempts = delay.optionalNumber('attempts')
    if (milliseconds === undefined) throw invalidParameter('delayTrigger.milliseconds is missing.')
    return () => faults.delayTrigger(trigger, milliseconds, attempts)
  },
  killTrigger(request, faults) {
    const trigger = oneOf(TRIGGER_NAMES, request.string('killTrigger'))
    return () => faults.killTrigger(trigger)
  },
  expireSessions(request, faults) {
    return request.boolean('expireSessions') ? () => faults.expireSessions() : () => undefined
  },
  refuseMail(request, faults) {
    const refused = request.boolean('refuseMail')
    return () => faults.refuseMail(refused)
  },
  clockOffset(request, faults) {
    const seconds = request.optionalNumber('clockOffset') ?? 0
    if (Math.abs(seconds) > LARGEST_OFFSET_SECONDS) {
      throw invalidParameter(
        `clockOffset must be from -${LARGEST_OFFSET_SECONDS} to ${LARGEST_OFFSET_SECONDS}.`,
      )
    }
    return () => {
      faults.clockOffset = seconds
    }
  },
  quotas(request, faults) {
    const rates = quotaRates(quotaChoice(request))
    return () => {
      faults.quotas = rates
    }
  },
  advanceClock(request, _faults, pool) {
    const seconds = request.optionalNumber('advanceClock') ?? 0
    if (seconds < 0) throw invalidParameter('advanceClock must be 0 or more.')
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

function quotaChoice(request: Parameters): QuotaChoice {
  if (typeof request.values['quotas'] === 'boolean') return request.boolean('quotas')
  const rates = request.object('quotas')
  return Object.fromEntries(
    Object.keys(rates.values).map(category => [category, rates.optionalNumber(category) ?? 0]),
  )
}

function oneOf<Value extends string>(values: readonly Value[], text: string): Value {
  const found = values.find(value => value === text)
  if (found === undefined) throw invalidParameter(`${text} must be one of ${values.join(', ')}.`)
  return found
}
