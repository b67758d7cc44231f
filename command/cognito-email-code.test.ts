// The command as people run it: every command explains itself, and what it does not know is an error that helps.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { startCommandProcess } from '../testing/command-process.ts'
import { ERROR_CODES } from './error-codes.ts'
import { parseJsonObject } from './json.ts'

/** The options of each command, besides --json and --help. */
const POOL = ['--user-pool-id', '--region']
const FUNCTIONS = ['--stack-name', '--define-arn', '--create-arn', '--verify-arn', '--pre-token-arn']
const CHANGING = ['--backup', '--dry-run', '--yes']
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  check: [...POOL, ...FUNCTIONS, '--sample', '--sign-ins-per-day', '--from-address', '--email', '--ignore'],
  fix: [...POOL, ...FUNCTIONS, '--clients', ...CHANGING],
  attach: [...POOL, ...FUNCTIONS, '--clients', '--add-flow', '--guard-all', '--replace', ...CHANGING],
  detach: [...POOL, '--everything', '--replace', '--remove-triggers', '--add-srp', ...CHANGING],
  replay: ['--set', '--write-expected'],
  import: ['--out', '--name', '--dry-run'],
  migrate: [],
  probe: [...POOL, '--client-id', '--email', '--logs', '--record', '--yes'],
  limit: [...POOL, '--username', '--yes'],
  build: ['--mail', '--out'],
  'mail-preview': [
    '--mail',
    '--out',
    '--locales',
    '--from-address',
    '--app-name',
    '--brand-color',
    '--footer',
    '--send-to',
  ],
  start: ['--after-new-password', '--quotas', '--rehearse', '--triggers'],
  demo: ['--after-new-password'],
}
const COMMANDS = Object.keys(OPTIONS)
const ALL_OPTIONS = [...new Set(Object.values(OPTIONS).flat())]

const { run, close } = startCommandProcess(process.cwd())
const withoutSdk = startCommandProcess(process.cwd(), ['--import', './testing/without-sdk.mjs'])
const folder = mkdtempSync(join(tmpdir(), 'command-'))
const elsewhere = startCommandProcess(folder)
afterAll(() => {
  close()
  withoutSdk.close()
  elsewhere.close()
  rmSync(folder, { recursive: true })
})

/** As a shell starts it. */
function start(...args: string[]) {
  return spawnSync(process.execPath, ['dist/command/cognito-email-code.mjs', ...args], {
    encoding: 'utf8',
    input: '',
  })
}

describe.each(COMMANDS)('%s', command => {
  const own = OPTIONS[command] ?? []

  test('--help shows its own options, an example and the exit codes', async () => {
    const { status, stdout, stderr } = await withoutSdk.run(command, '--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`Usage: npx cognito-email-code ${command} `)
    expect(stdout).toContain(`Example: npx cognito-email-code ${command} `)
    expect(stdout).toContain('Exit code: 0 ')
    const listed = [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option]) => option)
    expect(listed.toSorted()).toEqual([...own, '--json', '--help'].toSorted())
  })

  test('an option of another command is an error that names it, with a code', async () => {
    const foreign = ALL_OPTIONS.find(option => !own.includes(option)) ?? ''
    const { status, stdout, stderr } = await withoutSdk.run(command, '--json', `${foreign}=x`)
    expect(status).toBe(2)
    expect(stderr).toMatch(new RegExp(`^Unknown option for ${command}: ${foreign}\\. See npx cognito`))
    expect(parseJsonObject(stdout)).toMatchObject({ code: 'usage', error: stderr.trim() })
  })
})

test.each(['assess', 'enable', 'users', 'status', 'rollback', 'finish'])(
  'migrate %s has a help of its own, and says what is wrong',
  async step => {
    expect(await withoutSdk.run('migrate', step, '--help')).toMatchObject({ status: 0, stderr: '' })
    const { stderr } = await withoutSdk.run('migrate', step, '--out', 'x')
    expect(stderr).toMatch(new RegExp(`^Unknown option for migrate ${step}: --out\\.`))
  },
)

test('the help and the errors above come from a process that cannot load the AWS SDK', async () => {
  const id = ['--user-pool-id', 'eu-central-1_EXAMPLE00']
  for (const words of [['check'], ['probe', '--client-id', 'x'], ['migrate', 'status']])
    expect(await withoutSdk.run(...words, ...id)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('The AWS SDK is in '),
    })
})

