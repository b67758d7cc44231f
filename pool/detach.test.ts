// What detach puts back, what it leaves because others have changed it since, and what it refuses.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../command/json.ts'
import { scriptedCognito } from '../testing/scripted-cognito.ts'
import { type Backup, writeBackup } from './backup.ts'
import { type DetachOptions, detachPlan, nextSteps, planDetach } from './detach.ts'
import { namesOf } from './plan.ts'
import type { PoolState } from './user-pool.ts'

const POOL_ID = 'eu-central-1_EXAMPLE00'
const CODE = 'ALLOW_CUSTOM_AUTH'
const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'
const ROTATION = { RefreshTokenRotation: { Feature: 'ENABLED' } }

const OPTIONS: DetachOptions = { userPoolId: POOL_ID, backupFile: 'pool.backup.json' }
const CHALLENGE = {
  DefineAuthChallenge: 'define',
  CreateAuthChallenge: 'create',
  VerifyAuthChallengeResponse: 'verify',
}
const GUARD = {
  PreTokenGeneration: 'guard',
  PreTokenGenerationConfig: { LambdaVersion: 'V1_0', LambdaArn: 'guard' },
}
const OURS = { ...CHALLENGE, ...GUARD }

const clientWith = (flows: string[], more: JsonObject = {}): JsonObject => ({
  UserPoolId: POOL_ID,
  ClientId: 'web',
  ClientName: 'Web',
  ExplicitAuthFlows: flows,
  ...more,
})
const poolWith = (lambdaConfig: JsonObject, more: JsonObject = {}): JsonObject => ({
  Id: POOL_ID,
  Name: 'people',
  MfaConfiguration: 'OFF',
  LambdaConfig: { PostConfirmation: 'welcome', ...lambdaConfig },
  ...more,
})

const BEFORE: PoolState = {
  userPool: poolWith({}),
  mfa: { MfaConfiguration: 'OFF' },
  clients: { web: clientWith([SRP, REFRESH]) },
}
const AFTER: PoolState = {
  userPool: poolWith(OURS),
  mfa: { MfaConfiguration: 'OFF' },
  clients: { web: clientWith([CODE, REFRESH]) },
}
const ATTACH: Backup = {
  command: 'attach',
  userPoolId: POOL_ID,
  madeAt: '2026-01-02T03:04:05.000Z',
  before: BEFORE,
  after: AFTER,
  triggers: OURS,
}
/** A backup of a command that sets no triggers. */
const backupOf = (before: PoolState, after: PoolState): Backup => ({
  ...ATTACH,
  command: 'fix',
  before,
  after,
  triggers: {},
})

const detached = (from: PoolState, backup: Backup, options: Partial<DetachOptions> = {}) =>
  detachPlan(from, backup, { ...OPTIONS, ...options })
const lambdaConfigAfter = (from: PoolState, backup: Backup, options: Partial<DetachOptions> = {}) =>
  detached(from, backup, options).to.userPool['LambdaConfig']

describe('what the command of a backup changed', () => {
  test('is put back, and nothing is noted', () => {
    expect(detached(AFTER, ATTACH)).toMatchObject({
      command: 'detach',
      userPoolId: POOL_ID,
      from: AFTER,
      to: BEFORE,
      notes: [],
      triggers: OURS,
      keepsPart: false,
    })
    expect(detached(AFTER, ATTACH).to.userPool).toEqual(BEFORE.userPool)
  })

  test('is put back once: a second time changes nothing', () => {
    expect(detached(BEFORE, ATTACH)).toMatchObject({ to: BEFORE, changes: [], notes: [] })
  })

  test('goes where it was not there before, and comes back where it was taken away', () => {
    const before = { ...BEFORE, userPool: poolWith({}, { DeviceConfiguration: { Remember: true } }) }
    const after = { ...BEFORE, userPool: poolWith({}, { UserPoolTags: { team: 'one' } }) }
    const { to } = detached(after, backupOf(before, after))
    expect(to.userPool).toEqual(before.userPool)
  })

  test('goes member by member, beside members that others changed since', () => {
    const withPolicy = (policy: JsonObject) => ({
      ...BEFORE,
      userPool: poolWith({}, { Policies: { PasswordPolicy: policy } }),
    })
    const before = withPolicy({ MinimumLength: 8, RequireSymbols: true })
    const after = withPolicy({ MinimumLength: 12, RequireSymbols: true })
    const now = withPolicy({ MinimumLength: 12, RequireSymbols: false })
    expect(detached(now, backupOf(before, after)).to.userPool['Policies']).toEqual({
      PasswordPolicy: { MinimumLength: 8, RequireSymbols: false },
    })
  })
})

