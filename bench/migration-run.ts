// The work of the migration's load test: moves all users of a local user pool to the native factor and back, while others sign in.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  AdminGetUserCommand,
  AdminSetUserMFAPreferenceCommand,
  type CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  GetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { AFTER_NATIVE_FACTOR, type AfterNativeFactor, type AfterNewPassword } from '../local/behaviour.ts'
import type { PoolCall } from '../local/call-log.ts'
import { type LocalUser, type LocalUserPool, startLocalUserPool } from '../local/local-user-pool.ts'
import { sdkFor } from '../testing/local-pool.ts'
import { migrate } from '../testing/migration-run.ts'
import { type CommandRun, run } from '../testing/pool-run.ts'
import { environmentOf } from '../testing/probe-run.ts'
import { Crowd, Problems, peopleOf } from './crowd.ts'
import { machine, machineText } from './measure.ts'
import { randomNumbers } from './random-numbers.ts'

const PASSWORD = 'Permanent-1'

/** Each behaviour after the native factor, with one after a new password. */
export const BEHAVIOURS: readonly (readonly [AfterNativeFactor, AfterNewPassword])[] =
  AFTER_NATIVE_FACTOR.map(factor => [factor, factor === 'tokens' ? 'tokens' : 'define'])

type Options = {
  readonly users: number
  readonly atOnce: number
  readonly kills: number
  readonly rate: number
  readonly typing: number
  readonly seed: number
}

type Stage = {
  readonly name: string
  readonly signIns: number
  readonly kills: number
  readonly seconds: number
}

/** All that the migration may have changed: the settings, and each user but for the time of the last change. */
async function stateOf(pool: LocalUserPool, usernames: readonly string[]) {
  const sdk = sdkFor(pool)
  const { userPoolId: UserPoolId, clientId: ClientId } = pool
  const { UserPool } = await sdk.send(new DescribeUserPoolCommand({ UserPoolId }))
  const { $metadata: _, ...mfa } = await sdk.send(new GetUserPoolMfaConfigCommand({ UserPoolId }))
  const { UserPoolClient } = await sdk.send(new DescribeUserPoolClientCommand({ UserPoolId, ClientId }))
  const users = new Map<string, Awaited<ReturnType<typeof userOf>>>()
  for (const name of usernames) users.set(name, await userOf(sdk, UserPoolId, name))
  const { LastModifiedDate: __, ...userPool } = UserPool ?? {}
  const { LastModifiedDate: ___, ...client } = UserPoolClient ?? {}
  sdk.destroy()
  return { settings: { userPool, mfa, client }, users }
}

async function userOf(sdk: CognitoIdentityProviderClient, UserPoolId: string, Username: string) {
  const user = await sdk.send(new AdminGetUserCommand({ UserPoolId, Username }))
  const { $metadata: _, UserLastModifiedDate: __, ...rest } = user
  return rest
}

function isBegun(call: PoolCall, operation: string): boolean {
  return call.kind === 'request' && call.operation === operation && call.durationMs === undefined
}

/** What tokens may follow: a second factor. */
const FACTORS = ['CUSTOM_CHALLENGE', 'EMAIL_OTP']

/** The answer to a challenge that tokens followed; undefined for any other call. */
function challengeBeforeTokens(call: PoolCall): string | undefined {
  if (call.kind !== 'request' || call.durationMs === undefined) return undefined
  if (!['InitiateAuth', 'RespondToAuthChallenge'].includes(call.operation)) return undefined
  if (!('AuthenticationResult' in Object(call.answer))) return undefined
  return String(Object(call.request)['ChallengeName'] ?? call.operation)
}

export type Figures = {
  readonly afterNativeFactor: AfterNativeFactor
  readonly afterNewPassword: AfterNewPassword
  readonly stages: readonly Stage[]
  readonly signIns: number
  readonly firstSignIns: number
  /** How often tokens followed the answer to which challenge. */
  readonly tokensAfter: Readonly<Record<string, number>>
  readonly problems: Readonly<Record<string, number>>
}

