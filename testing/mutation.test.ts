// The surviving changes that testing/mutation/explained.json explains are changes of the code as it is.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

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

test('a room that does not exist is refused', async () => {
  await expect(
    promisify(execFile)(process.execPath, ['testing/mutation/run.mjs', 'cellar']),
  ).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('Unknown room: cellar.') })
})
