// The users of the pool: names and aliases, passwords with their policy and lock-out, native second factors.
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { UntypedObject } from '../command/json.ts'
import type { Clock } from './clock.ts'
import { CognitoError, invalidParameter, notAuthorized, userDoesNotExist } from './errors.ts'
import { Parameters } from './parameters.ts'
import { StoredPassword } from './srp.ts'
import type { UserPoolDescription } from './user-pool.ts'

/** `EXTERNAL_PROVIDER`: signs in through another identity provider and has no password here. */
export type UserStatus =
  | 'CONFIRMED'
  | 'EXTERNAL_PROVIDER'
  | 'FORCE_CHANGE_PASSWORD'
  | 'RESET_REQUIRED'
  | 'UNCONFIRMED'

/** Names as in UserMFASettingList. */
export const NATIVE_FACTORS = ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA'] as const

export type NativeFactor = (typeof NATIVE_FACTORS)[number]

export interface User {
  /** The name inside the pool: a UUID equal to `sub` where people sign in with their e-mail address. */
  readonly username: string
  readonly sub: string
  /** With `sub`; every value a string. Changed by `Users.setAttributes` only, which keeps the index. */
  attributes: ReadonlyMap<string, string>
  readonly createdAt: number
  modifiedAt: number
  status: UserStatus
  enabled: boolean
  password?: StoredPassword
  /** Milliseconds since 1970; only a temporary password has it. */
  passwordExpiresAt?: number
  wrongPasswords: number
  lockedUntil: number
  readonly factors: Set<NativeFactor>
  preferredFactor?: NativeFactor
  /** Names of the groups that the user is in. */
  readonly groups: Set<string>
  /** Base32. */
  softwareTokenSecret?: string
  /** An address that a mailed code is to prove; it is not the user's own before that, if it is another one. */
  addressToVerify?: AddressToVerify
}

export interface AddressToVerify {
  readonly address: string
  readonly code: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export interface NewUser {
  readonly username: string
  readonly attributes?: ReadonlyMap<string, string>
  readonly password?: string
  readonly status?: UserStatus
}

/** Source: developer guide, "Adding MFA and verification", lock-out; amplify-js #10171. */
const FREE_TRIES = 5
const LONGEST_LOCK_OUT_MS = 15 * 60 * 1000

export class Users {
  readonly #clock: Clock
  readonly #pool: UserPoolDescription
  /** By the folded name inside the pool, oldest first. */
  readonly #users = new Map<string, User>()
  /** By attribute and folded value, for the attributes that people sign in with. */
  readonly #byAttribute = new Map<string, Set<User>>()
  /** Makes the salt of a user who does not exist the same each time. */
  readonly #simulationKey = randomBytes(32)

  constructor(clock: Clock, pool: UserPoolDescription) {
    this.#clock = clock
    this.#pool = pool
  }

