// The work of the command demo: a first sign-in from the temporary password to the tokens, with the real Amplify client, on this machine.
import { Amplify } from 'aws-amplify'
import {
  type ConfirmSignInInput,
  confirmSignIn,
  fetchAuthSession,
  type SignInOutput,
  signIn,
  signOut,
} from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import { CognitoJwtVerifier } from 'aws-jwt-verify'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import { paint } from '../command/command.ts'
import { objectOf, type UntypedObject } from '../command/json.ts'
import type { AfterNewPassword } from './behaviour.ts'
import type { PoolCall } from './call-log.ts'
import { type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'

const NEW_PASSWORD = 'Brand-New-Password-1'

type DemoStep = { readonly title: string; readonly result: string; readonly calls: readonly string[] }

/** A step with another outcome than expected. */
class DemoError extends Error {}

/** @param json whether to print JSON at the end. @returns the exit code */
export async function demo(afterNewPassword: AfterNewPassword, json: boolean): Promise<0 | 1> {
  const startedAt = performance.now()
  const pool = await startLocalUserPool({ afterNewPassword, environment: { APP_NAME: 'Example' } })
  const steps: DemoStep[] = []
  const tell = (step: DemoStep) => {
    steps.push(step)
    if (!json) process.stdout.write(textOf(step, steps.length))
  }
  let failure: string | undefined
  try {
    await runSteps(pool, tell)
  } catch (error) {
    if (!(error instanceof DemoError)) throw error
    failure = error.message
  } finally {
    await pool.close()
  }

  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1))
  if (json) {
    const ok = failure === undefined
    process.stdout.write(`${JSON.stringify({ ok, failure, afterNewPassword, seconds, steps }, null, 2)}\n`)
  } else if (failure === undefined) {
    process.stdout.write(`${paint('green', 'Every step had the expected outcome.')} ${seconds} s\n`)
  } else {
    process.stderr.write(`${paint('red', failure)}\n`)
  }
  return failure === undefined ? 0 : 1
}

async function runSteps(pool: LocalUserPool, tell: (step: DemoStep) => void): Promise<void> {
  // Amplify warns of any endpoint that is not Cognito's own.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: pool.userPoolId,
        userPoolClientId: pool.clientId,
        userPoolEndpoint: pool.endpoint,
      },
    },
  })
  const user = pool.users.find(({ status }) => status === 'FORCE_CHANGE_PASSWORD')
  if (user === undefined) throw new Error('The local pool has no user with a temporary password')
  const { username } = user

  let seen = 0
  /** Runs a step, checks its outcome, and reports it with the trigger calls behind it. */
  async function step(title: string, work: () => Promise<string>): Promise<void> {
    const result = await work()
    const calls = pool.calls.slice(seen).flatMap(describeCall)
    seen = pool.calls.length
    tell({ title, result, calls })
  }
  const signInWith = (password: string) =>
    signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  const answer = (challengeResponse: string, options?: ConfirmSignInInput['options']) =>
    confirmSignIn({ challengeResponse, ...(options && { options }) })

  await step(`Sign in as ${username} with the temporary password`, async () => {
    expectStep(await signInWith(user.password), 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED')
    return 'The password is right, and a new one is required.'
  })

  await step('Set a new password', async () => {
    try {
      return describeCode(await answer(NEW_PASSWORD))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      assert(message.includes('Please sign in with it'), `The new password was refused: ${message}`)
      return `It is kept, and the tokens that Cognito would have issued without a code are refused: "${message}"`
    }
  })
  if (pool.faults.afterNewPassword === 'tokens') {
    await step('Sign in again, with the new password', async () =>
      describeCode(await signInWith(NEW_PASSWORD)),
    )
  }

  await step('Mistype the code', async () => {
    const code = await lastCode(pool)
    const result = await answer(code.replace(/^./, digit => String((Number(digit) + 1) % 10)))
    expectReason(result, 'wrong-code')
    return describeCode(result)
  })

  await step('Half a minute later, ask for a new mail', async () => {
    pool.advanceClock(31)
    const result = await answer('resend', { clientMetadata: { action: 'resend' } })
    expectReason(result, 'resent')
    return describeCode(result)
  })

  await step('Type the code of the second mail', async () => {
    const messages = await pool.messages()
    assert(messages.length === 2, `There should be two mails, there are ${messages.length}`)
    const result = await answer(await lastCode(pool))
    assert(result.isSignedIn, `The right code led to ${result.nextStep.signInStep}`)
    return 'Signed in.'
  })

  await step('Check the tokens with aws-jwt-verify', () => checkTokens(pool))

  await step('Sign out, and in again with the new password and a new code', async () => {
    await signOut()
    expectReason(await signInWith(NEW_PASSWORD), 'first')
    const result = await answer(await lastCode(pool))
    assert(result.isSignedIn, `The right code led to ${result.nextStep.signInStep}`)
    return 'Signed in.'
  })
}

