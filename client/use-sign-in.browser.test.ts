// The React hook in a real browser: in strict mode, where an effect that signs in runs twice, and hydrated.
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { type BuildOptions, build } from 'esbuild'
import type { Page } from 'playwright-core'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { NEW_PASSWORD, type Stage, startStage } from '../testing/browser.ts'
import { App } from '../testing/hydration-app.tsx'
import { createSignInDriver } from './sign-in.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
}, 60_000)

afterEach(() => stage.tidy())

afterAll(() => stage.close())

async function bundle(options: BuildOptions): Promise<string> {
  const { outputFiles = [] } = await build({
    ...options,
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  })
  return outputFiles.map(({ text }) => text).join('')
}

/** Runs `script` over `markup`, in a page of its own if none is given, with the values of `query` in its address. */
async function openApp(
  script: string,
  query: Readonly<Record<string, string>>,
  { page, markup = '' }: { page?: Page; markup?: string } = {},
): Promise<Page> {
  const app = page ?? (await stage.open())
  const body = `<body><div id="root">${markup}</div><script type="module" src="app.js"></script>`
  await app.route('**/app.html*', route => route.fulfill({ contentType: 'text/html', body }))
  await app.route('**/app.js', route => route.fulfill({ contentType: 'text/javascript', body: script }))
  const { endpoint, userPoolId, clientId } = stage.pool
  const pool = { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint }
  await app.goto(`${endpoint}/app.html?${new URLSearchParams({ ...pool, ...query })}`)
  return app
}

test('an effect that runs twice signs in once, and the component follows the state', async () => {
  const { username, password } = await stage.knownUser()
  const script = await bundle({ entryPoints: ['testing/strict-mode-app.tsx'] })
  const page = await openApp(script, { username, password })
  await page.getByText('code', { exact: true }).waitFor()
  expect(await stage.mails(username)).toBe(1)
  expect(
    stage.pool.calls.filter(call => call.kind === 'request' && call.operation === 'InitiateAuth'),
  ).toHaveLength(1)

  await page.getByLabel('Code').fill(await stage.code(username))
  await page.getByRole('button').dblclick()
  await page.getByText('signed-in', { exact: true }).waitFor()
  expect(stage.errors()).toEqual([])
})

test('the example of docs/client.md signs a new user in, and out again', async () => {
  const document = await readFile('docs/client.md', 'utf8')
  const [, example = ''] = /^```tsx\n(.*?)^```$/ms.exec(document) ?? []
  const contents = `
    import { Amplify } from 'aws-amplify'
    import { StrictMode } from 'react'
    import { createRoot } from 'react-dom/client'
    Amplify.configure({ Auth: { Cognito: Object.fromEntries(new URLSearchParams(location.search)) } })
    createRoot(document.body).render(<StrictMode><SignIn /></StrictMode>)
    ${example}`
  const script = await bundle({
    stdin: { contents, loader: 'tsx', resolveDir: process.cwd() },
    alias: {
      'cognito-email-code/client': './client/sign-in.ts',
      'cognito-email-code/react': './client/use-sign-in.ts',
    },
  })
  const { username, password } = await stage.newUser()
  const page = await openApp(script, {})
  const goOn = () => page.getByRole('button', { name: 'Continue' }).dblclick()
  await page.getByLabel('E-mail address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill('Wrong-password-1')
  await goOn()
  await page.getByRole('alert').getByText('wrong-password').waitFor()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await goOn()
  await page.getByLabel('New password').fill(NEW_PASSWORD)
  await goOn()
  await page.getByLabel('Code').waitFor()
  await page.getByLabel('Code').fill(await stage.code(username))
  await goOn()
  await page.getByRole('button', { name: `Sign out ${username}` }).click()
  await page.getByLabel('E-mail address').waitFor()
})

test('what a server rendered is hydrated without a complaint, though the driver has already found the user', async () => {
  const { username, password } = await stage.knownUser()
  const page = await stage.open()
  await page.getByLabel('E-mail address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  await page.getByLabel('Code').fill(await stage.code(username))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor()

  const complaints: string[] = []
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  const contents = `
    import { Amplify } from 'aws-amplify'
    import { hydrateRoot } from 'react-dom/client'
    import { createSignInDriver } from './client/sign-in.ts'
    import { App } from './testing/hydration-app.tsx'
    Amplify.configure({ Auth: { Cognito: Object.fromEntries(new URLSearchParams(location.search)) } })
    const driver = createSignInDriver()
    await driver.resume()
    hydrateRoot(document.getElementById('root'), <App driver={driver} />)`
  const script = await bundle({ stdin: { contents, loader: 'tsx', resolveDir: process.cwd() } })
  const markup = renderToString(createElement(App, { driver: createSignInDriver() }))
  expect(markup).toBe('<output>signed-out</output>')
  await openApp(script, {}, { page, markup })
  await page.getByText(`Welcome, ${username}.`).waitFor()
  expect(complaints).toEqual([])
})
