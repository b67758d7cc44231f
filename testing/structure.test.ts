// How the house is built: one meaning per exported name, no import circle, imports in one direction, examples for what is public.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from '@jest/globals'
import ts from 'typescript'
import type * as behaviour from '../local/behaviour.ts'
import type { TriggerName as BuiltTriggerName } from '../local/trigger-process.ts'
import type { AfterNativeFactor, AfterNewPassword, TriggerName } from '../package/testing.ts'
import type { TriggerName as SettingsTriggerName } from '../shared/setting-descriptors.ts'

const FILES = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.mjs'], { encoding: 'utf8' })
  .split('\n')
  .filter(file => file !== '' && existsSync(file))

const SOURCES = new Map(
  FILES.map(file => [
    file,
    ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true),
  ]),
)

/** True if both types are the same. */
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false

/** Names that rooms which must not import each other both need. The type check holds them equal. */
const SAME_MEANING: {
  readonly TriggerName: [Same<BuiltTriggerName, SettingsTriggerName>, Same<BuiltTriggerName, TriggerName>]
  readonly AfterNewPassword: [Same<behaviour.AfterNewPassword, AfterNewPassword>]
  readonly AfterNativeFactor: [Same<behaviour.AfterNativeFactor, AfterNativeFactor>]
} = { TriggerName: [true, true], AfterNewPassword: [true], AfterNativeFactor: [true] }

function exportedNames(source: ts.SourceFile): string[] {
  return source.statements.flatMap(statement => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (!isExported) return []
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText())
    const named =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
    return named && statement.name !== undefined ? [statement.name.text] : []
  })
}

/** The project's files that a file imports, types included, by `import`, `export ... from` or `import()`. */
function importsOf(file: string): string[] {
  const found: string[] = []
  function visit(node: ts.Node): void {
    const from =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined
    if (from !== undefined && ts.isStringLiteral(from) && from.text.startsWith('.'))
      found.push(posix.join(posix.dirname(file), from.text))
    ts.forEachChild(node, visit)
  }
  const source = SOURCES.get(file)
  if (source !== undefined) visit(source)
  return found.filter(path => SOURCES.has(path))
}

const roomOf = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '')
const isTest = (file: string) => /\.test\.tsx?$/.test(file)

test('no name is exported with two meanings', () => {
  const homes = new Map<string, string[]>()
  for (const [file, source] of SOURCES)
    for (const name of exportedNames(source)) homes.set(name, [...(homes.get(name) ?? []), file])
  const doubled = [...homes].filter(([name, files]) => {
    // What the package exports narrows what is inside: the name and the meaning are the same, and the type check proves it.
    const inside = files.filter(file => roomOf(file) !== 'package')
    const isHandler = name === 'handler' && files.every(file => roomOf(file) === 'functions')
    return inside.length > 1 && !isHandler && !Object.hasOwn(SAME_MEANING, name)
  })
  expect(doubled).toEqual([])
  expect(homes.size).toBeGreaterThan(500)
})

test('no file imports itself in a circle, types included', () => {
  const circles: string[] = []
  const done = new Set<string>()
  function visit(file: string, path: readonly string[]): void {
    const start = path.indexOf(file)
    if (start >= 0) circles.push([...path.slice(start), file].join(' -> '))
    if (start >= 0 || done.has(file)) return
    for (const imported of importsOf(file)) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of FILES) visit(file, [])
  expect(circles).toEqual([])
})

/** What each room may import besides itself. `command/` is there for every program; tests and `testing/` may import anything. */
const MAY_IMPORT: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  functions: ['shared'],
  shared: [],
  client: [],
  page: ['client'],
  // The replay runs the built triggers in the processes of the local pool, with the same settings.
  recording: ['shared', 'command', /^local\/(trigger-process|trigger-settings)\.ts$/],
  local: ['command'],
  // The probe proves a password with the arithmetic of the local pool, and writes recorded sign-ins.
  pool: [
    'shared',
    'command',
    /^local\/(srp|software-token)\.ts$/,
    /^recording\/(import-command|log-export|recorded-sign-ins)\.ts$/,
  ],
  // The command line loads the program of the command that was named.
  command: [
    /^pool\/(command-line|interruption|limit-command|probe\/probe-command|migrate\/migrate-command)\.ts$/,
    /^mail\/(build|preview)-command\.ts$/,
    /^recording\/(replay|import)-command\.ts$/,
    /^local\/(start|demo)\.ts$/,
  ],
  // It puts a module into the built triggers, in the same zips.
  mail: ['shared', 'command', /^local\/trigger-process\.ts$/, /^package\/trigger-zip\.mjs$/],
  package: [
    'shared',
    'recipes',
    /^local\/(local-user-pool|trigger-process)\.ts$/,
    /^recording\/replay\.ts$/,
    /^mail\/check-mail\.ts$/,
  ],
  recipes: ['shared', 'package'],
}

test('a room imports only what it may', () => {
  const forbidden = FILES.filter(file => !isTest(file) && Object.hasOwn(MAY_IMPORT, roomOf(file))).flatMap(
    file =>
      importsOf(file)
        .filter(imported => roomOf(imported) !== roomOf(file))
        .filter(
          imported =>
            !(MAY_IMPORT[roomOf(file)] ?? []).some(allowed =>
              typeof allowed === 'string' ? allowed === roomOf(imported) : allowed.test(imported),
            ),
        )
        .map(imported => `${file} imports ${imported}`),
  )
  expect(forbidden).toEqual([])
  const rooms = new Set(FILES.map(roomOf))
  expect([...rooms].filter(room => !Object.hasOwn(MAY_IMPORT, room)).toSorted()).toEqual([
    '',
    'bench',
    'testing',
  ])
})

test('no program imports a test', () => {
  expect(FILES.filter(file => importsOf(file).some(isTest))).toEqual([])
})

test.each([
  'client/sign-in.ts',
  'client/use-sign-in.ts',
  'mail/check-mail.ts',
  'package/testing.ts',
  'package/cdk.ts',
  'recipes/cdk/email-code.ts',
])('every function and class that %s exports has an example', file => {
  const statements = SOURCES.get(file)?.statements ?? []
  const callable = statements.filter(
    statement =>
      (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  )
  expect(callable.length).toBeGreaterThan(0)
  const without = callable.filter(
    statement => !ts.getJSDocTags(statement).some(({ tagName }) => tagName.text === 'example'),
  )
  expect(without.map(statement => statement.getText().split('\n')[0])).toEqual([])
})

test('TypeScript without "exports" finds the declarations that CommonJS gets', () => {
  const { exports, typesVersions } = JSON.parse(readFileSync('package.json', 'utf8'))
  const required = Object.entries<{ require?: { types: string } }>(exports).flatMap(([name, its]) =>
    its.require === undefined ? [] : [[name.replace('./', ''), [its.require.types]]],
  )
  expect(typesVersions).toEqual({ '*': Object.fromEntries(required) })
})