async function checkTokens(pool: LocalUserPool): Promise<string> {
  const { tokens } = await fetchAuthSession()
  // The tokens name Cognito's own address as their issuer; the keys are those of the local pool.
  const keys = `${pool.endpoint}/${pool.userPoolId}/.well-known/jwks.json`
  const jwksCache = new SimpleJwksCache({ fetcher: { fetch: async () => (await fetch(keys)).arrayBuffer() } })
  const verifier = CognitoJwtVerifier.create(
    { userPoolId: pool.userPoolId, clientId: pool.clientId, tokenUse: null },
    { jwksCache },
  )
  const access = await verifier.verify(String(tokens?.accessToken))
  const id = await verifier.verify(String(tokens?.idToken))
  assert(access.token_use === 'access' && id.token_use === 'id', 'The tokens have the wrong token_use')
  return `Access token and ID token are valid; sub ${access.sub}`
}

async function lastCode(pool: LocalUserPool): Promise<string> {
  const code = (await pool.messages()).at(-1)?.text.match(/\b\d{6,10}\b/)?.[0]
  assert(code !== undefined, 'No mail with a code has arrived')
  return code
}

function assert(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new DemoError(otherwise)
}

function expectStep({ nextStep }: SignInOutput, expected: SignInOutput['nextStep']['signInStep']): void {
  assert(nextStep.signInStep === expected, `Expected ${expected}, got ${nextStep.signInStep}`)
}

function parametersOf({ nextStep }: SignInOutput): Readonly<Record<string, string>> {
  const isCode = nextStep.signInStep === 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE'
  assert(isCode, `Expected the code step, got ${nextStep.signInStep}`)
  return (isCode && nextStep.additionalInfo) || {}
}

function expectReason(result: SignInOutput, expected: string): void {
  const { reason } = parametersOf(result)
  assert(reason === expected, `Expected the reason ${expected}, got ${reason}`)
}

const REASONS: Readonly<Record<string, string>> = {
  first: 'A code is on its way to',
  'wrong-code': 'That was not the code that went to',
  resent: 'A new code is on its way to',
}

function describeCode(result: SignInOutput): string {
  const { reason = '', destination, reference, attemptsLeft, sendsLeft } = parametersOf(result)
  return `${REASONS[reason]} ${destination} (reference ${reference}). Attempts left: ${attemptsLeft}, mails left: ${sendsLeft}.`
}

function describeCall(call: PoolCall): string[] {
  if (call.kind === 'request') {
    const outcome = call.error
      ? `${call.error.type}: ${call.error.message}`
      : outcomeOf(objectOf(call.answer))
    return [`${call.operation} → ${outcome}`]
  }
  const response = objectOf(objectOf(call.answer)['response'])
  return [`  ${call.trigger} → ${call.error ?? answerOf(response)}  (${call.durationMs} ms)`]
}

function outcomeOf(answer: UntypedObject): string {
  if (typeof answer['ChallengeName'] === 'string') return answer['ChallengeName']
  return answer['AuthenticationResult'] === undefined ? 'done' : 'tokens'
}

function answerOf(response: UntypedObject): string {
  if (response['issueTokens'] === true) return 'issue tokens'
  if (response['failAuthentication'] === true) return 'refuse'
  if (typeof response['challengeName'] === 'string') return response['challengeName']
  if (typeof response['answerCorrect'] === 'boolean') return response['answerCorrect'] ? 'right' : 'not right'
  const { reason } = objectOf(response['publicChallengeParameters'])
  return typeof reason === 'string' ? `reason ${reason}` : 'tokens pass'
}

function textOf({ title, result, calls }: DemoStep, number: number): string {
  const lines = calls.map(call => paint('dim', `     ${call}`))
  return [`${paint('bold', `${number}. ${title}`)}`, `   ${result}`, ...lines, '', ''].join('\n')
}
