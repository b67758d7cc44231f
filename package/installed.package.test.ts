// The packed package as people take it: installed into empty projects, type-checked as strictly as they may, bundled, run.
import { execFile } from 'node:child_process'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import ts from 'typescript'
import { parseJsonObject } from '../command/json.ts'
import { compilerProblems, MINUTES, npm, packPackage, writeFiles } from '../testing/empty-project.ts'

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

test(
  'the examples of docs/testing.md compile, and those of Jest and Vitest pass',
  async () => {
    const folder = await appFolder('newest')
    const text = await readFile('docs/testing.md', 'utf8')
    const examples = Object.fromEntries(
      [...text.matchAll(/^```ts (\w+)\n(.*?)^```$/gms)].map(([, name = '', code = '']) => [
        `${name}.test.ts`,
        code,
      ]),
    )
    expect(Object.keys(examples)).toEqual(['jest.test.ts', 'vitest.test.ts', 'playwright.test.ts'])
    await writeFiles(folder, examples)
    await cp('events', join(folder, 'events'), { recursive: true })
    expect(compilerProblems(folder, Object.keys(examples), PROJECTS[1]?.[1] ?? {})).toEqual([])

    // As most Jest projects run TypeScript: compiled to CommonJS.
    const { outputText } = ts.transpileModule(examples['jest.test.ts'] ?? '', {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    })
    await writeFiles(folder, { 'jest/example.test.js': outputText, 'jest/package.json': '{}' })
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js')
    await run(process.execPath, [jest, '--rootDir', join(folder, 'jest')], { cwd: folder })
    await run('node_modules/.bin/vitest', ['run', 'vitest.test.ts'], { cwd: folder })
  },
  6 * MINUTES,
)
