// Sends the mail through Amazon SES: at most two tries, never a second one that could be a second mail of one round.
import { AwsService } from './aws-service.ts'
import type { Deadline } from './deadline.ts'
import { MailError, type MailFailure } from './errors.ts'
import type { ComposedMail } from './mail.ts'
import { toAsciiMailbox } from './mailbox.ts'
import type { CreateSettings, Mailbox } from './settings.ts'
import { field } from './trigger-event.ts'

export type Sent = { readonly region: string; readonly tries: number }

/**
 * Failures after which a second try is no second mail: SES said no, or was never reached. `elsewhere` is a first try
 * that SES may have carried out all the same; only the fallback region may take it over, with the same code in the mail.
 */
const SECOND_TRY: Readonly<Partial<Record<MailFailure, 'anywhere' | 'elsewhere'>>> = {
  throttled: 'anywhere',
  unavailable: 'anywhere',
  outage: 'elsewhere',
  unreachable: 'anywhere',
  unanswered: 'elsewhere',
}

const PAUSE_MILLISECONDS = 200
const THROTTLING: ReadonlySet<unknown> = new Set([
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'LimitExceededException',
])
const UNREACHABLE: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const services = new Map<string, AwsService>()

/**
 * Sends one mail within the deadline.
 *
 * @param to a mailbox, checked by the caller
 * @param onRetry called before the second try, with the failure of the first
 * @throws MailError with the failure of the last try
 */
export async function sendMail(
  mail: ComposedMail,
  to: string,
  settings: CreateSettings,
  deadline: Deadline,
  onRetry: (error: MailError) => void,
): Promise<Sent> {
  const { region, fallbackRegion } = settings
  try {
    await trySend(
      mail,
      to,
      settings,
      region,
      fallbackRegion ? deadline.remaining() / 2 : deadline.remaining(),
    )
    return { region, tries: 1 }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    const where = SECOND_TRY[error.failure]
    if (where === undefined || (where === 'elsewhere' && fallbackRegion === undefined)) throw error
    onRetry(error)
  }
  const secondRegion = fallbackRegion ?? region
  if (fallbackRegion === undefined) await pause(Math.min(PAUSE_MILLISECONDS, deadline.remaining()))
  await trySend(mail, to, settings, secondRegion, deadline.remaining())
  return { region: secondRegion, tries: 2 }
}

async function trySend(
  mail: ComposedMail,
  to: string,
  settings: CreateSettings,
  region: string,
  milliseconds: number,
): Promise<void> {
  if (milliseconds < 1) throw new MailError('deadline')
  const signal = AbortSignal.timeout(Math.floor(milliseconds))
  const answer = await sesIn(region)
    .post(FORM, requestFor(mail, to, settings), signal)
    .catch(error => {
      throw mailErrorOf(error)
    })
  const text = await answer.text().catch(error => {
    throw mailErrorOf(error, answer.status)
  })
  if (answer.status !== 200) throw mailErrorOf({ code: /<Code>(\w+)</.exec(text)?.[1] }, answer.status)
}

/** The body of SendEmail (Amazon SES API Reference, version 2010-12-01). */
function requestFor(mail: ComposedMail, to: string, settings: CreateSettings): string {
  const { from, replyToAddress, configurationSet } = settings
  const parameters = new URLSearchParams({
    Action: 'SendEmail',
    Version: '2010-12-01',
    Source: writeMailbox(from),
    'Destination.ToAddresses.member.1': toAsciiMailbox(to),
    'Message.Subject.Data': mail.subject,
    'Message.Subject.Charset': 'UTF-8',
    'Message.Body.Text.Data': mail.text,
    'Message.Body.Text.Charset': 'UTF-8',
    'Message.Body.Html.Data': mail.html,
    'Message.Body.Html.Charset': 'UTF-8',
    ...(replyToAddress && { 'ReplyToAddresses.member.1': toAsciiMailbox(replyToAddress) }),
    ...(configurationSet && { ConfigurationSetName: configurationSet }),
  })
  return parameters.toString()
}

function mailErrorOf(error: unknown, status?: number): MailError {
  return new MailError(failureOf(error, status), {
    code: errorCode(error),
    ...(status !== undefined && { status }),
  })
}

function failureOf(error: unknown, status: number | undefined): MailFailure {
  if (status === undefined) {
    const neverArrived = UNREACHABLE.has(field(error, 'code')) || field(error, 'onClosedSocket') === true
    return neverArrived ? 'unreachable' : 'unanswered'
  }
  if (status === 503) return 'unavailable'
  if (status >= 500) return 'outage'
  if (status === 429 || THROTTLING.has(field(error, 'code'))) return 'throttled'
  return status >= 400 ? 'refused' : 'broken-off'
}

/** The code of Node.js (`ECONNREFUSED`) or the name that SES gives its error; never a text that could quote an address. */
export function errorCode(error: unknown): string {
  const { code, name }: { readonly code?: unknown; readonly name?: unknown } = Object(error)
  for (const word of [code, name]) if (typeof word === 'string' && /^\w{1,64}$/.test(word)) return word
  return 'unknown'
}

/** SES in a region, with the connections of this process. */
export function sesIn(region: string): AwsService {
  const known = services.get(region)
  if (known !== undefined) return known
  const made = new AwsService('ses', region, true)
  services.set(region, made)
  return made
}

/** `Name <address>` as SES takes it: a name beyond ASCII as an encoded word (RFC 2047), any other quoted. */
function writeMailbox({ name, address }: Mailbox): string {
  if (name === undefined) return toAsciiMailbox(address)
  const written = /^[\x20-\x7e]*$/.test(name)
    ? `"${name.replace(/["\\]/g, '\\$&')}"`
    : name.replace(/.{1,10}/gsu, part => `${encodedWord(part)} `).trimEnd()
  return `${written} <${toAsciiMailbox(address)}>`
}

/** Ten characters are at most forty bytes, which stays below the 75 characters that RFC 2047 allows. */
function encodedWord(text: string): string {
  return `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
