// Whether what is built is that of the sources as they are, and how a build takes the place of the one before it.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { version as esbuildVersion } from 'esbuild'

const ROOT = dirname(import.meta.dirname)
const STAMP = '.build.json'
const TEMPORARY = /^\.building-(\d+)-/

/** Folders that no build reads. */
const NOT_BUILT = [
  'bench',
  'coverage',
  'dist',
  'docs',
  'events',
  'node_modules',
  'packed',
  'screenshots',
  'testing',
]

/** @returns a hash of everything that a build reads: sources, build scripts, the installed packages, esbuild */
export async function hashOfInputs() {
  // What is installed may differ from what package-lock.json says; npm keeps this record of it.
  const files = [...(await sourceFiles(ROOT)), 'node_modules/.package-lock.json']
  const hash = createHash('sha256').update(esbuildVersion)
  for (const file of files) {
    if (!existsSync(join(ROOT, file))) continue
    hash.update(`\0${file}\0`).update(await readFile(join(ROOT, file)))
  }
  return hash.digest('hex')
}

/**
 * @param {string} directory what was built
 * @param {string} inputs the hash of the inputs now
 * @returns {Promise<boolean>} true only if each file is there, unchanged and built from these inputs, and nothing else is
 */
export async function isUpToDate(directory, inputs) {
  const stamp = await readFile(join(directory, STAMP), 'utf8')
    .then(JSON.parse)
    .catch(() => undefined)
  if (stamp?.inputs !== inputs) return false
  const files = await filesBelow(directory)
  if (files.length !== Object.keys(stamp.files).length) return false
  const unchanged = await Promise.all(
    files.map(async file => stamp.files[file] === hashOf(await readFile(join(directory, file)))),
  )
  return unchanged.every(Boolean)
}

/**
 * Puts files in the place of those in `directory`. A process that reads there meanwhile finds every file, old or new, complete:
 * first come the files that are new, then those that changed, each in one step, and last goes what is left over.
 *
 * @param {string} directory where they go
 * @param {ReadonlyMap<string, Uint8Array>} files by path in the directory
 * @param {string} inputs the hash of what they were built from
 */
export async function replaceFiles(directory, files, inputs) {
  await mkdir(directory, { recursive: true })
  const before = await filesBelow(directory)
  const isNew = ([file]) => !before.includes(file)
  const write = async ([file, content]) => {
    const path = join(directory, file)
    await mkdir(dirname(path), { recursive: true })
    const temporary = join(dirname(path), `.building-${process.pid}-${basename(path)}`)
    await writeFile(temporary, content)
    await rename(temporary, path)
  }
  const all = [...files]
  await rm(join(directory, STAMP), { force: true })
  await Promise.all(all.filter(isNew).map(write))
  await Promise.all(all.filter(entry => !isNew(entry)).map(write))
  for (const file of before.filter(name => !files.has(name) && !isBeingWritten(name))) {
    await rm(join(directory, file), { force: true })
    await removeEmptyFolders(directory, dirname(file))
  }
  const hashes = Object.fromEntries(all.map(([file, content]) => [file, hashOf(content)]))
  await write([STAMP, JSON.stringify({ inputs, files: hashes })])
}

function hashOf(content) {
  return createHash('sha256').update(content).digest('hex')
}

/** @returns the paths of all files in a built folder, but for the stamp */
async function filesBelow(directory) {
  if (!existsSync(directory)) return []
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(directory, join(entry.parentPath, entry.name)))
    .filter(file => file !== STAMP)
    .sort()
}

async function sourceFiles(directory) {
  const entries = await readdir(directory, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(entry => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) {
        return NOT_BUILT.includes(entry.name) || entry.name.startsWith('.') ? [] : sourceFiles(path)
      }
      const isRead =
        /\.(tsx?|mts|mjs|css|html|json)$/.test(entry.name) && !/\.test\.tsx?$|^jest/.test(entry.name)
      return isRead ? [relative(ROOT, path)] : []
    }),
  )
  return found.flat().sort()
}

/** A file that another build, still running, is about to put in place. */
function isBeingWritten(file) {
  const pid = Number(TEMPORARY.exec(basename(file))?.[1])
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function removeEmptyFolders(top, folder) {
  if (folder === '.') return
  const removed = await rmdir(join(top, folder))
    .then(() => true)
    .catch(() => false)
  if (removed) await removeEmptyFolders(top, dirname(folder))
}
