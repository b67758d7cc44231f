// A person who signs in at random while things go wrong at random: what they do, and what has to hold whatever happens.
import { fetchAuthSession } from 'aws-amplify/auth'
import { createSignInDriver, type FailureReason, type SignInState } from '../client/sign-in.ts'
import { NEW_PASSWORD, speedUpSrp, startTestPool, type TestPool, wrongCode } from './test-pool.ts'

/** After so many actions the person makes no more mistakes and nothing goes wrong any more. */
const WILD_ACTIONS = 9
/** From there a sign-in has to be over soon. */
const CALM_ACTIONS = 8

/** How long a slow trigger takes: longer than the pool waits for it. */
export const SLOW_MILLISECONDS = 1300

const SPENT_SESSION = /Invalid session|only be used once/

/** What happened in a run that can make a failure true. */
interface Facts {
  wrongPasswords: number
  droppedAnswers: number
  reloads: number
  /** Triggers that died, answered too late, or refused. */
  readonly failedTriggers: ReadonlySet<string>
}

export interface Run {
  readonly end: SignInState
  /** What the person did and what went wrong, in order. */
  readonly story: readonly string[]
  /** What did not hold; empty for a good run. */
  readonly complaints: readonly string[]
}

/** Which of the facts has to be there for a failure to be true. A reason that is not here is never true. */
const TRUE_WHEN: Partial<Record<FailureReason, (facts: Facts) => boolean>> = {
  'wrong-password': ({ wrongPasswords }) => wrongPasswords > 0,
  'too-many-codes': ({ failedTriggers }) => failedTriggers.has('refused by DefineAuthChallenge'),
  network: ({ droppedAnswers }) => droppedAnswers > 0,
  expired: ({ reloads }) => reloads > 0,
  'new-password-unclear': ({ reloads }) => reloads > 0,
  'mail-not-sent': ({ failedTriggers }) => failedTriggers.has('CreateAuthChallenge'),
  'tokens-refused': ({ failedTriggers }) => failedTriggers.has('PreTokenGeneration'),
  unknown: ({ failedTriggers }) =>
    failedTriggers.has('DefineAuthChallenge') || failedTriggers.has('VerifyAuthChallengeResponse'),
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Runs one sign-in of a user nobody has used yet. Its pool should wait less than `SLOW_MILLISECONDS` for a trigger. */
export async function signInAtRandom(
  local: TestPool,
  user: { username: string; password: string },
  seed: number,
): Promise<Run> {
  const random = randomNumbers(seed)
  const chance = (probability: number) => random() < probability
  const oneOf = <const T>(choices: readonly [T, ...T[]]): T =>
    choices[Math.floor(random() * choices.length)] ?? choices[0]

  const { pool } = local
  const { faults } = pool
  const facts = { wrongPasswords: 0, droppedAnswers: 0, reloads: 0 }
  const story: string[] = [`seed ${seed}, ${user.username}`]
  const complaints: string[] = []
  const firstCall = pool.calls.length
  let driver = createSignInDriver()
  let wrongCodes = 0

  faults.afterNewPassword = oneOf(['define', 'define-with-entry', 'tokens'])
  faults.clientMetadataReachesCreate = chance(0.7)

  const goesWrong: readonly [() => void, ...(() => void)[]] = [
    () => drop('RespondToAuthChallenge', 1),
    () => drop('RespondToAuthChallenge', 1),
    () => drop('RespondToAuthChallenge', 1 + Math.floor(random() * 4)),
    () => drop('InitiateAuth', 1),
    () => {
      story.push('sessions expire')
      faults.expireSessions()
    },
    () => {
      story.push('codes expire')
      pool.advanceClock(61)
    },
    () => {
      const attempts = chance(0.2) ? 3 : 1
      story.push(`slow mail, ${attempts} times`)
      faults.delayTrigger('create-auth-challenge', SLOW_MILLISECONDS, attempts)
    },
    () => {
      const trigger = oneOf([
        'define-auth-challenge',
        'create-auth-challenge',
        'verify-auth-challenge-response',
        'pre-token-generation',
      ])
      story.push(`${trigger} dies`)
      faults.killTrigger(trigger)
    },
  ]

  function drop(operation: string, answers: number): void {
    story.push(`${answers} lost: ${operation}`)
    facts.droppedAnswers += answers
    for (let dropped = 0; dropped < answers; dropped++) faults.dropNextAnswer(operation)
  }

  async function nextAction(state: SignInState, wild: boolean): Promise<() => Promise<SignInState>> {
    switch (state.step) {
      case 'new-password': {
        const weak = wild && chance(0.15)
        story.push(weak ? 'weak password' : 'new password')
        return () => driver.submitNewPassword(weak ? 'short' : NEW_PASSWORD)
      }
      case 'code': {
        if (wild && chance(0.2)) {
          story.push('resend')
          return () => driver.resend()
        }
        const mistaken = wild && chance(0.3)
        story.push(mistaken ? 'wrong code' : 'code')
        const code = await local.code(user.username)
        const typed = mistaken ? wrongCode(code, ++wrongCodes) : code
        return () => driver.submitCode(typed)
      }
      default: {
        const mistaken = wild && chance(0.05)
        story.push(mistaken ? 'wrong password' : 'password')
        if (mistaken) facts.wrongPasswords++
        // Somebody who chose a new password and had to begin again tries that one.
        const password = mistaken ? 'Wrong-password-1' : await knownPassword()
        return () => driver.signIn({ username: user.username, password })
      }
    }
  }

  /** The password that the pool has now, as the person would find out by trying. */
  async function knownPassword(): Promise<string> {
    const taken = pool.calls.slice(firstCall).some(call => isTakenNewPassword(call))
    return taken ? NEW_PASSWORD : user.password
  }

  function isTakenNewPassword(call: (typeof pool.calls)[number]): boolean {
    if (call.kind !== 'request' || !textOf(call.request).includes('"NEW_PASSWORD_REQUIRED"')) return false
    // The guard refuses the tokens, and the password is kept.
    return call.error === undefined || call.error.message.startsWith('PreTokenGeneration')
  }

  async function act(action: () => Promise<SignInState>, wild: boolean): Promise<SignInState> {
    if (wild && chance(0.2)) {
      story.push('twice at once')
      const [first, second] = await Promise.all([action(), action()])
      if (first !== second) complaints.push('two submits at once came to two results')
      return first
    }
    if (wild && chance(0.1)) {
      story.push('with a resend at once')
      const [first] = await Promise.all([action(), driver.resend()])
      return first
    }
    if (wild && chance(0.04)) {
      story.push('cancelled half-way')
      const late = action()
      driver.cancel()
      await late
      return driver.getState()
    }
    return action()
  }

  let state = driver.getState()
  let actions = 0
  for (; actions < WILD_ACTIONS + CALM_ACTIONS; actions++) {
    const wild = actions < WILD_ACTIONS
    if (!wild) drain(local)
    if (wild && chance(0.25)) oneOf(goesWrong)()
    if (wild && state.step !== 'signed-out' && chance(0.1)) {
      story.push('reload')
      facts.reloads++
      driver = createSignInDriver()
      state = await driver.resume()
      story.push(`-> ${state.step}`)
      continue
    }
    state = await act(await nextAction(state, wild), wild)
    story.push(`-> ${state.step}${'reason' in state ? ` ${state.reason}` : ''}`)
    if (SPENT_SESSION.test(textOf(state))) complaints.push('the person sees the text of a spent session')
    if (state.busy) complaints.push('busy although the action is over')
    if (state.step === 'signed-in' || state.step === 'failed') break
  }

  const hasTokens = (await fetchAuthSession()).tokens !== undefined
  if (state.step !== 'signed-in' && state.step !== 'failed') complaints.push('it does not end')
  if (hasTokens !== (state.step === 'signed-in')) complaints.push('tokens and state do not agree')
  const failedTriggers = failedTriggersSince(local, firstCall)
  if (state.step === 'failed' && !TRUE_WHEN[state.reason]?.({ ...facts, failedTriggers }))
    complaints.push(`${state.reason} is not true: ${textOf(facts)}, ${[...failedTriggers].join()}`)
  complaints.push(...tokensWithoutCode(local, firstCall))
  drain(local)
  driver.cancel()
  await driver.signOut()
  return { end: state, story, complaints }
}

/** Each request that was answered with tokens has to have had its code verified. */
function tokensWithoutCode({ pool }: TestPool, firstCall: number): readonly string[] {
  const calls = pool.calls.slice(firstCall)
  return calls
    .filter(call => call.kind === 'request' && /"AuthenticationResult"/.test(textOf(call.answer)))
    .filter(
      request =>
        !calls.some(
          call =>
            call.kind === 'trigger' &&
            call.trigger === 'VerifyAuthChallengeResponse' &&
            call.requestNumber === request.number &&
            /"answerCorrect":true/.test(textOf(call.answer)),
        ),
    )
    .map(({ number }) => `request ${number} was answered with tokens and without a code`)
}

function failedTriggersSince({ pool }: TestPool, firstCall: number): ReadonlySet<string> {
  const failed = pool.calls.slice(firstCall).flatMap(call => {
    if (call.kind !== 'trigger') return []
    const refused = /"failAuthentication":true/.test(textOf(call.answer))
    return call.error !== undefined ? [call.trigger] : refused ? [`refused by ${call.trigger}`] : []
  })
  return new Set(failed)
}

/** What a fault switch was set for and never met shall not meet the next run. */
function drain({ pool: { faults } }: TestPool): void {
  while (faults.takeDroppedAnswer('RespondToAuthChallenge') || faults.takeDroppedAnswer('InitiateAuth'));
  faults.delayTrigger('create-auth-challenge', 0, 0)
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

/** Starts the pool for such runs, in haste: nothing but the order of things matters. */
export async function startRandomPool(users: number): Promise<TestPool & { close(): Promise<void> }> {
  const endSpeedUp = speedUpSrp()
  const environment = { CODE_TTL_SECONDS: '60', RESEND_AFTER_SECONDS: '0' }
  const local = await startTestPool({ environment, triggerTimeoutMs: 1000 }, users)
  return {
    ...local,
    async close() {
      endSpeedUp()
      await local.pool.close()
    },
  }
}
