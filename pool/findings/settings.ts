// Findings on the settings of the functions, and on the alarms that watch them.
import { canOnlyAskForCode, guardedClientIds } from '../app-clients.ts'
import { ourFunction, ourTriggers, type PoolFacts } from '../pool-facts.ts'
import { SHARED_SETTINGS, settingOf, startProblem } from '../trigger-settings.ts'
import { deployCommand, type Finding } from './finding.ts'

export function settingFindings(facts: PoolFacts): Finding[] {
  return [
    ...settingsRefused(facts),
    ...settingsThatDiffer(facts),
    ...stagedGuard(facts),
    ...recordedEvents(facts),
    ...silentAlarms(facts),
    ...deniedLimitTable(facts),
  ]
}

function settingsRefused(facts: PoolFacts): Finding[] {
  const problems = ourTriggers(facts).flatMap(trigger => {
    const its = facts.functions[trigger]
    const text = its === undefined ? undefined : startProblem(trigger, its)
    return text === undefined ? [] : [`${trigger}: ${text}`]
  })
  if (problems.length === 0) return []
  return [
    {
      id: 'function-settings',
      level: 'high',
      what: `Functions have settings that are not allowed. ${problems.join(' ')}`,
      why: 'A function with such a setting does not start, so every sign-in fails.',
      fix: deployCommand(facts),
    },
  ]
}

function settingsThatDiffer(facts: PoolFacts): Finding[] {
  const ours = ourTriggers(facts)
  const differing = SHARED_SETTINGS.flatMap(({ name, readers }) => {
    const present = readers.filter(trigger => ours.includes(trigger))
    const values = new Set(present.map(trigger => settingOf(facts.functions[trigger], name)))
    return values.size > 1 ? [`${name} (${present.join(', ')})`] : []
  })
  if (differing.length === 0) return []
  return [
    {
      id: 'functions-disagree',
      level: 'high',
      what: `Settings that must be the same in all functions are not: ${differing.join('; ')}`,
      why: 'One function produces what another does not accept: correct codes are refused, or attempts are counted wrongly.',
      fix: deployCommand(facts),
    },
  ]
}

function stagedGuard(facts: PoolFacts): Finding[] {
  const guarded = settingOf(ourFunction(facts, 'PreTokenGeneration'), 'GUARDED_CLIENT_IDS')
  const listed = guardedClientIds(guarded)
  if (listed === undefined) return []
  const asking = (facts.clients ?? []).filter(canOnlyAskForCode)
  const leftOut = asking.map(client => String(client['ClientId'])).filter(id => !listed.includes(id))
  return [
    {
      id: 'guard-staged',
      level: leftOut.length > 0 ? 'high' : 'low',
      what:
        leftOut.length > 0
          ? `The guard does not cover app clients that ask for the code: ${leftOut.join(', ')} (it covers ${guarded})`
          : `The guard applies to these app clients only: ${guarded}`,
      why: 'Through any other client a first sign-in, or the hosted UI, can give tokens without a code.',
      fix: deployCommand(facts, 'GuardedClientIds=all'),
    },
  ]
}

function recordedEvents(facts: PoolFacts): Finding[] {
  const recording = ourTriggers(facts).filter(
    trigger => settingOf(facts.functions[trigger], 'RECORD_EVENTS') === 'on',
  )
  if (recording.length === 0) return []
  return [
    {
      id: 'events-recorded',
      level: 'low',
      what: `RECORD_EVENTS is on in the functions of ${recording.join(', ')}`,
      why: 'Every trigger event is logged. It is redacted, but the log shows which sign-ins belong to one user: record what you need, then switch it off.',
      fix: deployCommand(facts, 'RecordEvents=off'),
    },
  ]
}

function silentAlarms(facts: PoolFacts): Finding[] {
  const { alarms } = facts
  if (alarms === undefined) return []
  const silent = alarms.filter(({ notifies }) => !notifies).map(({ name }) => name)
  if (alarms.length > 0 && silent.length === 0) return []
  return [
    {
      id: 'alarms-silent',
      level: 'medium',
      what:
        alarms.length === 0
          ? 'No CloudWatch alarm watches the functions or their metrics'
          : `These alarms have no action, or their actions are off: ${silent.join(', ')}`,
      why: 'If mail stops arriving or codes are guessed, no one is notified. Create an SNS topic with a subscription first.',
      fix: deployCommand(facts, 'AlarmTopicArn=TOPIC_ARN'),
    },
  ]
}

function deniedLimitTable(facts: PoolFacts): Finding[] {
  const { deniedLimitTable } = facts
  if (deniedLimitTable === undefined) return []
  const refuses = settingOf(ourFunction(facts, 'CreateAuthChallenge'), 'LIMIT_FAILURE') === 'refuse'
  return [
    {
      id: 'limit-table-denied',
      level: refuses ? 'high' : 'medium',
      what: `The role of CreateAuthChallenge may not count mails in ${deniedLimitTable}`,
      why: refuses
        ? 'With LIMIT_FAILURE=refuse no mail is sent, so no user can sign in. Deploy the current template, or allow dynamodb:UpdateItem on the table in the role of your own stack.'
        : 'Every mail is sent without being counted: there is no limit across sign-ins. Deploy the current template, or allow dynamodb:UpdateItem on the table in the role of your own stack.',
      fix: deployCommand(facts),
    },
  ]
}
