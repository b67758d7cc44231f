// Every short order of the commands that change a pool, stopped after any of their writes: no password alone gives tokens.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { isObject, type UntypedObject } from '../../command/json.ts'
import type { PoolCall } from '../../local/call-log.ts'
import { type LocalUser, type LocalUserPool, startLocalUserPool } from '../../local/local-user-pool.ts'
import { rehearsalAccount, STACK_NAME } from '../../local/rehearsal.ts'
import { migrate, signInWithPassword, temporaryFolder } from '../../testing/migration-run.ts'
import { type CommandRun, run } from '../../testing/pool-run.ts'
import { environmentOf } from '../../testing/probe-run.ts'
import { awsClients } from '../aws.ts'
import type { Credentials } from '../probe/calls.ts'
import { readPoolState, setUserPoolMfaConfig, updateUserPool, updateUserPoolClient } from '../user-pool.ts'

const CLIENTS = ['1webexample', '2phoneexample']
const FLOWS = ['CUSTOM_AUTH', 'USER_SRP_AUTH'] as const

/** One of those who have been there, and one of those who have not. */
const KNOWN = { username: 'ann@example.com', password: 'Permanent-1' }
const INVITED = { username: 'sam@example.com', password: 'Temporary-1' }

/** The requests that change the pool; a pool is what the last one of each made it. */
const WRITES = ['SetUserPoolMfaConfig', 'UpdateUserPool', 'UpdateUserPoolClient', 'AdminSetUserMFAPreference']

type Write = { readonly operation: string; readonly request: UntypedObject }

/** The pool and the files of the operator, at a moment at which a command may have been killed. */
type Moment = {
  /** The commands that led here. */
  readonly path: string
  /** Whether attach has ended, and detach has not begun to undo it: until then the ways in are those of the first moment. */
  readonly isAttached: boolean
  readonly writes: ReadonlyMap<string, Write>
  readonly files: ReadonlyMap<string, string>
}

let pool: LocalUserPool
let folder: Awaited<ReturnType<typeof temporaryFolder>>
const file = (name: string) => join(folder.path, name)

beforeAll(async () => {
  folder = await temporaryFolder()
  const passwordOnly = { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] }
  const attributes = { email_verified: 'true' }
  const users: LocalUser[] = [
    { ...KNOWN, status: 'CONFIRMED', attributes },
    { ...INVITED, status: 'FORCE_CHANGE_PASSWORD', attributes },
  ]
  pool = await startLocalUserPool({
    users,
    clients: CLIENTS.map(clientId => ({ clientId, clientName: clientId, description: passwordOnly })),
    // Nothing but the guard stands between a new password and tokens here.
    afterNewPassword: 'tokens',
    afterNativeFactor: 'tokens',
    triggers: false,
    account: rehearsalAccount,
  })
})
afterAll(async () => {
  await pool.close()
  await folder.remove()
})

type Command = (number: number) => Promise<CommandRun>

const WAY_THROUGH: Readonly<Record<string, Command>> = {
  attach: number =>
    onPool('attach', '--stack-name', STACK_NAME, '--clients', CLIENTS.join(), ...backup(number, 'attach')),
  enable: number => migrate(pool, ['enable', '--yes', ...backup(number, 'enable')]),
  users: () => migrate(pool, ['users', '--all', '--yes', ...JOURNAL()]),
  'finish --keep-custom-auth': number =>
    migrate(pool, ['finish', '--keep-custom-auth', '--yes', ...backup(number, 'both')]),
  finish: number => migrate(pool, ['finish', '--yes', ...backup(number, 'finish')]),
}
const JOURNAL = () => ['--journal', file('users.jsonl'), '--rate', '5000']
const backup = (number: number, name: string) => ['--backup', file(`${number}-${name}.json`)]

const onPool = (command: string, ...args: string[]) =>
  run(environmentOf(pool), [command, ...args, '--user-pool-id', pool.userPoolId, '--yes'])

