/**
 * The packed package as people take it: installed into empty projects, type-checked as strictly as they may, bundled, run.
 *
 * @jest-environment-options {"installsPackages": true}
 */
import { execFile } from 'node:child_process'
import { cp, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import ts from 'typescript'
import { parseJsonObject } from '../command/json.ts'
import { launchOptions } from '../testing/browser.ts'
import { compilerProblems, MINUTES, npm, packPackage, writeFiles } from '../testing/empty-project.ts'
import { listening } from '../testing/listening.ts'

const ROOT = process.cwd()
const run = promisify(execFile)

const packed = await packPackage()

const WEB = ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts']

/** The projects that people have, as their tools create them. */
const PROJECTS: readonly (readonly [string, ts.CompilerOptions])[] = [
  [
    // Such as a test runner without a tsconfig.json: it reads "typesVersions" instead of "exports".
    'CommonJS',
    {
      module: ts.ModuleKind.CommonJS,
      moduleResolution: ts.ModuleResolutionKind.Node10,
      ignoreDeprecations: '6.0',
      lib: WEB,
    },
  ],
  ['node16', { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16, lib: WEB }],
  [
    'nodenext',
    { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, lib: WEB },
  ],
  [
    'Next.js',
    {
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: [...WEB, 'lib.esnext.d.ts'],
      jsx: ts.JsxEmit.Preserve,
      allowJs: true,
      resolveJsonModule: true,
      isolatedModules: true,
      esModuleInterop: true,
    },
  ],
  [
    'Vite',
    {
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: WEB,
      jsx: ts.JsxEmit.ReactJSX,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      noUncheckedSideEffectImports: true,
      types: [],
    },
  ],
]

describe('the package', () => {
  test('holds what is exported, and no source', async () => {
    const { stdout } = await run('tar', ['tzf', packed.tarball])
    const files = stdout.trim().split('\n')
    expect(files).toEqual(
      expect.arrayContaining([
        'package/LICENSE',
        'package/README.md',
        'package/template.yaml',
        'package/docs/existing-pool.md',
        'package/events/README.md',
        'package/events/resend/01-define-auth-challenge.json',
        'package/dist/THIRD-PARTY-LICENSES.txt',
        'package/dist/define-auth-challenge.zip',
      ]),
    )
    expect(files.filter(file => /\.tsx?$|\.test\.|\.build\.json|\.building-/.test(file))).toEqual([])
  })

  test('has nothing that publint reports', async () => {
    await run('node_modules/.bin/publint', ['--strict', packed.tarball])
  })

  test(
    'has types that are right for ES modules and CommonJS',
    async () => {
      // The command is too large for the development dependencies of everybody.
      const attw = [
        'exec',
        '--yes',
        '--package',
        '@arethetypeswrong/cli@0.18.5',
        '--',
        'attw',
        packed.tarball,
      ]
      const modules = ['client', 'react', 'mail', 'testing', 'cdk']
      await npm(packed.directory, ...attw, '--profile', 'node16', '--entrypoints', ...modules)
      const { exports } = parseJsonObject(await readFile('package.json', 'utf8'))
      const triggers = Object.keys(Object(exports)).filter(name => /^\.\/triggers\/[\w-]+$/.test(name))
      expect(triggers).toHaveLength(4)
      // Lambda loads them as the ES modules that they are.
      await npm(packed.directory, ...attw, '--profile', 'esm-only', '--entrypoints', ...triggers)
    },
    3 * MINUTES,
  )
})

describe('in an empty folder', () => {
  let folder: string
  beforeAll(async () => {
    folder = await packed.project('empty', {})
  }, 3 * MINUTES)

  test('it brings no other package along', async () => {
    const installed = (await readdir(join(folder, 'node_modules'))).filter(name => !name.startsWith('.'))
    expect(installed).toEqual(['cognito-email-code'])
  })

  test('npx runs the command', async () => {
    const { stdout } = await npm(folder, 'exec', '--offline', '--', 'cognito-email-code', 'check', '--help')
    expect(stdout).toContain('npx cognito-email-code check --user-pool-id')
  })

  test(
    'the command signs a user in and replays a sign-in, with clean JSON',
    async () => {
      const command = join(folder, 'node_modules/.bin/cognito-email-code')
      const demo = await run(command, ['demo', '--json'], { cwd: folder })
      expect(parseJsonObject(demo.stdout)).toMatchObject({ ok: true })
      const replay = await run(command, ['replay', '--json', join(ROOT, 'events/wrong-code-then-right')], {
        cwd: folder,
      })
      expect(JSON.parse(replay.stdout)).toMatchObject([{ name: 'wrong-code-then-right' }])
    },
    MINUTES,
  )

  test('CommonJS gets the testing module and the files of the triggers', async () => {
    await writeFiles(folder, {
      'replay.cjs': `
        const { replaySignIns } = require('cognito-email-code/testing')
        const { readFileSync } = require('node:fs')
        for (const file of ['triggers/pre-token-generation.zip', 'template.yaml', 'package.json'])
          readFileSync(require.resolve('cognito-email-code/' + file))
        replaySignIns(${JSON.stringify(join(ROOT, 'events/resend'))}).then(signIns => console.log(JSON.stringify(signIns)))`,
    })
    const { stdout } = await run(process.execPath, ['replay.cjs'], { cwd: folder })
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'resend', differences: [] }])
  })

  test('a trigger loads as a module', async () => {
    const script = `import('cognito-email-code/triggers/define-auth-challenge').then(it => console.log(typeof it.handler))`
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: folder })
    expect(stdout.trim()).toBe('function')
  })
})

