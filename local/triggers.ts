// Calls the triggers as Cognito does: its events, its 5 seconds and three tries, its errors.
import { setTimeout as wait } from 'node:timers/promises'
import { isObject, type UntypedObject } from '../command/json.ts'
import type { CallLog } from './call-log.ts'
import type { Clock } from './clock.ts'
import { CognitoError } from './errors.ts'
import type { ClaimChanges } from './tokens.ts'
import { TriggerError, type TriggerName, type TriggerProcess } from './trigger-process.ts'
import { TRIGGER_MEMBERS, type UserPoolDescription } from './user-pool.ts'

const TRIES = 3

/** An entry of `session` in the events. */
export interface ChallengeEntry {
  readonly challengeName: string
  readonly challengeResult: boolean
  /** null for the built-in challenges. */
  readonly challengeMetadata: string | null
}

/** Who signs in, as the events show it. */
export interface SignInSubject {
  readonly clientId: string
  readonly username: string
  readonly userAttributes: Readonly<Record<string, string>>
  /** Only with PreventUserExistenceErrors; otherwise the events have no such key. */
  readonly userNotFound: boolean | undefined
  /** Only what RespondToAuthChallenge sent; otherwise the events have no such key. */
  readonly clientMetadata: Readonly<Record<string, string>> | undefined
}

export interface DefineAnswer {
  readonly challengeName: string | undefined
  readonly issueTokens: boolean
  readonly failAuthentication: boolean
}

export interface CreateAnswer {
  readonly publicChallengeParameters: Readonly<Record<string, string>>
  readonly privateChallengeParameters: Readonly<Record<string, string>> | null
  readonly challengeMetadata: string | null
}

export type TokenGenerationSource =
  | 'TokenGeneration_Authentication'
  | 'TokenGeneration_NewPasswordChallenge'
  | 'TokenGeneration_RefreshTokens'

/** Fault switch: how late the next `attempts` calls of a trigger answer. */
export interface Delay {
  readonly milliseconds: number
  readonly attempts: number
}

export interface TriggersOptions {
  readonly pool: UserPoolDescription
  readonly clock: Clock
  readonly log: CallLog
  readonly processes: ReadonlyMap<TriggerName, TriggerProcess>
  /** Awaited before Create is called: what it needs and the time limit is not for. */
  readonly beforeCreate: () => Promise<void>
  /** Milliseconds that Cognito waits for one try. */
  readonly timeoutMs: number
}

/** The fault switches of the triggers, shared by the calls for all requests. */
interface TriggerFaults {
  clientMetadataReachesCreate: boolean
  readonly delays: Map<TriggerName, Delay>
  readonly toKill: Set<TriggerName>
}

export class Triggers {
  readonly #options: TriggersOptions
  readonly #faults: TriggerFaults
  readonly #requestNumber: number

  /**
   * @param faults of the pool
   * @param requestNumber in the log, of the request that the calls are made for
   */
  constructor(
    options: TriggersOptions,
    faults: TriggerFaults = { clientMetadataReachesCreate: true, delays: new Map(), toKill: new Set() },
    requestNumber = 0,
  ) {
    this.#options = options
    this.#faults = faults
    this.#requestNumber = requestNumber
  }

