// How people call the command, and where the files of this package are, in every text that people read.
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Begins each printed command of this package; it works in a clone and where the package is installed. */
export const COMMAND = 'npx cognito-email-code'

/** The folder that holds package.json, dist/, docs/ and events/, whether this runs from its source, built or installed. */
export const packageDirectory = folderOfPackage(dirname(fileURLToPath(import.meta.url)))

function folderOfPackage(directory: string): string {
  if (existsSync(join(directory, 'package.json')) || dirname(directory) === directory) return directory
  return folderOfPackage(dirname(directory))
}

/**
 * A file of this package as a path from the current folder.
 *
 * @example packageFile('docs/testing.md') // node_modules/cognito-email-code/docs/testing.md
 */
export function packageFile(path: string): string {
  return relative(process.cwd(), join(packageDirectory, path)) || '.'
}
