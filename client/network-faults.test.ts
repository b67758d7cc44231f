// The driver behind a proxy that does what networks do: answers that hang, come late, or come from something else.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { fetchAuthSession, getCurrentUser, signOut } from 'aws-amplify/auth'
import { type Fault, type FaultProxy, startFaultProxy } from '../testing/fault-proxy.ts'
import {
  configureAmplify,
  NEW_PASSWORD,
  speedUpSrp,
  startTestPool,
  type TestPool,
  wrongCode,
} from '../testing/test-pool.ts'
import { createSignInDriver, type SignInDriver } from './sign-in.ts'

const SHORT_DEADLINE = 300
const HOUR = 60 * 60 * 1000

let local: TestPool
let proxy: FaultProxy
let driver: SignInDriver
let endSpeedUp: () => void
let releaseTimers = (): void => undefined

beforeAll(async () => {
  endSpeedUp = speedUpSrp()
  local = await startTestPool({}, 50)
  proxy = await startFaultProxy(local.pool.endpoint)
})

afterAll(async () => {
  endSpeedUp()
  await proxy.close()
  await local.pool.close()
})

beforeEach(() => {
  configureAmplify({ ...local.pool, endpoint: proxy.endpoint })
  driver = createSignInDriver()
  local.pool.faults.afterNewPassword = 'define'
  for (const operation of ['InitiateAuth', 'RespondToAuthChallenge', 'RevokeToken']) local.requests(operation)
})

afterEach(async () => {
  proxy.clear()
  releaseTimers()
  jest.restoreAllMocks()
  driver.cancel()
  await driver.signOut()
  await signOut()
})

async function hasTokens(): Promise<boolean> {
  return (await fetchAuthSession()).tokens !== undefined
}

async function reachCode(options: Parameters<typeof createSignInDriver>[0] = {}) {
  driver = createSignInDriver(options)
  const user = local.knownUser()
  expect(await driver.signIn(user)).toMatchObject({ step: 'code' })
  return { ...user, code: await local.code(user.username) }
}

/** The same code step in a driver that has little time and, like a page after a reload, no password. */
async function resumeWithShortDeadline(): Promise<SignInDriver> {
  driver = createSignInDriver({ deadlineMilliseconds: SHORT_DEADLINE })
  expect(await driver.resume()).toMatchObject({ step: 'code' })
  return driver
}

/** Timers of exactly this length do not run by themselves: the function that it returns runs them. */
function captureTimers(milliseconds: number): () => void {
  const { setTimeout: realSetTimeout } = globalThis
  const captured: (() => void)[] = []
  const capturing = (work: () => void, delay = 0) => {
    if (delay === milliseconds) captured.push(work)
    return realSetTimeout(delay === milliseconds ? () => undefined : work, delay === milliseconds ? 0 : delay)
  }
  globalThis.setTimeout = Object.assign(capturing, realSetTimeout)
  releaseTimers = () => {
    globalThis.setTimeout = realSetTimeout
  }
  return () => {
    for (const work of captured) work()
  }
}

function json(status: number, body: object): Fault {
  return { status, contentType: 'application/x-amz-json-1.1', body: JSON.stringify(body) }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 20))
}

/** The sign-in that was given up goes on in Amplify as far as the pool's answer to its password. */
async function passwordAnswer(): Promise<void> {
  await until(() => local.requests('RespondToAuthChallenge') > 0)
}

