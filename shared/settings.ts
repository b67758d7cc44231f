// Reads the settings of the four triggers: environment variables, read once and checked whole when the process starts.

import { inkOn } from './brand-color.ts'
import { SettingsError } from './errors.ts'
import { LOCALES } from './locales.ts'
import { isMailbox } from './mailbox.ts'
import {
  APP_NAME,
  BRAND_COLOR,
  type ChoiceSetting,
  CODE_LENGTH,
  CODE_SECRET,
  CODE_TTL_SECONDS,
  DEFAULT_LOCALE,
  FROM_ADDRESS,
  GUARDED_CLIENT_IDS,
  HOSTED_UI,
  type HostedUi,
  type IntegerSetting,
  LIMIT_FAILURE,
  LIMIT_TABLE,
  type LimitFailure,
  MAIL_FOOTER,
  MAX_ATTEMPTS,
  MAX_CODES_PER_DAY,
  MAX_CODES_PER_HOUR,
  MAX_SENDS,
  NATIVE_MFA,
  type NativeMfa,
  RECORD_EVENTS,
  REPLY_TO_ADDRESS,
  RESEND_AFTER_SECONDS,
  SES_CONFIGURATION_SET,
  SES_FALLBACK_REGION,
  type TextSetting,
  UNVERIFIED_EMAIL,
  type UnverifiedEmail,
} from './setting-descriptors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type DefineSettings = {
  readonly maxAttempts: number
  readonly maxSends: number
  readonly nativeMfa: NativeMfa
  readonly recordEvents: boolean
}

