// What a finding is, and the commands that fix one.
import { COMMAND } from '../../command/name.ts'
import { type ShellOptions, shellCommand } from '../../command/shell.ts'
import { isOurs, type PoolFacts } from '../pool-facts.ts'
import { TRIGGERS } from '../trigger-functions.ts'
import type { PoolChange } from '../user-pool.ts'

/** `high`: tokens without a code, or users cannot sign in. `medium`: some users are at risk. `low`: for information. */
export type Level = 'high' | 'medium' | 'low'

/** Every finding that check can report; docs/existing-pool.md explains each. */
export const FINDING_IDS = [
  'client-skips-code',
  'client-admin-flow',
  'client-cannot-ask',
  'client-stranded',
  'client-hosted-ui',
  'client-reveals-users',
  'client-session-short',
  'client-writes-email',
  'client-refresh-tokens',
  'trigger-missing',
  'trigger-foreign',
  'trigger-version',
  'function-missing',
  'function-not-ready',
  'function-not-callable',
  'function-settings',
  'functions-disagree',
  'guard-staged',
  'function-timeout',
  'function-log-format',
  'events-recorded',
  'alarms-silent',
  'limit-table-denied',
  'native-mfa',
  'native-mfa-enrolment',
  'device-tracking',
  'recovery-by-email',
  'email-change-unverified',
  'federated-users',
  'user-import',
  'users-without-email',
  'users-unverified-email',
  'unverified-email-allowed',
  'ses-identity-unverified',
  'ses-fallback-unverified',
  'ses-configuration-set-missing',
  'ses-sending-denied',
  'ses-configuration-set-denied',
  'ses-sandbox',
  'ses-paused',
  'ses-quota',
  'ses-probation',
  'ses-bounces',
  'ses-complaints',
  'ses-free-mail',
  'ses-unaligned',
  'ses-dkim',
  'ses-mail-from',
  'ses-dmarc',
  'ses-configuration-set-paused',
  'ses-tracking',
  'ses-suppressed',
  'not-checked',
] as const

/** Findings for which every user has to be read. */
export const USER_FINDING_IDS: readonly string[] = [
  'users-without-email',
  'users-unverified-email',
  'unverified-email-allowed',
  'ses-quota',
]

export type FindingId = (typeof FINDING_IDS)[number]

export type Finding = {
  /** Stable: for `--ignore`, for `fix` and for machines. */
  readonly id: FindingId
  readonly level: Level
  readonly what: string
  readonly why: string
  /** A shell command on one line. Words in capitals are for the reader to fill in. */
  readonly fix: string
  /** DNS records to publish, one a line in the form of a zone file. */
  readonly records?: readonly string[]
  /** What `fix` changes on the pool, where a changed pool is what fixes it. */
  readonly change?: PoolChange
}

/** The command that makes the change of a finding. */
export function fixCommand(facts: PoolFacts, id: FindingId): string {
  return shellCommand(`${COMMAND} fix ${id}`, poolOptions(facts))
}

/** The attach command for this pool, with the functions that are known. */
export function attachCommand(facts: PoolFacts, more: ShellOptions = {}): string {
  const names = {
    DefineAuthChallenge: 'define-arn',
    CreateAuthChallenge: 'create-arn',
    VerifyAuthChallengeResponse: 'verify-arn',
    PreTokenGeneration: 'pre-token-arn',
  }
  const arns = TRIGGERS.flatMap((trigger): [string, string][] => {
    const arn =
      facts.expected[trigger] ?? (isOurs(facts, trigger) ? facts.functions[trigger]?.arn : undefined)
    return arn === undefined ? [] : [[names[trigger], arn]]
  })
  const source: ShellOptions =
    facts.stackName === undefined && arns.length === TRIGGERS.length
      ? Object.fromEntries(arns)
      : { 'stack-name': facts.stackName ?? 'STACK' }
  return shellCommand(`${COMMAND} attach`, { ...poolOptions(facts), ...source, ...more })
}

export function checkCommand(facts: PoolFacts, more: ShellOptions): string {
  return shellCommand(`${COMMAND} check`, { ...poolOptions(facts), ...more })
}

/** Deploys the stack again, with other parameters if any are given. */
export function deployCommand(facts: PoolFacts, ...parameters: readonly string[]): string {
  return shellCommand('aws cloudformation deploy', {
    region: facts.region,
    'template-file': 'packaged.yaml',
    'stack-name': facts.stackName ?? 'STACK',
    capabilities: 'CAPABILITY_IAM',
    'parameter-overrides': parameters.length === 0 ? undefined : parameters,
  })
}

/** An AWS CLI command on the pool. */
export function cognitoCommand(facts: PoolFacts, operation: string, more: ShellOptions): string {
  return shellCommand(`aws cognito-idp ${operation}`, { ...poolOptions(facts), ...more })
}

function poolOptions({ userPoolId, region }: PoolFacts): ShellOptions {
  return { 'user-pool-id': userPoolId, region }
}

/** `1 user`, `2 users`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