describe('an answer that hangs', () => {
  test('ends a sign-in in "network" at the deadline, and its late answer is discarded', async () => {
    driver = createSignInDriver({ deadlineMilliseconds: SHORT_DEADLINE })
    const held = proxy.hold('InitiateAuth')
    const user = local.knownUser()
    expect(await driver.signIn(user)).toEqual({
      step: 'failed',
      busy: false,
      username: user.username,
      reason: 'network',
      errorName: 'DeadlineExceeded',
    })
    const before = driver.getState()
    held.deliver()
    await passwordAnswer()
    expect(driver.getState()).toBe(before)
  })

  test('has 60 seconds where the app does not say otherwise', async () => {
    const letTimePass = captureTimers(60_000)
    const held = proxy.hold('InitiateAuth')
    const ended = driver.signIn(local.knownUser())
    await held.answered
    expect(driver.getState()).toMatchObject({ busy: true })
    letTimePass()
    expect(await ended).toMatchObject({ step: 'failed', reason: 'network' })
    held.deliver()
    await passwordAnswer()
  })

  test('keeps the code step with the problem "network", and its late tokens are given back', async () => {
    const { code } = await reachCode()
    await resumeWithShortDeadline()
    const held = proxy.hold('RespondToAuthChallenge')
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', busy: false, problem: 'network' })
    held.deliver()
    await until(() => local.requests('RevokeToken') > 0)
    await until(async () => !(await hasTokens()))
    expect(driver.getState()).toMatchObject({ step: 'code', problem: 'network' })
  })

  test('keeps the step of a new password as well, and the next attempt continues', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    driver = createSignInDriver({ deadlineMilliseconds: SHORT_DEADLINE })
    await driver.resume()
    const held = proxy.hold('RespondToAuthChallenge')
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({
      step: 'new-password',
      busy: false,
      problem: 'network',
    })
    held.deliver()
    // The password that was saved meanwhile is found by signing in with it.
    driver = createSignInDriver()
    expect(await driver.signIn({ ...user, password: NEW_PASSWORD })).toMatchObject({ step: 'code' })
  })

  test('does not keep another driver of the page from signing in, also when the answer comes after all', async () => {
    const { code } = await reachCode()
    await resumeWithShortDeadline()
    const held = proxy.hold('RespondToAuthChallenge')
    const stuck = driver.submitCode(wrongCode(code))
    const other = createSignInDriver()
    const next = local.knownUser()
    expect(await other.signIn(next)).toMatchObject({ step: 'code', username: next.username, reason: 'first' })
    expect(await stuck).toMatchObject({ problem: 'network' })
    held.deliver()
    await new Promise(resolve => setTimeout(resolve, 2000))
    // The late answer took the place of the session: the driver notices and signs in again.
    const otherCode = await local.code(next.username)
    expect(await other.submitCode(otherCode)).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(await other.submitCode(await local.code(next.username))).toEqual({
      step: 'signed-in',
      busy: false,
      username: next.username,
    })
    expect((await fetchAuthSession()).tokens?.idToken?.payload['email']).toBe(next.username)
    await other.signOut()
  })

  test('can be cancelled: the next sign-in begins soon, long before the deadline', async () => {
    const held = proxy.hold('InitiateAuth')
    void driver.signIn(local.knownUser())
    await held.answered
    driver.cancel()
    expect(driver.getState()).toEqual({ step: 'signed-out', busy: false })
    const next = local.knownUser()
    expect(await driver.signIn(next)).toMatchObject({ step: 'code', username: next.username })
    expect(await driver.submitCode(await local.code(next.username))).toMatchObject({ step: 'signed-in' })
    local.requests('RespondToAuthChallenge')
    held.deliver()
    await passwordAnswer()
  }, 30_000)

  test('to a sign-out keeps the user signed in, and says so', async () => {
    const { code } = await reachCode()
    await resumeWithShortDeadline()
    const quick = driver
    driver = createSignInDriver()
    await driver.resume()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
    quick.cancel()
    await quick.resume()
    const held = proxy.hold('RevokeToken')
    expect(await quick.signOut()).toMatchObject({ step: 'signed-in', busy: false })
    expect(await hasTokens()).toBe(true)
    held.deliver()
  })
})

describe('cancel', () => {
  test('while the code is on its way: tokens that still come are given back', async () => {
    const { code } = await reachCode()
    const held = proxy.hold('RespondToAuthChallenge')
    const late = driver.submitCode(code)
    await held.answered
    driver.cancel()
    held.deliver()
    expect(await late).toEqual({ step: 'signed-out', busy: false })
    expect(await hasTokens()).toBe(false)
    expect(local.requests('RevokeToken')).toBe(1)
  })

  test('while the page looks for a user keeps a user signed in who was signed in before', async () => {
    const { username, code } = await reachCode()
    await driver.submitCode(code)
    driver = createSignInDriver()
    const late = driver.resume()
    driver.cancel()
    await late
    expect(await hasTokens()).toBe(true)
    expect(local.requests('RevokeToken')).toBe(0)
    expect(await driver.resume()).toMatchObject({ step: 'signed-in', username })
  })
})

