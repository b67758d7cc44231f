// Reads what decides whether a mail reaches the inbox: the sending identity, its configuration set, suppression, DMARC in DNS.
import { Resolver } from 'node:dns/promises'
import type { Aws } from './aws.ts'
import { ifFound } from './aws-errors.ts'
import type { DeliveryFacts, MailFacts } from './pool-facts.ts'
import { type DnsRecord, dkimRecords, mailFromRecords, zoneLine } from './sender-records.ts'

/** Reads one thing; what cannot be read is noted, and the rest continues. */
type Tried = <Value>(
  what: string,
  actions: readonly string[],
  read: () => Promise<Value>,
  options: { readonly minor: boolean },
) => Promise<Value | undefined>

const MINOR = { minor: true }
const DNS_MILLISECONDS = 2_000
const DAY_MILLISECONDS = 86_400_000
const RATES = { bounces: 'Reputation.BounceRate', complaints: 'Reputation.ComplaintRate' }

/** @returns undefined while there is no verified sender: other findings come first then */
export async function readDelivery(
  aws: Aws,
  mail: MailFacts,
  email: string | undefined,
  tried: Tried,
): Promise<DeliveryFacts | undefined> {
  const { region, fromAddress, sender, account } = mail
  const identity = sender?.identity
  if (fromAddress === undefined || sender === undefined || identity === undefined) return undefined
  const described = await tried(
    `The identity ${identity}`,
    ['ses:GetEmailIdentity'],
    async () => {
      const { client, GetEmailIdentityCommand } = await aws.ses(region)
      return client.send(new GetEmailIdentityCommand({ EmailIdentity: identity }))
    },
    MINOR,
  )
  const named = mail.configurationSet?.name ?? sender.configurationSet
  const set =
    named === undefined
      ? undefined
      : await tried(
          `The configuration set ${named}`,
          ['ses:GetConfigurationSet', 'ses:GetConfigurationSetEventDestinations'],
          () => readConfigurationSet(aws, region, named),
          MINOR,
        )
  const suppressed =
    email === undefined
      ? undefined
      : await tried(
          `Whether ${email} is on the suppression list`,
          ['ses:GetSuppressedDestination'],
          () => suppressionOf(aws, region, email),
          MINOR,
        )
  // A list that is switched off for a reason does not stop mail to the addresses on it.
  const reasons = set?.suppressedReasons ?? account?.SuppressionAttributes?.SuppressedReasons
  const isInForce = reasons === undefined || reasons.some(reason => reason === suppressed?.reason)
  const domain = domainOf(fromAddress)
  const { DkimAttributes: dkim, MailFromAttributes: mailFrom } = described ?? {}
  const waitedFor = [
    ...(dkim?.Status === 'SUCCESS' ? [] : dkimRecords(domainOf(identity), dkim)),
    ...(mailFrom?.MailFromDomainStatus === 'SUCCESS' || !mailFrom?.MailFromDomain
      ? []
      : mailFromRecords(mailFrom.MailFromDomain, region)),
  ]
  return {
    region,
    fromAddress,
    identity,
    dkim,
    mailFrom,
    configurationSet: set,
    rates: await tried(
      `The bounce and complaint rates of the account in ${region}`,
      ['cloudwatch:GetMetricData'],
      () => ratesOf(aws, region),
      MINOR,
    ),
    suppressed: isInForce ? suppressed : undefined,
    published:
      waitedFor.length > 0 && asksDns()
        ? await tried(`The records of ${identity} in DNS`, [], () => publishedOf(waitedFor), MINOR)
        : undefined,
    dmarc: asksDns()
      ? await tried(`The DMARC record of ${domain} in DNS`, [], () => dmarcOf(domain), MINOR)
      : undefined,
  }
}

/** undefined for a set that does not exist, which is a finding of its own if it is in the settings. */
async function readConfigurationSet(aws: Aws, region: string, name: string) {
  const ses = await aws.ses(region)
  const { client, GetConfigurationSetCommand, GetConfigurationSetEventDestinationsCommand } = ses
  const its = await ifFound(client.send(new GetConfigurationSetCommand({ ConfigurationSetName: name })))
  if (its === undefined) return undefined
  const { EventDestinations = [] } = await client.send(
    new GetConfigurationSetEventDestinationsCommand({ ConfigurationSetName: name }),
  )
  return {
    name,
    sendingEnabled: its.SendingOptions?.SendingEnabled !== false,
    eventDestinations: EventDestinations,
    suppressedReasons: its.SuppressionOptions?.SuppressedReasons,
  }
}