describe('what others have changed since a backup', () => {
  test('stays, and is named', () => {
    const now = {
      userPool: poolWith(OURS, { DeletionProtection: 'ACTIVE' }),
      mfa: { MfaConfiguration: 'OFF' },
      clients: { web: clientWith([CODE]), phone: clientWith([SRP], { ClientId: 'phone' }) },
    }
    const { to, notes } = detached({ ...now, userPool: { ...now.userPool, Status: 'ENABLED' } }, ATTACH)
    expect(to.userPool).toMatchObject({ DeletionProtection: 'ACTIVE' })
    expect(to.clients['phone']).toBe(now.clients.phone)
    expect(notes).toEqual([
      'Changed since the backup of 2026-01-02T03:04:05.000Z, and left as it is now: user pool DeletionProtection. What ' +
        'attach or fix changed has a backup of its own; --everything would put back all of this, whoever changed it.',
    ])
  })

  test('stays in an app client that the command changed as well', () => {
    const now = { ...AFTER, clients: { web: clientWith([CODE, REFRESH], { ClientName: 'New' }) } }
    const { to, notes } = detached(now, ATTACH)
    expect(to.clients['web']).toEqual(clientWith([SRP, REFRESH], { ClientName: 'New' }))
    expect(notes).toEqual([expect.stringContaining('app client web ClientName')])
  })

  test('stays in an app client that the backup knows from afterwards only', () => {
    const phone = clientWith([SRP], { ClientId: 'phone' })
    const after = { ...AFTER, clients: { ...AFTER.clients, phone } }
    expect(detached(after, { ...ATTACH, after }).to.clients['phone']).toEqual(phone)
  })

  test('stays in an app client that the command left alone', () => {
    const was = clientWith([SRP], { ClientId: 'phone' })
    const now = clientWith([SRP], { ClientId: 'phone', ClientName: 'New' })
    const backup = { ...ATTACH, before: { ...BEFORE, clients: { ...BEFORE.clients, phone: was } } }
    const { to, notes } = detached({ ...AFTER, clients: { ...AFTER.clients, phone: now } }, backup)
    expect([to.clients['phone'], notes]).toEqual([now, []])
  })

  test('is not named where no update could set it', () => {
    const now = { ...AFTER, userPool: { ...AFTER.userPool, SchemaAttributes: ['new'], Domain: 'people' } }
    expect(detached(now, ATTACH).notes).toEqual([])
    const renamed = { ...AFTER, userPool: { ...AFTER.userPool, Name: 'everyone' } }
    expect(detached(renamed, ATTACH).notes).toEqual([expect.stringContaining('user pool Name.')])
  })

  test('stays in the MFA configuration, which goes back whole or not at all', () => {
    const optional = { MfaConfiguration: 'OPTIONAL', EmailMfaConfiguration: { Message: '{####}' } }
    const backup = backupOf(BEFORE, { ...BEFORE, mfa: optional })
    expect(detached({ ...BEFORE, mfa: optional }, backup).to.mfa).toEqual(BEFORE.mfa)
    const others = { ...optional, SoftwareTokenMfaConfiguration: { Enabled: true } }
    expect(detached({ ...BEFORE, mfa: others }, backup).to.mfa).toEqual(others)
    expect(detached({ ...BEFORE, mfa: undefined }, backup).to.mfa).toBeUndefined()
    const unread = backupOf(BEFORE, { ...BEFORE, mfa: undefined })
    expect(detached({ ...BEFORE, mfa: optional }, unread).to.mfa).toEqual(optional)
  })

  test('may be an app client that is gone, which is left out and named', () => {
    const { to, notes } = detached({ ...AFTER, clients: {} }, ATTACH)
    expect(to.clients).toEqual({})
    expect(notes).toEqual(['App clients of the backup that no longer exist are left out: web.'])
  })
})

