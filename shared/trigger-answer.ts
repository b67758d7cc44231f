// The answer of a trigger as Cognito wants it back: the event that came in, with the response in it.

/**
 * A copy of the event with `response` in it; the keys of the response that are not named stay. Never throws, also for an
 * event that is frozen or null.
 */
export function answer<Event extends { readonly response: object }>(event: Event, response: object): Event {
  return Object.assign({}, event, { response: { ...event?.response, ...response } })
}
