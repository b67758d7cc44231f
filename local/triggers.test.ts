// How the pool calls the triggers: events, three tries, errors, and answers that Cognito would not take.
import {
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  RespondToAuthChallengeCommand,
  UpdateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type HandlerBodies, sdkFor, writeTriggers } from '../testing/local-pool.ts'
import { type LocalUserPool, type LocalUserPoolOptions, startLocalUserPool } from './local-user-pool.ts'

const cleanUp: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo()
})

async function poolWith(bodies: HandlerBodies, options: LocalUserPoolOptions = {}): Promise<LocalUserPool> {
  const { directory, remove } = await writeTriggers(bodies)
  // Triggers that send no mail need no mail server.
  const environment = { AWS_ENDPOINT_URL_SES: 'http://127.0.0.1:1', ...options.environment }
  const pool = await startLocalUserPool({ directory, ...options, environment })
  cleanUp.push(
    () => pool.close(),
    () => remove(),
  )
  return pool
}

function start(
  pool: LocalUserPool,
  USERNAME = 'known@example.com',
  ClientId = pool.clientId,
): Promise<InitiateAuthCommandOutput> {
  return sdkFor(pool).send(
    new InitiateAuthCommand({
      AuthFlow: 'CUSTOM_AUTH',
      ClientId,
      AuthParameters: { USERNAME },
      ClientMetadata: { from: 'InitiateAuth' },
    }),
  )
}

async function startAndAnswer(pool: LocalUserPool, ANSWER: string, ClientMetadata?: Record<string, string>) {
  const { Session } = await start(pool)
  return sdkFor(pool).send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName: 'CUSTOM_CHALLENGE',
      Session,
      ChallengeResponses: { USERNAME: 'known@example.com', ANSWER },
      ClientMetadata,
    }),
  )
}

function events(pool: LocalUserPool, trigger: string): unknown[] {
  return pool.calls.flatMap(call => (call.kind === 'trigger' && call.trigger === trigger ? [call.event] : []))
}

function attempts(pool: LocalUserPool): (string | number)[][] {
  return pool.calls.flatMap(call =>
    call.kind === 'trigger' ? [[call.trigger, call.attempt, call.error ?? 'answered']] : [],
  )
}

test('a trigger that takes longer than 5 seconds is called again, and what it answers late is on record', async () => {
  // The second try runs in a process of its own: a folder tells it that there was a first one.
  const pool = await poolWith({
    'define-auth-challenge': `
      const { mkdir } = await import('node:fs/promises')
      const isFirst = await mkdir(new URL('./called', import.meta.url)).then(() => true, () => false)
      if (isFirst) await new Promise(done => setTimeout(done, 5300))
      event.response.challengeName = 'CUSTOM_CHALLENGE'`,
  })
  expect((await start(pool)).ChallengeName).toBe('CUSTOM_CHALLENGE')
  expect(attempts(pool)).toEqual([
    ['DefineAuthChallenge', 1, 'No answer within 5 s'],
    ['DefineAuthChallenge', 2, 'answered'],
    ['CreateAuthChallenge', 1, 'answered'],
  ])
  const late = () => pool.calls.find(call => call.kind === 'trigger' && call.attempt === 1)
  while (!('lateAnswer' in (late() ?? {}))) await new Promise(done => setTimeout(done, 50))
  expect(late()).toMatchObject({
    error: 'No answer within 5 s',
    lateAnswer: { response: { challengeName: 'CUSTOM_CHALLENGE' } },
  })
})

test('after three tries without an answer the request fails', async () => {
  const pool = await poolWith({}, { triggerTimeoutMs: 1500 })
  pool.faults.delayTrigger('create-auth-challenge', 60_000, 3)
  await expect(start(pool)).rejects.toMatchObject({
    name: 'UnexpectedLambdaException',
    message:
      'CreateAuthChallenge invocation failed due to error Socket timeout while invoking Lambda function.',
  })
  expect(attempts(pool).map(([trigger, attempt]) => [trigger, attempt])).toEqual([
    ['DefineAuthChallenge', 1],
    ['CreateAuthChallenge', 1],
    ['CreateAuthChallenge', 2],
    ['CreateAuthChallenge', 3],
  ])
  expect((await start(pool)).ChallengeName).toBe('CUSTOM_CHALLENGE')
})

test('a trigger that throws is called once, and its text reaches the client with a full stop', async () => {
  const pool = await poolWith({ 'create-auth-challenge': "throw new Error('No mail today')" })
  await expect(start(pool)).rejects.toMatchObject({
    name: 'UserLambdaValidationException',
    message: 'CreateAuthChallenge failed with error No mail today.',
  })
  expect(attempts(pool)).toEqual([
    ['DefineAuthChallenge', 1, 'answered'],
    ['CreateAuthChallenge', 1, 'No mail today'],
  ])
})

