// The packed package as people take it: installed into empty projects, type-checked as strictly as they may, bundled, run.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import ts from 'typescript'
import { parseJsonObject, stringAt } from '../command/json.ts'

const ROOT = process.cwd()
const MINUTES = 60_000
const run = promisify(execFile)

let directory: string
let tarball: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'package-'))
  const { stdout } = await npm(ROOT, 'pack', '--silent', '--ignore-scripts', '--pack-destination', directory)
  tarball = join(directory, stdout.trim())
}, 2 * MINUTES)

afterAll(() => rm(directory, { recursive: true, force: true }))

function npm(cwd: string, ...args: string[]) {
  return run('npm', args, { cwd, maxBuffer: 64 * 1024 * 1024 })
}

/** Installs the tarball, and other packages, into an empty project. @returns its folder */
async function project(name: string, manifest: object, ...packages: string[]): Promise<string> {
  const folder = join(directory, name)
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, private: true, ...manifest }))
  const quick = ['--silent', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock']
  await npm(folder, 'install', ...quick, tarball, ...packages)
  return folder
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}

const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  // Declarations are checked too: ours must stand on their own.
  skipLibCheck: false,
}

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

/** What the compiler says of these files and of our declarations; other packages' are theirs. */
function problems(folder: string, files: readonly string[], options: ts.CompilerOptions): string[] {
  const host = ts.createCompilerHost({ ...STRICT, ...options })
  host.getCurrentDirectory = () => folder
  const program = ts.createProgram(
    files.map(file => join(folder, file)),
    { ...STRICT, ...options },
    host,
  )
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => !/node_modules\/(?!cognito-email-code\/)/.test(fileName))
  expect(ours.length).toBeGreaterThan(files.length)
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap(file => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ].map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}

describe('the package', () => {
  test('holds what is exported, and no source', async () => {
    const { stdout } = await run('tar', ['tzf', tarball])
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
    await run('node_modules/.bin/publint', ['--strict', tarball])
  })

  test(
    'has types that are right for ES modules and CommonJS',
    async () => {
      // The command is too large for the development dependencies of everybody.
      const attw = ['exec', '--yes', '--package', '@arethetypeswrong/cli@0.18.5', '--', 'attw', tarball]
      const modules = ['client', 'react', 'mail', 'testing', 'cdk']
      await npm(directory, ...attw, '--profile', 'node16', '--entrypoints', ...modules)
      const { exports } = parseJsonObject(await readFile('package.json', 'utf8'))
      const triggers = Object.keys(Object(exports)).filter(name => /^\.\/triggers\/[\w-]+$/.test(name))
      expect(triggers).toHaveLength(4)
      // Lambda loads them as the ES modules that they are.
      await npm(directory, ...attw, '--profile', 'esm-only', '--entrypoints', ...triggers)
    },
    3 * MINUTES,
  )
})

describe('in an empty folder', () => {
  let folder: string
  beforeAll(async () => {
    folder = await project('empty', {})
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
    await write(folder, {
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

describe.each([
  ['the oldest', '6.12.0', '18'],
  ['the newest', '6', '19'],
])('in an app with %s Amplify of the range (%s) and React %s', (_, amplify, react) => {
  let folder: string
  beforeAll(async () => {
    folder = await project(
      `react-${react}`,
      { type: 'module' },
      `aws-amplify@${amplify}`,
      `react@${react}`,
      `react-dom@${react}`,
      `@types/react@${react}`,
      `@types/react-dom@${react}`,
      '@types/node@20',
    )
    await write(folder, { 'app.ts': APP, 'view.ts': VIEW, 'tools.ts': TOOLS, 'run.js': RUN })
  }, 4 * MINUTES)

  test.each(PROJECTS)(
    'a strict %s project compiles',
    (_name, options) => {
      expect(problems(folder, ['app.ts', 'view.ts'], options)).toEqual([])
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
    expect(problems(folder, ['tools.ts'], options)).toEqual([])
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
  'a CDK app of either module system deploys the triggers of the package',
  async () => {
    const { dependencies } = parseJsonObject(await readFile('recipes/package.json', 'utf8'))
    const packages = ['aws-cdk-lib', 'constructs'].map(name => `${name}@${stringAt(dependencies, name)}`)
    const folder = await project('cdk', { type: 'module' }, ...packages, '@types/node@20')
    const app = `
    const app = new App()
    const stack = new Stack(app, 'Stack')
    const userPool = UserPool.fromUserPoolId(stack, 'Pool', 'eu-central-1_EXAMPLE00')
    new EmailCode(stack, 'EmailCode', { userPool, fromAddress: 'no-reply@example.com' })
    const { template } = app.synth().getStackByName('Stack')
    const resources = Object.values(template.Resources).map(resource => Object(resource).Type)
    console.log(resources.filter(type => type === 'AWS::Lambda::Function').length)`
    const modules = [
      ['App, Stack', 'aws-cdk-lib'],
      ['UserPool', 'aws-cdk-lib/aws-cognito'],
      ['EmailCode', 'cognito-email-code/cdk'],
    ]
    await write(folder, {
      'app.mts': `${modules.map(([names, from]) => `import { ${names} } from '${from}'`).join('\n')}${app}`,
      'app.cts': `${modules.map(([names, from]) => `import { ${names} } from '${from}'`).join('\n')}${app}`,
    })
    const options = {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      lib: ['lib.es2022.d.ts'],
      types: ['node'],
    }
    expect(problems(folder, ['app.mts', 'app.cts'], options)).toEqual([])
    for (const [source, target, module] of [
      ['app.mts', 'app.mjs', ts.ModuleKind.ESNext],
      ['app.cts', 'app.cjs', ts.ModuleKind.CommonJS],
    ] as const) {
      const code = await readFile(join(folder, source), 'utf8')
      const { outputText } = ts.transpileModule(code, {
        compilerOptions: { module, target: ts.ScriptTarget.ES2022 },
      })
      await write(folder, { [target]: outputText })
      const { stdout } = await run(process.execPath, [target], { cwd: folder })
      expect([target, Number(stdout)]).toEqual([target, 4])
    }
  },
  6 * MINUTES,
)

test(
  'the examples of docs/testing.md compile, and those of Jest and Vitest pass',
  async () => {
    const folder = await project(
      'examples',
      { type: 'module' },
      'aws-amplify@6',
      '@jest/globals@30',
      '@playwright/test@1',
      'vitest@4',
      '@types/node@20',
    )
    const text = await readFile('docs/testing.md', 'utf8')
    const examples = Object.fromEntries(
      [...text.matchAll(/^```ts (\w+)\n(.*?)^```$/gms)].map(([, name = '', code = '']) => [
        `${name}.test.ts`,
        code,
      ]),
    )
    expect(Object.keys(examples)).toEqual(['jest.test.ts', 'vitest.test.ts', 'playwright.test.ts'])
    await write(folder, examples)
    await cp('events', join(folder, 'events'), { recursive: true })
    expect(problems(folder, Object.keys(examples), PROJECTS[1]?.[1] ?? {})).toEqual([])

    // As most Jest projects run TypeScript: compiled to CommonJS.
    const { outputText } = ts.transpileModule(examples['jest.test.ts'] ?? '', {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    })
    await write(folder, { 'jest/example.test.js': outputText, 'jest/package.json': '{}' })
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js')
    await run(process.execPath, [jest, '--rootDir', join(folder, 'jest')], { cwd: folder })
    await run('node_modules/.bin/vitest', ['run', 'vitest.test.ts'], { cwd: folder })
  },
  6 * MINUTES,
)
