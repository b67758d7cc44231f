// The settings of the four triggers: environment variables, read once and checked whole when the process starts.
import { SettingsError } from './errors.ts'
import { isLocale, LOCALES, type Locale } from './locales.ts'
import { isMailbox } from './mailbox.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Which native factor stands in for the code: none, a passed EMAIL_OTP, or any (SOFTWARE_TOKEN_MFA, SMS_MFA as well). */
export type NativeMfa = 'ask' | 'accept-email' | 'accept-any'

/** Whether a user whose address is not verified gets a code. */
export type UnverifiedEmail = 'send' | 'refuse'

/** Local users of the hosted UI, which cannot ask for a code, get no tokens or get them. */
export type HostedUi = 'deny' | 'allow'

export type DefineSettings = {
  readonly maxAttempts: number
  readonly maxSends: number
  readonly nativeMfa: NativeMfa
  readonly recordEvents: boolean
}

export type CreateSettings = Omit<DefineSettings, 'nativeMfa'> & {
  readonly unverifiedEmail: UnverifiedEmail
  readonly codeSecrets: CodeSecrets
  readonly codeLength: number
  readonly codeTtlSeconds: number
  readonly resendAfterSeconds: number
  readonly from: Mailbox
  readonly appName: string
  readonly defaultLocale: Locale
  readonly replyToAddress: string | undefined
  readonly configurationSet: string | undefined
  readonly region: string
  readonly fallbackRegion: string | undefined
}

export type VerifySettings = {
  readonly codeSecrets: CodeSecrets
  readonly codeLength: number
  readonly maxAttempts: number
  readonly recordEvents: boolean
}

export type PreTokenSettings = {
  readonly hostedUi: HostedUi
  /** App clients that the guard applies to; undefined means all of them. */
  readonly guardedClientIds: readonly string[] | undefined
  readonly recordEvents: boolean
}

/** The first makes codes; all of them are accepted, so that a secret can be replaced while codes are on their way. */
export type CodeSecrets = readonly [Buffer, ...Buffer[]]

/** An address and the name shown with it. */
export type Mailbox = { readonly name: string | undefined; readonly address: string }

const MINIMUM_SECRET_BYTES = 32
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Reads the settings of Define Auth Challenge. @throws SettingsError naming every variable that is wrong */
export function readDefineSettings(environment: Environment): DefineSettings {
  return read(environment, setting => ({
    ...sequenceFields(setting),
    nativeMfa: setting.choice('NATIVE_MFA', 'accept-email', ['ask', 'accept-email', 'accept-any']),
  }))
}

/** Reads the settings of Create Auth Challenge. @throws SettingsError naming every variable that is wrong */
export function readCreateSettings(environment: Environment): CreateSettings {
  return read(environment, setting => {
    const from = setting.mailbox('FROM_ADDRESS')
    return {
      ...sequenceFields(setting),
      ...codeFields(setting),
      unverifiedEmail: setting.choice('UNVERIFIED_EMAIL', 'send', ['send', 'refuse']),
      codeTtlSeconds: setting.integer('CODE_TTL_SECONDS', 180, 60, 900),
      resendAfterSeconds: setting.integer('RESEND_AFTER_SECONDS', 30, 0, 300),
      from,
      appName: setting.line('APP_NAME', 64) ?? domainOf(from.address),
      defaultLocale: setting.locale('DEFAULT_LOCALE', 'en'),
      replyToAddress: setting.address('REPLY_TO_ADDRESS'),
      configurationSet: setting.matching(
        'SES_CONFIGURATION_SET',
        /^[\w-]{1,64}$/,
        '1-64 letters, digits, - or _',
      ),
      region: setting.matching('AWS_REGION', REGION, REGION_FORM) ?? 'us-east-1',
      fallbackRegion: setting.matching('SES_FALLBACK_REGION', REGION, REGION_FORM),
    }
  })
}

/** Reads the settings of Verify Auth Challenge Response. @throws SettingsError naming every variable that is wrong */
export function readVerifySettings(environment: Environment): VerifySettings {
  return read(environment, setting => ({
    ...codeFields(setting),
    maxAttempts: setting.integer('MAX_ATTEMPTS', 3, 1, 10),
    recordEvents: setting.choice('RECORD_EVENTS', 'off', ['off', 'on']) === 'on',
  }))
}

/** Reads the settings of Pre Token Generation. @throws SettingsError naming every variable that is wrong */
export function readPreTokenSettings(environment: Environment): PreTokenSettings {
  return read(environment, setting => ({
    hostedUi: setting.choice('HOSTED_UI', 'deny', ['deny', 'allow']),
    guardedClientIds: setting.clientIds('GUARDED_CLIENT_IDS'),
    recordEvents: setting.choice('RECORD_EVENTS', 'off', ['off', 'on']) === 'on',
  }))
}

const REGION = /^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/
const REGION_FORM = 'the name of an AWS region such as eu-central-1'

