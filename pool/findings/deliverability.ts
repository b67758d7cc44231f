// Findings on what becomes of the mail once SES has taken it: the inbox, the spam folder, or nowhere.
import { shellCommand } from '../../command/shell.ts'
import type { DeliveryFacts, PoolFacts } from '../pool-facts.ts'
import { type DnsRecord, dkimRecords, mailFromRecords, zoneLine } from '../sender-records.ts'
import { checkCommand, deployCommand, type Finding } from './finding.ts'
import { sesCommand } from './mail.ts'

/** Providers that let nobody else send from their addresses. */
const FREE_MAIL: ReadonlySet<string> = new Set([
  'aol.com',
  'gmail.com',
  'gmx.de',
  'gmx.net',
  'googlemail.com',
  'hotmail.com',
  'icloud.com',
  'live.com',
  'mail.ru',
  'me.com',
  'msn.com',
  'outlook.com',
  'proton.me',
  'qq.com',
  'web.de',
  'yahoo.co.jp',
  'yahoo.com',
  'yandex.ru',
  '163.com',
])

export function deliverabilityFindings(facts: PoolFacts): Finding[] {
  const { delivery } = facts
  if (delivery === undefined) return []
  return [
    ...probationFindings(facts, delivery),
    ...rateFindings(delivery),
    ...(FREE_MAIL.has(domainOf(delivery.fromAddress))
      ? [freeMail(facts, delivery)]
      : authenticationFindings(facts, delivery)),
    ...configurationSetFindings(delivery),
    ...suppressionFindings(delivery),
  ]
}

function probationFindings({ mail }: PoolFacts, { region }: DeliveryFacts): Finding[] {
  if (mail?.account?.EnforcementStatus !== 'PROBATION') return []
  return [
    {
      id: 'ses-probation',
      level: 'high',
      what: `SES in ${region} has the account under review (enforcement status PROBATION)`,
      why: 'Too many mails bounced or were reported as spam. SES stops sending if that does not change: answer the case that Details.ReviewDetails names.',
      fix: sesCommand('get-account', region, {}),
    },
  ]
}

/** What AWS does at which rate: https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html */
const RATE_LIMITS = {
  bounces: { id: 'ses-bounces', review: 0.05, pause: 0.1, happened: 'bounced', reason: 'BOUNCE' },
  complaints: {
    id: 'ses-complaints',
    review: 0.001,
    pause: 0.005,
    happened: 'were reported as spam',
    reason: 'COMPLAINT',
  },
} as const