const COMMANDS: Readonly<Record<string, Command>> = {
  ...WAY_THROUGH,
  rollback: () => migrate(pool, ['rollback', '--yes', ...JOURNAL()]),
  /** All that check finds and fix can change; it says what that is. */
  fix: async number => {
    const fix = () => onPool('fix', fixable, ...backup(number, 'fix'))
    const first = await fix()
    const others = /fix can change: (.+)\.$/m.exec(first.err)?.[1]
    if (others === undefined) return first
    fixable = others
    return fix()
  },
}
let fixable = 'client-stranded'

/** These read neither the files nor the users' factors: tried once for each state of the pool. */
const READING_THE_POOL_ALONE = ['attach', 'fix']
const poolsTried = new Set<string>()

/** What can be run at a moment: each command, and detach with each backup that is there. */
function commandsAt(moment: Moment): [string, Command][] {
  const writes = [...moment.writes].filter(([key]) => !key.startsWith('AdminSetUserMFAPreference'))
  const poolKey = keyOf({ ...moment, writes: new Map(writes), files: new Map() })
  const isTried = poolsTried.has(poolKey)
  poolsTried.add(poolKey)
  const backups = [...moment.files.keys()].filter(name => name.endsWith('.json'))
  return [
    ...Object.entries(COMMANDS).filter(([name]) => !(isTried && READING_THE_POOL_ALONE.includes(name))),
    ...backups.map((name): [string, Command] => [
      `detach ${name}`,
      () => onPool('detach', '--backup', file(name)),
    ]),
  ]
}

async function call(operation: string, request: UntypedObject): Promise<UntypedObject> {
  const response = await fetch(pool.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify({ UserPoolId: pool.userPoolId, ...request }),
  })
  const answer: unknown = await response.json()
  if (!response.ok || !isObject(answer)) throw new Error(`${operation}: ${JSON.stringify(answer)}`)
  return answer
}

/** The writes after one more. MFA is in two of them, and the last one counts. */
function withWrite(writes: Moment['writes'], write: Write): Moment['writes'] {
  const { operation, request } = write
  const key = [operation, request['ClientId'], request['Username']].join(' ')
  const after = new Map(writes).set(key, write)
  const mode = request['MfaConfiguration']
  if (mode === undefined) return after
  for (const [other, { operation: name, request: before }] of after)
    if ('MfaConfiguration' in before)
      after.set(other, { operation: name, request: { ...before, MfaConfiguration: mode } })
  return after
}

function writeOf(ended: PoolCall): Write | undefined {
  if (ended.kind !== 'request' || ended.durationMs === undefined || ended.error !== undefined)
    return undefined
  const { operation, request } = ended
  return WRITES.includes(operation) && isObject(request) ? { operation, request } : undefined
}

function filesNow(): ReadonlyMap<string, string> {
  const names = readdirSync(folder.path).filter(name => /\.jsonl?$/.test(name))
  return new Map(names.map(name => [name, readFileSync(file(name), 'utf8')]))
}

/** What the pool is at now. */
let here: Moment['writes'] = new Map()

async function goBackTo({ writes, files }: Moment): Promise<void> {
  const different = [...writes].flatMap(([key, write]) =>
    isDeepStrictEqual(here.get(key), write) ? [] : [write],
  )
  for (const { operation, request } of different.toSorted(inOrder)) await call(operation, request)
  here = writes
  for (const name of readdirSync(folder.path)) await rm(file(name), { recursive: true })
  for (const [name, text] of files) writeFileSync(file(name), text)
}

/** UpdateUserPool takes MFA only if a factor is on. */
function inOrder(one: Write, other: Write): number {
  return WRITES.indexOf(one.operation) - WRITES.indexOf(other.operation)
}

