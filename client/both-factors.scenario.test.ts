// Both factors in one pool: everyone is asked once, at each stage of a migration and in each behaviour of Cognito.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AdminDeleteUserAttributesCommand,
  AdminDisableUserCommand,
  AdminGetUserCommand,
  AdminSetUserMFAPreferenceCommand,
  CognitoIdentityProviderClient,
  SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { fetchAuthSession, setUpTOTP, verifyTOTPSetup } from 'aws-amplify/auth'
import { AFTER_NATIVE_FACTOR, AFTER_NEW_PASSWORD } from '../local/behaviour.ts'
import type { LocalUser } from '../local/local-user-pool.ts'
import { softwareTokenCode } from '../local/software-token.ts'
import { migrate, temporaryFolder } from '../testing/migration-run.ts'
import { jsonOf, run } from '../testing/pool-run.ts'
import { environmentOf } from '../testing/probe-run.ts'
import { NEW_PASSWORD, speedUpSrp, startTestPool, type TestPool, wrongCode } from '../testing/test-pool.ts'
import { createSignInDriver, type SignInDriver, type SignInState } from './sign-in.ts'

type Person = { readonly username: string; readonly password: string; readonly secret?: string }

let local: TestPool
let cognito: CognitoIdentityProviderClient
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let driver: SignInDriver
let endSpeedUp: () => void
let people: Person[]
let newcomers: Person[]
let appOwner: Person
let addressless: Person

const FEDERATED = { username: 'Google_1234', password: 'Permanent-1' }

/** A user that no test has used yet. */
const known = () => taken(people)
const newcomer = () => taken(newcomers)

function taken(from: Person[]): Person {
  const person = from.pop()
  if (person === undefined) throw new Error('No user is left: start the pool with more.')
  return person
}

beforeAll(async () => {
  endSpeedUp = speedUpSrp()
  folder = await temporaryFolder()
  const user = (name: string, status: LocalUser['status'], password: string): LocalUser => ({
    username: `${name}@example.com`,
    password,
    status,
    attributes: { email_verified: 'true' },
  })
  const names = Array.from({ length: 26 }, (_, index) => index)
  const knownUsers = names.map(index => user(`known-${index}`, 'CONFIRMED', 'Permanent-1'))
  const newUsers = names.map(index => user(`new-${index}`, 'FORCE_CHANGE_PASSWORD', 'Temporary-1'))
  people = [...knownUsers]
  newcomers = [...newUsers]
  local = await startTestPool({
    users: [
      ...knownUsers,
      ...newUsers,
      user('addressless', 'CONFIRMED', 'Permanent-1'),
      { ...FEDERATED, status: 'EXTERNAL_PROVIDER', attributes: { email: 'federated@example.com' } },
    ],
  })
  const { endpoint, region } = local.pool
  cognito = new CognitoIdentityProviderClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  })
  await cognito.send(
    new SetUserPoolMfaConfigCommand({
      UserPoolId: local.pool.userPoolId,
      MfaConfiguration: 'OPTIONAL',
      SoftwareTokenMfaConfiguration: { Enabled: true },
    }),
  )
  addressless = await withoutAddress()
})

async function withoutAddress(): Promise<Person> {
  const user = { UserPoolId: local.pool.userPoolId, Username: 'addressless@example.com' }
  const { Username: username = '' } = await cognito.send(new AdminGetUserCommand(user))
  await cognito.send(new AdminDeleteUserAttributesCommand({ ...user, UserAttributeNames: ['email'] }))
  return { username, password: 'Permanent-1' }
}

beforeEach(() => {
  driver = createSignInDriver()
})

afterEach(async () => {
  driver.cancel()
  await driver.signOut()
  await local.pool.faults.reset()
})

afterAll(async () => {
  endSpeedUp()
  cognito.destroy()
  await local.pool.close()
  await folder.remove()
})

const file = (name: string) => join(folder.path, name)
const command = (...args: string[]) => migrate(local.pool, [...args, '--yes', '--json'])
const moveUsers = (...choice: string[]) =>
  command('users', ...choice, '--rate', '2000', '--journal', file('users.jsonl'))

async function move(person: Person): Promise<void> {
  await writeFile(file('one.txt'), person.username)
  expect(jsonOf(await moveUsers('--list', file('one.txt')))).toMatchObject({ counts: { moved: 1 } })
}

async function rollBack(person: Person): Promise<void> {
  await writeFile(file('one.txt'), person.username)
  const journal = ['--list', file('one.txt'), '--journal', file('users.jsonl')]
  expect(jsonOf(await command('rollback', '--rate', '2000', ...journal))).toMatchObject({
    counts: { restored: 1 },
  })
}

