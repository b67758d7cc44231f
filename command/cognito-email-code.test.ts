// The command as people run it: every command explains itself, and what it does not know is an error that helps.
import { spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { parseJsonObject } from './json.ts'

const COMMANDS = [
  'check',
  'fix',
  'attach',
  'detach',
  'probe',
  'limit',
  'build',
  'mail-preview',
  'replay',
  'import',
  'start',
  'demo',
]

function run(...args: string[]) {
  return spawnSync(process.execPath, ['dist/command/cognito-email-code.mjs', ...args], { encoding: 'utf8' })
}

test.each(COMMANDS)('%s --help shows an example and exits with 0', command => {
  const { status, stdout, stderr } = run(command, '--help')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain(`Example: npx cognito-email-code ${command} `)
})

test('an unknown command is an error that lists the commands', () => {
  const { status, stdout, stderr } = run('chek')
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('Unknown command: chek.')
  for (const command of COMMANDS) expect(stderr).toContain(command)
})

test('with --json an unknown command has a stable code', () => {
  expect(parseJsonObject(run('chek', '--json').stdout)).toMatchObject({ code: 'unknown-command' })
})

test('without a command the usage goes to stderr; with --help to stdout', () => {
  expect(run()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('Usage:') })
  expect(run('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('Usage:') })
})

test('a command gets its own arguments and its own exit code', () => {
  const replay = run('replay', '--json', 'events/resend')
  expect(replay.status).toBe(0)
  expect(JSON.parse(replay.stdout)).toMatchObject([{ name: 'resend' }])
  expect(run('replay', 'no-such-folder').status).toBe(2)
})
