// npm start: what it prints, what it takes, and how it stops.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from '@jest/globals'
import { Amplify } from 'aws-amplify'
import { signIn } from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import { projectDirectory } from './trigger-process.ts'

let child: ChildProcess | undefined

afterEach(() => {
  child?.kill('SIGKILL')
})

function start(args: readonly string[], environment: Record<string, string> = {}) {
  const started = spawn(process.execPath, ['dist/command/cognito-email-code.mjs', 'start', ...args], {
    cwd: projectDirectory,
    env: { ...process.env, LOCAL_POOL_PORT: '0', LOCAL_MAIL_PORT: '0', ...environment },
  })
  child = started
  let output = ''
  started.stdout.on('data', data => {
    output += data
  })
  started.stderr.on('data', data => {
    output += data
  })
  const exit = once(started, 'exit')
  return {
    started,
    exit,
    output: () => output,
    async until(text: string) {
      while (!output.includes(text) && started.exitCode === null && started.signalCode === null) {
        await Promise.race([once(started.stdout, 'data'), exit])
      }
      return output
    },
  }
}

test('npm start prints where to go and who can sign in, and stops on Ctrl-C', async () => {
  const pool = start(['--after-new-password', 'tokens'])
  const text = await pool.until('Press Ctrl-C to stop.')
  expect(text).toContain('new@example.com')
  expect(text).toContain('Temporary-1')
  expect(text).toContain('For trying and testing only')
  const [endpoint] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? ['']
  const { mailbox } = await (await fetch(`${endpoint}/local-user-pool.json`)).json()
  pool.started.kill('SIGINT')
  expect(await pool.exit).toEqual([0, null])
  await expect(fetch(endpoint)).rejects.toThrow()
  await expect(fetch(mailbox)).rejects.toThrow()
})

test('--json prints one line for machines', async () => {
  const pool = start(['--json'])
  const { endpoint, clientId, users } = JSON.parse(await pool.until('\n'))
  expect((await fetch(`${endpoint}/local-user-pool.json`)).status).toBe(200)
  expect(clientId).toMatch(/^[\da-z]{26}$/)
  expect(users).toHaveLength(2)
})

test('settings in the environment reach the triggers', async () => {
  const pool = start(['--json'], { MAX_ATTEMPTS: '5' })
  const { endpoint, userPoolId, clientId, users } = JSON.parse(await pool.until('\n'))
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  const Cognito = { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint }
  Amplify.configure({ Auth: { Cognito } })
  const { username, password } = users[1]
  const { nextStep } = await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
  expect(nextStep).toMatchObject({ additionalInfo: { reason: 'first', attemptsLeft: '5' } })
})

test('what is printed can be pasted into an app', async () => {
  const pool = start([])
  const text = await pool.until('Press Ctrl-C to stop.')
  const [, block = ''] = /^Amplify\.configure\((\{.*?^\})\)$/ms.exec(text) ?? []
  const configuration = JSON.parse(
    block
      .replaceAll(/(\w+): /g, '"$1": ')
      .replaceAll("'", '"')
      .replaceAll(/,(?=\s*\})/g, ''),
  )
  const { endpoint, userPoolId, clientId } = await (
    await fetch(`${configuration.Auth.Cognito.userPoolEndpoint}/local-user-pool.json`)
  ).json()
  expect(configuration).toEqual({
    Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } },
  })
})

test('a setting that a trigger refuses ends it at once, with the reason', async () => {
  const pool = start([], { CODE_TTL_SECONDS: '20', HOSTED_UI: 'perhaps' })
  expect(await pool.exit).toEqual([2, null])
  expect(pool.output()).toContain('CODE_TTL_SECONDS')
  expect(pool.output()).toContain('HOSTED_UI')
  expect(pool.output()).not.toContain('Sign in at')
})

test('--help explains itself and starts nothing', async () => {
  const pool = start(['--help'])
  expect(await pool.exit).toEqual([0, null])
  expect(pool.output()).toContain('Usage: npx cognito-email-code start')
})

for (const [args, environment, text] of [
  [['--after-new-password', 'never'], {}, 'Invalid --after-new-password: never'],
  [['--nothing'], {}, 'Unknown option for start: --nothing.'],
  [[], { LOCAL_POOL_PORT: 'eighty' }, 'Invalid LOCAL_POOL_PORT: eighty'],
] as const) {
  test(`an invalid option or variable ends with 2: ${text}`, async () => {
    const pool = start(args, environment)
    expect(await pool.exit).toEqual([2, null])
    expect(pool.output()).toContain(text)
  })
}

test('a port in use is named, with what to do', async () => {
  const pool = start(['--json'])
  const { endpoint, mailbox } = JSON.parse(await pool.until('\n'))
  for (const [variable, url] of [
    ['LOCAL_POOL_PORT', endpoint],
    ['LOCAL_MAIL_PORT', mailbox],
  ]) {
    const { port } = new URL(url)
    const second = start([], { [variable]: port })
    expect(await second.exit).toEqual([2, null])
    expect(second.output()).toContain(`port ${port}`)
    expect(second.output()).toContain(variable)
    expect(second.output().trim().split('\n')).toHaveLength(1)
  }
  pool.started.kill('SIGINT')
  expect(await pool.exit).toEqual([0, null])
})
