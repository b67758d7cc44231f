// The users of the pool: names and aliases, passwords with their policy and lock-out, native second factors.
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'
import { CognitoError, invalidParameter, notAuthorized, userDoesNotExist } from './errors.ts'
import { type JsonObject, Parameters } from './parameters.ts'
import { makePasswordVerifier, type PasswordVerifier, passwordMatches } from './srp.ts'
import type { UserPoolDescription } from './user-pool.ts'

export type UserStatus = 'CONFIRMED' | 'FORCE_CHANGE_PASSWORD' | 'RESET_REQUIRED' | 'UNCONFIRMED'

/** Names as in UserMFASettingList. */
export const NATIVE_FACTORS = ['EMAIL_OTP', 'SOFTWARE_TOKEN_MFA'] as const

export type NativeFactor = (typeof NATIVE_FACTORS)[number]

export interface User {
  /** The name inside the pool: a UUID equal to `sub` where people sign in with their e-mail address. */
  readonly username: string
  readonly sub: string
  /** With `sub`; every value a string. */
  readonly attributes: Map<string, string>
  readonly createdAt: number
  modifiedAt: number
  status: UserStatus
  enabled: boolean
  password?: PasswordVerifier
  /** Milliseconds since 1970; only a temporary password has it. */
  passwordExpiresAt?: number
  wrongPasswords: number
  lockedUntil: number
  readonly factors: Set<NativeFactor>
  preferredFactor?: NativeFactor
  /** Base32. */
  softwareTokenSecret?: string
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
  readonly #users = new Map<string, User>()
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
    return (
      this.#users.get(name) ??
      this.list().find(user =>
        this.#signInAttributes().some(
          attribute =>
            sameName(user.attributes.get(attribute), name) &&
            // An alias counts once it is verified; a username attribute always.
            (this.#pool.usernameAttributes.includes(attribute) ||
              attribute === 'preferred_username' ||
              user.attributes.get(`${attribute}_verified`)?.toLowerCase() === 'true'),
        ),
      )
    )
  }

  /** @throws CognitoError UserNotFoundException. */
  get(name: string): User {
    const user = this.find(name)
    if (user === undefined) throw userDoesNotExist()
    return user
  }

  /** @throws CognitoError UsernameExistsException, InvalidParameterException, InvalidPasswordException. */
  create({ username, attributes = new Map(), password, status = 'FORCE_CHANGE_PASSWORD' }: NewUser): User {
    const signsInWith = this.#pool.usernameAttributes
    if (signsInWith.length > 0 && !signsInWith.some(attribute => isAddress(attribute, username))) {
      throw invalidParameter('Username should be either an email or a phone number.')
    }
    refuseSub(attributes)
    if (this.find(username) !== undefined) {
      throw new CognitoError('UsernameExistsException', 'User account already exists')
    }
    const sub = randomUUID()
    const now = this.#clock.now()
    const user: User = {
      username: signsInWith.length > 0 ? sub : username,
      sub,
      attributes: new Map([['sub', sub]]),
      createdAt: now,
      modifiedAt: now,
      status,
      enabled: true,
      wrongPasswords: 0,
      lockedUntil: 0,
      factors: new Set(),
    }
    const signInName = signsInWith.find(attribute => isAddress(attribute, username))
    if (signInName !== undefined) user.attributes.set(signInName, username)
    for (const [name, value] of attributes) user.attributes.set(name, value)
    if (password !== undefined) this.setPassword(user, password, { permanent: status === 'CONFIRMED' })
    user.status = status
    this.#users.set(user.username, user)
    return user
  }

  delete(user: User): void {
    this.#users.delete(user.username)
  }

  /** An empty value takes the attribute away. A changed address is unverified unless the same call says otherwise. */
  setAttributes(user: User, attributes: ReadonlyMap<string, string>): void {
    refuseSub(attributes)
    for (const name of ['email', 'phone_number']) {
      const verified = `${name}_verified`
      const value = attributes.get(name)
      if (value !== undefined && value !== user.attributes.get(name) && !attributes.has(verified)) {
        user.attributes.set(verified, 'false')
      }
    }
    for (const [name, value] of attributes) {
      if (value === '') user.attributes.delete(name)
      else user.attributes.set(name, value)
    }
    user.modifiedAt = this.#clock.now()
  }

  /** @throws CognitoError InvalidPasswordException; nothing has changed then. */
  setPassword(user: User, password: string, { permanent }: { permanent: boolean }): void {
    this.checkPolicy(password)
    user.password = makePasswordVerifier(this.#pool.id, user.username, password)
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

  passwordIsRight(user: User, password: string): boolean {
    return (
      user.password !== undefined && passwordMatches(user.password, this.#pool.id, user.username, password)
    )
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
  simulate(name: string): { readonly username: string; readonly password: PasswordVerifier } {
    const digest = (purpose: string) =>
      createHmac('sha256', this.#simulationKey).update(`${purpose}|${name}`).digest('hex')
    const id = digest('id')
    const username =
      this.#pool.usernameAttributes.length > 0
        ? `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-a${id.slice(17, 20)}-${id.slice(20, 32)}`
        : name
    const salt = digest('salt').slice(0, 32)
    return { username, password: makePasswordVerifier(this.#pool.id, username, digest('password'), salt) }
  }

  #signInAttributes(): string[] {
    return [...this.#pool.usernameAttributes, ...this.#pool.aliasAttributes]
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

/** PreferredMfaSetting and UserMFASettingList, each only when there is something to say. */
export function factorsOf(user: User): JsonObject {
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

/** @throws CognitoError NotAuthorizedException: nobody chooses the `sub`. */
function refuseSub(attributes: ReadonlyMap<string, string>): void {
  if (attributes.has('sub')) throw notAuthorized('A client attempted to write unauthorized attribute')
}

function sameName(value: string | undefined, name: string): boolean {
  return value !== undefined && value.toLowerCase() === name.toLowerCase()
}

/** @param attribute `email` or `phone_number`. */
function isAddress(attribute: string, value: string): boolean {
  return attribute === 'email' ? /^[^@\s]+@[^@\s]+$/.test(value) : /^\+\d{4,15}$/.test(value)
}
