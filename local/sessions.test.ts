// Sessions: one answer each, a life of some minutes, and the texts of Cognito for all else.
import {
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  UpdateUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sdkFor, writeTriggers } from '../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

const USERNAME = 'known@example.com'

let pool: LocalUserPool
let removeTriggers: () => Promise<void>

beforeAll(async () => {
  const { directory, remove } = await writeTriggers()
  removeTriggers = remove
  pool = await startLocalUserPool({ directory })
})

afterAll(async () => {
  await pool.close()
  await removeTriggers()
})

async function challenge(): Promise<string> {
  const { Session } = await sdkFor(pool).send(
    new InitiateAuthCommand({
      AuthFlow: 'CUSTOM_AUTH',
      ClientId: pool.clientId,
      AuthParameters: { USERNAME },
    }),
  )
  if (Session === undefined) throw new Error('no session')
  return Session
}

function answer(Session: string, ANSWER: string, name = USERNAME) {
  return sdkFor(pool).send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName: 'CUSTOM_CHALLENGE',
      Session,
      ChallengeResponses: { USERNAME: name, ANSWER },
    }),
  )
}

test('a session takes one answer, and a wrong answer brings a new session', async () => {
  const first = await challenge()
  const again = await answer(first, 'wrong')
  expect(again.ChallengeName).toBe('CUSTOM_CHALLENGE')
  expect(again.Session).not.toBe(first)
  await expect(answer(first, 'right')).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Invalid session for the user, session can only be used once.',
  })
  expect((await answer(again.Session ?? '', 'right')).AuthenticationResult).toBeDefined()
})

test('of two answers at the same time one gets the tokens', async () => {
  const session = await challenge()
  const results = await Promise.allSettled([answer(session, 'right'), answer(session, 'right')])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('a session that was never issued is refused', async () => {
  await expect(answer('no-session-of-this-user-pool', 'right')).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Invalid session for the user.',
  })
})

test('the session of one user does not work for another', async () => {
  await expect(answer(await challenge(), 'right', 'new@example.com')).rejects.toThrow(
    'Invalid session for the user.',
  )
})

test('a session expires after the three minutes of the app client', async () => {
  const session = await challenge()
  const late = await challenge()
  pool.advanceClock(179)
  expect((await answer(session, 'right')).AuthenticationResult).toBeDefined()
  pool.advanceClock(2)
  await expect(answer(late, 'right')).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Invalid session for the user, session is expired.',
  })
})

test('the time starts again with each challenge', async () => {
  const session = await challenge()
  pool.advanceClock(170)
  const { Session = '' } = await answer(session, 'wrong')
  pool.advanceClock(170)
  expect((await answer(Session, 'right')).AuthenticationResult).toBeDefined()
})

test('AuthSessionValidity of the app client decides, from 3 to 15 minutes', async () => {
  const update = (AuthSessionValidity: number) =>
    sdkFor(pool).send(
      new UpdateUserPoolClientCommand({
        UserPoolId: pool.userPoolId,
        ClientId: pool.clientId,
        AuthSessionValidity,
        ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
        PreventUserExistenceErrors: 'ENABLED',
      }),
    )
  await expect(update(2)).rejects.toMatchObject({ name: 'InvalidParameterException' })
  await expect(update(16)).rejects.toMatchObject({ name: 'InvalidParameterException' })
  await update(10)
  const session = await challenge()
  pool.advanceClock(599)
  expect((await answer(session, 'right')).AuthenticationResult).toBeDefined()
})

test('every open session can be made to expire at once', async () => {
  const session = await challenge()
  pool.faults.expireSessions()
  await expect(answer(session, 'right')).rejects.toThrow('session is expired')
  expect((await answer(await challenge(), 'right')).AuthenticationResult).toBeDefined()
})
