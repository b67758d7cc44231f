// Users as the migration sees them: what Cognito says about one of them, and which users a command is about.
import { createHash } from 'node:crypto'
import {
  AdminGetUserCommand,
  type AdminGetUserCommandOutput,
  type CognitoIdentityProviderClient,
  paginateListUsers,
  paginateListUsersInGroup,
  type UserType,
} from '@aws-sdk/client-cognito-identity-provider'
import { readNamedFile } from '../../command/files.ts'
import { printable } from '../../command/shell.ts'
import { CommandError, type ProgressBar } from '../../command/terminal.ts'

/** The second factors of a user, as AdminGetUser names them: UserMFASettingList and PreferredMfaSetting. */
export type Factors = { readonly list: readonly string[]; readonly preferred: string | null }

export type NativeUser = {
  /** The name inside the pool. */
  readonly username: string
  readonly sub: string
  readonly status: string
  readonly enabled: boolean
  readonly email: string | undefined
  readonly emailVerified: boolean
  readonly factors: Factors
}

/** @returns the output as it came too, which says how often the SDK had to try */
export async function readUser(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  name: string,
): Promise<AdminGetUserCommandOutput> {
  return await cognito.send(new AdminGetUserCommand({ UserPoolId: userPoolId, Username: name }))
}

/** An answer of AdminGetUser. */
export function nativeUser(answer: AdminGetUserCommandOutput): NativeUser {
  const { Username = '', UserStatus = '', Enabled = true, UserAttributes } = answer
  const attribute = (name: string) => UserAttributes?.find(({ Name }) => Name === name)?.Value
  return {
    username: Username,
    sub: attribute('sub') ?? '',
    status: UserStatus,
    enabled: Enabled,
    email: attribute('email') || undefined,
    emailVerified: attribute('email_verified')?.toLowerCase() === 'true',
    factors: { list: answer.UserMFASettingList ?? [], preferred: answer.PreferredMfaSetting ?? null },
  }
}

/** A user as ListUsers has them; it says nothing of their factors. */
function listedUser({ Username, UserStatus, Enabled, Attributes }: UserType): NativeUser {
  const $metadata = {}
  return nativeUser({ $metadata, Username, UserStatus, Enabled, UserAttributes: Attributes })
}

/** Every user of the pool, without their factors. Unlike AdminGetUser, this makes nobody a monthly active user. */
export async function listUsers(
  client: CognitoIdentityProviderClient,
  UserPoolId: string,
  bar: ProgressBar,
): Promise<NativeUser[]> {
  const users: NativeUser[] = []
  try {
    for await (const { Users = [] } of paginateListUsers({ client }, { UserPoolId, Limit: 60 })) {
      users.push(...Users.map(listedUser))
      bar.show(users.length, undefined)
    }
  } finally {
    bar.end()
  }
  return users
}

/** Which users a command is about. */
export type Choice =
  | { readonly kind: 'all' }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'list'; readonly file: string }

/**
 * @returns the names of the users, each once
 * @throws CommandError `usage` for a list that cannot be read or is empty, `not-found` for a group that does not exist
 */
export async function chosenNames(
  cognito: CognitoIdentityProviderClient,
  userPoolId: string,
  choice: Choice,
  bar: ProgressBar,
): Promise<string[]> {
  if (choice.kind === 'list') return namesInFile(choice.file)
  const names = new Set<string>()
  try {
    for await (const { Users = [] } of pagesOf(cognito, userPoolId, choice)) {
      for (const user of Users) if (isChosen(user, choice) && user.Username) names.add(user.Username)
      bar.show(names.size, undefined)
    }
  } catch (error) {
    throw choice.kind === 'group' ? groupNamed(error, choice.group) : error
  } finally {
    bar.end()
  }
  return [...names]
}

/** Cognito says "Group not found." and not which. */
function groupNamed(error: unknown, group: string): unknown {
  if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) return error
  return new CommandError(
    `The pool has no group ${JSON.stringify(printable(group))}. Check --group (aws cognito-idp list-groups shows the groups).`,
    'not-found',
  )
}

function pagesOf(
  client: CognitoIdentityProviderClient,
  UserPoolId: string,
  choice: Choice,
): AsyncIterable<{ readonly Users?: UserType[] | undefined }> {
  return choice.kind === 'group'
    ? paginateListUsersInGroup({ client }, { UserPoolId, GroupName: choice.group, Limit: 60 })
    : paginateListUsers({ client }, { UserPoolId, Limit: 60 })
}

function isChosen({ Attributes }: UserType, choice: Choice): boolean {
  if (choice.kind !== 'percent') return true
  const sub = Attributes?.find(({ Name }) => Name === 'sub')?.Value
  return sub !== undefined && isInPercent(sub, choice.percent)
}

/**
 * Whether a user belongs to the first so many percent. The order of the users comes from their `sub` alone: it is the same in
 * every run, and a larger percentage includes everyone of a smaller one.
 */
export function isInPercent(sub: string, percent: number): boolean {
  return (createHash('sha256').update(sub).digest().readUInt32BE(0) / 2 ** 32) * 100 < percent
}

/** One name per line: a user name, a `sub` or, where people sign in with it, an address. @throws CommandError `usage` */
export async function namesInFile(file: string): Promise<string[]> {
  const advice = 'Name a file with one user name per line.'
  const text = await readNamedFile({ option: '--list', file, advice, code: 'usage' })
  const names = new Set(text.split('\n').map(line => line.trim()))
  names.delete('')
  if (names.size === 0)
    throw new CommandError(`${file} names no user. It must hold one user name per line.`, 'usage')
  return [...names]
}
