// What a finding is, and the commands that fix one.
import { type ShellOptions, shellCommand } from '../../command/shell.ts'
import { isOurs, type PoolFacts } from '../pool-facts.ts'
import { TRIGGERS } from '../trigger-functions.ts'
import type { PoolChange } from '../user-pool.ts'

/** `high`: tokens without a code, or users cannot sign in. `medium`: some users are at risk. `low`: for information. */
export type Level = 'high' | 'medium' | 'low'

export type Finding = {
  /** Stable: for `--ignore`, for `fix` and for machines. */
  readonly id: string
  readonly level: Level
  readonly what: string
  readonly why: string
  /** A shell command on one line. Words in capitals are for the reader to fill in. */
  readonly fix: string
  /** What `fix` changes on the pool, where a changed pool is what fixes it. */
  readonly change?: PoolChange
}

/** The command that makes the change of a finding. */
export function fixCommand(facts: PoolFacts, id: string): string {
  return shellCommand(`cognito-email-code fix ${id}`, poolOptions(facts))
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
  return shellCommand('cognito-email-code attach', { ...poolOptions(facts), ...source, ...more })
}

export function checkCommand(facts: PoolFacts, more: ShellOptions): string {
  return shellCommand('cognito-email-code check', { ...poolOptions(facts), ...more })
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
