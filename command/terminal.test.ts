// The yes/no question on a terminal: only a yes is one, and the keys that end it leave no error behind.
import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { askYesNo } from './terminal.ts'

function terminal() {
  const stream = () => Object.assign(new PassThrough(), { isTTY: true, columns: 80, setRawMode: () => {} })
  return { stdin: stream(), stdout: stream(), stderr: stream() }
}

test.each([
  ['y', 'y\r', true],
  ['yes', 'YES\r', true],
  ['n', 'n\r', false],
  ['Enter', '\r', false],
  ['Ctrl-C', '\u0003', false],
  ['Ctrl-D', '\u0004', false],
  ['Ctrl-C after a letter', 'y\u0003', false],
])('%s', async (_, keys, answer) => {
  const asked = terminal()
  const result = askYesNo(asked, 'Apply?')
  asked.stdin.write(keys)
  expect(await result).toBe(answer)
})
