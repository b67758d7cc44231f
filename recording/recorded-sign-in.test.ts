// The whole way of a record: logged by the triggers, redacted; imported as a folder; replayed to the same end.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { Amplify } from 'aws-amplify'
import { confirmSignIn, signIn, signOut } from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import { startLocalUserPool } from '../local/local-user-pool.ts'
import { projectDirectory } from '../local/trigger-process.ts'
import { readSignIn, startReplayer } from './replay.ts'

ConsoleLogger.LOG_LEVEL = 'ERROR'

test('a sign-in that was recorded in a pool is imported without a name in it, and replays to its tokens', async () => {
  const pool = await startLocalUserPool({ environment: { RECORD_EVENTS: 'on' } })
  const replayer = await startReplayer(join(projectDirectory, 'dist'))
  const directory = await mkdtemp(join(tmpdir(), 'recorded-'))
  try {
    Amplify.configure({
      Auth: {
        Cognito: {
          userPoolId: pool.userPoolId,
          userPoolClientId: pool.clientId,
          userPoolEndpoint: pool.endpoint,
        },
      },
    })
    const user = pool.users.find(({ status }) => status === 'CONFIRMED')
    const { username = '', password = '' } = user ?? {}
    await signIn({ username, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } })
    const code = async () => /^\d{6}$/m.exec((await pool.messages()).at(-1)?.text ?? '')?.[0] ?? ''
    await confirmSignIn({
      challengeResponse: (await code()).replace(/^./, digit => String((Number(digit) + 1) % 10)),
    })
    expect((await confirmSignIn({ challengeResponse: await code() })).isSignedIn).toBe(true)

    const log = join(directory, 'export.jsonl')
    await writeFile(log, pool.logs.join('\n'))
    const out = join(directory, 'events')
    const command = [
      join(projectDirectory, 'dist/command/cognito-email-code.mjs'),
      'import',
      log,
      '--out',
      out,
    ]
    await promisify(execFile)(process.execPath, command)

    const [folder = ''] = await readdir(out)
    const files = await readdir(join(out, folder))
    expect(files.map(file => file.slice(3))).toEqual([
      'define-auth-challenge.json',
      'define-auth-challenge.json',
      'create-auth-challenge.json',
      'verify-auth-challenge-response.json',
      'define-auth-challenge.json',
      'create-auth-challenge.json',
      'verify-auth-challenge-response.json',
      'define-auth-challenge.json',
      'pre-token-generation.json',
    ])
    const written = (await Promise.all(files.map(file => readFile(join(out, folder, file), 'utf8')))).join(
      '\n',
    )
    for (const hidden of [username, await code()]) expect(written).not.toContain(hidden)

    const replay = await replayer.replay(await readSignIn(join(out, folder)))
    expect(replay.events.flatMap(({ error, notes }) => [...(error ? [error] : []), ...notes])).toEqual([])
    expect(replay.events.at(-2)?.response).toMatchObject({ issueTokens: true })
  } finally {
    await signOut()
    await pool.close()
    await replayer.close()
    await rm(directory, { recursive: true })
  }
})
