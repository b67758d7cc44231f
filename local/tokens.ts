// The tokens: RS256 ID and access tokens with Cognito's claims, opaque refresh tokens, their revocation.
import { randomBytes, randomUUID } from 'node:crypto'
import { errors, exportJWK, generateKeyPair, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { AppClient } from './app-client.ts'
import type { Clock } from './clock.ts'
import { CognitoError, notAuthorized } from './errors.ts'
import type { User } from './users.ts'

/** What Pre Token Generation may change in the ID token. */
export interface ClaimChanges {
  readonly add: Readonly<Record<string, string>>
  readonly suppress: readonly string[]
  readonly groups?: readonly string[]
}

/** The AuthenticationResult of the API. */
export interface AuthenticationResult {
  readonly AccessToken: string
  readonly IdToken: string
  readonly RefreshToken?: string
  readonly ExpiresIn: number
  readonly TokenType: 'Bearer'
}

interface Grant {
  readonly originId: string
  readonly eventId: string
  readonly username: string
  readonly clientId: string
  readonly authTime: number
  readonly expiresAt: number
  /** Seconds since 1970 from which the token no longer works. */
  revokedAt: number
}

interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
  readonly kid: string
}

export class Tokens {
  readonly issuer: string
  readonly #clock: Clock
  readonly #idKey: SigningKey
  readonly #accessKey: SigningKey
  readonly #grants = new Map<string, Grant>()
  /** Sign-ins (`origin_jti`) whose access tokens are no longer valid. */
  readonly #revokedOrigins = new Set<string>()

  private constructor(clock: Clock, issuer: string, idKey: SigningKey, accessKey: SigningKey) {
    this.#clock = clock
    this.issuer = issuer
    this.#idKey = idKey
    this.#accessKey = accessKey
  }

  /** As in Cognito, one key signs ID tokens and another one access tokens. */
  static async start(clock: Clock, region: string, userPoolId: string): Promise<Tokens> {
    const [idKey, accessKey] = await signingKeys()
    return new Tokens(clock, `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`, idKey, accessKey)
  }

