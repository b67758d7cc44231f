// What the commands of the documents write holds people and pools, and must not get into the repository by accident.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const PAGES = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n')

/** The files that a block names: what a command writes, and what a person puts there for it. */
const NAMED = [
  /--(?:backup|journal|list|probe|output-template-file) (\S+)/g,
  /(?<!<)> (\S+)/g,
  /cognito-email-code import (\S+)/g,
  /cognito-email-code build .*--out (\S+)/g,
]

/** Those that a command names by itself. */
const BY_DEFAULT = [
  'eu-central-1_EXAMPLE00-2026-01-01T00-00-00-000Z.backup.json',
  'eu-central-1_EXAMPLE00.migration.jsonl.lock',
  'mail-preview.html',
]

test('git ignores every file that a command of the documents writes', () => {
  const blocks = PAGES.flatMap(page => readFileSync(page, 'utf8').match(/^```sh.*?^```$/gms) ?? [])
  const named = blocks.flatMap(block =>
    NAMED.flatMap(pattern => [...block.matchAll(pattern)].map(([, name = '']) => name)),
  )
  // A name with a variable or a star stands for any name.
  const files = new Set(
    named.map(name => name.replace(/\$\w+|\*/g, 'any').replace(/^triggers$/, 'triggers/any')),
  )
  expect(files.size).toBeGreaterThanOrEqual(12)
  const asked = [...files, ...BY_DEFAULT]
  expect(ignoredOf(asked)).toEqual(asked)
})

function ignoredOf(files: readonly string[]): string[] {
  const input = files.join('\n')
  return execFileSync('git', ['check-ignore', '--no-index', '--stdin'], { encoding: 'utf8', input })
    .trim()
    .split('\n')
}
