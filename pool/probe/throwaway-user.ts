// The user that a probe signs in as: a marked name, the attributes and passwords that the pool wants, and its removal.
import { randomBytes, randomInt } from 'node:crypto'
import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  paginateListUsers,
} from '@aws-sdk/client-cognito-identity-provider'
import { type Json, type JsonObject, member, objectAt, stringAt, stringsAt } from '../../command/json.ts'
import { shellCommand } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'
import { awsErrorText } from '../aws-errors.ts'

/** Begins the user's name, or its simulator address, and the attribute `name`: three places, since a pool may not have all. */
export const MARKER = 'cognito-email-code-probe'

/**
 * Amazon SES accepts mail to it from every account, also in the sandbox, and delivers it to nobody
 * (https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator). What follows the + is a label.
 */
const SIMULATOR = { name: `success+${MARKER}`, domain: 'simulator.amazonses.com' }

export type ThrowawayUser = {
  readonly username: string
  readonly email: string
  readonly attributes: Readonly<Record<string, string>>
}

export type CreatedUser = {
  /** The name inside the pool. */
  readonly name: string
  readonly sub: string
}

/** @param email where the codes go; undefined for the mailbox simulator */
export function makeThrowawayUser(userPool: JsonObject, email: string | undefined): ThrowawayUser {
  const id = randomBytes(6).toString('hex')
  const address = email ?? `${SIMULATOR.name}-${id}@${SIMULATOR.domain}`
  const signsInWith = stringsAt(userPool, 'UsernameAttributes')
  // 555-0100 to 555-0199 are kept for fiction in every area of North America.
  const phoneNumber = `+1${randomInt(201, 990)}55501${String(randomInt(100)).padStart(2, '0')}`
  const username = signsInWith.includes('email')
    ? address
    : signsInWith.includes('phone_number')
      ? phoneNumber
      : `${MARKER}-${id}`
  const name = `${MARKER}-${id}`
  const values = { ...STANDARD, name, email: address, phone_number: phoneNumber, preferred_username: name }
  const wanted = new Set(['name', 'email', ...requiredAttributes(userPool)])
  const fitted = [...wanted].map(wantedName => [wantedName, fittedValue(userPool, wantedName, values)])
  // An address that is not verified gets no code where UNVERIFIED_EMAIL is `refuse`.
  return { username, email: address, attributes: { ...Object.fromEntries(fitted), email_verified: 'true' } }
}

/** A name that no user has, in the form of this pool's names. */
export function unknownUsername(userPool: JsonObject): string {
  return makeThrowawayUser(userPool, undefined).username
}

/** Values for what a pool may require of every user. Custom attributes cannot be required (API reference, SchemaAttributeType). */
const STANDARD: Readonly<Record<string, string>> = {
  address: 'Example Street 1',
  birthdate: '2000-01-01',
  gender: 'none',
  locale: 'en',
  picture: 'https://example.com/probe',
  profile: 'https://example.com/probe',
  updated_at: '1700000000',
  website: 'https://example.com/probe',
  zoneinfo: 'Etc/UTC',
}

function schemaOf(userPool: JsonObject): readonly Json[] {
  const schema = member(userPool, 'SchemaAttributes')
  return Array.isArray(schema) ? schema : []
}

function requiredAttributes(userPool: JsonObject): string[] {
  return schemaOf(userPool)
    .filter(entry => member(entry, 'Required') === true)
    .flatMap(entry => stringAt(entry, 'Name') ?? [])
    .filter(name => name !== 'sub')
}

/** A value within the lengths that the pool allows. */
function fittedValue(userPool: JsonObject, name: string, values: Readonly<Record<string, string>>): string {
  const entry = schemaOf(userPool).find(candidate => stringAt(candidate, 'Name') === name)
  const lengths = objectAt(entry, 'StringAttributeConstraints')
  const shortest = Number(stringAt(lengths, 'MinLength') ?? 0)
  const longest = Number(stringAt(lengths, 'MaxLength') ?? 2048)
  return (values[name] ?? MARKER).padEnd(shortest, 'x').slice(0, longest)
}

/** A random password that fits every policy: each kind of character, and at least the length that this pool wants. */
export function makePassword(userPool: JsonObject): string {
  const wanted = member(userPool, 'Policies', 'PasswordPolicy', 'MinimumLength')
  const length = Math.max(32, typeof wanted === 'number' ? wanted : 0)
  return `Aa1-${randomBytes(length).toString('base64url')}`.slice(0, length)
}

/**
 * Creates the user without an invitation, with a temporary password.
 *
 * @throws CommandError `address-taken`
 */
export async function createThrowawayUser(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  { username, email, attributes }: ThrowawayUser,
  temporaryPassword: string,
): Promise<CreatedUser> {
  const command = new AdminCreateUserCommand({
    UserPoolId: userPoolId,
    Username: username,
    TemporaryPassword: temporaryPassword,
    MessageAction: 'SUPPRESS',
    UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
  })
  const { User } = await cognito.send(command).catch((error: unknown) => {
    if (
      !(error instanceof Error) ||
      !['UsernameExistsException', 'AliasExistsException'].includes(error.name)
    )
      throw error
    throw new CommandError(
      `A user of this pool has the address ${email} already. Pass another one, such as the same with a label: you+probe@example.com.`,
      'address-taken',
    )
  })
  const sub = User?.Attributes?.find(({ Name }) => Name === 'sub')?.Value ?? ''
  return { name: User?.Username ?? username, sub }
}

export async function setThrowawayPassword(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  { username }: ThrowawayUser,
  password: string,
  { permanent }: { readonly permanent: boolean },
): Promise<void> {
  await cognito.send(
    new AdminSetUserPasswordCommand({
      UserPoolId: userPoolId,
      Username: username,
      Password: password,
      Permanent: permanent,
    }),
  )
}

/** Deletes what `findLeftovers` finds. @returns the names */
export async function deleteLeftovers(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
): Promise<string[]> {
  const names = await findLeftovers(cognito, userPoolId)
  for (const name of names) await deleteUser(cognito, userPoolId, name)
  return names
}

/** @throws CommandError `user-left` with the command that deletes it, if Cognito does not */
export async function deleteUser(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  username: string,
): Promise<void> {
  const command = new AdminDeleteUserCommand({ UserPoolId: userPoolId, Username: username })
  await cognito.send(command).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'UserNotFoundException') return
    const line = shellCommand('aws cognito-idp admin-delete-user', { 'user-pool-id': userPoolId, username })
    throw new CommandError(
      `The throw-away user ${username} could not be deleted: ${awsErrorText(error)}\n` +
        `Run probe again, which deletes it first, or:\n  ${line}`,
      'user-left',
    )
  })
}

/** The names of users that earlier probes left behind, after a crash. */
export async function findLeftovers(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
): Promise<string[]> {
  const filters = [`name ^= "${MARKER}-"`, `username ^= "${MARKER}-"`, `email ^= "${SIMULATOR.name}-"`]
  const names = new Set<string>()
  for (const Filter of filters) {
    for await (const { Users = [] } of paginateListUsers(
      { client: cognito },
      { UserPoolId: userPoolId, Filter },
    ))
      for (const { Username } of Users) if (Username !== undefined) names.add(Username)
  }
  return [...names]
}
