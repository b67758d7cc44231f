// What is mutated is all of the triggers, and the surviving changes that explained.json explains are changes of the code as it is.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import type { Mutation } from '../bench/mutation-table.ts'
import { withFigures } from './mutation/results.mjs'

const EXPLAINED: unknown = JSON.parse(readFileSync('testing/mutation/explained.json', 'utf8'))

test('each explained change names a line of the code, what becomes of it, and why nothing notices', () => {
  const wrong = Array.isArray(EXPLAINED)
    ? EXPLAINED.filter(({ file, line, from, to, why }) => {
        const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
        const isThere = lines.some(one => one.trim() === line)
        return !isThere || from === to || typeof why !== 'string' || why.length < 10
      })
    : ['no list']
  expect(wrong).toEqual([])
})

test('the published figures are of files that exist, and each change is noticed or explained', () => {
  const evidence: Mutation = JSON.parse(readFileSync('docs/evidence/mutation.json', 'utf8'))
  const explainedIn = (name: string) =>
    Array.isArray(EXPLAINED) ? EXPLAINED.filter(({ file }) => file === name).length : Number.NaN
  for (const [file, { made, noticed, explained }] of Object.values(evidence).flatMap(Object.entries)) {
    expect([file, existsSync(file)]).toEqual([file, true])
    expect([file, noticed + explained, explained]).toEqual([file, made, explainedIn(file)])
  }
})

test('every file of the triggers is in a room', async () => {
  type Rooms = Readonly<Record<string, { readonly mutate: readonly string[] }>>
  const { ROOMS }: { readonly ROOMS: Rooms } = await import(resolve('testing/mutation/rooms.mjs'))
  const patterns = Object.values(ROOMS).flatMap(({ mutate }) => mutate.map(patternOf))
  const files = ['shared', 'functions'].flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => `${folder}/${file}`),
  )
  const left = files
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter(file => !patterns.some(pattern => pattern.test(file)))
  expect(left).toEqual([])
})

/** Of the signs that patterns can have, those that the rooms use. */
function patternOf(glob: string): RegExp {
  const text = glob.replaceAll('.', '\\.').replaceAll('@(', '(').replaceAll('*', '[^/]*')
  return new RegExp(`^${text}$`)
}

test('a room that does not exist is refused', async () => {
  await expect(
    promisify(execFile)(process.execPath, ['testing/mutation/run.mjs', 'cellar']),
  ).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Unknown room: cellar.') })
})

test('the figures of a run take the place of those of the same files, and the other files keep theirs', () => {
  const change = (status: string) => ({
    status,
    location: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } },
    replacement: 'b',
  })
  const statuses = ['Killed', 'Timeout', 'Survived', 'Ignored']
  const file = { source: 'a', mutants: statuses.map(change) }
  const report = { files: { 'shared/one.ts': file, 'shared/not-run.ts': file } }
  const former = { made: 1, noticed: 1, explained: 0, date: '2026-11-24' }
  const evidence = {
    rules: { 'shared/one.ts': former, 'shared/not-run.ts': former },
    client: { 'client/two.ts': former },
  }
  const isRun = (name: string) => name === 'shared/one.ts'
  expect(withFigures(evidence, 'rules', report, isRun, '2026-11-28')).toEqual({
    ...evidence,
    rules: {
      ...evidence.rules,
      'shared/one.ts': { made: 3, noticed: 2, explained: 0, date: '2026-11-28' },
    },
  })
})
