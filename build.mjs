// Builds the four triggers (dist/<name>/index.mjs and dist/<name>.zip), the tools that run on this machine, and the npm package.
// node build.mjs [directory] [--force]   The directory is dist unless another one is named. --force builds what is up to date.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { hashOfInputs, isUpToDate, replaceFiles } from './package/build-state.mjs'
import { licencesOf } from './package/licences.mjs'
import { zipOf } from './package/trigger-zip.mjs'

const ROOT = import.meta.dirname

const TRIGGERS = [
  'define-auth-challenge',
  'create-auth-challenge',
  'verify-auth-challenge-response',
  'pre-token-generation',
]

/** Each becomes dist/<path>.mjs. */
const TOOLS = ['command/cognito-email-code', 'local/lambda-runtime', 'package/testing']

/** What an app, or a mail module, imports: dist/package/<name>.mjs and .cjs. */
const CLIENT = { client: 'client/sign-in.ts', react: 'client/use-sign-in.ts', mail: 'package/mail.ts' }

/** What has declarations. */
const PUBLIC_MODULES = [...Object.values(CLIENT), 'package/testing.ts', 'package/cdk.ts']

const EXTENSIONS = { esm: '.mjs', cjs: '.cjs' }

const shared = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
  legalComments: 'none',
  metafile: true,
  write: false,
}

/** For those who install the package: no dependency to install with it (docs/decisions/bundled-tools.md). */
const bundled = {
  ...shared,
  mainFields: ['module', 'main'],
  minifyWhitespace: true,
  minifySyntax: true,
  // CommonJS packages ask for Node.js modules with require.
  banner: {
    js: "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url);",
  },
}

/** Runs esbuild. @returns {Promise<{ files: [string, Uint8Array][], inputs: string[] }>} files by path in the output */
async function filesOf(options) {
  const { outputFiles, metafile } = await build(options)
  const outputs = outputFiles.map(({ path, contents }) => [relative(join(ROOT, 'dist'), path), contents])
  return { files: outputs, inputs: Object.keys(metafile.inputs) }
}

/** A file of its own, so that `cognito-email-code build --mail` can put another one in its place. */
const ownMailApart = {
  name: 'own-mail-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/own-mail\.ts$/ }, () => ({
      path: './own-mail.mjs',
      external: true,
      sideEffects: false,
    }))
  },
}

async function ownMailOf(trigger) {
  const entryPoints = ['shared/own-mail.ts']
  return (await filesOf({ ...shared, entryPoints, outdir: `dist/${trigger}`, minify: true })).files
}

/**
 * What Create never uses in Lambda, so that it is not loaded with the rest: credentials from elsewhere than the environment
 * (shared/lambda-sdk.ts), browsers, event streams.
 */
const LEFT_OUT = ['@aws-sdk/credential-provider-node', 'bowser', '@smithy/core/event-streams']

/**
 * Makes Create load faster: leaves out what it does not use, and takes the modules of Node.js without `import`, which reads
 * every property of the module, those that load further modules included.
 */
const forLambda = {
  name: 'for-lambda',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[@\w]/ }, async ({ path, importer, kind }) => {
      if (LEFT_OUT.includes(path)) return { path, namespace: 'left-out' }
      if (!isBuiltin(path) || kind !== 'import-statement') return undefined
      const pluginData = { path, source: await readFile(importer, 'utf8') }
      return {
        path: `${path} of ${relative(ROOT, importer)}`,
        namespace: 'node',
        sideEffects: false,
        pluginData,
      }
    })
    onLoad({ filter: /./, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
    onLoad({ filter: /./, namespace: 'node' }, ({ pluginData }) => ({ contents: lazyModule(pluginData) }))
  },
}

