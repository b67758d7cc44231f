// Hostile input for all four handlers and every reader of a file. npm run fuzz runs a million cases; npm test a small part of them.
// FUZZ_CASES=N and FUZZ_SEED=N say how many and which; a failure prints its seed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CommandError } from '../command/terminal.ts'
import { readBackup } from '../pool/backup.ts'
import { whyGuardIsNeeded } from '../pool/migrate/finish.ts'
import { Journal } from '../pool/migrate/journal.ts'
import { readProbeLines, readProbeReport } from '../pool/migrate/probe-report.ts'
import { eventsIn } from '../recording/log-export.ts'
import { recordedSignIns } from '../recording/recorded-sign-ins.ts'
import { type SesStandIn, startSesStandIn } from '../recording/ses-stand-in.ts'
import { SettingsError } from '../shared/errors.ts'
import { redactEvent } from '../shared/redaction.ts'
import { SETTINGS } from '../shared/setting-descriptors.ts'
import {
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from '../shared/settings.ts'
import { createEvent, defineEvent, tokenEvent, verifyEvent } from './sample-events.ts'

const CASES = Number(process.env['FUZZ_CASES'] ?? 1000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124)
const SECRET = 'ab'.repeat(32)
const SENTENCE = 'The code could not be sent. Please try again later'
/** For a whole test: a machine that is busy must not fail it. */
const TIMEOUT = 60_000 + CASES * 20
/** Processor time, which other work on the machine hardly changes. Most cases take under a millisecond; collecting garbage may take two seconds. */
const MOST_PROCESSOR_MS = 5000

async function holdInTime(hold: () => void | Promise<void>): Promise<void> {
  const before = process.cpuUsage()
  await hold()
  const { user, system } = process.cpuUsage(before)
  const milliseconds = (user + system) / 1000
  if (milliseconds > MOST_PROCESSOR_MS)
    throw new Error(`The case took ${milliseconds.toFixed(0)} ms of processor time.`)
}

/** Runs a property on its share of the cases, each in bounded time. */
function check<Case>(
  share: number,
  cases: fc.Arbitrary<Case>,
  hold: (one: Case) => void | Promise<void>,
): Promise<void> {
  return fc.assert(
    fc.asyncProperty(cases, one => holdInTime(() => hold(one))),
    { seed: SEED, numRuns: Math.max(50, Math.round(CASES * share)) },
  )
}

/** Words that mean something to the triggers, among any other text. */
const word = fc.oneof(
  fc.constantFrom(
    ...['SRP_A', 'PASSWORD_VERIFIER', 'CUSTOM_CHALLENGE', 'NEW_PASSWORD_REQUIRED', 'EMAIL_OTP', 'MFA_SETUP'],
    ...[
      'SMS_MFA',
      'EMAIL_CODE',
      'resend',
      'action',
      '__proto__',
      'constructor',
      '000000',
      'true',
      '-1',
      '1e999',
    ],
    ...['\u202e', '\u0000\r\nBcc: a@example.com', '"}{', 'person@example.com'],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const value = fc.letrec(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.constantFrom(null, undefined, true, false, 0, -1, Number.NaN, 1e308),
    fc.array(tie('any'), { maxLength: 6 }),
    fc.dictionary(word, tie('any'), { maxKeys: 6 }),
  ),
})).any

const entry = fc.oneof(
  value,
  fc.record({
    challengeName: fc.oneof(word, value),
    challengeResult: fc.oneof(fc.boolean(), value),
    challengeMetadata: fc.oneof(word, value),
  }),
)
/** Requests that are nearly right, and others. */
const request = fc.oneof(
  value,
  fc.record(
    {
      session: fc.oneof(fc.array(entry, { maxLength: 8 }), value),
      userAttributes: fc.oneof(fc.dictionary(word, word), value),
      clientMetadata: fc.oneof(fc.dictionary(word, word), value),
      privateChallengeParameters: fc.oneof(
        fc.record(
          { passwordStep: word, nonce: word, expiresAt: word, wrongCodes: word, keyId: word },
          { requiredKeys: [] },
        ),
        value,
      ),
      challengeAnswer: fc.oneof(word, value),
      userNotFound: value,
    },
    { requiredKeys: [] },
  ),
)