describe('the triggers', () => {
  const own = { DefineAuthChallenge: 'own-define', PreTokenGeneration: 'own-guard' }
  const replaced = { ...ATTACH, before: { ...BEFORE, userPool: poolWith(own) } }

  test('that the pool had before come back', () => {
    expect(lambdaConfigAfter(AFTER, replaced)).toEqual({ PostConfirmation: 'welcome', ...own })
  })

  test('leave nothing behind where the pool said that it had none', () => {
    const none = { ...ATTACH, before: { ...BEFORE, userPool: poolWith({ DefineAuthChallenge: null }) } }
    expect(lambdaConfigAfter(AFTER, none)).toStrictEqual({ PostConfirmation: 'welcome' })
  })

  test('leave a trigger that others have put on the pool since for something else', () => {
    const now = { ...AFTER, userPool: poolWith({ ...OURS, PostAuthentication: 'log' }) }
    const left = { PostConfirmation: 'welcome', PostAuthentication: 'log' }
    expect(lambdaConfigAfter(now, ATTACH)).toStrictEqual(left)
  })

  test('that others have put there since go, too', () => {
    const now = { ...AFTER, userPool: poolWith({ ...OURS, CreateAuthChallenge: 'other' }) }
    expect(lambdaConfigAfter(now, ATTACH)).toEqual({ PostConfirmation: 'welcome' })
  })

  test('of a later attach stay with the backup of an earlier one that did not set them', () => {
    const partial = { ...ATTACH, triggers: GUARD }
    expect(lambdaConfigAfter(AFTER, partial)).toEqual({ PostConfirmation: 'welcome', ...CHALLENGE })
  })

  test('of this project that were there before stay, and go on demand', () => {
    const again = { ...ATTACH, before: { ...BEFORE, userPool: poolWith(OURS) } }
    const open = { ...AFTER, clients: { web: clientWith([SRP]) } }
    expect(lambdaConfigAfter(open, again)).toEqual({ PostConfirmation: 'welcome', ...OURS })
    expect(lambdaConfigAfter(open, again, { removeTriggers: true })).toEqual({ PostConfirmation: 'welcome' })
  })

  test('on demand go only where they are of this project: the ones before come back', () => {
    expect(lambdaConfigAfter(AFTER, replaced, { removeTriggers: true })).toEqual({
      PostConfirmation: 'welcome',
      ...own,
    })
  })

  test('do not come back to a pool that is detached already', () => {
    const again = { ...ATTACH, before: { ...BEFORE, userPool: poolWith(OURS) } }
    expect(lambdaConfigAfter(BEFORE, again)).toEqual({ PostConfirmation: 'welcome' })
    expect(lambdaConfigAfter(BEFORE, replaced)).toEqual({ PostConfirmation: 'welcome' })
    const guarded = { ...BEFORE, userPool: poolWith(GUARD) }
    expect(lambdaConfigAfter(guarded, again)).toEqual({ PostConfirmation: 'welcome' })
  })

  test('that were taken off one by one come back where they were another', () => {
    const now = { ...AFTER, userPool: poolWith({ CreateAuthChallenge: 'create' }) }
    expect(lambdaConfigAfter(now, replaced)).toMatchObject({ DefineAuthChallenge: 'own-define' })
    const again = { ...ATTACH, before: { ...BEFORE, userPool: poolWith(OURS) } }
    expect(lambdaConfigAfter(now, again)).toEqual({
      PostConfirmation: 'welcome',
      CreateAuthChallenge: 'create',
    })
  })

  test('stay as they are with the backup of a command that sets none', () => {
    const after = { ...AFTER, userPool: poolWith(OURS, { MfaConfiguration: 'ON' }) }
    expect(detached(after, backupOf(AFTER, after)).to.userPool).toEqual(AFTER.userPool)
  })

  test('come back with the backup of a command that took them off', () => {
    const open = { web: clientWith([SRP, REFRESH]) }
    const backup = backupOf(AFTER, { ...AFTER, userPool: poolWith({}), clients: open })
    expect(detached(backup.after, backup).to).toEqual(AFTER)
  })
})

