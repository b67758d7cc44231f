// The local user pool as a whole: a sign-in with Amplify in each behaviour after the new password, and its clock.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { confirmSignIn, fetchAuthSession, getCurrentUser, signIn } from 'aws-amplify/auth'
import { CognitoJwtVerifier } from 'aws-jwt-verify'
import { pointAmplifyAt } from '../testing/amplify-client.ts'
import type { PoolCall } from './call-log.ts'
import { type LocalUser, type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

const PEOPLE: readonly LocalUser[] = Array.from({ length: 12 }, (_, index) => ({
  username: `person${index}@example.com`,
  password: 'Temporary-1',
  status: 'FORCE_CHANGE_PASSWORD',
  attributes: { email_verified: 'true' },
}))

// With the built triggers of this project, as `npm run build` left them.
let pool: LocalUserPool
let person: LocalUser
let callsBefore: number
const people = PEOPLE.values()

beforeAll(async () => {
  pool = await startLocalUserPool({ users: PEOPLE })
})

afterAll(() => pool.close())

beforeEach(() => {
  pointAmplifyAt(pool)
  pool.faults.afterNewPassword = 'define'
  callsBefore = pool.calls.length
  const next = people.next()
  if (next.done) throw new Error('Too few people for the tests')
  person = next.value
})

/** Of this test. */
function calls(): readonly PoolCall[] {
  return pool.calls.slice(callsBefore)
}

const NEW_PASSWORD = 'Better-than-1'

function startSignIn(password = person.password) {
  return signIn({ username: person.username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
}

async function codeInLastMail(): Promise<string> {
  const mail = (await pool.messages()).at(-1)
  return /\b\d{6}\b/.exec(mail?.text ?? '')?.[0] ?? 'no code'
}

function triggersCalled(): string[] {
  return calls().flatMap(call => (call.kind === 'trigger' ? [call.trigger] : []))
}

for (const behaviour of ['define', 'define-with-entry'] as const) {
  test(`a first sign-in goes through password, new password and code when Cognito does "${behaviour}"`, async () => {
    pool.faults.afterNewPassword = behaviour
    expect((await startSignIn()).nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED')
    const code = await confirmSignIn({ challengeResponse: NEW_PASSWORD })
    expect(code.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
    expect((await confirmSignIn({ challengeResponse: await codeInLastMail() })).isSignedIn).toBe(true)

    const defines = calls().filter(call => call.kind === 'trigger' && call.trigger === 'DefineAuthChallenge')
    const entries = behaviour === 'define' ? [] : ['NEW_PASSWORD_REQUIRED']
    const names = ['SRP_A', 'PASSWORD_VERIFIER', ...entries]
    expect(defines[1]).toMatchObject({
      event: {
        request: {
          userAttributes: { 'cognito:user_status': 'CONFIRMED' },
          session: names.map(challengeName => ({
            challengeName,
            challengeResult: true,
            challengeMetadata: null,
          })),
        },
      },
    })
  })
}

test('with "define-first" Define hears of the password before the new one is asked for, and Create follows that', async () => {
  pool.faults.afterNewPassword = 'define-first'
  expect((await startSignIn()).nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED')
  expect(triggersCalled()).toEqual(['DefineAuthChallenge', 'DefineAuthChallenge'])
  const code = await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  expect(code.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
  expect(triggersCalled().slice(2)).toEqual(['CreateAuthChallenge'])
  expect(calls().at(-1)).toMatchObject({
    event: {
      request: {
        userAttributes: { 'cognito:user_status': 'CONFIRMED' },
        session: [{ challengeName: 'SRP_A' }, { challengeName: 'PASSWORD_VERIFIER' }],
      },
    },
  })
  expect((await confirmSignIn({ challengeResponse: await codeInLastMail() })).isSignedIn).toBe(true)
})

test('with "tokens" Pre Token Generation alone decides, and the new password is kept when it refuses', async () => {
  pool.faults.afterNewPassword = 'tokens'
  await startSignIn()
  await expect(confirmSignIn({ challengeResponse: NEW_PASSWORD })).rejects.toMatchObject({
    name: 'UserLambdaValidationException',
    message: expect.stringMatching(/^PreTokenGeneration failed with error .+\.$/),
  })
  expect(triggersCalled()).toEqual(['DefineAuthChallenge', 'PreTokenGeneration'])
  expect(calls().at(-1)).toMatchObject({
    event: { triggerSource: 'TokenGeneration_NewPasswordChallenge' },
  })
  const again = await startSignIn(NEW_PASSWORD)
  expect(again.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
})

test('the tokens are what aws-jwt-verify accepts for this pool', async () => {
  await startSignIn()
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  await confirmSignIn({ challengeResponse: await codeInLastMail() })
  const { tokens } = await fetchAuthSession()
  const { username } = await getCurrentUser()
  const { userPoolId, clientId } = pool
  const jwks = await (await fetch(`${pool.endpoint}/${userPoolId}/.well-known/jwks.json`)).json()
  for (const tokenUse of ['id', 'access'] as const) {
    const verifier = CognitoJwtVerifier.create({ userPoolId, clientId, tokenUse })
    verifier.cacheJwks(jwks)
    const token = tokenUse === 'id' ? tokens?.idToken : tokens?.accessToken
    expect(await verifier.verify(String(token))).toMatchObject({ sub: username, token_use: tokenUse })
  }
  expect(tokens?.idToken?.payload).toMatchObject({ email: person.username, email_verified: true })
})

test('a wrong password is refused before Define hears of it', async () => {
  await expect(startSignIn('Wrong-password-1')).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Incorrect username or password.',
  })
  expect(triggersCalled()).toEqual(['DefineAuthChallenge'])
})

test('a session that is answered twice is refused with "session can only be used once"', async () => {
  await startSignIn()
  const [one, two] = await Promise.allSettled([
    confirmSignIn({ challengeResponse: NEW_PASSWORD }),
    confirmSignIn({ challengeResponse: NEW_PASSWORD }),
  ])
  expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected'])
  expect(one.status === 'rejected' ? one : two).toMatchObject({
    reason: {
      name: 'NotAuthorizedException',
      message: 'Invalid session for the user, session can only be used once.',
    },
  })
})

test('a new password that is too weak can be tried again with the same session', async () => {
  await startSignIn()
  await expect(confirmSignIn({ challengeResponse: 'weak' })).rejects.toMatchObject({
    name: 'InvalidPasswordException',
    message: 'Password did not conform with policy: Password not long enough',
  })
  const code = await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  expect(code.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
})

test('the clock of the pool and of the triggers moves together', async () => {
  await startSignIn()
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  const [before] = calls().filter(call => call.kind === 'trigger' && call.trigger === 'CreateAuthChallenge')
  pool.advanceClock(170)
  const wrong = await confirmSignIn({ challengeResponse: '000000' })
  const after = calls().findLast(call => call.kind === 'trigger' && call.trigger === 'CreateAuthChallenge')
  expect(wrong.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
  expect(Date.parse(after?.at ?? '') - Date.parse(before?.at ?? '')).toBeGreaterThanOrEqual(170_000)
  pool.advanceClock(181)
  await expect(confirmSignIn({ challengeResponse: await codeInLastMail() })).rejects.toThrow(
    'Invalid session for the user, session is expired.',
  )
})

test('the calls tell what happened, without a password, an SRP value or a token', async () => {
  const heard: string[] = []
  const stop = pool.subscribe(call =>
    heard.push(`${call.number - callsBefore} ${'durationMs' in call ? 'ended' : 'began'}`),
  )
  await startSignIn()
  stop()
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  await confirmSignIn({ challengeResponse: await codeInLastMail() })

  expect(heard).toEqual(['1 began', '2 began', '2 ended', '1 ended', '3 began', '3 ended'])
  const summary = calls().map(call => (call.kind === 'request' ? call.operation : call.trigger))
  expect(summary.slice(0, 6)).toEqual([
    'InitiateAuth',
    'DefineAuthChallenge',
    'RespondToAuthChallenge',
    'RespondToAuthChallenge',
    'DefineAuthChallenge',
    'CreateAuthChallenge',
  ])
  expect(calls()[0]).toMatchObject({
    kind: 'request',
    request: { AuthParameters: { USERNAME: person.username, SRP_A: '(left out)' } },
    answer: { ChallengeName: 'PASSWORD_VERIFIER' },
  })
  const text = JSON.stringify(calls())
  for (const secret of [person.password, NEW_PASSWORD, 'eyJ']) expect(text).not.toContain(secret)

  const all = await (await fetch(`${pool.endpoint}/local-user-pool/calls`)).json()
  expect(all.slice(callsBefore)).toEqual(JSON.parse(text))
  const { revision } = all[callsBefore]
  const later = await (await fetch(`${pool.endpoint}/local-user-pool/calls?since=${revision}`)).json()
  expect(later).toEqual(all.slice(callsBefore + 2))
})
