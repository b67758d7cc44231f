// migrate assess against AWS over HTTP: each line of the report, the cost, the plan, and the four forms that it is printed in.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type JsonObject, objectAt, stringAt } from '../../command/json.ts'
import { type StandIn, type StandInState, startAwsStandIn } from '../../testing/aws-stand-in.ts'
import { ARNS, CLIENT_ID, goodPool, POOL_ID } from '../../testing/example-pool.ts'
import { jsonOf, runIn } from '../../testing/pool-run.ts'
import { ASSESS_IDS } from './assess.ts'
import { runAssess } from './assess-command.ts'
import { costEstimate, totalOf } from './assess-cost.ts'
import { PLAN_PRICES, PRICES } from './assess-prices.ts'

let aws: StandIn
let folder: string

beforeAll(async () => {
  aws = await startAwsStandIn(goodPool())
  folder = await mkdtemp(join(tmpdir(), 'assess-'))
})
afterAll(async () => {
  await aws.stop()
  await rm(folder, { recursive: true })
})

beforeEach(() => {
  Object.assign(aws.state, goodPool())
  aws.calls.length = 0
  aws.interfere = () => undefined
})

const assess = (...args: string[]) => runIn(runAssess, aws.environment, ['--user-pool-id', POOL_ID, ...args])
const READY = ['--amplify-version', '6.22.0']

/** A pool that is ready for the native factor. */
function ready(): void {
  aws.state.userPool['EmailConfiguration'] = { EmailSendingAccount: 'DEVELOPER' }
}

async function report(...args: string[]): Promise<JsonObject> {
  const start = args.includes('--start') ? [] : ['--start', '2027-01-04']
  return jsonOf(await assess('--json', ...READY, ...start, ...args))
}

function lineOf(result: JsonObject, id: string): JsonObject {
  const lines = Array.isArray(result['lines']) ? result['lines'] : []
  return objectAt({ found: lines.find(line => stringAt(line, 'id') === id) ?? null }, 'found')
}

async function probeFile(lines: readonly JsonObject[]): Promise<string> {
  const file = join(folder, 'probe.json')
  await writeFile(file, JSON.stringify({ holds: true, userPoolId: POOL_ID, lines }))
  return file
}

test('a pool that sends by itself and recovers without e-mail has no blockers, and the next command is probe', async () => {
  ready()
  const result = await assess('--json', ...READY)
  expect(result).toMatchObject({ code: 0, err: '' })
  expect(jsonOf(result)).toMatchObject({
    fits: 'with-warnings',
    blockers: [],
    next: {
      command: `npx cognito-email-code probe --user-pool-id ${POOL_ID} --client-id ${CLIENT_ID}`,
    },
  })
})

test('it only reads, and makes no user an active one', async () => {
  ready()
  await report()
  const operations = new Set(aws.calls.map(({ operation }) => operation))
  expect([...operations].filter(name => !/^(Describe|Get|List|Simulate)/.test(name))).toEqual([])
  expect(operations).toContain('ListUsers')
})

test('every line that it can print has an id of its own, and a source', async () => {
  ready()
  aws.interfere = operation => (operation === 'ListIdentityProviders' ? 'deny' : undefined)
  const quota = objectAt(aws.state.ses['eu-central-1']?.account, 'SendQuota')
  quota['Max24HourSend'] = 1
  const result = await report()
  const lines = Array.isArray(result['lines']) ? result['lines'] : []
  expect(new Set(lines.map(line => stringAt(line, 'id')))).toEqual(new Set(ASSESS_IDS))
  for (const line of lines) expect(stringAt(line, 'source')).toMatch(/https:|unproven|this run/)
})

test('docs/native-mfa.md explains every line, in order', () => {
  const page = readFileSync('docs/native-mfa.md', 'utf8')
  const rows = [...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, id]) => id)
  expect(rows).toEqual([...ASSESS_IDS])
})

