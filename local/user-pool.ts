// The description of the pool: what DescribeUserPool answers, what UpdateUserPool resets and what it refuses.

import { isObject, type UntypedObject } from '../command/json.ts'
import type { Clock } from './clock.ts'
import { CognitoError, invalidParameter } from './errors.ts'
import { Parameters } from './parameters.ts'
import { TRIGGER_NAMES, type TriggerName } from './trigger-process.ts'

export const ACCOUNT_ID = '123456789012'

/** Member of LambdaConfig that holds each trigger. */
export const TRIGGER_MEMBERS: Readonly<Record<TriggerName, string>> = {
  'define-auth-challenge': 'DefineAuthChallenge',
  'create-auth-challenge': 'CreateAuthChallenge',
  'verify-auth-challenge-response': 'VerifyAuthChallengeResponse',
  'pre-token-generation': 'PreTokenGeneration',
}

/** Members that DescribeUserPool answers and UpdateUserPool does not take (computed from the AWS service model). */
const READ_ONLY = [
  'AliasAttributes',
  'Arn',
  'CreationDate',
  'CustomDomain',
  'Domain',
  'EmailConfigurationFailure',
  'EstimatedNumberOfUsers',
  'Id',
  'LastModifiedDate',
  'Name',
  'SchemaAttributes',
  'SmsConfigurationFailure',
  'Status',
  'UsernameAttributes',
  'UsernameConfiguration',
]

/**
 * What a member becomes when UpdateUserPool is not given it, with the defaults of the API reference of CreateUserPool.
 * Of these UserPoolTier stays as it is (API reference of UpdateUserPool), and so do MfaConfiguration and each member
 * of Policies (measured in 2026: cdkd #1965, #1982, against the sentence of the API reference).
 */
const DEFAULTS: UntypedObject = {
  Policies: {
    PasswordPolicy: {
      MinimumLength: 8,
      RequireUppercase: true,
      RequireLowercase: true,
      RequireNumbers: true,
      RequireSymbols: true,
      TemporaryPasswordValidityDays: 7,
    },
    SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD'] },
  },
  DeletionProtection: 'INACTIVE',
  LambdaConfig: {},
  VerificationMessageTemplate: { DefaultEmailOption: 'CONFIRM_WITH_CODE' },
  MfaConfiguration: 'OFF',
  EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' },
  UserPoolTags: {},
  AdminCreateUserConfig: { AllowAdminCreateUserOnly: false, UnusedAccountValidityDays: 7 },
}

/** A typical pool in use: sign-in by e-mail address, mail through SES, invitation by an administrator. */
const STARTING_DESCRIPTION: UntypedObject = {
  ...DEFAULTS,
  DeletionProtection: 'ACTIVE',
  AutoVerifiedAttributes: ['email'],
  UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] },
  EmailConfiguration: {
    EmailSendingAccount: 'DEVELOPER',
    SourceArn: `arn:aws:ses:us-east-1:${ACCOUNT_ID}:identity/no-reply@example.com`,
    From: 'Example <no-reply@example.com>',
  },
  UserPoolTags: { project: 'example' },
  AdminCreateUserConfig: {
    AllowAdminCreateUserOnly: true,
    UnusedAccountValidityDays: 7,
    InviteMessageTemplate: {
      EmailSubject: 'Your temporary password',
      EmailMessage: 'Your username is {username} and temporary password is {####}.',
    },
  },
  AccountRecoverySetting: {
    RecoveryMechanisms: [
      { Priority: 1, Name: 'verified_email' },
      { Priority: 2, Name: 'verified_phone_number' },
    ],
  },
  UserPoolTier: 'ESSENTIALS',
}

export interface UserPoolSettings {
  readonly region: string
  readonly id: string
  /** The four triggers are in LambdaConfig from the start. */
  readonly triggers: boolean
  /** Members of the description that differ from those of STARTING_DESCRIPTION. */
  readonly description: UntypedObject
}

export class UserPoolDescription {
  readonly id: string
  readonly region: string
  readonly #clock: Clock
  readonly #fixed: UntypedObject
  readonly #createdAt: number
  #modifiedAt: number
  #settings: UntypedObject
  #mfa: UntypedObject = {}

