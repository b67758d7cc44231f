// The flows of a sign-in: SRP, passwords, secrets of clients, native factors, lock-out.
import { createHmac, getDiffieHellman } from 'node:crypto'
import {
  AdminCreateUserCommand,
  AdminDeleteUserAttributesCommand,
  AdminDisableUserCommand,
  AdminInitiateAuthCommand,
  AdminResetUserPasswordCommand,
  AdminRespondToAuthChallengeCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  type AuthFlowType,
  GetTokensFromRefreshTokenCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { confirmSignIn, signIn } from 'aws-amplify/auth'
import { pointAmplifyAt } from '../../testing/amplify-client.ts'
import { sdkFor, writeTriggers } from '../../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from '../local-user-pool.ts'

const ALL_FLOWS = [
  'ALLOW_CUSTOM_AUTH',
  'ALLOW_USER_SRP_AUTH',
  'ALLOW_USER_PASSWORD_AUTH',
  'ALLOW_ADMIN_USER_PASSWORD_AUTH',
  'ALLOW_REFRESH_TOKEN_AUTH',
]
const HIDING = 'hiding-client'
const LEGACY = 'legacy-client'
const CUSTOM_ONLY = 'custom-only-client'
const WITH_SECRET = 'client-with-secret'
const SECRET = 'the-secret-of-the-client'
const PASSWORD = 'Permanent-1'

let pool: LocalUserPool
let removeTriggers: () => Promise<void>
let username: string
let sub: string
let count = 0

beforeAll(async () => {
  const { directory, remove } = await writeTriggers()
  removeTriggers = remove
  pool = await startLocalUserPool({
    directory,
    clients: [
      {
        clientId: HIDING,
        description: { ExplicitAuthFlows: ALL_FLOWS, PreventUserExistenceErrors: 'ENABLED' },
      },
      { clientId: LEGACY, description: { ExplicitAuthFlows: ALL_FLOWS } },
      { clientId: CUSTOM_ONLY, description: { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'] } },
      { clientId: WITH_SECRET, description: { ExplicitAuthFlows: ALL_FLOWS, ClientSecret: SECRET } },
    ],
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
  const { User } = await sdkFor(pool).send(
    new AdminCreateUserCommand({
      UserPoolId: pool.userPoolId,
      Username: username,
      TemporaryPassword: 'Temporary-1',
    }),
  )
  sub = User?.Username ?? ''
})

function setPassword(Password = PASSWORD, Permanent = true) {
  const { userPoolId: UserPoolId } = pool
  return sdkFor(pool).send(
    new AdminSetUserPasswordCommand({ UserPoolId, Username: username, Password, Permanent }),
  )
}

function initiate(AuthFlow: AuthFlowType, AuthParameters: Record<string, string>, ClientId = HIDING) {
  return sdkFor(pool).send(new InitiateAuthCommand({ AuthFlow, ClientId, AuthParameters }))
}

function withPassword(password = PASSWORD, name = username, clientId = HIDING) {
  return initiate('USER_PASSWORD_AUTH', { USERNAME: name, PASSWORD: password }, clientId)
}

const INCORRECT = { name: 'NotAuthorizedException', message: 'Incorrect username or password.' }

test('USER_SRP_AUTH with the right password brings tokens, and Define is not called', async () => {
  await setPassword()
  const before = pool.calls.length
  const result = await signIn({ username, password: PASSWORD, options: { authFlowType: 'USER_SRP_AUTH' } })
  expect(result.isSignedIn).toBe(true)
  const triggers = pool.calls.slice(before).flatMap(call => (call.kind === 'trigger' ? [call.event] : []))
  expect(triggers).toMatchObject([{ triggerSource: 'TokenGeneration_Authentication' }])
})

test('USER_SRP_AUTH with a wrong password is refused', async () => {
  await setPassword()
  await expect(
    signIn({ username, password: 'Wrong-1', options: { authFlowType: 'USER_SRP_AUTH' } }),
  ).rejects.toMatchObject(INCORRECT)
})

test('the proof of the password is checked: another signature of the right length is refused', async () => {
  await setPassword()
  const { ChallengeParameters = {} } = await initiate('USER_SRP_AUTH', {
    USERNAME: username,
    SRP_A: 'abcdef1234',
  })
  const answer = () =>
    sdkFor(pool).send(
      new RespondToAuthChallengeCommand({
        ClientId: HIDING,
        ChallengeName: 'PASSWORD_VERIFIER',
        ChallengeResponses: {
          USERNAME: username,
          PASSWORD_CLAIM_SECRET_BLOCK: ChallengeParameters['SECRET_BLOCK'] ?? '',
          PASSWORD_CLAIM_SIGNATURE: Buffer.alloc(32).toString('base64'),
          TIMESTAMP: 'Mon Nov 3 09:05:07 UTC 2025',
        },
      }),
    )
  await expect(answer()).rejects.toMatchObject(INCORRECT)
  await expect(answer()).rejects.toThrow('session can only be used once')
})

test('an SRP_A that would give the key away is refused', async () => {
  const N = getDiffieHellman('modp15').getPrime('hex')
  for (const SRP_A of ['0', N, (BigInt(`0x${N}`) * 2n).toString(16), 'no number']) {
    await expect(initiate('USER_SRP_AUTH', { USERNAME: username, SRP_A })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
  }
})

test('USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH bring tokens', async () => {
  await setPassword()
  expect((await withPassword()).AuthenticationResult).toMatchObject({ TokenType: 'Bearer', ExpiresIn: 3600 })
  const admin = new AdminInitiateAuthCommand({
    UserPoolId: pool.userPoolId,
    ClientId: HIDING,
    AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: username, PASSWORD },
  })
  expect((await sdkFor(pool).send(admin)).AuthenticationResult).toBeDefined()
  await expect(withPassword('Wrong-1')).rejects.toMatchObject(INCORRECT)
})

test('outside the custom flow a new password brings tokens at once', async () => {
  const first = await signIn({
    username,
    password: 'Temporary-1',
    options: { authFlowType: 'USER_SRP_AUTH' },
  })
  expect(first.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED')
  expect((await confirmSignIn({ challengeResponse: PASSWORD })).isSignedIn).toBe(true)
  const last = pool.calls.at(-1)
  expect(last).toMatchObject({ event: { triggerSource: 'TokenGeneration_NewPasswordChallenge' } })
})

test('an administrator can answer a challenge', async () => {
  const { Session, ChallengeParameters } = await withPassword('Temporary-1')
  expect(ChallengeParameters).toMatchObject({
    requiredAttributes: '[]',
    userAttributes: JSON.stringify({ email: username }),
  })
  const answer = new AdminRespondToAuthChallengeCommand({
    UserPoolId: pool.userPoolId,
    ClientId: HIDING,
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    Session,
    ChallengeResponses: { USERNAME: username, NEW_PASSWORD: PASSWORD, 'userAttributes.name': 'A Name' },
  })
  const { AuthenticationResult } = await sdkFor(pool).send(answer)
  const claims = Buffer.from(AuthenticationResult?.IdToken?.split('.')[1] ?? '', 'base64url').toString()
  expect(JSON.parse(claims)).toMatchObject({ name: 'A Name' })
})

test('an attribute that is required and present cannot be changed with the new password', async () => {
  const { Session } = await withPassword('Temporary-1')
  const answer = new RespondToAuthChallengeCommand({
    ClientId: HIDING,
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    Session,
    ChallengeResponses: {
      USERNAME: username,
      NEW_PASSWORD: PASSWORD,
      'userAttributes.email': 'other@example.com',
    },
  })
  await expect(sdkFor(pool).send(answer)).rejects.toThrow('Cannot modify an already provided email')
})

test('a required attribute that is missing has to come with the new password', async () => {
  await sdkFor(pool).send(
    new AdminDeleteUserAttributesCommand({
      UserPoolId: pool.userPoolId,
      Username: username,
      UserAttributeNames: ['email'],
    }),
  )
  const { Session, ChallengeParameters } = await withPassword('Temporary-1', sub)
  expect(ChallengeParameters?.['requiredAttributes']).toBe('["userAttributes.email"]')
  const answer = (attributes: Record<string, string>) =>
    sdkFor(pool).send(
      new RespondToAuthChallengeCommand({
        ClientId: HIDING,
        ChallengeName: 'NEW_PASSWORD_REQUIRED',
        Session,
        ChallengeResponses: { USERNAME: sub, NEW_PASSWORD: PASSWORD, ...attributes },
      }),
    )
  await expect(answer({})).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'Invalid attributes given, email is missing',
  })
  expect((await answer({ 'userAttributes.email': username })).AuthenticationResult).toBeDefined()
})

test('a temporary password expires after seven days', async () => {
  pool.advanceClock(7 * 24 * 3600 + 1)
  await expect(withPassword('Temporary-1')).rejects.toThrow(
    'Temporary password has expired and must be reset by an administrator.',
  )
})

test('with PreventUserExistenceErrors an unknown user looks like a known one, each time the same', async () => {
  const srpA = { SRP_A: 'abcdef1234' }
  const ask = async (name: string) =>
    (await initiate('USER_SRP_AUTH', { USERNAME: name, ...srpA })).ChallengeParameters ?? {}
  await setPassword()
  const known = await ask(username)
  const unknown = await ask('nobody@example.com')
  const again = await ask('nobody@example.com')
  expect(Object.keys(unknown).sort()).toEqual(Object.keys(known).sort())
  for (const name of ['SALT', 'USER_ID_FOR_SRP']) {
    expect(unknown[name]).toBe(again[name])
    expect(unknown[name]).toHaveLength(known[name]?.length ?? 0)
  }
  expect(unknown['SRP_B']).not.toBe(again['SRP_B'])
  const missing = { username: 'nobody@example.com', password: PASSWORD }
  await expect(signIn({ ...missing, options: { authFlowType: 'USER_SRP_AUTH' } })).rejects.toMatchObject(
    INCORRECT,
  )
  await expect(signIn({ ...missing, options: { authFlowType: 'CUSTOM_WITH_SRP' } })).rejects.toMatchObject(
    INCORRECT,
  )
  await expect(withPassword(PASSWORD, 'nobody@example.com')).rejects.toMatchObject(INCORRECT)
})

test('without it an unknown user is reported as such', async () => {
  await expect(withPassword(PASSWORD, 'nobody@example.com', LEGACY)).rejects.toMatchObject({
    name: 'UserNotFoundException',
    message: 'User does not exist.',
  })
})

test('only the flows of the app client are open', async () => {
  await setPassword()
  await expect(withPassword(PASSWORD, username, CUSTOM_ONLY)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'USER_PASSWORD_AUTH flow not enabled for this client',
  })
  await expect(
    initiate('USER_SRP_AUTH', { USERNAME: username, SRP_A: '12' }, CUSTOM_ONLY),
  ).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'USER_SRP_AUTH is not enabled for the client.',
  })
  const custom = await initiate('CUSTOM_AUTH', { USERNAME: username }, CUSTOM_ONLY)
  expect(custom.ChallengeName).toBe('CUSTOM_CHALLENGE')
  await expect(initiate('CUSTOM_AUTH', { USERNAME: username }, 'no-client')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'User pool client no-client does not exist.',
  })
})