/** SES publishes no rate while nothing has bounced or been reported ([AWS](https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html)). */
async function ratesOf(aws: Aws, region: string) {
  const { client, GetMetricDataCommand } = await aws.cloudWatch(region)
  const now = Date.now()
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 7 * DAY_MILLISECONDS),
      EndTime: new Date(now),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: Object.entries(RATES).map(([Id, MetricName]) => ({
        Id,
        MetricStat: { Metric: { Namespace: 'AWS/SES', MetricName }, Period: 3600, Stat: 'Average' },
      })),
    }),
  )
  const newest = (id: keyof typeof RATES) => MetricDataResults.find(({ Id }) => Id === id)?.Values?.[0]
  return { bounces: newest('bounces'), complaints: newest('complaints') }
}

async function suppressionOf(aws: Aws, region: string, address: string) {
  const { client, GetSuppressedDestinationCommand } = await aws.ses(region)
  const command = new GetSuppressedDestinationCommand({ EmailAddress: address })
  const found = await ifFound(client.send(command))
  return found && { address, reason: found.SuppressedDestination?.Reason ?? 'unknown' }
}

/** The public DNS says nothing about what a stand-in for AWS answers. */
function asksDns(): boolean {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SESV2, CHECK_DNS_SERVER } = process.env
  return Boolean(CHECK_DNS_SERVER) || !(AWS_ENDPOINT_URL || AWS_ENDPOINT_URL_SESV2)
}

/**
 * The policy of the domain, or of the next one above it that has one (RFC 7489, section 6.6.3, asks the organizational domain;
 * the walk up the tree finds it without a list of public suffixes, as its successor does).
 *
 * @returns the record, or '' without one
 * @throws Error with a code of `node:dns` if the servers do not answer
 */
async function dmarcOf(domain: string): Promise<string> {
  const resolver = startResolver()
  const labels = domain.split('.')
  for (let start = 0; start < labels.length - 1; start += 1) {
    const records = await orNone(resolver.resolveTxt(`_dmarc.${labels.slice(start).join('.')}`))
    const policy = records.map(parts => parts.join('')).find(record => /^v=DMARC1\b/i.test(record))
    if (policy !== undefined) return policy
  }
  return ''
}

/** Those of the records that DNS has, as lines of `zoneLine`. */
async function publishedOf(wanted: readonly DnsRecord[]): Promise<ReadonlySet<string>> {
  const resolver = startResolver()
  const found = await Promise.all(
    wanted.map(async record => ((await isIn(resolver, record)) ? [zoneLine(record)] : [])),
  )
  return new Set(found.flat())
}

async function isIn(resolver: Resolver, { name, type, value }: DnsRecord): Promise<boolean> {
  if (type === 'CNAME')
    return (await orNone(resolver.resolveCname(name))).some(target => `${target.toLowerCase()}.` === value)
  if (type === 'MX')
    return (await orNone(resolver.resolveMx(name))).some(({ exchange }) =>
      value.endsWith(` ${exchange.toLowerCase()}.`),
    )
  // SPF of this name may allow other senders too.
  return (await orNone(resolver.resolveTxt(name))).some(parts =>
    /^v=spf1\b.*\binclude:amazonses\.com\b/i.test(parts.join('')),
  )
}

function startResolver(): Resolver {
  const resolver = new Resolver({ timeout: DNS_MILLISECONDS, tries: 1 })
  const server = process.env['CHECK_DNS_SERVER']
  if (server) resolver.setServers([server])
  return resolver
}

const ABSENT = new Set(['ENOTFOUND', 'ENODATA'])

/** @throws Error with a code of `node:dns` if the servers do not answer */
async function orNone<Answer>(records: Promise<Answer[]>): Promise<Answer[]> {
  try {
    return await records
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.has(String(error.code))) return []
    throw error
  }
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
