// Works out what turning Cognito's e-mail factor on changes: MFA for those who have a factor, and the mail with the code.
import { type Json, type JsonObject, member, objectAt, stringAt } from '../../command/json.ts'
import { printable } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'
import { type Locale, MAIL_TEXTS } from '../../shared/locales.ts'
import { escapeHtml } from '../../shared/mail.ts'
import type { PoolAws } from '../aws.ts'
import { awsErrorText } from '../aws-errors.ts'
import { type Plan, planOf, refuseDuringImport } from '../plan.ts'
import { arnInSlot, readSettings } from '../trigger-functions.ts'
import { settingOf } from '../trigger-settings.ts'
import { type PoolState, readPoolState } from '../user-pool.ts'

/** How users recover an account instead of by e-mail alone. */
export const RECOVERIES = ['phone', 'admin'] as const

export type Recovery = (typeof RECOVERIES)[number]

export type EnableOptions = {
  readonly userPoolId: string
  readonly locale: Locale
  /** The name in the mail; undefined: that of the pool's sender. */
  readonly appName: string | undefined
  readonly changeRecovery: Recovery | undefined
}

/**
 * @throws CommandError if the pool cannot have the factor (`plan-without-email-mfa`, `sender-missing`,
 *   `recovery-by-email-only`); the message says what to do first
 */
export async function planEnable(aws: PoolAws, options: EnableOptions): Promise<Plan> {
  const { userPoolId, locale, changeRecovery } = options
  const importNotes = await refuseDuringImport(aws, userPoolId)
  const from = await readPoolState(aws.cognito, userPoolId)
  const { userPool } = from
  const mfa = mfaOf(from)
  refuseWithoutPrerequisites(userPool)
  const recovery =
    changeRecovery === undefined ? userPool['AccountRecoverySetting'] : RECOVERY_SETTINGS[changeRecovery]
  if (isByEmailOnly(recovery ?? null)) {
    throw new CommandError(
      'E-mail is the only way to recover an account in this pool, and Cognito does not send the code of a second factor and ' +
        'that of a reset to one mailbox. Nothing was changed. Pass --change-recovery phone (text message first, then e-mail) ' +
        'or --change-recovery admin (an administrator resets passwords).',
      'recovery-by-email-only',
    )
  }
  const mode = mfa['MfaConfiguration'] === 'ON' ? 'ON' : 'OPTIONAL'
  // While MFA is off, what is described of other factors is not in force, and must not come into force.
  const others = mfa['MfaConfiguration'] === 'OFF' ? {} : mfa
  const to: PoolState = {
    ...from,
    userPool: {
      ...userPool,
      MfaConfiguration: mode,
      ...(recovery == null ? {} : { AccountRecoverySetting: recovery }),
    },
    mfa: {
      ...others,
      MfaConfiguration: mode,
      EmailMfaConfiguration: mailOf(locale, options.appName ?? senderName(userPool)),
    },
  }
  const define = await readDefine(aws, userPool)
  const notes = [
    ...importNotes,
    ...(define.note === undefined ? [] : [define.note]),
    'Users with the e-mail factor cannot reset a forgotten password by e-mail any more (developer guide, "Passwords, ' +
      'account recovery, and password policies"). Only users who are moved are affected.',
    `The mail is in one language for everyone (${locale}). A Custom message trigger can write it for each user.`,
    ...(mode === 'ON'
      ? ['MFA is required in this pool already: every user without a factor gets it at the next sign-in.']
      : ['No user is asked for it until migrate users moves them.']),
  ]
  const plan = planOf({ command: 'migrate enable', userPoolId, from, to, notes, triggers: {} })
  return define.refusal === undefined ? plan : { ...plan, refusal: define.refusal }
}

