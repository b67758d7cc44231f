// Which settings each trigger reads, whether it would start with those that it has (asked of the triggers' own code), and
// the value in force of a setting.
import { SettingsError } from '../shared/errors.ts'
import {
  type Environment,
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from '../shared/settings.ts'
import type { Trigger, TriggerFunction } from './trigger-functions.ts'

const SETTINGS: Record<Trigger, (environment: Environment) => unknown> = {
  DefineAuthChallenge: readDefineSettings,
  CreateAuthChallenge: readCreateSettings,
  VerifyAuthChallengeResponse: readVerifySettings,
  PreTokenGeneration: readPreTokenSettings,
}

/** The variables that a trigger reads, found by letting it read. */
export function settingNames(trigger: Trigger): string[] {
  const names: string[] = []
  const nothing = new Proxy<Environment>({}, { get: (_, name) => void names.push(String(name)) })
  problemsWith(trigger, nothing)
  return names.filter(name => name !== 'AWS_REGION')
}

/** Why a trigger would not start with these settings; undefined if it would. Never holds the value of a secret. */
export function problemsWith(trigger: Trigger, environment: Environment): string | undefined {
  try {
    SETTINGS[trigger](environment)
    return undefined
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n').slice(1).join(' ')
    throw error
  }
}

/** The settings that check compares or judges, with the value in force where a function does not set them. */
const DEFAULTS = {
  CODE_SECRET: '',
  CODE_LENGTH: '6',
  CODE_TTL_SECONDS: '180',
  MAX_ATTEMPTS: '3',
  MAX_SENDS: '3',
  NATIVE_MFA: 'accept-email',
  UNVERIFIED_EMAIL: 'send',
  HOSTED_UI: 'deny',
  GUARDED_CLIENT_IDS: 'all',
  RECORD_EVENTS: 'off',
  FROM_ADDRESS: '',
  SES_CONFIGURATION_SET: '',
  SES_FALLBACK_REGION: '',
} as const

export type SettingName = keyof typeof DEFAULTS

/** The value in force of a setting of a function; the default if the function is not known. */
export function settingOf(its: TriggerFunction | undefined, name: SettingName): string {
  return its?.environment[name]?.trim() || DEFAULTS[name]
}

/** Settings that must be the same in every trigger that reads them. */
export const SHARED_SETTINGS: readonly (readonly [name: SettingName, readers: readonly Trigger[]])[] = [
  ['CODE_SECRET', ['CreateAuthChallenge', 'VerifyAuthChallengeResponse']],
  ['CODE_LENGTH', ['CreateAuthChallenge', 'VerifyAuthChallengeResponse']],
  ['MAX_ATTEMPTS', ['DefineAuthChallenge', 'CreateAuthChallenge', 'VerifyAuthChallengeResponse']],
  ['MAX_SENDS', ['DefineAuthChallenge', 'CreateAuthChallenge']],
]