describe('a backup of migrate finish', () => {
  const before: PoolState = {
    userPool: poolWith(OURS, { MfaConfiguration: 'OPTIONAL' }),
    mfa: { MfaConfiguration: 'OPTIONAL' },
    clients: { web: clientWith([CODE, REFRESH]) },
  }
  const required = (lambdaConfig: JsonObject): PoolState => ({
    userPool: poolWith(lambdaConfig, { MfaConfiguration: 'ON' }),
    mfa: { MfaConfiguration: 'ON' },
    clients: { web: clientWith([SRP, REFRESH]) },
  })
  const finish: Backup = { ...backupOf(before, required(GUARD)), command: 'migrate finish' }

  test('brings the challenge triggers, the flows and the MFA of before back', () => {
    expect(detached(required(GUARD), finish)).toMatchObject({ to: before, notes: [] })
  })

  test('undoes nothing once MFA is not required any more, and says how all of it is put back', () => {
    const now = {
      ...required(GUARD),
      userPool: poolWith(GUARD, { MfaConfiguration: 'OPTIONAL' }),
      mfa: before.mfa,
    }
    expect(detached(now, finish)).toMatchObject({
      to: now,
      changes: [],
      notes: [
        'MFA is not required any more, so nothing of migrate finish is left to undo. If somebody else changed MFA: ' +
          '--everything puts back every setting of this backup.',
      ],
    })
    expect(detached(now, finish, { everything: true })).toMatchObject({ to: before, notes: [] })
  })

  test('brings the guard with the challenge triggers where another detach has taken it off, and no other trigger', () => {
    const now = required({ PostConfirmation: 'greet' })
    expect(lambdaConfigAfter(now, finish)).toEqual({ PostConfirmation: 'greet', ...OURS })
  })

  test('leaves the guard that stands there by now', () => {
    const other = {
      PreTokenGeneration: 'other',
      PreTokenGenerationConfig: { LambdaVersion: 'V2_0', LambdaArn: 'other' },
    }
    expect(lambdaConfigAfter(required(other), finish)).toMatchObject({ ...CHALLENGE, ...other })
  })

  test('brings no guard to a pool that keeps its challenge triggers', () => {
    const now = required(CHALLENGE)
    expect(lambdaConfigAfter(now, finish)).toEqual({ PostConfirmation: 'welcome', ...CHALLENGE })
  })
})

describe('--everything', () => {
  test('puts back whatever others have changed, and says nothing about it', () => {
    const now: PoolState = {
      userPool: poolWith({ PostConfirmation: 'other' }, { DeletionProtection: 'ACTIVE' }),
      mfa: { MfaConfiguration: 'OPTIONAL' },
      clients: { web: clientWith(['ALLOW_USER_AUTH'], { ClientName: 'New' }) },
    }
    expect(detached(now, ATTACH, { everything: true })).toMatchObject({
      to: BEFORE,
      notes: [],
      keepsPart: true,
    })
  })

  test('leaves what no update can set, and app clients that the backup does not know', () => {
    const phone = clientWith([SRP], { ClientId: 'phone' })
    const now = {
      userPool: poolWith(OURS, { Domain: 'people', SchemaAttributes: ['new'], Name: 'everyone' }),
      mfa: BEFORE.mfa,
      clients: { ...AFTER.clients, phone },
    }
    const known = { ...ATTACH, before: { ...BEFORE, userPool: poolWith({}, { SchemaAttributes: ['old'] }) } }
    const { to } = detached(now, known, { everything: true })
    expect(to.userPool).toEqual({ ...BEFORE.userPool, Domain: 'people', SchemaAttributes: ['new'] })
    const withDomain = { ...ATTACH, before: { ...BEFORE, userPool: poolWith({}, { Domain: 'people' }) } }
    expect(detached(AFTER, withDomain, { everything: true }).to.userPool).toEqual(BEFORE.userPool)
    expect(to.clients['phone']).toBe(phone)
  })

  test('leaves the MFA configuration that the backup could not read', () => {
    const unread = { ...ATTACH, before: { ...BEFORE, mfa: undefined } }
    const now = { ...AFTER, mfa: { MfaConfiguration: 'OPTIONAL' } }
    expect(detached(now, unread, { everything: true }).to.mfa).toEqual(now.mfa)
  })

  test('names every app client of the backup that is gone', () => {
    const before = {
      ...BEFORE,
      clients: { ...BEFORE.clients, phone: clientWith([SRP], { ClientId: 'phone' }) },
    }
    const { notes } = detached({ ...AFTER, clients: {} }, { ...ATTACH, before }, { everything: true })
    expect(notes).toEqual(['App clients of the backup that no longer exist are left out: web, phone.'])
  })
})

