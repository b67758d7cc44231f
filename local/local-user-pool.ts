// A Cognito user pool on this machine, for trying and testing: the API over HTTP, the built triggers, a mailbox.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { AppClient, type AppClientSettings } from './app-client.ts'
import { type Call, CallLog } from './call-log.ts'
import { Clock } from './clock.ts'
import { Faults } from './faults.ts'
import { listen } from './http.ts'
import { type Message, startMailbox } from './mailbox.ts'
import { findOperation } from './operations/index.ts'
import { type JsonObject, Parameters } from './parameters.ts'
import type { AfterNativeFactor, AfterNewPassword, Pool } from './pool.ts'
import { Sessions } from './sessions.ts'
import type { Step } from './sign-in.ts'
import { Tokens } from './tokens.ts'
import {
  projectDirectory,
  startTrigger,
  TRIGGER_NAMES,
  type Trigger,
  type TriggerName,
} from './trigger-process.ts'
import { Triggers } from './triggers.ts'
import { UserPoolDescription } from './user-pool.ts'
import { type UserStatus, Users } from './users.ts'

export interface LocalUser {
  /** What the person signs in with: an e-mail address, unless the pool's description says otherwise. */
  readonly username: string
  readonly password: string
  readonly status: UserStatus
  readonly attributes?: Readonly<Record<string, string>>
}

export interface LocalUserPoolOptions {
  /** Port of the API; 0, the default, is a free one. */
  readonly port?: number
  /** Port of the mailbox; 0, the default, is a free one. */
  readonly mailPort?: number
  /** Where the built triggers are; default `dist` of this project. */
  readonly directory?: string
  /** Settings of the triggers, over the local defaults. Each trigger gets those that are its own. */
  readonly environment?: Readonly<Record<string, string>>
  /** Default `define`. */
  readonly afterNewPassword?: AfterNewPassword
  /** Default `define-with-entry`. */
  readonly afterNativeFactor?: AfterNativeFactor
  /** Default true. */
  readonly clientMetadataReachesCreate?: boolean
  /** Default: one user with a temporary password, one who is confirmed. */
  readonly users?: readonly LocalUser[]
  /** Default: one public client for the custom flow. The first one is `clientId`. */
  readonly clients?: readonly AppClientSettings[]
  /** False: LambdaConfig is empty at the start, as in a pool to which the triggers are yet to be attached. */
  readonly triggers?: boolean
  /** Members of the pool's description that shall differ, such as `{ UsernameAttributes: [] }`. */
  readonly userPool?: JsonObject
  /** Milliseconds that one try of a trigger may take; default 5000, Cognito's own. */
  readonly triggerTimeoutMs?: number
  /** Default `us-east-1`. */
  readonly region?: string
  /** Folder that is served at `/`; default `dist/page` of this project. */
  readonly pageDirectory?: string
}

export interface LocalUserPool {
  /** Such as `http://127.0.0.1:9229`. */
  readonly endpoint: string
  readonly region: string
  readonly userPoolId: string
  /** The first app client. */
  readonly clientId: string
  /** Address of the mailbox: the SES endpoint, and a page for a browser. */
  readonly mailbox: string
  /** The users that the pool started with. */
  readonly users: readonly LocalUser[]
  /** What happened so far, in the order in which it began. */
  readonly calls: readonly Call[]
  /** The listener gets each call twice: when it begins and when it ends. Returns what ends the subscription. */
  subscribe(listener: (call: Call) => void): () => void
  readonly faults: Faults
  /** What the triggers logged, one JSON object a line. */
  readonly logs: readonly string[]
  /** Mails received, oldest first. */
  messages(): Promise<readonly Message[]>
  /** Moves the clock of the pool and of the triggers. */
  advanceClock(seconds: number): void
  /** Stops the servers and the processes of the triggers. */
  close(): Promise<void>
}