test('cancel after an error that the driver does not know keeps a user signed in whom another tab signed in', async () => {
  const { username, password, code } = await reachCode()
  await driver.submitCode(code)
  const failures: ((error: Error) => void)[] = []
  const nextStep = { signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE' } as const
  const parameters = { challenge: 'EMAIL_CODE', reason: 'first', codeLength: '6' }
  driver = createSignInDriver({
    auth: {
      getCurrentUser,
      fetchAuthSession,
      signOut,
      signIn: async () => ({ isSignedIn: false, nextStep: { ...nextStep, additionalInfo: parameters } }),
      confirmSignIn: () => new Promise((_resolve, reject) => void failures.push(reject)),
    },
  })
  expect(await driver.signIn({ username, password })).toMatchObject({ step: 'code' })
  const late = driver.submitCode('123456')
  await until(() => failures.length > 0)
  driver.cancel()
  failures[0]?.(Object.assign(new Error('A name that nobody knows yet.'), { name: 'SomethingNew' }))
  expect(await late).toEqual({ step: 'signed-out', busy: false })
  expect(await hasTokens()).toBe(true)
  expect(local.requests('RevokeToken')).toBe(0)
})

describe('something else answers in the place of the pool', () => {
  const html = '<!doctype html><title>Please log in to this network</title>'

  test.each([
    ['a captive portal', 200, 'text/html', html],
    ['a gateway', 502, 'text/html', html],
    ['a firewall', 403, 'text/html', html],
    ['nothing but a status', 502, 'text/plain', ''],
    ['nothing at all', 200, 'application/json', ''],
    ['JSON of another service', 503, 'application/json', '{"status":"unavailable"}'],
    ['JSON that is no object', 200, 'application/json', 'null'],
  ])(
    '%s: the sign-in fails with "network", and a code step stays',
    async (_name, status, contentType, body) => {
      proxy.always('InitiateAuth', { status, contentType, body })
      expect(await driver.signIn(local.knownUser())).toMatchObject({ step: 'failed', reason: 'network' })
      proxy.clear()
      const { code } = await reachCode()
      proxy.always('RespondToAuthChallenge', { status, contentType, body })
      expect(await driver.submitCode(code)).toMatchObject({ step: 'code', problem: 'network' })
      proxy.clear()
      expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
    },
  )

  test('LimitExceededException is "network": the step stays', async () => {
    const { code } = await reachCode()
    // Amplify sends a request up to three times.
    for (let tries = 0; tries < 3; tries++)
      local.pool.faults.failNext('RespondToAuthChallenge', 'LimitExceededException', 'Limit exceeded.')
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', problem: 'network' })
    expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
  })

  test('a pool that asks for a factor again and again is asked once', async () => {
    const ChallengeParameters = { MFAS_CAN_CHOOSE: '["EMAIL_OTP","SOFTWARE_TOKEN_MFA"]' }
    proxy.always(
      'RespondToAuthChallenge',
      json(200, { ChallengeName: 'SELECT_MFA_TYPE', ChallengeParameters, Session: 'x'.repeat(30) }),
    )
    const before = proxy.requests('RespondToAuthChallenge')
    expect(await driver.signIn(local.knownUser())).toMatchObject({
      step: 'failed',
      reason: 'unsupported-step',
    })
    // The password, and the one selection.
    expect(proxy.requests('RespondToAuthChallenge') - before).toBe(2)
  })
})

describe('the password', () => {
  test('is forgotten after 15 minutes of waiting, by a timer', async () => {
    const letTimePass = captureTimers(15 * 60_000)
    const { code } = await reachCode()
    local.pool.faults.expireSessions()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', reason: 'restarted' })
    letTimePass()
    local.pool.faults.expireSessions()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'failed', reason: 'expired' })
  })

  test('is forgotten after 15 minutes of waiting, also if the device slept', async () => {
    const { code } = await reachCode()
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 15 * 60_000)
    local.pool.faults.expireSessions()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'failed', reason: 'expired' })
    expect(local.requests('InitiateAuth')).toBe(1)
  })
})

test('a sign-in whose session is used up each time is tried three times at most', async () => {
  const message = 'Invalid session for the user, session can only be used once.'
  proxy.always('RespondToAuthChallenge', json(400, { __type: 'NotAuthorizedException', message }))
  expect(await driver.signIn(local.knownUser())).toMatchObject({ step: 'failed', reason: 'network' })
  expect(local.requests('InitiateAuth')).toBe(3)
})

test('a user whose tokens cannot be refreshed now is not taken for signed out', async () => {
  const { username, code } = await reachCode()
  await driver.submitCode(code)
  driver = createSignInDriver()
  const later = Date.now() + 2 * HOUR
  jest.spyOn(Date, 'now').mockReturnValue(later)
  configureAmplify({ ...local.pool, endpoint: 'http://127.0.0.1:9' })
  expect(await driver.resume()).toMatchObject({ step: 'failed', reason: 'network', username: '' })
  configureAmplify(local.pool)
  jest.restoreAllMocks()
  expect(await driver.resume()).toMatchObject({ step: 'signed-in', username })
})

