// What a plan names as changed, and what it keeps Cognito from refusing.
import { describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../command/json.ts'
import { scriptedCognito } from '../testing/scripted-cognito.ts'
import {
  changedClients,
  detachCommand,
  lowersMfa,
  mfaDiffers,
  nameOf,
  namesOf,
  plannedChanges,
  planOf,
  refuseDuringImport,
  servesCode,
  shownName,
  stopsRequiringMfa,
  strandedClients,
  unreadNotes,
} from './plan.ts'
import type { PoolState } from './user-pool.ts'

const POOL_ID = 'eu-central-1_EXAMPLE00'
const CODE = 'ALLOW_CUSTOM_AUTH'
const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH'
const SRP = 'ALLOW_USER_SRP_AUTH'

const stateWith = (parts: Partial<PoolState>): PoolState => ({ userPool: {}, mfa: {}, clients: {}, ...parts })
const withMfa = (mode: string | undefined): PoolState =>
  stateWith({ mfa: mode === undefined ? undefined : { MfaConfiguration: mode } })
const client = (flows: string[], more: JsonObject = {}): JsonObject => ({
  ClientId: 'web',
  ExplicitAuthFlows: flows,
  ...more,
})
const planFor = (from: PoolState, to: PoolState) =>
  planOf({ command: 'attach', userPoolId: POOL_ID, from, to, notes: [], triggers: {} })

describe('the changes of a plan', () => {
  test('name the pool, then MFA, then each app client, with the value before and after', () => {
    const from = stateWith({
      userPool: { MfaConfiguration: 'OFF' },
      mfa: { MfaConfiguration: 'OFF' },
      clients: { web: client([SRP]), phone: client([SRP]) },
    })
    const to = stateWith({
      userPool: { MfaConfiguration: 'ON' },
      mfa: { MfaConfiguration: 'ON' },
      clients: { web: client([CODE]), phone: client([SRP]) },
    })
    const changes = plannedChanges(from, to)
    expect(changes).toEqual([
      { target: 'user pool', path: 'MfaConfiguration', before: 'OFF', after: 'ON' },
      { target: 'MFA', path: 'MfaConfiguration', before: 'OFF', after: 'ON' },
      { target: 'app client web', path: 'ExplicitAuthFlows', before: [SRP], after: [CODE] },
    ])
    expect(namesOf(changes)).toBe(
      'user pool MfaConfiguration, MFA MfaConfiguration, app client web ExplicitAuthFlows',
    )
    expect(changedClients({ from, to })).toEqual(['web'])
  })

  test('are about the app clients of the wanted state only', () => {
    const from = stateWith({ clients: { web: client([SRP]) } })
    expect(plannedChanges(from, stateWith({}))).toEqual([])
    expect(changedClients({ from, to: stateWith({}) })).toEqual([])
  })

  test('name every member of an app client that was not known before', () => {
    const to = stateWith({ clients: { web: { ClientId: 'web', ClientName: 'Web' } } })
    expect(namesOf(plannedChanges(stateWith({}), to))).toBe(
      'app client web ClientId, app client web ClientName',
    )
    expect(changedClients({ from: stateWith({}), to })).toEqual(['web'])
  })

  test.each<[string, JsonObject | undefined, JsonObject | undefined]>([
    ['before', undefined, { MfaConfiguration: 'ON' }],
    ['afterwards', { MfaConfiguration: 'ON' }, undefined],
  ])('say nothing of an MFA configuration that could not be read %s', (_, before, after) => {
    const [from, to] = [stateWith({ mfa: before }), stateWith({ mfa: after })]
    expect(plannedChanges(from, to)).toEqual([])
    expect(mfaDiffers(from, to)).toBe(false)
  })

  test('say whether the MFA configuration is among them', () => {
    expect(mfaDiffers(withMfa('ON'), withMfa('OPTIONAL'))).toBe(true)
    expect(mfaDiffers(withMfa('ON'), withMfa('ON'))).toBe(false)
  })
})

describe('an object in the changes', () => {
  const changesOf = (before: JsonObject, after: JsonObject) =>
    plannedChanges(stateWith({ mfa: before }), stateWith({ mfa: after }))
  const email = { Message: '{####}', Subject: 'Your code' }

  test('that appears is shown member by member', () => {
    expect(changesOf({}, { EmailMfaConfiguration: email })).toEqual([
      { target: 'MFA', path: 'EmailMfaConfiguration.Message', before: null, after: '{####}' },
      { target: 'MFA', path: 'EmailMfaConfiguration.Subject', before: null, after: 'Your code' },
    ])
  })

  test('that goes is shown member by member', () => {
    expect(changesOf({ EmailMfaConfiguration: email }, {})).toEqual([
      { target: 'MFA', path: 'EmailMfaConfiguration.Message', before: '{####}', after: null },
      { target: 'MFA', path: 'EmailMfaConfiguration.Subject', before: 'Your code', after: null },
    ])
  })

  test('that is empty is shown as it is', () => {
    const change = { target: 'MFA', path: 'EmailMfaConfiguration' }
    expect(changesOf({}, { EmailMfaConfiguration: {} })).toEqual([{ ...change, before: null, after: {} }])
    expect(changesOf({ EmailMfaConfiguration: {} }, {})).toEqual([{ ...change, before: {}, after: null }])
  })

  test('that takes the place of a text, or gives way to one, is shown as it is', () => {
    const change = { target: 'MFA', path: 'EmailMfaConfiguration' }
    expect(changesOf({ EmailMfaConfiguration: 'old' }, { EmailMfaConfiguration: email })).toEqual([
      { ...change, before: 'old', after: email },
    ])
    expect(changesOf({ EmailMfaConfiguration: email }, { EmailMfaConfiguration: 'new' })).toEqual([
      { ...change, before: email, after: 'new' },
    ])
  })
})

describe('a plan', () => {
  const rotation = { RefreshTokenRotation: { Feature: 'ENABLED' } }

  test('changes an app client that rotates its refresh tokens to flows that Cognito takes', () => {
    const from = stateWith({ clients: { web: client([SRP], rotation) } })
    const to = stateWith({ clients: { web: client([CODE, REFRESH], rotation) } })
    const plan = planFor(from, to)
    expect(plan.to.clients).toEqual({ web: client([CODE], rotation) })
    expect(plan.changes).toEqual([
      { target: 'app client web', path: 'ExplicitAuthFlows', before: [SRP], after: [CODE] },
    ])
  })

  test('changes nothing where only what Cognito would refuse was wanted', () => {
    const from = stateWith({ clients: { web: client([CODE], rotation) } })
    const to = stateWith({ clients: { web: client([CODE, REFRESH], rotation) } })
    expect(planFor(from, to).changes).toEqual([])
  })

  test('leaves an app client that it does not change, whatever its flows are', () => {
    const state = stateWith({ clients: { web: client([CODE, REFRESH], rotation) } })
    expect(planFor(state, state)).toMatchObject({ to: state, changes: [] })
  })

  test('corrects an app client that was not known before as well', () => {
    const to = stateWith({ clients: { web: client([CODE, REFRESH], rotation) } })
    expect(planFor(stateWith({}), to).to.clients).toEqual({ web: client([CODE], rotation) })
  })

  test('keeps everything else that it was given', () => {
    const to = stateWith({ userPool: { Id: POOL_ID }, mfa: { MfaConfiguration: 'ON' } })
    const parts = {
      command: 'detach',
      userPoolId: POOL_ID,
      from: stateWith({}),
      to,
      notes: ['a note'],
      triggers: { DefineAuthChallenge: 'arn' },
      keepsPart: true,
    } as const
    expect(planOf(parts)).toMatchObject(parts)
  })
})

test.each<[string | undefined, string | undefined, { stops: boolean; lowers: boolean }]>([
  ['ON', 'ON', { stops: false, lowers: false }],
  ['ON', 'OPTIONAL', { stops: true, lowers: true }],
  ['ON', 'OFF', { stops: true, lowers: true }],
  ['OPTIONAL', 'ON', { stops: false, lowers: false }],
  ['OPTIONAL', 'OPTIONAL', { stops: false, lowers: false }],
  ['OPTIONAL', 'OFF', { stops: false, lowers: true }],
  ['OFF', 'ON', { stops: false, lowers: false }],
  ['OFF', 'OPTIONAL', { stops: false, lowers: false }],
  ['OFF', 'OFF', { stops: false, lowers: false }],
  ['OFF', undefined, { stops: false, lowers: false }],
  [undefined, 'OFF', { stops: false, lowers: false }],
  ['ON', undefined, { stops: true, lowers: true }],
  [undefined, undefined, { stops: false, lowers: false }],
])('from MFA %s to %s: %j', (before, after, { stops, lowers }) => {
  expect(stopsRequiringMfa(withMfa(before), withMfa(after))).toBe(stops)
  expect(lowersMfa(withMfa(before), withMfa(after))).toBe(lowers)
})

describe('users are left without a way to sign in', () => {
  const clients = { web: client([CODE, REFRESH]), phone: client([CODE, SRP]), server: client([SRP]) }

  test('by clients with nothing but the code, on a pool that does not decide on it', () => {
    expect(strandedClients(stateWith({ clients }))).toEqual(['web'])
    const userPool = { LambdaConfig: { CreateAuthChallenge: 'arn', VerifyAuthChallengeResponse: 'arn' } }
    expect(strandedClients(stateWith({ userPool, clients }))).toEqual(['web'])
  })

  test('but by none on a pool that has the trigger', () => {
    const userPool = { LambdaConfig: { DefineAuthChallenge: 'arn' } }
    expect(servesCode(userPool)).toBe(true)
    expect(strandedClients(stateWith({ userPool, clients }))).toEqual([])
  })
})

describe('names from Cognito', () => {
  test('are printed without what could move the cursor', () => {
    expect(nameOf({ ClientId: 'web', ClientName: 'Web\u001b[2J' })).toBe('web (Web[2J)')
    expect(shownName({ Name: 'people\u001b[2J' })).toBe('people[2J')
  })

  test('may be missing', () => {
    expect(shownName({})).toBe('')
    expect(nameOf(undefined)).toBe('undefined (undefined)')
  })
})

test('the command to put a backup back names the region of the pool, and quotes the file', () => {
  expect(detachCommand(POOL_ID, "o'neill.json")).toBe(
    `npx cognito-email-code detach --user-pool-id ${POOL_ID} --region eu-central-1 --backup 'o'\\''neill.json'`,
  )
  expect(detachCommand(POOL_ID, 'backup.json', { everything: true, 'add-srp': 'web' })).toMatch(
    / --backup backup\.json --everything --add-srp web$/,
  )
})

test('an MFA configuration that could not be read is a note, and one that could is not', () => {
  expect(unreadNotes(stateWith({ mfa: {} }))).toEqual([])
  expect(unreadNotes(stateWith({ mfa: undefined }))).toEqual([
    'The MFA configuration could not be read (cognito-idp:GetUserPoolMfaConfig), so it is neither in the backup nor ' +
      'compared after the update.',
  ])
})

describe('while users are imported', () => {
  const answering = (status: number, body: JsonObject) => scriptedCognito(() => ({ status, body }))
  const jobs = (...list: { JobId?: string; Status: string }[]) => answering(200, { UserImportJobs: list })

  test.each(['Pending', 'InProgress', 'Stopping'])('nothing is planned: a job is %s', async Status => {
    const aws = jobs({ JobId: 'import-1', Status: 'Succeeded' }, { JobId: 'import-2', Status })
    await expect(refuseDuringImport(aws, POOL_ID)).rejects.toMatchObject({
      code: 'import-running',
      message:
        `The user import job import-2 is running (${Status}), and Cognito refuses updates while it is. ` +
        'Nothing was changed. Wait until it is complete, or stop it:\n' +
        `  aws cognito-idp stop-user-import-job --user-pool-id ${POOL_ID} --region eu-central-1 --job-id import-2`,
    })
    expect(aws.inputs).toEqual([{ UserPoolId: POOL_ID, MaxResults: 60 }])
  })

  test('nothing is planned, also where Cognito does not name the job', async () => {
    const refused = refuseDuringImport(jobs({ Status: 'Pending' }), POOL_ID)
    await expect(refused).rejects.toThrow(/^The user import job {2}is running \(Pending\).*-central-1$/s)
  })

  test.each(['Created', 'Expired', 'Stopped', 'Failed', 'Succeeded'])(
    'and a job that is %s does not count',
    async Status => {
      expect(await refuseDuringImport(jobs({ JobId: 'import-1', Status }), POOL_ID)).toEqual([])
    },
  )

  test('and a pool without jobs has no note', async () => {
    expect(await refuseDuringImport(jobs(), POOL_ID)).toEqual([])
    expect(await refuseDuringImport(answering(200, {}), POOL_ID)).toEqual([])
  })

  test.each(['AccessDeniedException', 'UnknownOperationException'])(
    'and where the jobs may not be read (%s), that is a note',
    async name => {
      const aws = answering(400, { __type: name, message: 'not\nhere' })
      expect(await refuseDuringImport(aws, POOL_ID)).toEqual([
        `The user import jobs were not checked (${name}: not here). Cognito refuses updates while one is running.`,
      ])
    },
  )

  test('and any other error is one', async () => {
    const aws = answering(400, { __type: 'ResourceNotFoundException', message: 'no such pool' })
    await expect(refuseDuringImport(aws, POOL_ID)).rejects.toThrow('no such pool')
  })
})
