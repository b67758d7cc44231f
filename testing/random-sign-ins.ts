// A person who signs in while things go wrong, as fast-check commands: what they do, and what holds whatever happens.
import assert from 'node:assert/strict'
import { fetchAuthSession } from 'aws-amplify/auth'
import fc from 'fast-check'
import {
  createSignInDriver,
  type FailureReason,
  type SignInDriver,
  type SignInState,
} from '../client/sign-in.ts'
import { AFTER_NEW_PASSWORD, type AfterNewPassword } from '../local/behaviour.ts'
import type { PoolCall } from '../local/call-log.ts'
import { TRIGGER_NAMES } from '../local/trigger-process.ts'
import { NEW_PASSWORD, speedUpSrp, startTestPool, type TestPool, wrongCode } from './test-pool.ts'

/** At most so many commands; after them the person makes no mistakes and nothing goes wrong any more. */
const MOST_COMMANDS = 14
/** From there a sign-in has to be over soon. */
const CALM_ACTIONS = 8

/** The pool waits so long for a trigger. A cold start on a busy machine has to fit in. */
const TRIGGER_TIMEOUT_MILLISECONDS = 1000
const SLOW_MILLISECONDS = 1300

const CODE_TTL_SECONDS = 60
const MAX_SENDS = 3

/** What one action may send: sign-ins that begin again and tries that Amplify repeats are bounded. */
const MOST_REQUESTS_PER_ACTION = 12

const SPENT_SESSION = /Invalid session|only be used once/

/** More users of each kind than there are runs: a failure's shrinking takes one for each try. */
const USERS_FOR_SHRINKING = 1000

interface Credentials {
  readonly username: string
  readonly password: string
}

/** What nobody has published about Cognito. */
interface Behaviour {
  readonly afterNewPassword: AfterNewPassword
  readonly clientMetadataReachesCreate: boolean
}

/** What happened in a run that can make a failure true. */
interface Facts {
  wrongPasswords: number
  droppedAnswers: number
  weakPasswords: number
  reloads: number
  /** Triggers that died, answered too late, or refused. */
  readonly failedTriggers: ReadonlySet<string>
}

/** Which of the facts has to be there for a failure to be true. A reason that is not here is never true. */
const TRUE_WHEN: Partial<Record<FailureReason, (facts: Facts) => boolean>> = {
  'wrong-password': ({ wrongPasswords }) => wrongPasswords > 0,
  'too-many-codes': ({ failedTriggers }) => failedTriggers.has('refused by DefineAuthChallenge'),
  network: ({ droppedAnswers }) => droppedAnswers > 0,
  expired: ({ reloads }) => reloads > 0,
  // The answers to one new password got lost, and then another one was sent.
  'new-password-unclear': ({ reloads, droppedAnswers, weakPasswords }) =>
    reloads > 0 || (droppedAnswers > 0 && weakPasswords > 0),
  'mail-not-sent': ({ failedTriggers }) => failedTriggers.has('CreateAuthChallenge'),
  'tokens-refused': ({ failedTriggers }) => failedTriggers.has('PreTokenGeneration'),
  unknown: ({ failedTriggers }) =>
    failedTriggers.has('DefineAuthChallenge') || failedTriggers.has('VerifyAuthChallengeResponse'),
}

/** How an action is asked for. */
const MANNERS = {
  once: '',
  twice: ', twice at once',
  'with-resend': ', with a resend at once',
  cancelled: ', cancelled half-way',
} as const

type Manner = keyof typeof MANNERS

/** One sign-in of a user nobody has used yet. */
class SignIn {
  readonly #local: TestPool
  readonly #user: Credentials
  readonly #firstCall: number
  readonly #facts = { wrongPasswords: 0, droppedAnswers: 0, weakPasswords: 0, reloads: 0 }
  readonly #story: string[] = []
  #driver: SignInDriver = createSignInDriver()
  #wrongCodes = 0
  state = this.#driver.getState()

  constructor(local: TestPool, user: Credentials) {
    this.#local = local
    this.#user = user
    this.#firstCall = local.pool.calls.length
  }

  get isOver(): boolean {
    return this.state.step === 'signed-in' || this.state.step === 'failed'
  }