/** Whether the deployed Define takes the factor for its own code; with NATIVE_MFA=ask a moved user would enter both. */
async function readDefine(
  aws: PoolAws,
  userPool: JsonObject,
): Promise<{ readonly note?: string; readonly refusal?: CommandError }> {
  const arn = arnInSlot(userPool, 'DefineAuthChallenge')
  if (arn === undefined) return {}
  try {
    const define = await readSettings(aws, arn)
    if (settingOf(define, 'NATIVE_MFA') !== 'ask') return {}
  } catch (error) {
    return {
      note:
        `NATIVE_MFA of ${printable(arn)} could not be read (${printable(awsErrorText(error))}). If it is ask, users who are moved ` +
        "enter two codes, Cognito's and that of the triggers: set it to accept-email first.",
    }
  }
  return {
    refusal: new CommandError(
      `NATIVE_MFA of ${printable(arn)} is ask: users who are moved would enter two codes, Cognito's and that of the triggers. ` +
        'Nothing was changed. Set NATIVE_MFA to accept-email (parameter NativeMfa of template.yaml), deploy it, and run this ' +
        'command again.',
      'native-factor-ignored',
    ),
  }
}

/** @throws CommandError `mfa-unreadable` */
export function mfaOf({ mfa }: PoolState): JsonObject {
  if (mfa !== undefined) return mfa
  throw new CommandError(
    'The MFA configuration of the pool could not be read (cognito-idp:GetUserPoolMfaConfig). Nothing was changed.',
    'mfa-unreadable',
  )
}

function refuseWithoutPrerequisites(userPool: JsonObject): void {
  if (userPool['UserPoolTier'] === 'LITE') {
    throw new CommandError(
      'The pool is on the Lite plan, which has no e-mail MFA. Nothing was changed. Change the plan to Essentials or Plus first ' +
        '(Amazon Cognito console, Settings, Feature plans); it costs more for each user.',
      'plan-without-email-mfa',
    )
  }
  if (stringAt(userPool, 'EmailConfiguration', 'EmailSendingAccount') !== 'DEVELOPER') {
    throw new CommandError(
      'The pool sends its mail with the default account of Cognito, and e-mail MFA needs Amazon SES. Nothing was changed. Set a ' +
        'verified sender first (Amazon Cognito console, Authentication methods, Email, Send email with Amazon SES).',
      'sender-missing',
    )
  }
}

const RECOVERY_SETTINGS: Readonly<Record<Recovery, JsonObject>> = {
  phone: {
    RecoveryMechanisms: [
      { Priority: 1, Name: 'verified_phone_number' },
      { Priority: 2, Name: 'verified_email' },
    ],
  },
  admin: { RecoveryMechanisms: [{ Priority: 1, Name: 'admin_only' }] },
}

function isByEmailOnly(setting: Json): boolean {
  const mechanisms = member(setting, 'RecoveryMechanisms')
  return (
    Array.isArray(mechanisms) &&
    mechanisms.length > 0 &&
    mechanisms.every(mechanism => member(mechanism, 'Name') === 'verified_email')
  )
}

/** The display name in `From`. @throws CommandError `usage` where the sender has no name */
function senderName(userPool: JsonObject): string {
  const from = stringAt(objectAt(userPool, 'EmailConfiguration'), 'From') ?? ''
  const name = /^\s*"?([^"<]+?)"?\s*</.exec(from)?.[1]
  if (name !== undefined) return name
  throw new CommandError(
    'Missing required option: --app-name NAME, the name in the mail. The sender of the pool has no name.',
    'usage',
  )
}

/** Takes the place of the reference while the texts are put together; Cognito's mail has none. */
const NO_REFERENCE = '\u0000'

/**
 * The mail with the code, in the words of this project's own. Cognito puts the code in the place of `{####}`, and the texts that
 * name a reference or a time are left out: it has none of the first and does not say the second.
 */
export function mailOf(locale: Locale, appName: string): { Message: string; Subject: string } {
  const texts = MAIL_TEXTS[locale]
  const paragraph = (text: string) => `<p>${text}</p>`
  const safeName = `<bdi>${escapeHtml(appName)}</bdi>`
  const paragraphs = [
    '<strong>{####}</strong>',
    texts.introduction(safeName),
    `${texts.keepSecret(safeName)} ${texts.notYou}`,
  ]
  return {
    Message: `<div dir="${texts.direction}">${paragraphs.map(paragraph).join('')}</div>`,
    Subject: texts.subject(appName, NO_REFERENCE).replace(WITHOUT_REFERENCE, ''),
  }
}

const WITHOUT_REFERENCE = new RegExp(`\\s*[(（]${NO_REFERENCE}[)）]`)
