// What the tests of the local user pool share: small triggers, and the AWS SDK pointed at a pool.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
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
