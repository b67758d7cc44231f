// The options of the command migrate, of all its steps and of migrate assess.
import { COMMON_OPTIONS, type readOptions } from '../../command/options.ts'
import { USER_POOL_OPTIONS } from '../pool-options.ts'

export const ASSESS_OPTIONS = {
  ...USER_POOL_OPTIONS,
  'stack-name': { type: 'string', value: 'NAME' },
  sample: { type: 'string', value: 'N' },
  factors: { type: 'string', value: 'N' },
  probe: { type: 'string', value: 'FILE' },
  'amplify-version': { type: 'string', value: 'VERSION' },
  'active-users': { type: 'string', value: 'N' },
  'sign-ins-per-user': { type: 'string', value: 'N' },
  rate: { type: 'string', value: 'N' },
  start: { type: 'string', value: 'YYYY-MM-DD' },
  markdown: { type: 'boolean', default: false },
  html: { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

export type AssessValues = ReturnType<typeof readOptions<typeof ASSESS_OPTIONS>>['values']

export const MIGRATE_OPTIONS = {
  ...USER_POOL_OPTIONS,
  'app-name': { type: 'string', value: 'NAME' },
  locale: { type: 'string', value: 'LOCALE' },
  'change-recovery': { type: 'string', value: 'HOW' },
  list: { type: 'string', value: 'FILE' },
  group: { type: 'string', value: 'NAME' },
  percent: { type: 'string', value: 'N' },
  all: { type: 'boolean', default: false },
  'with-own-factors': { type: 'boolean', default: false },
  'with-unverified': { type: 'boolean', default: false },
  journal: { type: 'string', value: 'FILE' },
  rate: { type: 'string', value: 'N' },
  'keep-custom-auth': { type: 'boolean', default: false },
  probe: { type: 'string', value: 'FILE' },
  backup: { type: 'string', value: 'FILE' },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  ...COMMON_OPTIONS,
} as const

export type MigrateValues = ReturnType<typeof readOptions<typeof MIGRATE_OPTIONS>>['values']

/** The steps that change a pool, and status. */
export type StepName = 'enable' | 'users' | 'status' | 'rollback' | 'finish'

/** Developer guide, "Quotas in Amazon Cognito", Monthly active users. */
export const ACTIVE = 'This makes each of them a monthly active user, whom Cognito bills.'
