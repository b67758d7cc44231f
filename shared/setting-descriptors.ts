// Every setting of the triggers, described once: parsing, the README's table, `check` and the tests of the deployments read it.
import { LOCALES, type Locale } from './locales.ts'

/** The triggers, by the names under which `npm run build` writes them. */
export type TriggerName =
  | 'define-auth-challenge'
  | 'create-auth-challenge'
  | 'verify-auth-challenge-response'
  | 'pre-token-generation'

type Description = {
  /** The environment variable. */
  readonly name: string
  readonly usedBy: readonly TriggerName[]
  /** One sentence for the README; `{limits}` and `{options}` stand for what is allowed. */
  readonly meaning: string
}

export type IntegerSetting = Description & {
  readonly kind: 'integer'
  readonly default: number
  readonly min: number
  readonly max: number
}

export type ChoiceSetting<Option extends string = string> = Description & {
  readonly kind: 'choice'
  readonly default: Option
  readonly options: readonly Option[]
}

export type TextSetting = Description & {
  readonly kind: 'text'
  /** What holds when the variable is not set, in words. */
  readonly default: string
  /** What the variable must be, in words that follow "must be". */
  readonly allowed: string
}

export type Setting = IntegerSetting | ChoiceSetting | TextSetting

/** Which of Cognito's own factors stands in for the code. */
export type NativeMfa = 'ask' | 'accept-email' | 'accept-any'

/** What happens to a user whose `email_verified` is not true. */
export type UnverifiedEmail = 'send' | 'refuse'

/** What happens to a mail that the limit table could not count. */
export type LimitFailure = 'allow' | 'refuse'

/** Local users of the hosted UI, which cannot ask for a code, get no tokens or get them. */
export type HostedUi = 'deny' | 'allow'

const DEFINE = 'define-auth-challenge'
const CREATE = 'create-auth-challenge'
const VERIFY = 'verify-auth-challenge-response'
const PRE_TOKEN = 'pre-token-generation'

export const CODE_SECRET: TextSetting = {
  kind: 'text',
  name: 'CODE_SECRET',
  usedBy: [CREATE, VERIFY],
  default: 'required',
  allowed: '1 or 2 secrets of at least 32 bytes each, in base64 or hex, comma separated',
  meaning:
    'at least 32 bytes, base64 or hex; at most two, comma separated, for rotation: the first makes codes, both are accepted',
}

export const FROM_ADDRESS: TextSetting = {
  kind: 'text',
  name: 'FROM_ADDRESS',
  usedBy: [CREATE],
  default: 'required',
  allowed: 'an address such as no-reply@example.com or Example <no-reply@example.com>',
  meaning: '`no-reply@example.com` or `Example <no-reply@example.com>`',
}

export const APP_NAME: TextSetting = {
  kind: 'text',
  name: 'APP_NAME',
  usedBy: [CREATE],
  default: "the sender's domain",
  allowed: 'one line of 1-64 characters',
  meaning: 'the name in the mail',
}

export const CODE_LENGTH: IntegerSetting = {
  kind: 'integer',
  name: 'CODE_LENGTH',
  usedBy: [CREATE, VERIFY],
  default: 6,
  min: 6,
  max: 10,
  meaning: '{limits} digits',
}

export const CODE_TTL_SECONDS: IntegerSetting = {
  kind: 'integer',
  name: 'CODE_TTL_SECONDS',
  usedBy: [CREATE],
  default: 180,
  min: 60,
  max: 900,
  meaning: "{limits}; the app client's AuthSessionValidity must not be shorter",
}

export const MAX_ATTEMPTS: IntegerSetting = {
  kind: 'integer',
  name: 'MAX_ATTEMPTS',
  usedBy: [DEFINE, CREATE, VERIFY],
  default: 3,
  min: 1,
  max: 10,
  meaning: 'wrong codes per sign-in, {limits}',
}

export const MAX_SENDS: IntegerSetting = {
  kind: 'integer',
  name: 'MAX_SENDS',
  usedBy: [DEFINE, CREATE],
  default: 3,
  min: 1,
  max: 5,
  meaning: 'mails per sign-in, {limits}; more resend requests than that count as attempts',
}

export const RESEND_AFTER_SECONDS: IntegerSetting = {
  kind: 'integer',
  name: 'RESEND_AFTER_SECONDS',
  usedBy: [CREATE],
  default: 30,
  min: 0,
  max: 300,
  meaning: 'earliest resend, {limits}',
}

export const LIMIT_TABLE: TextSetting = {
  kind: 'text',
  name: 'LIMIT_TABLE',
  usedBy: [CREATE],
  default: 'none',
  allowed: 'the name of a DynamoDB table: 3-255 letters, digits, dots, hyphens or underscores',
  meaning:
    'DynamoDB table in the region of the functions that limits the mails to one user across sign-ins; `template.yaml` creates one unless `SignInLimit=off`',
}

export const MAX_CODES_PER_HOUR: IntegerSetting = {
  kind: 'integer',
  name: 'MAX_CODES_PER_HOUR',
  usedBy: [CREATE],
  default: 10,
  min: 1,
  max: 100,
  meaning: 'mails to one user in an hour of the clock, {limits}, with `LIMIT_TABLE`',
}

export const MAX_CODES_PER_DAY: IntegerSetting = {
  kind: 'integer',
  name: 'MAX_CODES_PER_DAY',
  usedBy: [CREATE],
  default: 30,
  min: 1,
  max: 1000,
  meaning: 'mails to one user in a UTC day, {limits}, with `LIMIT_TABLE`',
}