  /** The same triggers, called for a request. */
  forRequest(requestNumber: number): Triggers {
    return new Triggers(this.#options, this.#faults, requestNumber)
  }

  /** False: Create does not get ClientMetadata, as measured by a developer of LocalStack (localstack #11687). */
  get clientMetadataReachesCreate(): boolean {
    return this.#faults.clientMetadataReachesCreate
  }

  set clientMetadataReachesCreate(value: boolean) {
    this.#faults.clientMetadataReachesCreate = value
  }

  /** Fault switch: the next `attempts` calls answer `milliseconds` late; their work is done at once. */
  delay(trigger: TriggerName, milliseconds: number, attempts: number): void {
    this.#faults.delays.set(trigger, { milliseconds, attempts })
  }

  /** Delays that have not happened yet. */
  get delays(): ReadonlyMap<TriggerName, Delay> {
    return this.#faults.delays
  }

  /** Fault switch: the process is killed while it works on its next call. */
  kill(trigger: TriggerName): void {
    this.#faults.toKill.add(trigger)
  }

  /** Triggers that are still to be killed. */
  get toKill(): ReadonlySet<TriggerName> {
    return this.#faults.toKill
  }

  /** Forgets every delay and every kill that has not happened yet. */
  forgetFaults(): void {
    this.#faults.delays.clear()
    this.#faults.toKill.clear()
  }

  has(trigger: TriggerName): boolean {
    return this.#options.pool.functionArn(trigger) !== undefined
  }

  async define(subject: SignInSubject, session: readonly ChallengeEntry[]): Promise<DefineAnswer> {
    const answer = await this.#call('define-auth-challenge', {
      ...this.#common(subject),
      triggerSource: 'DefineAuthChallenge_Authentication',
      request: {
        userAttributes: subject.userAttributes,
        session,
        ...optional('clientMetadata', subject.clientMetadata),
        ...optional('userNotFound', subject.userNotFound),
      },
      response: { challengeName: null, issueTokens: null, failAuthentication: null },
    })
    return {
      challengeName: textOrNull(answer['challengeName']) ?? undefined,
      issueTokens: flag(answer['issueTokens']),
      failAuthentication: flag(answer['failAuthentication']),
    }
  }

  async create(subject: SignInSubject, session: readonly ChallengeEntry[]): Promise<CreateAnswer> {
    await this.#options.beforeCreate()
    const clientMetadata = this.clientMetadataReachesCreate ? subject.clientMetadata : undefined
    const answer = await this.#call('create-auth-challenge', {
      ...this.#common(subject),
      triggerSource: 'CreateAuthChallenge_Authentication',
      request: {
        userAttributes: subject.userAttributes,
        challengeName: 'CUSTOM_CHALLENGE',
        session,
        ...optional('clientMetadata', clientMetadata),
        ...optional('userNotFound', subject.userNotFound),
      },
      response: {
        publicChallengeParameters: null,
        privateChallengeParameters: null,
        challengeMetadata: null,
      },
    })
    return {
      publicChallengeParameters: textsOrNull(answer['publicChallengeParameters']) ?? {},
      privateChallengeParameters: textsOrNull(answer['privateChallengeParameters']),
      challengeMetadata: textOrNull(answer['challengeMetadata']),
    }
  }

  /** True when the trigger found the answer right. */
  async verify(
    subject: SignInSubject,
    privateChallengeParameters: Readonly<Record<string, string>> | null,
    challengeAnswer: string,
  ): Promise<boolean> {
    const answer = await this.#call('verify-auth-challenge-response', {
      ...this.#common(subject),
      triggerSource: 'VerifyAuthChallengeResponse_Authentication',
      request: {
        userAttributes: subject.userAttributes,
        privateChallengeParameters,
        ...optional('clientMetadata', subject.clientMetadata),
        challengeAnswer,
        ...optional('userNotFound', subject.userNotFound),
      },
      response: { answerCorrect: null },
    })
    return flag(answer['answerCorrect'])
  }

  /** Without the trigger: no changes. */
  async preToken(subject: SignInSubject, triggerSource: TokenGenerationSource): Promise<ClaimChanges> {
    if (!this.has('pre-token-generation')) return { add: {}, suppress: [] }
    const { version, ...common } = this.#common(subject)
    const answer = await this.#call('pre-token-generation', {
      version,
      triggerSource,
      ...common,
      request: {
        userAttributes: subject.userAttributes,
        groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [], preferredRole: null },
        ...optional('clientMetadata', subject.clientMetadata),
      },
      response: { claimsOverrideDetails: null },
    })
    const details = objectOrNull(answer['claimsOverrideDetails']) ?? {}
    const groups = objectOrNull(details['groupOverrideDetails'])?.['groupsToOverride']
    return {
      add: textsOrNull(details['claimsToAddOrOverride']) ?? {},
      suppress: texts(details['claimsToSuppress'] ?? []),
      ...(groups === undefined || groups === null ? {} : { groups: texts(groups) }),
    }
  }

  #common({ clientId, username }: SignInSubject) {
    return {
      version: '1',
      region: this.#options.pool.region,
      userPoolId: this.#options.pool.id,
      userName: username,
      callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId },
    }
  }

  /** The checked `response` of the trigger. */
  async #call(name: TriggerName, event: UntypedObject): Promise<UntypedObject> {
    const process = this.#processOf(name)
    const member = TRIGGER_MEMBERS[name]
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const answer = await this.#try(name, process, event, attempt)
      if (answer !== TOO_LATE) return checkedResponse(event, answer)
    }
    throw new CognitoError(
      'UnexpectedLambdaException',
      `${member} invocation failed due to error Socket timeout while invoking Lambda function.`,
    )
  }

  async #try(
    name: TriggerName,
    trigger: TriggerProcess,
    event: UntypedObject,
    attempt: number,
  ): Promise<unknown> {
    const { clock, log, timeoutMs } = this.#options
    const member = TRIGGER_MEMBERS[name]
    const kill = this.#faults.toKill.delete(name)
    const delayMs = this.#takeDelay(name)
    try {
      return await log.trigger(member, attempt, this.#requestNumber, event, keepLate => {
        const answer = trigger.invoke(event, { clockOffsetMs: clock.offsetMs, kill })
        const late = delayMs === 0 ? answer : answer.then(value => wait(delayMs, value, { ref: false }))
        return within(timeoutMs, late, keepLate)
      })
    } catch (error) {
      if (error instanceof TimeLimit) return TOO_LATE
      if (!(error instanceof TriggerError)) throw error
      throw new CognitoError('UserLambdaValidationException', `${member} failed with error ${error.message}.`)
    }
  }

  #takeDelay(name: TriggerName): number {
    const delay = this.#faults.delays.get(name)
    if (delay === undefined) return 0
    if (delay.attempts > 1) this.#faults.delays.set(name, { ...delay, attempts: delay.attempts - 1 })
    else this.#faults.delays.delete(name)
    return delay.milliseconds
  }

  /** A function of any stack runs the local trigger that its name ends with. */
  #processOf(name: TriggerName): TriggerProcess {
    const arn = this.#options.pool.functionArn(name)
    const functionName = arn?.split(':')[6] ?? ''
    const process = this.#options.processes.get(name)
    if (process && functionName.endsWith(name)) return process
    throw new CognitoError(
      'UnexpectedLambdaException',
      `${TRIGGER_MEMBERS[name]} invocation failed due to error ResourceNotFoundException.`,
    )
  }
}