test('the session of an answer whose trigger threw is used up', async () => {
  const pool = await poolWith({ 'verify-auth-challenge-response': "throw new Error('Not now')" })
  const { Session } = await start(pool)
  const answer = () =>
    sdkFor(pool).send(
      new RespondToAuthChallengeCommand({
        ClientId: pool.clientId,
        ChallengeName: 'CUSTOM_CHALLENGE',
        Session,
        ChallengeResponses: { USERNAME: 'known@example.com', ANSWER: 'right' },
      }),
    )
  await expect(answer()).rejects.toThrow('VerifyAuthChallengeResponse failed with error Not now.')
  await expect(answer()).rejects.toThrow('session can only be used once')
})

test('a killed trigger fails the request', async () => {
  const pool = await poolWith({})
  pool.faults.killTrigger('define-auth-challenge')
  await expect(start(pool)).rejects.toMatchObject({
    name: 'UserLambdaValidationException',
    message: expect.stringContaining('Runtime exited with error: signal: killed'),
  })
  expect((await start(pool)).ChallengeName).toBe('CUSTOM_CHALLENGE')
})

describe('an answer of a trigger is not recognised', () => {
  const ANSWERS = {
    nothing: 'return undefined',
    'without-common-fields': 'return { request: event.request, response: event.response }',
    'with-a-key-that-was-not-sent': 'event.extra = 1',
    'with-a-null-where-the-key-was-left-out': 'event.request.clientMetadata = null',
    'with-a-number-as-public-parameter': 'event.response.publicChallengeParameters = { left: 3 }',
  }
  const emailOf = (answer: string) => `${answer}@example.com`
  let pool: LocalUserPool
  let close: () => Promise<void>

  beforeAll(async () => {
    const branches = Object.entries(ANSWERS).map(
      ([answer, body]) => `if (event.request.userAttributes.email === '${emailOf(answer)}') { ${body} }`,
    )
    const { directory, remove } = await writeTriggers({ 'create-auth-challenge': branches.join('\n') })
    const users = Object.keys(ANSWERS).map(answer => ({
      username: emailOf(answer),
      password: 'Permanent-1',
      status: 'CONFIRMED' as const,
    }))
    pool = await startLocalUserPool({ directory, users })
    close = async () => {
      await pool.close()
      await remove()
    }
  })
  afterAll(() => close())

  test.each(Object.keys(ANSWERS))('%s', async answer => {
    await expect(start(pool, emailOf(answer))).rejects.toMatchObject({
      name: 'InvalidLambdaResponseException',
      message: 'Unrecognizable lambda output',
    })
  })
})

test('the events have the keys and the nulls that recorded events have', async () => {
  const pool = await poolWith({}, { clients: [{ clientId: 'legacy-client' }] })
  await startAndAnswer(pool, 'right')
  const common = {
    version: '1',
    region: 'us-east-1',
    userPoolId: pool.userPoolId,
    userName: expect.stringMatching(/^[\da-f-]{36}$/),
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: 'legacy-client' },
  }
  const userAttributes = {
    sub: expect.any(String),
    'cognito:user_status': 'CONFIRMED',
    email: 'known@example.com',
    email_verified: 'true',
    name: 'Known User',
  }
  const passed = {
    challengeName: 'CUSTOM_CHALLENGE',
    challengeResult: true,
    challengeMetadata: 'METADATA',
  }
  const noAnswer = { challengeName: null, issueTokens: null, failAuthentication: null }
  expect(events(pool, 'DefineAuthChallenge')).toStrictEqual([
    {
      ...common,
      triggerSource: 'DefineAuthChallenge_Authentication',
      request: { userAttributes, session: [] },
      response: noAnswer,
    },
    {
      ...common,
      triggerSource: 'DefineAuthChallenge_Authentication',
      request: { userAttributes, session: [passed] },
      response: noAnswer,
    },
  ])
  expect(events(pool, 'CreateAuthChallenge')).toStrictEqual([
    {
      ...common,
      triggerSource: 'CreateAuthChallenge_Authentication',
      request: { userAttributes, challengeName: 'CUSTOM_CHALLENGE', session: [] },
      response: {
        publicChallengeParameters: null,
        privateChallengeParameters: null,
        challengeMetadata: null,
      },
    },
  ])
  expect(events(pool, 'VerifyAuthChallengeResponse')).toStrictEqual([
    {
      ...common,
      triggerSource: 'VerifyAuthChallengeResponse_Authentication',
      request: { userAttributes, privateChallengeParameters: { answer: 'right' }, challengeAnswer: 'right' },
      response: { answerCorrect: null },
    },
  ])
  expect(events(pool, 'PreTokenGeneration')).toStrictEqual([
    {
      ...common,
      triggerSource: 'TokenGeneration_Authentication',
      request: {
        userAttributes,
        groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [], preferredRole: null },
      },
      response: { claimsOverrideDetails: null },
    },
  ])
})

test('userNotFound is in the events only where PreventUserExistenceErrors is on', async () => {
  const pool = await poolWith({})
  await startAndAnswer(pool, 'wrong')
  await start(pool, 'nobody@example.com')
  expect(events(pool, 'DefineAuthChallenge')).toMatchObject([
    { request: { userNotFound: false } },
    { request: { userNotFound: false } },
    { request: { userNotFound: true, userAttributes: {} } },
  ])
})

