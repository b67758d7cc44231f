// The options of the commands for a pool, as they are read: what depends on no service of AWS, for the help as well.
import { packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type readOptions } from '../command/options.ts'
import { CommandError } from '../command/terminal.ts'

/** Every command on a pool has them. */
export const USER_POOL_OPTIONS = {
  'user-pool-id': { type: 'string', value: 'ID' },
  region: { type: 'string', value: 'REGION' },
} as const

/** Of check, fix, attach and detach. */
export const POOL_OPTIONS = {
  ...USER_POOL_OPTIONS,
  'stack-name': { type: 'string', value: 'NAME' },
  'define-arn': { type: 'string', value: 'ARN' },
  'create-arn': { type: 'string', value: 'ARN' },
  'verify-arn': { type: 'string', value: 'ARN' },
  'pre-token-arn': { type: 'string', value: 'ARN' },
  clients: { type: 'string', value: 'ID,ID' },
  backup: { type: 'string', value: 'FILE' },
  sample: { type: 'string', value: 'N' },
  'sign-ins-per-day': { type: 'string', value: 'N' },
  'from-address': { type: 'string', value: 'ADDRESS' },
  email: { type: 'string', value: 'ADDRESS' },
  ignore: { type: 'string', value: 'FINDING,FINDING' },
  'add-srp': { type: 'string', value: 'ID,ID' },
  'add-flow': { type: 'boolean', default: false },
  'guard-all': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  'remove-triggers': { type: 'boolean', default: false },
  everything: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

export type PoolValues = ReturnType<typeof readOptions<typeof POOL_OPTIONS>>['values']

/** What the options of every command on a pool mean. */
export const POOL_MEANINGS = {
  'user-pool-id': 'the user pool (required)',
  region: 'the AWS region (default: that of the user pool id)',
}
export const CREDENTIALS =
  'Credentials, profiles and endpoints are those of the AWS SDK (AWS_PROFILE, AWS_ENDPOINT_URL and so on).\n' +
  `All findings, rights and error codes: ${packageFile('docs/existing-pool.md')}`

export function usageError(message: string): CommandError {
  return new CommandError(`${message} See --help.`, 'usage')
}

export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new CommandError(`--${option} must be an integer from 1, not ${JSON.stringify(text)}.`, 'usage')
  return Number(text)
}

export function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}
