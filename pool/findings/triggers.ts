// Findings on the triggers of the pool and on the functions behind them.
import { stringAt } from '../../command/json.ts'
import { shellCommand } from '../../command/shell.ts'
import { isOurs, type PoolFacts } from '../pool-facts.ts'
import {
  addPermissionCommand,
  arnInSlot,
  isVersion,
  qualifierOf,
  regionOf,
  TRIGGERS,
  type Trigger,
  type TriggerFunction,
  unqualified,
} from '../trigger-functions.ts'
import { attachCommand, deployCommand, type Finding } from './finding.ts'

/** @returns what is wrong with the triggers; equal findings are one, so that no command is printed twice */
export function triggerFindings(facts: PoolFacts): Finding[] {
  return [
    ...missingTriggers(facts),
    ...versionsInSlots(facts),
    ...missingFunctions(facts),
    ...foreignTriggers(facts),
    ...TRIGGERS.flatMap(trigger => functionFindings(facts, trigger)),
  ]
}

function missingTriggers(facts: PoolFacts): Finding[] {
  const missing = TRIGGERS.filter(trigger => arnInSlot(facts.userPool, trigger) === undefined)
  if (missing.length === 0) return []
  const guardOnly = missing.every(trigger => trigger === 'PreTokenGeneration')
  return [
    {
      id: 'trigger-missing',
      level: 'high',
      what: `The pool has no trigger for ${missing.join(', ')}`,
      why: guardOnly
        ? 'Without the guard a first sign-in can get tokens right after the new password, without a code.'
        : 'Without the challenge triggers no sign-in can ask for the code.',
      fix: attachCommand(facts),
    },
  ]
}

function versionsInSlots(facts: PoolFacts): Finding[] {
  const versions = TRIGGERS.flatMap(trigger => {
    const arn = arnInSlot(facts.userPool, trigger) ?? ''
    return isVersion(qualifierOf(arn)) ? [`${trigger} (${arn})`] : []
  })
  if (versions.length === 0) return []
  return [
    {
      id: 'trigger-version',
      level: 'high',
      what: `These triggers name a numbered version of their function: ${versions.join(', ')}`,
      why: 'Cognito cannot call a numbered version; it takes the function itself or an alias.',
      fix: attachCommand(facts, { replace: true }),
    },
  ]
}

function missingFunctions(facts: PoolFacts): Finding[] {
  const missing = TRIGGERS.flatMap(trigger => {
    const its = facts.functions[trigger]
    return its !== undefined && its.configuration === undefined ? [`${trigger} (${its.arn})`] : []
  })
  if (missing.length === 0) return []
  return [
    {
      id: 'function-missing',
      level: 'high',
      what: `The functions of these triggers do not exist: ${missing.join(', ')}`,
      why: 'Every sign-in that reaches them fails.',
      fix: deployCommand(facts),
    },
  ]
}

function foreignTriggers(facts: PoolFacts): Finding[] {
  const foreign = TRIGGERS.filter(
    trigger => facts.functions[trigger]?.configuration !== undefined && !isOurs(facts, trigger),
  )
  const named = (trigger: Trigger) => `${trigger} (${facts.functions[trigger]?.arn})`
  const challenges = foreign.filter(trigger => trigger !== 'PreTokenGeneration')
  const found: Finding[] = []
  if (challenges.length > 0) {
    found.push({
      id: 'trigger-foreign',
      level: 'high',
      what: `These triggers are other functions: ${challenges.map(named).join(', ')}`,
      why: 'The three challenge triggers work only together: with another function among them users are asked for no code, or no code is accepted.',
      fix: attachCommand(facts, { replace: true }),
    })
  }
  if (foreign.includes('PreTokenGeneration')) {
    found.push({
      id: 'trigger-foreign',
      level: 'medium',
      what: `The trigger is a function of your own: ${named('PreTokenGeneration')}`,
      why:
        'It must call the guard in its first line, or a first sign-in can get tokens without a code. If it does, ignore ' +
        'this finding. The command changes nothing; it prints the line.',
      fix: attachCommand(facts, { 'dry-run': true }),
    })
  }
  return found
}

function functionFindings(facts: PoolFacts, trigger: Trigger): Finding[] {
  const its = facts.functions[trigger]
  if (its?.configuration === undefined) return []
  const { State, LastUpdateStatus } = its.configuration
  const found: Finding[] = []
  if (!its.mayBeCalled) {
    found.push({
      id: 'function-not-callable',
      level: 'high',
      what: `The pool may not call the function of ${trigger}: ${its.arn}`,
      why: 'Every sign-in through it ends in UnexpectedLambdaException. Only the console adds this permission automatically.',
      fix: addPermissionCommand(its.arn, stringAt(facts.userPool, 'Arn') ?? ''),
    })
  }
  if (State === 'Failed' || LastUpdateStatus === 'Failed') {
    found.push({
      id: 'function-not-ready',
      level: 'high',
      what: `The function of ${trigger} is not ready: state ${State}, last update ${LastUpdateStatus}`,
      why: 'Sign-ins fail, or run an older version than was deployed. The command says why; then deploy again.',
      fix: lambdaCommand('get-function', its, {}),
    })
  }
  return isOurs(facts, trigger) ? [...found, ...configurationFindings(trigger, its)] : found
}

function configurationFindings(trigger: Trigger, its: TriggerFunction): Finding[] {
  const { Timeout, LoggingConfig } = its.configuration ?? {}
  const found: Finding[] = []
  if (Timeout !== undefined && Timeout !== 5) {
    found.push({
      id: 'function-timeout',
      level: Timeout < 5 ? 'medium' : 'low',
      what: `The function of ${trigger} has a timeout of ${Timeout} s`,
      why:
        Timeout < 5
          ? 'It is stopped before its own deadline of 4.5 s; Cognito calls again, and each call can be another mail.'
          : 'Cognito calls again after 5 s whatever the timeout is; the result of a longer run is not used.',
      fix: lambdaCommand('update-function-configuration', its, { timeout: '5' }),
    })
  }
  if (LoggingConfig !== undefined && LoggingConfig.LogFormat !== 'JSON') {
    found.push({
      id: 'function-log-format',
      level: 'low',
      what: `The function of ${trigger} logs in the format ${LoggingConfig.LogFormat}`,
      why: 'The metrics and alarms read JSON lines; they stay empty.',
      fix: lambdaCommand('update-function-configuration', its, { 'logging-config': 'LogFormat=JSON' }),
    })
  }
  return found
}

/** An AWS CLI command on a function, in the region of that function. */
function lambdaCommand(operation: string, { arn }: TriggerFunction, more: Record<string, string>): string {
  return shellCommand(`aws lambda ${operation}`, {
    'function-name': unqualified(arn),
    region: regionOf(arn),
    ...more,
  })
}