const TOO_LATE = Symbol('too late')

class TimeLimit extends Error {
  constructor(milliseconds: number) {
    super(`No answer within ${milliseconds / 1000} s`)
  }
}

/**
 * An answer after the time limit, whatever it is, is not taken.
 * @param keepLate gets it
 * @throws TimeLimit
 */
async function within<Answer>(
  milliseconds: number,
  work: Promise<Answer>,
  keepLate: (lateAnswer: Answer) => void,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeLimit(milliseconds))
      work.then(keepLate, () => undefined)
    }, milliseconds)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

function optional(name: string, value: unknown): UntypedObject {
  return value === undefined ? {} : { [name]: value }
}

/**
 * Cognito takes back the event that it sent: nothing dropped, nothing added, no null where it had left a key out
 * (public reports of "Unrecognizable lambda output").
 */
function checkedResponse(event: UntypedObject, answer: unknown): UntypedObject {
  if (!isObject(answer)) throw unrecognizable()
  const sameKeys =
    Object.keys(event).every(key => key in answer) && Object.keys(answer).every(key => key in event)
  const sentRequest = event['request']
  const request = answer['request']
  const response = answer['response']
  if (!sameKeys || !isObject(sentRequest) || !isObject(request) || !isObject(response)) {
    throw unrecognizable()
  }
  if (Object.entries(request).some(([key, value]) => value === null && !(key in sentRequest))) {
    throw unrecognizable()
  }
  return response
}

function unrecognizable(): CognitoError {
  return new CognitoError('InvalidLambdaResponseException', 'Unrecognizable lambda output')
}

function flag(value: unknown): boolean {
  if (value === null || value === undefined) return false
  if (typeof value !== 'boolean') throw unrecognizable()
  return value
}

function textOrNull(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value !== 'string') throw unrecognizable()
  return value
}

function objectOrNull(value: unknown): UntypedObject | null {
  if (value === null || value === undefined || value === '') return null
  if (!isObject(value)) throw unrecognizable()
  return value
}

function textsOrNull(value: unknown): Record<string, string> | null {
  const object = objectOrNull(value)
  if (object === null) return null
  return Object.fromEntries(
    Object.entries(object).map(([key, member]) => {
      if (typeof member !== 'string') throw unrecognizable()
      return [key, member]
    }),
  )
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value)) throw unrecognizable()
  return value.map(member => {
    if (typeof member !== 'string') throw unrecognizable()
    return member
  })
}
