// What counts as an address that mail can be sent to, and how an address is shown to somebody who may not know it.

const LOCAL_PART = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/
const DOMAIN = /^(?=.{4,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/i

/**
 * Whether `text` is one plain mailbox (`name@example.com`). Anything that could be read as a second address, a comment
 * or a header line is not. The local part must be ASCII, as SES asks; the domain may be written in any script.
 */
export function isMailbox(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1) return false
  return LOCAL_PART.test(text.slice(0, at)) && DOMAIN.test(toAsciiDomain(text.slice(at + 1)))
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

/** The domain in ASCII; '' where it is none. The global URL does it without a module to load. */
function toAsciiDomain(domain: string): string {
  if (/^[\x21-\x7e]*$/.test(domain)) return domain
  const url = `http://${domain}`
  return /[\s/\\?#:%@[\]]/.test(domain) || !URL.canParse(url) ? '' : new URL(url).hostname
}
