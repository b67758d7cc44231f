// The quotas of the API: how many requests a second each category of operations takes before Cognito refuses the next one.
import { decodeJwt } from 'jose'
import { objectOf, type UntypedObject } from '../command/json.ts'
import type { Clock } from './clock.ts'
import { CognitoError, invalidParameter } from './errors.ts'

/** Requests a second by the name of the category, such as `{ UserRead: 120 }`. */
export type QuotaRates = Readonly<Record<string, number>>

/** False: no quotas. True: Cognito's own. Rates: these, and Cognito's own for the other categories. */
export type QuotaChoice = boolean | QuotaRates

/** Developer guide, "Quotas in Amazon Cognito" (quotas.html), for the operations that are here. */
const CATEGORIES: Readonly<Record<string, readonly [perSecond: number, operations: readonly string[]]>> = {
  UserAuthentication: [
    120,
    [
      'AdminInitiateAuth',
      'AdminRespondToAuthChallenge',
      'GetTokensFromRefreshToken',
      'InitiateAuth',
      'RespondToAuthChallenge',
    ],
  ],
  UserCreation: [50, ['AdminCreateUser']],
  UserAccountRecovery: [
    30,
    ['AdminResetUserPassword', 'AdminSetUserPassword', 'ConfirmForgotPassword', 'ForgotPassword'],
  ],
  UserRead: [120, ['AdminGetUser', 'GetUser']],
  UserUpdate: [
    25,
    [
      'AdminAddUserToGroup',
      'AdminDeleteUser',
      'AdminDeleteUserAttributes',
      'AdminDisableUser',
      'AdminEnableUser',
      'AdminRemoveUserFromGroup',
      'AdminUpdateUserAttributes',
      'AdminUserGlobalSignOut',
      'GlobalSignOut',
      'UpdateUserAttributes',
      'VerifyUserAttribute',
    ],
  ],
  UserToken: [120, ['RevokeToken']],
  UserResourceRead: [50, ['AdminListGroupsForUser', 'GetUserAttributeVerificationCode']],
  UserResourceUpdate: [
    25,
    ['AdminSetUserMFAPreference', 'AssociateSoftwareToken', 'SetUserMFAPreference', 'VerifySoftwareToken'],
  ],
  UserList: [30, ['ListUsers', 'ListUsersInGroup']],
  UserPoolRead: [15, ['DescribeUserPool', 'ListUserPools']],
  UserPoolUpdate: [15, ['UpdateUserPool']],
  UserPoolResourceRead: [
    20,
    ['GetGroup', 'GetUserPoolMfaConfig', 'ListGroups', 'ListIdentityProviders', 'ListUserImportJobs'],
  ],
  UserPoolResourceUpdate: [15, ['CreateGroup', 'DeleteGroup', 'SetUserPoolMfaConfig']],
  UserPoolClientRead: [15, ['DescribeUserPoolClient', 'ListUserPoolClients']],
  UserPoolClientUpdate: [15, ['CreateUserPoolClient', 'DeleteUserPoolClient', 'UpdateUserPoolClient']],
}

const COGNITO_RATES: QuotaRates = Object.fromEntries(
  Object.entries(CATEGORIES).map(([category, [perSecond]]) => [category, perSecond]),
)

const CATEGORY_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(CATEGORIES).flatMap(([category, [, operations]]) =>
    operations.map(operation => [operation, category] as const),
  ),
)

/** On one pool, each operation of these categories may be called this often in a second. */
const ONE_OPERATION = 5
const LIMITED_BY_OPERATION = /^UserPool(Resource|Client)/

/**
 * For one user, operations that read the profile may be called this often in a second, and those that write it as often. These are
 * the examples that the guide gives; it lists no others.
 */
const ONE_USER = 10
const ON_ONE_USER: Readonly<Record<string, string>> = {
  GetUser: 'read',
  InitiateAuth: 'read',
  RespondToAuthChallenge: 'read',
  UpdateUserAttributes: 'write',
}

