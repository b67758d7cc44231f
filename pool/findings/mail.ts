// Findings on SES: what stops the mail with the code.
import { shellCommand } from '../../command/shell.ts'
import type { MailFacts, PoolFacts } from '../pool-facts.ts'
import { counted, deployCommand, type Finding } from './finding.ts'

export function mailFindings(facts: PoolFacts): Finding[] {
  const { mail } = facts
  if (mail === undefined) return []
  return [
    ...senderFindings(mail),
    ...configurationSetFindings(facts, mail),
    ...accountFindings(mail),
    ...quotaFindings(facts, mail),
  ]
}

function senderFindings({ region, fromAddress, sender, fallback }: MailFacts): Finding[] {
  const domain = fromAddress?.split('@').at(-1) ?? ''
  const found: Finding[] = []
  if (sender !== undefined && sender.identity === undefined) {
    found.push({
      id: 'ses-identity-unverified',
      level: 'high',
      what: `SES in ${region} may not send from ${fromAddress}: neither the address nor its domain is verified there`,
      why: 'Every mail is refused. Identities are verified region by region.',
      fix: sesCommand('create-email-identity', region, { 'email-identity': domain }),
    })
  }
  if (fallback !== undefined && fallback.identity === undefined) {
    found.push({
      id: 'ses-fallback-unverified',
      level: 'medium',
      what: `SES in the fallback region ${fallback.region} may not send from ${fromAddress}`,
      why: 'When the first region fails, the second refuses the mail.',
      fix: sesCommand('create-email-identity', fallback.region, { 'email-identity': domain }),
    })
  }
  return found
}

function configurationSetFindings(facts: PoolFacts, mail: MailFacts): Finding[] {
  const { region, configurationSet, deniedSending } = mail
  const deniedIdentities = deniedSending.filter(arn => arn.includes(':identity/'))
  const deniedSets = deniedSending.filter(arn => !deniedIdentities.includes(arn))
  const found: Finding[] = []
  if (configurationSet?.exists === false) {
    found.push({
      id: 'ses-configuration-set-missing',
      level: 'high',
      what: `SES in ${region} has no configuration set ${configurationSet.name}`,
      why: 'Every mail is refused with ConfigurationSetDoesNotExist.',
      fix: sesCommand('create-configuration-set', region, {
        'configuration-set-name': configurationSet.name,
      }),
    })
  }
  if (deniedIdentities.length > 0) {
    found.push({
      id: 'ses-sending-denied',
      level: 'high',
      what: `The role of CreateAuthChallenge may not call ses:SendRawEmail on ${deniedIdentities.join(', ')}`,
      why:
        'Every mail is refused with AccessDenied. A right to ses:SendEmail is not enough. Deploy the current template, or ' +
        'allow ses:SendRawEmail in the role of your own stack.',
      fix: deployCommand(facts),
    })
  }
  if (deniedSets.length > 0) {
    found.push({
      id: 'ses-configuration-set-denied',
      level: 'high',
      what: `The role of CreateAuthChallenge may not send with ${deniedSets.join(', ')}`,
      why:
        'SES checks ses:SendRawEmail on the configuration set too, also where it is only the default of the sending ' +
        'identity: every mail is refused. Deploy the current template, which allows configuration-set/*, or allow it in ' +
        'the role of your own stack.',
      fix: deployCommand(facts),
    })
  }
  return found
}

function accountFindings({ region, account }: MailFacts): Finding[] {
  const found: Finding[] = []
  const stopped = account?.EnforcementStatus === 'SHUTDOWN'
  if (stopped || account?.SendingEnabled === false) {
    found.push({
      id: 'ses-paused',
      level: 'high',
      what: `SES in ${region} has stopped sending (enforcement status ${account.EnforcementStatus ?? 'unknown'})`,
      why: stopped
        ? 'No mail is sent, so no user can sign in. AWS stopped it: answer the case that Details.ReviewDetails names.'
        : 'No mail is sent, so no user can sign in.',
      fix: stopped
        ? sesCommand('get-account', region, {})
        : sesCommand('put-account-sending-attributes', region, { 'sending-enabled': true }),
    })
  }
  if (account?.ProductionAccessEnabled === false) {
    found.push({
      id: 'ses-sandbox',
      level: 'high',
      what: `SES in ${region} is in the sandbox`,
      why: 'It sends to verified addresses only, 200 mails a day: your users get no code.',
      fix: sesCommand('put-account-details', region, {
        'production-access-enabled': true,
        'mail-type': 'TRANSACTIONAL',
        'website-url': 'https://YOUR.SITE',
      }),
    })
  }
  return found
}

function quotaFindings(facts: PoolFacts, { region, account }: MailFacts): Finding[] {
  const { Max24HourSend: quota, SentLast24Hours: sent = 0 } = account?.SendQuota ?? {}
  const users = facts.userPool['EstimatedNumberOfUsers']
  const signIns = facts.signInsPerDay ?? (typeof users === 'number' ? users : 0)
  if (quota === undefined || quota === -1 || account?.ProductionAccessEnabled === false) return []
  if (sent + signIns <= quota) return []
  const basis =
    facts.signInsPerDay === undefined
      ? 'every user signing in once a day; set --sign-ins-per-day'
      : 'from --sign-ins-per-day'
  const code = shellCommand('aws service-quotas list-service-quotas', {
    region,
    'service-code': 'ses',
    query: "Quotas[?QuotaName=='Sending quota'].QuotaCode",
    output: 'text',
  })
  const request = shellCommand('aws service-quotas request-service-quota-increase', {
    region,
    'service-code': 'ses',
    'desired-value': String(Math.ceil((sent + signIns) * 1.5)),
  })
  return [
    {
      id: 'ses-quota',
      level: 'medium',
      what: `SES in ${region} sends ${counted(quota, 'mail')} a day; ${sent} went out in the last 24 hours, and ${counted(signIns, 'sign-in')} a day (${basis}) need as many more`,
      why: 'Above the quota mails are dropped, not queued: the last users to sign in get no code.',
      fix: `${request} --quota-code "$(${code})"`,
    },
  ]
}

export function sesCommand(operation: string, region: string, more: Record<string, string | true>): string {
  return shellCommand(`aws sesv2 ${operation}`, { region, ...more })
}
