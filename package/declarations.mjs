// The declarations of the package: what each public module exports, for projects of every module resolution.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, posix } from 'node:path'

// Imported, its nine megabytes would first be searched for the names that it exports.
const ts = createRequire(import.meta.url)('typescript')

/** A relative import in a declaration. */
const RELATIVE_IMPORT = /(from |import\()(['"])(\.{1,2}\/[^'"]+)\.tsx?\2/g

/**
 * Makes the declarations of some modules and of all project files that these mention. Each file is translated on its own,
 * which takes milliseconds and needs every exported thing to state its type; the type check is a command of its own.
 *
 * @param {string} root the project
 * @param {readonly string[]} modules paths in the project
 * @param {'mts' | 'cts'} kind ES modules or CommonJS
 * @returns {Promise<ReadonlyMap<string, string>>} declarations by path, such as `client/sign-in.d.mts`
 * @throws Error naming what does not state its type
 */
export async function declarationsOf(root, modules, kind) {
  const declarations = new Map()
  const wanted = [...modules]
  for (const module of wanted) {
    const source = await readFile(join(root, module), 'utf8')
    const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
      fileName: module,
      reportDiagnostics: true,
      compilerOptions: { target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true, stripInternal: true },
    })
    if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, HOST))
    const mentioned = [...outputText.matchAll(RELATIVE_IMPORT)].map(([text, , , path]) =>
      posix.join(posix.dirname(module), `${path}${/\.tsx?(?=['"])/.exec(text)?.[0] ?? ''}`),
    )
    wanted.push(...mentioned.filter(path => !wanted.includes(path)))
    declarations.set(
      module.replace(/\.tsx?$/, `.d.${kind}`),
      outputText.replace(RELATIVE_IMPORT, `$1$2$3.${kind === 'mts' ? 'mjs' : 'cjs'}$2`),
    )
  }
  return declarations
}

const HOST = {
  getCurrentDirectory: () => '',
  getCanonicalFileName: name => name,
  getNewLine: () => '\n',
}
