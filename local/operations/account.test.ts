// What users do with their own account: tokens, refresh, revocation, second factors.
import {
  AdminCreateUserCommand,
  AdminDeleteUserAttributesCommand,
  AdminGetUserCommand,
  AdminSetUserMFAPreferenceCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  AssociateSoftwareTokenCommand,
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
  SetUserMFAPreferenceCommand,
  SetUserPoolMfaConfigCommand,
  type SetUserPoolMfaConfigCommandInput,
  UpdateUserPoolClientCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { confirmSignIn, fetchAuthSession, fetchUserAttributes, signIn, signOut } from 'aws-amplify/auth'
import { pointAmplifyAt } from '../../testing/amplify-client.ts'
import { sdkFor, writeTriggers } from '../../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from '../local-user-pool.ts'
import { softwareTokenCode } from '../software-token.ts'

const PASSWORD = 'Permanent-1'
const FLOWS = [
  'ALLOW_CUSTOM_AUTH',
  'ALLOW_USER_SRP_AUTH',
  'ALLOW_USER_PASSWORD_AUTH',
  'ALLOW_REFRESH_TOKEN_AUTH',
] as const

let pool: LocalUserPool
let removeTriggers: () => Promise<void>
let username: string
let count = 0

beforeAll(async () => {
  const { directory, remove } = await writeTriggers()
  removeTriggers = remove
  pool = await startLocalUserPool({
    directory,
    clients: [{ description: { ExplicitAuthFlows: [...FLOWS] } }],
  })
})

afterAll(async () => {
  await pool.close()
  await removeTriggers()
})

beforeEach(async () => {
  count += 1
  username = `person${count}@example.com`
  pointAmplifyAt(pool)
  const named = { UserPoolId: pool.userPoolId, Username: username }
  await sdkFor(pool).send(new AdminCreateUserCommand({ ...named, TemporaryPassword: 'Temporary-1' }))
  await sdkFor(pool).send(new AdminSetUserPasswordCommand({ ...named, Password: PASSWORD, Permanent: true }))
})

function start(password = PASSWORD) {
  return sdkFor(pool).send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: pool.clientId,
      AuthParameters: { USERNAME: username, PASSWORD: password },
    }),
  )
}

async function tokens(): Promise<{ AccessToken: string; RefreshToken: string }> {
  const { AuthenticationResult: { AccessToken = '', RefreshToken = '' } = {} } = await start()
  return { AccessToken, RefreshToken }
}

function refresh(RefreshToken: string) {
  return sdkFor(pool).send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, RefreshToken }))
}

function respond(
  ChallengeName: 'EMAIL_OTP' | 'SELECT_MFA_TYPE' | 'SOFTWARE_TOKEN_MFA' | 'MFA_SETUP',
  Session: string | undefined,
  responses: Record<string, string>,
) {
  return sdkFor(pool).send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName,
      Session,
      ChallengeResponses: { USERNAME: username, ...responses },
    }),
  )
}

function setMfa(settings: Omit<SetUserPoolMfaConfigCommandInput, 'UserPoolId'>) {
  return sdkFor(pool).send(new SetUserPoolMfaConfigCommand({ UserPoolId: pool.userPoolId, ...settings }))
}

const EMAIL = { Subject: 'Your code', Message: 'The code is {####}' }
const BOTH = { EmailMfaConfiguration: EMAIL, SoftwareTokenMfaConfiguration: { Enabled: true } }

async function mailedCode(): Promise<string> {
  const mail = (await pool.messages()).findLast(({ to }) => to === username)
  return /\d{6}/.exec(mail?.text ?? '')?.[0] ?? 'no code'
}

test('Amplify reads the attributes, refreshes the tokens and signs out', async () => {
  await signIn({ username, password: PASSWORD, options: { authFlowType: 'USER_SRP_AUTH' } })
  expect(await fetchUserAttributes()).toMatchObject({ email: username })
  const before = (await fetchAuthSession()).tokens?.accessToken.toString()
  const { tokens: after } = await fetchAuthSession({ forceRefresh: true })
  expect(after?.accessToken.toString()).not.toBe(before)
  await signOut({ global: true })
  await expect(sdkFor(pool).send(new GetUserCommand({ AccessToken: before }))).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Access Token has been revoked',
  })
})