const APP = `
import { Amplify } from 'aws-amplify'
import { createSignInDriver, type SignInState } from 'cognito-email-code/client'

export async function signIn(
  pool: { userPoolId: string; clientId: string; endpoint: string },
  code: () => Promise<string>,
): Promise<SignInState> {
  Amplify.configure({
    Auth: {
      Cognito: { userPoolId: pool.userPoolId, userPoolClientId: pool.clientId, userPoolEndpoint: pool.endpoint },
    },
  })
  const driver = createSignInDriver()
  await driver.signIn({ username: 'new@example.com', password: 'Temporary-1' })
  await driver.submitNewPassword('Chosen-by-me-1')
  return await driver.submitCode(await code())
}
`

const VIEW = `
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { createSignInDriver } from 'cognito-email-code/client'
import { useSignIn } from 'cognito-email-code/react'

const driver = createSignInDriver()

function Step() {
  return createElement('p', null, useSignIn(driver).step)
}

export const html: string = renderToString(createElement(Step))
`

/** No browser, no DOM. */
const TOOLS = `
import { type ReplayedSignIn, replaySignIns, startLocalUserPool } from 'cognito-email-code/testing'
import { handler } from 'cognito-email-code/triggers/define-auth-challenge'

export async function use(): Promise<readonly ReplayedSignIn[]> {
  const pool = await startLocalUserPool({ afterNewPassword: 'tokens' })
  pool.faults.dropNextAnswer('InitiateAuth')
  await pool.close()
  await handler({ triggerSource: 'DefineAuthChallenge_Authentication' })
  return await replaySignIns('events', { settings: { MAX_ATTEMPTS: '5' } })
}
`

const RUN = `
import { startLocalUserPool } from 'cognito-email-code/testing'
import { signIn } from './built/app.js'
import { html } from './built/view.js'

const pool = await startLocalUserPool()
const state = await signIn(pool, () => pool.codeFor('new@example.com'))
await pool.close()
console.log(JSON.stringify({ step: state.step, html }))
process.exit()
`

const APPS = {
  oldest: { amplify: '6.12.0', react: '18', others: [] },
  // With what the examples of docs/testing.md need: an installation costs more than all that is tested in it.
  newest: { amplify: '6', react: '19', others: ['@jest/globals@30', '@playwright/test@1', 'vitest@4'] },
}
const installed = new Map<string, Promise<string>>()

/** The folder of an app, which is installed once. */
function appFolder(name: keyof typeof APPS): Promise<string> {
  const folder = installed.get(name) ?? installApp(name)
  installed.set(name, folder)
  return folder
}

async function installApp(name: keyof typeof APPS): Promise<string> {
  const { amplify, react, others } = APPS[name]
  const packages = [`aws-amplify@${amplify}`, ...others, '@types/node@20']
  const ofReact = ['react', 'react-dom', '@types/react', '@types/react-dom'].map(it => `${it}@${react}`)
  const folder = await packed.project(name, { type: 'module' }, ...packages, ...ofReact)
  await writeFiles(folder, { 'app.ts': APP, 'view.ts': VIEW, 'tools.ts': TOOLS, 'run.js': RUN })
  return folder
}

