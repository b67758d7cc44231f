// The code blocks of README.md, docs/client.md and docs/native-mfa.md, and the examples in docstrings, are compiled as strictly as the code itself.
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import ts from 'typescript'

const root = process.cwd()

test('every TypeScript block of README.md, docs/client.md and docs/native-mfa.md, and every @example, compiles', async () => {
  const texts = await Promise.all(
    ['README.md', 'docs/client.md', 'docs/native-mfa.md'].map(file => readFile(join(root, file), 'utf8')),
  )
  const text = texts.join('\n')
  const blocks = [...text.matchAll(/^```(tsx?)\n(.*?)^```$/gms)].map(([, language, code], index) => ({
    file: join(root, `client/docs-block-${index + 1}.${language}`),
    // A block is a module of its own, whether or not it exports anything.
    code: `${code}\nexport {}\n`,
  }))
  expect(blocks.length).toBeGreaterThanOrEqual(8)
  const examples = (await Promise.all(Object.keys(EXAMPLES).map(examplesOf))).flat()
  expect(examples.length).toBeGreaterThanOrEqual(16)
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
  // Of the blocks alone: npm run typecheck has what they import.
  const diagnostics = blocks.flatMap(({ file }) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)),
  )
  const problems = diagnostics.map(({ messageText, file, start = 0 }) => {
    const where = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}`
    return `${where} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  expect(problems).toEqual([])
}, 60_000)

/** What an example finds: the imports of an app, and the values that it does not make itself. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'client/sign-in.ts': "import { createSignInDriver, type SignInDriver } from './sign-in.ts'",
  'client/use-sign-in.ts':
    "import { createSignInDriver } from './sign-in.ts'\nimport { useSignIn } from './use-sign-in.ts'",
  'command/name.ts': "import { packageFile } from './name.ts'",
  'command/shell.ts': "import { shellCommand, shellWord } from './shell.ts'",
  'package/testing.ts': "import { replaySignIns, startLocalUserPool } from './testing.ts'",
  'mail/check-mail.ts':
    "import { checkMail, isMailModule } from './check-mail.ts'\nimport { standardMail } from '../shared/mail.ts'",
  'shared/challenge-sequence.ts':
    "import { nextStep, readProgress, type SignIn } from './challenge-sequence.ts'\ndeclare const signIn: SignIn",
  'recording/raw-mail.ts': "import { readSentMail } from './raw-mail.ts'",
  'shared/mail-message.ts':
    "import { type MailParts, standardMail } from './mail.ts'\nimport { writeMessage } from './mail-message.ts'\nimport type { CreateSettings } from './settings.ts'\ndeclare const parts: MailParts\ndeclare const settings: CreateSettings",
  'shared/mail.ts':
    "import { escapeHtml, type MailParts, standardMail } from './mail.ts'\ndeclare const parts: MailParts",
}

/** Those need aws-cdk-lib, which only the tests of the recipes and of the package install. */
const EXAMPLES_FOR_CDK = ['package/cdk.ts', 'recipes/cdk/email-code.ts']

test('no file with an @example is forgotten', () => {
  const grep = ['grep', '-lE', '^ +\\* @example', '--', '*.ts', '*.tsx', '*.mjs']
  const files = execFileSync('git', grep, { encoding: 'utf8' }).trim().split('\n')
  expect(files).toEqual([...Object.keys(EXAMPLES), ...EXAMPLES_FOR_CDK].toSorted())
})

/** Each `@example` as a module beside the file that it is in. */
async function examplesOf(file: string) {
  const source = await readFile(join(root, file), 'utf8')
  const docstrings = source.match(/^ *\/\*\*$.*?\*\/$/gms) ?? []
  return docstrings.flatMap((docstring, index) => {
    const lines = docstring.split('\n').map(line => line.replace(/^ *\*\/? ?/, ''))
    const start = lines.findIndex(line => line.startsWith('@example'))
    if (start < 0) return []
    const code = [lines[start]?.slice('@example'.length), ...lines.slice(start + 1)].join('\n')
    const needsDriver = file === 'client/sign-in.ts' && !code.includes('const driver =')
    const driver = needsDriver ? 'declare const driver: SignInDriver' : ''
    return [
      {
        file: join(root, dirname(file), `docs-example-${index + 1}-of-${basename(file)}`),
        code: `${EXAMPLES[file]}\n${driver}\n${code}\nexport {}\n`,
      },
    ]
  })
}
