// Runs the command migrate inside a test against a local user pool, and signs in to it as users do on the way.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PoolCall } from '../local/call-log.ts'
import type { LocalUserPool } from '../local/local-user-pool.ts'
import { runMigrate } from '../pool/migrate/migrate-command.ts'
import { type Called, type Credentials, type PasswordFlow, SignInCalls } from '../pool/probe/calls.ts'
import { type CommandRun, type RunOptions, runIn } from './pool-run.ts'
import { environmentOf } from './probe-run.ts'

/** @param args what follows `migrate`, without the id of the pool */
export function migrate(
  pool: Pick<LocalUserPool, 'endpoint' | 'userPoolId'>,
  args: readonly string[],
  options?: RunOptions,
): Promise<CommandRun> {
  return runIn(runMigrate, environmentOf(pool), [...args, '--user-pool-id', pool.userPoolId], options)
}

/** The folder for the files of one test. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'migration-'))
  return { path, remove: () => rm(path, { recursive: true }) }
}

/** For which users an operation was called, in order. */
export function usersOf(calls: readonly PoolCall[], operation: string): string[] {
  return calls.flatMap(call => {
    if (call.kind !== 'request' || call.operation !== operation) return []
    const { request } = call
    return typeof request === 'object' && request !== null && 'Username' in request
      ? [String(request.Username)]
      : []
  })
}

/** How a sign-in ended, and the challenges after the password on the way. */
export type SignInEnd = {
  readonly end: 'tokens' | 'refused' | 'asked'
  readonly challenges: readonly string[]
}

/** Signs in with the password, and sets a new one if the pool asks for it. Answers no code. */
export async function signInWithPassword(
  pool: LocalUserPool,
  clientId: string,
  flow: PasswordFlow,
  person: Credentials,
): Promise<SignInEnd> {
  return endOf(await passwordSteps(pool, clientId, flow, person).then(({ steps }) => steps))
}

/** The same, and answers every code from the mail. */
export async function signInWithCode(
  pool: LocalUserPool,
  clientId: string,
  flow: PasswordFlow,
  person: Credentials,
): Promise<SignInEnd> {
  const { calls, client, steps } = await passwordSteps(pool, clientId, flow, person)
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const { answer } = step.step
    const member = answer.kind === 'challenge' ? CODE_MEMBERS[answer.name] : undefined
    if (member === undefined || steps.length > MOST_STEPS) break
    const mails = (await pool.messages()).filter(({ to }) => to === person.username)
    const code = /(?<!\d)\d{6,10}(?!\d)/.exec(mails.at(-1)?.text ?? '')?.[0] ?? ''
    steps.push(await calls.answer(client, step, { [member]: code }))
  }
  return endOf(steps)
}

const MOST_STEPS = 8

const CODE_MEMBERS: Readonly<Record<string, string>> = {
  CUSTOM_CHALLENGE: 'ANSWER',
  EMAIL_OTP: 'EMAIL_OTP_CODE',
}

async function passwordSteps(pool: LocalUserPool, clientId: string, flow: PasswordFlow, person: Credentials) {
  Object.assign(process.env, environmentOf(pool))
  const client = { id: clientId, name: '', secret: undefined }
  const calls = new SignInCalls(pool.region, pool.userPoolId, new AbortController().signal)
  const user = { ...person, newPassword: 'New-password-1', attributes: {} }
  return { calls, client, steps: await calls.firstSignIn(client, flow, user) }
}

function endOf(steps: readonly Called[]): SignInEnd {
  const answers = steps.map(({ step }) => step.answer)
  const challenges = answers.flatMap(answer => (answer.kind === 'challenge' ? [answer.name] : []))
  const last = answers.at(-1)?.kind
  const end = last === 'tokens' ? 'tokens' : last === 'challenge' ? 'asked' : 'refused'
  return { end, challenges: challenges.filter(name => name !== 'PASSWORD_VERIFIER') }
}
