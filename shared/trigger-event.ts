// What the triggers read of a Cognito event. Real events are wider than their types: nulls, absent keys, new names.

/** The parts of any trigger event that this project reads, each of the type it says, whatever came in. */
export type TriggerEvent = {
  readonly triggerSource: string
  readonly userPoolId: string
  readonly clientId: string
  readonly userName: string
  readonly userAttributes: Readonly<Record<string, string>>
  /** Written by the client: never to be trusted. Empty when none was sent. */
  readonly clientMetadata: Readonly<Record<string, string>>
  readonly userNotFound: boolean
  readonly challengeName: string
  readonly challengeAnswer: string
  readonly privateChallengeParameters: Readonly<Record<string, string>>
  readonly session: readonly SessionEntry[]
}

/** One passed or failed challenge of the running sign-in. A name that is no text is '' here. */
export type SessionEntry = {
  readonly challengeName: string
  readonly challengeResult: boolean
  readonly challengeMetadata: string | undefined
}

/** Reads a Cognito trigger event. Never throws: what is missing or of another type reads as empty, false or failed. */
export function readTriggerEvent(event: unknown): TriggerEvent {
  const request = field(event, 'request')
  return {
    triggerSource: word(field(event, 'triggerSource')),
    userPoolId: text(field(event, 'userPoolId')),
    clientId: word(field(field(event, 'callerContext'), 'clientId')),
    userName: text(field(event, 'userName')),
    userAttributes: texts(field(request, 'userAttributes')),
    clientMetadata: texts(field(request, 'clientMetadata')),
    userNotFound: isSet(field(request, 'userNotFound')),
    challengeName: text(field(request, 'challengeName')),
    challengeAnswer: text(field(request, 'challengeAnswer')),
    privateChallengeParameters: texts(field(request, 'privateChallengeParameters')),
    session: readSession(field(request, 'session')),
  }
}

/** Reads `request.session`: no list is an empty one, only a result of exactly `true` is a passed challenge. */
export function readSession(session: unknown): readonly SessionEntry[] {
  if (!Array.isArray(session)) return []
  return session.map((entry: unknown) => {
    const metadata = field(entry, 'challengeMetadata')
    return {
      challengeName: text(field(entry, 'challengeName')),
      challengeResult: field(entry, 'challengeResult') === true,
      challengeMetadata: typeof metadata === 'string' ? metadata : undefined,
    }
  })
}

/** Whether the client asks for a new mail instead of answering. */
export function isResendRequest(event: TriggerEvent): boolean {
  return event.clientMetadata['action'] === 'resend'
}

/** The value at a key of any value; undefined if it is missing. */
export function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

/** A word as Cognito writes them (ClientId: `[\w+]+`, 1 to 128 characters); they go into logs, so nothing else may. */
function word(value: unknown): string {
  return typeof value === 'string' && /^[\w+]{1,128}$/.test(value) ? value : ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter(([, item]) => typeof item === 'string'))
}

/** Only an absent, null or false `userNotFound` is a known user: whatever else it may become, it fails closed. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false
}
