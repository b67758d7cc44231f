// What the browser tests share: Chromium, a local pool that serves the page, users on demand, and what may never be seen.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import {
  type LocalUserPool,
  type LocalUserPoolOptions,
  startLocalUserPool,
} from '../local/local-user-pool.ts'

export { NEW_PASSWORD } from './passwords.ts'

/** The shell has no windows of its own and takes a third of the time. */
const INSTALLED = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']
/** No first-run page, no calls to its maker; no sandbox, since tests may run as root in a container. */
const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Person {
  readonly username: string
  readonly password: string
}

export interface Stage {
  readonly pool: LocalUserPool
  readonly cognito: CognitoIdentityProviderClient
  /** A page in a browser profile of its own, with the sample page open. */
  open(options?: BrowserContextOptions): Promise<Page>
  newUser(): Promise<Person>
  knownUser(): Promise<Person>
  /** The code of the newest mail to an address, or of an earlier mail (1: the one before). */
  code(username: string, earlier?: number): Promise<string>
  mails(username: string): Promise<number>
  /** Texts of errors that Cognito answered with since the last look. */
  errors(): readonly string[]
  /** Closes the pages. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export async function startStage(options: LocalUserPoolOptions = {}): Promise<Stage> {
  const [pool, browser] = await Promise.all([startLocalUserPool(options), launchChromium()])
  const { endpoint, region, userPoolId } = pool
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
  const cognito = new CognitoIdentityProviderClient({ endpoint, region, credentials })
  let users = 0
  let seenCalls = 0

  async function messagesTo(username: string) {
    return (await pool.messages()).filter(({ to }) => to === username)
  }

  async function createUser(password: string): Promise<Person> {
    const username = `person-${++users}@example.com`
    await cognito.send(
      new AdminCreateUserCommand({
        UserPoolId: userPoolId,
        Username: username,
        TemporaryPassword: password,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: username },
          { Name: 'email_verified', Value: 'true' },
        ],
      }),
    )
    return { username, password }
  }

  return {
    pool,
    cognito,
    newUser: () => createUser('Temporary-1'),
    async knownUser() {
      const { username } = await createUser('Temporary-1')
      const password = 'Permanent-1'
      const permanent = { UserPoolId: userPoolId, Username: username, Password: password, Permanent: true }
      await cognito.send(new AdminSetUserPasswordCommand(permanent))
      return { username, password }
    },
    async open(contextOptions = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        locale: 'en-GB',
        // Drawing what moves takes a tenth of the processor time of these tests.
        reducedMotion: 'reduce',
        ...contextOptions,
      })
      const page = await context.newPage()
      await page.goto(endpoint)
      return page
    },
    async code(username, earlier = 0) {
      const message = (await messagesTo(username)).at(-1 - earlier)
      const code = /^\D*(\d{6,10})\b/m.exec(message?.text ?? '')?.[1]
      if (code === undefined) throw new Error(`There is no code in the mailbox of ${username}.`)
      return code
    },
    mails: async username => (await messagesTo(username)).length,
    errors() {
      const calls = pool.calls.slice(seenCalls)
      seenCalls = pool.calls.length
      return calls.flatMap(call => (call.kind === 'request' && call.error ? [call.error.message] : []))
    },
    async tidy() {
      for (const context of browser.contexts()) await context.close()
    },
    async close() {
      cognito.destroy()
      await browser.close()
      await pool.close()
    },
  }
}

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch(launchOptions())
}

/** How Playwright starts the Chromium of this machine. */
export function launchOptions() {
  const executablePath = process.env['CHROMIUM_PATH'] ?? INSTALLED.find(existsSync)
  if (executablePath === undefined) {
    throw new Error(`Install Chromium as one of ${INSTALLED.join(', ')}, or set CHROMIUM_PATH to it.`)
  }
  return { executablePath, args: CHROMIUM_FLAGS }
}

/**
 * Takes a picture into the folder that the environment variable SCREENSHOTS names; without it none, since drawing one takes
 * longer than most of what is tested.
 *
 * @param target a page, all of it, or a part of one
 */
export async function takePicture(target: Page | Locator, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder === undefined) return
  const path = join(folder, `${name}.png`)
  await ('goto' in target ? target.screenshot({ path, fullPage: true }) : target.screenshot({ path }))
}
