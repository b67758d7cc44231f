// Verify Auth Challenge Response: tells Cognito whether the answer was the code.
import type { VerifyAuthChallengeResponseTriggerEvent } from 'aws-lambda'
import { type AnswerVerdict, judgeAnswer } from '../shared/answer-verdict.ts'
import { referenceOf } from '../shared/code-round.ts'
import { recordEvent } from '../shared/event-record.ts'
import { type LogEvent, log, userHash } from '../shared/log.ts'
import { readVerifySettings } from '../shared/settings.ts'
import { answer } from '../shared/trigger-answer.ts'
import { readTriggerEvent } from '../shared/trigger-event.ts'

const settings = readVerifySettings(process.env)

const LOG_EVENTS: Readonly<Record<AnswerVerdict, LogEvent>> = {
  right: 'code-right',
  wrong: 'code-wrong',
  expired: 'code-expired',
  'resend-asked': 'resend-asked',
  'unknown-round': 'answer-refused',
  'no-password-step': 'answer-refused',
  'no-attempts-left': 'answer-refused',
}

/** Answers whether the answer is right. Never throws. */
export async function handler(
  event: VerifyAuthChallengeResponseTriggerEvent,
): Promise<VerifyAuthChallengeResponseTriggerEvent> {
  recordEvent(event, settings.recordEvents)
  const trigger = readTriggerEvent(event)
  const verdict = judgeAnswer(trigger, settings, Date.now())
  log('info', {
    event: LOG_EVENTS[verdict],
    reason: verdict,
    clientId: trigger.clientId,
    user: userHash(settings.codeSecrets[0], trigger.userPoolId, trigger.userName),
    reference: referenceOf(trigger.privateChallengeParameters['nonce'] ?? ''),
  })
  return answer(event, { answerCorrect: verdict === 'right' })
}
