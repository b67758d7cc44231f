// Which requests the servers of this machine refuse: those under a foreign name, and writes from a foreign page.
import type { IncomingHttpHeaders } from 'node:http'

const LOOPBACK_ADDRESS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

/**
 * A name that merely resolves to this machine is not enough: the browser takes a page under such a name for the
 * owner of what it reads here (DNS rebinding).
 * @returns why the request is refused; undefined for a request to this machine under one of its own names.
 */
export function foreignHost({ host }: IncomingHttpHeaders): string | undefined {
  if (host !== undefined && LOOPBACK_ADDRESS.test(host)) return undefined
  return 'The Host header must be localhost, 127.0.0.1 or [::1].'
}

/** Whether a page of this machine sent the request, at any port. */
export function isLoopbackOrigin(origin: string): boolean {
  return LOOPBACK_ADDRESS.test(origin.replace(/^https?:\/\//, ''))
}

/**
 * Browsers name the page that sends a POST; tools name none.
 * @returns why the request is refused; undefined for one from the server's own page or from no page.
 */
export function foreignPage({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (origin === undefined || origin === `http://${host}`) return undefined
  return 'A page of another origin must not change anything here.'
}