/** Most users have a password, one in five a temporary one; one in a hundred has the factor already, or is federated. */
function usersOf(count: number): LocalUser[] {
  return Array.from({ length: count }, (_, index) => {
    const isNew = index % 5 === 0
    const isFederated = index % 100 === 99
    return {
      username: isFederated ? `Google_${index}` : `person-${index}@example.com`,
      password: isNew ? 'Temporary-1' : PASSWORD,
      status: isFederated ? 'EXTERNAL_PROVIDER' : isNew ? 'FORCE_CHANGE_PASSWORD' : 'CONFIRMED',
      attributes: { email_verified: 'true' },
    }
  })
}

/** One in a hundred has turned the factor on without preferring it: the way back must keep that. */
async function giveFactors(pool: LocalUserPool, users: readonly LocalUser[]): Promise<void> {
  const sdk = sdkFor(pool)
  for (const { username: Username } of users.filter((_, index) => index % 100 === 7))
    await sdk.send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: pool.userPoolId,
        Username,
        EmailMfaSettings: { Enabled: true, PreferredMfa: false },
      }),
    )
  sdk.destroy()
}

export async function runBehaviour(
  [afterNativeFactor, afterNewPassword]: (typeof BEHAVIOURS)[number],
  options: Options,
  show: (stage: string) => void,
): Promise<Figures> {
  const { atOnce, kills, rate, seed, typing } = options
  const random = randomNumbers(seed)
  const users = usersOf(options.users)
  const folder = await mkdtemp(join(tmpdir(), 'migration-load-'))
  const pool = await startLocalUserPool({ users, afterNativeFactor, afterNewPassword })
  const problems = new Problems()
  const tokensAfter: Record<string, number> = {}
  pool.subscribe(call => {
    const challenge = challengeBeforeTokens(call)
    if (challenge === undefined) return
    tokensAfter[challenge] = (tokensAfter[challenge] ?? 0) + 1
    if (!FACTORS.includes(challenge)) problems.add(`Tokens came after ${challenge}.`)
  })
  const accounts = users
    .filter(({ status }) => status !== 'EXTERNAL_PROVIDER')
    .map(({ username, password, status }) => ({ username, password, isNew: status !== 'CONFIRMED' }))
  const stages: Stage[] = []
  const file = (name: string) => join(folder, name)
  const journal = ['--journal', file('users.jsonl'), '--rate', String(rate)]
  let crowd: Crowd | undefined
  let killed = 0

  /** What a step of the migration does, while at least as many sign-ins begin and end as there are people. */
  async function stage(name: string, work: () => Promise<void>): Promise<void> {
    show(`${afterNativeFactor}: ${name}`)
    const start = performance.now()
    const before = crowd?.signIns ?? 0
    const killedBefore = killed
    await work()
    await crowd?.waitFor(atOnce)
    const seconds = Math.round((performance.now() - start) / 100) / 10
    stages.push({ name, signIns: (crowd?.signIns ?? 0) - before, kills: killed - killedBefore, seconds })
  }
  async function command(step: Promise<CommandRun>): Promise<void> {
    const { code, out, err } = await step
    if (code !== 0) problems.add(`A command ended with ${code}: ${err} ${out}`)
  }
  const enable = () => command(migrate(pool, ['enable', '--yes', '--backup', file('enable.json')]))
  const finish = (backup: string, ...more: string[]) =>
    command(migrate(pool, ['finish', '--yes', '--rate', '5000', '--backup', file(backup), ...more]))
  const detach = (backup: string) =>
    command(
      run(environmentOf(pool), [
        'detach',
        ...['--user-pool-id', pool.userPoolId, '--yes', '--backup', file(backup)],
      ]),
    )

  /** Runs the mover, kills it after a random number of changes, as often as told, and lets the last run end. */
  async function moverKilled(times: number, most: number, ...args: string[]): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const mover = spawn(
        process.execPath,
        [COMMAND, 'migrate', ...args, ...journal, '--user-pool-id', pool.userPoolId, '--yes'],
        {
          env: { PATH: process.env['PATH'], ...environmentOf(pool) },
          stdio: 'ignore',
        },
      )
      let left = Math.ceil((random() * most) / (times + 1))
      const stop = pool.subscribe(call => {
        if (isBegun(call, 'AdminSetUserMFAPreference') && --left === 0) mover.kill('SIGKILL')
      })
      const [, signal] = await once(mover, 'exit')
      stop()
      if (signal !== null) killed += 1
    }
    await command(migrate(pool, [...args, ...journal, '--yes']))
  }

  try {
    await giveFactors(pool, users)
    const usernames = users.map(({ username }) => username)
    const first = await stateOf(pool, usernames)
    crowd = new Crowd(pool, await peopleOf(pool, atOnce, folder), { accounts, random, typing, problems })
    const crowdNow = crowd
    await stage('before', async () => {})
    await stage('enable', enable)
    await stage('users --percent 1', () => moverKilled(0, 0, 'users', '--percent', '1'))
    await stage('users --percent 10', () => moverKilled(0, 0, 'users', '--percent', '10'))
    await stage('users --percent 50', () =>
      moverKilled(kills, users.length * 0.4, 'users', '--percent', '50'),
    )
    await stage('users --all', () => moverKilled(kills, users.length * 0.5, 'users', '--all'))
    await stage('finish --keep-custom-auth', () => finish('both.json', '--keep-custom-auth'))
    await crowdNow.use('CUSTOM_WITH_SRP', 'USER_SRP_AUTH')
    await stage('apps of both flows', async () => {})
    await crowdNow.use('USER_SRP_AUTH')
    await stage('finish', () => finish('finish.json'))
    await stage('back: detach finish', () => detach('finish.json'))
    await crowdNow.use('CUSTOM_WITH_SRP')
    await stage('back: detach finish --keep-custom-auth', () => detach('both.json'))
    await stage('back: rollback', () => moverKilled(kills, users.length * 0.9, 'rollback'))
    await stage('back: detach enable', () => detach('enable.json'))
    await crowdNow.leave()
    const last = await stateOf(pool, usernames)
    if (!isDeepStrictEqual(first.settings, last.settings))
      problems.add('The settings of the pool are not what they were.')
    for (const { username, isNew } of accounts) {
      const was = first.users.get(username)
      // Whoever signed in for the first time is confirmed by that.
      const expected = was && !isNew ? { ...was, UserStatus: 'CONFIRMED' } : was
      if (!isDeepStrictEqual(expected, last.users.get(username))) problems.add('A user is not as before.')
    }
    const { signIns, firstSignIns } = crowdNow
    return {
      afterNativeFactor,
      afterNewPassword,
      stages,
      signIns,
      firstSignIns,
      tokensAfter,
      problems: problems.found,
    }
  } finally {
    await crowd?.leave()
    await pool.close()
    await rm(folder, { recursive: true })
  }
}

