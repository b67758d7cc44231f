// The option --user-pool-id of every command for a pool.
import { CommandError } from '../command/terminal.ts'
import { regionOfPool } from './plan.ts'
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
