// The rehearsal: the commands of docs/existing-pool.md, as written there, run in a shell against `start --rehearse`.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parseJsonObject } from '../command/json.ts'
import { runMigrate } from '../pool/migrate/migrate-command.ts'
import { SignInCalls } from '../pool/probe/calls.ts'
import { readTemplate, resolveTemplate } from '../testing/cloudformation-template.ts'
import { deploymentOf } from '../testing/deployment.ts'
import { run, runIn } from '../testing/pool-run.ts'
import { environmentOf } from '../testing/probe-run.ts'
import { METRIC_FILTERS } from './rehearsal.ts'

let rehearsal: ChildProcess
let folder: string
const exports: string[] = []

beforeAll(async () => {
  rehearsal = spawn(process.execPath, ['dist/command/cognito-email-code.mjs', 'start', '--rehearse'], {
    env: { PATH: process.env['PATH'], LOCAL_POOL_PORT: '0', LOCAL_MAIL_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (rehearsal.stdout === null) throw new Error('no output')
  for await (const line of createInterface(rehearsal.stdout)) {
    if (line.startsWith('export ')) exports.push(line)
    if (exports.length === 2) break
  }
  folder = await mkdtemp(join(tmpdir(), 'rehearsal-'))
})
afterAll(async () => {
  const ended = once(rehearsal, 'exit')
  rehearsal.kill('SIGINT')
  await ended
  await rm(folder, { recursive: true })
})

type Result = { readonly command: string; readonly code: number; readonly output: string }

/** Runs a command after the lines that the rehearsal told to paste. */
function paste(command: string): Promise<Result> {
  const script = [
    ...exports,
    `npx() { node ${process.cwd()}/dist/command/"$1".mjs "\${@:2}"; }`,
    command,
  ].join('\n')
  return new Promise(resolve => {
    execFile(
      'bash',
      ['-e', '-c', script],
      { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder } },
      (error, out, err) => resolve({ command, code: Number(error?.code ?? 0), output: out + err }),
    )
  })
}

/** The lines of the ```sh blocks of a page. */
async function commandsOf(page: string): Promise<string[]> {
  const blocks = (await readFile(page, 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms)
  return [...blocks].flatMap(([, block = '']) => block.trim().split('\n'))
}

test('every command of docs/existing-pool.md from check to detach works as written', async () => {
  const commands = await commandsOf('docs/existing-pool.md')
  expect(commands.length).toBeGreaterThanOrEqual(7)
  for (const command of ['check', 'attach', 'fix', 'detach'])
    expect(commands.some(line => line.startsWith(`npx cognito-email-code ${command} `))).toBe(true)

  const before = await findings()
  for (const command of commands) {
    expect(await paste(command)).toMatchObject({ command, code: 0 })
    if (command.includes('attach') && !command.includes('--dry-run')) {
      expect(await findings()).not.toContain('trigger-missing')
    }
  }
  expect(await findings()).toBe(before)
}, 120_000)

test('every command of docs/native-mfa.md from assess to finish and back works as written', async () => {
  const pool = 'npx cognito-email-code'
  const state = async () => {
    const { endpoint, userPoolId } = rehearsed()
    const status = ['status', '--rate', '1000', '--user-pool-id', userPoolId, '--json']
    const { out } = await runIn(runMigrate, environmentOf({ endpoint }), status)
    // Users are read in parallel, so the order of their names may differ; and probe signs in.
    const { signIns: _signIns, ...users } = parseJsonObject(out)
    return [await findings(), JSON.stringify(users, null, 2).replaceAll(',', '').split('\n').toSorted()]
  }
  const [attach = '', ...commands] = await commandsOf('docs/native-mfa.md')
  expect(attach).toContain(' --backup attached.json ')
  expect(await paste(attach)).toMatchObject({ code: 0 })
  const before = await state()

  for (const step of ['assess', 'enable', 'users', 'status', 'finish', 'rollback'])
    expect(commands.some(line => line.startsWith(`${pool} migrate ${step} `))).toBe(true)
  for (const command of commands) {
    // As written, but faster than a pool in use would bear.
    const faster = command.replace(/(migrate (?:users|rollback|status|finish)) /, '$1 --rate 1000 ')
    expect(await paste(faster)).toMatchObject({ command: faster, code: 0 })
  }

  expect(await state()).toEqual(before)
  expect((await paste('cat probe.json')).output).toContain('"verdict"')
  const last = await paste(`${pool} detach --user-pool-id $POOL --backup attached.json --yes`)
  expect(last).toMatchObject({ code: 0, output: expect.not.stringContaining('Run next') })
}, 240_000)

test('limit shows what Create has counted in the table of the rehearsal, and resets it', async () => {
  const attach = '--stack-name email-code --clients $CLIENT --guard-all --backup limited.json --yes'
  expect(await paste(`npx cognito-email-code attach --user-pool-id $POOL ${attach}`)).toMatchObject({
    code: 0,
  })
  const [show = '', reset = ''] = (await commandsOf('docs/deploying.md')).filter(line =>
    line.startsWith('npx cognito-email-code limit '),
  )
  const named = (command: string) => command.replace('ada@', 'person-001@')
  expect((await paste(named(show))).output).toContain('This hour: 0 of 10 codes. This UTC day: 0 of 30.')
  await signInUpToTheCode('person-001@example.com', 'Permanent-1')
  expect((await paste(named(show))).output).toContain('This hour: 1 of 10 codes. This UTC day: 1 of 30.')
  expect(await paste(`${named(reset)} --yes`)).toMatchObject({ code: 0 })
  expect((await paste(named(show))).output).toContain('This hour: 0 of 10 codes.')
  const detach = 'npx cognito-email-code detach --user-pool-id $POOL --backup limited.json --yes'
  expect(await paste(detach)).toMatchObject({ code: 0 })
}, 120_000)

/** What the lines to paste tell. */
function rehearsed() {
  const told = /AWS_ENDPOINT_URL=(\S+) .*POOL=(\S+) CLIENT=(\S+)/.exec(exports.join(' '))
  const [, endpoint = '', userPoolId = '', clientId = ''] = told ?? []
  return { endpoint, userPoolId, clientId }
}

/** What check says of the pool. */
async function findings(): Promise<string> {
  const { endpoint, userPoolId } = rehearsed()
  return (await run(environmentOf({ endpoint }), ['check', '--user-pool-id', userPoolId, '--json'])).out
}

/** Through the first app client, with the password; the code is mailed and not entered. */
async function signInUpToTheCode(username: string, password: string): Promise<void> {
  const { endpoint, userPoolId, clientId: id } = rehearsed()
  Object.assign(process.env, environmentOf({ endpoint }))
  const calls = new SignInCalls('us-east-1', userPoolId, new AbortController().signal)
  const client = { id, name: '', secret: undefined }
  const user = { username, password, newPassword: '', attributes: {} }
  const steps = await calls.firstSignIn(client, 'CUSTOM_AUTH', user)
  expect(steps.at(-1)?.step.answer).toMatchObject({ kind: 'challenge', name: 'CUSTOM_CHALLENGE' })
}

test('the metric filters are those of template.yaml', async () => {
  const parameters = { FromAddress: 'no-reply@example.com', UserPoolId: '' }
  const template = readTemplate(await readFile('template.yaml', 'utf8'))
  const { metrics } = deploymentOf(resolveTemplate(template, parameters))
  const filters = METRIC_FILTERS.flatMap(({ filterPattern: pattern, logGroupName, metricTransformations }) =>
    metricTransformations.map(({ metricName, metricValue, dimensions = {} }) => {
      const file = logGroupName.replace('/aws/lambda/email-code-', '')
      return [metricName, { function: file, pattern, value: metricValue, dimensions }]
    }),
  )
  expect(metrics).toMatchObject(Object.fromEntries(filters))
  expect(Object.keys(metrics).toSorted()).toEqual(filters.map(([name]) => name).toSorted())
})

test('the endpoint says what it does not have', async () => {
  const { code, output } = await paste(
    'npx cognito-email-code attach --user-pool-id $POOL --stack-name other --dry-run',
  )
  expect(code).toBe(2)
  expect(output).toContain('The stack other does not exist')
  const json = await paste(
    'npx cognito-email-code attach --user-pool-id $POOL --stack-name other --dry-run --json 2>/dev/null',
  )
  expect(JSON.parse(json.output)).toMatchObject({ code: 'not-found' })
})

test('attach --dry-run refuses what attach refuses, and says it once', async () => {
  const unguarded = (await findings()).match(/\b[\da-z]{26}\b/g)?.find(id => id !== rehearsed().clientId)
  const attach = `npx cognito-email-code attach --user-pool-id $POOL --stack-name email-code --clients ${unguarded}`
  const dry = await paste(`${attach} --dry-run`)
  const real = await paste(`${attach} --yes`)
  expect([dry.code, real.code]).toEqual([2, 2])
  expect(dry.output).toBe(real.output)
  expect(dry.output.match(/Nothing was changed/g)).toHaveLength(1)
  expect((await paste(`${attach} --dry-run --json 2>/dev/null`)).output).toMatch(/"code": "guard-[a-z-]+"/)
})
