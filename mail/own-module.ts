// A mail module of one's own: bundled from its source, loaded, and held to the contract.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CommandError } from '../command/terminal.ts'
import { projectDirectory } from '../local/trigger-process.ts'
import type { MailModule } from '../shared/mail-module.ts'
import { checkMail, isMailModule, type MailProblem } from './check-mail.ts'

export type OwnModule = {
  readonly module: MailModule
  /** The built file `own-mail.mjs`; undefined without an own module. */
  readonly bundle: Uint8Array | undefined
}

/**
 * Bundles a module and checks it.
 *
 * @param path its source, or undefined for the mail as it is
 * @throws CommandError `mail-not-built`, `no-esbuild`, or `mail-refused` with every broken rule
 */
export async function ownModule(path: string | undefined): Promise<OwnModule> {
  if (path === undefined) return { module: {}, bundle: undefined }
  const bundle = await bundled(resolve(path))
  const loaded = await load(bundle, path)
  const problems = checkMail(loaded)
  if (problems.length > 0 || !isMailModule(loaded)) {
    throw new CommandError(
      `${path} breaks the contract of a mail:\n${linesOf(problems).join('\n')}`,
      'mail-refused',
    )
  }
  return { module: loaded, bundle }
}

/** Each broken rule once, with the languages in which it shows. */
function linesOf(problems: readonly MailProblem[]): string[] {
  const rules = [...new Set(problems.map(({ rule }) => rule))]
  return rules.map(rule => {
    const found = problems.filter(problem => problem.rule === rule)
    const locales = found.flatMap(({ locale }) => locale ?? [])
    const message = found[0]?.message.replace(`${locales[0]}: `, '')
    return `  ${rule}${locales.length === 0 ? '' : ` (${locales.join(', ')})`}: ${message}`
  })
}

async function bundled(path: string): Promise<Uint8Array> {
  if (!(await stat(path).catch(() => undefined))?.isFile())
    throw new CommandError(`No such file: ${path}. Pass the mail module with --mail FILE.`, 'mail-not-built')
  const { build } = await esbuild()
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: `export * as ownMail from ${JSON.stringify(`./${basename(path)}`)}`,
        resolveDir: dirname(path),
      },
      alias: { 'cognito-email-code/mail': join(projectDirectory, 'dist/package/mail.mjs') },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      minify: true,
      legalComments: 'none',
      logLevel: 'silent',
      write: false,
    })
    return outputFiles[0]?.contents ?? new Uint8Array()
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${path} cannot be built: ${cause}`, 'mail-not-built')
  }
}

/** esbuild is an optional peer dependency: only those who write a mail of their own need it (docs/mail.md). */
async function esbuild() {
  try {
    return await import('esbuild')
  } catch {
    throw new CommandError(
      'esbuild is not installed. A mail module is built with it: npm install --save-dev esbuild',
      'no-esbuild',
    )
  }
}

async function load(bundle: Uint8Array, path: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'own-mail-'))
  try {
    const file = join(folder, 'own-mail.mjs')
    await writeFile(file, bundle)
    const { ownMail }: { readonly ownMail?: unknown } = await import(pathToFileURL(file).href)
    return ownMail
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${path} cannot be loaded: ${cause}`, 'mail-not-built')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