  get #calls(): readonly PoolCall[] {
    return this.#local.pool.calls.slice(this.#firstCall)
  }

  /** Does what the step asks for. */
  async rightAnswer(manner: Manner = 'once'): Promise<void> {
    switch (this.state.step) {
      case 'new-password':
        return this.#act('new password', manner, () => this.#driver.submitNewPassword(NEW_PASSWORD))
      case 'code': {
        const code = await this.#local.code(this.#user.username)
        return this.#act('code', manner, () => this.#driver.submitCode(code))
      }
      default: {
        const { username } = this.#user
        const password = this.#passwordNow()
        return this.#act('password', manner, () => this.#driver.signIn({ username, password }))
      }
    }
  }

  /** A new password that is too weak, or a wrong code. */
  async wrongAnswer(manner: Manner): Promise<void> {
    if (this.state.step === 'new-password') {
      this.#facts.weakPasswords += 1
      return this.#act('weak password', manner, () => this.#driver.submitNewPassword('short'))
    }
    const code = wrongCode(await this.#local.code(this.#user.username), ++this.#wrongCodes)
    return this.#act('wrong code', manner, () => this.#driver.submitCode(code))
  }

  wrongPassword(manner: Manner): Promise<void> {
    this.#facts.wrongPasswords += 1
    const { username } = this.#user
    return this.#act('wrong password', manner, () =>
      this.#driver.signIn({ username, password: 'Wrong-password-1' }),
    )
  }

  resend(manner: Manner): Promise<void> {
    return this.#act('resend', manner, () => this.#driver.resend())
  }

  async reload(): Promise<void> {
    this.#facts.reloads += 1
    this.#driver = createSignInDriver()
    await this.#act('reload', 'once', () => this.#driver.resume())
  }

  loseAnswers(operation: string, answers: number): void {
    this.#facts.droppedAnswers += answers
    for (let dropped = 0; dropped < answers; dropped++) this.#local.pool.faults.dropNextAnswer(operation)
  }

  goesWrong(what: string, cause: (pool: TestPool['pool']) => void): void {
    this.#story.push(what)
    cause(this.#local.pool)
  }

  /** Nothing goes wrong any more. */
  calm(): void {
    const { faults } = this.#local.pool
    while (faults.takeDroppedAnswer('RespondToAuthChallenge') || faults.takeDroppedAnswer('InitiateAuth'));
    faults.delayTrigger('create-auth-challenge', 0, 0)
  }

  /** @throws AssertionError for what does not hold at the end of every sign-in. */
  async checkEnd(): Promise<void> {
    const { state } = this
    this.#holds(this.isOver, 'it does not end')
    const hasTokens = (await fetchAuthSession()).tokens !== undefined
    this.#holds(hasTokens === (state.step === 'signed-in'), 'tokens and state do not agree')
    const facts = { ...this.#facts, failedTriggers: failedTriggers(this.#calls) }
    if (state.step === 'failed') {
      const isTrue = TRUE_WHEN[state.reason]?.(facts) === true
      this.#holds(isTrue, `${state.reason} is not true: ${[...facts.failedTriggers].join()}`)
    }
    for (const number of tokensWithoutCode(this.#calls))
      this.#holds(false, `request ${number} was answered with tokens and without a code`)
    const mails = await this.#local.mails(this.#user.username)
    this.#holds(mails.length <= mostMails(this.#calls), `${mails.length} mails`)
  }

  async leave(): Promise<void> {
    this.#driver.cancel()
    await this.#driver.signOut()
  }

  async #act(what: string, manner: Manner, action: () => Promise<SignInState>): Promise<void> {
    this.#story.push(`${what}${MANNERS[manner]}`)
    const before = this.#requests()
    this.state = await this.#inManner(manner, action)
    const { state } = this
    this.#story.push(`-> ${state.step}${'reason' in state ? ` ${state.reason}` : ''}`)
    this.#holds(!SPENT_SESSION.test(textOf(state)), 'the person sees the text of a spent session')
    this.#holds(!state.busy, 'busy although the action is over')
    const requests = this.#requests() - before
    this.#holds(requests <= MOST_REQUESTS_PER_ACTION, `${requests} requests for one action`)
  }

  async #inManner(manner: Manner, action: () => Promise<SignInState>): Promise<SignInState> {
    switch (manner) {
      case 'once':
        return action()
      case 'twice': {
        const [first, second] = await Promise.all([action(), action()])
        this.#holds(first === second, 'two submits at once came to two results')
        return first
      }
      case 'with-resend': {
        const [first] = await Promise.all([action(), this.#driver.resend()])
        return first
      }
      case 'cancelled': {
        const late = action()
        this.#driver.cancel()
        await late
        return this.#driver.getState()
      }
    }
  }

  /** The password that the pool has now, as the person would find out by trying. */
  #passwordNow(): string {
    return this.#calls.some(isSavedNewPassword) ? NEW_PASSWORD : this.#user.password
  }

  #requests(): number {
    return this.#calls.filter(({ kind }) => kind === 'request').length
  }

  #holds(condition: boolean, complaint: string): void {
    assert(condition, [complaint, this.#user.username, ...this.#story].join('\n'))
  }
}

/** What decides which commands make sense. */
interface Model {
  step: SignInState['step']
}

type Command = fc.AsyncCommand<Model, SignIn>

function command(
  text: string,
  steps: readonly SignInState['step'][],
  run: (signIn: SignIn) => Promise<void>,
): Command {
  return {
    check: ({ step }) => steps.includes(step),
    async run(model, signIn) {
      await run(signIn)
      model.step = signIn.state.step
    },
    toString: () => text,
  }
}

const UNDER_WAY = ['signed-out', 'new-password', 'code'] as const

const manners: fc.Arbitrary<Manner> = fc.oneof(
  { weight: 16, arbitrary: fc.constant('once' as const) },
  { weight: 5, arbitrary: fc.constant('twice' as const) },
  { weight: 3, arbitrary: fc.constant('with-resend' as const) },
  { weight: 1, arbitrary: fc.constant('cancelled' as const) },
)

function inManners(
  text: string,
  steps: readonly SignInState['step'][],
  run: (signIn: SignIn, manner: Manner) => Promise<void>,
): fc.Arbitrary<Command> {
  return manners.map(manner => command(`${text}${MANNERS[manner]}`, steps, signIn => run(signIn, manner)))
}

function fault(text: string, cause: (pool: TestPool['pool'], signIn: SignIn) => void): Command {
  return command(text, UNDER_WAY, async signIn => signIn.goesWrong(text, pool => cause(pool, signIn)))
}

function lostAnswers(operation: string, answers: number): Command {
  return fault(`${answers} lost: ${operation}`, (_, signIn) => signIn.loseAnswers(operation, answers))
}

function slowMail(attempts: number): Command {
  return fault(`slow mail, ${attempts} times`, ({ faults }) =>
    faults.delayTrigger('create-auth-challenge', SLOW_MILLISECONDS, attempts),
  )
}

const faults: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(lostAnswers('RespondToAuthChallenge', 1)) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 4 }).map(answers => lostAnswers('RespondToAuthChallenge', answers)),
  },
  { weight: 2, arbitrary: fc.constant(lostAnswers('InitiateAuth', 1)) },
  {
    weight: 2,
    arbitrary: fc.constant(fault('sessions expire', pool => pool.faults.expireSessions())),
  },
  {
    weight: 2,
    arbitrary: fc.constant(fault('codes expire', pool => pool.advanceClock(CODE_TTL_SECONDS + 1))),
  },
  // Each takes seconds.
  { weight: 1, arbitrary: fc.constantFrom(slowMail(1), slowMail(1), slowMail(1), slowMail(1), slowMail(3)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...TRIGGER_NAMES)
      .map(trigger => fault(`${trigger} dies`, pool => pool.faults.killTrigger(trigger))),
  },
)

