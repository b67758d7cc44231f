// Users: creating, reading, changing and deleting them, and lists with filters and pages.
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDeleteUserAttributesCommand,
  AdminDeleteUserCommand,
  AdminGetUserCommand,
  AdminListGroupsForUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  CreateGroupCommand,
  DeleteGroupCommand,
  GetGroupCommand,
  ListGroupsCommand,
  ListUsersCommand,
  ListUsersInGroupCommand,
  paginateListUsers,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { signIn } from 'aws-amplify/auth'
import { pointAmplifyAt } from '../../testing/amplify-client.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from '../local-user-pool.ts'

let pool: LocalUserPool

beforeAll(async () => {
  pool = await startLocalUserPool({ users: [], triggers: false })
  for (const name of ['ada', 'alan', 'barbara', 'claude', 'grace']) {
    await create(`${name}@example.com`, { name, given_name: name.toUpperCase() })
  }
})

afterAll(() => pool.close())

function create(Username: string, attributes: Record<string, string> = {}, more: object = {}) {
  return sdkFor(pool).send(
    new AdminCreateUserCommand({
      UserPoolId: pool.userPoolId,
      Username,
      UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
      ...more,
    }),
  )
}

function get(Username: string) {
  return sdkFor(pool).send(new AdminGetUserCommand({ UserPoolId: pool.userPoolId, Username }))
}

async function names(Filter: string): Promise<string[]> {
  const { Users = [] } = await sdkFor(pool).send(
    new ListUsersCommand({ UserPoolId: pool.userPoolId, Filter, AttributesToGet: ['name'] }),
  )
  return Users.map(({ Attributes }) => Attributes?.[0]?.Value ?? '')
}

test('a new user has a UUID for a name and needs a new password', async () => {
  const { User } = await create('new@example.com', { email_verified: 'true' })
  expect(User).toMatchObject({
    Username: expect.stringMatching(/^[\da-f-]{36}$/),
    UserStatus: 'FORCE_CHANGE_PASSWORD',
    Enabled: true,
    UserCreateDate: expect.any(Date),
  })
  const { UserAttributes } = await get('new@example.com')
  expect(UserAttributes).toEqual([
    { Name: 'sub', Value: User?.Username },
    { Name: 'email', Value: 'new@example.com' },
    { Name: 'email_verified', Value: 'true' },
  ])
  expect((await get(User?.Username ?? '')).Username).toBe(User?.Username)
})

test('an invitation goes to the address, unless it is suppressed', async () => {
  const password = { TemporaryPassword: 'Temporary-1' }
  await create('invited@example.com', {}, { ...password, DesiredDeliveryMediums: ['EMAIL'] })
  await create(
    'quiet@example.com',
    {},
    { ...password, DesiredDeliveryMediums: ['EMAIL'], MessageAction: 'SUPPRESS' },
  )
  expect(await pool.messages()).toMatchObject([
    {
      to: 'invited@example.com',
      subject: 'Your temporary password',
      text: expect.stringContaining('Temporary-1'),
    },
  ])
})

test('the same address a second time, a bad address or an unknown attribute is refused', async () => {
  await expect(create('ADA@example.com')).rejects.toMatchObject({
    name: 'UsernameExistsException',
    message: 'User account already exists',
  })
  await expect(create('ada')).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'Username should be either an email or a phone number.',
  })
  await expect(create('x@example.com', { 'custom:tier': 'gold' })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: expect.stringContaining('custom:tier: Attribute does not exist in the schema.'),
  })
  await expect(create('x@example.com', { sub: 'chosen' })).rejects.toMatchObject({
    name: 'NotAuthorizedException',
  })
  await expect(create('x@example.com', {}, { TemporaryPassword: 'weak' })).rejects.toMatchObject({
    name: 'InvalidPasswordException',
  })
  await expect(get('x@example.com')).rejects.toMatchObject({
    name: 'UserNotFoundException',
    message: 'User does not exist.',
  })
})

test('each rule of the password policy has its own text', async () => {
  const set = (Password: string) =>
    sdkFor(pool).send(
      new AdminSetUserPasswordCommand({ UserPoolId: pool.userPoolId, Username: 'ada@example.com', Password }),
    )
  for (const [password, problem] of [
    ['Short-1', 'Password not long enough'],
    ['no-capital-1', 'Password must have uppercase characters'],
    ['NO-SMALL-1', 'Password must have lowercase characters'],
    ['No-number-', 'Password must have numeric characters'],
    ['NoSymbol12', 'Password must have symbol characters'],
  ] as const) {
    await expect(set(password)).rejects.toThrow(`Password did not conform with policy: ${problem}`)
  }
})

