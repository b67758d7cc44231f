// npm run replay as a command: what it refuses, which files it names as not used, and what it writes.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { projectDirectory } from '../local/trigger-process.ts'
import { startCommandProcess } from '../testing/command-process.ts'

const command = startCommandProcess(projectDirectory)
afterAll(() => command.close())

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'replay-'))
})

afterEach(() => rm(directory, { recursive: true }))

const replay = (...args: string[]) => command.run('replay', ...args)

test.each([
  ['TYPO=1', 'TYPO'],
  ['MAX_ATTEMPTS=99', 'MAX_ATTEMPTS'],
  ['MAX_ATTEMPTS', 'NAME=VALUE'],
])('--set %s is an error', async (setting, reason) => {
  const { status, stderr } = await replay('events/resend', '--set', setting)
  expect(status).toBe(2)
  expect(stderr).toContain(reason)
})

test('a setting that no trigger has is an error in settings.json too', async () => {
  await cp(join(projectDirectory, 'events/resend'), directory, { recursive: true })
  await writeFile(join(directory, 'settings.json'), '{"TYPO":"1"}')
  expect(await replay(directory)).toMatchObject({ status: 2, stderr: expect.stringContaining('TYPO') })
})

test('files that the replay does not use are named', async () => {
  await cp(join(projectDirectory, 'events/wrong-password'), join(directory, 'one'), { recursive: true })
  await writeFile(join(directory, 'one/09-nothing.expected.json'), '{}')
  await writeFile(join(directory, 'loose.json'), '{}')
  const { status, stdout } = await replay(directory)
  expect(status).toBe(0)
  expect(stdout).toContain(`Not used: ${join(directory, 'loose.json')}`)
  expect(stdout).toContain(`Not used: ${join(directory, 'one/09-nothing.expected.json')}`)
  expect(stdout.match(/Not used/g)).toHaveLength(2)
})

test('--write-expected makes a regression test of a recorded sign-in, and leaves what is there', async () => {
  await cp(join(projectDirectory, 'events/wrong-code-then-right'), directory, { recursive: true })
  for (const file of await readdir(directory)) {
    if (file.endsWith('.expected.json')) await rm(join(directory, file))
  }
  const own = join(directory, '01-define-auth-challenge.expected.json')
  await writeFile(own, '{"mails":0}')
  const { status, stdout } = await replay(directory, '--write-expected')
  expect(status).toBe(0)
  expect(stdout.match(/Written: /g)).toHaveLength(8)
  expect(stdout).not.toContain(`Written: ${own}`)
  expect(stdout).toContain(
    '9 events in 1 sign-in: as expected, and 8 expected answers written; the next replay compares with them\n',
  )
  expect((await replay(directory)).stdout).toContain('9 events in 1 sign-in: as expected')
  await rm(join(directory, '09-pre-token-generation.expected.json'))
  await writeFile(join(directory, 'loose.expected.json'), '{}')
  const again = await replay(directory, '--write-expected', '--json')
  expect(again.stderr).toBe(`Not used: ${join(directory, 'loose.expected.json')}\n`)
  const [{ events }] = JSON.parse(again.stdout)
  expect(events.flatMap((event: { written?: string }) => event.written ?? [])).toEqual([
    join(directory, '09-pre-token-generation.expected.json'),
  ])
  await rm(join(directory, 'loose.expected.json'))
  const changed = await replay(directory, '--set', 'MAX_ATTEMPTS=5')
  expect(changed.status).toBe(1)
  expect(changed.stdout).toContain('attemptsLeft')
})

test('the short name of the Verify source, which one table of the documentation prints, is replayed as well', async () => {
  await cp(join(projectDirectory, 'events/wrong-code-then-right'), directory, { recursive: true })
  const file = join(directory, '04-verify-auth-challenge-response.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('VerifyAuthChallengeResponse_', 'VerifyAuthChallenge_'))
  expect(await replay(directory)).toMatchObject({ status: 0 })
})

test('a folder without events is an error that says what to do', async () => {
  const empty = await replay(directory)
  expect(empty).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('No recorded events in'),
  })
  expect(empty.stderr).toContain('npx cognito-email-code import')
  expect(JSON.parse((await replay(directory, '--json')).stdout)).toMatchObject({ code: 'no-events' })
})

test('the folder that it is run in has its name in the answer', async () => {
  await cp(join(projectDirectory, 'events/resend'), directory, { recursive: true })
  const inside = startCommandProcess(directory)
  const { stdout } = await inside.run('replay', '.')
  inside.close()
  expect(stdout.startsWith(`${basename(directory)}\n`)).toBe(true)
})