export const LIMIT_FAILURE: ChoiceSetting<LimitFailure> = {
  kind: 'choice',
  name: 'LIMIT_FAILURE',
  usedBy: [CREATE],
  default: 'allow',
  options: ['allow', 'refuse'],
  meaning: 'when the table does not answer: `allow` the mail and log it, or `refuse`',
}

export const NATIVE_MFA: ChoiceSetting<NativeMfa> = {
  kind: 'choice',
  name: 'NATIVE_MFA',
  usedBy: [DEFINE],
  default: 'accept-email',
  options: ['ask', 'accept-email', 'accept-any'],
  meaning:
    "which of Cognito's own factors stands in for the code: `ask` none, `accept-email` a passed EMAIL_OTP, `accept-any` also SOFTWARE_TOKEN_MFA and SMS_MFA; a factor that was set up in the same session never does",
}

export const UNVERIFIED_EMAIL: ChoiceSetting<UnverifiedEmail> = {
  kind: 'choice',
  name: 'UNVERIFIED_EMAIL',
  usedBy: [CREATE],
  default: 'send',
  options: ['send', 'refuse'],
  meaning: 'to a user whose `email_verified` is not true: `send` the code, or `refuse`',
}

export const DEFAULT_LOCALE: ChoiceSetting<Locale> = {
  kind: 'choice',
  name: 'DEFAULT_LOCALE',
  usedBy: [CREATE],
  default: 'en',
  options: LOCALES,
  meaning: 'language of the mail when the user has none: {options}',
}

export const BRAND_COLOR: TextSetting = {
  kind: 'text',
  name: 'BRAND_COLOR',
  usedBy: [CREATE],
  default: 'none',
  allowed:
    'a color as #rrggbb on which white or #14171a text has a contrast of at least 4.5:1 (a little lighter or darker will do)',
  meaning:
    'color of the box that the code stands in, `#rrggbb`; refused if digits on it would have a contrast under 4.5:1',
}

export const MAIL_FOOTER: TextSetting = {
  kind: 'text',
  name: 'MAIL_FOOTER',
  usedBy: [CREATE],
  default: 'none',
  allowed:
    'one line of 1-200 characters without a link, or a JSON object of such lines by language, such as {"en":"Example Ltd"}',
  meaning: 'last line of the mail: one plain line, or a JSON object of lines by language; no links',
}

export const REPLY_TO_ADDRESS: TextSetting = {
  kind: 'text',
  name: 'REPLY_TO_ADDRESS',
  usedBy: [CREATE],
  default: 'none',
  allowed: 'an address such as help@example.com',
  meaning: 'address for replies',
}

export const SES_CONFIGURATION_SET: TextSetting = {
  kind: 'text',
  name: 'SES_CONFIGURATION_SET',
  usedBy: [CREATE],
  default: 'none',
  allowed: '1-64 letters, digits, hyphens or underscores',
  meaning: 'configuration set of SES',
}

export const SES_FALLBACK_REGION: TextSetting = {
  kind: 'text',
  name: 'SES_FALLBACK_REGION',
  usedBy: [CREATE],
  default: 'none',
  allowed: 'the name of an AWS region such as eu-central-1',
  meaning: 'region to send from when the first is throttled, down or silent',
}

export const HOSTED_UI: ChoiceSetting<HostedUi> = {
  kind: 'choice',
  name: 'HOSTED_UI',
  usedBy: [PRE_TOKEN],
  default: 'deny',
  options: ['deny', 'allow'],
  meaning:
    'the hosted UI asks for no code: `deny` refuses tokens to *local* users who come that way, `allow` lets them in; federated users pass either way',
}

export const GUARDED_CLIENT_IDS: TextSetting = {
  kind: 'text',
  name: 'GUARDED_CLIENT_IDS',
  usedBy: [PRE_TOKEN],
  default: 'all',
  allowed: 'app client ids, comma separated, or all',
  meaning: 'app clients that the guard applies to, comma separated, for a staged roll-out',
}

export const RECORD_EVENTS: ChoiceSetting<'off' | 'on'> = {
  kind: 'choice',
  name: 'RECORD_EVENTS',
  usedBy: [DEFINE, CREATE, VERIFY, PRE_TOKEN],
  default: 'off',
  options: ['off', 'on'],
  meaning: '`on` logs each trigger event with all that identifies a person replaced',
}

/** All settings, in the order of the README's table. */
export const SETTINGS: readonly Setting[] = [
  CODE_SECRET,
  FROM_ADDRESS,
  APP_NAME,
  CODE_LENGTH,
  CODE_TTL_SECONDS,
  MAX_ATTEMPTS,
  MAX_SENDS,
  RESEND_AFTER_SECONDS,
  LIMIT_TABLE,
  MAX_CODES_PER_HOUR,
  MAX_CODES_PER_DAY,
  LIMIT_FAILURE,
  NATIVE_MFA,
  UNVERIFIED_EMAIL,
  DEFAULT_LOCALE,
  BRAND_COLOR,
  MAIL_FOOTER,
  REPLY_TO_ADDRESS,
  SES_CONFIGURATION_SET,
  SES_FALLBACK_REGION,
  HOSTED_UI,
  GUARDED_CLIENT_IDS,
  RECORD_EVENTS,
]

/** The variables that a trigger reads. */
export function settingNamesOf(trigger: TriggerName): string[] {
  return SETTINGS.filter(({ usedBy }) => usedBy.includes(trigger)).map(({ name }) => name)
}
