// Which settings each trigger reads, and whether it would start with those that it has: asked of the triggers' own code.
import { SettingsError } from '../shared/errors.ts'
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
