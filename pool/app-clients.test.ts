// What an app client allows, by the flows that it lists, and which flows a command would give it.
import { describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../command/json.ts'
import { readPreTokenSettings } from '../shared/settings.ts'
import {
  asksForCode,
  canOnlyAskForCode,
  flowsOf,
  flowsOfNativeFactor,
  flowsWith,
  flowsWithoutCode,
  guardedClientIds,
  hostedUiClients,
  isForMachines,
  sessionMinutesOf,
  wantedFlows,
  wantedSessionMinutes,
  withoutRefreshConflict,
} from './app-clients.ts'

const CODE = 'ALLOW_CUSTOM_AUTH'
const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'
const PASSWORD = 'ALLOW_USER_PASSWORD_AUTH'
const ADMIN = 'ALLOW_ADMIN_USER_PASSWORD_AUTH'
const FLOWS = [CODE, REFRESH, SRP, PASSWORD, ADMIN, 'ALLOW_USER_AUTH']
const OLD_FLOWS = ['CUSTOM_AUTH_FLOW_ONLY', 'USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH']

const listing = (...flows: string[]): JsonObject => ({ ExplicitAuthFlows: flows })
const ROTATION = { RefreshTokenRotation: { Feature: 'ENABLED' } }
const rotating = (...flows: string[]): JsonObject => ({ ...listing(...flows), ...ROTATION })

function subsetsOf(names: readonly string[]): string[][] {
  const [first, ...rest] = names
  if (first === undefined) return [[]]
  return subsetsOf(rest).flatMap(subset => [subset, [first, ...subset]])
}

/** Every list of flows that a client can have, with and without rotation. */
const CLIENTS = [{}, ...[FLOWS, OLD_FLOWS].flatMap(subsetsOf).map(flows => listing(...flows))].flatMap(
  client => [client, { ...client, ...ROTATION }],
)

describe('the flows in force', () => {
  test('are those that the client lists', () => {
    expect(flowsOf(listing(SRP, CODE))).toEqual([SRP, CODE])
  })

  test.each<[string, JsonObject]>([
    ['says nothing', {}],
    ['lists none', listing()],
  ])('are refresh, SRP and custom for a client that %s', (_, client) => {
    expect(flowsOf(client)).toEqual([REFRESH, SRP, CODE])
  })
})

describe('flows that end in tokens without the code', () => {
  test.each<[string, JsonObject, string[]]>([
    ['the custom flow and refresh are not among them', listing(CODE, REFRESH), []],
    ['the old custom flow alone is not one', listing('CUSTOM_AUTH_FLOW_ONLY'), []],
    ['a password is one', listing(CODE, SRP, PASSWORD), [SRP, PASSWORD]],
    ['the choice of a first factor is one', listing('ALLOW_USER_AUTH', CODE), ['ALLOW_USER_AUTH']],
    ['a flow for servers is one', listing(CODE, ADMIN), [ADMIN]],
    ['a flow that nobody knows yet is one', listing(CODE, 'ALLOW_TOMORROW'), ['ALLOW_TOMORROW']],
    ['no list leaves SRP open', {}, [SRP]],
    [
      'an old name leaves SRP open as well',
      listing('USER_PASSWORD_AUTH'),
      ['USER_PASSWORD_AUTH', 'USER_SRP_AUTH (implied)'],
    ],
    [
      'the old custom flow closes SRP, and not the flow beside it',
      listing('CUSTOM_AUTH_FLOW_ONLY', 'ADMIN_NO_SRP_AUTH'),
      ['ADMIN_NO_SRP_AUTH'],
    ],
    ['beside a name of today, another one implies nothing', listing(CODE, 'TOMORROW'), ['TOMORROW']],
  ])('%s', (_, client, expected) => {
    expect(flowsWithoutCode(client)).toEqual(expected)
  })
})

test.each<[string, JsonObject, boolean]>([
  ['that lists the custom flow asks', listing(SRP, CODE), true],
  ['with the old name of the custom flow asks', listing('CUSTOM_AUTH_FLOW_ONLY'), true],
  ['whose flows nobody chose can ask', {}, true],
  ['that lists only other flows does not', listing(SRP, REFRESH), false],
])('a client %s for the code', (_, client, expected) => {
  expect(asksForCode(client)).toBe(expected)
})

describe('a client that is to ask for the code', () => {
  test.each<[string, JsonObject, string[]]>([
    ['keeps refresh', listing(SRP, REFRESH), [CODE, REFRESH]],
    ['gets no refresh that it did not have', listing(SRP), [CODE]],
    ['keeps the refresh of the default flows', {}, [CODE, REFRESH]],
    ['keeps the refresh that old names imply', listing('USER_PASSWORD_AUTH'), [CODE, REFRESH]],
    ['loses refresh where its refresh tokens rotate', rotating(SRP, REFRESH), [CODE]],
    ['keeps the old custom flow alone', listing('CUSTOM_AUTH_FLOW_ONLY'), ['CUSTOM_AUTH_FLOW_ONLY']],
    [
      'loses what stood beside the old custom flow',
      listing('CUSTOM_AUTH_FLOW_ONLY', 'ADMIN_NO_SRP_AUTH'),
      [CODE, REFRESH],
    ],
    ['loses another flow that is its only one', listing(PASSWORD), [CODE]],
  ])('%s', (_, client, expected) => {
    expect(wantedFlows(client)).toEqual(expected)
  })

  test('has no other way in afterwards, whatever it allowed before', () => {
    const open = CLIENTS.filter(client => {
      const after = { ...client, ExplicitAuthFlows: wantedFlows(client) }
      return !canOnlyAskForCode(after) || wantedFlows(after).join() !== wantedFlows(client).join()
    })
    expect(open).toEqual([])
  })
})

describe('one more flow', () => {
  test.each<[string, JsonObject, string[]]>([
    ['goes behind those that the client lists', listing(SRP, REFRESH), [SRP, REFRESH, CODE]],
    ['is not listed twice', listing(CODE, SRP), [CODE, SRP]],
    ['writes out the default flows', {}, [REFRESH, SRP, CODE]],
    [
      'writes old names as those of today, and what they imply',
      listing('USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH'),
      [PASSWORD, ADMIN, REFRESH, SRP, CODE],
    ],
    [
      'does not open SRP where the old custom flow closed it',
      listing('CUSTOM_AUTH_FLOW_ONLY', 'USER_PASSWORD_AUTH'),
      [CODE, PASSWORD, REFRESH],
    ],
    ['leaves a name without ALLOW_ beside names of today', listing(CODE, 'TOMORROW'), [CODE, 'TOMORROW']],
    ['keeps a name that nobody knows', listing('TOMORROW'), ['TOMORROW', REFRESH, SRP, CODE]],
  ])('%s', (_, client, expected) => {
    expect(flowsWith(client, CODE)).toEqual(expected)
  })

  test('takes none away, and mixes no old names with those of today', () => {
    const wrong = CLIENTS.filter(client => {
      const flows = flowsWith(client, SRP)
      const lost = flowsOf(client).filter(flow => flow.startsWith('ALLOW_') && !flows.includes(flow))
      return lost.length > 0 || !flows.includes(SRP) || !flows.every(flow => flow.startsWith('ALLOW_'))
    })
    expect(wrong).toEqual([])
  })
})

describe("a client for Cognito's own factor", () => {
  test.each<[string, JsonObject, string[]]>([
    ['has SRP in place of the custom flow', listing(CODE, REFRESH), [REFRESH, SRP]],
    ['keeps its other flows', listing(PASSWORD, CODE), [PASSWORD, SRP]],
    ['has SRP in place of the old custom flow', listing('CUSTOM_AUTH_FLOW_ONLY'), [REFRESH, SRP]],
  ])('%s', (_, client, expected) => {
    expect(flowsOfNativeFactor(client)).toEqual(expected)
  })
})

describe('a client that rotates its refresh tokens', () => {
  test('goes without the refresh flow, and keeps the others', () => {
    expect(withoutRefreshConflict({ ClientId: 'web', ...rotating(CODE, REFRESH, SRP) })).toEqual({
      ClientId: 'web',
      ...rotating(CODE, SRP),
    })
  })

  test('lists the default flows less refresh where it listed none', () => {
    expect(withoutRefreshConflict(ROTATION)).toEqual(rotating(SRP, CODE))
  })

  test.each<[string, JsonObject]>([
    ['without a refresh flow', rotating(CODE, SRP)],
    ['with a refresh flow, but without rotation', listing(CODE, REFRESH)],
    ['whose rotation is off', { ...listing(CODE, REFRESH), RefreshTokenRotation: { Feature: 'DISABLED' } }],
  ])('is unlike a client %s, which stays as it is', (_, client) => {
    expect(withoutRefreshConflict(client)).toEqual(client)
  })

  test('gets no flow for the one that goes: no list means the default flows, SRP among them', () => {
    const opened = CLIENTS.filter(client =>
      flowsOf(withoutRefreshConflict(client)).some(flow => !flowsOf(client).includes(flow)),
    )
    expect(opened).toEqual([])
  })
})

test.each<[string, JsonObject, boolean]>([
  ['lists the custom flow and refresh', listing(CODE, REFRESH), true],
  ['allows a password as well', listing(CODE, PASSWORD), false],
  ['only refreshes', listing(REFRESH), false],
  ['is for machines', { ...listing(CODE), AllowedOAuthFlows: ['client_credentials'] }, false],
])('users have the code as their only way in: a client that %s, %j: %s', (_, client, expected) => {
  expect(canOnlyAskForCode(client)).toBe(expected)
})

describe('the session of a sign-in', () => {
  test('is three minutes long where the client says nothing', () => {
    expect(sessionMinutesOf({})).toBe(3)
    expect(sessionMinutesOf({ AuthSessionValidity: 5 })).toBe(5)
  })

  test.each<[string, number, number, number]>([
    ['is as long as the code is valid', 3, 600, 10],
    ['is in whole minutes, and never shorter than the code', 3, 181, 4],
    ['is not made shorter', 15, 180, 15],
  ])('%s', (_, minutes, seconds, expected) => {
    expect(wantedSessionMinutes({ AuthSessionValidity: minutes }, seconds)).toBe(expected)
  })
})

describe('local users sign in through the hosted UI', () => {
  const hosted: JsonObject = {
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['client_credentials', 'code'],
    SupportedIdentityProviders: ['Example', 'COGNITO'],
  }

  test.each<[string, JsonObject]>([
    ['a domain', { Domain: 'people' }],
    ['a domain of its own', { CustomDomain: 'login.example.com' }],
  ])('of a pool with %s', (_, userPool) => {
    expect(hostedUiClients(userPool, [hosted])).toEqual([hosted])
  })

  test.each<[string, JsonObject, JsonObject]>([
    ['without a domain', {}, hosted],
    [
      'by a client whose OAuth is off',
      { Domain: 'people' },
      { ...hosted, AllowedOAuthFlowsUserPoolClient: false },
    ],
    [
      'by a client for machines',
      { Domain: 'people' },
      { ...hosted, AllowedOAuthFlows: ['client_credentials'] },
    ],
    ['by a client without an OAuth flow', { Domain: 'people' }, { ...hosted, AllowedOAuthFlows: [] }],
    [
      'by a client for federated users',
      { Domain: 'people' },
      { ...hosted, SupportedIdentityProviders: ['Example'] },
    ],
  ])('but not %s', (_, userPool, client) => {
    expect(hostedUiClients(userPool, [client])).toEqual([])
  })
})

describe('a client for machines', () => {
  const machine: JsonObject = { AllowedOAuthFlows: ['client_credentials'] }

  test.each<[string, JsonObject]>([
    ['whose other flows nobody chose', machine],
    ['whose list of flows is empty, which is the same', { ...machine, ...listing() }],
    ['that lists refresh only', { ...machine, ...listing(REFRESH) }],
  ])('is one %s', (_, client) => {
    expect(isForMachines(client)).toBe(true)
  })

  test.each<[string, JsonObject]>([
    ['that lists a password flow', { ...machine, ...listing(PASSWORD) }],
    [
      'with an OAuth flow for users beside that for machines',
      { AllowedOAuthFlows: ['client_credentials', 'code'] },
    ],
    ['with an OAuth flow for users', { AllowedOAuthFlows: ['code'] }],
    ['without OAuth', {}],
  ])('is not one %s', (_, client) => {
    expect(isForMachines(client)).toBe(false)
  })
})

test.each<[string | undefined, string[] | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['  ', undefined],
  ['all', undefined],
  [' all ', undefined],
  ['none', ['none']],
  ['1webexample', ['1webexample']],
  [' 1webexample , 2phoneexample ', ['1webexample', '2phoneexample']],
])('GUARDED_CLIENT_IDS is read as the guard reads it: %j is %j', (setting, expected) => {
  expect(guardedClientIds(setting)).toEqual(expected)
  expect(readPreTokenSettings({ GUARDED_CLIENT_IDS: setting }).guardedClientIds).toEqual(expected)
})
