// Which settings each trigger reads, and whether it would start with those that it has: asked of the triggers' own code.
import { SettingsError } from '../shared/errors.ts'
import { SETTINGS as DESCRIPTORS, type TriggerName } from '../shared/setting-descriptors.ts'
import {
  type Environment,
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from '../shared/settings.ts'
import type { Trigger } from './trigger-functions.ts'

const SETTINGS: Record<Trigger, (environment: Environment) => unknown> = {
  DefineAuthChallenge: readDefineSettings,
  CreateAuthChallenge: readCreateSettings,
  VerifyAuthChallengeResponse: readVerifySettings,
  PreTokenGeneration: readPreTokenSettings,
}

const TRIGGER_NAMES: Record<Trigger, TriggerName> = {
  DefineAuthChallenge: 'define-auth-challenge',
  CreateAuthChallenge: 'create-auth-challenge',
  VerifyAuthChallengeResponse: 'verify-auth-challenge-response',
  PreTokenGeneration: 'pre-token-generation',
}

/** The variables that a trigger reads. */
export function settingNames(trigger: Trigger): string[] {
  return DESCRIPTORS.filter(({ usedBy }) => usedBy.includes(TRIGGER_NAMES[trigger])).map(({ name }) => name)
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
