// The code blocks of README.md and docs/client.md, and the examples in the client's docstrings, are compiled as strictly as
// the code itself.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import ts from 'typescript'

const root = process.cwd()

test('every TypeScript block of README.md and docs/client.md, and every @example of the client, compiles', async () => {
  const texts = await Promise.all(
    ['README.md', 'docs/client.md'].map(file => readFile(join(root, file), 'utf8')),
  )
  const text = texts.join('\n')
  const blocks = [...text.matchAll(/^```(tsx?)\n(.*?)^```$/gms)].map(([, language, code], index) => ({
    file: join(root, `client/docs-block-${index + 1}.${language}`),
    // A block is a module of its own, whether or not it exports anything.
    code: `${code}\nexport {}\n`,
  }))
  expect(blocks.length).toBeGreaterThanOrEqual(5)
  const examples = await examplesOf(['sign-in.ts', 'use-sign-in.ts'])
  expect(examples.length).toBeGreaterThanOrEqual(11)
  blocks.push(...examples)

  const configuration = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, root)
  // A block may show something that it does not use.
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false })
  const { readFile: readSource, fileExists } = host
  const codeOf = (file: string) => blocks.find(block => block.file === file)?.code
  host.readFile = file => codeOf(file) ?? readSource(file)
  host.fileExists = file => codeOf(file) !== undefined || fileExists(file)
  const program = ts.createProgram(
    blocks.map(({ file }) => file),
    { ...options, noUnusedLocals: false },
    host,
  )
  const problems = ts.getPreEmitDiagnostics(program).map(({ messageText, file, start = 0 }) => {
    const where = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}`
    return `${where} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  expect(problems).toEqual([])
}, 60_000)

/** Each `@example` as a module that finds what an app would have imported. */
async function examplesOf(files: readonly string[]) {
  const sources = await Promise.all(files.map(file => readFile(join(root, 'client', file), 'utf8')))
  const docstrings = sources.flatMap(source => source.match(/^ *\/\*\*$.*?\*\/$/gms) ?? [])
  return docstrings.flatMap((docstring, index) => {
    const lines = docstring.split('\n').map(line => line.replace(/^ *\*\/? ?/, ''))
    const start = lines.indexOf('@example')
    if (start < 0) return []
    const code = lines.slice(start + 1).join('\n')
    const imports = [
      "import { createSignInDriver, type SignInDriver } from './sign-in.ts'",
      "import { useSignIn } from './use-sign-in.ts'",
      code.includes('const driver =') ? '' : 'declare const driver: SignInDriver',
    ].join('\n')
    return [
      { file: join(root, `client/docs-example-${index + 1}.ts`), code: `${imports}\n${code}\nexport {}\n` },
    ]
  })
}
