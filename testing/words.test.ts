// The texts: plain technical English in every file, and a Chinese README that stays in step with the English one.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expect, test } from '@jest/globals'

/** Phrases that read like a translation, and names that were replaced. The changelog may name what is gone. */
const AVOIDED = [
  /\bmend(s|ed|ing)?\b/i,
  /\banew\b/i,
  /\bis none\b/i,
  /\bsay --/i,
  /\bone word too many\b/i,
  /\bwalks? round\b/i,
  /\bgoes by\b/i,
  /\bto be had\b/i,
  /\bas long as it can\b/i,
  /\bis wrong; allowed\b/i,
  /\bnothing else moved\b/i,
  /\bnpm run (pool|events)\b/,
  /\bneed not be given\b/i,
  /\bto let it go\b/i,
  /\b(name|user) a line\b/i,
]

const FILES = execFileSync(
  'git',
  [
    'ls-files',
    '*.md',
    '*.ts',
    '*.tsx',
    '*.mjs',
    '*.yaml',
    '*.tf',
    '*.html',
    'testing/mutation/explained.json',
  ],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter(file => file !== '' && existsSync(file))

test('no text has a phrase that design and contributors avoid', () => {
  const excepted = ['CHANGELOG.md', 'testing/words.test.ts']
  const found = FILES.filter(file => !excepted.includes(file)).flatMap(file =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        AVOIDED.some(phrase => phrase.test(line)) ? [`${file}:${index + 1} ${line.trim()}`] : [],
      ),
  )
  expect(found).toEqual([])
})

/** What must be the same in both READMEs: code blocks, the first columns of tables, and how much of everything there is. */
function structureOf(file: string) {
  const text = readFileSync(file, 'utf8')
  const blocks = text.match(/^```.*?^```$/gms) ?? []
  const lines = text.replace(/^```.*?^```$/gms, '').split('\n')
  const rows = lines.filter(line => line.startsWith('|'))
  const isRule = (row: string | undefined) => row?.startsWith('|---') === true
  return {
    blocks,
    // The row above the rule is the translated head of a table.
    firstColumns: rows.filter((_, index) => !isRule(rows[index + 1])).map(row => row.split('|')[1]?.trim()),
    columns: rows.map(row => row.replaceAll('\\|', '').split('|').length),
    headings: lines.filter(line => /^#+ /.test(line)).map(line => line.indexOf(' ')),
    items: lines.filter(line => line.startsWith('- ')).length,
    links: [...text.matchAll(/\]\(((?!README)[^)]+)\)/g)].map(([, target]) => target).toSorted(),
  }
}

test('README.zh-CN.md is in step with README.md: commands, tables, headings, links', () => {
  const english = structureOf('README.md')
  expect(structureOf('README.zh-CN.md')).toEqual(english)
  expect(english.blocks.length).toBeGreaterThan(6)
})

test('every link between the documents leads to a file', () => {
  const broken = FILES.filter(file => file.endsWith('.md')).flatMap(file => {
    const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : ''
    const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
    return links.flatMap(([, target = '']) => (existsSync(folder + target) ? [] : [`${file}: ${target}`]))
  })
  expect(broken).toEqual([])
})

test('the documents in the package link to nothing that only a clone has', () => {
  const { files }: { files: string[] } = JSON.parse(readFileSync('package.json', 'utf8'))
  const packed = [...files, 'README.md', 'LICENSE'].map(file => resolve(file))
  const isPacked = (file: string) => packed.some(place => file === place || file.startsWith(`${place}/`))
  const pages = FILES.filter(file => file.endsWith('.md') && file !== 'README.md' && isPacked(resolve(file)))
  expect(pages.length).toBeGreaterThan(10)
  const outside = pages.flatMap(page =>
    [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .filter(([, target = '']) => !isPacked(resolve(dirname(page), target)))
      .map(([, target]) => `${page}: ${target}`),
  )
  expect(outside).toEqual([])
})

test('docs/decisions/README.md lists every decision', () => {
  const list = readFileSync('docs/decisions/README.md', 'utf8')
  const listed = [...list.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, page]) => page)
  expect(listed.toSorted()).toEqual(readdirSync('docs/decisions').filter(page => page !== 'README.md'))
})
