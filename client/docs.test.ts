// The code blocks of README.md, docs/client.md and docs/native-mfa.md, and the examples in docstrings, are compiled as strictly as the code itself.
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import ts from 'typescript'

const root = process.cwd()

let blocks: readonly Module[]
let tables: readonly (readonly string[])[]
let problems: readonly string[]

beforeAll(async () => {
  blocks = await blocksAndExamples()
  tables = await columnsOfTables()
  // One program for all: most of the time goes into reading the types of Amplify.
  problems = problemsIn([...blocks, ...tables.map(moduleOfColumn)])
}, 60_000)

test('every TypeScript block of README.md, docs/client.md and docs/native-mfa.md, and every @example, compiles', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(24)
  expect(problems.filter(problem => !problem.includes(TABLE))).toEqual([])
})

test('every call in the tables from Amplify v5 to v6 compiles, in each column', () => {
  expect(tables.map(([, ...cells]) => cells.filter(cell => cell !== '').length)).toEqual([14, 14, 3, 3, 3])
  expect(problems.filter(problem => problem.includes(TABLE))).toEqual([])
})

/** In the names of the modules that are made of tables. */
const TABLE = 'docs-table-'

async function blocksAndExamples(): Promise<Module[]> {
  const texts = await Promise.all(
    ['README.md', 'docs/client.md', 'docs/native-mfa.md'].map(file => readFile(join(root, file), 'utf8')),
  )
  const found = [...texts.join('\n').matchAll(/^```(tsx?)\n(.*?)^```$/gms)]
  expect(found.length).toBeGreaterThanOrEqual(8)
  const shown = found.map(([, language, code], index) => ({
    file: join(root, `client/docs-block-${index + 1}.${language}`),
    // A block is a module of its own, whether or not it exports anything.
    code: `${code}\nexport {}\n`,
  }))
  const examples = (await Promise.all(Object.keys(EXAMPLES).map(examplesOf))).flat()
  expect(examples.length).toBeGreaterThanOrEqual(16)
  return [...shown, ...examples]
}

/** What the cells of a column find. The calls of v5 are declared as @aws-amplify/auth 5 has them; it is not installed. */
const COLUMNS: Readonly<Record<string, string>> = {
  'Amplify v5': `
type Session = { getIdToken(): { getJwtToken(): string } }
type User = {
  challengeName?: string
  challengeParam: { requiredAttributes?: string[]; [name: string]: unknown }
  signInUserSession: Session | null
}
type Metadata = Record<string, string>
declare const Auth: {
  configure(config: { authenticationFlowType: 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH' | 'CUSTOM_AUTH' }): object
  signIn(username: string, password: string, clientMetadata?: Metadata): Promise<User>
  completeNewPassword(user: User, password: string, requiredAttributes?: Metadata, clientMetadata?: Metadata): Promise<User>
  sendCustomChallengeAnswer(user: User, answer: string, clientMetadata?: Metadata): Promise<User>
  confirmSignIn(user: User, code: string, mfaType?: 'SMS_MFA' | 'SOFTWARE_TOKEN_MFA' | null): Promise<User>
  currentAuthenticatedUser(): Promise<User>
  currentSession(): Promise<Session>
  signOut(): Promise<void>
}
declare const user: User`,
  'Amplify v6': `
import { confirmSignIn, fetchAuthSession, getCurrentUser, type SignInInput, type SignInOutput, signIn, signOut } from 'aws-amplify/auth'
export { confirmSignIn, fetchAuthSession, getCurrentUser, signIn, signOut }
declare const options: NonNullable<SignInInput['options']>
declare const nextStep: SignInOutput['nextStep']`,
}
const VALUES = `
declare const username: string
declare const password: string
declare const newPassword: string
declare const attributes: Record<string, string>
declare const code: string`

/** The heading of each column, and the code of its cells. */
async function columnsOfTables(): Promise<string[][]> {
  const client = await readFile(join(root, 'docs/client.md'), 'utf8')
  const native = await readFile(join(root, 'docs/native-mfa.md'), 'utf8')
  const sections = [sectionOf(client, '## Coming from Amplify v5'), sectionOf(native, '### From Amplify v5')]
  return sections.flatMap(section => {
    const [head = [], , ...rows] = section
      .split('\n')
      .filter(line => line.startsWith('|'))
      .map(line => line.split(' | '))
    return head.map((heading, column) => [
      heading,
      ...rows.map(row => /`(.+?)`/.exec(row[column] ?? '')?.[1] ?? ''),
    ])
  })
}

function moduleOfColumn([heading = '', ...cells]: readonly string[], index: number): Module {
  const version = Object.keys(COLUMNS).find(name => heading.includes(name)) ?? 'Amplify v6'
  return {
    file: join(root, `client/${TABLE}${index + 1}.ts`),
    code: `${COLUMNS[version]}${VALUES}\n${statements(cells)}\nexport {}\n`,
  }
}

function sectionOf(page: string, heading: string): string {
  const start = page.indexOf(`${heading}\n`) + heading.length
  const end = page.slice(start).search(/\n#/)
  return page.slice(start, end < 0 ? undefined : start + end)
}

/** Each cell as a statement of its own. What only one step has is read after the cell that asks for the step. */
function statements(cells: readonly string[]): string {
  let step = ''
  return cells
    .map(cell => {
      if (cell.includes(' === ')) step = cell
      if (cell.startsWith('authFlowType: '))
        return `{ const options: SignInInput['options'] = { ${cell} }; void options }`
      if (/^[A-Z_]+$/.test(cell)) return `void (nextStep.signInStep === '${cell}')`
      if (/^nextStep\.\w+$/.test(cell)) return `if (${step}) { void ${cell} }`
      return cell.startsWith('const ') ? `{ ${cell} }` : cell && `void (${cell})`
    })
    .join('\n')
}

type Module = { readonly file: string; readonly code: string }

/** What the compiler says of the modules, with the options of the project. */
function problemsIn(blocks: readonly Module[]): string[] {
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
  return diagnostics.map(({ messageText, file, start = 0 }) => {
    const where = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}`
    return `${where} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

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