function sequenceFields(setting: SettingReader) {
  return {
    maxAttempts: setting.integer('MAX_ATTEMPTS', 3, 1, 10),
    maxSends: setting.integer('MAX_SENDS', 3, 1, 5),
    recordEvents: setting.choice('RECORD_EVENTS', 'off', ['off', 'on']) === 'on',
  }
}

function codeFields(setting: SettingReader) {
  return {
    codeSecrets: setting.secrets('CODE_SECRET'),
    codeLength: setting.integer('CODE_LENGTH', 6, 6, 10),
  }
}

type SettingReader = ReturnType<typeof settingReader>

function read<Settings>(environment: Environment, fields: (setting: SettingReader) => Settings): Settings {
  const problems: string[] = []
  const settings = fields(settingReader(environment, problems))
  if (problems.length > 0) throw new SettingsError(problems)
  return settings
}

/** Each method notes what is wrong in `problems` and goes on with a stand-in, so that one start tells all problems. */
function settingReader(environment: Environment, problems: string[]) {
  // CloudFormation cannot leave a variable out: an empty one is one that is not set.
  const textOf = (name: string) => environment[name]?.trim() || undefined
  // Never the value: Lambda hands the error of a failed start on to Cognito, and Cognito to the browser.
  const wrong = (name: string, allowed: string) => problems.push(`${name} is wrong; allowed: ${allowed}`)

  function integer(name: string, fallback: number, least: number, most: number): number {
    const value = textOf(name)
    if (value === undefined) return fallback
    const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN
    if (number >= least && number <= most) return number
    wrong(name, `a whole number from ${least} to ${most}`)
    return fallback
  }

  function choice<Option extends string>(name: string, fallback: Option, options: readonly Option[]): Option {
    const value = textOf(name)
    if (value === undefined) return fallback
    const option = options.find(candidate => candidate === value)
    if (option === undefined) wrong(name, options.join(' or '))
    return option ?? fallback
  }

  function matching(name: string, pattern: RegExp, form: string): string | undefined {
    const value = textOf(name)
    if (value !== undefined && !pattern.test(value)) wrong(name, form)
    return value
  }

  function line(name: string, most: number): string | undefined {
    const value = textOf(name)
    if (value === undefined) return undefined
    if (value.length > most || CONTROL_CHARACTERS.test(value)) {
      wrong(name, `one line of 1-${most} characters`)
    }
    return value
  }

  function address(name: string): string | undefined {
    const value = textOf(name)
    if (value !== undefined && !isMailbox(value)) wrong(name, 'an address such as help@example.com')
    return value
  }

  function mailbox(name: string): Mailbox {
    const form = 'no-reply@example.com or Example <no-reply@example.com>'
    const value = textOf(name)
    if (value === undefined) {
      problems.push(`${name} is not set; allowed: ${form}`)
      return { name: undefined, address: '' }
    }
    const parts = /^(?:"?([^"<>]*?)"?\s*<([^<>]*)>|([^<>]*))$/.exec(value)
    const found = { name: parts?.[1]?.trim() || undefined, address: parts?.[2] ?? parts?.[3] ?? '' }
    if (!isMailbox(found.address) || CONTROL_CHARACTERS.test(value)) wrong(name, form)
    return found
  }

  function locale(name: string, fallback: Locale): Locale {
    const value = textOf(name)
    if (value === undefined) return fallback
    if (isLocale(value)) return value
    wrong(name, LOCALES.join(', '))
    return fallback
  }

  function clientIds(name: string): readonly string[] | undefined {
    const value = textOf(name)
    if (value === undefined || value === 'all') return undefined
    const ids = value.split(',').map(id => id.trim())
    if (ids.some(id => !/^[\w+]{1,128}$/.test(id))) wrong(name, 'app client ids, comma separated, or all')
    return ids
  }

  function secrets(name: string): CodeSecrets {
    const form = `at least ${MINIMUM_SECRET_BYTES} bytes in base64 or hex; several, comma separated, for rotation`
    const value = textOf(name)
    if (value === undefined) {
      problems.push(`${name} is not set; allowed: ${form}`)
      return [Buffer.alloc(0)]
    }
    const [first = Buffer.alloc(0), ...others] = value.split(',').map((text, index) => {
      const secret = decodeSecret(text.trim())
      if (secret !== undefined && secret.length >= MINIMUM_SECRET_BYTES) return secret
      const fault = secret === undefined ? 'is neither base64 nor hex' : 'is too short'
      problems.push(`${name}: secret number ${index + 1} ${fault}; allowed: ${form}`)
      return Buffer.alloc(0)
    })
    return [first, ...others]
  }

  return { integer, choice, matching, line, address, mailbox, locale, clientIds, secrets }
}

/** What looks like hex is hex: read as base64 it would seem to be longer than it is. */
function decodeSecret(text: string): Buffer | undefined {
  if (/^[0-9a-f]+$/i.test(text)) return text.length % 2 === 0 ? Buffer.from(text, 'hex') : undefined
  if (/^[\w+/-]+={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  return undefined
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}
