// Runs a TypeScript program of this folder: node bench/run.mjs load [options]. It is bundled first; packages stay outside.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const [name] = process.argv.splice(2, 1)
if (!/^[a-z-]+$/.test(name ?? '')) {
  console.error('Usage: node bench/run.mjs NAME [options], such as node bench/run.mjs load --help')
  process.exit(2)
}
const root = join(import.meta.dirname, '..')
const outfile = join(root, 'node_modules/.cache/bench', `${name}-${process.pid}.mjs`)
await build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`],
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outfile,
  logLevel: 'warning',
})
try {
  await import(pathToFileURL(outfile))
} finally {
  await rm(outfile)
}
