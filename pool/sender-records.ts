// The DNS records that SES asks for before it signs for a domain and bounces go to a subdomain of it.
import type { DkimAttributes } from '@aws-sdk/client-sesv2'

/** A record as a zone file has it; names without the dot at the end. */
export type DnsRecord = {
  readonly name: string
  readonly type: 'CNAME' | 'MX' | 'TXT'
  readonly value: string
}

/** One line of a zone file. */
export function zoneLine({ name, type, value }: DnsRecord): string {
  return `${name}. 3600 IN ${type} ${value}`
}

/** The CNAME records of Easy DKIM; none for a key of one's own, which SES does not know the records of. */
export function dkimRecords(domain: string, dkim: DkimAttributes | undefined): DnsRecord[] {
  if (dkim?.SigningAttributesOrigin === 'EXTERNAL') return []
  return (dkim?.Tokens ?? []).map(token => ({
    name: `${token}._domainkey.${domain}`,
    type: 'CNAME',
    value: `${token}.dkim.amazonses.com.`,
  }))
}

/** The records of a custom MAIL FROM domain: https://docs.aws.amazon.com/ses/latest/dg/mail-from.html */
export function mailFromRecords(domain: string, region: string): DnsRecord[] {
  return [
    { name: domain, type: 'MX', value: `10 feedback-smtp.${region}.amazonses.com.` },
    { name: domain, type: 'TXT', value: '"v=spf1 include:amazonses.com ~all"' },
  ]
}
