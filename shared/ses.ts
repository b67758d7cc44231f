// Sends the mail through Amazon SES: at most two tries, never a second one that could be a second mail of one round.
import { Agent as HttpAgent } from 'node:http'
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses'
import type { Deadline } from './deadline.ts'
import { EarlyAgent, prepareRequest } from './early-connection.ts'
import { MailError, type MailFailure } from './errors.ts'
import { lambdaClientSettings } from './lambda-sdk.ts'
import type { ComposedMail } from './mail.ts'
import { writeMessage } from './mail-message.ts'
import { toAsciiMailbox } from './mailbox.ts'
import type { CreateSettings } from './settings.ts'
import { field } from './trigger-event.ts'

export type Sent = { readonly region: string; readonly tries: number }

/** Failures after which a second try is no second mail: SES said no, or was never reached. */
const NOTHING_SENT: ReadonlySet<MailFailure> = new Set(['throttled', 'unavailable', 'unreachable'])
/**
 * Failures of a first try that SES may have carried out all the same; only the fallback region may take it over, with the
 * same code in the mail.
 */
const MAYBE_SENT: ReadonlySet<MailFailure> = new Set(['outage', 'unanswered'])

const PAUSE_MILLISECONDS = 200
/** Longer than a closed connection takes to say so inside a region, shorter than SES takes to answer. */
const STALE_MILLISECONDS = 50
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

const clients = new Map<string, { readonly client: SESClient; readonly agent: EarlyAgent }>()

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
    const mayFollow = NOTHING_SENT.has(error.failure)
    if (!mayFollow && !(MAYBE_SENT.has(error.failure) && fallbackRegion !== undefined)) throw error
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
  const command = commandFor(mail, to, settings)
  let answered = false
  command.middlewareStack.add(
    next => async args => {
      const result = await next(args)
      answered = true
      return result
    },
    { step: 'deserialize', priority: 'low' },
  )
  const { client } = clientOf(region)
  const abortSignal = AbortSignal.timeout(Math.floor(milliseconds))
  try {
    await client.send(command, { abortSignal })
  } catch (error) {
    throw mailErrorOf(error, answered)
  }
}

function commandFor(mail: ComposedMail, to: string, settings: CreateSettings): SendRawEmailCommand {
  const { from, replyToAddress: replyTo, configurationSet } = settings
  return new SendRawEmailCommand({
    RawMessage: { Data: Buffer.from(writeMessage(mail, { from, to, replyTo })) },
    // Whatever the message says, it goes nowhere else.
    Destinations: [toAsciiMailbox(to)],
    ...(configurationSet && { ConfigurationSetName: configurationSet }),
  })
}

/** Makes the client and a request ready, and with `connect` the connection that the first mail is sent over. Never rejects. */
export async function prepareSes(settings: CreateSettings, connect: boolean): Promise<void> {
  const { client, agent } = clientOf(settings.region)
  const command = commandFor({ subject: '', text: '', html: '' }, settings.from.address, settings)
  await prepareRequest(command, () => client.send(command), connect ? agent : undefined)
}

function mailErrorOf(error: unknown, answered: boolean): MailError {
  const status = field(field(error, '$metadata'), 'httpStatusCode')
  return new MailError(failureOf(error, status, answered), {
    code: errorCode(error),
    ...(typeof status === 'number' && { status }),
  })
}

function failureOf(error: unknown, status: unknown, answered: boolean): MailFailure {
  if (status === 503) return 'unavailable'
  if (typeof status === 'number' && status >= 500) return 'outage'
  if (status === 429 || THROTTLING.has(field(error, 'name'))) return 'throttled'
  if (typeof status === 'number' && status >= 400) return 'refused'
  if (answered) return 'broken-off'
  if (UNREACHABLE.has(field(error, 'code')) || field(error, 'onClosedSocket') === true) return 'unreachable'
  return 'unanswered'
}

/** The code of Node.js (`ECONNREFUSED`) or the name that SES gives its error; never a text that could quote an address. */
export function errorCode(error: unknown): string {
  const { code, name }: { readonly code?: unknown; readonly name?: unknown } = Object(error)
  for (const word of [code, name]) if (typeof word === 'string' && /^\w{1,64}$/.test(word)) return word
  return 'unknown'
}

/** One client a region and process. Its own retries are off: it would repeat a request that may have been carried out. */
function clientOf(region: string) {
  const known = clients.get(region)
  if (known !== undefined) return known
  const agent = marking(new EarlyAgent())
  const client = new SESClient({
    ...lambdaClientSettings(region),
    requestHandler: { httpAgent: marking(new HttpAgent({ keepAlive: true })), httpsAgent: agent },
  })
  const made = { client, agent }
  clients.set(region, made)
  return made
}

/**
 * A kept connection that SES has closed in the meantime fails at once (Node.js documentation, `request.reusedSocket`):
 * such an error is marked. One that comes later may have been a request on its way, and is not.
 */
function marking<Kind extends HttpAgent>(agent: Kind): Kind {
  const reuseSocket = agent.reuseSocket.bind(agent)
  agent.reuseSocket = (socket, request) => {
    reuseSocket(socket, request)
    const takenAt = performance.now()
    request.prependOnceListener('error', error => {
      const onClosedSocket = performance.now() - takenAt < STALE_MILLISECONDS
      Object.assign(error, { onClosedSocket })
    })
  }
  return agent
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
