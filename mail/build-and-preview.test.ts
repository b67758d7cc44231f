// A person with a mail and a tenth language of their own: builds the triggers, looks at the mails, signs in with them.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { confirmSignIn, signIn } from 'aws-amplify/auth'
import { isObject, parseJsonObject } from '../command/json.ts'
import { startMailbox } from '../local/mailbox.ts'
import { LOCALES } from '../shared/locales.ts'
import { pointAmplifyAt } from '../testing/amplify-client.ts'
import { startCommandProcess } from '../testing/command-process.ts'

const MAIL = `
import { type ComposedMail, escapeHtml, type MailParts } from 'cognito-email-code/mail'
import { sv } from './sv.ts'

export const locales = { sv }

export default function mail({ code, appName, reference, texts, locale }: MailParts): ComposedMail {
  return {
    subject: texts.subject(appName, reference),
    text: \`\${code}\\n\\nOwn words. \${texts.reference(reference)}\\n\`,
    html: \`<html lang="\${locale}"><body><p>\${code}</p><p>\${texts.introduction(escapeHtml(appName))}</p><p>\${reference}</p></body></html>\`,
  }
}
`

const SWEDISH = `
import type { MailTexts } from 'cognito-email-code/mail'

export const sv: MailTexts = {
  direction: 'ltr',
  subject: (appName, reference) => \`Din inloggningskod till \${appName} (\${reference})\`,
  introduction: appName => \`Använd koden för att logga in i \${appName}.\`,
  minutes: count => (count === 1 ? '1 minut' : \`\${count} minuter\`),
  validity: duration => \`Den gäller i \${duration}.\`,
  reference: reference => \`Referens: \${reference}.\`,
  keepSecret: appName => \`Dela inte koden med någon. Ingen från \${appName} ber dig om den.\`,
  notYou: 'Var det inte du? Då kan någon annan ditt lösenord. Byt det nu.',
}
`

const folder = await mkdtemp(join(tmpdir(), 'own-mail-test-'))
const { run, close } = startCommandProcess(folder)
let rehearsal: ChildProcess | undefined

beforeAll(async () => {
  await writeFile(join(folder, 'mail.ts'), MAIL)
  await writeFile(join(folder, 'sv.ts'), SWEDISH)
})
afterAll(async () => {
  close()
  if (rehearsal !== undefined) {
    const ended = once(rehearsal, 'exit')
    rehearsal.kill('SIGINT')
    await ended
  }
  await rm(folder, { recursive: true })
})