const commands = fc.commands(
  [
    fc.oneof(
      {
        weight: 14,
        arbitrary: inManners('right answer', UNDER_WAY, (signIn, manner) => signIn.rightAnswer(manner)),
      },
      {
        weight: 4,
        arbitrary: inManners('wrong answer', ['new-password', 'code'], (signIn, manner) =>
          signIn.wrongAnswer(manner),
        ),
      },
      {
        weight: 1,
        arbitrary: inManners('wrong password', ['signed-out'], (signIn, manner) =>
          signIn.wrongPassword(manner),
        ),
      },
      { weight: 3, arbitrary: inManners('resend', ['code'], (signIn, manner) => signIn.resend(manner)) },
      {
        weight: 2,
        arbitrary: fc.constant(command('reload', ['new-password', 'code'], signIn => signIn.reload())),
      },
      { weight: 6, arbitrary: faults },
    ),
  ],
  { maxCommands: MOST_COMMANDS, size: 'max' },
)

const behaviours: fc.Arbitrary<Behaviour> = fc.record({
  afterNewPassword: fc.constantFrom(...AFTER_NEW_PASSWORD),
  clientMetadataReachesCreate: fc.boolean(),
})

/** Which sign-ins are tried. `path` is for the replay of a failure: fast-check prints it. */
export interface RandomRuns {
  readonly runs: number
  readonly seed: number
  readonly path?: string
}