test('a client with a secret needs the right SECRET_HASH', async () => {
  await setPassword()
  const parameters = { USERNAME: username, PASSWORD }
  await expect(initiate('USER_PASSWORD_AUTH', parameters, WITH_SECRET)).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: `Client ${WITH_SECRET} is configured with secret but SECRET_HASH was not received`,
  })
  await expect(
    initiate('USER_PASSWORD_AUTH', { ...parameters, SECRET_HASH: 'wrong' }, WITH_SECRET),
  ).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: `Unable to verify secret hash for client ${WITH_SECRET}`,
  })
  const SECRET_HASH = createHmac('sha256', SECRET).update(`${username}${WITH_SECRET}`).digest('base64')
  const { AuthenticationResult } = await initiate(
    'USER_PASSWORD_AUTH',
    { ...parameters, SECRET_HASH },
    WITH_SECRET,
  )
  const refresh = (ClientSecret: string) =>
    sdkFor(pool).send(
      new GetTokensFromRefreshTokenCommand({
        ClientId: WITH_SECRET,
        ClientSecret,
        RefreshToken: AuthenticationResult?.RefreshToken,
      }),
    )
  await expect(refresh('wrong')).rejects.toMatchObject({ name: 'NotAuthorizedException' })
  expect((await refresh(SECRET)).AuthenticationResult?.AccessToken).toBeDefined()
})