describe('users of an app client are not left without a way to sign in', () => {
  const later = {
    ...AFTER,
    clients: { web: clientWith([CODE], { AuthSessionValidity: 10, ClientName: 'New' }) },
  }

  test('where the backup knows how they signed in before, that comes back although it was changed since', () => {
    const was = clientWith([SRP, REFRESH], { AuthSessionValidity: 5 })
    const { to } = detached(later, { ...ATTACH, before: { ...BEFORE, clients: { web: was } } })
    expect(to.clients['web']).toEqual({ ...was, ClientName: 'New' })
  })

  test('where they signed in by the default flows, these come back', () => {
    const { ExplicitAuthFlows: _, ...was } = clientWith([])
    const { to } = detached(later, { ...ATTACH, before: { ...BEFORE, clients: { web: was } } })
    expect(to.clients['web']).toEqual({ ...was, ClientName: 'New' })
  })

  test('where they could only refresh and the tokens rotate by now, SRP is not opened in its place', () => {
    const was = { ...BEFORE, clients: { web: clientWith([REFRESH]) } }
    const rotating = { ...AFTER, clients: { web: clientWith([CODE], ROTATION) } }
    const { to } = detached(rotating, { ...ATTACH, before: was })
    expect(to.clients['web']).toEqual(clientWith([REFRESH], ROTATION))
  })

  /** The backup of an attach without clients: another one changed this one. */
  const unaware = {
    ...ATTACH,
    before: { ...BEFORE, clients: {} },
    after: { ...AFTER, clients: {} },
  }

  test('where the backup does not know the client, detach stops and names the ways out', () => {
    const options = { everything: true, replace: true, removeTriggers: true, addSrp: ['phone'] }
    const expected = {
      code: 'client-stranded',
      message:
        'Without the triggers, users could not sign in through these app clients: web (Web). They allow CUSTOM_AUTH ' +
        'only, and this backup does not know what they allowed before. Nothing was changed. Use the backup of the ' +
        'command that changed these app clients first. If it does not exist, this command lets their users sign in ' +
        'with the password alone:\n' +
        `  npx cognito-email-code detach --user-pool-id ${POOL_ID} --region eu-central-1 --backup pool.backup.json`,
    }
    expect(() => detached(AFTER, unaware)).toThrow(
      expect.objectContaining({ ...expected, message: `${expected.message} --add-srp web` }),
    )
    const flags = ' --everything --replace --remove-triggers --add-srp phone,web'
    expect(() => detached(AFTER, unaware, options)).toThrow(
      expect.objectContaining({ ...expected, message: `${expected.message}${flags}` }),
    )
  })

  test('where it was so before, that stays, and is no reason to stop', () => {
    const useless = { web: clientWith([CODE, REFRESH]) }
    const backup = {
      ...ATTACH,
      before: { ...BEFORE, clients: useless },
      after: { ...AFTER, clients: useless },
    }
    expect(detached(AFTER, backup).to).toEqual({ ...BEFORE, clients: useless })
  })

  test('where there are several, each is named', () => {
    const phone = clientWith([CODE], { ClientId: 'phone', ClientName: 'Phone' })
    const now = { ...AFTER, clients: { ...AFTER.clients, phone } }
    expect(() => detached(now, unaware)).toThrow('through these app clients: web (Web), phone (Phone). They')
  })

  test('where it is so already, detach goes on with a note', () => {
    const now = { ...BEFORE, clients: AFTER.clients }
    const { to, notes } = detached(now, unaware)
    expect(to.clients).toEqual(AFTER.clients)
    expect(notes).toEqual([
      'Users cannot sign in through these app clients: web (Web). They allow CUSTOM_AUTH only, and the pool has no ' +
        'triggers for it. Use the backup of the command that changed these app clients first. If it does not exist, ' +
        'this command lets their users sign in with the password alone:\n' +
        `  npx cognito-email-code detach --user-pool-id ${POOL_ID} --region eu-central-1 --backup pool.backup.json --add-srp web`,
    ])
  })

  test('where --add-srp names the client, it gets SRP beside what it has', () => {
    const { to, notes } = detached(AFTER, unaware, { addSrp: ['web'] })
    expect(to.clients['web']).toEqual(clientWith([CODE, REFRESH, SRP]))
    expect(notes).toEqual([])
  })

  test('where the app client was for machines before, its flows are no way back', () => {
    const machine = clientWith([REFRESH], { AllowedOAuthFlows: ['client_credentials'] })
    const now = { ...AFTER, clients: { web: clientWith([CODE]) } }
    const backup = {
      ...ATTACH,
      before: { ...BEFORE, clients: { web: machine } },
      after: { ...AFTER, clients: {} },
    }
    expect(() => detached(now, backup)).toThrow(expect.objectContaining({ code: 'client-stranded' }))
  })

  test('where what is put back would close an open client on a pool without triggers, it stays open', () => {
    const backup = backupOf(AFTER, { ...AFTER, clients: { web: clientWith([SRP]) } })
    const now = { ...BEFORE, clients: { web: clientWith([SRP]) } }
    expect(detached(now, backup).to.clients).toEqual(now.clients)
  })
})

