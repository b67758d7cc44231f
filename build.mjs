// Builds the four triggers (dist/<name>/index.mjs and dist/<name>.zip) and the tools that run on this machine.
// node build.mjs [directory]   the directory is dist unless another one is named
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { zipSync } from 'fflate'

const OUTPUT = process.argv[2] ?? 'dist'

const TRIGGERS = [
  'define-auth-challenge',
  'create-auth-challenge',
  'verify-auth-challenge-response',
  'pre-token-generation',
]

/** Each becomes dist/<path>.mjs; what comes from node_modules stays there. */
const TOOLS = [
  'local/lambda-runtime',
  'local/mail-server',
  'local/start',
  'local/demo',
  'recording/replay-command',
  'pool/pool',
  'recording/events',
]

const shared = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
  legalComments: 'none',
}

/** DOS time as the local fields say it, so that the bytes are the same in every time zone. */
const ZIP_TIME = new Date(1980, 0, 1)

async function buildTrigger(name) {
  const directory = `${OUTPUT}/${name}`
  await build({
    ...shared,
    entryPoints: { index: `functions/${name}.ts` },
    outdir: directory,
    // One file with the whole SDK inside takes three times as long to load (bench/cold-start.mjs).
    splitting: true,
    mainFields: ['module', 'main'],
    minify: name === 'create-auth-challenge',
  })
  const files = (await readdir(directory)).sort()
  const entries = await Promise.all(
    files.map(async file => [
      file,
      [await readFile(`${directory}/${file}`), { level: 9, mtime: ZIP_TIME, os: 3, attrs: 0o100644 << 16 }],
    ]),
  )
  await writeFile(`${directory}.zip`, zipSync(Object.fromEntries(entries)))
}

/** The sample page: page/ in the output holds all that a browser needs. */
async function buildPage() {
  const directory = `${OUTPUT}/page`
  await build({
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    entryPoints: ['page/page.ts', 'page/double-submit.ts', 'page/page.css'],
    outdir: directory,
    minify: true,
    logLevel: 'warning',
    legalComments: 'none',
  })
  await copyFile('page/index.html', `${directory}/index.html`)
}

if (existsSync(`${OUTPUT}/package.json`))
  throw new Error(`${OUTPUT} holds a package.json: name a directory that may be emptied.`)
await rm(OUTPUT, { recursive: true, force: true })
await mkdir(OUTPUT, { recursive: true })
await Promise.all([
  ...TRIGGERS.map(buildTrigger),
  buildPage(),
  build({
    ...shared,
    entryPoints: TOOLS.map(tool => `${tool}.ts`),
    outdir: OUTPUT,
    outbase: '.',
    packages: 'external',
  }),
])
