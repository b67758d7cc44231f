// What an administrator does with users: create, read, list, change, delete.
import { randomBytes } from 'node:crypto'
import { changeAttributes } from '../attribute-changes.ts'
import { CognitoError } from '../errors.ts'
import { takePage } from '../pages.ts'
import { Parameters } from '../parameters.ts'
import { type Operation, type Pool, requireThisPool, userIn } from '../pool.ts'
import { userFilter } from '../user-filter.ts'
import { factorsOf, setFactors, type User, userSummary } from '../users.ts'

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
    return { User: userSummary(user) }
  }
  const attributes = request.attributes('UserAttributes')
  pool.description.checkSchema(attributes)
  const user = pool.users.create({ username, attributes, password })
  if (action !== 'SUPPRESS') await invite(pool, request, user, username, password)
  return { User: userSummary(user) }
}

export const AdminGetUser: Operation = async (pool, request) => {
  const user = userIn(pool, request)
  const { Attributes, ...rest } = userSummary(user)
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
    Users: page.items.map(user => userSummary(user, wanted)),
    ...(page.next === undefined ? {} : { PaginationToken: page.next }),
  }
}

export const AdminSetUserPassword: Operation = async (pool, request) => {
  const user = userIn(pool, request)
  pool.users.setPassword(user, request.string('Password'), { permanent: request.boolean('Permanent') })
  return {}
}

export const AdminUpdateUserAttributes: Operation = async (pool, request) => {
  await changeAttributes(pool, userIn(pool, request), request.attributes('UserAttributes'))
  return {}
}

export const AdminDeleteUserAttributes: Operation = async (pool, request) => {
  const names = request.strings('UserAttributeNames')
  pool.users.setAttributes(userIn(pool, request), new Map(names.map(name => [name, ''])))
  return {}
}

export const AdminDeleteUser: Operation = async (pool, request) => {
  const user = userIn(pool, request)
  pool.users.delete(user)
  pool.tokens.revokeAll(user)
  return {}
}

export const AdminEnableUser: Operation = async (pool, request) => {
  userIn(pool, request).enabled = true
  return {}
}

export const AdminDisableUser: Operation = async (pool, request) => {
  const user = userIn(pool, request)
  user.enabled = false
  pool.tokens.revokeAll(user)
  return {}
}

export const AdminUserGlobalSignOut: Operation = async (pool, request) => {
  pool.tokens.revokeAll(userIn(pool, request))
  return {}
}

export const AdminSetUserMFAPreference: Operation = async (pool, request) => {
  setFactors(userIn(pool, request), request)
  return {}
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
