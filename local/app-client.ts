// An app client: what DescribeUserPoolClient answers, what UpdateUserPoolClient resets, which flows it allows.
import { randomBytes } from 'node:crypto'
import type { UntypedObject } from '../command/json.ts'
import type { Clock } from './clock.ts'
import { invalidParameter, notAuthorized } from './errors.ts'
import { Parameters } from './parameters.ts'

export interface AppClientSettings {
  readonly clientId?: string
  readonly clientName?: string
  /** Members of the client's description, such as ExplicitAuthFlows; what is left out has its default. */
  readonly description?: UntypedObject
}

/** Defaults as the API reference of CreateUserPoolClient states them. */
const CLIENT_DEFAULTS: UntypedObject = {
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
  #settings: UntypedObject

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

  /**
   * Which attributes a person may write through this app client: those of WriteAttributes, or without any every
   * standard one; whether an address is verified never (API reference of CreateUserPoolClient).
   * @throws CognitoError NotAuthorizedException (text: aws-sdk-js #3603).
   */
  checkWritable(names: Iterable<string>): void {
    const allowed = new Parameters(this.#settings).strings('WriteAttributes')
    for (const name of names) {
      const isWritable = allowed.length > 0 ? allowed.includes(name) : !name.startsWith('custom:')
      if (isWritable && name !== 'sub' && !name.endsWith('_verified')) continue
      throw notAuthorized('A client attempted to write unauthorized attribute')
    }
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
  describe(): UntypedObject {
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

function checkedClient(settings: UntypedObject): UntypedObject {
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
