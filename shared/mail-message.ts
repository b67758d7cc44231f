// The mail as SES sends it: one MIME message (RFC 2045, RFC 5322) with a text part and an HTML part that say the same.
import { type ComposedMail, onOneLine } from './mail.ts'
import { toAsciiMailbox } from './mailbox.ts'
import type { Mailbox } from './settings.ts'

export type Envelope = {
  readonly from: Mailbox
  /** A mailbox (`isMailbox`), as the one of `replyTo`. */
  readonly to: string
  readonly replyTo: string | undefined
}

/** Has a letter that base64 has not, so no line of a part can be it. */
const BOUNDARY = '=_mail'

/** Of a line with an encoded word (RFC 2047, section 2), and of a line in base64 (RFC 2045, section 6.8). */
const LINE_LENGTH = 76

/** Nine characters are at most 36 bytes, and the word 60 characters: fewer than the 75 of RFC 2047, after `Subject: ` too. */
const ENCODED_WORD = /.{1,9}/gsu

/**
 * Writes the message, in ASCII. `Date` and `Message-ID` are left out: SES sets them.
 *
 * `Auto-Submitted` (RFC 3834, section 5) tells automatic responders not to answer.
 *
 * @example
 * const message = writeMessage(standardMail(parts), { from: settings.from, to: 'person@example.com', replyTo: undefined })
 */
export function writeMessage({ subject, text, html }: ComposedMail, { from, to, replyTo }: Envelope): string {
  return [
    header('From', mailboxWords(from)),
    header('To', [toAsciiMailbox(to)]),
    ...(replyTo === undefined ? [] : [header('Reply-To', [toAsciiMailbox(replyTo)])]),
    header('Subject', isPlain(subject) ? [subject] : encodedWords(subject)),
    'MIME-Version: 1.0',
    'Auto-Submitted: auto-generated',
    `Content-Type: multipart/alternative; boundary="${BOUNDARY}"`,
    '',
    ...part('text/plain', text),
    ...part('text/html', html),
    `--${BOUNDARY}--`,
    '',
  ].join('\r\n')
}

/** One header, folded between words where the line would be too long. No word can begin a header of its own. */
function header(name: string, [first = '', ...others]: readonly string[]): string {
  const lines = [`${name}: ${onOneLine(first)}`]
  for (const word of others.map(onOneLine)) {
    const longer = `${lines.at(-1)} ${word}`
    if (longer.length > LINE_LENGTH) lines.push(` ${word}`)
    else lines[lines.length - 1] = longer
  }
  return lines.join('\r\n')
}

function mailboxWords({ name, address }: Mailbox): readonly string[] {
  const ascii = toAsciiMailbox(address)
  if (name === undefined) return [ascii]
  const words = isPlain(name) ? [`"${name.replace(/["\\]/g, '\\$&')}"`] : encodedWords(name)
  return [...words, `<${ascii}>`]
}

/** Whether a text can stand in a header as it is: printable ASCII on one line that no reader takes for an encoded word. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]{0,60}$/.test(text) && !text.includes('=?')
}

/** The text in encoded words (RFC 2047), each of whole characters. */
function encodedWords(text: string): string[] {
  return [...onOneLine(text).matchAll(ENCODED_WORD)].map(([word]) => `=?UTF-8?B?${base64(word)}?=`)
}

function part(type: string, text: string): string[] {
  return [
    `--${BOUNDARY}`,
    `Content-Type: ${type}; charset=UTF-8`,
    'Content-Transfer-Encoding: base64',
    '',
    // The lines of a text end with CRLF, whatever the encoding (RFC 2045, section 6.8).
    ...[...base64(text.replace(/\r\n?|\n/g, '\r\n')).matchAll(/.{1,76}/g)].map(([line]) => line),
  ]
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