  /** Oldest first. */
  list(): User[] {
    return [...this.#users.values()]
  }

  /** By the name inside the pool or by anything that the pool lets people sign in with. */
  find(name: string): User | undefined {
    const named = this.#users.get(this.#folded(name))
    if (named !== undefined) return named
    for (const attribute of this.#signInAttributes()) {
      const candidates = this.#byAttribute.get(this.#key(attribute, name)) ?? []
      for (const user of candidates) if (this.#counts(user, attribute)) return user
    }
    return undefined
  }

  /** @throws CognitoError UserNotFoundException. */
  get(name: string): User {
    const user = this.find(name)
    if (user === undefined) throw userDoesNotExist()
    return user
  }

  /** @throws CognitoError UsernameExistsException, InvalidParameterException, InvalidPasswordException. */
  create({ username, attributes = new Map(), password, status = 'FORCE_CHANGE_PASSWORD' }: NewUser): User {
    const isFederated = status === 'EXTERNAL_PROVIDER'
    const signsInWith = isFederated ? [] : this.#pool.usernameAttributes
    if (signsInWith.length > 0 && !signsInWith.some(attribute => isAddress(attribute, username))) {
      throw invalidParameter('Username should be either an email or a phone number.')
    }
    refuseSub(attributes)
    if (this.find(username) !== undefined) {
      throw new CognitoError('UsernameExistsException', 'User account already exists')
    }
    if (password !== undefined) this.checkPolicy(password)
    const sub = randomUUID()
    const now = this.#clock.now()
    const user: User = {
      username: signsInWith.length > 0 ? sub : username,
      sub,
      attributes: new Map(),
      createdAt: now,
      modifiedAt: now,
      status,
      enabled: true,
      wrongPasswords: 0,
      lockedUntil: 0,
      factors: new Set(),
      groups: new Set(),
    }
    const signInName = signsInWith.find(attribute => isAddress(attribute, username))
    const named = signInName === undefined ? [] : ([[signInName, username]] as const)
    this.#replaceAttributes(user, new Map([['sub', sub], ...named, ...attributes]))
    if (password !== undefined && !isFederated)
      this.setPassword(user, password, { permanent: status === 'CONFIRMED' })
    user.status = status
    this.#users.set(this.#folded(user.username), user)
    return user
  }

  delete(user: User): void {
    this.#users.delete(this.#folded(user.username))
    this.#replaceAttributes(user, new Map())
  }

  /**
   * An empty value takes the attribute away. A changed address is unverified unless the same call says otherwise.
   * @throws CognitoError AliasExistsException; nothing has changed then.
   */
  setAttributes(user: User, attributes: ReadonlyMap<string, string>): void {
    refuseSub(attributes)
    this.refuseTakenAddress(user, attributes)
    const changed = new Map(user.attributes)
    for (const name of ['email', 'phone_number']) {
      const verified = `${name}_verified`
      const value = attributes.get(name)
      if (value !== undefined && value !== user.attributes.get(name) && !attributes.has(verified)) {
        changed.set(verified, 'false')
      }
    }
    for (const [name, value] of attributes) {
      if (value === '') changed.delete(name)
      else changed.set(name, value)
    }
    this.#replaceAttributes(user, changed)
    user.modifiedAt = this.#clock.now()
  }

  /** @throws CognitoError AliasExistsException when another user signs in with such an address. */
  refuseTakenAddress(user: User, attributes: ReadonlyMap<string, string>): void {
    for (const attribute of this.#pool.usernameAttributes) {
      const owner = this.find(attributes.get(attribute) ?? '')
      if (owner === undefined || owner === user) continue
      throw new CognitoError('AliasExistsException', `An account with the given ${attribute} already exists.`)
    }
  }

  /** @throws CognitoError InvalidPasswordException; nothing has changed then. */
  setPassword(user: User, password: string, { permanent }: { permanent: boolean }): void {
    this.checkPolicy(password)
    user.password = new StoredPassword(this.#pool.id, user.username, password)
    user.status = permanent ? 'CONFIRMED' : 'FORCE_CHANGE_PASSWORD'
    user.modifiedAt = this.#clock.now()
    user.wrongPasswords = 0
    user.lockedUntil = 0
    if (permanent) {
      delete user.passwordExpiresAt
      return
    }
    const days = this.#passwordPolicy().optionalNumber('TemporaryPasswordValidityDays') ?? 7
    user.passwordExpiresAt = this.#clock.now() + days * 24 * 60 * 60 * 1000
  }

  /** Text of the errors: as Cognito prints them. */
  checkPolicy(password: string): void {
    const policy = this.#passwordPolicy()
    const problem =
      (password.length < (policy.optionalNumber('MinimumLength') ?? 8) && 'Password not long enough') ||
      (policy.boolean('RequireUppercase') &&
        !/[A-Z]/.test(password) &&
        'Password must have uppercase characters') ||
      (policy.boolean('RequireLowercase') &&
        !/[a-z]/.test(password) &&
        'Password must have lowercase characters') ||
      (policy.boolean('RequireNumbers') &&
        !/[0-9]/.test(password) &&
        'Password must have numeric characters') ||
      (policy.boolean('RequireSymbols') &&
        !/[^A-Za-z0-9]/.test(password) &&
        'Password must have symbol characters')
    if (problem) {
      throw new CognitoError('InvalidPasswordException', `Password did not conform with policy: ${problem}`)
    }
  }

  /** @throws CognitoError NotAuthorizedException while the user is locked out. */
  refuseLockedOut(user: User): void {
    if (this.#clock.now() < user.lockedUntil) throw notAuthorized('Password attempts exceeded')
  }

  /** After five wrong passwords each further one locks for 2^(n-5) seconds, a quarter of an hour at most. */
  countPassword(user: User, right: boolean): void {
    if (right) {
      user.wrongPasswords = 0
      user.lockedUntil = 0
      return
    }
    user.wrongPasswords += 1
    if (user.wrongPasswords < FREE_TRIES) return
    const lockOut = Math.min(2 ** (user.wrongPasswords - FREE_TRIES) * 1000, LONGEST_LOCK_OUT_MS)
    user.lockedUntil = this.#clock.now() + lockOut
  }

  /** A user who does not exist, as PreventUserExistenceErrors shows it: the same id and salt at each try. */
  simulate(name: string): { readonly username: string; readonly password: StoredPassword } {
    const digest = (purpose: string) =>
      createHmac('sha256', this.#simulationKey).update(`${purpose}|${name}`).digest('hex')
    const id = digest('id')
    const username =
      this.#pool.usernameAttributes.length > 0
        ? `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-a${id.slice(17, 20)}-${id.slice(20, 32)}`
        : name
    const salt = digest('salt').slice(0, 32)
    return { username, password: new StoredPassword(this.#pool.id, username, digest('password'), salt) }
  }

  #signInAttributes(): string[] {
    return [...this.#pool.usernameAttributes, ...this.#pool.aliasAttributes]
  }

  /** An alias counts once it is verified; a username attribute always. */
  #counts(user: User, attribute: string): boolean {
    return (
      this.#pool.usernameAttributes.includes(attribute) ||
      attribute === 'preferred_username' ||
      user.attributes.get(`${attribute}_verified`)?.toLowerCase() === 'true'
    )
  }

  #replaceAttributes(user: User, attributes: ReadonlyMap<string, string>): void {
    for (const attribute of this.#signInAttributes()) {
      const before = user.attributes.get(attribute)
      if (before !== undefined) this.#byAttribute.get(this.#key(attribute, before))?.delete(user)
      const after = attributes.get(attribute)
      if (after === undefined) continue
      const key = this.#key(attribute, after)
      this.#byAttribute.set(key, (this.#byAttribute.get(key) ?? new Set()).add(user))
    }
    user.attributes = attributes
  }

  #key(attribute: string, value: string): string {
    return `${attribute} ${this.#folded(value)}`
  }

  /** UsernameConfiguration decides for user names and for the addresses that stand in for them. */
  #folded(name: string): string {
    return this.#pool.isCaseSensitive ? name : name.toLowerCase()
  }

  #passwordPolicy(): Parameters {
    return new Parameters(this.#pool.describe()).object('Policies').object('PasswordPolicy')
  }
}

/** Attributes as the triggers get them: with the status of the user, every value a string. */
export function triggerAttributes(user: User): Record<string, string> {
  const { sub, ...others } = Object.fromEntries(user.attributes)
  return { sub: sub ?? user.sub, 'cognito:user_status': user.status, ...others }
}

/** UserAttributes of the answers. */
export function attributeList(user: User): { readonly Name: string; readonly Value: string }[] {
  return [...user.attributes].map(([Name, Value]) => ({ Name, Value }))
}

/** A user as the lists show it. @param wanted AttributesToGet; empty: all. */
export function userSummary(user: User, wanted: readonly string[] = []): UntypedObject {
  return {
    Username: user.username,
    Attributes: attributeList(user).filter(({ Name }) => wanted.length === 0 || wanted.includes(Name)),
    UserCreateDate: user.createdAt / 1000,
    UserLastModifiedDate: user.modifiedAt / 1000,
    Enabled: user.enabled,
    UserStatus: user.status,
  }
}

/** PreferredMfaSetting and UserMFASettingList, each only when there is something to say. */
export function factorsOf(user: User): UntypedObject {
  const { preferredFactor, factors } = user
  return {
    ...(preferredFactor === undefined ? {} : { PreferredMfaSetting: preferredFactor }),
    ...(factors.size === 0 ? {} : { UserMFASettingList: [...factors] }),
  }
}

/** (Admin)SetUserMFAPreference; a factor whose settings are left out stays as it is. */
export function setFactors(user: User, request: Parameters): void {
  if (request.object('SMSMfaSettings').boolean('Enabled')) {
    throw invalidParameter('The local user pool does not send text messages.')
  }
  const members: Readonly<Record<NativeFactor, string>> = {
    EMAIL_OTP: 'EmailMfaSettings',
    SOFTWARE_TOKEN_MFA: 'SoftwareTokenMfaSettings',
  }
  const preferred = NATIVE_FACTORS.filter(factor => request.object(members[factor]).boolean('PreferredMfa'))
  if (preferred.length > 1) {
    throw invalidParameter('Only one MFA method can be the preferred one.')
  }
  for (const factor of NATIVE_FACTORS) {
    const settings = request.optionalObject(members[factor])
    if (settings) setFactor(user, factor, settings)
  }
}

function setFactor(user: User, factor: NativeFactor, settings: Parameters): void {
  if (!settings.boolean('Enabled')) {
    user.factors.delete(factor)
    if (user.preferredFactor === factor) delete user.preferredFactor
    return
  }
  if (factor === 'SOFTWARE_TOKEN_MFA' && user.softwareTokenSecret === undefined) {
    throw invalidParameter('User has not verified software token mfa')
  }
  user.factors.add(factor)
  if (settings.boolean('PreferredMfa')) user.preferredFactor = factor
  else if (user.preferredFactor === factor) delete user.preferredFactor
}

/** @throws CognitoError NotAuthorizedException: the `sub` is never written. */
function refuseSub(attributes: ReadonlyMap<string, string>): void {
  if (attributes.has('sub')) throw notAuthorized('A client attempted to write unauthorized attribute')
}

export function isEmailAddress(value: string): boolean {
  return /^[^@\s]+@[^@\s]+$/.test(value)
}

/** As Cognito masks it: `m***@e***`. */
export function maskedAddress(address: string): string {
  const [name = '', domain = ''] = address.split('@')
  return `${name.charAt(0)}***@${domain.charAt(0)}***`
}

/** @param attribute `email` or `phone_number`. */
function isAddress(attribute: string, value: string): boolean {
  return attribute === 'email' ? isEmailAddress(value) : /^\+\d{4,15}$/.test(value)
}