test('an access token expires after an hour, a refresh token after thirty days', async () => {
  const { AccessToken, RefreshToken } = await tokens()
  pool.advanceClock(3601)
  await expect(sdkFor(pool).send(new GetUserCommand({ AccessToken }))).rejects.toMatchObject({
    message: 'Access Token has expired',
  })
  const { AuthenticationResult } = await refresh(RefreshToken)
  expect(AuthenticationResult?.RefreshToken).toBeUndefined()
  const fresh = { AccessToken: AuthenticationResult?.AccessToken }
  expect(await sdkFor(pool).send(new GetUserCommand(fresh))).toMatchObject({ Username: expect.any(String) })
  pool.advanceClock(30 * 24 * 3600)
  await expect(refresh(RefreshToken)).rejects.toMatchObject({ message: 'Refresh Token has expired' })
  await expect(refresh('made-up')).rejects.toMatchObject({ message: 'Invalid Refresh Token.' })
})

test('REFRESH_TOKEN_AUTH refreshes as well, through Pre Token Generation', async () => {
  const { RefreshToken } = await tokens()
  const { AuthenticationResult } = await sdkFor(pool).send(
    new InitiateAuthCommand({
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      ClientId: pool.clientId,
      AuthParameters: { REFRESH_TOKEN: RefreshToken },
    }),
  )
  expect(AuthenticationResult?.IdToken).toBeDefined()
  expect(pool.calls.at(-1)).toMatchObject({ event: { triggerSource: 'TokenGeneration_RefreshTokens' } })
})

test('a revoked refresh token no longer works, nor do its access tokens', async () => {
  const { AccessToken, RefreshToken } = await tokens()
  const other = await tokens()
  await sdkFor(pool).send(new RevokeTokenCommand({ ClientId: pool.clientId, Token: RefreshToken }))
  await expect(refresh(RefreshToken)).rejects.toMatchObject({ message: 'Refresh Token has been revoked' })
  await expect(sdkFor(pool).send(new GetUserCommand({ AccessToken }))).rejects.toThrow('revoked')
  expect((await refresh(other.RefreshToken)).AuthenticationResult).toBeDefined()
  await expect(
    sdkFor(pool).send(new RevokeTokenCommand({ ClientId: pool.clientId, Token: AccessToken })),
  ).rejects.toMatchObject({ name: 'UnsupportedTokenTypeException' })
})

test('a global sign-out ends every sign-in of the user', async () => {
  const one = await tokens()
  const two = await tokens()
  await sdkFor(pool).send(new GlobalSignOutCommand({ AccessToken: one.AccessToken }))
  await expect(refresh(two.RefreshToken)).rejects.toMatchObject({ message: 'Refresh Token has been revoked' })
})

test('where the app client rotates refresh tokens each works once', async () => {
  const update = (settings: object) =>
    sdkFor(pool).send(
      new UpdateUserPoolClientCommand({
        UserPoolId: pool.userPoolId,
        ClientId: pool.clientId,
        ExplicitAuthFlows: [...FLOWS],
        ...settings,
      }),
    )
  await update({ RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 0 } })
  const { RefreshToken } = await tokens()
  const { AuthenticationResult } = await refresh(RefreshToken)
  await expect(refresh(RefreshToken)).rejects.toMatchObject({ name: 'NotAuthorizedException' })
  expect((await refresh(AuthenticationResult?.RefreshToken ?? '')).AuthenticationResult).toBeDefined()
  await update({})
})

test('a user who chose EMAIL_OTP gets the code by mail; a wrong one leaves the session open', async () => {
  await setMfa({ MfaConfiguration: 'OPTIONAL', EmailMfaConfiguration: EMAIL })
  expect((await start()).AuthenticationResult).toBeDefined()
  await sdkFor(pool).send(
    new AdminSetUserMFAPreferenceCommand({
      UserPoolId: pool.userPoolId,
      Username: username,
      EmailMfaSettings: { Enabled: true, PreferredMfa: true },
    }),
  )
  const { ChallengeName, ChallengeParameters, Session } = await start()
  expect(ChallengeName).toBe('EMAIL_OTP')
  expect(ChallengeParameters).toMatchObject({
    CODE_DELIVERY_DELIVERY_MEDIUM: 'EMAIL',
    CODE_DELIVERY_DESTINATION: 'p***@e***',
  })
  const code = await mailedCode()
  const wrong = code === '000000' ? '111111' : '000000'
  for (let tries = 0; tries < 6; tries += 1) {
    await expect(respond('EMAIL_OTP', Session, { EMAIL_OTP_CODE: wrong })).rejects.toMatchObject({
      name: 'CodeMismatchException',
    })
  }
  expect((await respond('EMAIL_OTP', Session, { EMAIL_OTP_CODE: code })).AuthenticationResult).toBeDefined()
  await expect(respond('EMAIL_OTP', Session, { EMAIL_OTP_CODE: code })).rejects.toThrow(
    'Invalid session for the user, session can only be used once.',
  )
})

