// A Cognito user pool on this machine, for trying and testing: the API over HTTP, the built triggers, a mailbox.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { isObject, type UntypedObject } from '../command/json.ts'
import { AppClient, type AppClientSettings } from './app-client.ts'
import { type AwsAccount, answerAws, type DeployedTriggers } from './aws-services.ts'
import type { AfterNativeFactor, AfterNewPassword } from './behaviour.ts'
import { CallLog, type PoolCall } from './call-log.ts'
import type { OpenChallenge } from './challenges.ts'
import { Clock } from './clock.ts'
import { invalidParameter } from './errors.ts'
import { Faults } from './faults.ts'
import { type Door, listen } from './http.ts'
import { type Message, startMailbox } from './mailbox.ts'
import { findOperation } from './operations/index.ts'
import { Parameters } from './parameters.ts'
import type { Pool } from './pool.ts'
import { type QuotaChoice, Quotas, quotaRates } from './quotas.ts'
import { Sessions } from './sessions.ts'
import type { SharedProcesses } from './shared-processes.ts'
import { Tokens } from './tokens.ts'
import { projectDirectory, type TriggerName, type TriggerProcess } from './trigger-process.ts'
import { checkTriggers, triggerEnvironments, triggerProcesses } from './trigger-settings.ts'
import { Triggers } from './triggers.ts'
import { UserPoolDescription } from './user-pool.ts'
import { type UserStatus, Users } from './users.ts'

export interface LocalUser {
  /** What the user signs in with: an e-mail address, unless the pool's description says otherwise. */
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
  /** Whether requests beyond Cognito's quotas, or beyond rates of your own, are refused; default false. */
  readonly quotas?: QuotaChoice
  /** Default: one user with a temporary password, one who is confirmed. */
  readonly users?: readonly LocalUser[]
  /** Default: one public client for the custom flow. The first one is `clientId`. */
  readonly clients?: readonly AppClientSettings[]
  /** False: LambdaConfig is empty at the start, as in a pool to which the triggers are yet to be attached. */
  readonly triggers?: boolean
  /** Members of the pool's description that differ, such as `{ UsernameAttributes: [] }`. */
  readonly userPool?: UntypedObject
  /** Milliseconds that one try of a trigger may take; default 5000, Cognito's own. */
  readonly triggerTimeoutMs?: number
  /** Default `us-east-1`. */
  readonly region?: string
  /** The account around the pool, for the services beside Cognito that the commands ask; default: none are there. */
  readonly account?: (deployed: DeployedTriggers) => AwsAccount
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
  readonly calls: readonly PoolCall[]
  /** The listener gets each call twice: when it begins and when it ends. Returns what ends the subscription. */
  subscribe(listener: (call: PoolCall) => void): () => void
  readonly faults: Faults
  /** What the triggers logged, one JSON object a line. */
  readonly logs: readonly string[]
  /** Adds a first-time user, `new-1@example.com` and so on, with a temporary password. */
  addUser(): LocalUser
  /** Mails received, oldest first. */
  messages(): Promise<readonly Message[]>
  /** Starts each trigger once without a call. @throws Error with what is wrong with their settings. */
  checkTriggers(): Promise<void>
  /** Moves the clock of the pool and of the triggers. */
  advanceClock(seconds: number): void
  /** Stops the servers and the processes of the triggers. */
  close(): Promise<void>
}