/** In a process with an environment of its own. */
function command(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const env = { PATH: process.env['PATH'], HOME: folder, ...environment }
  return spawnSync(process.execPath, [join(process.cwd(), 'dist/command/cognito-email-code.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env,
  })
}

test('the triggers are built with it, to the same bytes each time, and only Create differs', async () => {
  for (const out of ['one', 'two']) {
    const { stdout, stderr } = await run('build', '--mail', 'mail.ts', '--out', out, '--json')
    expect(stderr).toBe('')
    expect(parseJsonObject(stdout)).toMatchObject({ out, languages: [...LOCALES, 'sv'] })
  }
  const files = (await readdir(join(folder, 'one'))).filter(name => name.endsWith('.zip'))
  expect(files).toHaveLength(4)
  for (const file of files) {
    const built = await readFile(join(folder, 'one', file))
    expect(built.equals(await readFile(join(folder, 'two', file)))).toBe(true)
    expect(built.equals(await readFile(join('dist', file)))).toBe(file !== 'create-auth-challenge.zip')
  }
  const own = await readFile(join(folder, 'one/create-auth-challenge/own-mail.mjs'), 'utf8')
  expect(own).toContain('Own words.')
  // What the module does not use of the package is not in it.
  expect(own).not.toContain('sign-in code')
})

test('a sign-in in the rehearsal gets that mail, in that language', async () => {
  rehearsal = spawn(
    process.execPath,
    [
      join(process.cwd(), 'dist/command/cognito-email-code.mjs'),
      'start',
      '--rehearse',
      '--triggers',
      join(folder, 'one'),
      '--json',
    ],
    {
      env: { PATH: process.env['PATH'], LOCAL_POOL_PORT: '0', LOCAL_MAIL_PORT: '0', DEFAULT_LOCALE: 'sv' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  if (rehearsal.stdout === null) throw new Error('no output')
  const [line] = await once(createInterface(rehearsal.stdout), 'line')
  const started = parseJsonObject(String(line))
  const { endpoint, userPoolId, clientId, mailbox } = started
  const aws = {
    AWS_ENDPOINT_URL: String(endpoint),
    AWS_ACCESS_KEY_ID: 'rehearsal',
    AWS_SECRET_ACCESS_KEY: 'rehearsal',
  }
  const pool = ['--user-pool-id', String(userPoolId)]
  const attach = ['attach', ...pool, '--stack-name', 'email-code', '--clients', String(clientId), '--yes']
  expect(command(attach, aws)).toMatchObject({ status: 0, stderr: '' })
  expect(command(['check', ...pool, '--json', '--sample', '1'], aws).stdout).not.toContain(
    'function-settings',
  )

  pointAmplifyAt({ endpoint: String(endpoint), userPoolId: String(userPoolId), clientId: String(clientId) })
  const options = { authFlowType: 'CUSTOM_WITH_SRP' } as const
  await signIn({ username: 'person-001@example.com', password: 'Permanent-1', options })
  const store: unknown = await (await fetch(`${mailbox}/store`)).json()
  const emails = isObject(store) && Array.isArray(store['emails']) ? store['emails'] : []
  const { subject, body } = emails.at(-1)
  expect(subject).toMatch(/^Din inloggningskod till Example \([A-Z]{4}\)$/)
  expect(body.text).toContain('Own words.')
  const challengeResponse = String(body.text).slice(0, 6)
  expect(await confirmSignIn({ challengeResponse })).toMatchObject({ isSignedIn: true })
})

test('a module that breaks the contract is refused before anything is written, with every rule that it breaks', async () => {
  await writeFile(join(folder, 'bad.ts'), MAIL.replace('subject: texts', 'subject: code + texts'))
  const { status, stderr, stdout } = await run('build', '--mail', 'bad.ts', '--out', 'bad', '--json')
  expect(status).toBe(2)
  expect(parseJsonObject(stdout)).toMatchObject({ code: 'mail-refused' })
  expect(stderr).toMatch(/^ {2}subject-code \(en, .*, sv\): The code must not be in subject/m)
  expect(stderr.match(/subject-code/g)).toHaveLength(1)
  expect(await readdir(folder)).not.toContain('bad')
})

test.each([
  ['no file', ['--mail', 'none.ts', '--out', 'x'], 'mail-not-built', 'No such file'],
  [
    'a file that is no TypeScript',
    ['--mail', 'broken.ts', '--out', 'x'],
    'mail-not-built',
    'cannot be built',
  ],
  [
    'a file that throws',
    ['--mail', 'throws.ts', '--out', 'x'],
    'mail-not-built',
    'cannot be loaded: not today',
  ],
  ['no --mail', ['--out', 'x'], 'usage', 'Missing required option: --mail FILE.'],
  ['no --out', ['--mail', 'mail.ts'], 'usage', 'Missing required option: --out FOLDER.'],
  [
    'the folder of the package',
    ['--mail', 'mail.ts', '--out', join(process.cwd(), 'dist')],
    'usage',
    '--out must not be',
  ],
  ...['/proc/build-test', '/dev/null', '/dev/null/inner'].map((out): [string, string[], string, string] => [
    `a folder that cannot be made: ${out}`,
    ['--mail', 'mail.ts', '--out', out],
    'usage',
    `Cannot write to --out ${out}: `,
  ]),
  ['an unknown option', ['--male', 'mail.ts'], 'usage', '--male'],
])('build with %s says what to do', async (_, args, code, text) => {
  await writeFile(join(folder, 'broken.ts'), 'export default (')
  await writeFile(join(folder, 'throws.ts'), "throw new Error('not today')")
  const { status, stdout, stderr } = await run('build', ...args, '--json')
  expect(status).toBe(2)
  expect(parseJsonObject(stdout)).toMatchObject({ code })
  expect(stderr).toContain(text)
})

test('without esbuild, build says how to install it, and the preview of the standard mail still works', async () => {
  const installed = join(folder, 'installed')
  await cp('dist', join(installed, 'dist'), { recursive: true })
  await cp('package.json', join(installed, 'package.json'))
  const program = join(installed, 'dist/command/cognito-email-code.mjs')
  const runInstalled = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' })
  const built = runInstalled('build', '--mail', 'mail.ts', '--out', 'x', '--json')
  expect(built.status).toBe(2)
  expect(parseJsonObject(built.stdout)).toMatchObject({ code: 'no-esbuild' })
  expect(built.stderr).toContain('npm install --save-dev esbuild')
  expect(runInstalled('mail-preview', '--out', 'standard.html').status).toBe(0)
})

test('the preview is one page with every language that loads nothing, from the settings of the functions', async () => {
  const settings = [
    '--app-name',
    'Bank & Co',
    '--brand-color',
    '#0b5fff',
    '--footer',
    '{"en":"Bank Ltd","de":"Bank AG"}',
  ]
  expect((await run('mail-preview', ...settings)).stdout).toBe('Written: mail-preview.html\n')
  const page = await readFile(join(folder, 'mail-preview.html'), 'utf8')
  for (const locale of LOCALES) expect(page).toContain(`<section id="${locale}">`)
  expect(page).toContain(
    '<b>Bank &amp; Co</b><span>Your Bank &amp; Co sign-in code (KDQB)</span><span>271828 Use this code',
  )
  expect(page).toContain('Bank AG')
  expect(page).toContain('background:#0b5fff')
  expect(page).not.toMatch(/https?:|<script|\bsrc=|<link|url\(/)

  await run('mail-preview', '--mail', 'mail.ts', '--out', 'own.html', '--locales', 'sv,de', '--json')
  const own = await readFile(join(folder, 'own.html'), 'utf8')
  expect(own.match(/<section id="[^"]*"/g)).toEqual(['<section id="de"', '<section id="sv"'])
})

test('--send-to sends one mail in each language through SES', async () => {
  const mailbox = await startMailbox(0)
  try {
    const aws = {
      AWS_ENDPOINT_URL_SES: mailbox.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    }
    const args = [
      join(process.cwd(), 'dist/command/cognito-email-code.mjs'),
      'mail-preview',
      '--send-to',
      'ada@example.com',
      '--from-address',
      'Example <no-reply@example.com>',
    ]
    // This process, which hands the connections to the mail server, must not be blocked meanwhile.
    const env = { PATH: process.env['PATH'], HOME: folder, ...aws }
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
    expect(stdout).toBe('Sent to ada@example.com: 9 mails.\n')
    const messages = await mailbox.messages()
    expect(messages.map(({ to, text }) => [to, text.slice(0, 7)])).toEqual(
      LOCALES.map(() => ['ada@example.com', '271828\n']),
    )
    expect(new Set(messages.map(({ subject }) => subject)).size).toBe(9)
  } finally {
    await mailbox.close()
  }
})

test('--send-to says what to look at when SES does not answer', () => {
  const aws = {
    AWS_ENDPOINT_URL_SES: 'http://ses.invalid',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  }
  const args = [
    'mail-preview',
    '--locales',
    'en',
    '--send-to',
    'ada@example.com',
    '--from-address',
    'no-reply@example.com',
  ]
  const { status, stderr } = command(args, aws)
  expect(status).toBe(2)
  expect(stderr).toMatch(/^The mail was not sent \(unreachable, \w+\)\. Check AWS_REGION/)
})

test.each([
  [['--locales', 'xx'], 'There is no mail in xx. Languages: en, '],
  [['--send-to', 'ada@example.com'], 'Missing required option: --from-address ADDRESS.'],
  [['--send-to', 'ada', '--from-address', 'a@example.com'], '--send-to must be one address.'],
  [['--brand-color', '#777777'], 'BRAND_COLOR must be a color as #rrggbb'],
  [['--out', 'no-such-folder/mail.html'], 'Cannot write to --out no-such-folder/mail.html (ENOENT).'],
])('mail-preview %j says what to do', async (args, text) => {
  const { status, stderr } = await run('mail-preview', ...args)
  expect(status).toBe(2)
  expect(stderr).toContain(text)
})