/** A module of Node.js of which only what the source imports is read. */
function lazyModule({ path, source }) {
  const clauses = source.matchAll(/^import\s+([^'"]*?)\s+from\s+(['"])(.+?)\2/gm)
  const names = [...clauses]
    .filter(([, , , from]) => from === path)
    .flatMap(([, clause]) => /\{(.*)\}/s.exec(clause)?.[1].split(',') ?? [])
    .map(name => name.replace(/\bas\b.*|\btype\s/g, '').trim())
    .filter(name => name !== '' && name !== 'default')
  return [
    `const all = process.getBuiltinModule(${JSON.stringify(path)})`,
    'const read = name => all[name]',
    'export default all',
    ...[...new Set(names)].map(name => `export const ${name} = /* @__PURE__ */ read('${name}')`),
  ].join('\n')
}

async function buildTrigger(name) {
  const sendsMail = name === 'create-auth-challenge'
  const { files, inputs } = await filesOf({
    ...shared,
    entryPoints: { index: `functions/${name}.ts` },
    plugins: sendsMail ? [ownMailApart, forLambda] : [],
    outdir: `dist/${name}`,
    // One file with the whole SDK inside takes three times as long to load (bench/cold-start.ts).
    splitting: true,
    mainFields: ['module', 'main'],
    minify: sendsMail,
  })
  const all = sendsMail ? [...files, ...(await ownMailOf(name))] : files
  const zip = zipOf(all.map(([file, content]) => [relative(name, file), content]))
  return { files: [...all, [`${name}.zip`, zip]], inputs }
}

/** The sample page: page/ in the output holds all that a browser needs. */
async function buildPage() {
  const { files, inputs } = await filesOf({
    ...shared,
    platform: 'browser',
    target: 'es2022',
    entryPoints: ['page/page.ts', 'page/double-submit.ts', 'page/page.css'],
    outdir: 'dist/page',
    outExtension: {},
    minify: true,
  })
  return { files: [...files, ['page/index.html', await readFile(join(ROOT, 'page/index.html'))]], inputs }
}

function buildTools() {
  return filesOf({
    ...bundled,
    entryPoints: TOOLS.map(tool => `${tool}.ts`),
    // Installed by those who build a mail of their own (docs/mail.md).
    external: ['esbuild'],
    outbase: '.',
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
  })
}

/** aws-ses-v2-local with all that it needs, and the page of the mailbox, which it looks for beside its own folder. */
async function buildMailServer() {
  const { files, inputs } = await filesOf({
    ...bundled,
    entryPoints: ['local/mail-server.ts'],
    outbase: '.',
    banner: { js: `${bundled.banner.js} const __dirname = import.meta.dirname + '/mailbox/code';` },
  })
  const page = await readFile(join(ROOT, 'node_modules/aws-ses-v2-local/static/index.html'))
  return { files: [...files, ['local/mailbox/static/index.html', page]], inputs }
}

/** What an app has already, React and Amplify, stays outside. */
function buildClient(format) {
  return filesOf({
    ...shared,
    format,
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    entryPoints: CLIENT,
    outdir: 'dist/package',
    outExtension: { '.js': EXTENSIONS[format] },
    chunkNames: 'chunks/[name]-[hash]',
    splitting: format === 'esm',
  })
}

/** What a CDK app imports; aws-cdk-lib is its own. */
function buildConstruct(format) {
  return filesOf({
    ...shared,
    ...(format === 'cjs' && COMMONJS),
    format,
    packages: 'external',
    entryPoints: ['package/cdk.ts'],
    outbase: '.',
    outExtension: { '.js': EXTENSIONS[format] },
  })
}

function buildTestingForCommonJs() {
  return filesOf({
    ...bundled,
    ...COMMONJS,
    format: 'cjs',
    entryPoints: ['package/testing.ts'],
    outbase: '.',
    outExtension: { '.js': EXTENSIONS.cjs },
  })
}

/** CommonJS has no import.meta. */
const COMMONJS = {
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
}

async function buildDeclarations() {
  // It loads TypeScript, which a build that has nothing to do needs not.
  const { declarationsOf } = await import('./package/declarations.mjs')
  const files = await Promise.all(
    ['mts', 'cts'].map(async kind => {
      const declarations = await declarationsOf(ROOT, PUBLIC_MODULES, kind)
      return [...declarations].map(([path, text]) => [`package/types/${path}`, Buffer.from(text)])
    }),
  )
  const trigger = await readFile(join(ROOT, 'package/trigger.d.mts'))
  return { files: [...files.flat(), ['package/types/package/trigger.d.mts', trigger]], inputs: [] }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: 'boolean', default: false } },
})
const output = resolve(positionals[0] ?? 'dist')
if (existsSync(join(output, 'package.json'))) {
  throw new Error(`${output} holds a package.json: name a directory that may be emptied.`)
}
const inputs = await hashOfInputs()
if (values.force || !(await isUpToDate(output, inputs))) {
  const parts = await Promise.all([
    ...TRIGGERS.map(buildTrigger),
    buildPage(),
    buildTools(),
    buildMailServer(),
    buildClient('esm'),
    buildClient('cjs'),
    buildConstruct('esm'),
    buildConstruct('cjs'),
    buildTestingForCommonJs(),
    buildDeclarations(),
  ])
  const files = new Map(parts.flatMap(part => part.files))
  const licences = await licencesOf(
    ROOT,
    parts.flatMap(part => part.inputs),
  )
  files.set('THIRD-PARTY-LICENSES.txt', Buffer.from(licences))
  await replaceFiles(output, files, inputs)
}
