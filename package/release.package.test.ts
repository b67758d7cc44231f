// The files of a release: the same bytes in each run, their hashes, and a bill of materials that names what is inside.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from '@jest/globals'
import {
  isJsonObject,
  type JsonObject,
  member,
  objectAt,
  parseJsonObject,
  stringAt,
} from '../command/json.ts'

const MINUTES = 60_000

let directory: string
let files: Record<string, Buffer>
let bill: JsonObject

const release = (output: string) => promisify(execFile)('node', ['package/release.mjs', output])

async function contentsOf(folder: string): Promise<Record<string, Buffer>> {
  const names = await readdir(folder)
  return Object.fromEntries(
    await Promise.all(names.map(async name => [name, await readFile(join(folder, name))] as const)),
  )
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'release-'))
  await release(join(directory, 'one'))
  files = await contentsOf(join(directory, 'one'))
  bill = parseJsonObject(String(files['sbom.cdx.json']))
}, 5 * MINUTES)

const objectsAt = (object: JsonObject, key: string) => {
  const list = member(object, key)
  return Array.isArray(list) ? list.filter(isJsonObject) : []
}

/** The packages of the lock file by `name@version`, with their hashes in hex. */
async function lockedPackages(): Promise<Map<string, string>> {
  const lock = parseJsonObject(await readFile('package-lock.json', 'utf8'))
  const packages = Object.entries(objectAt(lock, 'packages')).filter(([path]) => path !== '')
  return new Map(
    packages.map(([path, it]) => {
      // An alias says which package it stands for.
      const name = stringAt(it, 'name') ?? path.replace(/^.*node_modules\//, '')
      const hash = Buffer.from(String(member(it, 'integrity')).replace(/^sha512-/, ''), 'base64')
      return [`${name}@${member(it, 'version')}`, hash.toString('hex')]
    }),
  )
}

test('a release is the four zips, the package, the template, the bill of materials and the hashes', () => {
  expect(Object.keys(files).toSorted()).toEqual([
    'SHA256SUMS',
    expect.stringMatching(/^cognito-email-code-\d+\.\d+\.\d+\.tgz$/),
    'create-auth-challenge.zip',
    'define-auth-challenge.zip',
    'pre-token-generation.zip',
    'sbom.cdx.json',
    'template.yaml',
    'verify-auth-challenge-response.zip',
  ])
})

test('SHA256SUMS has the hash of each other file', () => {
  const { SHA256SUMS, ...others } = files
  const lines = Object.entries(others)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
  expect(String(SHA256SUMS)).toBe(lines.join(''))
})

test(
  'a second run writes the same bytes',
  async () => {
    await release(join(directory, 'two'))
    const again = await contentsOf(join(directory, 'two'))
    expect(Object.keys(again).toSorted()).toEqual(Object.keys(files).toSorted())
    expect(
      Object.keys(files).filter(name => files[name]?.equals(again[name] ?? Buffer.of()) !== true),
    ).toEqual([])
  },
  5 * MINUTES,
)

test('the bill of materials is CycloneDX 1.5: every component once, every dependency one of them', () => {
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 })
  expect(stringAt(bill, 'serialNumber')).toMatch(
    /^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/,
  )
  const references = objectsAt(bill, 'components').map(component => stringAt(component, 'bom-ref'))
  expect(new Set(references).size).toBe(references.length)
  const known = new Set([...references, String(member(bill, 'metadata', 'component', 'bom-ref'))])
  const named = objectsAt(bill, 'dependencies').flatMap(({ ref, dependsOn }) => [
    String(ref),
    ...(Array.isArray(dependsOn) ? dependsOn.map(String) : []),
  ])
  expect(named.filter(reference => !known.has(reference))).toEqual([])
  expect(named.length).toBeGreaterThan(500)
})

test('the bill of materials lists what the lock file lists, with its hashes', async () => {
  const listed = objectsAt(bill, 'components').map(component => [
    String(component['bom-ref']),
    String(member(objectsAt(component, 'hashes')[0], 'content')),
  ])
  expect(listed.toSorted()).toEqual([...(await lockedPackages())].toSorted())
})

test('what the bill of materials calls required are the packages whose licences are in the release', async () => {
  const licences = await readFile('dist/THIRD-PARTY-LICENSES.txt', 'utf8')
  const required = objectsAt(bill, 'components').filter(({ scope }) => scope === 'required')
  const excluded = objectsAt(bill, 'components').filter(({ scope }) => scope === 'excluded')
  expect(required.length + excluded.length).toBe(objectsAt(bill, 'components').length)
  const isShipped = ({ name, version }: JsonObject) => licences.includes(`\n${name} ${version} (`)
  expect(required.filter(component => !isShipped(component))).toEqual([])
  expect(excluded.filter(isShipped)).toEqual([])
  expect(required.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['@aws-sdk/client-ses', 'aws-amplify']),
  )
  expect(excluded.map(({ name }) => name)).toEqual(expect.arrayContaining(['jest', 'typescript']))
})

test('a directory that holds anything else is not replaced', async () => {
  await writeFile(join(directory, 'kept.txt'), 'kept')
  await expect(release(directory)).rejects.toMatchObject({
    stderr: expect.stringContaining('exists and holds no release: name another directory.'),
  })
  expect(await readFile(join(directory, 'kept.txt'), 'utf8')).toBe('kept')
})
