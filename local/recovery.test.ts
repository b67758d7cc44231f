// A forgotten password: who gets a code by mail, what it opens, and what the answers do not tell.
import {
  AdminDisableUserCommand,
  AdminGetUserCommand,
  AdminResetUserPasswordCommand,
  AdminSetUserMFAPreferenceCommand,
  ConfirmForgotPasswordCommand,
  ForgotPasswordCommand,
  InitiateAuthCommand,
  SetUserPoolMfaConfigCommand,
  UpdateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { confirmResetPassword, resetPassword } from 'aws-amplify/auth'
import { pointAmplifyAt } from '../testing/amplify-client.ts'
import { sdkFor } from '../testing/local-pool.ts'
import { type LocalUser, type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

const OLD = 'Permanent-1'
const NEW = 'Another-one-2'
const LEGACY = 'client-that-tells'
const person = (name: string, attributes = {}, status: LocalUser['status'] = 'CONFIRMED'): LocalUser => ({
  username: `${name}@example.com`,
  password: OLD,
  status,
  attributes: { email_verified: 'true', ...attributes },
})

let pool: LocalUserPool

beforeAll(async () => {
  const ExplicitAuthFlows = ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
  pool = await startLocalUserPool({
    triggers: false,
    users: [
      person('amplify'),
      person('wrong'),
      person('late'),
      person('often'),
      person('reset'),
      person('moved'),
      person('moved-with-phone', { phone_number: '+15555550100', phone_number_verified: 'true' }),
      person('unverified', { email_verified: 'false' }),
      person('disabled'),
      person('invited', {}, 'FORCE_CHANGE_PASSWORD'),
      person('with-phone', { phone_number: '+15555550101', phone_number_verified: 'true' }),
    ],
    clients: [
      { description: { ExplicitAuthFlows, PreventUserExistenceErrors: 'ENABLED' } },
      { clientId: LEGACY, description: { ExplicitAuthFlows } },
    ],
  })
  const Username = 'disabled@example.com'
  await sdkFor(pool).send(new AdminDisableUserCommand({ UserPoolId: pool.userPoolId, Username }))
})

afterAll(() => pool.close())

function forgot(name: string, ClientId = pool.clientId) {
  return sdkFor(pool).send(new ForgotPasswordCommand({ ClientId, Username: `${name}@example.com` }))
}

function confirm(name: string, ConfirmationCode: string, Password = NEW, ClientId = pool.clientId) {
  const Username = `${name}@example.com`
  return sdkFor(pool).send(
    new ConfirmForgotPasswordCommand({ ClientId, Username, ConfirmationCode, Password }),
  )
}

function signIn(name: string, PASSWORD: string) {
  const AuthParameters = { USERNAME: `${name}@example.com`, PASSWORD }
  return sdkFor(pool).send(
    new InitiateAuthCommand({ AuthFlow: 'USER_PASSWORD_AUTH', ClientId: pool.clientId, AuthParameters }),
  )
}

async function mailsTo(name: string) {
  return (await pool.messages()).filter(({ to }) => to === `${name}@example.com`)
}

async function mailedCode(name: string): Promise<string> {
  return /\b\d{6}\b/.exec((await mailsTo(name)).at(-1)?.text ?? '')?.[0] ?? 'no code'
}

type Mechanism = 'verified_email' | 'verified_phone_number' | 'admin_only'

/** @param names the first one first; none: the pool does not say */
function setRecovery(...names: Mechanism[]) {
  const RecoveryMechanisms = names.map((Name, index) => ({ Name, Priority: index + 1 })).toReversed()
  const settings = names.length === 0 ? {} : { AccountRecoverySetting: { RecoveryMechanisms } }
  return sdkFor(pool).send(new UpdateUserPoolCommand({ UserPoolId: pool.userPoolId, ...settings }))
}

const SENT = (name: string) => ({
  CodeDeliveryDetails: {
    AttributeName: 'email',
    DeliveryMedium: 'EMAIL',
    Destination: `${name.charAt(0)}***@e***`,
  },
})
const NOWHERE = {
  name: 'InvalidParameterException',
  message: 'Cannot reset password for the user as there is no registered/verified email or phone_number',
}
const MISMATCH = { name: 'CodeMismatchException' }
const EXPIRED = { name: 'ExpiredCodeException' }

test('Amplify resets a password with the code from the mail', async () => {
  pointAmplifyAt(pool)
  const username = 'amplify@example.com'
  const { nextStep } = await resetPassword({ username })
  expect(nextStep).toMatchObject({
    resetPasswordStep: 'CONFIRM_RESET_PASSWORD_WITH_CODE',
    codeDeliveryDetails: { deliveryMedium: 'EMAIL', destination: 'a***@e***' },
  })
  const confirmationCode = await mailedCode('amplify')
  await confirmResetPassword({ username, confirmationCode, newPassword: NEW })
  await expect(signIn('amplify', OLD)).rejects.toThrow('Incorrect username or password.')
  expect((await signIn('amplify', NEW)).AuthenticationResult).toBeDefined()
  await expect(confirm('amplify', confirmationCode)).rejects.toMatchObject(EXPIRED)
})

test('a wrong code and a weak password change nothing, and the right code still works', async () => {
  await forgot('wrong')
  const code = await mailedCode('wrong')
  await expect(confirm('wrong', code === '000000' ? '111111' : '000000')).rejects.toMatchObject(MISMATCH)
  await expect(confirm('wrong', code, 'weak')).rejects.toMatchObject({ name: 'InvalidPasswordException' })
  expect((await signIn('wrong', OLD)).AuthenticationResult).toBeDefined()
  await confirm('wrong', code)
  expect((await signIn('wrong', NEW)).AuthenticationResult).toBeDefined()
})

test('a code is valid for an hour, and a new one takes its place', async () => {
  await forgot('late')
  const first = await mailedCode('late')
  pool.advanceClock(3601)
  await expect(confirm('late', first)).rejects.toMatchObject(EXPIRED)
  await forgot('late')
  expect(await mailsTo('late')).toHaveLength(2)
  await confirm('late', await mailedCode('late'))
})

test('after five attempts the next hour has none, for a name that nobody has as well', async () => {
  const limited = {
    name: 'LimitExceededException',
    message: 'Attempt limit exceeded, please try after some time.',
  }
  for (const name of ['often', 'nobody']) {
    for (let attempts = 0; attempts < 4; attempts += 1) await forgot(name)
    await expect(confirm(name, 'wrong')).rejects.toMatchObject(MISMATCH)
    await expect(forgot(name)).rejects.toMatchObject(limited)
    await expect(confirm(name, await mailedCode(name))).rejects.toMatchObject(limited)
  }
  pool.advanceClock(3601)
  await forgot('often')
  expect(await mailsTo('often')).toHaveLength(5)
})

test('after a reset by an administrator nobody signs in until the mailed code is used', async () => {
  const named = { UserPoolId: pool.userPoolId, Username: 'reset@example.com' }
  await sdkFor(pool).send(new AdminResetUserPasswordCommand(named))
  expect(await sdkFor(pool).send(new AdminGetUserCommand(named))).toMatchObject({
    UserStatus: 'RESET_REQUIRED',
  })
  await expect(signIn('reset', OLD)).rejects.toMatchObject({ name: 'PasswordResetRequiredException' })
  await confirm('reset', await mailedCode('reset'))
  expect(await sdkFor(pool).send(new AdminGetUserCommand(named))).toMatchObject({ UserStatus: 'CONFIRMED' })
})

test('what an app client hides about users looks like a code that was sent, and no mail goes', async () => {
  for (const name of ['nobody-else', 'unverified', 'disabled']) {
    expect(await forgot(name)).toMatchObject(SENT(name))
    await expect(confirm(name, '123456')).rejects.toMatchObject(MISMATCH)
    expect(await mailsTo(name)).toEqual([])
  }
  for (const name of ['unasked', 'invited'])
    await expect(confirm(name, '123456')).rejects.toMatchObject(EXPIRED)
  expect((await signIn('unverified', OLD)).AuthenticationResult).toBeDefined()
})

test('other app clients say it', async () => {
  await expect(forgot('nobody', LEGACY)).rejects.toMatchObject({
    name: 'UserNotFoundException',
    message: 'Username/client id combination not found.',
  })
  await expect(forgot('unverified', LEGACY)).rejects.toMatchObject(NOWHERE)
  for (const asked of [forgot('disabled', LEGACY), confirm('disabled', '123456', NEW, LEGACY)])
    await expect(asked).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'User is disabled.',
    })
  await expect(forgot('invited', LEGACY)).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'User password cannot be reset in the current state.',
  })
})

