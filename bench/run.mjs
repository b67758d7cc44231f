// The one door to the measurements: npm run bench -- NAME [options]. Bundles the program first; packages stay outside.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** Each name with its program and what it measures. */
const NAMES = {
  'cold-start': [
    'benchmarks.ts',
    'loading, and the first mail, in fresh processes beside other ways to write it',
  ],
  'processor-share': [
    'benchmarks.ts',
    'each function with the processor that Lambda gives it by its memory size',
  ],
  warm: [
    'benchmarks.ts',
    'a call of each function in a warm process, its memory, and how both grow with the sign-in',
  ],
  cost: ['benchmarks.ts', 'a million sign-ins in dollars, beside native MFA'],
  guesses: ['guesses.mjs', 'the chance to guess a code'],
  'sign-ins': ['sign-ins.ts', 'sign-ins per second through the local user pool at 1, 8 and 32 clients'],
  enumeration: ['enumeration.ts', 'what the time of an answer tells about whether a user exists'],
  load: ['load.ts', 'thousands of sign-ins while mail and triggers fail'],
  migration: ['migration.ts', 'thousands of users moved to the native factor and back while people sign in'],
  document: ['document.ts', 'writes the tables and charts of the documents from docs/evidence/'],
}
const USAGE = `Usage: npm run bench -- NAME [options]

${Object.entries(NAMES)
  .map(([name, [, text]]) => `  ${name.padEnd(16)} ${text}`)
  .join('\n')}

npm run bench -- NAME --help tells the options of one.
`

const [name] = process.argv.splice(2, 1)
if (name === undefined || !Object.hasOwn(NAMES, name)) {
  const isHelp = name === '--help' || name === '-h'
  process[isHelp ? 'stdout' : 'stderr'].write(USAGE)
  process.exit(isHelp ? 0 : 2)
}
const root = join(import.meta.dirname, '..')
const outdir = join(root, 'node_modules/.cache/bench', `${name}-${process.pid}`)
// A measurement may end the process itself.
process.once('exit', () => rmSync(outdir, { recursive: true, force: true }))
await build({
  absWorkingDir: root,
  entryPoints: { [name]: `bench/${NAMES[name][0]}` },
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outdir,
  outExtension: { '.js': '.mjs' },
  // What a program imports only when it needs it is a file of its own.
  splitting: true,
  logLevel: 'warning',
})
try {
  const { benchmarkOf } = await import(pathToFileURL(join(outdir, `${name}.mjs`)))
  await benchmarkOf?.(name)?.()
} catch (error) {
  if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
  process.stderr.write(`${error.message}\nSee npm run bench -- ${name} --help.\n`)
  process.exitCode = 2
}