test('ClientMetadata of an answer reaches the triggers, that of InitiateAuth does not', async () => {
  const pool = await poolWith({})
  await startAndAnswer(pool, 'wrong', { action: 'resend' })
  expect(events(pool, 'DefineAuthChallenge')[0]).not.toHaveProperty('request.clientMetadata')
  for (const trigger of ['VerifyAuthChallengeResponse', 'DefineAuthChallenge', 'CreateAuthChallenge']) {
    expect(events(pool, trigger).at(-1)).toHaveProperty('request.clientMetadata', { action: 'resend' })
  }
})

test('ClientMetadata can be kept from Create, as one developer measured it', async () => {
  const pool = await poolWith({}, { clientMetadataReachesCreate: false })
  await startAndAnswer(pool, 'wrong', { action: 'resend' })
  expect(events(pool, 'VerifyAuthChallengeResponse').at(-1)).toHaveProperty('request.clientMetadata')
  expect(events(pool, 'CreateAuthChallenge').at(-1)).not.toHaveProperty('request.clientMetadata')
})

test('Pre Token Generation can add and take away claims of the ID token', async () => {
  const pool = await poolWith({
    'pre-token-generation': `event.response.claimsOverrideDetails = {
      claimsToAddOrOverride: { team: 'blue', sub: 'forged' }, claimsToSuppress: ['name'],
      groupOverrideDetails: { groupsToOverride: ['staff'] } }`,
  })
  const { AuthenticationResult } = await startAndAnswer(pool, 'right')
  const claims = JSON.parse(
    Buffer.from(AuthenticationResult?.IdToken?.split('.')[1] ?? '', 'base64url').toString(),
  )
  expect(claims).toMatchObject({ team: 'blue', 'cognito:groups': ['staff'], sub: claims['cognito:username'] })
  expect(claims).not.toHaveProperty('name')
})

test('a name that Define makes up is passed on, and its answer fails', async () => {
  const pool = await poolWith({
    'define-auth-challenge': "event.response.challengeName = 'NEW_PASSWORD_REQUIRED'",
  })
  const { ChallengeName, Session } = await start(pool)
  expect(ChallengeName).toBe('NEW_PASSWORD_REQUIRED')
  await expect(
    sdkFor(pool).send(
      new RespondToAuthChallengeCommand({
        ClientId: pool.clientId,
        ChallengeName: 'NEW_PASSWORD_REQUIRED',
        Session,
        ChallengeResponses: { USERNAME: 'known@example.com', NEW_PASSWORD: 'Better-than-1' },
      }),
    ),
  ).rejects.toThrow('Invalid session provided for the user.')
})

test('failAuthentication ends the sign-in like a wrong password', async () => {
  const pool = await poolWith({ 'define-auth-challenge': 'event.response.failAuthentication = true' })
  await expect(start(pool)).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Incorrect username or password.',
  })
})

test('nobody gets tokens who does not exist, whatever Define says', async () => {
  const pool = await poolWith({ 'define-auth-challenge': 'event.response.issueTokens = true' })
  expect((await start(pool)).AuthenticationResult).toBeDefined()
  await expect(start(pool, 'nobody@example.com')).rejects.toMatchObject({ name: 'NotAuthorizedException' })
})

test('LambdaConfig decides which triggers run, under any stack and alias', async () => {
  const pool = await poolWith({}, { triggers: false })
  await expect(start(pool)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'Custom auth lambda trigger is not configured for the user pool.',
  })
  const arn = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`
  const attach = (DefineAuthChallenge: string) =>
    sdkFor(pool).send(
      new UpdateUserPoolCommand({
        UserPoolId: pool.userPoolId,
        LambdaConfig: {
          DefineAuthChallenge,
          CreateAuthChallenge: arn('stack-create-auth-challenge'),
          VerifyAuthChallengeResponse: arn('stack-verify-auth-challenge-response'),
        },
      }),
    )
  await attach(arn('somebody-elses-function'))
  await expect(start(pool)).rejects.toMatchObject({ name: 'UnexpectedLambdaException' })
  await attach(arn('stack-define-auth-challenge:live'))
  expect((await startAndAnswer(pool, 'right')).AuthenticationResult).toBeDefined()
  expect(events(pool, 'PreTokenGeneration')).toEqual([])
})

test('each trigger gets the settings that are its own, and a setting of nobody is refused', async () => {
  const names = `event.response.publicChallengeParameters = { names: Object.keys(process.env).sort().join() }`
  const pool = await poolWith(
    { 'create-auth-challenge': names },
    { environment: { CODE_LENGTH: '8', HOSTED_UI: 'allow' } },
  )
  const { ChallengeParameters } = await start(pool)
  expect(ChallengeParameters?.['names']).toMatch(/APP_NAME.*AWS_ENDPOINT_URL_SES.*CODE_LENGTH,CODE_SECRET/)
  expect(ChallengeParameters?.['names']).not.toContain('HOSTED_UI')
  await expect(startLocalUserPool({ environment: { CODE_LENGHT: '8' } })).rejects.toThrow('CODE_LENGHT')
})
