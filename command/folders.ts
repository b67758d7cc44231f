// Makes the folders that commands write to.
import { mkdir, stat } from 'node:fs/promises'
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
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(
      `Cannot write to ${option} ${folder}: ${cause}. Name a folder that you may write to.`,
      'usage',
    )
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}

/** mkdir of Node.js with `recursive` never ends below /proc. */
async function makeFolders(path: string): Promise<void> {
  if (await isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolders(parent)
  await mkdir(path)
}