describe('blockers', () => {
  test.each<[string, string, (state: StandInState) => void]>([
    [
      'the Lite plan',
      'plan',
      ({ userPool }) => {
        userPool['UserPoolTier'] = 'LITE'
      },
    ],
    [
      'a pool that sends with the default of Cognito',
      'ses-sending',
      ({ userPool }) => {
        userPool['EmailConfiguration'] = { EmailSendingAccount: 'COGNITO_DEFAULT' }
      },
    ],
    [
      'a sandboxed SES account',
      'ses-account',
      ({ ses }) => void Object.assign(ses['eu-central-1']?.account ?? {}, { ProductionAccessEnabled: false }),
    ],
    [
      'password reset by e-mail alone',
      'account-recovery',
      ({ userPool }) => {
        userPool['AccountRecoverySetting'] = {
          RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }],
        }
      },
    ],
  ])('%s', async (_, id, spoil) => {
    ready()
    spoil(aws.state)
    const result = await assess('--json', ...READY)
    expect(result.code).toBe(1)
    expect(jsonOf(result)).toMatchObject({ fits: 'blocked', blockers: [id] })
    expect(stringAt(lineOf(jsonOf(result), id), 'todo')).not.toBe(undefined)
  })

  test('an Amplify that does not know the steps, and none given is a warning', async () => {
    ready()
    for (const version of ['5.3.11', '^6.7.9', '6'])
      expect(jsonOf(await assess('--json', '--amplify-version', version))['blockers']).toEqual(['amplify'])
    for (const version of ['6.8.0', '^6.22.0', '7.0.0'])
      expect(jsonOf(await assess('--json', '--amplify-version', version))['blockers']).toEqual([])
    expect(lineOf(jsonOf(await assess('--json')), 'amplify')).toMatchObject({ level: 'warning' })
  })

  test('a first sign-in that probe found broken', async () => {
    ready()
    const file = await probeFile([{ id: 'first-sign-in', verdict: 'broken', what: 'Tokens without a code.' }])
    const line = lineOf(await report('--probe', file), 'first-sign-in')
    expect(line).toMatchObject({ level: 'blocker', native: 'probe: broken. Tokens without a code.' })
  })
})

test('the loss of the password reset by e-mail is said loudly, in the report and in the text for users', async () => {
  ready()
  aws.state.userPool['AccountRecoverySetting'] = {
    RecoveryMechanisms: [
      { Name: 'verified_phone_number', Priority: 1 },
      { Name: 'verified_email', Priority: 2 },
    ],
  }
  const both = await report()
  expect(lineOf(both, 'account-recovery')).toMatchObject({
    level: 'warning',
    native: expect.stringContaining('EVERY USER WHO IS MOVED LOSES THE PASSWORD RESET BY E-MAIL'),
  })
  expect(JSON.stringify(both['plan'])).toContain('can no longer be reset by e-mail')
  aws.state.userPool['AccountRecoverySetting'] = { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] }
  expect(JSON.stringify((await report())['plan'])).not.toContain('can no longer be reset')
})

test('where recovery is the only blocker, the next command is the one that changes it', async () => {
  ready()
  aws.state.userPool['AccountRecoverySetting'] = {
    RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }],
  }
  expect(stringAt(await report(), 'next', 'command')).toBe(
    `npx cognito-email-code migrate enable --user-pool-id ${POOL_ID} --change-recovery admin --dry-run`,
  )
})

describe('warnings', () => {
  test.each<[string, string, (state: StandInState) => void]>([
    [
      'a code that lives longer than a session',
      'code-life',
      ({ functions }) => {
        variablesOf(functions)['CODE_TTL_SECONDS'] = '600'
      },
    ],
    [
      'a code of another length',
      'code-length',
      ({ functions }) => {
        variablesOf(functions)['CODE_LENGTH'] = '8'
      },
    ],
    [
      'devices that Cognito trusts',
      'devices',
      ({ userPool }) => {
        userPool['DeviceConfiguration'] = { ChallengeRequiredOnNewDevice: true }
      },
    ],
    [
      'an app client that signs in without the code',
      'app-clients',
      ({ clients }) => {
        clients['other'] = {
          UserPoolId: POOL_ID,
          ClientId: 'other',
          ClientName: 'old app',
          ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
        }
      },
    ],
    [
      'factors of their own',
      'other-factors',
      state => {
        state.mfa = { MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } }
      },
    ],
    [
      'a Define that asks moved users twice',
      'both-at-once',
      ({ functions }) => {
        objectAt(functions[ARNS.DefineAuthChallenge]?.configuration, 'Environment', 'Variables')[
          'NATIVE_MFA'
        ] = 'ask'
      },
    ],
    [
      'users without a verified address',
      'users',
      ({ users }) =>
        void users.push({ Username: 'ghost', Enabled: true, UserStatus: 'CONFIRMED', Attributes: [] }),
    ],
  ])('%s', async (_, id, spoil) => {
    ready()
    expect(lineOf(await report(), id)).toMatchObject({ level: 'same' })
    spoil(aws.state)
    expect(lineOf(await report(), id)).toMatchObject({ level: 'warning' })
  })

  test('what may not be read is said, and is not taken for good', async () => {
    ready()
    aws.interfere = operation =>
      ['ListUsers', 'GetUserPoolMfaConfig'].includes(operation) ? 'deny' : undefined
    const result = await report()
    expect(lineOf(result, 'users')).toMatchObject({
      level: 'warning',
      custom: 'The users could not be read.',
    })
    expect(stringAt(lineOf(result, 'not-read'), 'todo')).toContain('cognito-idp:ListUsers')
  })
})