interface Bucket {
  readonly tokens: number
  /** Milliseconds since 1970. */
  readonly filledAt: number
}

/**
 * The rate of every category; false: no quotas.
 * @throws CognitoError InvalidParameterException for an unknown category, and for a rate that is not above 0.
 */
export function quotaRates(choice: QuotaChoice): QuotaRates | false {
  if (choice === false) return false
  const wanted = choice === true ? {} : choice
  for (const [category, rate] of Object.entries(wanted)) {
    if (!Object.hasOwn(COGNITO_RATES, category)) {
      const known = Object.keys(COGNITO_RATES).join(', ')
      throw invalidParameter(`Unknown category ${category}. The categories are: ${known}.`)
    }
    if (!(rate > 0)) throw invalidParameter(`The rate of ${category} must be above 0.`)
  }
  return { ...COGNITO_RATES, ...wanted }
}

/** A token bucket for each category, which holds the requests of one second. */
export class Quotas {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()
  #rates: QuotaRates | false

  constructor(clock: Clock, rates: QuotaRates | false) {
    this.#clock = clock
    this.#rates = rates
  }

  get rates(): QuotaRates | false {
    return this.#rates
  }

  /** Every bucket is full then. */
  set rates(rates: QuotaRates | false) {
    this.#buckets.clear()
    this.#rates = rates
  }

  /**
   * Counts a request before it is processed.
   * @param nameInPool the one name of a user who can be called by several
   * @throws CognitoError TooManyRequestsException, in Cognito's words (boto3 #2517)
   */
  count(operation: string, request: UntypedObject, nameInPool: (name: string) => string): void {
    if (this.#rates === false) return
    const isAnswer = /RespondToAuthChallenge$/.test(operation)
    const isNewPassword = isAnswer && request['ChallengeName'] === 'NEW_PASSWORD_REQUIRED'
    const category = isNewPassword ? 'UserAccountRecovery' : (CATEGORY_OF.get(operation) ?? '')
    const rate = this.#rates[category]
    if (rate === undefined) return
    const kind = ON_ONE_USER[operation]
    const name = kind === undefined ? undefined : userOf(request)
    if (name !== undefined && !this.#take(`${kind} ${nameInPool(name)}`, ONE_USER)) throw tooMany()
    // Answers have three times the quota of their category; those beyond it count toward the quota itself.
    if (isAnswer && !isNewPassword && this.#take('answers', 3 * rate)) return
    const isAllowed = !LIMITED_BY_OPERATION.test(category) || this.#take(operation, ONE_OPERATION)
    if (!isAllowed || !this.#take(category, rate)) throw tooMany()
  }

  #take(name: string, perSecond: number): boolean {
    const now = this.#clock.now()
    const size = Math.max(1, perSecond)
    const bucket = this.#buckets.get(name) ?? { tokens: size, filledAt: now }
    const seconds = Math.max(0, now - bucket.filledAt) / 1000
    const tokens = Math.min(size, bucket.tokens + seconds * perSecond)
    const isTaken = tokens >= 1
    this.#buckets.set(name, { tokens: isTaken ? tokens - 1 : tokens, filledAt: now })
    return isTaken
  }
}

function tooMany(): CognitoError {
  return new CognitoError('TooManyRequestsException', 'Rate exceeded')
}

/** The user that a request names, as it names them. */
function userOf({ AuthParameters, ChallengeResponses, AccessToken }: UntypedObject): string | undefined {
  const name = objectOf(AuthParameters)['USERNAME'] ?? objectOf(ChallengeResponses)['USERNAME']
  if (typeof name === 'string') return name
  if (typeof AccessToken !== 'string') return undefined
  try {
    const { username } = decodeJwt(AccessToken)
    return typeof username === 'string' ? username : undefined
  } catch {
    return undefined
  }
}
