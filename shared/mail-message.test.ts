// The message that SES gets: read back by a parser of mails, it is what was written, whatever the names and texts hold.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { readSentMail } from '../recording/raw-mail.ts'
import { LOCALES, MAIL_TEXTS } from './locales.ts'
import { type ComposedMail, standardMail } from './mail.ts'
import { type Envelope, writeMessage } from './mail-message.ts'

const MAIL: ComposedMail = { subject: 'Your code', text: '123456\n\nA text\n', html: '<p>123456</p>\n' }
const ENVELOPE: Envelope = {
  from: { name: 'Example', address: 'no-reply@example.com' },
  to: 'person@example.com',
  replyTo: undefined,
}

const written = (mail: Partial<ComposedMail> = {}, envelope: Partial<Envelope> = {}) =>
  writeMessage({ ...MAIL, ...mail }, { ...ENVELOPE, ...envelope })
const withName = (name: string) => written({}, { from: { ...ENVELOPE.from, name } })

/** The names of the headers before the parts, in their order. */
function headerNames(message: string): string[] {
  const [head = ''] = message.split('\r\n\r\n')
  return head
    .split(/\r\n(?![ \t])/)
    .map(line => /^[!-9;-~]+(?=: )/.exec(line)?.[0] ?? `not a header: ${line}`)
}

const HEADERS = ['From', 'To', 'Subject', 'MIME-Version', 'Auto-Submitted', 'Content-Type']

/** Texts of any kind, those that look like headers, parts and encoded words among them. */
const anyText = fc.oneof(
  { withCrossShrink: true },
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom('\r', '\n', '=?', '?=', '"', '\\', '<', '>', ':', ' ', '-', '=_mail', 'é', '😀'),
  }),
  fc.constantFrom(
    'Example\r\nBcc: everybody@example.com',
    'Example\u2028Bcc: everybody@example.com',
    '" <other@example.com>, "',
    '=?UTF-8?B?QmNj?=',
    '--=_mail--',
    'العربية',
    '株式会社サンプル'.repeat(20),
    'a'.repeat(2_000),
  ),
)

/** A half of a surrogate pair is no character: it is written as U+FFFD. */
const wellFormed = (text: string) => Buffer.from(text).toString()