test('a client without a secret takes no SECRET_HASH', async () => {
  await setPassword()
  const parameters = { USERNAME: username, PASSWORD, SECRET_HASH: 'of-no-secret' }
  await expect(initiate('USER_PASSWORD_AUTH', parameters, LEGACY)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: `Client ${LEGACY} is not configured for secret but secret hash was received`,
  })
})

test('after five wrong passwords the user has to wait, longer each time', async () => {
  await setPassword()
  for (let tries = 0; tries < 5; tries += 1) {
    await expect(withPassword('Wrong-1')).rejects.toMatchObject(INCORRECT)
  }
  for (const seconds of [1, 2, 4]) {
    pool.advanceClock(seconds)
    await expect(withPassword('Wrong-1')).rejects.toMatchObject(INCORRECT)
  }
  // Eight seconds by now: longer than this test takes on a slow machine.
  const LOCKED = { name: 'NotAuthorizedException', message: 'Password attempts exceeded' }
  await expect(withPassword()).rejects.toMatchObject(LOCKED)
  await expect(
    signIn({ username, password: PASSWORD, options: { authFlowType: 'USER_SRP_AUTH' } }),
  ).rejects.toMatchObject(LOCKED)
  pool.advanceClock(3)
  await expect(withPassword()).rejects.toMatchObject(LOCKED)
  pool.advanceClock(5)
  expect((await withPassword()).AuthenticationResult).toBeDefined()
})

test('a disabled user and one who must reset the password are told so after the right password', async () => {
  await setPassword()
  const named = { UserPoolId: pool.userPoolId, Username: username }
  const UserAttributes = [{ Name: 'email_verified', Value: 'true' }]
  await sdkFor(pool).send(new AdminUpdateUserAttributesCommand({ ...named, UserAttributes }))
  await sdkFor(pool).send(new AdminResetUserPasswordCommand(named))
  await expect(withPassword()).rejects.toMatchObject({ name: 'PasswordResetRequiredException' })
  await setPassword()
  await sdkFor(pool).send(new AdminDisableUserCommand(named))
  await expect(withPassword('Wrong-1')).rejects.toMatchObject(INCORRECT)
  await expect(withPassword()).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'User is disabled.',
  })
})

test('a request without a member that Cognito needs is refused in its words', async () => {
  await expect(initiate('USER_PASSWORD_AUTH', { USERNAME: username })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'Missing required parameter PASSWORD',
  })
  await expect(
    sdkFor(pool).send(new InitiateAuthCommand({ AuthFlow: undefined, ClientId: HIDING })),
  ).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: expect.stringContaining("Value null at 'authFlow' failed to satisfy constraint"),
  })
})