test('a mailed code proves only the address that it went to', async () => {
  await setMfa({ MfaConfiguration: 'ON', EmailMfaConfiguration: EMAIL })
  const named = { UserPoolId: pool.userPoolId, Username: username }
  const { Session } = await start()
  const EMAIL_OTP_CODE = await mailedCode()
  username = `another-${username}`
  for (const email_verified of ['true', 'false']) {
    const attributes = Object.entries({ email: username, email_verified })
    const UserAttributes = attributes.map(([Name, Value]) => ({ Name, Value }))
    await sdkFor(pool).send(new AdminUpdateUserAttributesCommand({ ...named, UserAttributes }))
    named.Username = username
  }
  expect((await respond('EMAIL_OTP', Session, { EMAIL_OTP_CODE })).AuthenticationResult).toBeDefined()
  const { UserAttributes } = await sdkFor(pool).send(new AdminGetUserCommand(named))
  expect(UserAttributes).toContainEqual({ Name: 'email_verified', Value: 'false' })
})

test('with MFA on, a first sign-in asks for the mailed code after the new password', async () => {
  await setMfa({ MfaConfiguration: 'ON', EmailMfaConfiguration: EMAIL })
  await sdkFor(pool).send(
    new AdminSetUserPasswordCommand({
      UserPoolId: pool.userPoolId,
      Username: username,
      Password: 'Temporary-1',
      Permanent: false,
    }),
  )
  await signIn({ username, password: 'Temporary-1', options: { authFlowType: 'USER_SRP_AUTH' } })
  const next = await confirmSignIn({ challengeResponse: PASSWORD })
  expect(next.nextStep).toMatchObject({ signInStep: 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE' })
  expect((await confirmSignIn({ challengeResponse: await mailedCode() })).isSignedIn).toBe(true)
})

for (const behaviour of ['define-with-entry', 'tokens'] as const) {
  test(`in the custom flow a native factor comes after the password, then "${behaviour}"`, async () => {
    pool.faults.afterNativeFactor = behaviour
    await setMfa({ MfaConfiguration: 'ON', EmailMfaConfiguration: EMAIL })
    const before = pool.calls.length
    const first = await signIn({ username, password: PASSWORD, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
    expect(first.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_EMAIL_CODE')
    const second = await confirmSignIn({ challengeResponse: await mailedCode() })
    const define = pool.calls
      .slice(before)
      .findLast(call => call.kind === 'trigger' && call.trigger === 'DefineAuthChallenge')
    if (behaviour === 'tokens') {
      expect(second.isSignedIn).toBe(true)
      return
    }
    expect(second.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
    expect(define).toMatchObject({
      event: {
        request: {
          session: [
            { challengeName: 'SRP_A' },
            { challengeName: 'PASSWORD_VERIFIER' },
            { challengeName: 'EMAIL_OTP', challengeResult: true, challengeMetadata: null },
          ],
        },
      },
    })
  })
}

test('with MFA on, a user without an address sets one up in the sign-in', async () => {
  await setMfa({ MfaConfiguration: 'ON', EmailMfaConfiguration: EMAIL })
  const named = { UserPoolId: pool.userPoolId, Username: username }
  const { Username: sub = '' } = await sdkFor(pool).send(new AdminGetUserCommand(named))
  await sdkFor(pool).send(new AdminDeleteUserAttributesCommand({ ...named, UserAttributeNames: ['email'] }))
  username = sub
  const { ChallengeName, ChallengeParameters, Session } = await start()
  expect(ChallengeName).toBe('MFA_SETUP')
  expect(ChallengeParameters?.['MFAS_CAN_SETUP']).toBe('["EMAIL_OTP"]')
  const associate = new AssociateSoftwareTokenCommand({ Session })
  await expect(sdkFor(pool).send(associate)).rejects.toMatchObject({
    name: 'SoftwareTokenMFANotFoundException',
  })
  const address = `address-of-${count}@example.com`
  const { ChallengeName: next, Session: second } = await respond('MFA_SETUP', Session, { EMAIL: address })
  expect(next).toBe('EMAIL_OTP')
  const mail = (await pool.messages()).findLast(({ to }) => to === address)
  const EMAIL_OTP_CODE = /\d{6}/.exec(mail?.text ?? '')?.[0] ?? 'no code'
  expect((await respond('EMAIL_OTP', second, { EMAIL_OTP_CODE })).AuthenticationResult).toBeDefined()
})

test('in the custom flow Define sees that a factor was set up in this session', async () => {
  pool.faults.afterNativeFactor = 'define-with-entry'
  await setMfa({ MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true } })
  const first = await signIn({ username, password: PASSWORD, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  if (first.nextStep.signInStep !== 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP') throw new Error('no set-up')
  const { sharedSecret } = first.nextStep.totpSetupDetails
  const code = softwareTokenCode(sharedSecret, Date.parse(pool.calls.at(-1)?.at ?? '') / 1000)
  const second = await confirmSignIn({ challengeResponse: code })
  expect(second.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
  const define = pool.calls.findLast(
    call => call.kind === 'trigger' && call.trigger === 'DefineAuthChallenge',
  )
  const names = ['SRP_A', 'PASSWORD_VERIFIER', 'MFA_SETUP', 'SOFTWARE_TOKEN_MFA']
  expect(define).toMatchObject({
    event: { request: { session: names.map(challengeName => ({ challengeName })) } },
  })
})

test('an authenticator app can be set up, and the user then chooses between it and the mail', async () => {
  await setMfa({ MfaConfiguration: 'OPTIONAL', ...BOTH })
  const { AccessToken } = await tokens()
  const { SecretCode = '' } = await sdkFor(pool).send(new AssociateSoftwareTokenCommand({ AccessToken }))
  const code = () => softwareTokenCode(SecretCode, Date.parse(pool.calls.at(-1)?.at ?? '') / 1000)
  await expect(
    sdkFor(pool).send(new VerifySoftwareTokenCommand({ AccessToken, UserCode: '12' })),
  ).rejects.toMatchObject({ name: 'EnableSoftwareTokenMFAException' })
  await sdkFor(pool).send(new VerifySoftwareTokenCommand({ AccessToken, UserCode: code() }))
  await sdkFor(pool).send(
    new SetUserMFAPreferenceCommand({
      AccessToken,
      SoftwareTokenMfaSettings: { Enabled: true },
      EmailMfaSettings: { Enabled: true },
    }),
  )
  const user = await sdkFor(pool).send(new GetUserCommand({ AccessToken }))
  expect(user.UserMFASettingList).toEqual(expect.arrayContaining(['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA']))

  const choice = await start()
  expect(choice.ChallengeName).toBe('SELECT_MFA_TYPE')
  expect(JSON.parse(choice.ChallengeParameters?.['MFAS_CAN_CHOOSE'] ?? '')).toEqual([
    'EMAIL_OTP',
    'SOFTWARE_TOKEN_MFA',
  ])
  await expect(respond('SELECT_MFA_TYPE', choice.Session, { ANSWER: 'SMS_MFA' })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  const app = await respond('SELECT_MFA_TYPE', choice.Session, { ANSWER: 'SOFTWARE_TOKEN_MFA' })
  expect(app.ChallengeName).toBe('SOFTWARE_TOKEN_MFA')
  const done = await respond('SOFTWARE_TOKEN_MFA', app.Session, { SOFTWARE_TOKEN_MFA_CODE: code() })
  expect(done.AuthenticationResult).toBeDefined()
})

test('with MFA on and no factor, an authenticator app is set up in the sign-in', async () => {
  await setMfa({ MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true } })
  const { ChallengeName, Session } = await start()
  expect(ChallengeName).toBe('MFA_SETUP')
  const associated = await sdkFor(pool).send(new AssociateSoftwareTokenCommand({ Session }))
  const verified = await sdkFor(pool).send(
    new VerifySoftwareTokenCommand({
      Session: associated.Session,
      UserCode: softwareTokenCode(
        associated.SecretCode ?? '',
        Date.parse(pool.calls.at(-1)?.at ?? '') / 1000,
      ),
    }),
  )
  const { AuthenticationResult } = await respond('MFA_SETUP', verified.Session, {})
  expect(AuthenticationResult).toBeDefined()
  expect((await start()).ChallengeName).toBe('SOFTWARE_TOKEN_MFA')
})