test('a probe that saw the native factor at work settles the first sign-in, and enable is next', async () => {
  ready()
  const file = await probeFile([
    { id: 'native-factor', verdict: 'holds', what: 'The pool asks for its factor.' },
  ])
  const result = await report('--probe', file)
  expect(lineOf(result, 'first-sign-in')).toMatchObject({ level: 'same' })
  expect(stringAt(result, 'next', 'command')).toBe(
    `npx cognito-email-code migrate enable --user-pool-id ${POOL_ID} --dry-run`,
  )
})

describe('users and time', () => {
  test('what a sample shows is carried over to the whole pool, at the chosen rate', async () => {
    ready()
    aws.state.userPool['EstimatedNumberOfUsers'] = 100_000
    aws.state.users.push(
      { Username: 'a', Enabled: true, UserStatus: 'CONFIRMED', Attributes: [] },
      {
        Username: 'b',
        Enabled: true,
        UserStatus: 'CONFIRMED',
        Attributes: [{ Name: 'email', Value: 'b@example.com' }],
      },
      { Username: 'c', Enabled: true, UserStatus: 'CONFIRMED', Attributes: [] },
    )
    const result = await report('--sample', '4', '--rate', '20')
    expect(result['users']).toEqual({
      estimated: 100_000,
      looked: 4,
      withoutAddress: 1,
      unverified: 1,
      movable: 50_000,
      perSecond: 20,
      seconds: 2_500,
    })
    expect((await assess('--sample', '4', '--rate', '20')).out).toContain('that takes 42 min')
  })
})

describe('cost', () => {
  const input = {
    tier: 'LITE',
    activeUsers: 50_000,
    movedUsers: 80_000,
    signInsPerUser: 2,
    hasLimitTable: true,
  }

  test('the step from Lite to Essentials, and moving users who are not active, are counted', () => {
    const { custom, native, once } = costEstimate(input)
    expect(custom[0]?.dollars).toBeCloseTo(40_000 * 0.0055)
    expect(native[0]?.dollars).toBeCloseTo(40_000 * 0.015)
    expect(totalOf(once)).toBeCloseTo(30_000 * 0.015)
    expect(native[1]?.dollars).toBeCloseTo(10)
  })

  test('steps, free users and Plus', () => {
    const users = (tier: string, activeUsers: number) =>
      costEstimate({ ...input, tier, activeUsers, movedUsers: 0 }).custom[0]?.dollars
    expect(users('LITE', 10_000)).toBe(0)
    expect(users('LITE', 950_000)).toBeCloseTo(90_000 * 0.0055 + 850_000 * 0.0046)
    expect(users('PLUS', 1)).toBeCloseTo(0.02)
    expect(
      costEstimate({ ...input, tier: 'ESSENTIALS', activeUsers: 5, movedUsers: 10_000 }).once[0]?.dollars,
    ).toBe(0)
  })

  test('every price has a date, a source, and says whether it was verified', () => {
    const prices = [
      ...Object.values(PRICES),
      ...Object.values(PLAN_PRICES).flatMap(({ steps }) => steps.map(it => it.price)),
    ]
    for (const { date, source } of prices) {
      expect(date).toMatch(/^20\d\d-\d\d-\d\d$/)
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\//)
    }
    expect(new Set(prices.map(({ verified }) => verified))).toEqual(new Set([true, false]))
  })
})

test('the plan has its steps in order, each on a day from Monday to Thursday, with commands and texts', async () => {
  ready()
  for (const start of ['2027-01-04', '2027-01-08', '2027-01-09']) {
    const { plan } = await report('--start', start)
    const phases = Array.isArray(plan) ? plan : []
    expect(phases.map(phase => stringAt(phase, 'name'))).toEqual([
      'announce',
      'offer',
      'move',
      'move',
      'move',
      'move',
      'require',
    ])
    const dates = phases.map(phase => stringAt(phase, 'date') ?? '')
    expect(dates).toEqual(dates.toSorted())
    expect(new Set(dates).size).toBe(dates.length)
    for (const date of dates) expect([1, 2, 3, 4]).toContain(new Date(date).getUTCDay())
    expect(JSON.stringify(phases[0])).toContain(`From ${dates[2]} on`)
  }
})