function rateFindings({ region, rates }: DeliveryFacts): Finding[] {
  return (['bounces', 'complaints'] as const).flatMap(kind => {
    const { id, review, pause, happened, reason } = RATE_LIMITS[kind]
    const rate = rates?.[kind] ?? 0
    if (rate < review) return []
    return [
      {
        id,
        level: rate < pause ? 'medium' : 'high',
        what: `${percent(rate)} of the mails of the account in ${region} ${happened}`,
        why: `AWS reviews an account at ${percent(review)} and may stop it at ${percent(pause)}: then no user can sign in. The command lists the addresses.`,
        fix: sesCommand('list-suppressed-destinations', region, { reasons: reason }),
      },
    ]
  })
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`
}

function freeMail(facts: PoolFacts, { fromAddress }: DeliveryFacts): Finding {
  return {
    id: 'ses-free-mail',
    level: 'high',
    what: `The sender ${fromAddress} is at a free mail provider`,
    why: "The provider's DMARC policy and spam filters treat mail from its addresses that it did not send as forged. Send from a domain of your own.",
    fix: deployCommand(facts, 'FromAddress=no-reply@YOUR.DOMAIN'),
  }
}

/** DKIM, SPF and DMARC. What SES did not say is not a finding. */
function authenticationFindings(facts: PoolFacts, delivery: DeliveryFacts): Finding[] {
  const { region, fromAddress, identity, dkim, mailFrom, dmarc } = delivery
  const domain = domainOf(fromAddress)
  const found: Finding[] = []
  const signs = dkim === undefined || (dkim.Status === 'SUCCESS' && dkim.SigningEnabled !== false)
  const aligns = mailFrom === undefined || mailFrom.MailFromDomainStatus === 'SUCCESS'
  if (!signs && !aligns) {
    found.push({
      id: 'ses-unaligned',
      level: 'high',
      what: `Nothing proves that mail from ${fromAddress} comes from ${domain}: DKIM does not sign for it, and SPF covers amazonses.com only`,
      why: 'Such mail fails DMARC: the large providers put it into the spam folder or refuse it. Setting up DKIM is enough.',
      fix: sesCommand('get-email-identity', region, { 'email-identity': identity }),
    })
  }
  if (!signs) found.push(dkimFinding(delivery))
  if (!aligns) found.push(mailFromFinding(delivery))
  if (dmarc === '') {
    found.push({
      id: 'ses-dmarc',
      level: 'medium',
      what: `${domain} has no DMARC record`,
      why: 'Gmail and Yahoo ask senders for one. Start with p=none, which changes nothing for other mail of the domain; then run check again.',
      records: [`_dmarc.${domain}. 3600 IN TXT "v=DMARC1; p=none"`],
      fix: checkCommand(facts, {}),
    })
  }
  return found
}

function dkimFinding({ region, identity, dkim, fromAddress, published }: DeliveryFacts): Finding {
  const isVerified = dkim?.Status === 'SUCCESS'
  const { records, what } = toPublish(isVerified ? [] : dkimRecords(domainOf(identity), dkim), published)
  return {
    id: 'ses-dkim',
    level: 'medium',
    what: isVerified
      ? `DKIM signing of ${identity} in ${region} is switched off`
      : `DKIM of ${identity} in ${region} is not verified (status ${dkim?.Status ?? 'unknown'})`,
    why: `Mail from ${fromAddress} carries no signature of its domain, which the large providers ask for.${what}`,
    ...(records.length > 0 && { records }),
    fix: isVerified
      ? sesCommand('put-email-identity-dkim-attributes', region, {
          'email-identity': identity,
          'signing-enabled': true,
        })
      : sesCommand('get-email-identity', region, { 'email-identity': identity }),
  }
}

function mailFromFinding({ region, identity, mailFrom, published }: DeliveryFacts): Finding {
  const isSet = Boolean(mailFrom?.MailFromDomain)
  const domain = mailFrom?.MailFromDomain || `mail.${domainOf(identity)}`
  const refuses = isSet && mailFrom?.BehaviorOnMxFailure === 'REJECT_MESSAGE'
  const { records, what } = toPublish(mailFromRecords(domain, region), isSet ? published : undefined)
  return {
    id: 'ses-mail-from',
    level: refuses ? 'high' : isSet ? 'medium' : 'low',
    what: isSet
      ? `The MAIL FROM domain ${domain} of ${identity} is not verified (status ${mailFrom?.MailFromDomainStatus ?? 'unknown'})`
      : `${identity} has no MAIL FROM domain of its own`,
    why: refuses
      ? `SES refuses every mail until it finds the records.${what}`
      : `SPF then covers amazonses.com instead of your domain, and DMARC depends on DKIM alone.${what}`,
    ...(records.length > 0 && { records }),
    fix: sesCommand('put-email-identity-mail-from-attributes', region, {
      'email-identity': identity,
      'mail-from-domain': domain,
    }),
  }
}

/** The lines that DNS lacks, as far as it was asked, and what to do about them. */
function toPublish(wanted: readonly DnsRecord[], published: ReadonlySet<string> | undefined) {
  const lines = wanted.map(zoneLine)
  const records = lines.filter(line => !published?.has(line))
  if (lines.length === 0) return { records, what: '' }
  if (records.length === 0) return { records, what: ' DNS has the records; SES finds them within 72 hours.' }
  const lacks = published === undefined ? '' : ' DNS lacks them.'
  return { records, what: ` Publish these records; SES finds them within 72 hours.${lacks}` }
}

function configurationSetFindings({ region, configurationSet }: DeliveryFacts): Finding[] {
  if (configurationSet === undefined) return []
  const { name, sendingEnabled, eventDestinations } = configurationSet
  const found: Finding[] = []
  if (!sendingEnabled) {
    found.push({
      id: 'ses-configuration-set-paused',
      level: 'high',
      what: `The configuration set ${name} in ${region} does not send`,
      why: 'Every mail is refused with ConfigurationSetSendingPaused, so no user can sign in.',
      fix: sesCommand('put-configuration-set-sending-options', region, {
        'configuration-set-name': name,
        'sending-enabled': true,
      }),
    })
  }
  for (const { Name = '', ...destination } of eventDestinations) {
    const types = destination.MatchingEventTypes ?? []
    const kept = types.filter(type => type !== 'OPEN' && type !== 'CLICK')
    if (destination.Enabled === false || kept.length === types.length) continue
    const without = { ...destination, MatchingEventTypes: kept }
    const options = { region, 'configuration-set-name': name, 'event-destination-name': Name }
    found.push({
      id: 'ses-tracking',
      level: 'medium',
      what: `The event destination ${Name} of the configuration set ${name} tracks who opens or clicks`,
      why: 'SES adds an invisible image to the mail and rewrites its links: filters and people trust a code mail less for it.',
      fix:
        kept.length === 0
          ? shellCommand('aws sesv2 delete-configuration-set-event-destination', options)
          : shellCommand('aws sesv2 update-configuration-set-event-destination', {
              ...options,
              'event-destination': JSON.stringify(without),
            }),
    })
  }
  return found
}

function suppressionFindings({ region, suppressed }: DeliveryFacts): Finding[] {
  if (suppressed === undefined) return []
  return [
    {
      id: 'ses-suppressed',
      level: 'medium',
      what: `${suppressed.address} is on the suppression list of the account in ${region} (${suppressed.reason})`,
      why: 'SES accepts mail to this address and sends none: the user never gets a code. Remove it when the mailbox works again.',
      fix: sesCommand('delete-suppressed-destination', region, { 'email-address': suppressed.address }),
    },
  ]
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
