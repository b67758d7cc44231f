// The settings of the triggers as this room knows them: which trigger takes which, and the local defaults.
import { randomBytes } from 'node:crypto'
import { startTrigger, TRIGGER_NAMES, type TriggerName, type TriggerProcess } from './trigger-process.ts'

/** local/ runs the built triggers and imports none of their source: a test holds this list against it. */
export const TRIGGER_SETTINGS: Readonly<Record<TriggerName, readonly string[]>> = {
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
    'LIMIT_TABLE',
    'MAX_CODES_PER_HOUR',
    'MAX_CODES_PER_DAY',
    'LIMIT_FAILURE',
    'UNVERIFIED_EMAIL',
    'DEFAULT_LOCALE',
    'BRAND_COLOR',
    'MAIL_FOOTER',
    'REPLY_TO_ADDRESS',
    'SES_CONFIGURATION_SET',
    'SES_FALLBACK_REGION',
    'RECORD_EVENTS',
    'AWS_ENDPOINT_URL_SES',
    'AWS_ENDPOINT_URL_DYNAMODB',
  ],
  'verify-auth-challenge-response': ['CODE_SECRET', 'CODE_LENGTH', 'MAX_ATTEMPTS', 'RECORD_EVENTS'],
  'pre-token-generation': ['HOSTED_UI', 'GUARDED_CLIENT_IDS', 'RECORD_EVENTS'],
}

/** The settings of all triggers. */
export const SETTING_NAMES: readonly string[] = [...new Set(Object.values(TRIGGER_SETTINGS).flat())]

export interface TriggerEnvironmentOptions {
  /** Settings over the local defaults. */
  readonly environment: Readonly<Record<string, string>>
  readonly region: string
  /** Where their mail goes. */
  readonly mailboxUrl: string
}

/**
 * The environment variables of each trigger: the settings that are its own, and those that Lambda sets.
 * @throws Error for a setting of no trigger.
 */
export function triggerEnvironments(
  options: TriggerEnvironmentOptions,
): ReadonlyMap<TriggerName, Readonly<Record<string, string>>> {
  const unknown = Object.keys(options.environment).filter(name => !SETTING_NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`environment: no trigger has a setting ${unknown.join(', ')}.`)
  const settings: Readonly<Record<string, string>> = {
    CODE_SECRET: randomBytes(32).toString('base64'),
    FROM_ADDRESS: 'Example <no-reply@example.com>',
    APP_NAME: 'Example',
    AWS_ENDPOINT_URL_SES: options.mailboxUrl,
    ...options.environment,
  }
  return new Map(
    TRIGGER_NAMES.map(name => {
      const own = Object.entries(settings).filter(([setting]) => TRIGGER_SETTINGS[name].includes(setting))
      return [name, { AWS_REGION: options.region, ...Object.fromEntries(own) }]
    }),
  )
}

/** The four triggers, ready to be called. @param start how each is had */
export function triggerProcesses(
  directory: string,
  environments: ReadonlyMap<TriggerName, Readonly<Record<string, string>>>,
  start = startTrigger,
): ReadonlyMap<TriggerName, TriggerProcess> {
  return new Map(
    [...environments].map(([name, environment]) => [name, start({ name, directory, environment })]),
  )
}

/** @throws Error with what each trigger says that does not start, such as a setting out of range. */
export async function checkTriggers(triggers: Iterable<TriggerProcess>): Promise<void> {
  const problems = await Promise.all([...triggers].map(trigger => trigger.check()))
  const different = new Set(problems.filter(problem => problem !== undefined))
  if (different.size > 0) throw new Error([...different].join('\n'))
}