describe('MFA', () => {
  const on = (state: PoolState, flows: string[], more: JsonObject = {}): PoolState => ({
    userPool: { ...state.userPool, MfaConfiguration: 'ON', ...more },
    mfa: { MfaConfiguration: 'ON' },
    clients: { web: clientWith(flows) },
  })

  test('stays for as long as it alone asks at an app client that asked for the code', () => {
    const recovery = { AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] } }
    const was = { ...AFTER, userPool: { ...AFTER.userPool, DeletionProtection: 'INACTIVE' } }
    const after = on(AFTER, [CODE, REFRESH], { ...recovery, DeletionProtection: 'ACTIVE' })
    const now = on(AFTER, [SRP], { ...recovery, DeletionProtection: 'ACTIVE' })
    const { to, notes } = detached(now, backupOf(was, { ...after, clients: {} }))
    expect(to.mfa).toEqual({ MfaConfiguration: 'ON' })
    expect(to.userPool).toEqual({ ...now.userPool, DeletionProtection: 'INACTIVE' })
    const phone = clientWith([SRP], { ClientId: 'phone', ClientName: 'Phone' })
    const both = { ...now, clients: { ...now.clients, phone } }
    expect(detached(both, backupOf(was, { ...after, clients: {} })).notes[0]).toContain(
      ': web (Web), phone (Phone). First run',
    )
    expect(notes[0]).toBe(
      'MFA stays as it is: without it, these app clients would let users in with the password alone, which they did not ' +
        'when the backup was made: web (Web). First run detach with the backup of the command that changed them, or ' +
        'close them (check shows how); then run this command again.',
    )
  })

  test('stays for an app client that was made since and lets the password in', () => {
    const backup = backupOf({ ...AFTER, clients: {} }, { ...on(AFTER, []), clients: {} })
    expect(detached(on(AFTER, [SRP]), backup).to.mfa).toEqual({ MfaConfiguration: 'ON' })
    expect(detached(on(AFTER, [CODE]), backup).to.mfa).toEqual({ MfaConfiguration: 'OFF' })
  })

  test('goes where the app clients let the password in before, and that is said', () => {
    const backup = backupOf(BEFORE, { ...on(BEFORE, []), clients: {} })
    const { to, notes } = detached(on(BEFORE, [SRP, REFRESH]), backup)
    expect(to).toEqual(BEFORE)
    expect(notes).toEqual([
      'MFA is no longer required, and these app clients let users without a second factor in with the password alone: ' +
        'web (Web). check shows how to close them.',
    ])
    const clients = {
      web: clientWith([SRP]),
      phone: clientWith([SRP], { ClientId: 'phone', ClientName: 'Phone' }),
    }
    const two = backupOf({ ...BEFORE, clients }, { ...on(BEFORE, []), clients })
    expect(detached({ ...on(BEFORE, []), clients }, two).notes[0]).toContain(
      ': web (Web), phone (Phone). check',
    )
  })

  test('goes without a word where every app client asks for the code, or is for machines', () => {
    const machine = clientWith([], { ClientId: 'machine', AllowedOAuthFlows: ['client_credentials'] })
    const clients = { web: clientWith([CODE]), machine }
    const now = { ...on(AFTER, []), clients }
    const backup = backupOf({ ...AFTER, clients: { web: clientWith([CODE]) } }, { ...now, clients: {} })
    expect(detached(now, backup)).toMatchObject({ to: { mfa: AFTER.mfa }, notes: [] })
  })

  test('that was optional goes without a word about what was required', () => {
    const optional = { ...BEFORE, mfa: { MfaConfiguration: 'OPTIONAL' } }
    expect(detached(optional, backupOf(BEFORE, { ...optional, clients: {} }))).toMatchObject({
      to: { mfa: BEFORE.mfa },
      notes: [],
    })
  })
})

