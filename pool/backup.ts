// The backup that is written before anything changes: the whole pool as Cognito described it, and what was changed.
import { link, readdir, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { readNamedFile } from '../command/files.ts'
import {
  isJsonObject,
  type Json,
  type JsonObject,
  objectAt,
  objectOf,
  parseJsonObject,
  stringAt,
} from '../command/json.ts'
import { printable } from '../command/shell.ts'
import { CommandError } from '../command/terminal.ts'
import { wantedFlows } from './app-clients.ts'
import { BACKED_UP, type Command } from './plan.ts'
import type { PoolState } from './user-pool.ts'

export type Backup = {
  readonly command: Command
  readonly userPoolId: string
  /** ISO 8601. */
  readonly madeAt: string
  /** As it was before the command, with every app client. */
  readonly before: PoolState
  /** As the command was to leave it, with the app clients that it changed. */
  readonly after: PoolState
  /** The LambdaConfig members that attach set, by name. */
  readonly triggers: JsonObject
}

const FORMAT = 'cognito-email-code backup 2'
/** Held only the clients that attach changed, and not what they became. */
const FORMAT_1 = 'cognito-email-code backup 1'

/**
 * Writes a backup whole or not at all, readable by its owner only.
 *
 * @throws CommandError `backup-exists` if the file exists: it may be the only record of how the pool was;
 *   `backup-unwritable` if there can be no such file
 */
export async function writeBackup(file: string, backup: Backup): Promise<void> {
  const unfinished = `${file}.${process.pid}.unfinished`
  const text = `${JSON.stringify({ format: FORMAT, ...backup }, null, 2)}\n`
  const options = { flag: 'wx', mode: 0o600, flush: true }
  await writeFile(unfinished, text, options).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      `The backup file ${file} cannot be written (${error.code}). Nothing was changed.\n` +
        'With --backup FILE, pass a name in a folder that exists and that you may write to.',
      'backup-unwritable',
    )
  })
  try {
    await link(unfinished, file)
  } catch (error) {
    if (objectOf(error)['code'] !== 'EEXIST') throw error
    throw new CommandError(
      `The backup file ${file} already exists and may be the only record of how the pool was. Nothing was changed.\n` +
        'Pass another name with --backup FILE.',
      'backup-exists',
    )
  } finally {
    await unlink(unfinished)
  }
}

/** @throws CommandError if the file cannot be read (`backup-unreadable`) or is not of this pool (`backup-of-other-pool`) */
export async function readBackup(file: string, userPoolId: string): Promise<Backup> {
  const advice = 'Name the backup that attach, fix or migrate wrote.'
  const text = await readNamedFile({ option: '--backup', file, advice, code: 'backup-unreadable' })
  let value: JsonObject
  try {
    value = parseJsonObject(text)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(`The backup file ${file} cannot be read: ${cause}`, 'backup-unreadable')
  }
  const backup = parseBackup(value)
  if (backup === undefined) {
    throw new CommandError(
      `${file} is not a backup of this tool (its "format" should be "${FORMAT}").`,
      'backup-unreadable',
    )
  }
  const pools = [
    backup.userPoolId,
    stringAt(backup.before.userPool, 'Id'),
    ...Object.values(backup.before.clients).map(client => stringAt(client, 'UserPoolId')),
  ]
  if (pools.some(id => id !== userPoolId)) {
    const other = pools.find(id => id !== userPoolId) ?? '(not named)'
    throw new CommandError(
      `${file} is a backup of the pool ${printable(other)}, not of ${userPoolId}. Nothing was changed.`,
      'backup-of-other-pool',
    )
  }
  return backup
}

export type FoundBackup = { readonly file: string; readonly backup: Backup }

/** The other backups of this pool in the folder of a backup, the newest first. What is no backup is passed over. */
export async function backupsBeside(file: string, userPoolId: string): Promise<FoundBackup[]> {
  const directory = dirname(file)
  const names = await readdir(directory).catch(() => [])
  const found: FoundBackup[] = []
  for (const name of names.filter(it => it.endsWith('.json'))) {
    const other = join(directory, name)
    if (resolve(other) === resolve(file)) continue
    const backup = await readBackup(other, userPoolId).catch(() => undefined)
    if (backup !== undefined) found.push({ file: other, backup })
  }
  return found.sort((one, other) => other.backup.madeAt.localeCompare(one.backup.madeAt))
}

function parseBackup(value: JsonObject): Backup | undefined {
  const format = stringAt(value, 'format')
  const before = stateAt(value, 'before')
  const userPoolId = stringAt(value, 'userPoolId')
  if (before === undefined || userPoolId === undefined) return undefined
  const triggers = objectAt(value, 'triggers')
  const madeAt = stringAt(value, 'madeAt') ?? 'an unknown time'
  const common = { userPoolId, madeAt, before, triggers }
  if (format === FORMAT_1) return { ...common, command: 'attach', after: afterOfFormat1(before, triggers) }
  const after = stateAt(value, 'after')
  if (format !== FORMAT || after === undefined) return undefined
  const command = BACKED_UP.find(name => name === stringAt(value, 'command')) ?? 'attach'
  return { ...common, command, after }
}

function stateAt(value: JsonObject, name: string): PoolState | undefined {
  const userPool = objectAt(value, name, 'userPool')
  if (stringAt(userPool, 'Id') === undefined) return undefined
  const mfa = objectAt(value, name, 'mfa')
  return {
    userPool,
    mfa: Object.keys(mfa).length === 0 ? undefined : mfa,
    clients: Object.fromEntries(Object.entries(objectAt(value, name, 'clients')).filter(isClient)),
  }
}

function isClient(entry: [string, Json]): entry is [string, JsonObject] {
  const [id, client] = entry
  return isJsonObject(client) && client['ClientId'] === id
}

/** What attach of that format made of a pool. AuthSessionValidity is not known: it may have grown. */
function afterOfFormat1(before: PoolState, triggers: JsonObject): PoolState {
  const lambdaConfig = { ...objectAt(before.userPool, 'LambdaConfig'), ...triggers }
  const clients = Object.fromEntries(
    Object.entries(before.clients).map(([id, client]): [string, JsonObject] => [
      id,
      { ...client, ExplicitAuthFlows: wantedFlows(client), AuthSessionValidity: null },
    ]),
  )
  return { ...before, userPool: { ...before.userPool, LambdaConfig: lambdaConfig }, clients }
}
