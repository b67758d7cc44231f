// cognito-email-code/testing: the local user pool and the replay of recorded sign-ins, for the tests of other projects.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { startLocalUserPool as startPool } from '../local/local-user-pool.ts'
import { projectDirectory } from '../local/trigger-process.ts'
import { differencesOf, findSignIns, type Replay, readSignIn, startReplayer } from '../recording/replay.ts'

// These types are the whole interface of the module, so that its declarations need neither the internals nor their packages.
// The type check holds the implementations against them.

/** One of the four Lambda functions. */
export type TriggerName =
  | 'define-auth-challenge'
  | 'create-auth-challenge'
  | 'verify-auth-challenge-response'
  | 'pre-token-generation'

/** What Cognito does after a new password in a custom sign-in; AWS does not document it, so test all of them. */
export type AfterNewPassword = 'define' | 'define-with-entry' | 'define-first' | 'tokens'

/** What Cognito does after one of its own second factors in a custom sign-in; sources disagree. */
export type AfterNativeFactor = 'define-with-entry' | 'tokens'

/** A user that the pool starts with. */
export interface LocalUser {
  /** What the user signs in with, by default an e-mail address. */
  readonly username: string
  readonly password: string
  /** `FORCE_CHANGE_PASSWORD`: the password is a temporary one. */
  readonly status:
    | 'CONFIRMED'
    | 'EXTERNAL_PROVIDER'
    | 'FORCE_CHANGE_PASSWORD'
    | 'RESET_REQUIRED'
    | 'UNCONFIRMED'
  /** Such as `{ email_verified: 'true', locale: 'de' }`. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** An app client that the pool starts with. */
export interface LocalAppClient {
  readonly clientId?: string
  readonly clientName?: string
  /** Members as in DescribeUserPoolClient, such as `{ ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH'] }`. */
  readonly description?: Readonly<Record<string, unknown>>
}

/** How the pool starts; everything has a default. */
export interface LocalUserPoolOptions {
  /** Port of the Cognito API. Default: a free one. */
  readonly port?: number
  /** Port of the mailbox. Default: a free one. */
  readonly mailPort?: number
  /** Settings of the triggers by name, such as `{ MAX_ATTEMPTS: '5' }`. Default: those of the triggers. */
  readonly environment?: Readonly<Record<string, string>>
  /** Default: `new@example.com` with the temporary password `Temporary-1`, and `known@example.com` with `Permanent-1`. */
  readonly users?: readonly LocalUser[]
  /** Default: one public client that allows the custom flow only. The first one is `clientId`. */
  readonly clients?: readonly LocalAppClient[]
  /** Default: `define`. */
  readonly afterNewPassword?: AfterNewPassword
  /** Default: `define-with-entry`. */
  readonly afterNativeFactor?: AfterNativeFactor
  /** Whether Create gets the ClientMetadata of the client; sources disagree. Default: true. */
  readonly clientMetadataReachesCreate?: boolean
  /** Members of the pool's description that differ, such as `{ UsernameAttributes: [] }`. */
  readonly userPool?: Readonly<Record<string, unknown>>
  /** Default: `us-east-1`. */
  readonly region?: string
}

/** A mail that the mailbox received. Nothing is delivered. */
export interface Message {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** What can go wrong between an app and Cognito, on request. Operations are those of the Cognito API. */
export interface FaultSwitches {
  /** The next request of the operation, such as `RespondToAuthChallenge`, is carried out; its answer is lost. */
  dropNextAnswer(operation: string): void
  /** The next request of the operation is answered with this error, such as `TooManyRequestsException`. */
  failNext(operation: string, type: string, message: string): void
  /** The trigger answers late in its next calls (default one). Cognito waits 5 seconds, three times. */
  delayTrigger(trigger: TriggerName, milliseconds: number, attempts?: number): void
  /** The process of the trigger ends during its next call. */
  killTrigger(trigger: TriggerName): void
  /** Every open session has expired. */
  expireSessions(): void
  afterNewPassword: AfterNewPassword
  afterNativeFactor: AfterNativeFactor
  clientMetadataReachesCreate: boolean
}

/** A Cognito user pool on this machine. It listens on 127.0.0.1 only and forgets everything when it stops. */
export interface LocalUserPool {
  /** The Cognito API, such as `http://127.0.0.1:9229`: `userPoolEndpoint` in `Amplify.configure`. */
  readonly endpoint: string
  readonly region: string
  readonly userPoolId: string
  readonly clientId: string
  /** Address of the mailbox; in a browser it shows the mails. */
  readonly mailbox: string
  /** The users that the pool started with. */
  readonly users: readonly LocalUser[]
  /** What the triggers logged, one JSON object a line, oldest first. */
  readonly logs: readonly string[]
  readonly faults: FaultSwitches
  /** All mails, oldest first. */
  messages(): Promise<readonly Message[]>
  /**
   * The code in the newest mail to an address.
   * @throws Error if no mail with a code went there
   */
  codeFor(address: string): Promise<string>
  /** Moves the clock of the pool and of the triggers forward. */
  advanceClock(seconds: number): void
  /** Stops the servers and the processes of the triggers. */
  close(): Promise<void>
}

/**
 * Starts a local user pool with the built triggers and a mailbox. It needs no AWS account and no network.
 *
 * @throws Error if a port is taken, or if `environment` names a setting that no trigger has
 * @example
 * const pool = await startLocalUserPool()
 * // Point the app at pool.endpoint, pool.userPoolId and pool.clientId, and sign in; then:
 * const code = await pool.codeFor('known@example.com')
 * await pool.close()
 */
export async function startLocalUserPool(options: LocalUserPoolOptions = {}): Promise<LocalUserPool> {
  const pool = await startPool(options)
  return {
    endpoint: pool.endpoint,
    region: pool.region,
    userPoolId: pool.userPoolId,
    clientId: pool.clientId,
    mailbox: pool.mailbox,
    users: pool.users,
    faults: pool.faults,
    get logs() {
      return pool.logs
    },
    messages: () => pool.messages(),
    codeFor: async address => codeIn(await pool.messages(), address),
    advanceClock: seconds => pool.advanceClock(seconds),
    close: () => pool.close(),
  }
}

/** How a replay runs; everything has a default. */
export interface ReplayOptions {
  /** Settings of the triggers by name, over those of a sign-in's own `settings.json`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** What one recorded event led to. */
export interface ReplayedEvent {
  /** Name of the file without `.json`. */
  readonly name: string
  readonly trigger: TriggerName
  /** What the trigger answered; undefined if it threw. */
  readonly response: Readonly<Record<string, unknown>> | undefined
  /** The message that the trigger threw; undefined if it answered. */
  readonly error: string | undefined
  /** Number of mails that the event sent. */
  readonly mails: number
  /** Whether `<name>.expected.json` exists beside the event. */
  readonly compared: boolean
  /** Where the answer differs from the expected one; empty if it does not. */
  readonly differences: readonly string[]
  /** Where the replay differs from the record, such as a code that was right and is wrong now. */
  readonly notes: readonly string[]
}

/** What one recorded sign-in led to. */
export interface ReplayedSignIn {
  /** Name of the folder. */
  readonly name: string
  readonly events: readonly ReplayedEvent[]
  /** Every difference from the expected answers, with the name of its event; empty if every answer is as expected. */
  readonly differences: readonly string[]
}

/**
 * Sends recorded trigger events to the built triggers, in the order of their file names, and compares the answers with
 * the `<name>.expected.json` beside them. It needs no AWS account; mails go to a server on this machine.
 *
 * @param path one event file, a folder with the events of one sign-in, or a folder of such folders
 * @throws Error if the path does not exist, holds no events, or a file is not a trigger event
 * @example
 * const signIns = await replaySignIns('events', { settings: { MAX_ATTEMPTS: '5' } })
 * const differences = signIns.flatMap(signIn => signIn.differences) // [] if every answer is as expected
 */
export async function replaySignIns(
  path: string,
  options: ReplayOptions = {},
): Promise<readonly ReplayedSignIn[]> {
  const recorded = await recordedSignIns(path)
  const replayer = await startReplayer(join(projectDirectory, 'dist'), options.settings)
  try {
    const signIns: ReplayedSignIn[] = []
    for (const signIn of recorded) signIns.push(replayedSignInOf(await replayer.replay(signIn)))
    return signIns
  } finally {
    await replayer.close()
  }
}

function replayedSignInOf({ name, events }: Replay): ReplayedSignIn {
  const replayed = events.map(event => ({
    name: event.name,
    trigger: event.trigger,
    response: event.response,
    error: event.error,
    mails: event.mails,
    compared: event.expected !== undefined,
    differences: differencesOf(event),
    notes: event.notes,
  }))
  const differences = replayed.flatMap(event =>
    event.differences.map(difference => `${event.name}: ${difference}`),
  )
  return { name, events: replayed, differences }
}

async function recordedSignIns(path: string) {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined)
    throw new Error(`${path} does not exist. Name a file or a folder with recorded events.`)
  const folders = found.isDirectory() ? await findSignIns(path) : []
  const signIns = await Promise.all((folders.length === 0 ? [path] : folders).map(readSignIn))
  // A test that replays nothing must not pass.
  if (signIns.every(({ events }) => events.length === 0)) throw new Error(`${path} holds no recorded events.`)
  return signIns
}

/** The code is on a line of its own. */
function codeIn(messages: readonly Message[], address: string): string {
  const mails = messages.filter(({ to }) => to.toLowerCase() === address.toLowerCase())
  const code = /^\s*(\d{6,10})\s*$/m.exec(mails.at(-1)?.text ?? '')?.[1]
  if (code === undefined) {
    throw new Error(`${mails.length === 0 ? 'No mail' : 'No mail with a code'} was sent to ${address}.`)
  }
  return code
}
