// A pool whose promise is broken on purpose, in every way that we know: probe finds each one, and names the right line.
import { SetUserPoolMfaConfigCommand, UpdateUserPoolCommand } from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import {
  type LocalUserPool,
  type LocalUserPoolOptions,
  startLocalUserPool,
} from '../../local/local-user-pool.ts'
import { startSharedProcesses } from '../../local/shared-processes.ts'
import { startFaultProxy } from '../../testing/fault-proxy.ts'
import { type HandlerBodies, sdkFor } from '../../testing/local-pool.ts'
import { probePool, verdictsOf, wrapTriggers } from '../../testing/probe-run.ts'

const processes = await startSharedProcesses()

afterAll(() => processes.close())

const cleanUps: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function startPool(
  options: LocalUserPoolOptions,
  triggers: HandlerBodies = {},
): Promise<LocalUserPool> {
  const { directory, remove } = await wrapTriggers(triggers)
  cleanUps.push(remove)
  const pool = await startLocalUserPool({ directory, ...options }, processes)
  cleanUps.push(() => pool.close())
  return pool
}

const GUARDED = {
  ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  PreventUserExistenceErrors: 'ENABLED',
}

/** A pool with the guarded client and one more. */
const withClient = (ExplicitAuthFlows: readonly string[]): LocalUserPoolOptions => ({
  clients: [{ description: GUARDED }, { clientName: 'other', description: { ExplicitAuthFlows } }],
})
const withFlow = (flow: string): LocalUserPoolOptions => ({
  clients: [{ description: { ...GUARDED, ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', flow] } }],
})

const ANSWER = 'const answer = await original(event)'
const ISSUE_TOKENS =
  'return { ...event, response: { challengeName: null, issueTokens: true, failAuthentication: false } }'
const ASK_CODE =
  "return { ...event, response: { challengeName: 'CUSTOM_CHALLENGE', issueTokens: false, failAuthentication: false } }"
const REFUSE =
  'return { ...event, response: { challengeName: null, issueTokens: false, failAuthentication: true } }'

type Break = {
  readonly broken: readonly string[]
  readonly options?: LocalUserPoolOptions
  readonly triggers?: HandlerBodies
  /** The operator reads the mails. */
  readonly hasMailbox?: boolean
}

const BREAKS: Readonly<Record<string, Break>> = {
  'no trigger is attached': {
    options: { triggers: false },
    broken: ['triggers', 'first-sign-in', 'sign-in'],
  },
  'the guard lets a first sign-in through': {
    options: { afterNewPassword: 'tokens' },
    triggers: { 'pre-token-generation': 'return event' },
    broken: ['first-sign-in'],
  },
  'the guard refuses every sign-in': {
    triggers: { 'pre-token-generation': "throw new Error('no')" },
    hasMailbox: true,
    broken: ['right-code'],
  },
  'the guard leaves another app client out': {
    options: {
      clients: [
        { clientId: 'guardedclient', description: GUARDED },
        { clientName: 'other', description: GUARDED },
      ],
      environment: { GUARDED_CLIENT_IDS: 'guardedclient' },
      afterNewPassword: 'tokens',
    },
    broken: ['other-ways'],
  },
  'Define issues tokens for the password': {
    triggers: {
      'define-auth-challenge': `if (event.request.session.length === 2) ${ISSUE_TOKENS}
        return original(event)`,
    },
    broken: ['first-sign-in', 'sign-in'],
  },
  'Define forgets the code after a new password': {
    options: { afterNewPassword: 'define-with-entry' },
    triggers: {
      'define-auth-challenge': `if (event.request.session.at(-1)?.challengeName === 'NEW_PASSWORD_REQUIRED') ${ISSUE_TOKENS}
        return original(event)`,
    },
    broken: ['first-sign-in'],
  },
  'Define begins with the code when no password is shown': {
    triggers: {
      'define-auth-challenge': `if (event.request.session.length === 0) ${ASK_CODE}
        return original(event)`,
    },
    broken: ['without-password'],
  },
  'Define asks for the code instead of the password': {
    triggers: {
      'define-auth-challenge': `if (event.request.session.at(-1)?.challengeName === 'SRP_A') ${ASK_CODE}
        return original(event)`,
    },
    broken: ['sign-in', 'wrong-password'],
  },
  'Define refuses an unknown user at once': {
    triggers: {
      'define-auth-challenge': `if (event.request.userNotFound) ${REFUSE}
        return original(event)`,
    },
    broken: ['unknown-user'],
  },
  'Define ends the sign-in at a request for a new mail': {
    triggers: {
      'define-auth-challenge': `if (event.request.clientMetadata?.action === 'resend') ${REFUSE}
        return original(event)`,
    },
    broken: ['resend'],
  },
  'Verify says yes to everything': {
    triggers: {
      'verify-auth-challenge-response': `${ANSWER}
        answer.response.answerCorrect = true
        return answer`,
    },
    broken: ['wrong-code'],
  },
  'Verify compares a request for a new mail with the code': {
    triggers: {
      'verify-auth-challenge-response':
        'const { clientMetadata, ...request } = event.request\nreturn original({ ...event, request })',
    },
    hasMailbox: true,
    broken: ['resend'],
  },
  'Verify has another secret than Create': {
    triggers: {
      // The settings are read when the module is loaded, and this address loads it once more.
      'verify-auth-challenge-response': `process.env.CODE_SECRET = Buffer.alloc(32, 1).toString('base64')
        const { handler } = await import('./original.mjs?other-secret')
        return handler(event)`,
    },
    hasMailbox: true,
    broken: ['right-code'],
  },
  'Create sends no mail': {
    options: { environment: { AWS_ENDPOINT_URL_SES: 'http://127.0.0.1:9' } },
    broken: ['first-sign-in', 'sign-in'],
  },
  'Create counts a request for a new mail as a wrong code': {
    triggers: {
      'create-auth-challenge': `${ANSWER}
        if (answer.response.publicChallengeParameters.reason.startsWith('resen'))
          answer.response.publicChallengeParameters.attemptsLeft = '0'
        return answer`,
    },
    broken: ['resend'],
  },
  'the app client allows USER_PASSWORD_AUTH': {
    options: withFlow('ALLOW_USER_PASSWORD_AUTH'),
    broken: ['other-ways'],
  },
  'the app client allows USER_SRP_AUTH': {
    options: withFlow('ALLOW_USER_SRP_AUTH'),
    broken: ['other-ways'],
  },
  'the app client allows ADMIN_USER_PASSWORD_AUTH': {
    options: withFlow('ALLOW_ADMIN_USER_PASSWORD_AUTH'),
    broken: ['other-ways'],
  },
  'another app client allows SRP alone': {
    options: withClient(['ALLOW_USER_SRP_AUTH']),
    broken: ['other-ways'],
  },
  'the app client reveals unknown users': {
    options: { clients: [{ description: { ...GUARDED, PreventUserExistenceErrors: 'LEGACY' } }] },
    broken: ['unknown-user'],
  },
}

test.each(Object.entries(BREAKS))('%s: probe finds it', async (_what, { broken, ...its }) => {
  const pool = await startPool(its.options ?? {}, its.triggers)
  const mailbox = its.hasMailbox ? ['--email', 'operator@example.com'] : []
  const run = await probePool(pool, ['--yes', '--json', ...mailbox])
  expect({ code: run.code, broken: brokenLines(run) }).toEqual({ code: 1, broken })
})

function brokenLines(run: Parameters<typeof verdictsOf>[0]): string[] {
  return Object.entries(verdictsOf(run)).flatMap(([id, verdict]) => (verdict === 'broken' ? [id] : []))
}

test('a pool without the guard that gives tokens after the new password: probe finds it', async () => {
  const pool = await startPool({ afterNewPassword: 'tokens' })
  const LambdaConfig = {
    DefineAuthChallenge: 'arn:aws:lambda:us-east-1:111122223333:function:define-auth-challenge',
    CreateAuthChallenge: 'arn:aws:lambda:us-east-1:111122223333:function:create-auth-challenge',
    VerifyAuthChallengeResponse:
      'arn:aws:lambda:us-east-1:111122223333:function:verify-auth-challenge-response',
  }
  await sdkFor(pool).send(new UpdateUserPoolCommand({ UserPoolId: pool.userPoolId, LambdaConfig }))
  const run = await probePool(pool)
  expect(verdictsOf(run)).toMatchObject({ triggers: 'unknown', 'first-sign-in': 'broken' })
})

test('a client that lets people set up a factor with the password alone: probe finds it', async () => {
  const pool = await startPool(withFlow('ALLOW_USER_PASSWORD_AUTH'))
  await sdkFor(pool).send(
    new SetUserPoolMfaConfigCommand({
      UserPoolId: pool.userPoolId,
      MfaConfiguration: 'ON',
      SoftwareTokenMfaConfiguration: { Enabled: true },
    }),
  )
  expect(verdictsOf(await probePool(pool))).toMatchObject({ 'other-ways': 'broken' })
})

/** What a broken Cognito would answer. */
const CODE_AGAIN = {
  status: 200,
  contentType: 'application/x-amz-json-1.1',
  body: JSON.stringify({ ChallengeName: 'CUSTOM_CHALLENGE', Session: 'again', ChallengeParameters: {} }),
}

test('a session that can be answered twice: probe finds it', async () => {
  const pool = await startPool({})
  const proxy = await startFaultProxy(pool.endpoint)
  cleanUps.push(() => proxy.close())
  // Two passwords, the new password, and the wrong code come first.
  for (let count = 0; count < 4; count += 1)
    proxy.next('RespondToAuthChallenge', { change: answer => answer })
  proxy.next('RespondToAuthChallenge', CODE_AGAIN)
  const run = await probePool(pool, ['--yes', '--json'], { endpoint: proxy.endpoint })
  expect(brokenLines(run)).toEqual(['used-session'])
})

test.each([
  ['USER_AUTH takes the password alone', { AuthenticationResult: { AccessToken: 'x' } }],
  [
    'USER_AUTH takes a mailed code and no password',
    { ChallengeName: 'SELECT_CHALLENGE', Session: 'x', AvailableChallenges: ['PASSWORD', 'EMAIL_OTP'] },
  ],
])('%s: probe finds it', async (_what, answer) => {
  const pool = await startPool(withFlow('ALLOW_USER_AUTH'))
  const proxy = await startFaultProxy(pool.endpoint)
  cleanUps.push(() => proxy.close())
  // Custom sign-ins: the first, the second, one without a password, two wrong passwords, two unknown users; then the flows.
  const untouched = 7 + 2
  for (let count = 0; count < untouched; count += 1) proxy.next('InitiateAuth', { change: same => same })
  proxy.next('InitiateAuth', { ...CODE_AGAIN, body: JSON.stringify(answer) })
  const run = await probePool(pool, ['--yes', '--json'], { endpoint: proxy.endpoint })
  expect(brokenLines(run)).toEqual(['other-ways'])
})