/** Answers like a person who mistypes the first code. Checks that no tokens are there before the end. */
async function goOn(person: Person, state: SignInState): Promise<string[]> {
  const asked: string[] = []
  let mistypes = true
  for (let now = state; ; ) {
    expect((await fetchAuthSession()).tokens !== undefined).toBe(now.step === 'signed-in')
    expect(now).toMatchObject({ username: person.username, busy: false })
    if (now.step === 'new-password') {
      asked.push('new-password')
      now = await driver.submitNewPassword(NEW_PASSWORD)
    } else if (now.step === 'code') {
      asked.push(now.reason === 'first' ? now.kind : `${now.kind} ${now.reason}`)
      const code = await codeFor(person, now.kind)
      if (mistypes) {
        const refused = await driver.submitCode(wrongCode(code, 500_000))
        expect(refused).toMatchObject({ step: 'code', kind: now.kind, reason: 'wrong-code' })
        expect((await fetchAuthSession()).tokens).toBeUndefined()
        mistypes = false
      }
      now = await driver.submitCode(code)
    } else return now.step === 'failed' ? [...asked, now.reason] : asked
  }
}

/** A whole sign-in: the steps that asked for something; behind them the reason of a failure. */
async function askedOf(person: Person): Promise<string[]> {
  return goOn(person, await driver.signIn(person))
}

async function codeFor({ username, secret = '' }: Person, kind: string): Promise<string> {
  return kind === 'totp' ? softwareTokenCode(secret, Date.now() / 1000) : local.code(username)
}

const mailsTo = async ({ username }: Person) => (await local.mails(username)).length

/** A user who has set an authenticator app up. */
async function withAuthenticatorApp(): Promise<Person> {
  const person = known()
  await askedOf(person)
  const { sharedSecret: secret } = await setUpTOTP()
  await verifyTOTPSetup({ code: softwareTokenCode(secret, Date.now() / 1000) })
  await cognito.send(
    new AdminSetUserMFAPreferenceCommand({
      UserPoolId: local.pool.userPoolId,
      Username: person.username,
      SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true },
    }),
  )
  await driver.signOut()
  return { ...person, secret }
}

/** Several people are moved in one run. */
async function moveAll(moved: readonly Person[]): Promise<void> {
  await writeFile(file('some.txt'), moved.map(({ username }) => username).join('\n'))
  expect(jsonOf(await moveUsers('--list', file('some.txt')))).toMatchObject({
    counts: { moved: moved.length },
  })
}

describe('the code of the triggers alone', () => {
  test('a known user is asked for it once', async () => {
    const person = known()
    expect(await askedOf(person)).toEqual(['email-code'])
    expect(await mailsTo(person)).toBe(1)
  })

  test.each(AFTER_NEW_PASSWORD)('a first sign-in asks for it once (%s)', async afterNewPassword => {
    local.pool.faults.afterNewPassword = afterNewPassword
    const person = newcomer()
    expect(await askedOf(person)).toEqual(['new-password', 'email-code'])
    expect(await mailsTo(person)).toBe(1)
  })
})

describe('some users of the pool are moved', () => {
  let movedPeople: Person[]
  let movedNewcomers: Person[]
  const moved = () => taken(movedPeople)

  beforeAll(async () => {
    appOwner = await withAuthenticatorApp()
    expect(await command('enable', '--backup', file('enable.json'))).toMatchObject({ code: 0 })
    movedPeople = people.splice(0, 8)
    movedNewcomers = newcomers.splice(0, 10)
    await moveAll([...movedPeople, ...movedNewcomers])
  })

  describe.each(AFTER_NATIVE_FACTOR)('%s after the native factor', afterNativeFactor => {
    beforeEach(() => {
      local.pool.faults.afterNativeFactor = afterNativeFactor
    })

    test('each is asked once, by the factor that is theirs', async () => {
      const [one, other] = [moved(), known()]
      expect(await askedOf(one)).toEqual(['email-otp'])
      expect(await mailsTo(one)).toBe(1)
      await driver.signOut()
      expect(await askedOf(other)).toEqual(['email-code'])
      expect(await mailsTo(other)).toBe(1)
    })

    test('who is moved between password and code enters that code, and the other one next time', async () => {
      const person = known()
      const waiting = await driver.signIn(person)
      await move(person)
      expect(await goOn(person, waiting)).toEqual(['email-code'])
      expect(await mailsTo(person)).toBe(1)
      await driver.signOut()
      expect(await askedOf(person)).toEqual(['email-otp'])
    })

    test('who is put back between password and code enters that code, and the other one next time', async () => {
      const person = moved()
      const waiting = await driver.signIn(person)
      await rollBack(person)
      expect(await goOn(person, waiting)).toEqual(['email-otp'])
      expect(await mailsTo(person)).toBe(1)
      await driver.signOut()
      expect(await askedOf(person)).toEqual(['email-code'])
    })

    test('a new code in the middle of a move says which mail counts', async () => {
      const person = known()
      await driver.signIn(person)
      await move(person)
      expect(await driver.resend()).toMatchObject({ kind: 'email-code', reason: 'resent' })
      local.pool.faults.expireSessions()
      expect(await driver.submitCode(await local.code(person.username))).toMatchObject({
        kind: 'email-otp',
        reason: 'restarted',
      })
      await rollBack(person)
      expect(await goOn(person, await driver.resend())).toEqual(['email-code restarted'])
    })

    test('an authenticator app of their own stays; it proves no mailbox', async () => {
      await writeFile(file('one.txt'), appOwner.username)
      expect(jsonOf(await moveUsers('--list', file('one.txt')))).toMatchObject({
        skipped: { 'own-factor': 1 },
      })
      const asked = afterNativeFactor === 'tokens' ? ['totp'] : ['totp', 'email-code']
      expect(await askedOf(appOwner)).toEqual(asked)
    })

    test.each(AFTER_NEW_PASSWORD)(
      'a moved user signs in for the first time in one go (%s after the new password)',
      async afterNewPassword => {
        local.pool.faults.afterNewPassword = afterNewPassword
        const person = taken(movedNewcomers)
        // The guard cannot know of the factor where tokens come right behind the new password, so a second code follows.
        const isGuarded = afterNativeFactor === 'tokens' || afterNewPassword === 'tokens'
        const asked = ['new-password', 'email-otp', ...(isGuarded ? ['email-otp restarted'] : [])]
        expect(await askedOf(person)).toEqual(asked)
        expect(await mailsTo(person)).toBe(asked.length - 1)
      },
    )
  })

  test('who is moved, or put back, before the new password meets the factor of that moment', async () => {
    const [one, other] = [newcomer(), taken(movedNewcomers)]
    const waiting = await driver.signIn(one)
    await move(one)
    expect(await goOn(one, waiting)).toEqual(['new-password', 'email-otp'])
    await driver.signOut()
    const alsoWaiting = await driver.signIn(other)
    await rollBack(other)
    expect(await goOn(other, alsoWaiting)).toEqual(['new-password', 'email-code'])
  })

  test('who has no address, and who signs in elsewhere, are not moved, and get no tokens for a password', async () => {
    await writeFile(file('some.txt'), `${addressless.username}\n${FEDERATED.username}\n`)
    expect(jsonOf(await moveUsers('--list', file('some.txt')))).toMatchObject({
      skipped: { 'no-address': 1, federated: 1 },
    })
    expect(await askedOf(addressless)).toEqual(['mail-not-sent'])
    expect(await askedOf(FEDERATED)).toEqual(['wrong-password'])
    expect(await askedOf({ ...FEDERATED, username: 'federated@example.com' })).toEqual(['wrong-password'])
  })
})