describe('with a backup of the first format, which does not say how long sessions became', () => {
  const validFor = (minutes: number | null, flows: string[]): PoolState => ({
    ...AFTER,
    clients: { web: clientWith(flows, minutes === null ? {} : { AuthSessionValidity: minutes }) },
  })
  const backup = {
    ...ATTACH,
    before: { ...validFor(5, [SRP, REFRESH]), userPool: BEFORE.userPool },
    after: { ...AFTER, clients: { web: clientWith([CODE, REFRESH], { AuthSessionValidity: null }) } },
  }
  const minutesAfter = (now: PoolState, its: Backup = backup) =>
    detached(now, its).to.clients['web']?.['AuthSessionValidity']

  test('a longer session is as it was again', () => {
    expect(minutesAfter(validFor(10, [CODE, REFRESH]))).toBe(5)
  })

  test('a session that others made shorter stays', () => {
    expect(minutesAfter(validFor(3, [CODE, REFRESH]))).toBe(3)
    expect(minutesAfter(validFor(null, [CODE, REFRESH]))).toBeUndefined()
  })

  test('a session that is as long as it was stays', () => {
    expect(minutesAfter(validFor(5, [CODE, REFRESH]))).toBe(5)
  })

  test('where the backup says it, a session that others made longer since stays', () => {
    const said = { ...backup, after: validFor(15, [CODE, REFRESH]) }
    expect(minutesAfter(validFor(15, [CODE, REFRESH]), said)).toBe(5)
    expect(minutesAfter(validFor(20, [CODE, REFRESH]), said)).toBe(20)
  })

  test('a session of which nothing was said before is not spoken of again', () => {
    const silent = { ...backup, before: { ...validFor(null, [SRP]), userPool: BEFORE.userPool } }
    expect(minutesAfter(validFor(10, [CODE, REFRESH]), silent)).toBeUndefined()
    expect(minutesAfter(validFor(null, [CODE, REFRESH]), silent)).toBeUndefined()
  })
})

