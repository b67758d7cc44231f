// The driver with Cognito's own second factors, against the local pool.
import {
  AdminSetUserMFAPreferenceCommand,
  CognitoIdentityProviderClient,
  SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { fetchAuthSession, setUpTOTP, verifyTOTPSetup } from 'aws-amplify/auth'
import { softwareTokenCode } from '../local/software-token.ts'
import { speedUpSrp, startTestPool, type TestPool, wrongCode } from '../testing/test-pool.ts'
import { createSignInDriver, type SignInDriver } from './sign-in.ts'

let local: TestPool
let cognito: CognitoIdentityProviderClient
let driver: SignInDriver
let endSpeedUp: () => void

beforeAll(async () => {
  endSpeedUp = speedUpSrp()
  const flows = ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
  local = await startTestPool({ clients: [{ description: { ExplicitAuthFlows: flows } }] })
  const { endpoint, region, userPoolId } = local.pool
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
  cognito = new CognitoIdentityProviderClient({ endpoint, region, credentials })
  await cognito.send(
    new SetUserPoolMfaConfigCommand({
      UserPoolId: userPoolId,
      MfaConfiguration: 'OPTIONAL',
      EmailMfaConfiguration: { Message: '<p>Your code:</p><strong>{####}</strong>', Subject: 'Your code' },
      SoftwareTokenMfaConfiguration: { Enabled: true },
    }),
  )
})

beforeEach(() => {
  driver = createSignInDriver()
  local.requests('RespondToAuthChallenge')
})

afterEach(async () => {
  driver.cancel()
  await driver.signOut()
})

afterAll(async () => {
  endSpeedUp()
  cognito.destroy()
  await local.pool.close()
})

type Factors = { email?: boolean; totp?: boolean }

async function userWith({ email = false, totp = false }: Factors) {
  const user = local.knownUser()
  let secret = ''
  if (totp) {
    const first = createSignInDriver()
    await first.signIn(user)
    await first.submitCode(await local.code(user.username))
    secret = (await setUpTOTP()).sharedSecret
    await verifyTOTPSetup({ code: totpCode(secret) })
    await first.signOut()
  }
  await cognito.send(
    new AdminSetUserMFAPreferenceCommand({
      UserPoolId: local.pool.userPoolId,
      Username: user.username,
      EmailMfaSettings: { Enabled: email, PreferredMfa: false },
      SoftwareTokenMfaSettings: { Enabled: totp, PreferredMfa: false },
    }),
  )
  return { ...user, secret }
}

const totpCode = (secret: string) => softwareTokenCode(secret, Date.now() / 1000)

test('a code by mail: a wrong one keeps the session and is not sent twice, the right one signs in', async () => {
  const user = await userWith({ email: true })
  expect(await driver.signIn(user)).toMatchObject({
    step: 'code',
    kind: 'email-otp',
    destination: expect.stringMatching(/\*/),
  })
  const code = await local.code(user.username)
  local.requests('RespondToAuthChallenge')
  expect(await driver.submitCode(wrongCode(code))).toMatchObject({ kind: 'email-otp', reason: 'wrong-code' })
  expect(await driver.submitCode(wrongCode(code))).toMatchObject({ kind: 'email-otp', reason: 'wrong-code' })
  expect(local.requests('RespondToAuthChallenge')).toBe(1)
  expect(await driver.submitCode(code)).toMatchObject({ step: 'signed-in' })
})

test('the tags of the pool’s message are markup in the mail, and its text has none', async () => {
  const user = await userWith({ email: true })
  await driver.signIn(user)
  const code = await local.code(user.username)
  const mails = (await local.pool.messages()).filter(({ to }) => to === user.username)
  expect(mails).toMatchObject([
    { html: `<p>Your code:</p><strong>${code}</strong>`, text: `Your code:\n${code}` },
  ])
})

test('a new code by mail takes a fresh sign-in', async () => {
  const user = await userWith({ email: true })
  await driver.signIn(user)
  expect(await driver.resend()).toMatchObject({ kind: 'email-otp', reason: 'restarted' })
  expect(await local.mails(user.username)).toHaveLength(2)
  expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
})

test('a lost answer to a code by mail is recovered', async () => {
  const user = await userWith({ email: true })
  await driver.signIn(user)
  local.pool.faults.dropNextAnswer('RespondToAuthChallenge')
  expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ reason: 'restarted' })
  expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
})

test('a code of an authenticator app', async () => {
  const user = await userWith({ totp: true })
  expect(await driver.signIn(user)).toMatchObject({ step: 'code', kind: 'totp', destination: undefined })
  expect(await driver.submitCode(wrongCode(totpCode(user.secret), 500_000))).toMatchObject({
    kind: 'totp',
    reason: 'wrong-code',
  })
  // It proves nothing about the mailbox, so the code of these triggers follows (NATIVE_MFA=accept-email, the default).
  expect(await driver.submitCode(totpCode(user.secret))).toMatchObject({ step: 'code', kind: 'email-code' })
  expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
  expect((await fetchAuthSession()).tokens).toBeDefined()
})

test('among several factors without a preference the mail is taken', async () => {
  const user = await userWith({ email: true, totp: true })
  expect(await driver.signIn(user)).toMatchObject({ step: 'code', kind: 'email-otp' })
  expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
})

test('a pool that moved to the native factor is signed in to without the triggers', async () => {
  const user = await userWith({ email: true })
  driver = createSignInDriver({ authFlowType: 'USER_SRP_AUTH' })
  local.triggers()
  expect(await driver.signIn(user)).toMatchObject({ step: 'code', kind: 'email-otp' })
  expect(await driver.submitCode(await local.code(user.username))).toMatchObject({ step: 'signed-in' })
  expect(local.triggers()).not.toContain('DefineAuthChallenge')
})
