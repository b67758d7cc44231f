// Reads the mails that the triggers send through SES, as a mail client shows them.

export type SentMail = {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/**
 * Reads a mail that shared/mail-message.ts wrote. What is missing is ''.
 *
 * @param parameters of a call of SendRawEmail
 * @example readSentMail(new URLSearchParams('Destinations.member.1=person%40example.com')).to // 'person@example.com'
 */
export function readSentMail(parameters: URLSearchParams): SentMail {
  const message = decode(parameters.get('RawMessage.Data') ?? '')
  const [headers = '', ...parts] = message.split('\r\n--')
  return {
    to: parameters.get('Destinations.member.1') ?? '',
    subject: decodeWords(headerOf(headers, 'Subject')),
    text: bodyOf(parts, 'text/plain'),
    html: bodyOf(parts, 'text/html'),
  }
}

function headerOf(headers: string, name: string): string {
  const unfolded = headers.replace(/\r\n(?=[ \t])/g, '')
  return new RegExp(`^${name}: (.*)$`, 'mi').exec(unfolded)?.[1] ?? ''
}

/** Encoded words (RFC 2047): the blanks between two of them are not part of the text. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?B\?([\w+/=]*)\?=/gi, (_, word: string) => decode(word))
}

function bodyOf(parts: readonly string[], type: string): string {
  const part = parts.find(it => headerOf(it, 'Content-Type').startsWith(type)) ?? ''
  return decode(part.slice(part.indexOf('\r\n\r\n'))).replaceAll('\r\n', '\n')
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
