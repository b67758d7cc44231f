// Create Auth Challenge: mails the code, or keeps the one that was mailed, and tells the client what to show.
import type { CreateAuthChallengeTriggerEvent } from 'aws-lambda'
import { countWrongCodes, mayReceiveCode, readProgress } from '../shared/challenge-sequence.ts'
import { keyIdOf } from '../shared/code.ts'
import { mailCode, waitLikeAMail } from '../shared/code-mail.ts'
import { planRound, referenceOf, withoutMail, writeRound } from '../shared/code-round.ts'
import { startDeadline } from '../shared/deadline.ts'
import { prepareFirstCall } from '../shared/early-connection.ts'
import { CodeNotSentError } from '../shared/errors.ts'
import { recordEvent } from '../shared/event-record.ts'
import { log, userHash } from '../shared/log.ts'
import { startLimit } from '../shared/mail-limit.ts'
import { languagesOf } from '../shared/mail-module.ts'
import { ownMail } from '../shared/own-mail.ts'
import { writePrivateParameters } from '../shared/private-parameters.ts'
import { destinationOf, publicParameters } from '../shared/public-parameters.ts'
import { prepareSes } from '../shared/ses.ts'
import { readCreateSettings } from '../shared/settings.ts'
import { answer } from '../shared/trigger-answer.ts'
import { isResendRequest, readTriggerEvent } from '../shared/trigger-event.ts'

const settings = readCreateSettings(process.env, Object.keys(languagesOf(ownMail)))
const mailLimit = startLimit(settings)
await prepareFirstCall([
  connect => prepareSes(settings, connect),
  async connect => mailLimit?.prepare(connect),
])

/**
 * Answers with the parameters of the next round. Without a passed password step, or for an unknown user, the answer
 * looks the same, no mail is sent, and no code opens it; the limit across sign-ins counts it apart, for a name that may
 * not exist, so that it is reached in the same way and nobody can use up the mails of somebody else.
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
  const now = Date.now()
  const planned = planRound(progress, resendRequested, now, policy)
  const user = userHash(secret, trigger.userPoolId, trigger.userName)
  const isDecoy = !mayReceiveCode(progress)
  const limit = planned.send
    ? await mailLimit?.ask(isDecoy ? `decoy-${user}` : user, now, deadline)
    : undefined
  const limitedUntil = limit?.name === 'limited' ? limit.until : undefined
  const send = planned.send && limitedUntil === undefined
  const round = limitedUntil === undefined ? planned.round : withoutMail(planned.round, now)
  const facts = {
    clientId: trigger.clientId,
    user,
    reason: round.reason,
    reference: referenceOf(round.nonce),
    sends: round.sends,
    wrongCodes,
  }

  if (limit?.name === 'failed') {
    const { code, mayMail } = limit
    log('error', { event: 'limit-failed', ...facts, code, mail: mayMail ? 'allowed' : 'refused' })
    if (!mayMail) throw new CodeNotSentError()
  }
  if (isDecoy) {
    log('warn', { event: 'decoy-shown', ...facts })
    if (send) await waitLikeAMail(deadline)
  } else if (limitedUntil !== undefined) {
    log('warn', { event: 'limited', ...facts, until: new Date(limitedUntil).toISOString() })
  } else if (send) {
    await mailCode(trigger, round, settings, deadline, facts)
  } else {
    log('info', { event: 'code-kept', ...facts })
  }

  const destination = destinationOf(trigger, progress, settings)
  return answer(event, {
    publicChallengeParameters: publicParameters(
      round,
      wrongCodes,
      destination,
      settings,
      Date.now(),
      limitedUntil,
    ),
    privateChallengeParameters: writePrivateParameters(round, progress, wrongCodes),
    challengeMetadata: writeRound(round),
  })
}
