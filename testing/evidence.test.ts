// docs/evidence.md has a row for each section of the README that claims something, and names commands and tests that exist.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import config from '../jest.config.ts'
import { titlesIn } from './test-titles.ts'

/** Sections that claim nothing: they say what the project is not. */
const WITHOUT_CLAIMS = ['What it does not do']
/** Scripts whose tests `npm test` leaves out. */
const APART = [
  'test:browser',
  'test:coverage',
  'test:package',
  'test:measurements',
  'test:scenarios',
  'test:recipes',
  'test:dynamodb',
]

const ROWS = readFileSync('docs/evidence.md', 'utf8')
  .split('\n## ')[0]
  ?.split('\n')
  .filter(line => /^\| (?!section )/.test(line))
  .map(line => line.split(' | ').map(cell => cell.replace(/^\| | \|$/g, '')))
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'))

test('each section of the README that claims something has a row', () => {
  const headings = [...readFileSync('README.md', 'utf8').matchAll(/^##? (.*)$/gm)].map(([, name]) => name)
  const shown = new Set(ROWS?.map(([section]) => section))
  expect([...shown]).toEqual([...headings.filter(name => !WITHOUT_CLAIMS.includes(name ?? '')), 'Security'])
})

test.each(ROWS ?? [])('%s: %s', (_section, _claim, cell = '') => {
  const commands = [...cell.matchAll(/`(.*?)`/g)].map(([, command = '']) => command)
  const problems = commands.flatMap(command => problemsOf(command))
  expect(problems).toEqual([])
  const isApart = APART.some(script => cell.includes(`npm run ${script}\`, not in \`npm test\``))
  expect(isApart || cell.includes('npm run jest -- ')).toBe(true)
})

/** What of a command does not exist. */
function problemsOf(command: string): string[] {
  const [, file, name] = /^npm run jest -- (\S+)(?: -t "(.*)")?$/.exec(command) ?? []
  if (file !== undefined) {
    if (!existsSync(file) || !isInNpmTest(file)) return [command]
    return name === undefined || titlesIn(readFileSync(file, 'utf8')).some(title => title.includes(name))
      ? []
      : [command]
  }
  if (command.startsWith('node ')) return existsSync(command.slice('node '.length)) ? [] : [command]
  const [, script = command] = /^npm (?:run )?([\w:-]+)/.exec(command) ?? []
  return Object.hasOwn(scripts, script) ? [] : [command]
}

function isInNpmTest(file: string): boolean {
  const others = config.testPathIgnorePatterns ?? []
  return !others.some(pattern => new RegExp(pattern.replace('<rootDir>/', '^')).test(file))
}