  constructor(clock: Clock, { region, id, triggers, description }: UserPoolSettings) {
    this.#clock = clock
    this.id = id
    this.region = region
    this.#createdAt = clock.now()
    this.#modifiedAt = clock.now()
    const given = { UsernameAttributes: ['email'], ...STARTING_DESCRIPTION, ...description }
    this.#fixed = {
      Id: id,
      Name: 'example',
      Arn: `arn:aws:cognito-idp:${region}:${ACCOUNT_ID}:userpool/${id}`,
      SchemaAttributes: SCHEMA_ATTRIBUTES,
      UsernameConfiguration: { CaseSensitive: false },
      ...Object.fromEntries(Object.entries(given).filter(([name]) => READ_ONLY.includes(name))),
    }
    this.#settings = Object.fromEntries(Object.entries(given).filter(([name]) => !READ_ONLY.includes(name)))
    if (triggers) this.#settings = { ...this.#settings, LambdaConfig: this.#localTriggers() }
  }

  get arn(): string {
    return new Parameters(this.#fixed).string('Arn')
  }

  get usernameAttributes(): readonly string[] {
    return new Parameters(this.#fixed).strings('UsernameAttributes')
  }

  get aliasAttributes(): readonly string[] {
    return new Parameters(this.#fixed).strings('AliasAttributes')
  }

  /** For pools that do not say, Cognito compares names with regard to case (API reference of UsernameConfiguration). */
  get isCaseSensitive(): boolean {
    return this.#fixed['UsernameConfiguration'] === undefined
      ? true
      : new Parameters(this.#fixed).object('UsernameConfiguration').boolean('CaseSensitive')
  }

  /** Names of the attributes that every user has to have, besides `sub`. */
  get requiredAttributes(): readonly string[] {
    return this.#schema()
      .filter(attribute => attribute.boolean('Required'))
      .map(attribute => attribute.string('Name'))
      .filter(name => name !== 'sub')
  }

  /** UserAttributeUpdateSettings: a changed address stays pending until a code that was mailed to it comes back. */
  get verifiesEmailBeforeUpdate(): boolean {
    return new Parameters(this.#settings)
      .object('UserAttributeUpdateSettings')
      .strings('AttributesRequireVerificationBeforeUpdate')
      .includes('email')
  }

  /** AutoVerifiedAttributes: a changed address gets a code by mail. */
  get verifiesEmail(): boolean {
    return new Parameters(this.#settings).strings('AutoVerifiedAttributes').includes('email')
  }

  /** Of AccountRecoverySetting, the first one first; without it the phone comes first (API reference of CreateUserPool). */
  get recoveryMechanisms(): readonly string[] {
    const mechanisms = new Parameters(this.#settings).object('AccountRecoverySetting').values[
      'RecoveryMechanisms'
    ]
    if (!Array.isArray(mechanisms)) return ['verified_phone_number', 'verified_email']
    return mechanisms
      .filter(isObject)
      .toSorted((one, other) => Number(one['Priority']) - Number(other['Priority']))
      .map(({ Name }) => String(Name))
  }

  /**
   * @param present what the user has; left out for a new user.
   * @throws CognitoError InvalidParameterException, in Cognito's words (the one of Mutable: amplify-swift #3981).
   */
  checkSchema(attributes: ReadonlyMap<string, string>, present?: ReadonlyMap<string, string>): void {
    const schema = this.#schema()
    for (const [name, value] of attributes) {
      const rules = schema.find(attribute => attribute.string('Name') === name)
      if (rules === undefined) {
        throw invalidParameter(
          `Attributes did not conform to the schema: ${name}: Attribute does not exist in the schema.`,
        )
      }
      if (name !== 'sub' && present?.has(name) && !rules.boolean('Mutable')) {
        throw invalidParameter(`user.${name}: Attribute cannot be updated.`)
      }
      if (name === 'email' && value !== '' && !/^[^@\s]+@[^@\s]+$/.test(value)) {
        throw invalidParameter('Invalid email address format.')
      }
    }
  }

  get mfaConfiguration(): string {
    return new Parameters(this.#settings).optionalString('MfaConfiguration') ?? 'OFF'
  }

  /** The answer of GetUserPoolMfaConfig: with `EmailMfaConfiguration` and similar members when they are set. */
  get mfa(): UntypedObject {
    return { ...this.#mfa, MfaConfiguration: this.mfaConfiguration }
  }

  /** The `UserPool` member of the answer of DescribeUserPool. */
  describe(estimatedNumberOfUsers = 0): UntypedObject {
    return {
      ...this.#fixed,
      ...this.#settings,
      CreationDate: this.#createdAt / 1000,
      LastModifiedDate: this.#modifiedAt / 1000,
      EstimatedNumberOfUsers: estimatedNumberOfUsers,
    }
  }

  /** ARN of the function in a slot of LambdaConfig. */
  functionArn(trigger: TriggerName): string | undefined {
    return new Parameters(this.#settings).object('LambdaConfig').optionalString(TRIGGER_MEMBERS[trigger])
  }

  /**
   * UpdateUserPool: see DEFAULTS for what is not given; members that are not known here are kept as given.
   * @throws CognitoError InvalidParameterException, TierChangeNotAllowedException.
   */
  update(request: Parameters): void {
    const { UserPoolId: _id, PoolName, ...given } = request.values
    const readOnly = Object.keys(given).filter(name => READ_ONLY.includes(name))
    if (readOnly.length > 0) throw invalidParameter(`UpdateUserPool does not take ${readOnly.join(', ')}.`)
    const { UserPoolTier, MfaConfiguration, Policies } = this.#settings
    const settings: UntypedObject = { ...DEFAULTS, UserPoolTier, MfaConfiguration, ...given }
    settings['Policies'] = {
      ...(isObject(Policies) ? Policies : {}),
      ...request.object('Policies').values,
    }
    const lambdaConfig = request.optionalObject('LambdaConfig')
    if (lambdaConfig) settings['LambdaConfig'] = checkedLambdaConfig(lambdaConfig)
    settings['AdminCreateUserConfig'] = adminCreateUserConfig(request, new Parameters(settings))
    this.#refuseMfaWithoutFactor(request)
    if (settings['UserPoolTier'] === 'LITE' && 'EmailMfaConfiguration' in this.#mfa) {
      throw new CognitoError(
        'TierChangeNotAllowedException',
        'The LITE tier has no email MFA. Turn it off first.',
      )
    }
    if (PoolName !== undefined) this.#fixed['Name'] = PoolName
    this.#settings = settings
    this.#modifiedAt = this.#clock.now()
  }

  /**
   * SetUserPoolMfaConfig.
   * @throws CognitoError InvalidParameterException, FeatureUnavailableInTierException.
   */
  setMfa(request: Parameters): void {
    const { UserPoolId: _id, MfaConfiguration, ...factors } = request.values
    const mode = request.optionalString('MfaConfiguration') ?? this.mfaConfiguration
    if (!['OFF', 'OPTIONAL', 'ON'].includes(mode)) throw invalidParameter(`Invalid MfaConfiguration ${mode}.`)
    if (MfaConfiguration === 'OFF' && Object.keys(factors).length > 0) {
      throw invalidParameter(
        "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
      )
    }
    if (mode !== 'OFF' && !hasFactor(request)) {
      throw invalidParameter(
        "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration.",
      )
    }
    const email = request.optionalObject('EmailMfaConfiguration')
    if (email) this.#refuseEmailFactor(email)
    this.#mfa = mode === 'OFF' ? {} : factors
    this.#settings = { ...this.#settings, MfaConfiguration: mode }
    this.#modifiedAt = this.#clock.now()
  }

  /** Text and condition: aws-cdk #12075; a pool whose factors are set up already is let through (panther #637). */
  #refuseMfaWithoutFactor(request: Parameters): void {
    const mode = request.optionalString('MfaConfiguration') ?? 'OFF'
    if (mode === 'OFF' || hasFactor(new Parameters(this.#mfa)) || request.optionalObject('SmsConfiguration'))
      return
    throw invalidParameter(
      'SMS configuration and Auto verification for phone_number are required when MFA is required/optional',
    )
  }

  #refuseEmailFactor(email: Parameters): void {
    const settings = new Parameters(this.#settings)
    if (settings.optionalString('UserPoolTier') === 'LITE') {
      throw new CognitoError(
        'FeatureUnavailableInTierException',
        'Email MFA is not available in the LITE tier.',
      )
    }
    if (settings.object('EmailConfiguration').optionalString('EmailSendingAccount') !== 'DEVELOPER') {
      throw invalidParameter('Email MFA needs EmailConfiguration with EmailSendingAccount DEVELOPER.')
    }
    const recovery = settings.object('AccountRecoverySetting').values['RecoveryMechanisms']
    const names = Array.isArray(recovery) ? recovery.filter(isObject).map(mechanism => mechanism['Name']) : []
    if (names.length > 0 && names.every(name => name === 'verified_email')) {
      throw invalidParameter('Email MFA cannot be used when email is the only account recovery mechanism.')
    }
    const message = email.optionalString('Message')
    if (message === undefined) return
    if (message.length < 6 || message.length > 20_000 || !message.includes('{####}')) {
      throw invalidParameter(
        'EmailMfaConfiguration.Message needs 6 to 20000 characters and {####} where the code goes.',
      )
    }
  }

  #schema(): Parameters[] {
    const schema = this.#fixed['SchemaAttributes']
    return Array.isArray(schema) ? schema.filter(isObject).map(rules => new Parameters(rules)) : []
  }

  #localTriggers(): UntypedObject {
    const arns = TRIGGER_NAMES.map(name => [
      TRIGGER_MEMBERS[name],
      `arn:aws:lambda:${this.region}:${ACCOUNT_ID}:function:${name}`,
    ])
    return checkedLambdaConfig(new Parameters(Object.fromEntries(arns)))
  }
}

/** Describe keeps returning UnusedAccountValidityDays, which is why a description cannot be sent back as it is. */
function adminCreateUserConfig(request: Parameters, settings: Parameters): unknown {
  const given = request.optionalObject('AdminCreateUserConfig')
  const daysOf = (parameters: Parameters) =>
    parameters.object('Policies').object('PasswordPolicy').optionalNumber('TemporaryPasswordValidityDays')
  const days = daysOf(settings) ?? 7
  if (given === undefined) return { AllowAdminCreateUserOnly: false, UnusedAccountValidityDays: days }
  if (daysOf(request) !== undefined && given.optionalNumber('UnusedAccountValidityDays') !== undefined) {
    throw invalidParameter(
      'Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays',
    )
  }
  return { UnusedAccountValidityDays: days, ...given.values }
}

/** Whether a request or the answer of (Set/Get)UserPoolMfaConfig turns any factor on. */
function hasFactor(mfa: Parameters): boolean {
  return (
    mfa.optionalObject('EmailMfaConfiguration') !== undefined ||
    mfa.optionalObject('SmsMfaConfiguration') !== undefined ||
    mfa.object('SoftwareTokenMfaConfiguration').boolean('Enabled')
  )
}

/**
 * PreTokenGeneration and PreTokenGenerationConfig name the same function; given one, Cognito answers both.
 * A version is refused, an alias is not (developer guide, "Customizing user pool workflows with Lambda triggers").
 */
function checkedLambdaConfig(config: Parameters): UntypedObject {
  const preToken = config.optionalString('PreTokenGeneration')
  const preTokenConfig = config.optionalObject('PreTokenGenerationConfig')
  const preTokenConfigArn = preTokenConfig?.string('LambdaArn')
  if (preToken !== undefined && preTokenConfigArn !== undefined && preToken !== preTokenConfigArn) {
    throw invalidParameter('PreTokenGeneration and PreTokenGenerationConfig.LambdaArn must be identical.')
  }
  for (const [name, value] of Object.entries(config.values)) {
    if (typeof value !== 'string' || name === 'KMSKeyID') continue
    if (!/^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w-]+)?$/.test(value) || /:\d+$/.test(value)) {
      throw invalidParameter(`Invalid ARN of a Lambda function in ${name}: ${value}`)
    }
  }
  const arn = preToken ?? preTokenConfigArn
  if (arn === undefined) return config.values
  return {
    ...config.values,
    PreTokenGeneration: arn,
    PreTokenGenerationConfig: { LambdaVersion: 'V1_0', ...preTokenConfig?.values, LambdaArn: arn },
  }
}

/** The standard attributes of OpenID Connect that every pool has; `email` is required here. */
const SCHEMA_ATTRIBUTES: readonly UntypedObject[] = [
  textAttribute('sub', { Mutable: false, Required: true }),
  ...[
    'name',
    'given_name',
    'family_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'phone_number',
    'address',
  ].map(name => textAttribute(name, { Mutable: true, Required: false })),
  textAttribute('email', { Mutable: true, Required: true }),
  ...['email_verified', 'phone_number_verified'].map(name => ({
    Name: name,
    AttributeDataType: 'Boolean',
    DeveloperOnlyAttribute: false,
    Mutable: true,
    Required: false,
  })),
  {
    Name: 'updated_at',
    AttributeDataType: 'Number',
    DeveloperOnlyAttribute: false,
    Mutable: true,
    Required: false,
    NumberAttributeConstraints: { MinValue: '0' },
  },
]

function textAttribute(
  name: string,
  rules: { readonly Mutable: boolean; readonly Required: boolean },
): UntypedObject {
  return {
    Name: name,
    AttributeDataType: 'String',
    DeveloperOnlyAttribute: false,
    ...rules,
    StringAttributeConstraints: { MinLength: name === 'sub' ? '1' : '0', MaxLength: '2048' },
  }
}