describe('a new password whose mail fails', () => {
  test('continues without the user when the second attempt sends the mail', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    local.pool.faults.killTrigger('create-auth-challenge')
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
  })

  test.each(['define', 'define-with-entry', 'tokens'] as const)(
    'is said to be the one that counts ("%s")',
    async behaviour => {
      local.pool.faults.afterNewPassword = behaviour
      const user = local.newUser()
      await driver.signIn(user)
      local.pool.faults.killTrigger('create-auth-challenge')
      const held = proxy.hold('RespondToAuthChallenge')
      const ended = driver.submitNewPassword(NEW_PASSWORD)
      await held.answered
      local.pool.faults.killTrigger('create-auth-challenge')
      held.deliver()
      const failed = await ended
      expect(failed).toMatchObject({ step: 'failed', reason: 'mail-not-sent', newPasswordSaved: true })
      expect(await driver.signIn({ ...user, password: NEW_PASSWORD })).toMatchObject({ step: 'code' })
      driver.cancel()
      expect(await driver.signIn({ ...user, password: 'Wrong-password-1' })).not.toHaveProperty(
        'newPasswordSaved',
      )
    },
  )

  test('is still reported as saved when a later code ends the sign-in', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    await driver.submitNewPassword(NEW_PASSWORD)
    const code = await local.code(user.username)
    for (const step of [1, 2, 3]) await driver.submitCode(wrongCode(code, step))
    expect(driver.getState()).toMatchObject({ reason: 'too-many-codes', newPasswordSaved: true })
  })
})

describe('what the triggers may say', () => {
  const saying = (parameters: Record<string, string>) => ({
    change: ({ ChallengeParameters, ...answer }: Readonly<Record<string, unknown>>) => ({
      ...answer,
      ChallengeParameters: { ...Object(ChallengeParameters), ...parameters },
    }),
  })

  test('times to come are counted from the arrival, also after a reload', async () => {
    proxy.next(
      'RespondToAuthChallenge',
      saying({ expiresAt: '2020-01-01T00:00:00Z', expiresIn: '180', resendIn: '30' }),
    )
    const before = Date.now()
    await reachCode()
    const state = driver.getState()
    if (state.step !== 'code') throw new Error('not the code step')
    expect(state.expiresAt).toBeGreaterThanOrEqual(before + 180_000)
    expect(state.expiresAt).toBeLessThanOrEqual(Date.now() + 180_000)
    expect(state.resendAfter).toBe((state.expiresAt ?? 0) - 150_000)
    driver = createSignInDriver()
    expect(await driver.resume()).toEqual(state)
  })

  test('a limited round sends no code, and a resend that is still limited stays in the same sign-in', async () => {
    proxy.next('RespondToAuthChallenge', saying({ reason: 'limited', resendIn: '600' }))
    const { code } = await reachCode()
    expect(driver.getState()).toMatchObject({ reason: 'limited', resendAfter: expect.any(Number) })
    local.requests('RespondToAuthChallenge')
    expect(await driver.submitCode(code)).toBe(driver.getState())
    expect(local.requests('RespondToAuthChallenge')).toBe(0)
    local.requests('InitiateAuth')
    proxy.next('RespondToAuthChallenge', saying({ reason: 'limited', resendIn: '590' }))
    expect(await driver.resend()).toMatchObject({ reason: 'limited' })
    expect(local.requests('InitiateAuth')).toBe(0)
    expect(await driver.resend()).toMatchObject({ reason: 'resent' })
  })

  test('a limited round stays limited when the sign-in had to start again', async () => {
    const { code } = await reachCode()
    local.pool.faults.expireSessions()
    proxy.always('RespondToAuthChallenge', saying({ reason: 'limited' }))
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', reason: 'limited' })
  })

  test('a challenge of other triggers is a step of the kind "custom", answered as it is typed', async () => {
    proxy.always('RespondToAuthChallenge', saying({ challenge: 'RIDDLE', question: 'Six digits?' }))
    const { code } = await reachCode({ challenge: 'any' })
    expect(driver.getState()).toMatchObject({
      kind: 'custom',
      reason: 'first',
      parameters: { challenge: 'RIDDLE', question: 'Six digits?' },
    })
    expect(await driver.submitCode('')).toMatchObject({ problem: 'incomplete-code' })
    expect(await driver.submitCode('not digits')).toMatchObject({ kind: 'custom', reason: 'wrong-code' })
    // What was wrong for one question may be right for the next.
    local.requests('RespondToAuthChallenge')
    await driver.submitCode('not digits')
    expect(local.requests('RespondToAuthChallenge')).toBe(1)
    expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
  })

  test('a new code for a challenge of other triggers takes a fresh sign-in', async () => {
    proxy.always('RespondToAuthChallenge', saying({ challenge: 'RIDDLE' }))
    const { username } = await reachCode({ challenge: 'any' })
    expect(await driver.resend()).toMatchObject({ kind: 'custom', reason: 'restarted' })
    expect(await local.mails(username)).toHaveLength(2)
  })

  test('a challenge of other triggers is an unsupported step otherwise', async () => {
    proxy.always('RespondToAuthChallenge', saying({ challenge: 'RIDDLE' }))
    expect(await driver.signIn(local.knownUser())).toMatchObject({ reason: 'unsupported-step' })
  })
})