test('a permanent password confirms the user, a temporary one asks for another', async () => {
  const set = (Permanent: boolean) =>
    sdkFor(pool).send(
      new AdminSetUserPasswordCommand({
        UserPoolId: pool.userPoolId,
        Username: 'alan@example.com',
        Password: 'Another-one-1',
        Permanent,
      }),
    )
  await set(true)
  expect((await get('alan@example.com')).UserStatus).toBe('CONFIRMED')
  await set(false)
  expect((await get('alan@example.com')).UserStatus).toBe('FORCE_CHANGE_PASSWORD')
})

test('ListUsers searches for a whole value or for its beginning', async () => {
  expect(await names('name = "ada"')).toEqual(['ada'])
  expect(await names('name ^= "a"')).toEqual(['ada', 'alan'])
  expect(await names('"email"^="barb"')).toEqual(['barbara'])
  expect(await names('given_name = "grace"')).toEqual([])
  expect(await names('cognito:user_status = "force_change_password"')).toContain('grace')
  expect(await names('status = "Disabled"')).toEqual([])
  const [first] = (await get('ada@example.com')).UserAttributes ?? []
  expect(await names(`sub = "${first?.Value}"`)).toEqual(['ada'])
  for (const filter of ['name like "a"', 'custom:tier = "gold"']) {
    await expect(names(filter)).rejects.toMatchObject({ name: 'InvalidParameterException' })
  }
})

test('ListUsers goes through all users page by page', async () => {
  const sizes: number[] = []
  const found = new Set<string>()
  const input = { UserPoolId: pool.userPoolId, Limit: 2 }
  for await (const { Users = [] } of paginateListUsers({ client: sdkFor(pool) }, input)) {
    sizes.push(Users.length)
    for (const { Username = '' } of Users) found.add(Username)
  }
  const { Users = [] } = await sdkFor(pool).send(new ListUsersCommand({ UserPoolId: pool.userPoolId }))
  expect(found.size).toBe(Users.length)
  expect(sizes.slice(0, -1).every(size => size === 2)).toBe(true)
  const bad = new ListUsersCommand({ UserPoolId: pool.userPoolId, PaginationToken: 'made-up' })
  await expect(sdkFor(pool).send(bad)).rejects.toMatchObject({ name: 'InvalidParameterException' })
  const tooMany = new ListUsersCommand({ UserPoolId: pool.userPoolId, Limit: 61 })
  await expect(sdkFor(pool).send(tooMany)).rejects.toMatchObject({ name: 'InvalidParameterException' })
})

test('a changed address is unverified until it is said to be verified', async () => {
  const named = { UserPoolId: pool.userPoolId, Username: 'claude@example.com' }
  const update = (attributes: Record<string, string>) =>
    sdkFor(pool).send(
      new AdminUpdateUserAttributesCommand({
        ...named,
        UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
      }),
    )
  const attribute = async (name: string) =>
    (await get(named.Username)).UserAttributes?.find(({ Name }) => Name === name)?.Value
  await update({ phone_number: '+15555550100', phone_number_verified: 'true' })
  expect(await attribute('phone_number_verified')).toBe('true')
  await update({ phone_number: '+15555550101' })
  expect(await attribute('phone_number_verified')).toBe('false')
  await sdkFor(pool).send(
    new AdminDeleteUserAttributesCommand({ ...named, UserAttributeNames: ['phone_number'] }),
  )
  expect(await attribute('phone_number')).toBeUndefined()
})

test('names differ in case only where the pool says so', async () => {
  expect((await get('ADA@example.com')).Username).toBe((await get('ada@example.com')).Username)
  const pools = await Promise.all(
    [false, true].map(CaseSensitive =>
      startLocalUserPool({
        users: [],
        triggers: false,
        userPool: { UsernameAttributes: [], UsernameConfiguration: { CaseSensitive } },
      }),
    ),
  )
  try {
    const found = await Promise.all(
      pools.map(async named => {
        const UserPoolId = named.userPoolId
        await sdkFor(named).send(new AdminCreateUserCommand({ UserPoolId, Username: 'Ada' }))
        const other = new AdminGetUserCommand({ UserPoolId, Username: 'aDA' })
        return sdkFor(named)
          .send(other)
          .then(
            ({ Username }) => Username,
            (error: Error) => error.name,
          )
      }),
    )
    expect(found).toEqual(['Ada', 'UserNotFoundException'])
  } finally {
    await Promise.all(pools.map(named => named.close()))
  }
})

