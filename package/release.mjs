// Makes what a release consists of: the zips of the triggers, the npm package, a bill of materials, and the hashes of all.
// node package/release.mjs [directory]   The directory is release unless another one is named. The same commit gives the same bytes.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'fflate'

const ROOT = resolve(import.meta.dirname, '..')
const output = resolve(process.argv[2] ?? 'release')

if (existsSync(output) && !existsSync(join(output, 'SHA256SUMS'))) {
  throw new Error(`${output} exists and holds no release: name another directory.`)
}

const npm = (...args) =>
  execFileSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
const sha256 = data => createHash('sha256').update(data).digest('hex')

/** npm compresses with the zlib of the Node.js that runs it, whose bytes differ between versions. @returns the name of the file */
async function packPackage(directory) {
  const [{ filename }] = JSON.parse(
    npm('pack', '--ignore-scripts', '--json', '--pack-destination', directory),
  )
  const file = join(directory, basename(filename))
  const tar = gunzipSync(await readFile(file))
  await writeFile(file, gzipSync(tar, { level: 9, mtime: new Date(0) }))
  return file
}

/** The packages whose code is in the built files, as `name@version`. */
async function shippedPackages() {
  const text = await readFile(join(ROOT, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
  return new Set(
    [...text.matchAll(/^(\S+) (\d\S*) \(.+\)$/gm)].map(([, name, version]) => `${name}@${version}`),
  )
}

/**
 * CycloneDX of all that the lock file names. npm takes every package for one of development: here those whose code is
 * shipped are `required`, the others `excluded`. What npm makes new or of itself in each run is replaced or left out.
 */
async function billOfMaterials() {
  const shipped = await shippedPackages()
  const bill = JSON.parse(npm('sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'))
  const { timestamp: _, tools: __, ...metadata } = bill.metadata
  const digest = sha256(await readFile(join(ROOT, 'package-lock.json')))
  const parts = [8, 4, 4, 4, 12].map((length, index, all) => {
    const start = all.slice(0, index).reduce((sum, one) => sum + one, 0)
    return digest.slice(start, start + length)
  })
  // A name-based UUID (RFC 9562, version 8): the version and the variant stand in fixed places.
  parts[2] = `8${parts[2].slice(1)}`
  parts[3] = `8${parts[3].slice(1)}`
  const byName = (one, other) =>
    (one['bom-ref'] ?? one.ref).localeCompare(other['bom-ref'] ?? other.ref, 'en')
  return {
    ...bill,
    serialNumber: `urn:uuid:${parts.join('-')}`,
    metadata,
    components: bill.components.toSorted(byName).map(({ properties: _, ...component }) => ({
      ...component,
      scope: shipped.has(component['bom-ref']) ? 'required' : 'excluded',
    })),
    dependencies: bill.dependencies.toSorted(byName),
  }
}

const directory = await mkdtemp(join(tmpdir(), 'release-'))
try {
  npm('run', '--silent', 'build')
  const files = (await readdir(join(ROOT, 'dist'))).filter(name => name.endsWith('.zip'))
  for (const name of files) await cp(join(ROOT, 'dist', name), join(directory, name))
  await cp(join(ROOT, 'template.yaml'), join(directory, 'template.yaml'))
  await packPackage(directory)
  await writeFile(join(directory, 'sbom.cdx.json'), `${JSON.stringify(await billOfMaterials(), null, 2)}\n`)
  const names = (await readdir(directory)).toSorted()
  const lines = await Promise.all(
    names.map(async name => `${sha256(await readFile(join(directory, name)))}  ${name}\n`),
  )
  await writeFile(join(directory, 'SHA256SUMS'), lines.join(''))
  await rm(output, { recursive: true, force: true })
  await mkdir(output, { recursive: true })
  await cp(directory, output, { recursive: true })
  process.stdout.write(lines.join(''))
} finally {
  await rm(directory, { recursive: true })
}
