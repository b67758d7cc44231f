// Create Auth Challenge: mails the code, or keeps the one that was mailed, and tells the client what to show.
import type { CreateAuthChallengeTriggerEvent } from 'aws-lambda'
import { destinationOf, privateParameters, publicParameters } from '../shared/challenge-parameters.ts'
import { readProgress, recordPasswordStep } from '../shared/challenge-sequence.ts'
import { mailCode, waitLikeAMail } from '../shared/code-mail.ts'
import { planRound, referenceOf, writeRound } from '../shared/code-round.ts'
import { startDeadline } from '../shared/deadline.ts'
import { recordEvent } from '../shared/event-record.ts'
import { log, userHash } from '../shared/log.ts'
import { readCreateSettings } from '../shared/settings.ts'
import { isResendRequest, readTriggerEvent } from '../shared/trigger-event.ts'

const settings = readCreateSettings(process.env)

/**
 * Answers with the parameters of the next round. Without a passed password step, or for an unknown user, the answer
 * looks the same, no mail is sent, and no code opens it.
 *
 * @throws CodeNotSentError when the mail was not sent; its message is the same for every cause
 */
export async function handler(
  event: CreateAuthChallengeTriggerEvent,
): Promise<CreateAuthChallengeTriggerEvent> {
  const deadline = startDeadline()
  recordEvent(event, settings.recordEvents)
  const trigger = readTriggerEvent(event)
  const resendRequested = isResendRequest(trigger)
  const progress = readProgress({ ...trigger, resendRequested })
  const { round, send } = planRound(progress, resendRequested, Date.now(), settings)
  const facts = {
    clientId: trigger.clientId,
    user: userHash(settings.codeSecrets[0], trigger.userPoolId, trigger.userName),
    reason: round.reason,
    reference: referenceOf(round.nonce),
    sends: round.sends,
    wrongCodes: progress.wrongCodes,
  }

  if (recordPasswordStep(progress) === undefined) {
    log('warn', { event: 'decoy-shown', ...facts })
    if (send) await waitLikeAMail(deadline)
  } else if (send) {
    await mailCode(trigger, round, settings, deadline, facts)
  } else {
    log('info', { event: 'code-kept', ...facts })
  }

  return Object.assign(event, {
    response: {
      ...event.response,
      publicChallengeParameters: publicParameters(
        round,
        progress,
        destinationOf(trigger, progress, settings),
        settings,
      ),
      privateChallengeParameters: privateParameters(round, progress),
      challengeMetadata: writeRound(round),
    },
  })
}
