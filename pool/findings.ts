// What can be wrong with a pool: each finding says what it is, why it matters, and the command that fixes it.
import { printable } from '../command/shell.ts'
import { clientFindings } from './findings/clients.ts'
import { deliverabilityFindings } from './findings/deliverability.ts'
import type { Finding, Level } from './findings/finding.ts'
import { mailFindings } from './findings/mail.ts'
import { poolFindings } from './findings/pool.ts'
import { settingFindings } from './findings/settings.ts'
import { triggerFindings } from './findings/triggers.ts'
import { unreadFindings } from './findings/unread.ts'
import { userFindings } from './findings/users.ts'
import type { PoolFacts } from './pool-facts.ts'

export { FINDING_IDS, type Finding, type Level, USER_FINDING_IDS } from './findings/finding.ts'

const LEVELS: readonly Level[] = ['high', 'medium', 'low']

/** @returns what is wrong, the worst first; an empty list for a good pool */
export function findings(facts: PoolFacts): Finding[] {
  const all = [
    ...triggerFindings(facts),
    ...settingFindings(facts),
    ...clientFindings(facts),
    ...poolFindings(facts),
    ...userFindings(facts),
    ...mailFindings(facts),
    ...deliverabilityFindings(facts),
    ...unreadFindings(facts),
  ]
  return all
    .map(finding => ({ ...finding, what: printable(finding.what), why: printable(finding.why) }))
    .toSorted((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level))
}