describe('a pool that is read', () => {
  let parent: string
  let folder: string
  let options: DetachOptions
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'detach-'))
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(parent, 'one-'))
    options = { ...OPTIONS, backupFile: join(folder, 'first.json') }
  })
  afterAll(() => rm(parent, { recursive: true }))

  const save = (name: string, backup: Backup) => writeBackup(join(folder, name), backup)

  /** Cognito with a pool in this state. */
  const cognitoOf = ({ userPool, mfa, clients }: PoolState) => {
    const denied = { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } }
    return scriptedCognito(({ ClientId }, operation) => {
      if (operation === 'ListUserImportJobs') return denied
      if (operation === 'DescribeUserPool') return { body: { UserPool: userPool } }
      if (operation === 'GetUserPoolMfaConfig') return mfa === undefined ? denied : { body: mfa }
      if (operation === 'DescribeUserPoolClient')
        return { body: { UserPoolClient: clients[String(ClientId)] ?? {} } }
      return { body: { UserPoolClients: Object.keys(clients).map(id => ({ ClientId: id })) } }
    })
  }

  test('gets a plan with the notes of reading it first', async () => {
    await save('first.json', ATTACH)
    const plan = await planDetach(cognitoOf({ ...AFTER, mfa: undefined, clients: {} }), options)
    expect(plan.notes).toEqual([
      expect.stringContaining('import jobs were not checked'),
      expect.stringContaining('MFA configuration could not be read'),
      'App clients of the backup that no longer exist are left out: web.',
    ])
    expect(plan.to.userPool).toEqual(BEFORE.userPool)
  })

  test('needs the app clients of --add-srp', async () => {
    await save('first.json', ATTACH)
    const planned = planDetach(cognitoOf(AFTER), { ...options, addSrp: ['web', 'phone'] })
    await expect(planned).rejects.toMatchObject({
      code: 'client-missing',
      message: 'App client phone does not exist in this user pool.',
    })
  })

  describe('on which there are other triggers by now', () => {
    const others = { ...AFTER, userPool: poolWith({ ...OURS, DefineAuthChallenge: 'other\u001b[2J' }) }
    const message =
      'Other triggers have been attached since this backup. Nothing was changed.\n' +
      '  DefineAuthChallenge: other[2J\n' +
      'Pass --replace to remove them.'

    test('is not detached', async () => {
      await save('first.json', ATTACH)
      await save('fix.json', backupOf(BEFORE, AFTER))
      await expect(planDetach(cognitoOf(others), options)).rejects.toMatchObject({
        code: 'other-triggers',
        message,
      })
    })

    test('is not detached, and the backup of the attach that put them there is named', async () => {
      await save('first.json', ATTACH)
      const triggers = { ...OURS, DefineAuthChallenge: 'other\u001b[2J' }
      await save('later.json', { ...ATTACH, triggers })
      await expect(planDetach(cognitoOf(others), options)).rejects.toMatchObject({
        message:
          `${message}\nA later attach put them there. To remove them with its backup first:\n` +
          `  npx cognito-email-code detach --user-pool-id ${POOL_ID} --region eu-central-1 --backup ${join(folder, 'later.json')}`,
      })
    })

    test('is not detached where a later attach put only one of them there, and each is named', async () => {
      await save('first.json', ATTACH)
      await save('later.json', { ...ATTACH, triggers: { ...OURS, DefineAuthChallenge: 'later' } })
      const lambdaConfig = { ...OURS, DefineAuthChallenge: 'later', CreateAuthChallenge: 'other' }
      const planned = planDetach(cognitoOf({ ...AFTER, userPool: poolWith(lambdaConfig) }), options)
      await expect(planned).rejects.toThrow(
        '\n  DefineAuthChallenge: later\n  CreateAuthChallenge: other\nPass --replace to remove them.\nA later attach put them there.',
      )
    })

    test.each([{ replace: true }, { everything: true }])('is detached with %j', async more => {
      await save('first.json', ATTACH)
      const plan = await planDetach(cognitoOf(others), { ...options, ...more })
      expect(plan.to.userPool).toEqual(BEFORE.userPool)
    })
  })

  test.each<[string, JsonObject]>([
    ['none', {}],
    ['those of the backup', OURS],
    ['those that were there before', { DefineAuthChallenge: 'own-define' }],
    ['some of those of the backup', { CreateAuthChallenge: 'create' }],
  ])('is detached where the triggers on it are %s', async (_, lambdaConfig) => {
    await save('first.json', {
      ...ATTACH,
      before: { ...BEFORE, userPool: poolWith({ DefineAuthChallenge: 'own-define' }) },
    })
    const open = { ...BEFORE, userPool: poolWith(lambdaConfig) }
    expect((await planDetach(cognitoOf(open), options)).command).toBe('detach')
  })

  test('is detached with a backup that set no trigger, whatever triggers are on it', async () => {
    await save('first.json', backupOf(BEFORE, BEFORE))
    const others = { ...AFTER, userPool: poolWith({ DefineAuthChallenge: 'other' }) }
    expect(namesOf((await planDetach(cognitoOf(others), options)).changes)).toBe('')
  })

  describe('afterwards', () => {
    const next = (name: string, more = '') =>
      `npx cognito-email-code detach --user-pool-id ${POOL_ID} --region eu-central-1 --backup ${join(folder, name)}${more}`

    test('needs nothing more where it is as before the first command', async () => {
      await save('first.json', ATTACH)
      await save('other.json', ATTACH)
      expect(await nextSteps(detached(AFTER, ATTACH), options)).toEqual([])
      expect(await nextSteps(detached(BEFORE, backupOf(BEFORE, BEFORE)), options)).toEqual([])
    })

    test('needs nothing more where the triggers of before are back', async () => {
      const userPool = poolWith({ DefineAuthChallenge: 'own-define' })
      const replaced = { ...ATTACH, before: { ...BEFORE, userPool } }
      await save('first.json', replaced)
      expect(await nextSteps(detached(AFTER, replaced), options)).toEqual([])
    })

    test('needs the newest of the other backups that still has something to put back', async () => {
      const earlier = {
        ...ATTACH,
        before: { ...BEFORE, userPool: poolWith({}, { DeletionProtection: 'OLD' }) },
      }
      await save('earlier.json', { ...earlier, madeAt: '2026-01-01T00:00:00.000Z' })
      const plan = detached(AFTER, { ...ATTACH, before: { ...AFTER, clients: BEFORE.clients } })
      expect(await nextSteps(plan, options)).toEqual([
        `Another backup of this pool in ${folder} has more to restore. Run next:\n  ${next('earlier.json')}`,
      ])
      await save('enable.json', { ...earlier, command: 'migrate enable' })
      expect(await nextSteps(plan, options)).toEqual([
        `Another backup of this pool in ${folder} has more to restore. First put users who were moved back, with migrate ` +
          `rollback. Run next:\n  ${next('enable.json')}`,
      ])
    })

    test('passes over a backup that could not be used now', async () => {
      await save('foreign.json', { ...ATTACH, triggers: { ...OURS, DefineAuthChallenge: 'other' } })
      const plan = detached(AFTER, { ...ATTACH, before: { ...AFTER, clients: BEFORE.clients } })
      expect(await nextSteps(plan, options)).toEqual([
        'The triggers stay on the pool: they were there before this backup was made. To remove them, run detach with the ' +
          'backup of the attach that put them there. If it is lost:\n' +
          `  ${next('first.json', ' --remove-triggers')}`,
      ])
    })
  })
})
