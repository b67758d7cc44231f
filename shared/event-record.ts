// The switch RECORD_EVENTS: logs trigger events for `npx cognito-email-code import`, with all that identifies a person replaced.
import { log } from './log.ts'
import { redactEvent } from './redaction.ts'

/** Logs the event, redacted, if that is switched on. Call it before anything changes the event. */
export function recordEvent(event: unknown, isOn: boolean): void {
  if (isOn) log('info', { event: 'recorded-event', recorded: redactEvent(event) })
}
