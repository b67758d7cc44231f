// Every folder in events/ through the built triggers: the expected answers, and no code or secret anywhere.
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { projectDirectory } from '../local/trigger-process.ts'
import { differencesOf, findSignIns, readSignIn, startReplayer } from './replay.ts'

const replayer = await startReplayer(join(projectDirectory, 'dist'))
afterAll(() => replayer.close())
const folders = await findSignIns(join(projectDirectory, 'events'))

test.each(folders.map(folder => [folder.slice(folder.lastIndexOf('/') + 1), folder]))(
  '%s',
  async (_, folder) => {
    const replay = await replayer.replay(await readSignIn(folder))
    expect(replay.events.filter(({ expected }) => expected !== undefined)).not.toEqual([])
    expect(
      replay.events.flatMap(event => differencesOf(event).map(difference => `${event.name}: ${difference}`)),
    ).toEqual([])
    for (const event of replay.events.filter(({ expected }) => expected !== undefined)) {
      expect(`${event.name}: ${event.notes.join('; ')}`).toBe(`${event.name}: `)
    }

    const written = JSON.stringify(replay.events) + replay.logs.join()
    for (const secret of replay.secrets) expect(written).not.toContain(secret)
    for (const line of replay.logs) expect(() => JSON.parse(line)).not.toThrow()
  },
)

test('a Create that Cognito called again is one round: its last answer counts', async () => {
  const signIn = await readSignIn(join(projectDirectory, 'events/wrong-code-then-right'))
  const events = signIn.events.flatMap(event =>
    event.name.includes('create') ? [{ ...event, expected: undefined }, event] : [event],
  )
  const replay = await replayer.replay({ ...signIn, events })
  expect(replay.events.flatMap(event => [...differencesOf(event), ...event.notes])).toEqual([])
  expect(replay.events.at(-2)?.response).toMatchObject({ issueTokens: true })
})

describe('a difference', () => {
  const replayed = {
    name: '01-define-auth-challenge',
    trigger: 'define-auth-challenge',
    event: {},
    response: { issueTokens: false, parameters: { reason: 'first' } },
    error: undefined,
    mails: 0,
    notes: [],
  } as const

  test('is found in a value, an error and the number of mails, and told with both sides', () => {
    const expected = {
      response: { issueTokens: true, parameters: { reason: 'expired' } },
      error: 'x',
      mails: 1,
    }
    expect(differencesOf({ ...replayed, expected })).toEqual([
      'error: expected "x", was none',
      'mails: expected 1, were 0',
      'response.issueTokens: expected true, was false',
      'response.parameters.reason: expected "expired", was "first"',
    ])
  })

  test('is not looked for where nothing is expected', () => {
    expect(differencesOf({ ...replayed, expected: undefined })).toEqual([])
    expect(differencesOf({ ...replayed, expected: { response: { parameters: {} } } })).toEqual([])
  })
})