/** A password that was passed is the one thing that these sessions cannot invent: Cognito writes it. */
const hasPassed = (session: unknown, name: string) =>
  Array.isArray(session) && session.some(one => one?.challengeName === name && one?.challengeResult === true)

let ses: SesStandIn
let define: typeof import('../functions/define-auth-challenge.ts')['handler']
let create: typeof import('../functions/create-auth-challenge.ts')['handler']
let verify: typeof import('../functions/verify-auth-challenge-response.ts')['handler']
let guard: typeof import('../functions/pre-token-generation.ts')['handler']
let logged: string[]

beforeAll(async () => {
  // No mocks: they would keep the arguments of a million calls.
  const note = (line: unknown) => void logged.push(String(line))
  Object.assign(console, { info: note, warn: note, error: note })
  // A user who gets no mail waits as long as a mail takes, times 0.9 + 0.2 * random: here not at all.
  Math.random = () => -4.5
  ses = await startSesStandIn()
  ses.answerWith('accept')
  Object.assign(process.env, {
    CODE_SECRET: SECRET,
    FROM_ADDRESS: 'no-reply@example.com',
    RECORD_EVENTS: 'on',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SES: ses.url,
  })
  define = (await import('../functions/define-auth-challenge.ts')).handler
  create = (await import('../functions/create-auth-challenge.ts')).handler
  verify = (await import('../functions/verify-auth-challenge-response.ts')).handler
  guard = (await import('../functions/pre-token-generation.ts')).handler
})
afterAll(() => ses.close())
beforeEach(() => {
  logged = []
})

/** Neither the secret nor an address of the user. */
function expectNoLeak(text: string): void {
  expect(text).not.toContain(SECRET)
  expect(text).not.toContain('person@example.com')
}

/** An event of any shape around a request of any shape. JSON is all that Lambda passes on. */
const eventAround = (sample: object) =>
  fc
    .tuple(request, value, fc.boolean())
    .map(([inner, other, isEvent]) =>
      JSON.parse(JSON.stringify(isEvent ? { ...sample, request: inner } : (other ?? null))),
    )

const responseOf = (event: unknown): Record<string, unknown> =>
  typeof event === 'object' && event !== null && 'response' in event ? Object(event.response) : {}

describe('hostile events', () => {
  test(
    'no event makes Define or Verify throw, gives tokens, or puts a secret into a log',
    async () => {
      const events = fc.tuple(eventAround(defineEvent([])), eventAround(verifyEvent({}, '')))
      await check(0.3, events, async ([defining, verifying]) => {
        logged = []
        const step = responseOf(await define(defining))
        const session = defining?.request?.session
        if (step['issueTokens'] === true) {
          // Only what Cognito writes leads here: a passed password, and a passed factor after it.
          expect(hasPassed(session, 'PASSWORD_VERIFIER')).toBe(true)
          expect(hasPassed(session, 'CUSTOM_CHALLENGE') || hasPassed(session, 'EMAIL_OTP')).toBe(true)
        }
        expect(step['issueTokens'] === true && step['failAuthentication'] === true).toBe(false)
        const answer = responseOf(await verify(verifying))
        // Nobody can write a code without the secret: one in a million by chance, and seeded.
        expect(answer['answerCorrect']).toBe(false)
        expectNoLeak(logged.join())
      })
    },
    TIMEOUT,
  )

  test(
    'Create answers, or throws its one sentence',
    async () => {
      await check(0.02, eventAround(createEvent([])), async event => {
        logged = []
        try {
          const { privateChallengeParameters } = responseOf(await create(event))
          expect(JSON.stringify(privateChallengeParameters)).not.toMatch(/person@|ababab/)
        } catch (error) {
          expect(error).toHaveProperty('message', SENTENCE)
        }
        expectNoLeak(logged.join())
      })
    },
    TIMEOUT,
  )

  test(
    'Pre Token Generation passes the event on as it was, or refuses',
    async () => {
      const source = fc.oneof(
        word.map(name => `TokenGeneration_${name}`),
        word,
      )
      const events = fc
        .tuple(source, eventAround(tokenEvent('Authentication')))
        .map(([triggerSource, event]) => (event === null ? event : { ...event, triggerSource }))
      await check(0.1, events, async event => {
        logged = []
        const before = JSON.stringify(event)
        const passed = await guard(event).then(JSON.stringify, () => 'refused')
        expect([before, 'refused']).toContain(passed)
        expectNoLeak(logged.join())
      })
    },
    TIMEOUT,
  )
})

