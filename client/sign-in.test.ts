// The sign-in driver against the local pool, with the real Amplify.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { fetchAuthSession, signOut } from 'aws-amplify/auth'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import {
  configureAmplify,
  NEW_PASSWORD,
  speedUpSrp,
  startTestPool,
  type TestPool,
  wrongCode,
} from '../testing/test-pool.ts'
import { createSignInDriver, type SignInDriver, type SignInState } from './sign-in.ts'
import { useSignIn } from './use-sign-in.ts'

let local: TestPool
let driver: SignInDriver
let endSpeedUp: () => void

beforeAll(async () => {
  endSpeedUp = speedUpSrp()
  local = await startTestPool({ environment: { CODE_TTL_SECONDS: '60' } }, 50)
})

afterAll(async () => {
  endSpeedUp()
  await local.pool.close()
})

beforeEach(() => {
  configureAmplify(local.pool)
  driver = createSignInDriver()
  local.pool.faults.afterNewPassword = 'define'
  local.pool.faults.clientMetadataReachesCreate = true
  local.requests('InitiateAuth')
  local.requests('RespondToAuthChallenge')
})

afterEach(async () => {
  driver.cancel()
  await driver.signOut()
})

async function hasTokens(): Promise<boolean> {
  return (await fetchAuthSession()).tokens !== undefined
}

/** Signs a known user in as far as the code. */
async function reachCode() {
  const user = local.knownUser()
  const state = await driver.signIn(user)
  expect(state).toMatchObject({ step: 'code', kind: 'email-code', reason: 'first', busy: false })
  return { ...user, code: await local.code(user.username) }
}

/** The same page after a reload: Amplify kept its session, everything in memory is gone. */
function reload(): SignInDriver {
  driver = createSignInDriver()
  return driver
}

