// A sign-in whose code is submitted twice at once, as by a double click: with plain Amplify, or with the driver.
// It runs in a worker: Amplify keeps one sign-in for each page, and here it keeps its tokens in memory.
import { Amplify } from 'aws-amplify'
import { confirmSignIn, signIn } from 'aws-amplify/auth'
import { createSignInDriver } from '../client/sign-in.ts'
import { codeIn, fetchMails, type PoolAddress } from './local-user-pool.ts'

export type Way = 'amplify' | 'driver'

export interface DoubleSubmit {
  readonly way: Way
  readonly pool: PoolAddress
  /** The language of the mail. */
  readonly locale: string
  /** The permanent password: no step stands between it and the code. */
  readonly user: { readonly username: string; readonly password: string }
}

/** What one click came to. */
export type Click =
  | { readonly result: 'signed-in' }
  /** The text of an error, as Amplify threw it. */
  | { readonly result: 'error'; readonly text: string }
  /** Not signed in, and no error: the step or the reason that the sign-in stands at. */
  | { readonly result: 'stopped'; readonly text: string }

/** One entry for each click, or for the step that failed before the clicks. */
export type DoubleSubmitResult = readonly Click[]

type User = DoubleSubmit['user']

const MAIL_WAIT_MILLISECONDS = 15_000

async function withAmplify({ username, password }: User, locale: string): Promise<DoubleSubmitResult> {
  const clientMetadata = { locale }
  await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP', clientMetadata } })
  const challengeResponse = await codeFor(username)
  const clicks = [confirmSignIn({ challengeResponse }), confirmSignIn({ challengeResponse })]
  const results = await Promise.allSettled(clicks)
  return results.map(result => {
    if (result.status === 'rejected') return errorOf(result.reason)
    const { isSignedIn, nextStep } = result.value
    return isSignedIn ? { result: 'signed-in' } : { result: 'stopped', text: nextStep.signInStep }
  })
}

async function withDriver(user: User, locale: string): Promise<DoubleSubmitResult> {
  const driver = createSignInDriver({ clientMetadata: () => ({ locale }) })
  const begun = await driver.signIn(user)
  if (begun.step !== 'code') return [endOf(begun)]
  const code = await codeFor(user.username)
  const states = await Promise.all([driver.submitCode(code), driver.submitCode(code)])
  return states.map(endOf)
}

function endOf(state: Awaited<ReturnType<ReturnType<typeof createSignInDriver>['submitCode']>>): Click {
  if (state.step === 'signed-in') return { result: 'signed-in' }
  return { result: 'stopped', text: state.step === 'failed' ? state.reason : state.step }
}

function errorOf(error: unknown): Click {
  return { result: 'error', text: error instanceof Error ? error.message : String(error) }
}

/** @throws Error when no mail with a code arrives */
async function codeFor(username: string): Promise<string> {
  const end = Date.now() + MAIL_WAIT_MILLISECONDS
  while (Date.now() < end) {
    const mail = (await fetchMails()).findLast(({ to }) => to === username)
    const code = mail && codeIn(mail)
    if (code !== undefined) return code
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  throw new Error('The mail with the code did not arrive.')
}

addEventListener('message', ({ data }: MessageEvent<DoubleSubmit>) => {
  const { userPoolId, clientId, endpoint } = data.pool
  Amplify.configure({
    Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
  })
  const run = data.way === 'amplify' ? withAmplify : withDriver
  void run(data.user, data.locale)
    .catch(error => [errorOf(error)])
    .then(result => postMessage(result))
})