  get jwks(): { readonly keys: JWK[] } {
    return { keys: [this.#idKey.jwk, this.#accessKey.jwk] }
  }

  /** Tokens for a finished sign-in. */
  async issue(user: User, client: AppClient, changes: ClaimChanges): Promise<AuthenticationResult> {
    const now = this.#clock.seconds()
    const grant: Grant = {
      originId: randomUUID(),
      eventId: randomUUID(),
      username: user.username,
      clientId: client.id,
      authTime: now,
      expiresAt: now + client.tokenValidity('RefreshToken'),
      revokedAt: Number.POSITIVE_INFINITY,
    }
    return { ...(await this.#sign(user, client, grant, changes)), RefreshToken: this.#keep(grant) }
  }

  /**
   * What a refresh token stands for.
   * @throws CognitoError NotAuthorizedException.
   */
  refreshGrant(refreshToken: string, client: AppClient): { readonly username: string } {
    const grant = this.#grants.get(refreshToken)
    if (grant === undefined || grant.clientId !== client.id) throw notAuthorized('Invalid Refresh Token.')
    if (this.#clock.seconds() >= grant.expiresAt) throw notAuthorized('Refresh Token has expired')
    if (this.#clock.seconds() >= grant.revokedAt) throw notAuthorized('Refresh Token has been revoked')
    return grant
  }

  /** New ID and access tokens; a new refresh token only where the app client rotates them. */
  async refresh(
    refreshToken: string,
    user: User,
    client: AppClient,
    changes: ClaimChanges,
  ): Promise<AuthenticationResult> {
    this.refreshGrant(refreshToken, client)
    const grant = this.#grants.get(refreshToken)
    if (grant === undefined) throw notAuthorized('Invalid Refresh Token.')
    const result = await this.#sign(user, client, grant, changes)
    if (!client.rotatesRefreshTokens) return result
    const next = this.#keep({ ...grant })
    grant.revokedAt = this.#clock.seconds() + client.rotationGrace
    return { ...result, RefreshToken: next }
  }

  /** RevokeToken: the refresh token and every access token that came from it. */
  revoke(refreshToken: string, client: AppClient): void {
    const grant = this.#grants.get(refreshToken)
    if (grant === undefined) {
      if (refreshToken.split('.').length === 3) {
        throw new CognitoError('UnsupportedTokenTypeException', 'Unsupported token type')
      }
      // RFC 7009: a token that is not known needs no revocation.
      return
    }
    if (grant.clientId !== client.id) throw notAuthorized('Invalid Refresh Token.')
    grant.revokedAt = this.#clock.seconds()
    this.#revokedOrigins.add(grant.originId)
  }

  /** Global sign-out: everything that was issued to the user so far. */
  revokeAll(user: User): void {
    for (const grant of this.#grants.values()) {
      if (grant.username !== user.username) continue
      grant.revokedAt = this.#clock.seconds()
      this.#revokedOrigins.add(grant.originId)
    }
  }

  /**
   * The user name and the client in an access token.
   * @throws CognitoError NotAuthorizedException, in Cognito's words.
   */
  async verifyAccessToken(token: string): Promise<{ readonly username: string; readonly clientId: string }> {
    const claims = await this.#claims(token)
    const { username, client_id: clientId, token_use: use, origin_jti: origin } = claims
    if (typeof username !== 'string' || typeof clientId !== 'string' || use !== 'access') {
      throw notAuthorized('Invalid Access Token')
    }
    if (typeof origin === 'string' && this.#revokedOrigins.has(origin)) {
      throw notAuthorized('Access Token has been revoked')
    }
    return { username, clientId }
  }

  async #claims(token: string): Promise<JWTPayload> {
    try {
      const options = { issuer: this.issuer, currentDate: new Date(this.#clock.now()) }
      return (await jwtVerify(token, this.#accessKey.publicKey, options)).payload
    } catch (error) {
      throw notAuthorized(
        error instanceof errors.JWTExpired ? 'Access Token has expired' : 'Invalid Access Token',
      )
    }
  }

  #keep(grant: Grant): string {
    const token = randomBytes(600).toString('base64url')
    this.#grants.set(token, grant)
    return token
  }

  async #sign(
    user: User,
    client: AppClient,
    grant: Grant,
    { add, suppress, groups }: ClaimChanges,
  ): Promise<AuthenticationResult> {
    const now = this.#clock.seconds()
    const common = {
      iss: this.issuer,
      origin_jti: grant.originId,
      event_id: grant.eventId,
      auth_time: grant.authTime,
      iat: now,
      ...(groups === undefined ? {} : { 'cognito:groups': [...groups] }),
    }
    const id: JWTPayload = {
      ...attributeClaims(user),
      ...add,
      ...common,
      sub: user.sub,
      'cognito:username': user.username,
      aud: client.id,
      token_use: 'id',
      exp: now + client.tokenValidity('IdToken'),
      jti: randomUUID(),
    }
    for (const name of suppress) delete id[name]
    const access: JWTPayload = {
      ...common,
      sub: user.sub,
      client_id: client.id,
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin',
      exp: now + client.tokenValidity('AccessToken'),
      jti: randomUUID(),
      username: user.username,
    }
    const [IdToken, AccessToken] = await Promise.all([sign(id, this.#idKey), sign(access, this.#accessKey)])
    return { AccessToken, IdToken, ExpiresIn: client.tokenValidity('AccessToken'), TokenType: 'Bearer' }
  }
}

/** Every attribute is a claim; the two `_verified` ones become booleans. */
function attributeClaims(user: User): JWTPayload {
  return Object.fromEntries(
    [...user.attributes].map(([name, value]) => [
      name,
      name.endsWith('_verified') ? value.toLowerCase() === 'true' : value,
    ]),
  )
}

let madeKeys: Promise<readonly [SigningKey, SigningKey]> | undefined

/** Made once a process, because it takes a good while; tokens of two pools still differ in their issuer. */
function signingKeys(): Promise<readonly [SigningKey, SigningKey]> {
  madeKeys ??= Promise.all([makeKey(), makeKey()])
  return madeKeys
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const kid = randomBytes(32).toString('base64')
  return {
    privateKey,
    publicKey,
    kid,
    jwk: { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid },
  }
}

function sign(claims: JWTPayload, { privateKey, kid }: SigningKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey)
}
