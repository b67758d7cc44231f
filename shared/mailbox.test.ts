// Which addresses mail is sent to, and how an address is shown.
import { expect, test } from '@jest/globals'
import { isMailbox, maskMailbox, toAsciiMailbox } from './mailbox.ts'

test.each([
  ['person@example.com'],
  ["o'brien+codes@mail.example.com"],
  ['a@b.co'],
  ['x_1%&*=?^`{|}~.-!#$/@example.org'],
  ['person%other@example.com'],
  ['other.example!person@example.com'],
  ['person@3com.example'],
  ['person@example.x'],
  ['person@example.7-7x'],
  ['person@bücher.example'],
  ['person@例え.テスト'],
])('%s is a mailbox', address => expect(isMailbox(address)).toBe(true))

test.each([
  [''],
  ['cognito:default_val'],
  ['person'],
  ['example.com'],
  ['@example.com'],
  ['person@'],
  ['person@localhost'],
  ['person@example'],
  ['person@-example.com'],
  ['person@exa mple.com'],
  ['a@example.com,b@example.com'],
  ['a@example.com;b@example.com'],
  ['a@b@example.com'],
  ['Person <person@example.com>'],
  ['person@example.com\r\nBcc: other@example.com'],
  ['person\u0000@example.com'],
  ['pérson@example.com'],
  ['=?utf-8?q?other=40example.org=3e?=@example.com'],
  ['person@127.0.0.1'],
  ['person@１２７.0.0.1'],
  ['person@example.123'],
  ['person@example.com-'],
  ['person@example.com!'],
  ['person@exam\u00adple.com'],
  ['person@exam\u200bple.com'],
  [`${'a'.repeat(65)}@example.com`],
  [`a@${'a.'.repeat(200)}com`],
])('%j is not a mailbox', address => expect(isMailbox(address)).toBe(false))

test('a domain in another script is written in Punycode for SES', () => {
  expect(toAsciiMailbox('person@bücher.example')).toBe('person@xn--bcher-kva.example')
})

test('a domain in ASCII stays as it is written', () => {
  expect(toAsciiMailbox('Person@Mail.Example.com')).toBe('Person@Mail.Example.com')
})

test('a masked address shows two letters and nothing else, not even a length', () => {
  expect(maskMailbox('person@example.com')).toBe('p***@e***')
  expect(maskMailbox('p@e.co')).toBe('p***@e***')
  expect(maskMailbox('😀x@例え.テスト')).toBe('😀***@例***')
  expect(maskMailbox('')).toBe('***@***')
})