describe('the native factor alone', () => {
  const signInBySrp = () => {
    driver = createSignInDriver({ authFlowType: 'USER_SRP_AUTH' })
  }

  beforeAll(async () => {
    // Whoever has the password could set up a factor for them.
    expect(jsonOf(await finish('--backup', file('refused.json')))).toMatchObject({ code: 'users-left' })
    expect(await moveUsers('--all')).toMatchObject({ code: 0 })
    const { userPoolId: UserPoolId } = local.pool
    await cognito.send(new AdminDisableUserCommand({ UserPoolId, Username: addressless.username }))
    expect(await finish('--keep-custom-auth', '--backup', file('both.json'))).toMatchObject({ code: 0 })
  })

  test('while both flows are open, both ask once', async () => {
    const person = known()
    expect(await askedOf(person)).toEqual(['email-otp'])
    await driver.signOut()
    signInBySrp()
    expect(await askedOf(person)).toEqual(['email-otp'])
    expect(await mailsTo(person)).toBe(2)
  })

  describe('behind finish', () => {
    beforeAll(async () => {
      expect(await finish('--backup', file('finish.json'))).toMatchObject({ code: 0 })
    })

    test('everyone is asked once, for the factor that is theirs, and no one else gets in', async () => {
      const person = known()
      // An app of before says that the sign-in failed, not that the password is wrong.
      expect(await askedOf(person)).toEqual(['unknown'])
      signInBySrp()
      expect(await askedOf(person)).toEqual(['email-otp'])
      expect(await mailsTo(person)).toBe(1)
      await driver.signOut()
      expect(await askedOf(appOwner)).toEqual(['totp'])
      await driver.signOut()
      expect(await askedOf(addressless)).toEqual(['disabled'])
      expect(await askedOf(FEDERATED)).toEqual(['wrong-password'])
    })

    test('a first sign-in goes on by itself where the guard refuses the tokens', async () => {
      signInBySrp()
      expect(await askedOf(newcomer())).toEqual(['new-password', 'email-otp', 'email-otp restarted'])
    })
  })

  test('on the way back everyone is asked for the code of the triggers again', async () => {
    const [person, firstTime] = [known(), newcomer()]
    await detach('finish.json')
    await detach('both.json')
    expect(await askedOf(person)).toEqual(['email-otp'])
    const journal = ['--rate', '2000', '--journal', file('users.jsonl')]
    expect(await command('rollback', ...journal)).toMatchObject({ code: 0 })
    await detach('enable.json')
    await driver.signOut()
    expect(await askedOf(person)).toEqual(['email-code'])
    await driver.signOut()
    expect(await askedOf(firstTime)).toEqual(['new-password', 'email-code'])
  })
})

const finish = (...more: string[]) => command('finish', '--rate', '2000', ...more)

async function detach(backup: string): Promise<void> {
  const args = ['--user-pool-id', local.pool.userPoolId, '--backup', file(backup), '--yes', '--json']
  expect(await run(environmentOf(local.pool), ['detach', ...args])).toMatchObject({ code: 0 })
}
