// Pre Token Generation: the guard for the two ways to tokens that never call Define Auth Challenge.
import { decideTokens } from '../shared/challenge-sequence.ts'
import { TokensRefusedError } from '../shared/errors.ts'
import { recordEvent } from '../shared/event-record.ts'
import { log } from '../shared/log.ts'
import { readPreTokenSettings } from '../shared/settings.ts'
import { readTriggerEvent } from '../shared/trigger-event.ts'

const settings = readPreTokenSettings(process.env)

/** What the user reads; it may reach a browser. */
const MESSAGES = {
  'new-password': 'The new password is set. Please sign in with it',
  'hosted-ui': 'Please sign in through the app',
  'unknown-source': 'This way to sign in is not allowed',
}

/**
 * Lets the tokens through unchanged, or refuses them. Works for every version of the event.
 *
 * @throws TokensRefusedError, which is how Cognito is told to issue nothing (Cognito developer guide, Lambda triggers)
 */
export async function handler<Event extends object>(event: Event): Promise<Event> {
  recordEvent(event, settings.recordEvents)
  const { triggerSource, clientId, userAttributes } = readTriggerEvent(event)
  const userStatus = userAttributes['cognito:user_status'] ?? ''
  const decision = decideTokens({ triggerSource, clientId, userStatus }, settings)
  const facts = { reason: decision.reason, triggerSource, clientId }
  if (decision.name === 'allow') {
    log('info', { event: 'tokens-allowed', ...facts })
    return event
  }
  log('warn', { event: 'tokens-refused', ...facts })
  throw new TokensRefusedError(MESSAGES[decision.reason])
}
