// Sends the code of a round to the user, or takes the same time for a user who gets no mail.
import { deriveCode } from './code.ts'
import { type CodeRound, referenceOf } from './code-round.ts'
import type { Deadline } from './deadline.ts'
import { CodeNotSentError, MailError } from './errors.ts'
import { en } from './locales/en.ts'
import { chooseLocale } from './locales.ts'
import { type LogEntry, log } from './log.ts'
import { composeMail, languagesOf } from './mail-module.ts'
import { isMailbox } from './mailbox.ts'
import { ownMail } from './own-mail.ts'
import { errorCode, sendMail } from './ses.ts'
import type { CreateSettings } from './settings.ts'
import type { TriggerEvent } from './trigger-event.ts'

const languages = languagesOf(ownMail)

/** How long the last mail took in this process; the first guess is a usual answer of SES. */
let mailMilliseconds = 150

/**
 * Mails the code of the round.
 *
 * @param facts what every log line of this call holds
 * @throws CodeNotSentError, the same for every cause; the cause goes to the log, without addresses
 */
export async function mailCode(
  event: TriggerEvent,
  round: CodeRound,
  settings: CreateSettings,
  deadline: Deadline,
  facts: Omit<LogEntry, 'event'>,
): Promise<void> {
  const startedAt = performance.now()
  const taken = () => Math.round(performance.now() - startedAt)
  const address = event.userAttributes['email'] ?? ''
  const locale = chooseLocale(
    [event.userAttributes['locale'], event.clientMetadata['locale']],
    settings.defaultLocale,
    languages,
  )
  const parts = {
    code: deriveCode(settings.codeSecrets[0], { ...event, nonce: round.nonce }, settings.codeLength),
    appName: settings.appName,
    reference: referenceOf(round.nonce),
    // Rounded down so that the mail never promises too much.
    minutes: Math.floor(settings.codeTtlSeconds / 60),
    locale,
    texts: languages[locale] ?? en,
    brandColor: settings.brandColor,
    footer: settings.mailFooter[chooseLocale([locale], settings.defaultLocale, settings.mailFooter)],
  }
  const mail = composeMail(ownMail, parts, () => log('warn', { event: 'own-mail-broken', ...facts, locale }))
  const emailVerified = event.userAttributes['email_verified']?.toLowerCase() === 'true'
  try {
    if (address === '') throw new MailError('no-address')
    if (!isMailbox(address)) throw new MailError('not-a-mailbox')
    if (!emailVerified && settings.unverifiedEmail === 'refuse') throw new MailError('unverified-address')
    const sent = await sendMail(mail, address, settings, deadline, error =>
      log('warn', { event: 'mail-retried', ...facts, ...causeOf(error) }),
    )
    const milliseconds = taken()
    mailMilliseconds = milliseconds
    log('info', {
      event: 'code-sent',
      ...facts,
      ...sent,
      locale,
      milliseconds,
      emailVerified,
    })
  } catch (error) {
    log('error', { event: 'code-not-sent', ...facts, ...causeOf(error), milliseconds: taken() })
    throw new CodeNotSentError()
  }
}

/** What the log says of a failed mail: words and numbers, never a text of SES or Node.js, which may quote an address. */
function causeOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof MailError)) return { failure: 'unexpected', code: errorCode(error) }
  const { failure, code, status } = error
  return {
    failure,
    code,
    status,
    ...(code?.startsWith('AccessDenied') && { missingRight: 'ses:SendRawEmail' }),
  }
}

/** Waits about as long as a mail takes, so that an unknown user cannot be told from a known one by the time. */
export async function waitLikeAMail(deadline: Deadline): Promise<void> {
  const milliseconds = mailMilliseconds * (0.9 + 0.2 * Math.random())
  await new Promise(resolve => setTimeout(resolve, Math.min(milliseconds, deadline.remaining())))
}
