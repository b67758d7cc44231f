// The work of the command limit: finds the counters of a user in the table of the limit across sign-ins, shows and resets them.
import { AdminGetUserCommand } from '@aws-sdk/client-cognito-identity-provider'
import { printable } from '../command/shell.ts'
import { CommandError, confirm, type Terminal } from '../command/terminal.ts'
import {
  counterKey,
  type LimitPolicy,
  limitedUntil,
  type MailCounters,
  readCounters,
} from '../shared/limit.ts'
import { userHash } from '../shared/log.ts'
import { readCreateSettings } from '../shared/settings.ts'
import { type Aws, awsClients } from './aws.ts'
import { regionOfPool, userPoolIdOf } from './pool-id.ts'
import { usageError } from './pool-options.ts'
import { arnInSlot, readSettings, regionOf } from './trigger-functions.ts'
import { describeUserPool } from './user-pool.ts'

type LimitValues = Parameters<typeof userPoolIdOf>[0] & {
  readonly username?: string | undefined
  readonly yes: boolean
  readonly json: boolean
}

/** Where the counters of one user are. */
type Place = {
  readonly region: string
  readonly table: string
  /** The keyed hash, as in the logs. */
  readonly user: string
  readonly policy: LimitPolicy
}

/** @param reset whether to set the counters to zero. @returns the exit code */
export async function limitUser(values: LimitValues, reset: boolean, terminal: Terminal): Promise<0> {
  const userPoolId = userPoolIdOf(values)
  const { username, yes, json } = values
  if (!username) throw usageError('Missing required option: --username NAME.')

  const aws = awsClients(regionOfPool(userPoolId))
  const place = await findPlace(aws, userPoolId, username)
  const now = Date.now()
  const counters = await countersAt(aws, place, now)
  const report = json ? jsonReport : textReport
  if (!json || !reset) terminal.stdout.write(report(place, username, counters, now, false))
  if (!reset) return 0
  if (!yes)
    await confirm(terminal, { question: 'Reset these counters?', json, otherwise: 'Pass --yes to reset.' })
  const key = { TableName: place.table, Key: counterKey(place.user, now) }
  const { client, DeleteItemCommand } = await aws.dynamoDb(place.region)
  await client.send(new DeleteItemCommand(key))
  terminal.stdout.write(json ? report(place, username, { hour: 0, day: 0 }, now, true) : 'Reset.\n')
  return 0
}

/** @throws CommandError if the pool has no limit across sign-ins, or no such user */
async function findPlace(aws: Aws, userPoolId: string, username: string): Promise<Place> {
  const userPool = await describeUserPool(aws.cognito, userPoolId)
  const arn = arnInSlot(userPool, 'CreateAuthChallenge')
  const create = arn === undefined ? undefined : await readSettings(aws, arn)
  if (create?.configuration === undefined)
    throw new CommandError('The pool has no Create Auth Challenge function. Run check.', 'function-missing')
  if (!create.environment['LIMIT_TABLE'])
    throw new CommandError(
      `There is no limit across sign-ins: LIMIT_TABLE is not set in ${create.arn}. Deploy the stack with SignInLimit=on.`,
      'limit-absent',
    )
  const settings = readCreateSettings(create.environment)
  const { Username = '' } = await aws.cognito
    .send(new AdminGetUserCommand({ UserPoolId: userPoolId, Username: username }))
    .catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'UserNotFoundException')) throw error
      throw new CommandError(`The pool has no user ${JSON.stringify(printable(username))}.`, 'user-missing')
    })
  return {
    region: regionOf(create.arn) ?? aws.region,
    table: settings.limitTable ?? '',
    user: userHash(settings.codeSecrets[0], userPoolId, Username),
    policy: settings,
  }
}

async function countersAt(aws: Aws, place: Place, now: number): Promise<MailCounters> {
  const { client, GetItemCommand } = await aws.dynamoDb(place.region)
  const { Item } = await client.send(
    new GetItemCommand({
      TableName: place.table,
      Key: counterKey(place.user, now),
      ConsistentRead: true,
    }),
  )
  return readCounters(Item, now)
}

function textReport({ user, policy }: Place, username: string, counters: MailCounters, now: number): string {
  const until = limitedUntil(counters, now, policy)
  return [
    `User ${printable(username)} (in logs: ${user})`,
    `This hour: ${counters.hour} of ${policy.maxCodesPerHour} codes. This UTC day: ${counters.day} of ${policy.maxCodesPerDay}.`,
    until === undefined
      ? 'The next code can be mailed.'
      : `No code is mailed before ${new Date(until).toISOString()}.`,
    '',
  ].join('\n')
}

function jsonReport(
  { user, table, policy }: Place,
  username: string,
  { hour, day }: MailCounters,
  now: number,
  reset: boolean,
): string {
  const until = limitedUntil({ hour, day }, now, policy)
  const report = {
    username,
    user,
    table,
    hour: { codes: hour, limit: policy.maxCodesPerHour },
    day: { codes: day, limit: policy.maxCodesPerDay },
    limitedUntil: until === undefined ? null : new Date(until).toISOString(),
    reset,
  }
  return `${JSON.stringify(report, null, 2)}\n`
}
