// Everything that check reads of a pool and of what belongs to it, and which of the functions are of this project.
import type {
  DkimAttributes,
  EventDestination,
  GetAccountCommandOutput,
  MailFromAttributes,
} from '@aws-sdk/client-sesv2'
import type { JsonObject } from '../command/json.ts'
import type { AwsErrorKind } from './aws-errors.ts'
import { TRIGGERS, type Trigger, type TriggerArns, type TriggerFunction } from './trigger-functions.ts'
import { settingNames } from './trigger-settings.ts'

/** What could not be read is undefined, and is listed in `unread`. */
export type PoolFacts = {
  readonly userPoolId: string
  readonly region: string
  /** Milliseconds since 1970. */
  readonly readAt: number
  readonly userPool: JsonObject
  readonly mfaConfiguration: string | undefined
  readonly clients: readonly JsonObject[] | undefined
  readonly identityProviders: readonly string[] | undefined
  readonly importJob: string | undefined
  readonly functions: Readonly<Partial<Record<Trigger, TriggerFunction>>>
  readonly users: UserFacts | undefined
  readonly mail: MailFacts | undefined
  readonly delivery: DeliveryFacts | undefined
  readonly alarms: readonly AlarmFacts[] | undefined
  /** The ARN of the limit table, if the role of Create may not count in it. */
  readonly deniedLimitTable: string | undefined
  /** The functions that the user named; empty if they named none. */
  readonly expected: TriggerArns
  readonly stackName: string | undefined
  readonly signInsPerDay: number | undefined
  readonly unread: readonly Unread[]
}

export type Unread = {
  readonly what: string
  readonly kind: AwsErrorKind
  readonly error: string
  /** The IAM actions that reading needs. */
  readonly actions: readonly string[]
  /** Whether the rest of check says enough without it. */
  readonly minor: boolean
}

export type UserFacts = {
  readonly looked: number
  /** Whether these are all users of the pool. */
  readonly complete: boolean
  readonly withoutAddress: readonly string[]
  readonly unverified: readonly string[]
  /** How many users have which language, by the first part of the attribute `locale`; '' for none. */
  readonly languages: ReadonlyMap<string, number>
}

/** SES as the Create function uses it. */
export type MailFacts = {
  readonly region: string
  readonly fromAddress: string | undefined
  readonly account: GetAccountCommandOutput | undefined
  readonly sender: SenderFacts | undefined
  readonly configurationSet: { readonly name: string; readonly exists: boolean } | undefined
  readonly fallback: SenderFacts | undefined
  /** The identity and the configuration sets, as ARNs, that the function's role may not send with. */
  readonly deniedSending: readonly string[]
}

/** What decides whether a mail reaches the inbox. */
export type DeliveryFacts = {
  readonly region: string
  readonly fromAddress: string
  /** The identity that SES sends with. */
  readonly identity: string
  readonly dkim: DkimAttributes | undefined
  readonly mailFrom: MailFromAttributes | undefined
  /** The configuration set that the mail is sent with. */
  readonly configurationSet:
    | {
        readonly name: string
        readonly sendingEnabled: boolean
        readonly eventDestinations: readonly EventDestination[]
      }
    | undefined
  /** The share of the account's mails, from 0 to 1, that bounced and that were reported as spam; as far as known. */
  readonly rates:
    | { readonly bounces: number | undefined; readonly complaints: number | undefined }
    | undefined
  /** The address of --email, if SES sends nothing to it. */
  readonly suppressed: { readonly address: string; readonly reason: string } | undefined
  /** The lines of `zoneLine` that DNS has, of those that SES still waits for; undefined if DNS was not asked. */
  readonly published: ReadonlySet<string> | undefined
  /** The DMARC policy in force for the sender's domain; '' for none, undefined if DNS was not asked. */
  readonly dmarc: string | undefined
}

/** The sender in one region. */
export type SenderFacts = {
  readonly region: string
  /** The identity that SES sends with: the address, its domain or a parent of that; undefined if none is verified. */
  readonly identity: string | undefined
  /** The default configuration set of that identity. */
  readonly configurationSet: string | undefined
}

/** An alarm on the metrics or on the functions of this project. */
export type AlarmFacts = { readonly name: string; readonly notifies: boolean }

/** What tells which functions are of this project. */
export type FunctionFacts = Pick<PoolFacts, 'functions' | 'expected'>

/**
 * Whether the function of a trigger is of this project: the one that the user named; otherwise one whose description
 * says so, or that has any of the settings.
 */
export function isOurs(facts: FunctionFacts, trigger: Trigger): boolean {
  const its = facts.functions[trigger]
  if (its === undefined) return false
  const expected = facts.expected[trigger]
  if (expected !== undefined) return expected === its.arn
  if (its.configuration?.Description?.startsWith('cognito-email-code') === true) return true
  return settingNames(trigger).some(name => its.environment[name] !== undefined)
}

/** The triggers whose function exists, could be read, and is of this project. */
export function ourTriggers(facts: FunctionFacts): Trigger[] {
  return TRIGGERS.filter(
    trigger => facts.functions[trigger]?.configuration !== undefined && isOurs(facts, trigger),
  )
}

/** The function of a trigger, if it is of this project. */
export function ourFunction(facts: FunctionFacts, trigger: Trigger): TriggerFunction | undefined {
  return ourTriggers(facts).includes(trigger) ? facts.functions[trigger] : undefined
}
