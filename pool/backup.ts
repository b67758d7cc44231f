// The backup that is written before anything changes: the whole pool as Cognito described it, and what attach did.
import { link, open, readFile, unlink } from 'node:fs/promises'
import { type JsonObject, objectAt, parseJsonObject, textAt } from '../command/json.ts'
import { CommandError } from '../command/terminal.ts'
import type { PoolState } from './user-pool.ts'

export type Backup = {
  readonly userPoolId: string
  /** ISO 8601. */
  readonly madeAt: string
  /** As it was before attach. */
  readonly before: PoolState
  /** The LambdaConfig members that attach set, by name. */
  readonly triggers: JsonObject
}

const FORMAT = 'cognito-email-code backup 1'

/**
 * Writes a backup whole or not at all, readable by its owner only.
 *
 * @throws CommandError if the file exists: it may be the only record of how the pool was
 */
export async function writeBackup(file: string, backup: Backup): Promise<void> {
  const unfinished = `${file}.${process.pid}.unfinished`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify({ format: FORMAT, ...backup }, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(unfinished, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new CommandError(
      `The backup file ${file} exists already and may be the only record of how the pool was. Nothing was changed.\n` +
        'Give another name with --backup FILE.',
    )
  } finally {
    await unlink(unfinished)
  }
}

/** @throws CommandError if the file cannot be read or is no backup of this pool */
export async function readBackup(file: string, userPoolId: string): Promise<Backup> {
  let value: JsonObject
  try {
    value = parseJsonObject(await readFile(file, 'utf8'))
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new CommandError(`The backup file ${file} cannot be read: ${cause}`)
  }
  const clients = objectAt(value, 'before', 'clients')
  const userPool = objectAt(value, 'before', 'userPool')
  if (textAt(value, 'format') !== FORMAT || textAt(userPool, 'Id') === undefined) {
    throw new CommandError(`${file} is not a backup that attach wrote (its "format" should be "${FORMAT}").`)
  }
  if (textAt(value, 'userPoolId') !== userPoolId) {
    throw new CommandError(
      `${file} is a backup of the pool ${textAt(value, 'userPoolId')}, not of ${userPoolId}. Nothing was changed.`,
    )
  }
  return {
    userPoolId,
    madeAt: textAt(value, 'madeAt') ?? 'an unknown time',
    before: {
      userPool,
      mfa: objectAt(value, 'before', 'mfa'),
      clients: Object.fromEntries(Object.entries(clients).filter(entry => isClient(entry))),
    },
    triggers: objectAt(value, 'triggers'),
  }
}

function isClient(entry: [string, unknown]): entry is [string, JsonObject] {
  const [id, client] = entry
  return typeof client === 'object' && client !== null && 'ClientId' in client && client.ClientId === id
}