describe('hostile text', () => {
  test(
    'the redaction never throws, and lets no address through',
    async () => {
      await check(0.15, value, any => {
        expect(JSON.stringify(redactEvent(any)) ?? '').not.toContain('person@example.com')
      })
    },
    TIMEOUT,
  )

  test(
    'settings are accepted, or refused by an error without their value',
    async () => {
      const marked = word.map(text => `${text}SECRETVALUE`)
      const names = SETTINGS.map(({ name }) => name)
      const environment = fc.dictionary(fc.constantFrom(...names, 'AWS_REGION'), fc.oneof(word, marked))
      await check(0.18, environment, given => {
        for (const read of [
          readDefineSettings,
          readCreateSettings,
          readVerifySettings,
          readPreTokenSettings,
        ]) {
          try {
            read(given)
          } catch (error) {
            expect(error).toBeInstanceOf(SettingsError)
            expect(String(error)).not.toContain('SECRETVALUE')
          }
        }
      })
    },
    TIMEOUT,
  )

  const json = value.map(any => JSON.stringify(any) ?? 'null')
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    json,
    fc
      .array(fc.oneof(json, word, fc.constantFrom('[$LATEST]', '{', '2026-11-24T08:00:00.000Z')), {
        maxLength: 8,
      })
      .map(lines => lines.join('\n')),
    fc.tuple(json, fc.nat(40)).map(([whole, end]) => whole.slice(0, -end)),
    json.map(event => `timestamp,message\n1,"${event.replaceAll('"', '""')}"`),
    eventAround(defineEvent([])).map(event => JSON.stringify(event)),
  )

  test(
    'a log export is read, or refused with an error, and its sign-ins hold no address',
    async () => {
      await check(0.1, text, exported => {
        expect(JSON.stringify(recordedSignIns(exportedEvents(exported)))).not.toContain('person@example.com')
      })
    },
    TIMEOUT,
  )

  const POOL = 'eu-central-1_EXAMPLE00'
  /** Files of a migration that are nearly right: each line may be any that migrate or probe writes, or another. */
  const change = fc.constantFrom('move', 'restore', 'else', null)
  const journalLine = fc
    .record(
      {
        userPoolId: fc.oneof({ weight: 9, arbitrary: fc.constant(POOL) }, word),
        username: fc.oneof(word, value),
        sub: fc.oneof(word, value),
        intent: change,
        done: change,
        before: fc.oneof(fc.record({ list: fc.oneof(fc.array(word), value), preferred: word }), value),
      },
      { requiredKeys: ['userPoolId'] },
    )
    .map(line => JSON.stringify(line))
  const journal = fc
    .tuple(fc.array(fc.oneof({ weight: 9, arbitrary: journalLine }, text), { maxLength: 6 }), fc.boolean())
    .map(([lines, isWhole]) => lines.join('\n') + (isWhole ? '\n' : ''))
  const probe = fc
    .record(
      {
        userPoolId: fc.constant(POOL),
        holds: fc.oneof(fc.boolean(), value),
        lines: fc.oneof(
          fc.array(fc.oneof(fc.record({ id: word, verdict: word, what: word }, { requiredKeys: [] }), value)),
          value,
        ),
        firstSignInsBySrp: fc.oneof(fc.array(fc.record({ afterNewPassword: word })), value),
      },
      { requiredKeys: ['userPoolId'] },
    )
    .map(report => JSON.stringify(report))

  const readers: readonly Reader[] = [
    {
      name: 'a backup',
      share: 0.05,
      content: text,
      read: file => readBackup(file, POOL),
      codes: ['backup-unreadable', 'backup-of-other-pool'],
    },
    {
      name: 'the journal of a migration',
      share: 0.05,
      content: fc.oneof(journal, text),
      read: async file => (await Journal.read(file, POOL)).entries(),
      codes: ['journal-unreadable', 'journal-of-other-pool'],
    },
    {
      name: 'a report of probe',
      share: 0.05,
      content: fc.oneof(probe, text),
      read: async file => [
        whyGuardIsNeeded(await readProbeReport(file, POOL)),
        await readProbeLines(file, POOL),
      ],
      codes: ['probe-unreadable'],
    },
  ]

  test.each(readers)(
    '$name is read, or refused with a stable code',
    async ({ share, content, ...reader }) => {
      await inFile(async file => {
        await check(share, content, async written => {
          writeFileSync(file, written)
          expect(['read', ...reader.codes]).toContain(await outcomeOf(reader.read(file)))
        })
      })
    },
    TIMEOUT,
  )

  const pieces = [
    ...['{', '{\n', '{}\n', '{"a":', '[', '[$LATEST]{', '"', '\\"', '","', 'a,', '@a', ' ', '\n'],
    '2026-11-24T',
  ]
  /** What makes an export CSV, or a text in it worth a second look, and what a line of a journal begins with. */
  const starts = ['', 'timestamp,message\n1,"', '{"triggerSource":"', `{"userPoolId":"${POOL}","username":"`]
  test.each(pieces)('a hundred kilobytes of %j take no reader long', async piece => {
    for (const content of starts.map(start => start + piece.repeat(100_000 / piece.length))) {
      await holdInTime(() => void redactEvent({ request: { clientMetadata: { text: content } } }))
      await holdInTime(() => void exportedEvents(content))
      await inFile(async file => {
        writeFileSync(file, content)
        for (const { read, codes } of readers)
          await holdInTime(async () => expect(['read', ...codes]).toContain(await outcomeOf(read(file))))
      })
    }
  })

  test('brackets that close after ten thousand levels are read, or refused with a stable code', async () => {
    for (const [open, close] of [['[', ']'] as const, ['{"triggerSource":', '}'] as const]) {
      const content = `${open.repeat(10_000)}"a"${close.repeat(10_000)}`
      expect(exportedEvents(content)).toEqual([])
      expect(exportedEvents(`${content}\n${content}`)).toEqual([])
      expect(redactEvent(JSON.parse(content))).toEqual(expect.any(Object))
      await inFile(async file => {
        writeFileSync(file, content)
        for (const { read, codes } of readers)
          expect(['read', ...codes]).toContain(await outcomeOf(read(file)))
      })
    }
  })
})

type Reader = {
  readonly name: string
  readonly share: number
  readonly content: fc.Arbitrary<string>
  readonly read: (file: string) => Promise<unknown>
  readonly codes: readonly string[]
}

/** None for an export that is refused. */
function exportedEvents(text: string): ReturnType<typeof eventsIn> {
  try {
    return eventsIn(text)
  } catch (error) {
    expect(error).toHaveProperty('code', 'export-unreadable')
    return []
  }
}

async function inFile(use: (file: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-'))
  try {
    await use(join(directory, 'hostile.json'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** `read`, the stable code of a refusal, or what else was thrown. */
function outcomeOf(reading: Promise<unknown>): Promise<string> {
  return reading.then(
    () => 'read',
    error => (error instanceof CommandError ? error.code : String(error)),
  )
}