/** Which trigger uses which setting. */
const SETTINGS: Readonly<Record<TriggerName, readonly string[]>> = {
  'define-auth-challenge': ['MAX_ATTEMPTS', 'MAX_SENDS', 'NATIVE_MFA', 'RECORD_EVENTS'],
  'create-auth-challenge': [
    'CODE_SECRET',
    'FROM_ADDRESS',
    'APP_NAME',
    'CODE_LENGTH',
    'CODE_TTL_SECONDS',
    'MAX_ATTEMPTS',
    'MAX_SENDS',
    'RESEND_AFTER_SECONDS',
    'UNVERIFIED_EMAIL',
    'DEFAULT_LOCALE',
    'REPLY_TO_ADDRESS',
    'SES_CONFIGURATION_SET',
    'SES_FALLBACK_REGION',
    'RECORD_EVENTS',
    'AWS_ENDPOINT_URL_SES',
  ],
  'verify-auth-challenge-response': ['CODE_SECRET', 'CODE_LENGTH', 'MAX_ATTEMPTS', 'RECORD_EVENTS'],
  'pre-token-generation': ['HOSTED_UI', 'GUARDED_CLIENT_IDS', 'RECORD_EVENTS'],
}

/** The settings of all triggers that `environment` takes. */
export const SETTING_NAMES: readonly string[] = [...new Set(Object.values(SETTINGS).flat())]

const USERS: readonly LocalUser[] = [
  {
    username: 'new@example.com',
    password: 'Temporary-1',
    status: 'FORCE_CHANGE_PASSWORD',
    attributes: { email_verified: 'true', name: 'New User' },
  },
  {
    username: 'known@example.com',
    password: 'Permanent-1',
    status: 'CONFIRMED',
    attributes: { email_verified: 'true', name: 'Known User' },
  },
]

/** Open to the custom flow only, as a guarded client should be. */
const CLIENTS: readonly AppClientSettings[] = [
  {
    clientName: 'web',
    description: {
      ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
    },
  },
]

/**
 * Starts everything on 127.0.0.1; `close` stops it.
 * @throws Error when a port is taken, or when a setting in `environment` belongs to no trigger.
 */
export async function startLocalUserPool(options: LocalUserPoolOptions = {}): Promise<LocalUserPool> {
  const region = options.region ?? 'us-east-1'
  const id = `${region}_Local${randomBytes(2).toString('hex')}`
  const clock = new Clock()
  const log = new CallLog(() => clock.now())
  const tokens = await Tokens.start(clock, region, id)
  const mailbox = await startMailbox(options.mailPort ?? 0)
  try {
    const processes = triggerProcesses(options, region, mailbox.url)
    const description = new UserPoolDescription(clock, {
      region,
      id,
      triggers: options.triggers ?? true,
      description: options.userPool ?? {},
    })
    const triggers = new Triggers({
      pool: description,
      clock,
      log,
      processes,
      timeoutMs: options.triggerTimeoutMs ?? 5000,
    })
    triggers.clientMetadataReachesCreate = options.clientMetadataReachesCreate ?? true
    const clients = (options.clients ?? CLIENTS).map(settings => new AppClient(clock, id, settings))
    const pool: Pool = {
      clock,
      description,
      clients: new Map(clients.map(client => [client.id, client])),
      users: new Users(clock, description),
      sessions: new Sessions<Step>(clock),
      tokens,
      triggers,
      mailbox,
      behaviour: {
        afterNewPassword: options.afterNewPassword ?? 'define',
        afterNativeFactor: options.afterNativeFactor ?? 'define-with-entry',
      },
    }
    return await serve(pool, log, processes, options)
  } catch (error) {
    await mailbox.close()
    throw error
  }
}