describe('forms', () => {
  test('text names every line, the cost and the next command', async () => {
    const { out, code } = await assess(...READY)
    expect(code).toBe(1)
    for (const id of ASSESS_IDS.filter(it => !['ses-account', 'not-read'].includes(it)))
      expect(out).toContain(id)
    expect(out).toContain('Cost per month: $')
    expect(out).toContain(`Next: `)
  })

  test('a terminal gets lines that fit', async () => {
    const { out } = await runIn(runAssess, aws.environment, ['--user-pool-id', POOL_ID, ...READY], {
      typed: '',
    })
    expect(out).toContain('\u001b[')
  })

  test('HTML is one file that loads nothing, with three charts, and text from the pool stays text', async () => {
    ready()
    aws.state.userPool['Name'] = '<img src=x onerror=alert(1)>"&|'
    const { out } = await assess('--html', ...READY)
    expect(out.match(/<svg /g)).toHaveLength(3)
    expect(out).not.toContain('<img')
    expect(out).not.toMatch(/<(script|link|iframe)|src=(?!x)|href=|url\(|@import/)
    expect(out).toContain("default-src 'none'")
    expect(out.trimEnd().endsWith('</html>')).toBe(true)
    expect(out).not.toContain('NaN')
  })

  test('Markdown keeps its tables whole', async () => {
    ready()
    aws.state.userPool['Name'] = 'a|b\n# c'
    const { out } = await assess('--markdown', ...READY, '--start', '2027-01-04')
    const rows = out.split('\n').filter(line => line.startsWith('|'))
    const columns = rows.map(row => row.replaceAll('\\|', '').split('|').length)
    expect(new Set(columns)).toEqual(new Set([8, 4]))
    expect(out).not.toMatch(/^# c/m)
    expect(out).toContain('### 2027-01-04: announce')
  })
})

test('a report of probe on another pool is refused', async () => {
  const file = join(folder, 'probe.json')
  await writeFile(file, JSON.stringify({ holds: true, userPoolId: 'eu-central-1_OTHER', lines: [] }))
  const result = await assess('--json', '--probe', file)
  expect(result.code).toBe(2)
  expect(jsonOf(result)).toMatchObject({ code: 'probe-unreadable' })
  expect(result.err).toContain(`made of ${POOL_ID}`)
})

test('a report of probe that does not exist, and --factors 0, are errors before anything is read from AWS', async () => {
  const file = join(folder, 'none.json')
  const missing = await assess('--probe', file)
  expect(missing).toMatchObject({ code: 2, out: '' })
  expect(missing.err).toBe(
    `Cannot read --probe ${file}: there is no such file. Name the file that holds what probe --json printed.\n`,
  )
  expect((await assess('--factors', '0')).err).toContain('--factors must be an integer from 1')
  expect(aws.calls).toEqual([])
})

test.each([
  ['no pool', ['--json'], 'usage'],
  ['two forms', ['--user-pool-id', POOL_ID, '--json', '--html'], 'usage'],
  ['a day that does not exist', ['--user-pool-id', POOL_ID, '--json', '--start', '2027-13-01'], 'usage'],
  ['a rate of nothing', ['--user-pool-id', POOL_ID, '--json', '--rate', '0'], 'usage'],
  [
    'an Amplify version that is not a version',
    ['--user-pool-id', POOL_ID, '--json', '--amplify-version', 'x'],
    'usage',
  ],
  ['an option that it does not have', ['--user-pool-id', POOL_ID, '--json', '--yes'], 'usage'],
  [
    'a report of probe that is not there',
    ['--user-pool-id', POOL_ID, '--json', '--probe', 'no.json'],
    'probe-unreadable',
  ],
  ['a pool that does not exist', ['--user-pool-id', 'eu-central-1_OTHER', '--json'], 'not-found'],
])('%s is an error with a stable code', async (_, args, code) => {
  const result = await runIn(runAssess, aws.environment, args)
  expect(result.code).toBe(2)
  expect(jsonOf(result)).toMatchObject({ code })
})

function variablesOf(functions: StandInState['functions']): JsonObject {
  return objectAt(functions[ARNS.CreateAuthChallenge]?.configuration, 'Environment', 'Variables')
}