/** Runs a command at a moment. @returns the moments after each of its writes, and after its end */
async function momentsOf(start: Moment, name: string, command: Command) {
  await goBackTo(start)
  const isAttachedAfter = name === 'attach' || (start.isAttached && !/^detach .*attach/.test(name))
  const isAttached = start.isAttached && isAttachedAfter
  const moments: Moment[] = []
  let { writes } = start
  const path = `${start.path}, ${name}`
  const stop = pool.subscribe(ended => {
    const write = writeOf(ended)
    if (write === undefined) return
    writes = withWrite(writes, write)
    moments.push({ path: `${path} (${moments.length + 1})`, isAttached, writes, files: filesNow() })
  })
  const { code } = await command(start.path.split(',').length)
  stop()
  here = writes
  const end = { path, isAttached: code === 0 ? isAttachedAfter : start.isAttached, writes, files: filesNow() }
  return [...moments, end]
}

/** Two moments are one if nothing but times differs. */
function keyOf({ isAttached, writes, files }: Moment): string {
  const text = JSON.stringify([isAttached, [...writes].toSorted(), [...files].toSorted()])
  return text.replace(/\\*"(at|madeAt|CreationDate|LastModifiedDate)\\*": ?[^,}]+/g, '')
}

/** What decides on a sign-in. */
type Configuration = {
  readonly triggers: boolean
  readonly guard: boolean
  readonly mfa: string
  readonly offersEmail: boolean
  readonly flows: Readonly<Record<string, readonly string[]>>
  readonly moved: readonly string[]
}

function configurationOf({ writes }: Moment): Configuration {
  const requests = (operation: string) =>
    [...writes.values()].flatMap(write => (write.operation === operation ? [write.request] : []))
  const [userPool = {}] = requests('UpdateUserPool')
  const [mfa = {}] = requests('SetUserPoolMfaConfig')
  const slots = Object.keys(Object(userPool['LambdaConfig']))
  const clients = requests('UpdateUserPoolClient').map((client): [string, string[]] => [
    String(client['ClientId']),
    Array.isArray(client['ExplicitAuthFlows']) ? client['ExplicitAuthFlows'].map(String).toSorted() : [],
  ])
  const moved = requests('AdminSetUserMFAPreference').filter(
    preference => Object(preference['EmailMfaSettings'])['Enabled'] === true,
  )
  return {
    triggers: slots.includes('DefineAuthChallenge'),
    guard: slots.includes('PreTokenGeneration'),
    mfa: String(mfa['MfaConfiguration']),
    offersEmail: mfa['EmailMfaConfiguration'] !== undefined,
    flows: Object.fromEntries(clients.toSorted()),
    moved: moved.map(({ Username }) => String(Username)).toSorted(),
  }
}

/** An app client, a flow and a user, and what decides on whether the password is enough for them. */
type Way = Omit<Configuration, 'flows' | 'moved'> & {
  readonly clientId: string
  readonly flow: (typeof FLOWS)[number]
  readonly person: typeof KNOWN
  readonly isMoved: boolean
}

/** @param subs of KNOWN and INVITED */
function waysOf({ flows, moved, ...rest }: Configuration, subs: readonly string[]): Way[] {
  return Object.entries(flows).flatMap(([clientId, allowed]) =>
    FLOWS.filter(flow => allowed.includes(`ALLOW_${flow}`)).flatMap(flow =>
      [KNOWN, INVITED].map((person, index) => {
        const isMoved = moved.includes(subs[index] ?? '')
        return { ...rest, clientId, flow, person, isMoved }
      }),
    ),
  )
}

/** Whether the password alone gives tokens, as the configuration says. */
function isOpen({ flow, person, isMoved, triggers, guard, mfa, offersEmail }: Way): boolean {
  const isNew = person === INVITED
  const asksForFactor = offersEmail && (mfa === 'ON' || (mfa === 'OPTIONAL' && isMoved))
  const isFlowOpen = flow === 'CUSTOM_AUTH' ? triggers && isNew : true
  return isFlowOpen && !asksForFactor && !(isNew && guard)
}

/** The same, as a sign-in to the pool shows. */
async function letsIn({ clientId, flow, person }: Way): Promise<boolean> {
  const { end } = await signInWithPassword(pool, clientId, flow, person)
  const { username: Username, password: Password } = person
  if (person === INVITED) await call('AdminSetUserPassword', { Username, Password, Permanent: false })
  return end === 'tokens'
}

