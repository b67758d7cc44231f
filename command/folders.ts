// Makes the folders that commands write to.
import { access, constants, mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandError } from './terminal.ts'

/** A folder, with the option that names it. */
export interface Destination {
  readonly option: '--out' | '--record'
  readonly folder: string
}

/**
 * Makes the folder that an option names, writes to it, and says in one way what kept it from that.
 *
 * @throws CommandError `usage` if the folder cannot be made, or written to
 */
export async function writingTo<Written>(
  { option, folder }: Destination,
  write: () => Promise<Written>,
): Promise<Written> {
  try {
    await makeFolders(folder)
    return await write()
  } catch (error) {
    throw unwritable({ option, folder }, error)
  }
}

/** Makes sure that the folder can be written to later, and leaves none behind. @throws CommandError `usage` */
export async function requireWritable({ option, folder }: Destination): Promise<void> {
  try {
    const made = await makeFolders(folder)
    await access(folder, constants.W_OK)
    for (const path of made.toReversed()) await rmdir(path)
  } catch (error) {
    throw unwritable({ option, folder }, error)
  }
}

function unwritable({ option, folder }: Destination, error: unknown): CommandError {
  const cause = error instanceof Error ? error.message : String(error)
  return new CommandError(
    `Cannot write to ${option} ${folder}: ${cause}. Name a folder that you may write to.`,
    'usage',
  )
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}

/** mkdir of Node.js with `recursive` never ends below /proc. @returns the folders that were made, the innermost last */
async function makeFolders(path: string): Promise<string[]> {
  if (await isFolder(path)) return []
  const parent = dirname(path)
  const made = parent === path ? [] : await makeFolders(parent)
  await mkdir(path)
  return [...made, path]
}
