// Notes on what could not be read, by cause: missing rights are not a wrong endpoint, and neither is a lost connection.
import { shellCommand } from '../../command/shell.ts'
import type { AwsErrorKind } from '../aws-errors.ts'
import type { PoolFacts } from '../pool-facts.ts'
import { checkCommand, type Finding } from './finding.ts'

/** One note for each cause. */
export function unreadFindings(facts: PoolFacts): Finding[] {
  const kinds = [...new Set(facts.unread.map(({ kind }) => kind))]
  return kinds.map(kind => {
    const group = facts.unread.filter(it => it.kind === kind)
    const actions = [...new Set(group.flatMap(it => it.actions))].join(', ')
    const { why, fix } = advice(facts, kind, actions)
    return {
      id: 'not-checked',
      level: group.every(({ minor }) => minor) ? 'low' : 'medium',
      what: group.map(({ what, error }) => `${what} could not be read: ${error}`).join('; '),
      why: `What depends on it was not checked. ${why}`,
      fix,
    }
  })
}

function advice(facts: PoolFacts, kind: AwsErrorKind, actions: string): { why: string; fix: string } {
  const identity = shellCommand('aws sts get-caller-identity', { region: facts.region })
  const again = checkCommand(facts, {})
  switch (kind) {
    case 'denied':
      return {
        why: `Allow the identity that the command prints to call ${actions}, then run check again.`,
        fix: identity,
      }
    case 'no-credentials':
      return {
        why: 'The credentials are missing, wrong or expired. Set AWS_PROFILE or sign in again.',
        fix: identity,
      }
    case 'unsupported':
      return {
        why: 'The endpoint does not have this operation. Look at the AWS_ENDPOINT_URL variables.',
        fix: again,
      }
    case 'unreachable':
      return {
        why: 'There was no connection. Look at the network, the proxy and the AWS_ENDPOINT_URL variables.',
        fix: again,
      }
    case 'other':
      return { why: `Reading needs ${actions}. Run check again.`, fix: again }
  }
}