test('ten thousand users are there at the start, and each can be found and sign in', async () => {
  const users = Array.from({ length: 10_000 }, (_, index) => ({
    username: `person${index}@example.com`,
    password: 'Permanent-1',
    status: 'CONFIRMED' as const,
  }))
  const clients = [{ description: { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'] } }]
  const large = await startLocalUserPool({ users, clients, triggers: false })
  try {
    pointAmplifyAt(large)
    const { username = '', password } = users.at(-1) ?? {}
    const options = { authFlowType: 'USER_SRP_AUTH' } as const
    expect((await signIn({ username, password: password ?? '', options })).isSignedIn).toBe(true)
    const listed = await (await fetch(`${large.endpoint}/local-user-pool.json`)).json()
    expect(listed.users).toHaveLength(10_000)
  } finally {
    await large.close()
  }
}, 30_000)

test('a deleted user is gone', async () => {
  await create('leaving@example.com')
  const named = { UserPoolId: pool.userPoolId, Username: 'leaving@example.com' }
  await sdkFor(pool).send(new AdminDeleteUserCommand(named))
  await expect(sdkFor(pool).send(new AdminDeleteUserCommand(named))).rejects.toMatchObject({
    name: 'UserNotFoundException',
  })
})

test('a pool of user names with addresses as aliases takes the verified ones only', async () => {
  const named = await startLocalUserPool({
    users: [],
    triggers: false,
    userPool: { UsernameAttributes: [], AliasAttributes: ['email'] },
  })
  try {
    for (const [Username, verified] of [
      ['verified', 'true'],
      ['unverified', 'false'],
    ] as const) {
      await sdkFor(named).send(
        new AdminCreateUserCommand({
          UserPoolId: named.userPoolId,
          Username,
          UserAttributes: [
            { Name: 'email', Value: `${Username}@example.com` },
            { Name: 'email_verified', Value: verified },
          ],
        }),
      )
    }
    const find = (Username: string) =>
      sdkFor(named).send(new AdminGetUserCommand({ UserPoolId: named.userPoolId, Username }))
    expect((await find('unverified')).Username).toBe('unverified')
    expect((await find('verified@example.com')).Username).toBe('verified')
    await expect(find('unverified@example.com')).rejects.toMatchObject({ name: 'UserNotFoundException' })
  } finally {
    await named.close()
  }
})

test('groups are listed, told of a user, left, and deleted with everyone in them', async () => {
  const sdk = sdkFor(pool)
  const { userPoolId: UserPoolId } = pool
  const ada = { UserPoolId, Username: 'ada@example.com' }
  for (const GroupName of ['readers', 'writers']) {
    await sdk.send(new CreateGroupCommand({ UserPoolId, GroupName, Description: `All ${GroupName}` }))
    await sdk.send(new AdminAddUserToGroupCommand({ ...ada, GroupName }))
  }
  const groupsOfAda = async () => {
    const { Groups } = await sdk.send(new AdminListGroupsForUserCommand(ada))
    return Groups?.map(({ GroupName }) => GroupName)
  }
  expect(await groupsOfAda()).toEqual(['readers', 'writers'])
  await sdk.send(new AdminRemoveUserFromGroupCommand({ ...ada, GroupName: 'readers' }))
  expect(await groupsOfAda()).toEqual(['writers'])
  const { Group } = await sdk.send(new GetGroupCommand({ UserPoolId, GroupName: 'writers' }))
  expect(Group).toMatchObject({ Description: 'All writers', CreationDate: expect.any(Date) })
  await sdk.send(new DeleteGroupCommand({ UserPoolId, GroupName: 'writers' }))
  expect(await groupsOfAda()).toEqual([])
  const { Groups } = await sdk.send(new ListGroupsCommand({ UserPoolId }))
  expect(Groups).toMatchObject([{ GroupName: 'readers' }])
  await expect(sdk.send(new DeleteGroupCommand({ UserPoolId, GroupName: 'writers' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})

test('a group lists its users page by page, and a group that does not exist is refused', async () => {
  const sdk = sdkFor(pool)
  const group = { UserPoolId: pool.userPoolId, GroupName: 'staff' }
  await sdk.send(new CreateGroupCommand(group))
  for (const name of ['ada', 'grace', 'ada'])
    await sdk.send(new AdminAddUserToGroupCommand({ ...group, Username: `${name}@example.com` }))
  const first = await sdk.send(new ListUsersInGroupCommand({ ...group, Limit: 1 }))
  const second = await sdk.send(
    new ListUsersInGroupCommand({ ...group, Limit: 1, NextToken: first.NextToken }),
  )
  const users = [...(first.Users ?? []), ...(second.Users ?? [])]
  const emails = users.map(({ Attributes }) => Attributes?.find(({ Name }) => Name === 'email')?.Value)
  expect(emails).toEqual(['ada@example.com', 'grace@example.com'])
  expect(second.NextToken).toBeUndefined()
  await expect(sdk.send(new CreateGroupCommand(group))).rejects.toMatchObject({
    name: 'GroupExistsException',
  })
  await expect(sdk.send(new ListUsersInGroupCommand({ ...group, GroupName: 'none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})