/** What stays of a text in a header: one line; blanks at its ends are nothing. */
const inHeader = (text: string) => wellFormed(text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')).trim()

/** What stays of a text in a part: its lines end with CRLF on the way. */
const inBody = (text: string) => wellFormed(text).replace(/\r\n?/g, '\n')

test('the message has the headers that help, and leaves Date and Message-ID to SES', async () => {
  expect(headerNames(written())).toEqual(HEADERS)
  const message = written({}, { replyTo: 'help@bücher.example' })
  expect(headerNames(message)).toEqual(['From', 'To', 'Reply-To', ...HEADERS.slice(2)])
  const { headers, from, to, replyTo, text, html } = await simpleParser(message)
  expect(message).toContain('\r\nReply-To: help@xn--bcher-kva.example\r\n')
  expect(headers.get('auto-submitted')).toBe('auto-generated')
  expect(from?.text).toBe('"Example" <no-reply@example.com>')
  expect([to, replyTo].flat().map(it => it?.text)).toEqual(['person@example.com', 'help@bücher.example'])
  expect([text, html]).toEqual([MAIL.text, MAIL.html])
})

test('a sender without a name is the address alone', () => {
  const message = written({}, { from: { name: undefined, address: 'no-reply@bücher.example' } })
  expect(message).toMatch(/^From: no-reply@xn--bcher-kva\.example\r\nTo: /)
})

test('the message is written in exactly this way', () => {
  const message = written(
    {
      subject: 'Ihr Anmeldecode für Müller & Söhne (KDQB)',
      text: 'Er ist 3 Minuten gültig.\n\rGeben Sie diesen Code an niemanden weiter.\r\n',
    },
    { from: { name: 'Müller & Söhne', address: 'no-reply@müller.example' }, replyTo: 'help@example.com' },
  )
  expect(message.split('\r\n')).toEqual([
    'From: =?UTF-8?B?TcO8bGxlciAmIA==?= =?UTF-8?B?U8O2aG5l?=',
    ' <no-reply@xn--mller-kva.example>',
    'To: person@example.com',
    'Reply-To: help@example.com',
    'Subject: =?UTF-8?B?SWhyIEFubWVs?= =?UTF-8?B?ZGVjb2RlIGbDvA==?=',
    ' =?UTF-8?B?ciBNw7xsbGVyIA==?= =?UTF-8?B?JiBTw7ZobmUgKA==?=',
    ' =?UTF-8?B?S0RRQik=?=',
    'MIME-Version: 1.0',
    'Auto-Submitted: auto-generated',
    'Content-Type: multipart/alternative; boundary="=_mail"',
    '',
    '--=_mail',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: base64',
    '',
    'RXIgaXN0IDMgTWludXRlbiBnw7xsdGlnLg0KDQpHZWJlbiBTaWUgZGllc2VuIENvZGUgYW4gbmll',
    'bWFuZGVuIHdlaXRlci4NCg==',
    '--=_mail',
    'Content-Type: text/html; charset=UTF-8',
    'Content-Transfer-Encoding: base64',
    '',
    'PHA+MTIzNDU2PC9wPg0K',
    '--=_mail--',
    '',
  ])
})

describe.each(LOCALES.map(locale => [locale]))('in %s', locale => {
  test('the standard mail arrives as it was written', async () => {
    const mail = standardMail({
      code: '012345',
      appName: '株式会社サンプル',
      reference: 'KDQB',
      minutes: 3,
      locale,
      texts: MAIL_TEXTS[locale],
      brandColor: undefined,
      footer: undefined,
    })
    const { subject, text, html, attachments } = await simpleParser(written(mail))
    expect({ subject, text, html, attachments }).toEqual({ ...mail, attachments: [] })
  })
})

test('a header is folded where a word would go beyond 76 characters, and stays on one line up to there', () => {
  const linesFrom = (length: number) => {
    const address = `${'a'.repeat(length - 'From: "Example" <@example.com>'.length)}@example.com`
    const [head = ''] = written({}, { from: { name: 'Example', address } }).split('\r\nTo: ')
    return head.split('\r\n').map(line => line.length)
  }
  expect(linesFrom(76)).toEqual([76])
  expect(linesFrom(77)).toEqual(['From: "Example"'.length, 77 - 'From: "Example"'.length])
})

test('a text stands in a header as it is while it is plain: up to 60 characters of ASCII, and no encoded word', () => {
  const subjectOf = (subject: string) => /\r\nSubject: (.*)/.exec(written({ subject }))?.[1]
  for (const subject of ['a'.repeat(60), 'A ~tilde', 'a = b?', '']) expect(subjectOf(subject)).toBe(subject)
  const encoded = ['a'.repeat(61), '\u007fa', 'a\u007f', '\u007f', 'é', 'éa', 'aé', '=?UTF-8?B?QmNj?=']
  for (const subject of encoded) expect(subjectOf(subject)).toMatch(/^=\?UTF-8\?B\?/)
  expect(withName('a "b" \\ c')).toContain('From: "a \\"b\\" \\\\ c" <no-reply@example.com>\r\n')
})

describe('whatever the sender is called and the mail says', () => {
  test('the message is ASCII in short lines, and no text adds a header or ends a part', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (name, subject, text, html) => {
        const message = written({ subject, text, html }, { from: { ...ENVELOPE.from, name } })
        expect(message).toMatch(/^[\x20-\x7e\r\n]*$/)
        const lines = message.split('\r\n')
        expect(lines.filter(line => line.length > 78 || /[\r\n]/.test(line))).toEqual([])
        expect(headerNames(message)).toEqual(HEADERS)
        expect(lines.filter(line => line.startsWith('--'))).toEqual(['--=_mail', '--=_mail', '--=_mail--'])
      }),
    )
  })

  test('a parser of mails reads the same sender, subject and bodies, and so does the stand-in of SES', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyText, async (name, subject, more) => {
        const mail = { subject, text: `123456\n${more}`, html: `<p>123456</p>${more}` }
        const message = written(mail, { from: { ...ENVELOPE.from, name } })
        const parsed = await simpleParser(message)
        const [sender] = parsed.from?.value ?? []
        const read = { subject: inHeader(subject), text: inBody(mail.text), html: inBody(mail.html) }
        expect({ ...sender, name: sender?.name.trim() }).toEqual({ ...ENVELOPE.from, name: inHeader(name) })
        expect({ subject: parsed.subject?.trim() ?? '', text: parsed.text, html: parsed.html }).toEqual(read)
        const data = Buffer.from(message).toString('base64')
        const sent = readSentMail(new URLSearchParams({ 'RawMessage.Data': data }))
        expect({ ...sent, subject: sent.subject.trim() }).toEqual({ ...read, to: '' })
      }),
    )
  })

  test('an encoded word has at most 75 characters, and whole characters only', () => {
    fc.assert(
      fc.property(anyText, name => {
        for (const word of withName(name).match(/=\?UTF-8\?B\?[^?]*\?=/g) ?? []) {
          expect(word.length).toBeLessThanOrEqual(75)
          const bytes = Buffer.from(word.slice('=?UTF-8?B?'.length, -2), 'base64')
          expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).not.toThrow()
        }
      }),
    )
  })
})