describe('a sign-in without faults', () => {
  test('a known user signs in with password and code', async () => {
    const { username, code } = await reachCode()
    expect(await hasTokens()).toBe(false)
    expect(await driver.submitCode(code)).toEqual({ step: 'signed-in', busy: false, username })
    expect(await hasTokens()).toBe(true)
  })

  test.each(['define', 'define-with-entry', 'tokens'] as const)(
    'a user with a temporary password ends at the code and then signed in when Cognito answers the new password with "%s"',
    async behaviour => {
      local.pool.faults.afterNewPassword = behaviour
      const { username, password } = local.newUser()
      expect(await driver.signIn({ username, password })).toMatchObject({
        step: 'new-password',
        username,
        missingAttributes: [],
      })
      expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code', reason: 'first' })
      expect(await hasTokens()).toBe(false)
      expect(await local.mails(username)).toHaveLength(1)
      expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
    },
  )

  test('the state of the code step says all that a user interface shows', async () => {
    const { username } = await reachCode()
    const [mail] = await local.mails(username)
    const state = driver.getState()
    expect(state).toMatchObject({
      destination: expect.stringMatching(/\*/),
      codeLength: 6,
      attemptsLeft: 3,
      sendsLeft: 2,
    })
    if (state.step !== 'code') throw new Error('not the code step')
    expect(mail?.subject).toContain(state.reference)
    expect(state.expiresAt).toBeGreaterThan(Date.now())
  })

  test('a code typed with blanks, a hyphen and full-width digits works', async () => {
    const { code } = await reachCode()
    const wide = [...code].map(digit => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('')
    expect(await driver.submitCode(` ${wide.slice(0, 3)} - ${wide.slice(3)}\u200e `)).toMatchObject({
      step: 'signed-in',
    })
  })

  test('signing out forgets the user', async () => {
    const { code } = await reachCode()
    await driver.submitCode(code)
    expect(await driver.signOut()).toEqual({ step: 'signed-out', busy: false })
    expect(await hasTokens()).toBe(false)
  })
})

describe('one answer to a session', () => {
  test('every action called twice at once is one request and one result', async () => {
    local.pool.faults.afterNewPassword = 'define'
    const user = local.newUser()
    const both = await Promise.all([driver.signIn(user), driver.signIn(user)])
    expect(both[0]).toBe(both[1])
    expect(local.requests('InitiateAuth')).toBe(1)
    expect(local.requests('RespondToAuthChallenge')).toBe(1)

    await Promise.all([driver.submitNewPassword(NEW_PASSWORD), driver.submitNewPassword(NEW_PASSWORD)])
    expect(local.requests('RespondToAuthChallenge')).toBe(1)

    await Promise.all([driver.resend(), driver.resend()])
    expect(local.requests('RespondToAuthChallenge')).toBe(1)
    expect(await local.mails(user.username)).toHaveLength(2)

    const code = await local.code(user.username)
    await Promise.all([driver.submitCode(wrongCode(code, 1)), driver.submitCode(wrongCode(code, 2))])
    expect(driver.getState()).toMatchObject({ reason: 'wrong-code', attemptsLeft: 2 })
    expect(local.requests('RespondToAuthChallenge')).toBe(1)

    const states = await Promise.all([driver.submitCode(code), driver.resend(), driver.submitCode(code)])
    expect(states.map(({ step }) => step)).toEqual(['signed-in', 'signed-in', 'signed-in'])
    expect(local.requests('RespondToAuthChallenge')).toBe(1)
  })

  test('an action repeated after it is done changes nothing', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    expect(await driver.signIn(user)).toBe(driver.getState())
    await driver.submitNewPassword(NEW_PASSWORD)
    local.requests('RespondToAuthChallenge')
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code' })
    const wrong = wrongCode(await local.code(user.username))
    expect(await driver.submitCode(wrong)).toMatchObject({ reason: 'wrong-code', attemptsLeft: 2 })
    expect(await driver.submitCode(wrong)).toMatchObject({ reason: 'wrong-code', attemptsLeft: 2 })
    await driver.submitCode(await local.code(user.username))
    expect(await driver.submitCode(wrong)).toMatchObject({ step: 'signed-in' })
    expect(await driver.resend()).toMatchObject({ step: 'signed-in' })
    expect(local.requests('RespondToAuthChallenge')).toBe(2)
    expect(local.requests('InitiateAuth')).toBe(1)
  })

  test('listeners hear each change, and `busy` while a request is under way', async () => {
    const seen: SignInState[] = []
    const end = driver.subscribe(() => seen.push(driver.getState()))
    await reachCode()
    end()
    driver.cancel()
    expect(seen.map(({ step, busy }) => `${step} ${busy}`)).toEqual(['signed-out true', 'code false'])
  })

  test('an answer that arrives after a cancel signs no user in and does not disturb the next sign-in', async () => {
    const first = await reachCode()
    const late = driver.submitCode(first.code)
    driver.cancel()
    expect(driver.getState()).toEqual({ step: 'signed-out', busy: false })
    const next = local.knownUser()
    await driver.signIn(next)
    await late
    expect(driver.getState()).toMatchObject({ step: 'code', username: next.username })
    expect(await hasTokens()).toBe(false)
    expect(await driver.submitCode(await local.code(next.username))).toMatchObject({ step: 'signed-in' })
  })
})