export type CreateSettings = {
  readonly maxAttempts: number
  readonly maxSends: number
  readonly codeSecrets: CodeSecrets
  readonly codeLength: number
  readonly codeTtlSeconds: number
  readonly resendAfterSeconds: number
  /** The DynamoDB table that counts mails across sign-ins; undefined for no limit. */
  readonly limitTable: string | undefined
  readonly maxCodesPerHour: number
  readonly maxCodesPerDay: number
  readonly limitFailure: LimitFailure
  readonly from: Mailbox
  readonly appName: string
  readonly unverifiedEmail: UnverifiedEmail
  readonly defaultLocale: string
  /** `#rrggbb`. */
  readonly brandColor: string | undefined
  /** The last line of the mail, by language; empty for none. */
  readonly mailFooter: Readonly<Record<string, string>>
  readonly replyToAddress: string | undefined
  readonly configurationSet: string | undefined
  readonly region: string
  readonly fallbackRegion: string | undefined
  readonly recordEvents: boolean
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

/** The first makes codes; a code of the other is accepted while one replaces the other. */
export type CodeSecrets = readonly [Buffer, ...Buffer[]]

/** An address and the name shown with it. */
export type Mailbox = { readonly name: string | undefined; readonly address: string }

const MINIMUM_SECRET_BYTES = 32
const MAXIMUM_SECRETS = 2
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
const REGION = /^[a-z]{2}(-[a-z]+){1,3}-\d{1,2}$/

/** Lambda sets it, not the person who deploys. */
const AWS_REGION = { name: 'AWS_REGION', allowed: SES_FALLBACK_REGION.allowed }

/** Reads the settings of Define Auth Challenge. @throws SettingsError naming every variable that is wrong */
export function readDefineSettings(environment: Environment): DefineSettings {
  return read(environment, setting => ({
    maxAttempts: setting.integer(MAX_ATTEMPTS),
    maxSends: setting.integer(MAX_SENDS),
    nativeMfa: setting.choice(NATIVE_MFA),
    recordEvents: setting.choice(RECORD_EVENTS) === 'on',
  }))
}

/**
 * Reads the settings of Create Auth Challenge.
 *
 * @param locales the languages that this build has a mail in
 * @throws SettingsError naming every variable that is wrong
 */
export function readCreateSettings(
  environment: Environment,
  locales: readonly string[] = LOCALES,
): CreateSettings {
  return read(environment, setting => {
    const from = setting.mailbox(FROM_ADDRESS)
    const defaultLocale = setting.choice({ ...DEFAULT_LOCALE, options: locales })
    return {
      maxAttempts: setting.integer(MAX_ATTEMPTS),
      maxSends: setting.integer(MAX_SENDS),
      codeSecrets: setting.secrets(CODE_SECRET),
      codeLength: setting.integer(CODE_LENGTH),
      codeTtlSeconds: setting.integer(CODE_TTL_SECONDS),
      resendAfterSeconds: setting.integer(RESEND_AFTER_SECONDS),
      limitTable: setting.matching(LIMIT_TABLE, /^[\w.-]{3,255}$/),
      maxCodesPerHour: setting.integer(MAX_CODES_PER_HOUR),
      maxCodesPerDay: setting.integer(MAX_CODES_PER_DAY),
      limitFailure: setting.choice(LIMIT_FAILURE),
      from,
      appName: setting.line(APP_NAME, 64) ?? domainOf(from.address),
      unverifiedEmail: setting.choice(UNVERIFIED_EMAIL),
      defaultLocale,
      brandColor: setting.color(BRAND_COLOR),
      mailFooter: setting.footer(MAIL_FOOTER, defaultLocale),
      replyToAddress: setting.address(REPLY_TO_ADDRESS),
      configurationSet: setting.matching(SES_CONFIGURATION_SET, /^[\w-]{1,64}$/),
      region: setting.matching(AWS_REGION, REGION) ?? 'us-east-1',
      fallbackRegion: setting.matching(SES_FALLBACK_REGION, REGION),
      recordEvents: setting.choice(RECORD_EVENTS) === 'on',
    }
  })
}

/** Reads the settings of Verify Auth Challenge Response. @throws SettingsError naming every variable that is wrong */
export function readVerifySettings(environment: Environment): VerifySettings {
  return read(environment, setting => ({
    codeSecrets: setting.secrets(CODE_SECRET),
    codeLength: setting.integer(CODE_LENGTH),
    maxAttempts: setting.integer(MAX_ATTEMPTS),
    recordEvents: setting.choice(RECORD_EVENTS) === 'on',
  }))
}

/** Reads the settings of Pre Token Generation. @throws SettingsError naming every variable that is wrong */
export function readPreTokenSettings(environment: Environment): PreTokenSettings {
  return read(environment, setting => ({
    hostedUi: setting.choice(HOSTED_UI),
    guardedClientIds: setting.clientIds(GUARDED_CLIENT_IDS),
    recordEvents: setting.choice(RECORD_EVENTS) === 'on',
  }))
}

type SettingReader = ReturnType<typeof settingReader>

/** The part of a text setting that its reader needs. */
type Text = Pick<TextSetting, 'name' | 'allowed'>

function read<Settings>(environment: Environment, fields: (setting: SettingReader) => Settings): Settings {
  const problems: string[] = []
  const settings = fields(settingReader(environment, problems))
  if (problems.length > 0) throw new SettingsError(problems)
  return settings
}

/** Each method notes what is wrong in `problems` and goes on with a stand-in, so that one start tells all problems. */
function settingReader(environment: Environment, problems: string[]) {
  // CloudFormation cannot leave a variable out: an empty one is one that is not set.
  const textOf = ({ name }: { readonly name: string }) => environment[name]?.trim() || undefined
  // Never the value: Lambda hands the error of a failed start on to Cognito, and Cognito to the browser.
  const mustBe = (name: string, allowed: string) => problems.push(`${name} must be ${allowed}.`)
  const missing = ({ name, allowed }: Text) => problems.push(`${name} is required: ${allowed}.`)

  function integer(setting: IntegerSetting): number {
    const value = textOf(setting)
    if (value === undefined) return setting.default
    const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN
    if (number >= setting.min && number <= setting.max) return number
    mustBe(setting.name, `an integer from ${setting.min} to ${setting.max}`)
    return setting.default
  }

  function choice<Option extends string>(
    setting: Pick<ChoiceSetting<Option>, 'name' | 'default' | 'options'>,
  ): Option {
    const value = textOf(setting)
    if (value === undefined) return setting.default
    const option = setting.options.find(candidate => candidate === value)
    if (option === undefined) mustBe(setting.name, `one of: ${setting.options.join(', ')}`)
    return option ?? setting.default
  }

  function matching(setting: Text, pattern: RegExp): string | undefined {
    const value = textOf(setting)
    if (value !== undefined && !pattern.test(value)) mustBe(setting.name, setting.allowed)
    return value
  }

  function line(setting: Text, most: number): string | undefined {
    const value = textOf(setting)
    if (value === undefined) return undefined
    if (value.length > most || CONTROL_CHARACTERS.test(value)) mustBe(setting.name, setting.allowed)
    return value
  }

  function color(setting: Text): string | undefined {
    const value = textOf(setting)?.toLowerCase()
    if (value === undefined) return undefined
    if (!/^#[0-9a-f]{6}$/.test(value) || inkOn(value) === undefined) mustBe(setting.name, setting.allowed)
    return value
  }

  /** @param locale the language of one plain line */
  function footer(setting: Text, locale: string): Readonly<Record<string, string>> {
    const value = textOf(setting)
    if (value === undefined) return {}
    const lines = value.startsWith('{') ? linesByLocale(value) : { [locale]: value }
    if (Object.values(lines).every(isFooter)) return lines
    mustBe(setting.name, setting.allowed)
    return {}
  }

  function address(setting: Text): string | undefined {
    const value = textOf(setting)
    if (value !== undefined && !isMailbox(value)) mustBe(setting.name, setting.allowed)
    return value
  }

  function mailbox(setting: Text): Mailbox {
    const value = textOf(setting)
    if (value === undefined) {
      missing(setting)
      return { name: undefined, address: '' }
    }
    const parts = /^(?:"?([^"<>]*?)"?\s*<([^<>]*)>|([^<>]*))$/.exec(value)
    const found = { name: parts?.[1]?.trim() || undefined, address: parts?.[2] ?? parts?.[3] ?? '' }
    if (!isMailbox(found.address) || CONTROL_CHARACTERS.test(value)) mustBe(setting.name, setting.allowed)
    return found
  }

  function clientIds(setting: Text): readonly string[] | undefined {
    const value = textOf(setting)
    if (value === undefined || value === 'all') return undefined
    const ids = value.split(',').map(id => id.trim())
    if (ids.some(id => !/^[\w+]{1,128}$/.test(id))) mustBe(setting.name, setting.allowed)
    return ids
  }

  function secrets(setting: Text): CodeSecrets {
    const value = textOf(setting)
    if (value === undefined) {
      missing(setting)
      return [Buffer.alloc(0)]
    }
    const texts = value.split(',')
    if (texts.length > MAXIMUM_SECRETS) mustBe(setting.name, setting.allowed)
    const [first = Buffer.alloc(0), ...others] = texts.map((text, index) => {
      const secret = decodeSecret(text.trim())
      if (secret !== undefined && secret.length >= MINIMUM_SECRET_BYTES) return secret
      const fault = secret === undefined ? 'is neither base64 nor hex' : 'is too short'
      problems.push(`${setting.name} must be ${setting.allowed}: secret ${index + 1} ${fault}.`)
      return Buffer.alloc(0)
    })
    return [first, ...others]
  }

  return { integer, choice, matching, line, color, footer, address, mailbox, clientIds, secrets }
}

/** What looks like hex is hex: read as base64 it would seem to be longer than it is. */
function decodeSecret(text: string): Buffer | undefined {
  if (/^[0-9a-f]+$/i.test(text)) return text.length % 2 === 0 ? Buffer.from(text, 'hex') : undefined
  if (/^[\w+/-]+={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  return undefined
}

/** What is no JSON, and a line that is no text, becomes an empty line, which no setting may have. */
function linesByLocale(json: string): Readonly<Record<string, string>> {
  try {
    const lines: unknown = JSON.parse(json)
    const entries = Object.entries(Object(lines))
    return Object.fromEntries(
      entries.map(([locale, line]) => [locale, typeof line === 'string' ? line.trim() : '']),
    )
  } catch {
    return { '': '' }
  }
}

function isFooter(line: string): boolean {
  return line !== '' && line.length <= 200 && !CONTROL_CHARACTERS.test(line) && !/:\/\/|www\./i.test(line)
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}
