// The problem this project began with (amplify-js #14330): plain Amplify calls meet it, the same clicks on the driver do not.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { confirmSignIn, fetchAuthSession, signIn, signOut } from 'aws-amplify/auth'
import { NEW_PASSWORD, startTestPool, type TestPool } from '../testing/test-pool.ts'
import { createSignInDriver } from './sign-in.ts'

const SPENT = 'Invalid session for the user, session can only be used once.'

let local: TestPool

beforeAll(async () => {
  local = await startTestPool()
})

afterEach(() => signOut())

afterAll(() => local.pool.close())

/** What came of two clicks on one button: how many went through, and what the others met. */
async function twice(click: () => Promise<unknown>): Promise<{ done: number; errors: string[] }> {
  const results = await Promise.allSettled([click(), click()])
  return {
    done: results.filter(({ status }) => status === 'fulfilled').length,
    errors: results.flatMap(result =>
      result.status === 'rejected' && result.reason instanceof Error
        ? [`${result.reason.name}: ${result.reason.message}`]
        : [],
    ),
  }
}

test('a double click with plain Amplify calls ends in the error of a used session', async () => {
  const { username, password } = local.newUser()
  await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  expect(await twice(() => confirmSignIn({ challengeResponse: NEW_PASSWORD }))).toEqual({
    done: 1,
    errors: [`NotAuthorizedException: ${SPENT}`],
  })
  const code = await local.code(username)
  expect(await twice(() => confirmSignIn({ challengeResponse: code }))).toEqual({
    done: 1,
    errors: [`NotAuthorizedException: ${SPENT}`],
  })
})

test('an answer lost on the way leaves plain Amplify calls with a session that stays used', async () => {
  const { username, password } = local.newUser()
  await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  const code = await local.code(username)
  local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
  await expect(confirmSignIn({ challengeResponse: code })).rejects.toThrow(SPENT)
  await expect(confirmSignIn({ challengeResponse: code })).rejects.toThrow(SPENT)
  expect((await fetchAuthSession()).tokens).toBeUndefined()
})

test('the same clicks and the same loss through the driver end signed in', async () => {
  const driver = createSignInDriver()
  const user = local.newUser()
  expect(await twice(() => driver.signIn(user))).toEqual({ done: 2, errors: [] })
  expect(await twice(() => driver.submitNewPassword(NEW_PASSWORD))).toEqual({ done: 2, errors: [] })
  const code = await local.code(user.username)
  local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
  expect(await twice(() => driver.submitCode(code))).toEqual({ done: 2, errors: [] })
  expect(driver.getState()).toMatchObject({ step: 'code', reason: 'restarted' })
  const newCode = await local.code(user.username)
  expect(await twice(() => driver.submitCode(newCode))).toEqual({ done: 2, errors: [] })
  expect(driver.getState()).toMatchObject({ step: 'signed-in', username: user.username })
  expect((await fetchAuthSession()).tokens?.idToken?.payload['email']).toBe(user.username)
})