/**
 * Signs in again and again; Amplify keeps one sign-in for the process, so one after the other.
 * @param local of `startRandomPool`
 * @param user a user nobody has used yet, for each run
 * @returns how each sign-in ended: `signed-in`, or why it failed
 * @throws Error of fast-check for the first run in which something does not hold, with as few commands as still fail
 */
export async function checkRandomSignIns(
  local: TestPool,
  user: () => Credentials,
  { runs, ...replay }: RandomRuns,
): Promise<readonly string[]> {
  const ends: string[] = []
  const property = fc.asyncProperty(commands, behaviours, async (planned, behaviour) => {
    await local.pool.faults.reset()
    Object.assign(local.pool.faults, behaviour)
    const signIn = new SignIn(local, user())
    try {
      await fc.asyncModelRun(() => ({ model: { step: signIn.state.step }, real: signIn }), planned)
      signIn.calm()
      for (let actions = 0; actions < CALM_ACTIONS && !signIn.isOver; actions++) await signIn.rightAnswer()
      await signIn.checkEnd()
    } finally {
      signIn.calm()
      await signIn.leave()
    }
    ends.push(signIn.state.step === 'failed' ? signIn.state.reason : signIn.state.step)
  })
  await fc.assert(property, { numRuns: runs, ...replay })
  return ends
}

/** Starts the pool for so many runs with each kind of user, in haste: nothing but the order of things matters. */
export async function startRandomPool(runs: number): Promise<TestPool & { close(): Promise<void> }> {
  const endSpeedUp = speedUpSrp()
  const environment = {
    CODE_TTL_SECONDS: String(CODE_TTL_SECONDS),
    MAX_SENDS: String(MAX_SENDS),
    RESEND_AFTER_SECONDS: '0',
  }
  const local = await startTestPool(
    { environment, triggerTimeoutMs: TRIGGER_TIMEOUT_MILLISECONDS },
    runs + USERS_FOR_SHRINKING,
  )
  return {
    ...local,
    async close() {
      endSpeedUp()
      await local.pool.close()
    },
  }
}

/** The pool saves the password before it calls a trigger: it is kept when one fails. */
function isSavedNewPassword(call: PoolCall): boolean {
  if (call.kind !== 'request' || !textOf(call.request).includes('"NEW_PASSWORD_REQUIRED"')) return false
  return call.error === undefined || call.error.type.includes('Lambda')
}

/** Numbers of the requests that were answered with tokens although no code was verified. */
function tokensWithoutCode(calls: readonly PoolCall[]): readonly number[] {
  const verified = calls.flatMap(call =>
    call.kind === 'trigger' &&
    call.trigger === 'VerifyAuthChallengeResponse' &&
    /"answerCorrect":true/.test(textOf(call.answer))
      ? [call.requestNumber]
      : [],
  )
  return calls.flatMap(call =>
    call.kind === 'request' &&
    /"AuthenticationResult"/.test(textOf(call.answer)) &&
    !verified.includes(call.number)
      ? [call.number]
      : [],
  )
}

function failedTriggers(calls: readonly PoolCall[]): ReadonlySet<string> {
  const failed = calls.flatMap(call => {
    if (call.kind !== 'trigger') return []
    const refused = /"failAuthentication":true/.test(textOf(call.answer))
    return call.error !== undefined ? [call.trigger] : refused ? [`refused by ${call.trigger}`] : []
  })
  return new Set(failed)
}

/** MAX_SENDS for each sign-in that began, and those of the calls that Cognito repeats because they were late. */
function mostMails(calls: readonly PoolCall[]): number {
  const begun = calls.filter(call => call.kind === 'request' && call.operation === 'InitiateAuth')
  const repeated = calls.filter(
    call => call.kind === 'trigger' && call.trigger === 'CreateAuthChallenge' && call.attempt > 1,
  )
  return begun.length * MAX_SENDS + repeated.length
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}