const nameOf = ({ clientId, flow, person }: Way) => `${clientId} ${flow} ${person.username}`

/** The first moment, with every write made once, as it is. @returns with the users' names inside the pool */
async function firstMoment(): Promise<{ readonly start: Moment; readonly subs: readonly [string, string] }> {
  Object.assign(process.env, environmentOf(pool))
  let writes: Moment['writes'] = new Map()
  const stop = pool.subscribe(ended => {
    const write = writeOf(ended)
    if (write !== undefined) writes = withWrite(writes, write)
  })
  const { cognito } = awsClients(pool.region)
  const { userPool, clients } = await readPoolState(cognito, pool.userPoolId)
  await setUserPoolMfaConfig(cognito, pool.userPoolId, { MfaConfiguration: 'OFF' })
  await updateUserPool(cognito, userPool, userPool)
  for (const client of Object.values(clients)) await updateUserPoolClient(cognito, client)
  const subOf = async ({ username }: Credentials) => {
    const { Username } = await call('AdminGetUser', { Username: username })
    const EmailMfaSettings = { Enabled: false, PreferredMfa: false }
    await call('AdminSetUserMFAPreference', { Username, EmailMfaSettings })
    return String(Username)
  }
  const subs = [await subOf(KNOWN), await subOf(INVITED)] as const
  stop()
  return { start: { path: 'at first', isAttached: false, writes, files: new Map() }, subs }
}

/** COMMANDS_IN_A_ROW=2 tries every two of them at each moment of the way, with every write of the first; it takes minutes. */
const MOST_COMMANDS = Number(process.env['COMMANDS_IN_A_ROW'] ?? 1)

test('no order of the commands, stopped after any write, lets a password alone in', async () => {
  const { start, subs } = await firstMoment()
  here = start.writes
  const openAtFirst = waysOf(configurationOf(start), subs).filter(isOpen).map(nameOf)
  expect(openAtFirst).toHaveLength(4)
  const seen = new Map([[keyOf(start), start]])
  const addNew = (moments: readonly Moment[]) =>
    moments.filter(moment => {
      const isNew = !seen.has(keyOf(moment))
      if (isNew) seen.set(keyOf(moment), moment)
      return isNew
    })
  // The way through, with the moment after each write; from each of them every command.
  let last = start
  for (const [name, command] of Object.entries(WAY_THROUGH)) {
    const moments = await momentsOf(last, name, command)
    last = moments.at(-1) ?? last
    addNew(moments)
  }
  expect(last.isAttached).toBe(true)
  let border = [...seen.values()]
  for (let commands = 1; commands <= MOST_COMMANDS; commands += 1) {
    const next: Moment[] = []
    for (const moment of border)
      for (const [name, command] of commandsAt(moment))
        next.push(...addNew(await momentsOf(moment, name, command)))
    border = next
  }
  const tried = new Set<string>()
  for (const moment of seen.values()) {
    const configuration = configurationOf(moment)
    const allowed = moment.isAttached ? [] : openAtFirst
    // Whoever is moved, and whoever is not: the next person may be either.
    for (const moved of [[], subs]) {
      const open = waysOf({ ...configuration, moved }, subs)
        .filter(isOpen)
        .map(nameOf)
      expect([moment.path, open.filter(way => !allowed.includes(way))]).toEqual([moment.path, []])
    }
    for (const way of waysOf(configuration, subs)) {
      // Only the flows of an app client tell it from another.
      const text = JSON.stringify({ ...way, clientId: configuration.flows[way.clientId] })
      if (tried.has(text)) continue
      tried.add(text)
      await goBackTo(moment)
      expect([moment.path, nameOf(way), await letsIn(way)]).toEqual([moment.path, nameOf(way), isOpen(way)])
    }
  }
  expect(tried.size).toBeGreaterThan(20)
}, 600_000)
