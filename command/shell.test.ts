// Commands to paste: a real shell reads back exactly the values that went in.
import { execFileSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { printable, shellCommand, shellWord } from './shell.ts'

/** The words that a POSIX shell makes of a command line. */
function wordsOf(line: string): string[] {
  const out = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
  return out.split('\0').slice(0, -1)
}

test.each([
  'plain',
  "o'neill",
  'a b',
  '',
  '$(touch x)',
  '`touch x`',
  '*',
  '~',
  '=ls',
  'a;touch$IFS',
  '"',
  '\\',
  '#x',
  'a&b|c>d',
])('a shell reads %j as that one word', value => {
  expect(wordsOf(shellWord(value))).toEqual([value])
})

test('plain values stay readable', () => {
  const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:create-auth-challenge'
  expect(shellCommand('aws lambda get-function', { 'function-name': arn, region: 'eu-central-1' })).toBe(
    `aws lambda get-function --function-name ${arn} --region eu-central-1`,
  )
})

test('a value that begins with a hyphen is no option, and a list keeps its order', () => {
  const line = shellCommand('x', {
    username: '--endpoint-url=a',
    flag: true,
    left: undefined,
    list: ['a', 'b c'],
  })
  expect(wordsOf(line)).toEqual(['x', '--username=--endpoint-url=a', '--flag', '--list', 'a', 'b c'])
})

test('a command is one line, whatever its values hold', () => {
  const line = shellCommand('x', { username: 'a\nrm -rf b\r\u001b[2K\u2028\u202e' })
  expect(line).toBe("x --username 'a rm -rf b [2K'")
})

test('what is printed cannot move the cursor', () => {
  expect(printable('web\u001b[1A\u0007\n\u009b2J')).toBe('web[1A 2J')
  expect(printable('Prüfung 日本 👩‍💻')).toBe('Prüfung 日本 👩‍💻')
})
