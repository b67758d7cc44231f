// What the tests of the local user pool share: small triggers, the AWS SDK and the Amplify client pointed at a pool.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { Amplify } from 'aws-amplify'
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito'
import { ConsoleLogger } from 'aws-amplify/utils'
import type { LocalUserPool } from '../local/local-user-pool.ts'
import { TRIGGER_NAMES, type TriggerName } from '../local/trigger-process.ts'

/** Body of an asynchronous handler: JavaScript that changes `event.response` and may throw. */
export type HandlerBodies = Partial<Record<TriggerName, string>>

/** Asks for one custom challenge, whose answer is `right`, with or without a password before it. */
const SIMPLE: Readonly<Record<TriggerName, string>> = {
  'define-auth-challenge': `
    const last = event.request.session.at(-1)
    if (last?.challengeName === 'SRP_A') event.response.challengeName = 'PASSWORD_VERIFIER'
    else if (last?.challengeName === 'CUSTOM_CHALLENGE' && last.challengeResult) event.response.issueTokens = true
    else event.response.challengeName = 'CUSTOM_CHALLENGE'`,
  'create-auth-challenge': `
    event.response.publicChallengeParameters = { question: 'What is right?' }
    event.response.privateChallengeParameters = { answer: 'right' }
    event.response.challengeMetadata = 'METADATA'`,
  'verify-auth-challenge-response': `
    event.response.answerCorrect = event.request.challengeAnswer === event.request.privateChallengeParameters.answer`,
  'pre-token-generation': '',
}

/** Writes four triggers into a new folder, in the layout of `dist`. */
export async function writeTriggers(
  bodies: HandlerBodies = {},
): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'triggers-'))
  for (const name of TRIGGER_NAMES) {
    const body = bodies[name] ?? SIMPLE[name]
    await mkdir(join(directory, name))
    await writeFile(
      join(directory, name, 'index.mjs'),
      `let calls = 0\nexport const handler = async (event, context) => {\n calls += 1\n${body}\n return event\n}\n`,
    )
  }
  return { directory, remove: () => rm(directory, { recursive: true }) }
}

/** The real AWS SDK, one attempt a call. */
export function sdkFor(pool: LocalUserPool): CognitoIdentityProviderClient {
  return new CognitoIdentityProviderClient({
    endpoint: pool.endpoint,
    region: pool.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
}

/** The real Amplify client, with no user signed in. */
export function pointAmplifyAt(
  pool: Pick<LocalUserPool, 'userPoolId' | 'clientId' | 'endpoint'>,
  clientId = pool.clientId,
): void {
  const Cognito = {
    userPoolId: pool.userPoolId,
    userPoolClientId: clientId,
    userPoolEndpoint: pool.endpoint,
  }
  // It warns of every endpoint that is not Cognito's own.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  Amplify.configure({ Auth: { Cognito } })
  const kept = new Map<string, string>()
  cognitoUserPoolsTokenProvider.setKeyValueStorage({
    setItem: async (key, value) => void kept.set(key, value),
    getItem: async key => kept.get(key) ?? null,
    removeItem: async key => void kept.delete(key),
    clear: async () => kept.clear(),
  })
}
