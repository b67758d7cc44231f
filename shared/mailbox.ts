// What counts as an address that mail can be sent to, and how an address is shown to a person who may not know it.

const LOCAL_PART = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/
/** The last label holds a letter: `127.0.0.1` is no domain. */
const DOMAIN =
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+(?=[\d-]*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i

/**
 * Whether `text` is one plain mailbox (`name@example.com`). Anything that could be read as a second address, a comment
 * or a header line is not. The local part must be ASCII, as SES asks; the domain may be written in any script.
 *
 * `%` and `!` in the local part are allowed: only the server of the domain reads it (RFC 5321, section 2.3.11), and to
 * refuse them would lock their owners out. An encoded word (`=?utf-8?q?...?=`) is not: a mail server on the way may
 * decode it into another address. Invisible characters in a domain are not: they vanish when it is looked up.
 */
export function isMailbox(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1) return false
  const localPart = text.slice(0, at)
  return (
    LOCAL_PART.test(localPart) &&
    !/=\?.*\?=/.test(localPart) &&
    DOMAIN.test(toAsciiDomain(text.slice(at + 1)))
  )
}

/** The mailbox with its domain in ASCII (Punycode), as SES takes it. */
export function toAsciiMailbox(mailbox: string): string {
  const at = mailbox.lastIndexOf('@')
  return `${mailbox.slice(0, at)}@${toAsciiDomain(mailbox.slice(at + 1))}`
}

/** `p***@e***`, the form of Cognito's own CODE_DELIVERY_DESTINATION: says neither the length of the name nor the domain. */
export function maskMailbox(mailbox: string): string {
  const [firstOfName = ''] = mailbox
  const [firstOfDomain = ''] = mailbox.slice(mailbox.lastIndexOf('@') + 1)
  return `${firstOfName}***@${firstOfDomain}***`
}

/** The domain in ASCII; '' where it cannot be written so. The global URL does it without a module to load. */
function toAsciiDomain(domain: string): string {
  if (/^[\x21-\x7e]*$/.test(domain)) return domain
  const url = `http://${domain}`
  return /[\s\p{Cf}/\\?#:%@[\]]/u.test(domain) || !URL.canParse(url) ? '' : new URL(url).hostname
}
