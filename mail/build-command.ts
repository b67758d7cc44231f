// The command build: the four triggers with a mail module of one's own, ready to deploy.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runCommand } from '../command/command.ts'
import { writingTo } from '../command/folders.ts'
import { COMMAND, packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription } from '../command/options.ts'
import { CommandError, type Terminal } from '../command/terminal.ts'
import { projectDirectory, TRIGGER_NAMES } from '../local/trigger-process.ts'
import { zipOf } from '../package/trigger-zip.mjs'
import { languagesOf } from '../shared/mail-module.ts'
import { ownModule } from './own-module.ts'

const OPTIONS = {
  mail: { type: 'string', value: 'FILE' },
  out: { type: 'string', value: 'FOLDER' },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'build',
  about: `Checks a mail module (${packageFile('docs/mail.md')}) and writes the four triggers with it: FOLDER/<trigger>/index.mjs and
FOLDER/<trigger>.zip (that of Create has own-mail.mjs too). The same module gives the same bytes. It needs esbuild
(npm install --save-dev esbuild).`,
  options: {
    mail: 'TypeScript or JavaScript; its default export writes the mail, its export locales adds languages (required)',
    out: 'where the triggers are written; existing ones are replaced, nothing else is (required)',
  },
  notes: `Try it: ${COMMAND} start --triggers FOLDER`,
  examples: ['--mail ./mail.ts --out dist'],
  exitCodes: '0 written, 2 the module was refused or could not be built',
}

/** @returns the exit code: 0 written, 2 could not run */
export function runBuild(args: readonly string[], terminal: Terminal): Promise<0 | 2> {
  return runCommand(OPTIONS, DESCRIPTION, args, terminal, async ({ values }) => {
    const { mail, out, json } = values
    if (mail === undefined)
      throw new CommandError('Missing required option: --mail FILE. See --help.', 'usage')
    if (out === undefined)
      throw new CommandError('Missing required option: --out FOLDER. See --help.', 'usage')
    const built = join(projectDirectory, 'dist')
    if (resolve(out) === built)
      throw new CommandError(`--out must not be ${built}, where the standard triggers are.`, 'usage')

    const { module, bundle } = await ownModule(mail)
    for (const trigger of TRIGGER_NAMES) {
      const files = await filesIn(join(built, trigger))
      if (files.has('own-mail.mjs') && bundle !== undefined) files.set('own-mail.mjs', bundle)
      await writingTo({ option: '--out', folder: out }, async () => {
        await rm(join(out, trigger), { recursive: true, force: true })
        await mkdir(join(out, trigger))
        for (const [name, content] of files) await writeFile(join(out, trigger, name), content)
        await writeFile(join(out, `${trigger}.zip`), zipOf(files))
      })
    }
    const languages = Object.keys(languagesOf(module))
    terminal.stdout.write(
      json
        ? `${JSON.stringify({ out, triggers: TRIGGER_NAMES, languages })}\n`
        : `Written to ${out}: ${TRIGGER_NAMES.join(', ')}\nMail in ${languages.length} languages: ${languages.join(', ')}\n`,
    )
    return 0
  })
}

async function filesIn(folder: string): Promise<Map<string, Uint8Array>> {
  const names = await readdir(folder)
  const contents = await Promise.all(names.map(name => readFile(join(folder, name))))
  return new Map(
    names.flatMap((name, index): [string, Uint8Array][] => [[name, contents[index] ?? Buffer.alloc(0)]]),
  )
}
