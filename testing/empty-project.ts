// Empty projects into which tests install the packed package, and what the TypeScript compiler says of them.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'

export const MINUTES = 60_000

const run = promisify(execFile)

export interface PackedPackage {
  readonly tarball: string
  /** Where `project` makes its folders. */
  readonly directory: string
  /** Installs the tarball, and other packages, into an empty project. @returns its folder */
  project(name: string, manifest: object, ...packages: readonly string[]): Promise<string>
}

/** Packs what `npm run build` has built. The folders go with the temporary folder of the test file. */
export async function packPackage(): Promise<PackedPackage> {
  const directory = await mkdtemp(join(tmpdir(), 'package-'))
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory]
  const tarball = join(directory, (await npm(process.cwd(), ...pack)).stdout.trim())
  return {
    tarball,
    directory,
    project: async (name, manifest, ...packages) => {
      const folder = join(directory, name)
      await writeFiles(folder, { 'package.json': JSON.stringify({ name, private: true, ...manifest }) })
      const quick = ['--silent', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock']
      await npm(folder, 'install', ...quick, tarball, ...packages)
      return folder
    },
  }
}

export function npm(cwd: string, ...args: readonly string[]) {
  return run('npm', args, { cwd, maxBuffer: 64 * 1024 * 1024 })
}

/** @param files content by path */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}

const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  // Declarations are checked too: ours must stand on their own.
  skipLibCheck: false,
}

/** What the compiler, as strict as it may be, says of these files and of our declarations; other packages' are theirs. */
export function compilerProblems(
  folder: string,
  files: readonly string[],
  options: ts.CompilerOptions,
): readonly string[] {
  const host = ts.createCompilerHost({ ...STRICT, ...options })
  host.getCurrentDirectory = () => folder
  const program = ts.createProgram(
    files.map(file => join(folder, file)),
    { ...STRICT, ...options },
    host,
  )
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => !/node_modules\/(?!cognito-email-code\/)/.test(fileName))
  if (ours.length <= files.length) return ['No declaration of cognito-email-code was read.']
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap(file => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ].map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}
