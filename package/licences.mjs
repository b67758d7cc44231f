// The licences of the packages whose code is part of what is built.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param {string} root the project
 * @param {readonly string[]} inputs files that esbuild read, as its metafile names them
 * @returns {Promise<string>} name, version and licence of each package among them
 */
export async function licencesOf(root, inputs) {
  const folders = inputs.flatMap(file => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  /** Packages by the text of their licence: many share one. */
  const packages = new Map()
  for (const folder of [...new Set(folders)].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'))
    const files = (await readdir(join(root, folder)))
      .filter(file => /^(licen[cs]e|notice)/i.test(file))
      .sort()
    const contents = await Promise.all(files.map(file => readFile(join(root, folder, file), 'utf8')))
    const text = contents.map(content => content.trim()).join('\n\n')
    packages.set(text, [...(packages.get(text) ?? []), `${name} ${version} (${license})`])
  }
  const parts = [...packages].map(([text, names]) => `${names.join('\n')}\n\n${text}`.trim())
  return `The built files contain code of these packages.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