async function serve(
  pool: Pool,
  log: CallLog,
  processes: ReadonlyMap<TriggerName, Trigger>,
  options: LocalUserPoolOptions,
): Promise<LocalUserPool> {
  const { id, region } = pool.description
  const [firstClient] = pool.clients.values()
  if (firstClient === undefined) throw new Error('options.clients is empty: a pool needs an app client.')
  const users = options.users ?? USERS
  for (const { attributes = {}, ...user } of users) {
    pool.users.create({ ...user, attributes: new Map(Object.entries(attributes)) })
  }
  const faults = new Faults(pool)
  const addresses = { region, userPoolId: id, clientId: firstClient.id, mailbox: pool.mailbox.url }

  const { server, endpoint } = await listen(
    {
      pageDirectory: options.pageDirectory ?? join(projectDirectory, 'dist/page'),
      call: (operation, request) =>
        log.request(operation, request, async () => {
          const error = faults.takeError(operation)
          if (error) throw error
          return findOperation(operation)(pool, new Parameters(request))
        }),
      dropsAnswer: operation => faults.takeDroppedAnswer(operation),
      write: (path, body) => (path === '/local-user-pool/faults' ? faults.apply(body) : undefined),
      read: async ({ origin, pathname, searchParams }) => {
        switch (pathname) {
          case '/local-user-pool.json':
            return {
              endpoint: origin,
              ...addresses,
              users: users.map(user => asTheyAreNow(pool, user)),
            }
          case '/local-user-pool/calls':
            return log.since(Number(searchParams.get('since') ?? 0))
          case '/local-user-pool/messages':
            return pool.mailbox.messages()
          case `/${id}/.well-known/jwks.json`:
            return pool.tokens.jwks
          case `/${id}/.well-known/openid-configuration`:
            return {
              issuer: pool.tokens.issuer,
              jwks_uri: `${origin}/${id}/.well-known/jwks.json`,
              id_token_signing_alg_values_supported: ['RS256'],
              response_types_supported: ['code', 'token'],
              subject_types_supported: ['public'],
            }
          default:
            return undefined
        }
      },
    },
    options.port ?? 0,
  )

  return {
    endpoint,
    ...addresses,
    users,
    faults,
    get calls() {
      return log.calls
    },
    get logs() {
      return [...processes.values()].flatMap(trigger => trigger.logs)
    },
    subscribe: listener => log.subscribe(listener),
    messages: () => pool.mailbox.messages(),
    advanceClock: seconds => pool.clock.advance(seconds),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      const stopped = [...processes.values()].map(trigger => trigger.close())
      await Promise.all([closed, pool.mailbox.close(), ...stopped])
    },
  }
}

/** A user that the pool started with, for whoever wants to sign in as them: a password only as long as it is theirs. */
function asTheyAreNow({ users }: Pool, { username, password }: LocalUser) {
  const user = users.find(username)
  const isTheirs = user !== undefined && users.passwordIsRight(user, password)
  return { username, ...(isTheirs && { password }), status: user?.status ?? 'DELETED' }
}

function triggerProcesses(
  { directory, environment = {} }: LocalUserPoolOptions,
  region: string,
  mailboxUrl: string,
): ReadonlyMap<TriggerName, Trigger> {
  const unknown = Object.keys(environment).filter(name => !SETTING_NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`environment: ${unknown.join(', ')} is a setting of no trigger.`)
  const settings: Readonly<Record<string, string>> = {
    CODE_SECRET: randomBytes(32).toString('base64'),
    FROM_ADDRESS: 'Example <no-reply@example.com>',
    APP_NAME: 'Example',
    AWS_ENDPOINT_URL_SES: mailboxUrl,
    ...environment,
  }
  return new Map(
    TRIGGER_NAMES.map(name => {
      const own = Object.entries(settings).filter(([setting]) => SETTINGS[name].includes(setting))
      return [
        name,
        startTrigger({
          name,
          directory: directory ?? join(projectDirectory, 'dist'),
          environment: { AWS_REGION: region, ...Object.fromEntries(own) },
        }),
      ]
    }),
  )
}
