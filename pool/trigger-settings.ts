// Which settings each trigger reads, whether it would start with those that it has (asked of the triggers' own code), and
// the value in force of a setting.
import { SettingsError } from '../shared/errors.ts'
import {
  CODE_TTL_SECONDS,
  SETTINGS as DESCRIPTORS,
  settingNamesOf,
  type TriggerName,
} from '../shared/setting-descriptors.ts'
import {
  type Environment,
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from '../shared/settings.ts'
import { type FunctionSettings, TRIGGERS, type Trigger } from './trigger-functions.ts'

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
  return settingNamesOf(TRIGGER_NAMES[trigger])
}

/** Why a trigger would not start with these settings; undefined if it would. Never holds the value of a secret. */
export function problemsWith(trigger: Trigger, environment: Environment): string | undefined {
  try {
    SETTINGS[trigger](environment)
    return undefined
  } catch (error) {
    if (error instanceof SettingsError) {
      const [, ...problems] = error.message.split('\n')
      return problems.map(problem => problem.replace(/^- /, '')).join(' ')
    }
    throw error
  }
}

/** Why a deployed function does not start with its settings; undefined if it does. */
export function startProblem(trigger: Trigger, its: FunctionSettings): string | undefined {
  return problemsWith(trigger, withoutOwnLocale(its.environment))
}

/** A build with a mail of its own has languages that only it knows: it says itself whether DEFAULT_LOCALE is one. */
function withoutOwnLocale({ DEFAULT_LOCALE, ...others }: Environment): Environment {
  const isTag = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(DEFAULT_LOCALE ?? '')
  return isTag ? others : { ...others, DEFAULT_LOCALE }
}

/** A setting that is a text holds nothing where it is not set; any other has its default. */
const DEFAULTS = new Map<string, string>(
  DESCRIPTORS.map(setting => [setting.name, setting.kind === 'text' ? '' : String(setting.default)]),
)

/** The value in force of a setting of a function; the default if the function is not known. */
export function settingOf(its: FunctionSettings | undefined, name: string): string {
  return its?.environment[name]?.trim() || DEFAULTS.get(name) || ''
}

/** Seconds for which a code of this Create is valid; the default where it does not start with what it has. */
export function codeTtlSeconds(create: FunctionSettings | undefined): number {
  const { name, min, max, default: ours } = CODE_TTL_SECONDS
  const seconds = Number(settingOf(create, name))
  return seconds >= min && seconds <= max ? seconds : ours
}

/**
 * The settings that must be the same in every trigger that reads them: all but the switch that each trigger has for
 * itself.
 */
export const SHARED_SETTINGS: readonly { readonly name: string; readonly readers: readonly Trigger[] }[] =
  DESCRIPTORS.filter(({ name }) => name !== 'RECORD_EVENTS')
    .map(({ name, usedBy }) => ({
      name,
      readers: TRIGGERS.filter(trigger => usedBy.includes(TRIGGER_NAMES[trigger])),
    }))
    .filter(({ readers }) => readers.length > 1)
