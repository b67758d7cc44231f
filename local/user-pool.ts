// The description of the pool and of its app clients: what Describe answers, what Update resets and refuses.
import { randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'
import { CognitoError, invalidParameter } from './errors.ts'
import { isJsonObject, type JsonObject, Parameters } from './parameters.ts'
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
 * What an attribute becomes when UpdateUserPool is not given it. Defaults as the API reference of CreateUserPool
 * states them; UserPoolTier is the one member that stays (API reference of UpdateUserPool).
 */
const DEFAULTS: JsonObject = {
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

/** A pool as people have it in use: sign-in by e-mail address, mail through SES, invitation by an administrator. */
const STARTING_DESCRIPTION: JsonObject = {
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
  readonly description: JsonObject
}

export class UserPoolDescription {
  readonly id: string
  readonly region: string
  readonly #clock: Clock
  readonly #fixed: JsonObject
  readonly #createdAt: number
  #modifiedAt: number
  #settings: JsonObject
  #mfa: JsonObject = {}

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

  get usernameAttributes(): readonly string[] {
    return new Parameters(this.#fixed).strings('UsernameAttributes')
  }

  get aliasAttributes(): readonly string[] {
    return new Parameters(this.#fixed).strings('AliasAttributes')
  }

  get mfaConfiguration(): string {
    return new Parameters(this.#settings).optionalString('MfaConfiguration') ?? 'OFF'
  }

  /** The answer of GetUserPoolMfaConfig: with `EmailMfaConfiguration` and the like when they are set. */
  get mfa(): JsonObject {
    return { ...this.#mfa, MfaConfiguration: this.mfaConfiguration }
  }

  /** The `UserPool` member of the answer of DescribeUserPool. */
  describe(estimatedNumberOfUsers = 0): JsonObject {
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
   * UpdateUserPool: what is not given goes back to its default; members that are not known here are kept as given.
   * @throws CognitoError InvalidParameterException, FeatureUnavailableInTierException.
   */
  update(request: Parameters): void {
    const { UserPoolId: _id, PoolName, ...given } = request.values
    const readOnly = Object.keys(given).filter(name => READ_ONLY.includes(name))
    if (readOnly.length > 0) throw invalidParameter(`UpdateUserPool does not take ${readOnly.join(', ')}.`)
    const tier = this.#settings['UserPoolTier']
    const settings: JsonObject = { ...DEFAULTS, UserPoolTier: tier, ...given }
    const lambdaConfig = request.optionalObject('LambdaConfig')
    if (lambdaConfig) settings['LambdaConfig'] = checkedLambdaConfig(lambdaConfig)
    settings['AdminCreateUserConfig'] = this.#adminCreateUserConfig(request)
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
    const email = request.optionalObject('EmailMfaConfiguration')
    if (email) this.#refuseEmailFactor(email)
    this.#mfa = mode === 'OFF' ? {} : factors
    this.#settings = { ...this.#settings, MfaConfiguration: mode }
    this.#modifiedAt = this.#clock.now()
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
    const names = Array.isArray(recovery)
      ? recovery.filter(isJsonObject).map(mechanism => mechanism['Name'])
      : []
    if (names.length > 0 && names.every(name => name === 'verified_email')) {
      throw invalidParameter('Email MFA cannot be used when email is the only account recovery mechanism.')
    }
    const message = email.optionalString('Message')
    if (message === undefined) return
    if (message.length < 6 || message.length > 20_000 || !message.includes('{####}')) {
      throw invalidParameter(
        'EmailMfaConfiguration.Message needs 6 to 20000 characters and the placeholder {####}.',
      )
    }
  }

  #adminCreateUserConfig(request: Parameters): unknown {
    const given = request.optionalObject('AdminCreateUserConfig')
    const days = request
      .object('Policies')
      .object('PasswordPolicy')
      .optionalNumber('TemporaryPasswordValidityDays')
    if (given === undefined) return { AllowAdminCreateUserOnly: false, UnusedAccountValidityDays: days ?? 7 }
    if (days !== undefined && given.optionalNumber('UnusedAccountValidityDays') !== undefined) {
      throw invalidParameter(
        'Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays',
      )
    }
    // Describe goes on answering it, which is why a description cannot be sent back as it is.
    return { UnusedAccountValidityDays: days ?? 7, ...given.values }
  }

  #localTriggers(): JsonObject {
    const arns = TRIGGER_NAMES.map(name => [
      TRIGGER_MEMBERS[name],
      `arn:aws:lambda:${this.region}:${ACCOUNT_ID}:function:${name}`,
    ])
    return checkedLambdaConfig(new Parameters(Object.fromEntries(arns)))
  }
}

/**
 * PreTokenGeneration and PreTokenGenerationConfig name the same function; given one, Cognito answers both.
 * A version is refused, an alias is not (developer guide, "Customizing user pool workflows with Lambda triggers").
 */
function checkedLambdaConfig(config: Parameters): JsonObject {
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

export interface AppClientSettings {
  readonly clientId?: string
  readonly clientName?: string
  /** Members of the client's description, such as ExplicitAuthFlows; what is left out has its default. */
  readonly description?: JsonObject
}

/** Defaults as the API reference of CreateUserPoolClient states them. */
const CLIENT_DEFAULTS: JsonObject = {
  RefreshTokenValidity: 30,
  TokenValidityUnits: {},
  ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH'],
  AllowedOAuthFlowsUserPoolClient: false,
  PreventUserExistenceErrors: 'LEGACY',
  EnableTokenRevocation: true,
  EnablePropagateAdditionalUserContextData: false,
  AuthSessionValidity: 3,
}

const SECONDS: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 }

export class AppClient {
  readonly id: string
  readonly secret: string | undefined
  readonly #userPoolId: string
  readonly #clock: Clock
  readonly #createdAt: number
  #modifiedAt: number
  #settings: JsonObject

  constructor(clock: Clock, userPoolId: string, settings: AppClientSettings) {
    const { ClientSecret, ...given } = settings.description ?? {}
    this.id = settings.clientId ?? randomClientId()
    this.secret = typeof ClientSecret === 'string' ? ClientSecret : undefined
    this.#userPoolId = userPoolId
    this.#clock = clock
    this.#createdAt = clock.now()
    this.#modifiedAt = clock.now()
    this.#settings = checkedClient({
      ClientName: settings.clientName ?? 'example',
      ...CLIENT_DEFAULTS,
      ...given,
    })
  }

  get name(): string {
    return new Parameters(this.#settings).optionalString('ClientName') ?? ''
  }

  get hidesUnknownUsers(): boolean {
    return this.#settings['PreventUserExistenceErrors'] === 'ENABLED'
  }

  /** Minutes. */
  get authSessionValidity(): number {
    return new Parameters(this.#settings).optionalNumber('AuthSessionValidity') ?? 3
  }

  get revokesTokens(): boolean {
    return this.#settings['EnableTokenRevocation'] === true
  }

  get rotatesRefreshTokens(): boolean {
    return (
      new Parameters(this.#settings).object('RefreshTokenRotation').optionalString('Feature') === 'ENABLED'
    )
  }

  /** Seconds for which a rotated refresh token still works. */
  get rotationGrace(): number {
    return (
      new Parameters(this.#settings)
        .object('RefreshTokenRotation')
        .optionalNumber('RetryGracePeriodSeconds') ?? 0
    )
  }

  /** Such as `CUSTOM_AUTH`; the old names without ALLOW_ count as well. */
  allows(flow: string): boolean {
    const flows = new Parameters(this.#settings).strings('ExplicitAuthFlows')
    const legacy: Readonly<Record<string, string>> = {
      CUSTOM_AUTH: 'CUSTOM_AUTH_FLOW_ONLY',
      ADMIN_USER_PASSWORD_AUTH: 'ADMIN_NO_SRP_AUTH',
      USER_PASSWORD_AUTH: 'USER_PASSWORD_AUTH',
    }
    return flows.includes(`ALLOW_${flow}`) || flows.includes(legacy[flow] ?? `ALLOW_${flow}`)
  }

  /** Seconds that a token is valid. */
  tokenValidity(token: 'AccessToken' | 'IdToken' | 'RefreshToken'): number {
    const settings = new Parameters(this.#settings)
    const unit = settings.object('TokenValidityUnits').optionalString(token)
    const isRefresh = token === 'RefreshToken'
    const value = settings.optionalNumber(`${token}Validity`)
    return (value ?? (isRefresh ? 30 : 1)) * (SECONDS[unit ?? (isRefresh ? 'days' : 'hours')] ?? 1)
  }

  /** The `UserPoolClient` member of the answers. */
  describe(): JsonObject {
    return {
      UserPoolId: this.#userPoolId,
      ClientId: this.id,
      ...(this.secret === undefined ? {} : { ClientSecret: this.secret }),
      ...this.#settings,
      CreationDate: this.#createdAt / 1000,
      LastModifiedDate: this.#modifiedAt / 1000,
    }
  }

  /** UpdateUserPoolClient: what is not given goes back to its default (API reference), the name and secret stay. */
  update(request: Parameters): void {
    const { UserPoolId: _pool, ClientId: _client, ...given } = request.values
    const readOnly = ['ClientSecret', 'CreationDate', 'LastModifiedDate'].filter(name => name in given)
    if (readOnly.length > 0)
      throw invalidParameter(`UpdateUserPoolClient does not take ${readOnly.join(', ')}.`)
    this.#settings = checkedClient({ ClientName: this.name, ...CLIENT_DEFAULTS, ...given })
    this.#modifiedAt = this.#clock.now()
  }
}

/** 26 small letters and digits, as Cognito makes them. */
export function randomClientId(): string {
  return [...randomBytes(26)].map(byte => 'abcdefghijklmnopqrstuvwxyz0123456789'.charAt(byte % 36)).join('')
}

function checkedClient(settings: JsonObject): JsonObject {
  const parameters = new Parameters(settings)
  const validity = parameters.optionalNumber('AuthSessionValidity') ?? 3
  if (!Number.isInteger(validity) || validity < 3 || validity > 15) {
    throw invalidParameter(
      `1 validation error detected: Value '${validity}' at 'authSessionValidity' failed to satisfy constraint: ` +
        'Member must have value between 3 and 15',
    )
  }
  const flows = parameters.strings('ExplicitAuthFlows')
  const modern = flows.filter(flow => flow.startsWith('ALLOW_'))
  if (modern.length > 0 && modern.length < flows.length) {
    throw invalidParameter('ExplicitAuthFlows cannot mix values with ALLOW_ and values without it.')
  }
  return settings
}

const SCHEMA_ATTRIBUTES = [
  attribute('sub', 'String', { Mutable: false, Required: true, MinLength: '1' }),
  ...['name', 'given_name', 'family_name', 'preferred_username', 'phone_number', 'locale'].map(name =>
    attribute(name, 'String', { Mutable: true, Required: false, MinLength: '0' }),
  ),
  attribute('email', 'String', { Mutable: true, Required: true, MinLength: '0' }),
  ...['email_verified', 'phone_number_verified'].map(name => ({
    Name: name,
    AttributeDataType: 'Boolean',
    DeveloperOnlyAttribute: false,
    Mutable: true,
    Required: false,
  })),
]

function attribute(
  name: string,
  type: string,
  { MinLength, ...rules }: { Mutable: boolean; Required: boolean; MinLength: string },
): JsonObject {
  return {
    Name: name,
    AttributeDataType: type,
    DeveloperOnlyAttribute: false,
    ...rules,
    StringAttributeConstraints: { MinLength, MaxLength: '2048' },
  }
}