test('a user with e-mail MFA gets no code by mail, while the same user without MFA in the pool does', async () => {
  const EmailMfaConfiguration = { Subject: 'Your code', Message: 'The code is {####}' }
  const setMfa = (MfaConfiguration: 'OFF' | 'OPTIONAL', factors = {}) =>
    sdkFor(pool).send(
      new SetUserPoolMfaConfigCommand({ UserPoolId: pool.userPoolId, MfaConfiguration, ...factors }),
    )
  await setMfa('OPTIONAL', { EmailMfaConfiguration })
  for (const name of ['moved', 'moved-with-phone']) {
    await sdkFor(pool).send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: pool.userPoolId,
        Username: `${name}@example.com`,
        EmailMfaSettings: { Enabled: true, PreferredMfa: true },
      }),
    )
  }
  await expect(forgot('moved')).rejects.toMatchObject(NOWHERE)
  await expect(forgot('moved-with-phone')).rejects.toThrow('text message')
  const named = { UserPoolId: pool.userPoolId, Username: 'moved@example.com' }
  await expect(sdkFor(pool).send(new AdminResetUserPasswordCommand(named))).rejects.toMatchObject(NOWHERE)
  expect(await mailsTo('moved')).toEqual([])
  await setMfa('OFF')
  expect(await forgot('moved')).toMatchObject(SENT('moved'))
})

test('the pool says which way comes first, or that an administrator has to help', async () => {
  expect(await forgot('with-phone')).toMatchObject(SENT('with-phone'))
  await setRecovery()
  await expect(forgot('with-phone')).rejects.toThrow('text message')
  await setRecovery('verified_email', 'verified_phone_number')
  expect(await forgot('with-phone')).toMatchObject(SENT('with-phone'))
  await setRecovery('admin_only')
  await expect(forgot('with-phone')).rejects.toMatchObject({ name: 'NotAuthorizedException' })
})