describe.each(['oldest', 'newest'] as const)('in an app with the %s Amplify and React of the range', name => {
  let folder: string
  beforeAll(async () => {
    folder = await appFolder(name)
  }, 6 * MINUTES)

  test.each(PROJECTS)(
    'a strict %s project compiles',
    (_name, options) => {
      expect(compilerProblems(folder, ['app.ts', 'view.ts'], options)).toEqual([])
    },
    2 * MINUTES,
  )

  test('a strict project without the DOM compiles its tests', () => {
    const options = {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2022.d.ts'],
      types: ['node'],
    }
    expect(compilerProblems(folder, ['tools.ts'], options)).toEqual([])
  })

  test(
    'it is bundled without the tools, and signs a new user in',
    async () => {
      const { metafile } = await build({
        absWorkingDir: folder,
        entryPoints: ['app.ts', 'view.ts'],
        bundle: true,
        format: 'esm',
        platform: 'node',
        outdir: 'built',
        banner: {
          js: "import { createRequire as cr } from 'node:module'; const require = cr(import.meta.url);",
        },
        metafile: true,
        logLevel: 'error',
      })
      const ours = Object.keys(metafile.inputs).filter(input =>
        input.includes('node_modules/cognito-email-code/'),
      )
      expect(ours.map(input => input.replace(/^.*cognito-email-code\//, '')).toSorted()).toEqual(
        expect.arrayContaining(['dist/package/client.mjs', 'dist/package/react.mjs']),
      )
      expect(ours.filter(input => !/dist\/package\/(client|react|chunks\/[\w-]+)\.mjs$/.test(input))).toEqual(
        [],
      )
      const { stdout } = await run(process.execPath, ['run.js'], { cwd: folder })
      expect(parseJsonObject(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
        step: 'signed-in',
        html: '<p>signed-out</p>',
      })
    },
    MINUTES,
  )
})

describe('the examples of docs/testing.md', () => {
  let folder: string
  let examples: Readonly<Record<string, string>>
  beforeAll(async () => {
    folder = await appFolder('newest')
    examples = await blocksOf('docs/testing.md')
  }, 6 * MINUTES)

  const example = (name: string) => examples[name] ?? ''

  test('compile', async () => {
    expect(Object.keys(examples)).toEqual(['jest', 'vitest', 'configure', 'playwright'])
    const files = Object.entries(examples).map(([name, code]) => [`${name}.test.ts`, code])
    await writeFiles(folder, Object.fromEntries(files))
    const [, options] = PROJECTS[1] ?? []
    expect(
      compilerProblems(
        folder,
        files.map(([file = '']) => file),
        options ?? {},
      ),
    ).toEqual([])
  }, 60_000)

  test('that of Jest passes', async () => {
    // As most Jest projects run TypeScript: compiled to CommonJS.
    const { outputText } = ts.transpileModule(example('jest'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    })
    await writeFiles(folder, { 'jest/example.test.js': outputText, 'jest/package.json': '{}' })
    await cp('events', join(folder, 'jest/events'), { recursive: true })
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js')
    await run(process.execPath, [jest, '--rootDir', '.'], { cwd: join(folder, 'jest') })
  }, 60_000)

  test('that of Vitest passes', async () => {
    await writeFiles(folder, { 'vitest/example.test.ts': example('vitest') })
    await cp('events', join(folder, 'vitest/events'), { recursive: true })
    await run('../node_modules/.bin/vitest', ['run'], { cwd: join(folder, 'vitest') })
  }, 60_000)

  test('that of Playwright signs in through the form of docs/client.md', async () => {
    const { tsx: form = '' } = await blocksOf('docs/client.md')
    let page = ''
    const app = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page))
    const [appPort, poolPort] = [await listening(app), await freePort()]
    const here = (code: string) =>
      code.replace(':9229', `:${poolPort}`).replace('port: 9229', `port: ${poolPort}`)
    try {
      await writeFiles(folder, {
        'playwright/configure.ts': here(example('configure')),
        'playwright/sign-in.tsx': form,
        'playwright/app.tsx': APP_WITH_FORM,
        'playwright/example.test.ts': here(example('playwright')).replace(':3000', `:${appPort}`),
        'playwright/playwright.config.ts': `export default { use: { launchOptions: ${JSON.stringify(launchOptions())} } }`,
      })
      const { outputFiles } = await build({
        absWorkingDir: join(folder, 'playwright'),
        entryPoints: ['app.tsx'],
        bundle: true,
        format: 'esm',
        jsx: 'automatic',
        write: false,
      })
      page = `<!doctype html><meta charset="utf-8"><body><script type="module">${outputFiles[0]?.text.replaceAll('</script', '<\\/script')}</script>`
      // Playwright refuses to run where it finds the variable of Jest.
      const there = { cwd: join(folder, 'playwright'), env: { ...process.env, JEST_WORKER_ID: undefined } }
      const playing = run('../node_modules/.bin/playwright', ['test'], there)
      const played = await playing.catch((failed: object) => failed)
      expect(played).toMatchObject({ stdout: expect.stringContaining('1 passed') })
    } finally {
      app.closeAllConnections()
      app.close()
    }
  }, 120_000)
})

const APP_WITH_FORM = `
import './configure.ts'
import { createRoot } from 'react-dom/client'
import { SignIn } from './sign-in.tsx'

createRoot(document.body.appendChild(document.createElement('main'))).render(<SignIn />)
`

/** The code blocks of a page: by their names, or by their language where they have none. */
async function blocksOf(page: string): Promise<Readonly<Record<string, string>>> {
  const blocks = (await readFile(page, 'utf8')).matchAll(/^```(ts \w+|tsx)\n(.*?)^```$/gms)
  return Object.fromEntries([...blocks].map(([, name = '', code = '']) => [name.replace('ts ', ''), code]))
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  server.close()
  return port
}
