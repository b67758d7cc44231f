// Define Auth Challenge: tells Cognito what comes next in the sign-in.
import type { DefineAuthChallengeTriggerEvent } from 'aws-lambda'
import { countWrongCodes, nextStep, readProgress } from '../shared/challenge-sequence.ts'
import { referenceOf } from '../shared/code-round.ts'
import { recordEvent } from '../shared/event-record.ts'
import { log } from '../shared/log.ts'
import { readDefineSettings } from '../shared/settings.ts'
import { answer } from '../shared/trigger-answer.ts'
import { isResendRequest, readTriggerEvent } from '../shared/trigger-event.ts'

const settings = readDefineSettings(process.env)

/** How each step is reported to Cognito and to the log. */
const ANSWERS = {
  'ask-password': { challengeName: 'PASSWORD_VERIFIER', issueTokens: false, failAuthentication: false },
  'ask-code': { challengeName: 'CUSTOM_CHALLENGE', issueTokens: false, failAuthentication: false },
  'issue-tokens': { challengeName: null, issueTokens: true, failAuthentication: false },
  refuse: { challengeName: null, issueTokens: false, failAuthentication: true },
} as const
const LOG_EVENTS = {
  'ask-password': 'password-asked',
  'ask-code': 'code-asked',
  'issue-tokens': 'tokens-issued',
  refuse: 'sign-in-refused',
} as const

/** Answers with the next challenge, with tokens, or with a refusal. Never throws. */
export async function handler(
  event: DefineAuthChallengeTriggerEvent,
): Promise<DefineAuthChallengeTriggerEvent> {
  recordEvent(event, settings.recordEvents)
  const trigger = readTriggerEvent(event)
  const progress = readProgress({ ...trigger, resendRequested: isResendRequest(trigger) })
  const step = nextStep(progress, settings)
  log(step.name === 'refuse' ? 'warn' : 'info', {
    event: LOG_EVENTS[step.name],
    clientId: trigger.clientId,
    ...(step.name === 'refuse' && { reason: step.reason }),
    ...(step.name === 'issue-tokens' && { factor: step.factor }),
    rounds: progress.rounds,
    wrongCodes: countWrongCodes(progress, settings),
    resendRequests: progress.resendRequests,
    ...(progress.lastRound && { reference: referenceOf(progress.lastRound.nonce) }),
  })
  return answer(event, ANSWERS[step.name])
}