test.each([
  [['check', '--user-pool-id', ''], '--user-pool-id is empty'],
  [['attach', '--clients', ''], '--clients is empty'],
  [['check', '--user-pool-id'], 'The value of --user-pool-id is missing'],
  [['check', '--sample=1', '--sample=2'], '--sample is given more than once'],
  [['check', '--nothing'], 'Unknown option for check: --nothing.'],
  [['check', 'client-skips-code'], 'Unexpected argument: client-skips-code'],
  [['demo', 'now'], 'Unexpected argument: now'],
  [['check', '--json=yes'], '--json'],
  [['check'], 'Missing required option: --user-pool-id ID.'],
  [['check', '--user-pool-id', 'eu-central-1'], 'must be an id such as eu-central-1_EXAMPLE00'],
  [['check', '--user-pool-id', 'eu-central-1_EXAMPLE00', '--sample', '0'], 'an integer from 1'],
  [
    ['check', '--user-pool-id', 'eu-central-1_EXAMPLE00', '--ignore', 'typo'],
    'Unknown finding in --ignore: typo',
  ],
  [['check', '--user-pool-id', 'eu-central-1_EXAMPLE00', '--region', 'us-east-1'], '--region is us-east-1'],
  [['attach', '--user-pool-id', 'eu-central-1_EXAMPLE00', '--define-arn', 'x'], 'not the ARN'],
  [['fix', '--user-pool-id', 'eu-central-1_EXAMPLE00'], 'Missing argument: the finding to fix'],
  [['fix', 'typo', '--user-pool-id', 'eu-central-1_EXAMPLE00'], 'Unknown finding: typo'],
  [['check', '--user-pool-id', 'eu-central-1_EXAMPLE00', '--from-address', 'nope'], '--from-address must be'],
  [['detach', '--user-pool-id', 'eu-central-1_EXAMPLE00'], 'Missing required option: --backup FILE'],
  [['replay'], 'Missing argument: a file or a folder'],
  [['replay', 'no-such-folder'], 'no-such-folder does not exist'],
  [['replay', 'events/resend', '--set', 'TYPO=1'], 'Unknown setting in --set: TYPO'],
  [['replay', 'events/resend', '--set', 'MAX_ATTEMPTS=99'], 'MAX_ATTEMPTS'],
  [['import'], 'Missing required option: --out FOLDER'],
  [['start', '--after-new-password', 'never'], 'Invalid --after-new-password: never'],
])('%j is wrong use, and --json says so too', async (args, message) => {
  const [command = '', ...more] = args
  const { status, stdout, stderr } = await run(command, '--json', ...more)
  expect(status).toBe(2)
  expect(stderr).toContain(message)
  expect(parseJsonObject(stdout)).toEqual({ code: 'usage', error: stderr.trim() })
})

test('an unknown command is an error that lists the commands', () => {
  const { status, stdout, stderr } = start('chek')
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('Unknown command: chek.')
  for (const command of COMMANDS) expect(stderr).toContain(command)
})

test('with --json an unknown command has a stable code', async () => {
  expect(parseJsonObject((await run('chek', '--json')).stdout)).toMatchObject({ code: 'unknown-command' })
})

test('without a command the usage goes to stderr; with --help to stdout', async () => {
  expect(await run()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('Usage:') })
  expect(await run('--help')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('Usage:'),
  })
})

test('--version prints the version of the package', async () => {
  const { version } = parseJsonObject(readFileSync('package.json', 'utf8'))
  expect(await run('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
})

test('output that cannot be written is not success; a reader that has enough is', () => {
  const command = `${process.execPath} dist/command/cognito-email-code.mjs replay events/resend`
  const readOnly = spawnSync('sh', ['-c', `${command} 1< package.json`], { encoding: 'utf8' })
  expect(readOnly).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('could not be written: EBADF'),
  })
  const closed = spawnSync('sh', ['-c', `{ ${command}; echo $? >&2; } | true`], { encoding: 'utf8' })
  expect(closed).toMatchObject({ status: 0, stderr: '0\n' })
})

test('the example of replay works where it is printed', async () => {
  const { stdout } = await elsewhere.run('replay', '--help')
  const [, example = ''] = /^Example: npx cognito-email-code (.*)$/m.exec(stdout) ?? []
  expect(await elsewhere.run(...example.split(' '))).toMatchObject({ status: 0, stderr: '' })
})

test('a command gets its own arguments and its own exit code', () => {
  const replay = start('replay', '--json', 'events/resend')
  expect(replay.status).toBe(0)
  expect(JSON.parse(replay.stdout)).toMatchObject([{ name: 'resend' }])
})

test('the files that a help text names are there, wherever it runs', async () => {
  for (const command of COMMANDS) {
    const { stdout } = await elsewhere.run(command, '--help')
    const named = [...stdout.matchAll(/\S*\/(?:docs|events)\/[\w/.-]*\w/g)].map(([path]) =>
      path.replace(/^\(/, ''),
    )
    expect(named.filter(path => !existsSync(join(folder, path)))).toEqual([])
    if (command !== 'demo') expect(named.length).toBeGreaterThan(0)
  }
})

test('the documented error codes are those of the source, in its words', () => {
  const page = readFileSync('docs/existing-pool.md', 'utf8')
  const [, list = ''] = /The codes are stable:\n\n(.*?)\n\n/s.exec(page) ?? []
  const documented = list.split('\n').map(line => /^- `([\w-]+)`: (.*)$/.exec(line)?.slice(1) ?? [line])
  expect(documented).toEqual(Object.entries(ERROR_CODES))
})
