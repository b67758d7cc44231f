// Who may change the address that the code goes to: the hole in a pool that leaves it open, and the settings that close it.
import {
  AdminGetUserCommand,
  AdminUpdateUserAttributesCommand,
  DescribeUserPoolCommand,
  GetUserAttributeVerificationCodeCommand,
  UpdateUserAttributesCommand,
  VerifyUserAttributeCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { confirmSignIn, fetchAuthSession, signIn, signOut } from 'aws-amplify/auth'
import { pointAmplifyAt } from '../testing/amplify-client.ts'
import { sdkFor } from '../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

const NEW_PASSWORD = 'Better-than-1'
const RESTRICTED = 'client-that-writes-names'
const FLOWS = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
const clients = [
  { description: { ExplicitAuthFlows: FLOWS } },
  { clientId: RESTRICTED, description: { ExplicitAuthFlows: FLOWS, WriteAttributes: ['name'] } },
]

/** The pool as it starts: the address is required, and verified before it is updated. */
let closed: LocalUserPool
/** Neither, as in many pools; new addresses are verified afterwards. */
let open: LocalUserPool

beforeAll(async () => {
  closed = await startLocalUserPool({ clients })
  const { UserPool } = await sdkFor(closed).send(
    new DescribeUserPoolCommand({ UserPoolId: closed.userPoolId }),
  )
  const SchemaAttributes = UserPool?.SchemaAttributes?.map(attribute =>
    attribute.Name === 'email' ? { ...attribute, Required: false } : attribute,
  )
  const userPool = { SchemaAttributes, UserAttributeUpdateSettings: undefined }
  open = await startLocalUserPool({ clients, userPool })
})

afterAll(async () => {
  await Promise.all([closed.close(), open.close()])
})

/** Up to the new password, which a person with the temporary one sets together with an address of their own. */
async function firstSignIn(pool: LocalUserPool, address: string, clientId = pool.clientId) {
  pointAmplifyAt(pool, clientId)
  const { username, password } = pool.addUser()
  await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  const userAttributes = { email: address }
  const confirm = confirmSignIn({ challengeResponse: NEW_PASSWORD, options: { userAttributes } })
  return { username, confirm }
}

async function lastMail(pool: LocalUserPool) {
  const { to, text } = (await pool.messages()).at(-1) ?? { to: '', text: '' }
  return { to, code: /\b\d{6}\b/.exec(text)?.[0] ?? 'no code' }
}

/** A whole sign-in of a new user. @returns the access token that another person may then steal */
async function signedIn(pool: LocalUserPool) {
  pointAmplifyAt(pool)
  const { username, password } = pool.addUser()
  await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  await confirmSignIn({ challengeResponse: (await lastMail(pool)).code })
  const { tokens } = await fetchAuthSession()
  const { accessToken, idToken } = tokens ?? {}
  const sub = String(idToken?.payload['sub'])
  // Forgets the tokens without revoking them.
  pointAmplifyAt(pool)
  return { username, sub, AccessToken: String(accessToken) }
}

async function attributes(pool: LocalUserPool, Username: string) {
  const user = await sdkFor(pool).send(new AdminGetUserCommand({ UserPoolId: pool.userPoolId, Username }))
  const pairs = user.UserAttributes?.map(({ Name = '', Value }) => [Name, Value] as const)
  const { email, email_verified } = Object.fromEntries(pairs ?? [])
  return { email, email_verified }
}

function update(pool: LocalUserPool, AccessToken: string, wanted: Record<string, string>) {
  return sdkFor(pool).send(
    new UpdateUserAttributesCommand({
      AccessToken,
      UserAttributes: Object.entries(wanted).map(([Name, Value]) => ({ Name, Value })),
    }),
  )
}

const TO_ANOTHER_ADDRESS = {
  name: 'NotAuthorizedException',
  message: 'A client attempted to write unauthorized attribute',
}

test('where the address is not required, a person with the temporary password can send the code to their own', async () => {
  const { confirm } = await firstSignIn(open, 'mallory@example.com')
  expect((await confirm).nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE')
  const { to, code } = await lastMail(open)
  expect(to).toBe('mallory@example.com')
  expect(open.calls.findLast(call => call.kind === 'trigger')).toMatchObject({
    trigger: 'CreateAuthChallenge',
    event: { request: { userAttributes: { email: 'mallory@example.com', email_verified: 'false' } } },
  })
  expect((await confirmSignIn({ challengeResponse: code })).isSignedIn).toBe(true)
  await signOut()
})

test('an address that is required cannot be replaced with the new password', async () => {
  const { username, confirm } = await firstSignIn(closed, 'mallory@example.com')
  await expect(confirm).rejects.toThrow('Cannot modify an already provided email')
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  expect((await lastMail(closed)).to).toBe(username)
})

test('an app client whose WriteAttributes leave the address out does not write it, in either way', async () => {
  const { username, confirm } = await firstSignIn(open, 'mallory@example.com', RESTRICTED)
  await expect(confirm).rejects.toMatchObject(TO_ANOTHER_ADDRESS)
  await confirmSignIn({ challengeResponse: NEW_PASSWORD })
  const { to, code } = await lastMail(open)
  expect(to).toBe(username)
  await confirmSignIn({ challengeResponse: code })
  const AccessToken = String((await fetchAuthSession()).tokens?.accessToken)
  await expect(update(open, AccessToken, { email: 'eve@example.com' })).rejects.toMatchObject(
    TO_ANOTHER_ADDRESS,
  )
  await update(open, AccessToken, { name: 'A Name' })
  await signOut()
})

test('where a new address counts at once, a stolen access token takes the code away', async () => {
  const { username, AccessToken } = await signedIn(open)
  const { CodeDeliveryDetailsList } = await update(open, AccessToken, { email: 'trudy@example.com' })
  expect(CodeDeliveryDetailsList).toEqual([
    { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 't***@e***' },
  ])
  expect(await attributes(open, 'trudy@example.com')).toEqual({
    email: 'trudy@example.com',
    email_verified: 'false',
  })
  await expect(attributes(open, username)).rejects.toMatchObject({ name: 'UserNotFoundException' })
  await signIn({
    username: 'trudy@example.com',
    password: NEW_PASSWORD,
    options: { authFlowType: 'CUSTOM_WITH_SRP' },
  })
  expect((await open.messages()).filter(({ to }) => to === 'trudy@example.com')).toHaveLength(2)
})

test('where it is verified before the update, the old address stays until the mailed code comes back', async () => {
  const { username, sub, AccessToken } = await signedIn(closed)
  await update(closed, AccessToken, { email: 'moved@example.com', name: 'Moved' })
  expect(await attributes(closed, sub)).toEqual({ email: username, email_verified: 'true' })
  await signIn({ username, password: NEW_PASSWORD, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  expect((await lastMail(closed)).to).toBe(username)

  const verify = (Code: string) =>
    sdkFor(closed).send(new VerifyUserAttributeCommand({ AccessToken, AttributeName: 'email', Code }))
  const again = new GetUserAttributeVerificationCodeCommand({ AccessToken, AttributeName: 'email' })
  await sdkFor(closed).send(again)
  const { to, code } = await lastMail(closed)
  expect(to).toBe('moved@example.com')
  await expect(verify('no code')).rejects.toMatchObject({ name: 'CodeMismatchException' })
  await verify(code)
  expect(await attributes(closed, 'MOVED@example.com')).toEqual({
    email: 'moved@example.com',
    email_verified: 'true',
  })
  await expect(verify(code)).rejects.toMatchObject({ name: 'ExpiredCodeException' })
})

test('a person cannot say that an address is verified; an administrator can, and it counts at once', async () => {
  const { sub, AccessToken } = await signedIn(closed)
  await expect(
    update(closed, AccessToken, { email: 'said@example.com', email_verified: 'true' }),
  ).rejects.toMatchObject(TO_ANOTHER_ADDRESS)
  const adminUpdate = (wanted: Record<string, string>) =>
    sdkFor(closed).send(
      new AdminUpdateUserAttributesCommand({
        UserPoolId: closed.userPoolId,
        Username: sub,
        UserAttributes: Object.entries(wanted).map(([Name, Value]) => ({ Name, Value })),
      }),
    )
  await adminUpdate({ email: 'unsaid@example.com' })
  expect((await attributes(closed, sub)).email).not.toBe('unsaid@example.com')
  await adminUpdate({ email: 'said@example.com', email_verified: 'true' })
  expect(await attributes(closed, sub)).toEqual({ email: 'said@example.com', email_verified: 'true' })
})

test('the address of another user is refused, in any way to write it', async () => {
  const { AccessToken } = await signedIn(open)
  await expect(update(open, AccessToken, { email: 'Known@Example.com' })).rejects.toMatchObject({
    name: 'AliasExistsException',
  })
  const { confirm } = await firstSignIn(open, 'known@example.com')
  await expect(confirm).rejects.toMatchObject({ name: 'AliasExistsException' })
})