const USERS: readonly LocalUser[] = [
  firstTimeUser('new@example.com'),
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
 * @param shared what pools that run one after another keep; `mailPort` is not used then
 * @throws Error when a port is taken, or when a setting in `environment` belongs to no trigger.
 */
export async function startLocalUserPool(
  options: LocalUserPoolOptions = {},
  shared?: SharedProcesses,
): Promise<LocalUserPool> {
  const region = options.region ?? 'us-east-1'
  const id = `${region}_Local${randomBytes(2).toString('hex')}`
  const clock = new Clock()
  const log = new CallLog(() => clock.now())
  const tokens = await Tokens.start(clock, region, id)
  const mailbox = await (shared?.takeMailbox() ?? startMailbox(options.mailPort ?? 0))
  let door: Door | undefined
  try {
    door = await listen(options.port ?? 0)
    // The tables of the account are at the endpoint of the pool. Without one, shared processes serve pool after pool.
    const hasTable = options.account !== undefined && options.environment?.['LIMIT_TABLE'] !== undefined
    const tables = hasTable ? { AWS_ENDPOINT_URL_DYNAMODB: door.endpoint } : {}
    const environments = triggerEnvironments({
      environment: { ...shared?.environment, ...tables, ...options.environment },
      region,
      mailboxUrl: mailbox.url,
    })
    const directory = options.directory ?? join(projectDirectory, 'dist')
    const processes = triggerProcesses(directory, environments, shared?.takeTrigger)
    const description = new UserPoolDescription(clock, {
      region,
      id,
      triggers: options.triggers ?? true,
      description: options.userPool ?? {},
    })
    const mailsHere = environments.get('create-auth-challenge')?.['AWS_ENDPOINT_URL_SES'] === mailbox.url
    const triggers = new Triggers({
      pool: description,
      clock,
      log,
      processes,
      beforeCreate: async () => (mailsHere ? mailbox.ready() : undefined),
      timeoutMs: options.triggerTimeoutMs ?? 5000,
    })
    triggers.clientMetadataReachesCreate = options.clientMetadataReachesCreate ?? true
    const clients = (options.clients ?? CLIENTS).map(settings => new AppClient(clock, id, settings))
    const pool: Pool = {
      clock,
      description,
      clients: new Map(clients.map(client => [client.id, client])),
      users: new Users(clock, description),
      groups: new Map(),
      sessions: new Sessions<OpenChallenge>(clock),
      tokens,
      triggers,
      mailbox,
      behaviour: {
        afterNewPassword: options.afterNewPassword ?? 'define',
        afterNativeFactor: options.afterNativeFactor ?? 'define-with-entry',
      },
      quotas: new Quotas(clock, quotaRates(options.quotas ?? false)),
      recoveries: new Map(),
    }
    const account = options.account?.({
      region,
      poolArn: description.arn,
      environments,
      logsOf: trigger => processes.get(trigger)?.logs ?? [],
      calls: () => log.calls,
    })
    return serve(pool, log, processes, account, options, door)
  } catch (error) {
    door?.server.close()
    await mailbox.close()
    throw error
  }
}

function serve(
  pool: Pool,
  log: CallLog,
  processes: ReadonlyMap<TriggerName, TriggerProcess>,
  account: AwsAccount | undefined,
  options: LocalUserPoolOptions,
  { server, endpoint, serve }: Door,
): LocalUserPool {
  const { id, region } = pool.description
  const [firstClient] = pool.clients.values()
  if (firstClient === undefined) throw new Error('options.clients is empty: a pool needs an app client.')
  const users: LocalUser[] = []
  const add = (user: LocalUser): LocalUser => {
    pool.users.create({ ...user, attributes: new Map(Object.entries(user.attributes ?? {})) })
    users.push(user)
    return user
  }
  for (const user of options.users ?? USERS) add(user)
  let added = 0
  const addUser = () => {
    do added += 1
    while (pool.users.find(`new-${added}@example.com`))
    return add(firstTimeUser(`new-${added}@example.com`))
  }
  const faults = new Faults(pool)
  const addresses = { region, userPoolId: id, clientId: firstClient.id, mailbox: pool.mailbox.url }
  serve({
    pageDirectory: options.pageDirectory ?? join(projectDirectory, 'dist/page'),
    call: (operation, request) =>
      log.request(
        operation,
        request,
        async requestNumber => {
          const error = faults.takeError(operation)
          if (error) throw error
          pool.quotas.count(operation, request, name => pool.users.find(name)?.username ?? name)
          const triggers = pool.triggers.forRequest(requestNumber)
          return findOperation(operation)({ ...pool, triggers }, new Parameters(request))
        },
        () => faults.takeDroppedAnswer(operation),
      ),
    service: request => (account === undefined ? undefined : answerAws(account, request)),
    async write(path, body) {
      if (path === '/local-user-pool/faults') return faults.apply(body)
      if (path !== '/local-user-pool/users') return undefined
      if (!isObject(body) || Object.keys(body).length > 0) throw invalidParameter('The body must be {}.')
      return asTheyAreNow(pool, addUser())
    },
    async read({ origin, pathname, searchParams }) {
      switch (pathname) {
        case '/local-user-pool.json':
          return { endpoint: origin, ...addresses, users: users.map(user => asTheyAreNow(pool, user)) }
        case '/local-user-pool/calls':
          return log.since(numberOf(searchParams.get('since')) ?? 0)
        case '/local-user-pool/messages':
          return pool.mailbox.messages(numberOf(searchParams.get('since')))
        case '/local-user-pool/faults':
          return faults.state
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
  })

  return {
    endpoint,
    ...addresses,
    users,
    faults,
    addUser,
    get calls() {
      return log.calls
    },
    get logs() {
      return [...processes.values()].flatMap(trigger => trigger.logs)
    },
    subscribe: listener => log.subscribe(listener),
    messages: () => pool.mailbox.messages(),
    checkTriggers: () => checkTriggers(processes.values()),
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

function firstTimeUser(username: string): LocalUser {
  return {
    username,
    password: 'Temporary-1',
    status: 'FORCE_CHANGE_PASSWORD',
    attributes: { email: username, email_verified: 'true', name: 'New User' },
  }
}

/** A user that the pool was started with; the password only while it is still the user's. */
function asTheyAreNow({ users }: Pool, { username, password }: LocalUser) {
  const user = users.find(username)
  const isTheirs = user?.password?.matches(password) === true
  return { username, ...(isTheirs && { password }), status: user?.status ?? 'DELETED' }
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined
}