describe('answers that get lost', () => {
  test('to InitiateAuth: Amplify tries again, and one mail goes out', async () => {
    local.pool.faults.dropNextAnswer('InitiateAuth')
    const { username } = await reachCode()
    expect(await local.mails(username)).toHaveLength(1)
  })

  test('to the password: the sign-in starts again and says so', async () => {
    local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
    const user = local.knownUser()
    expect(await driver.signIn(user)).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
  })

  test.each(['define', 'define-with-entry', 'tokens'] as const)(
    'to the new password ("%s"): the sign-in goes on with the new password',
    async behaviour => {
      local.pool.faults.afterNewPassword = behaviour
      const user = local.newUser()
      await driver.signIn(user)
      local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
      expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({
        step: 'code',
        reason: 'restarted',
      })
      expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
    },
  )

  test('to a right code: a new mail goes out, and its code signs in', async () => {
    const { username, code } = await reachCode()
    local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
    expect(await driver.submitCode(code)).toMatchObject({
      step: 'code',
      reason: 'restarted',
      attemptsLeft: 3,
    })
    expect(await local.mails(username)).toHaveLength(2)
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('to a resend: the code of the newest mail signs in', async () => {
    const { username } = await reachCode()
    local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
    expect(await driver.resend()).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('again and again: the sign-in fails with "network"', async () => {
    for (let lost = 0; lost < 12; lost++) local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
    const failed = await driver.signIn(local.knownUser())
    while (local.pool.faults.takeDroppedAnswer('RespondToAuthChallenge'));
    expect(failed).toMatchObject({ step: 'failed', reason: 'network' })
  })
})

describe('no network', () => {
  const unreachable = 'http://127.0.0.1:9'
  const unplug = () => configureAmplify({ ...local.pool, endpoint: unreachable })

  test('before the sign-in it fails with "network"', async () => {
    unplug()
    expect(await driver.signIn(local.knownUser())).toMatchObject({ step: 'failed', reason: 'network' })
  })

  test('during the sign-in the step stays, and the next attempt succeeds', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    unplug()
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({
      step: 'new-password',
      problem: 'network',
    })
    configureAmplify(local.pool)
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code' })
    const code = await local.code(user.username)
    unplug()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', problem: 'network' })
    expect(await driver.resend()).toMatchObject({ step: 'code', problem: 'network' })
    configureAmplify(local.pool)
    expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
  })
})

describe('sessions that expire', () => {
  test('in the code step: a new mail is sent without the user', async () => {
    const { username, code } = await reachCode()
    local.pool.faults.expireSessions()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('in the new password step: the new password that was typed is kept', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    local.pool.faults.expireSessions()
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code', reason: 'first' })
    driver.cancel()
    expect(await driver.signIn({ ...user, password: NEW_PASSWORD })).toMatchObject({ step: 'code' })
  })

  test('at a resend: a new mail goes out', async () => {
    const { username } = await reachCode()
    local.pool.faults.expireSessions()
    expect(await driver.resend()).toMatchObject({ step: 'code', reason: 'restarted' })
    expect(await local.mails(username)).toHaveLength(2)
  })
})

describe('wrong answers', () => {
  test('a wrong password and an unknown user look the same', async () => {
    const { username } = local.knownUser()
    const known = await driver.signIn({ username, password: 'Wrong-password-1' })
    const unknown = await driver.signIn({ username: 'nobody@example.com', password: 'Wrong-password-1' })
    expect(known).toMatchObject({ step: 'failed', reason: 'wrong-password' })
    expect({ ...unknown, username }).toEqual(known)
  })

  test('too many wrong passwords lock the user', async () => {
    const { username } = local.knownUser()
    const reasons: string[] = []
    // The lock doubles with each try, from one second on: a slow machine meets it some tries later.
    while (reasons.at(-1) !== 'locked' && reasons.length < 12) {
      const state = await driver.signIn({ username, password: `Wrong-password-${reasons.length}` })
      reasons.push(state.step === 'failed' ? state.reason : state.step)
    }
    expect(reasons.slice(0, 5)).toEqual(Array(5).fill('wrong-password'))
    expect(reasons.at(-1)).toBe('locked')
  })

  test('a weak new password can be tried again', async () => {
    await driver.signIn(local.newUser())
    expect(await driver.submitNewPassword('short')).toMatchObject({
      step: 'new-password',
      problem: 'weak-password',
      unmetRequirements: ['length'],
    })
    expect(await driver.submitNewPassword('only-small-letters')).toMatchObject({
      problem: 'weak-password',
      unmetRequirements: ['uppercase'],
    })
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code' })
  })

  test('an empty new password is not sent', async () => {
    await driver.signIn(local.newUser())
    local.requests('RespondToAuthChallenge')
    expect(await driver.submitNewPassword('')).toMatchObject({
      step: 'new-password',
      busy: false,
      problem: 'weak-password',
      unmetRequirements: ['length'],
    })
    expect(local.requests('RespondToAuthChallenge')).toBe(0)
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code' })
  })

  test('blanks around a user name do not count, and a name with a blank in it is a wrong one', async () => {
    const { username, password } = local.knownUser()
    expect(await driver.signIn({ username: ` ${username}\t`, password })).toMatchObject({
      step: 'code',
      username,
    })
    driver.cancel()
    expect(await driver.signIn({ username: 'ada @example.com', password })).toMatchObject({
      step: 'failed',
      reason: 'wrong-password',
    })
    expect(await driver.signIn({ username: ' ', password: '' })).toMatchObject({ reason: 'wrong-password' })
  })

  test('wrong codes count down, and the last one ends the sign-in', async () => {
    const { code } = await reachCode()
    expect(await driver.submitCode(wrongCode(code, 1))).toMatchObject({
      reason: 'wrong-code',
      attemptsLeft: 2,
    })
    expect(await driver.submitCode(wrongCode(code, 2))).toMatchObject({
      reason: 'wrong-code',
      attemptsLeft: 1,
    })
    expect(await driver.submitCode(wrongCode(code, 3))).toMatchObject({
      step: 'failed',
      reason: 'too-many-codes',
    })
    expect(await hasTokens()).toBe(false)
  })

  test('a code that cannot be one costs no attempt', async () => {
    const { code } = await reachCode()
    local.requests('RespondToAuthChallenge')
    for (const typed of ['', '12345', '1234567', 'abcdef']) {
      expect(await driver.submitCode(typed)).toMatchObject({ problem: 'incomplete-code', attemptsLeft: 3 })
    }
    expect(local.requests('RespondToAuthChallenge')).toBe(0)
    expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
  })
})

describe('a resend', () => {
  test('sends another code, and only that one counts', async () => {
    const { username, code } = await reachCode()
    expect(await driver.resend()).toMatchObject({ reason: 'resent', attemptsLeft: 3, sendsLeft: 1 })
    expect(await driver.submitCode(code)).toMatchObject({ reason: 'wrong-code', attemptsLeft: 2 })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('is refused when the mails of the sign-in are used up, and the last code still counts', async () => {
    const { username } = await reachCode()
    await driver.resend()
    expect(await driver.resend()).toMatchObject({ reason: 'resent', sendsLeft: 0 })
    expect(await driver.resend()).toMatchObject({ reason: 'resend-refused', sendsLeft: 0 })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('that the pool does not honour becomes a fresh sign-in', async () => {
    local.pool.faults.clientMetadataReachesCreate = false
    const { username } = await reachCode()
    expect(await driver.resend()).toMatchObject({ step: 'code', reason: 'restarted', attemptsLeft: 3 })
    expect(await local.mails(username)).toHaveLength(2)
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })
})

describe('codes that expire', () => {
  test('an expired code is distinguished from a wrong one, and a new code is mailed', async () => {
    const { username, code } = await reachCode()
    local.pool.advanceClock(61)
    expect(await driver.submitCode(code)).toMatchObject({ step: 'code', reason: 'expired', sendsLeft: 1 })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('when the mails of the sign-in are used up it starts again', async () => {
    const { username } = await reachCode()
    await driver.resend()
    await driver.resend()
    local.pool.advanceClock(61)
    const state = await driver.submitCode(await local.code(username))
    expect(state).toMatchObject({ step: 'code', reason: 'restarted', attemptsLeft: 3, sendsLeft: 2 })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('the last mail of the sign-in may still be the one that came for an expired code', async () => {
    const { username } = await reachCode()
    await driver.resend()
    local.pool.advanceClock(61)
    const state = await driver.submitCode(await local.code(username))
    expect(state).toMatchObject({ step: 'code', reason: 'expired', sendsLeft: 0 })
    expect(await driver.submitCode(await local.code(username))).toMatchObject({ step: 'signed-in' })
  })

  test('without the password in memory it ends with "expired"', async () => {
    const { username } = await reachCode()
    await driver.resend()
    await driver.resend()
    await reload().resume()
    local.pool.advanceClock(61)
    const state = await driver.submitCode(await local.code(username))
    expect(state).toMatchObject({ step: 'failed', reason: 'expired' })
  })
})

describe('triggers that fail', () => {
  test('a mail that cannot be sent ends the sign-in with "mail-not-sent"', async () => {
    local.pool.faults.killTrigger('create-auth-challenge')
    expect(await driver.signIn(local.knownUser())).toMatchObject({ step: 'failed', reason: 'mail-not-sent' })
    expect(await driver.signIn(local.knownUser())).toMatchObject({ step: 'code' })
  })

  test('a trigger that fails otherwise ends it with "unknown" and the name of the exception', async () => {
    const { code } = await reachCode()
    local.pool.faults.killTrigger('verify-auth-challenge-response')
    const failed = await driver.submitCode(code)
    expect(failed).toMatchObject({ step: 'failed', reason: 'unknown' })
    expect(failed.step === 'failed' && failed.errorName).toMatch(/Exception$/)
  })
})

describe('after a reload of the page', () => {
  test('nothing was under way: signed out', async () => {
    expect(await reload().resume()).toEqual({ step: 'signed-out', busy: false })
  })

  test('the signed-in user is found', async () => {
    const { username, code } = await reachCode()
    await driver.submitCode(code)
    expect(await reload().resume()).toEqual({ step: 'signed-in', busy: false, username })
  })

  test('the code step continues where it was', async () => {
    const { code } = await reachCode()
    const before = driver.getState()
    expect(await reload().resume()).toEqual(before)
    expect(await driver.submitCode(wrongCode(code))).toMatchObject({ reason: 'wrong-code', attemptsLeft: 2 })
    expect(await reload().resume()).toMatchObject({ reason: 'wrong-code', attemptsLeft: 2 })
    expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
  })

  test.each(['define', 'tokens'] as const)(
    'the new password step goes on where it was ("%s")',
    async behaviour => {
      local.pool.faults.afterNewPassword = behaviour
      const user = local.newUser()
      await driver.signIn(user)
      await reload().resume()
      expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code', reason: 'first' })
      expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
    },
  )

  test('a lost answer to the new password is still recovered', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    await reload().resume()
    local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({ step: 'code', reason: 'restarted' })
  })

  test('a spent session cannot be recovered without the password, and the state says so', async () => {
    const { code } = await reachCode()
    await reload().resume()
    local.pool.faults.expireSessions()
    expect(await driver.submitCode(code)).toMatchObject({ step: 'failed', reason: 'expired' })
    expect(await reload().resume()).toMatchObject({ step: 'signed-out' })
  })

  test('a new password that may or may not have been saved is reported as such', async () => {
    const user = local.newUser()
    await driver.signIn(user)
    await reload().resume()
    local.pool.faults.expireSessions()
    expect(await driver.submitNewPassword(NEW_PASSWORD)).toMatchObject({
      step: 'failed',
      reason: 'new-password-unclear',
    })
  })

  test('a step older than the session that Amplify keeps is not offered', async () => {
    await reachCode()
    const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 181_000)
    const state = await reload().resume()
    later.mockRestore()
    expect(state).toMatchObject({ step: 'signed-out' })
  })

  test('after a cancel nothing is offered', async () => {
    await reachCode()
    driver.cancel()
    expect(await reload().resume()).toMatchObject({ step: 'signed-out' })
  })

  test('two effects that resume at once find the same', async () => {
    await reachCode()
    reload()
    const [one, other] = await Promise.all([driver.resume(), driver.resume()])
    expect(one).toBe(other)
    expect(one).toMatchObject({ step: 'code' })
  })
})

describe('two tabs with one session', () => {
  test('the other tab finished the sign-in: this one finds it signed in', async () => {
    const { username, code } = await reachCode()
    const duplicate = createSignInDriver()
    await duplicate.resume()
    expect(await duplicate.submitCode(code)).toMatchObject({ step: 'signed-in' })
    expect(await driver.submitCode(code)).toEqual({ step: 'signed-in', busy: false, username })
  })

  test('another user is signed in: the state says so', async () => {
    const { code } = await reachCode()
    await driver.submitCode(code)
    const other = reload()
    expect(await other.signIn(local.knownUser())).toMatchObject({ step: 'failed', reason: 'another-user' })
    expect(await other.signOut()).toMatchObject({ step: 'signed-out' })
  })
})

describe('secrets', () => {
  test('password and code are in no state, in no storage and on no console', async () => {
    const told: string[] = []
    const storage = new Map<string, string>()
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map(level =>
      jest.spyOn(console, level).mockImplementation((...parts: unknown[]) => {
        told.push(JSON.stringify(parts))
      }),
    )
    driver = createSignInDriver({
      storage: {
        getItem: async key => storage.get(key) ?? null,
        setItem: async (key, value) => {
          told.push(value)
          storage.set(key, value)
        },
        removeItem: async key => {
          storage.delete(key)
        },
      },
    })
    driver.subscribe(() => told.push(JSON.stringify(driver.getState())))
    const user = local.newUser()
    await driver.signIn(user)
    await driver.submitNewPassword('short')
    await driver.submitNewPassword(NEW_PASSWORD)
    const code = await local.code(user.username)
    await driver.submitCode(wrongCode(code))
    local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
    await driver.submitCode(code)
    const lastCode = await local.code(user.username)
    await driver.submitCode(lastCode)
    for (const spy of spies) spy.mockRestore()
    expect(driver.getState()).toMatchObject({ step: 'signed-in' })
    expect(told.length).toBeGreaterThan(10)
    expect(storage.size).toBe(0)
    for (const secret of [user.password, NEW_PASSWORD, code, wrongCode(code), lastCode]) {
      expect(told.filter(text => text.includes(secret))).toEqual([])
    }
  })
})

test('a storage that fails does not stop a sign-in', async () => {
  const fails = async () => {
    throw new Error('The quota is exceeded.')
  }
  driver = createSignInDriver({ storage: { getItem: fails, setItem: fails, removeItem: fails } })
  await driver.resume()
  const { code } = await reachCode()
  expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
})

test('a storage that throws at once does not stop a sign-in', async () => {
  const fails = () => {
    throw new Error('There is no storage here.')
  }
  driver = createSignInDriver({ storage: { getItem: fails, setItem: fails, removeItem: fails } })
  await driver.resume()
  const { code } = await reachCode()
  expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
})

test('a listener that throws stops neither the sign-in nor the other listeners', async () => {
  const reported = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  const heard: string[] = []
  const unsubscribe = driver.subscribe(() => {
    throw new Error('A mistake of the app.')
  })
  driver.subscribe(() => heard.push(driver.getState().step))
  const { code } = await reachCode()
  expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in', busy: false })
  expect(heard).toEqual(['signed-out', 'code', 'code', 'signed-in'])
  expect(reported).toHaveBeenCalledTimes(4)
  unsubscribe()
  reported.mockRestore()
})

test('a page from a server begins with the same state as its hydration, also if the driver knows more', async () => {
  await reachCode()
  const Status = () => createElement('output', null, useSignIn(driver).step)
  expect(renderToString(createElement(Status))).toBe('<output>signed-out</output>')
})

test('the language of the page reaches the mail', async () => {
  driver = createSignInDriver({ clientMetadata: () => ({ locale: 'zh-CN' }) })
  const { username } = await reachCode()
  await driver.resend()
  const mails = await local.mails(username)
  expect(mails.map(({ subject }) => subject.includes('验证码'))).toEqual([true, true])
})

afterEach(() => signOut())
