// Create Auth Challenge: mails the code, or keeps the one that was mailed, and tells the client what to show.
import type { CreateAuthChallengeTriggerEvent } from 'aws-lambda'
import { countWrongCodes, mayReceiveCode, readProgress } from '../shared/challenge-sequence.ts'
import { keyIdOf } from '../shared/code.ts'
import { mailCode, waitLikeAMail } from '../shared/code-mail.ts'
import { planRound, referenceOf, writeRound } from '../shared/code-round.ts'
import { startDeadline } from '../shared/deadline.ts'
import { recordEvent } from '../shared/event-record.ts'
import { log, userHash } from '../shared/log.ts'
import { writePrivateParameters } from '../shared/private-parameters.ts'
import { destinationOf, publicParameters } from '../shared/public-parameters.ts'
import { readCreateSettings } from '../shared/settings.ts'
import { answer } from '../shared/trigger-answer.ts'
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
  const wrongCodes = countWrongCodes(progress, settings)
  const [secret, ...others] = settings.codeSecrets
  const policy = { ...settings, keyIds: [keyIdOf(secret), ...others.map(keyIdOf)] as const }
  const { round, send } = planRound(progress, resendRequested, Date.now(), policy)
  const facts = {
    clientId: trigger.clientId,
    user: userHash(secret, trigger.userPoolId, trigger.userName),
    reason: round.reason,
    reference: referenceOf(round.nonce),
    sends: round.sends,
    wrongCodes,
  }

  if (!mayReceiveCode(progress)) {
    log('warn', { event: 'decoy-shown', ...facts })
    if (send) await waitLikeAMail(deadline)
  } else if (send) {
    await mailCode(trigger, round, settings, deadline, facts)
  } else {
    log('info', { event: 'code-kept', ...facts })
  }

  const destination = destinationOf(trigger, progress, settings)
  return answer(event, {
    publicChallengeParameters: publicParameters(round, wrongCodes, destination, settings, Date.now()),
    privateChallengeParameters: writePrivateParameters(round, progress, wrongCodes),
    challengeMetadata: writeRound(round),
  })
}
