// The React hook in a real browser, in strict mode, where an effect that signs in runs twice.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { type Stage, startStage } from '../testing/browser.ts'

let stage: Stage
let script: string

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['testing/strict-mode-app.tsx'],
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  })
  script = outputFiles.map(({ text }) => text).join('')
  stage = await startStage()
}, 60_000)

afterAll(() => stage.close())

test('an effect that runs twice signs in once, and the component follows the state', async () => {
  const { username, password } = await stage.knownUser()
  const page = await stage.open()
  await page.route('**/app.html*', route =>
    route.fulfill({ contentType: 'text/html', body: '<body><script type="module" src="app.js"></script>' }),
  )
  await page.route('**/app.js', route => route.fulfill({ contentType: 'text/javascript', body: script }))
  const { endpoint, userPoolId, clientId } = stage.pool
  const query = new URLSearchParams({
    userPoolId,
    userPoolClientId: clientId,
    userPoolEndpoint: endpoint,
    username,
    password,
  })
  await page.goto(`${endpoint}/app.html?${query}`)
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
