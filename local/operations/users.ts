// What an administrator does with users: create, read, list, change, delete, and put into groups.
import { randomBytes } from 'node:crypto'
import type { UntypedObject } from '../../command/json.ts'
import { changeAttributes } from '../attribute-changes.ts'
import { CognitoError } from '../errors.ts'
import { takePage } from '../pages.ts'
import { Parameters } from '../parameters.ts'
import { type Operation, type Pool, requireThisPool } from '../pool.ts'
import { userFilter } from '../user-filter.ts'
import { attributeList, factorsOf, setFactors, type User } from '../users.ts'

export const AdminCreateUser: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  const username = request.string('Username')
  const password = request.optionalString('TemporaryPassword') ?? temporaryPassword()
  const action = request.optionalString('MessageAction')
  if (action === 'RESEND') {
    const user = pool.users.get(username)
    if (user.status !== 'FORCE_CHANGE_PASSWORD') {
      throw new CognitoError(
        'UnsupportedUserStateException',
        `Resend not possible. ${username} status is not FORCE_CHANGE_PASSWORD`,
      )
    }
    pool.users.setPassword(user, password, { permanent: false })
    await invite(pool, request, user, username, password)
    return { User: summary(user) }
  }
  const attributes = request.attributes('UserAttributes')
  pool.description.checkSchema(attributes)
  const user = pool.users.create({ username, attributes, password })
  if (action !== 'SUPPRESS') await invite(pool, request, user, username, password)
  return { User: summary(user) }
}

export const AdminGetUser: Operation = async (pool, request) => {
  const user = userOf(pool, request)
  const { Attributes, ...rest } = summary(user)
  return { ...rest, UserAttributes: Attributes, ...factorsOf(user) }
}

export const ListUsers: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  const matches = userFilter(request.optionalString('Filter'))
  const found = pool.users.list().filter(matches)
  const page = takePage(
    found,
    request.optionalNumber('Limit') ?? 60,
    request.optionalString('PaginationToken'),
  )
  const wanted = request.strings('AttributesToGet')
  return {
    Users: page.items.map(user => summary(user, wanted)),
    ...(page.next === undefined ? {} : { PaginationToken: page.next }),
  }
}

export const AdminSetUserPassword: Operation = async (pool, request) => {
  const user = userOf(pool, request)
  pool.users.setPassword(user, request.string('Password'), { permanent: request.boolean('Permanent') })
  return {}
}

export const AdminUpdateUserAttributes: Operation = async (pool, request) => {
  await changeAttributes(pool, userOf(pool, request), request.attributes('UserAttributes'))
  return {}
}

export const AdminDeleteUserAttributes: Operation = async (pool, request) => {
  const names = request.strings('UserAttributeNames')
  pool.users.setAttributes(userOf(pool, request), new Map(names.map(name => [name, ''])))
  return {}
}

export const AdminDeleteUser: Operation = async (pool, request) => {
  const user = userOf(pool, request)
  pool.users.delete(user)
  pool.tokens.revokeAll(user)
  return {}
}

export const AdminEnableUser: Operation = async (pool, request) => {
  userOf(pool, request).enabled = true
  return {}
}

export const AdminDisableUser: Operation = async (pool, request) => {
  const user = userOf(pool, request)
  user.enabled = false
  pool.tokens.revokeAll(user)
  return {}
}

/** The user needs a new password that this pool has no way to send: ForgotPassword is not simulated. */
export const AdminResetUserPassword: Operation = async (pool, request) => {
  userOf(pool, request).status = 'RESET_REQUIRED'
  return {}
}

export const AdminUserGlobalSignOut: Operation = async (pool, request) => {
  pool.tokens.revokeAll(userOf(pool, request))
  return {}
}

export const AdminSetUserMFAPreference: Operation = async (pool, request) => {
  setFactors(userOf(pool, request), request)
  return {}
}

/** A group gives no rights here; tools ask for its users. */
export const CreateGroup: Operation = async (pool, request) => {
  requireThisPool(pool, request)
  const name = request.string('GroupName')
  if (pool.groups.has(name))
    throw new CognitoError('GroupExistsException', 'A group with the name already exists.')
  pool.groups.add(name)
  return { Group: { GroupName: name, UserPoolId: pool.description.id } }
}

export const AdminAddUserToGroup: Operation = async (pool, request) => {
  const name = groupOf(pool, request)
  userOf(pool, request).groups.add(name)
  return {}
}

export const ListUsersInGroup: Operation = async (pool, request) => {
  const name = groupOf(pool, request)
  const found = pool.users.list().filter(({ groups }) => groups.has(name))
  const page = takePage(found, request.optionalNumber('Limit') ?? 60, request.optionalString('NextToken'))
  return {
    Users: page.items.map(user => summary(user)),
    ...(page.next === undefined ? {} : { NextToken: page.next }),
  }
}

function groupOf(pool: Pool, request: Parameters): string {
  requireThisPool(pool, request)
  const name = request.string('GroupName')
  if (pool.groups.has(name)) return name
  throw new CognitoError('ResourceNotFoundException', 'Group not found.')
}

function userOf(pool: Pool, request: Parameters): User {
  requireThisPool(pool, request)
  return pool.users.get(request.string('Username'))
}

/** @param wanted AttributesToGet; empty: all. */
function summary(user: User, wanted: readonly string[] = []): UntypedObject {
  return {
    Username: user.username,
    Attributes: attributeList(user).filter(({ Name }) => wanted.length === 0 || wanted.includes(Name)),
    UserCreateDate: user.createdAt / 1000,
    UserLastModifiedDate: user.modifiedAt / 1000,
    Enabled: user.enabled,
    UserStatus: user.status,
  }
}

/** Only the mail: a text message, Cognito's default medium, is not sent from here. */
async function invite(
  pool: Pool,
  request: Parameters,
  user: User,
  username: string,
  password: string,
): Promise<void> {
  const to = user.attributes.get('email')
  if (to === undefined || !request.strings('DesiredDeliveryMediums').includes('EMAIL')) return
  const settings = new Parameters(pool.description.describe()).object('AdminCreateUserConfig')
  const template = settings.object('InviteMessageTemplate')
  const text =
    template.optionalString('EmailMessage') ?? 'Your username is {username} and temporary password is {####}.'
  await pool.mailbox.send({
    to,
    subject: template.optionalString('EmailSubject') ?? 'Your temporary password',
    text: text.replaceAll('{username}', username).replaceAll('{####}', password),
  })
}

/** Fits every password policy that Cognito allows with up to 24 characters. */
function temporaryPassword(): string {
  return `Aa1-${randomBytes(15).toString('base64url')}`
}
