// The id of a user pool: what --user-pool-id may be, and the region in it.
import { CommandError } from '../command/terminal.ts'
import { type PoolValues, usageError } from './pool-options.ts'

/** @throws CommandError `usage` */
export function userPoolIdOf(values: Pick<PoolValues, 'user-pool-id' | 'region'>): string {
  const id = values['user-pool-id']
  if (id === undefined) throw usageError('Missing required option: --user-pool-id ID.')
  if (!/^[\w-]+_[0-9a-zA-Z]+$/.test(id)) {
    throw new CommandError(
      `--user-pool-id must be an id such as eu-central-1_EXAMPLE00, not ${JSON.stringify(id)}.`,
      'usage',
    )
  }
  const region = regionOfPool(id)
  if (values.region !== undefined && values.region !== region) {
    throw new CommandError(`--region is ${values.region}, but the user pool is in ${region}.`, 'usage')
  }
  return id
}

/** A pool's id names its region. */
export function regionOfPool(userPoolId: string): string {
  return userPoolId.replace(/_.*/, '')
}