const COMMAND = 'dist/command/cognito-email-code.mjs'

export function reportOf(
  runs: readonly Figures[],
  { users, atOnce, typing }: Options,
  command: string,
): string {
  const sections = runs.map(
    ({ afterNativeFactor, afterNewPassword, stages, signIns, firstSignIns, tokensAfter, problems }) => {
      const rows = stages.map(
        ({ name, signIns: here, kills, seconds }) => `| ${name} | ${here} | ${kills} | ${seconds} s |`,
      )
      const after = Object.entries(tokensAfter).map(([name, count]) => `${count} after ${name}`)
      const wrong = Object.entries(problems).map(([text, count]) => `- ${count} x ${text}`)
      return `## After the native factor: \`${afterNativeFactor}\`; after a new password: \`${afterNewPassword}\`

| step | sign-ins during it | mover killed | time |
|---|---|---|---|
${rows.join('\n')}

${signIns} sign-ins, ${firstSignIns} of them first ones. Tokens: ${after.join(', ')}.

${wrong.length === 0 ? 'Every sign-in ended with tokens, after a factor and after one question. The pool is what it was.' : wrong.join('\n')}
`
    },
  )
  return `# Everyone is moved and put back, while people sign in

Written by \`${command}\`. What it does: \`npm run load:migration -- --help\`.

Machine: ${machineText(machine())}. ${users} users, ${atOnce} sign-ins at
a time with the driver, each of which takes ${typing / 1000} s on average to type the code; pool, people and mover share the machine.

${sections.join('\n')}
What is not compared: the time of the last change of a user, and what a first sign-in changes (password and status). Where tokens
come right behind a new password, the guard refuses them also to a moved user, who is asked a second time in that first sign-in.
`
}
