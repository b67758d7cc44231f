// The import of log exports: every format, nothing personal left, and the folders replay through the built triggers.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  objectAt,
  parseJsonObject,
} from '../command/json.ts'
import { redactEvent } from '../shared/redaction.ts'
import { runImport } from './import-command.ts'

const EMAIL = 'Ada.Lovelace@analytical.example'
const SUB = 'd4a8e4d8-3051-70e5-9c3b-1234567890ab'
const PERSONAL = [
  'Ada',
  'Lovelace',
  'analytical',
  SUB,
  '421337',
  '987654',
  '+442071234567',
  'AbCdEf123',
  'realclientid',
]

let directory: string
let out: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'events-'))
  out = join(directory, 'out')
})

const filesOf = (folder: string) =>
  readdirSync(`events/${folder}`)
    .filter(file => /^\d\d-[\w-]+\.json$/.test(file))
    .toSorted()

/** The events of a recorded sign-in as a pool in use would send them: a real person, real ids, a real answer. */
function realEvents(folder: string): JsonObject[] {
  return filesOf(folder).map(file => {
    const event = parseJsonObject(readFileSync(`events/${folder}/${file}`, 'utf8'))
    const request = objectAt(event, 'request')
    const userAttributes = {
      ...objectAt(request, 'userAttributes'),
      sub: SUB,
      email: EMAIL,
      phone_number: '+442071234567',
      'custom:employee': '421337',
    }
    const answer = request['challengeAnswer'] === undefined ? {} : { challengeAnswer: '987654' }
    return {
      ...event,
      userPoolId: 'eu-central-1_AbCdEf123',
      userName: SUB,
      callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: '4kq7realclientid0000000000' },
      request: { ...request, userAttributes, ...answer },
    }
  })
}

const SIGN_IN = realEvents('wrong-code-then-right')
const AT = Date.UTC(2026, 0, 2, 3, 4, 5)
const iso = (index: number) => new Date(AT + index * 1000).toISOString()
const lambdaLine = (event: JsonObject, index: number): JsonObject => ({
  timestamp: iso(index),
  level: 'INFO',
  requestId: '0155829e-5b57-4b78-8530-2c70d0379df9',
  message: { event: 'recorded-event', recorded: event },
})
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const NOISE = [
  'START RequestId: 0155829e-5b57-4b78-8530-2c70d0379df9 Version: $LATEST',
  '{"time":"2026-01-02T03:04:05Z","type":"platform.report","record":{"metrics":{"durationMs":3.1}}}',
  '{"timestamp":"2026-01-02T03:04:05Z","level":"INFO","message":{"event":"code-sent","milliseconds":80}}',
  'a line with { an open bracket',
]

const FORMATS: [string, (events: JsonObject[]) => string][] = [
  ['bare events, one a line', events => events.map(event => JSON.stringify(event)).join('\n')],
  [
    "lines of Lambda's JSON format",
    events => [...NOISE, ...events.map(lambdaLine).map(line => JSON.stringify(line))].join('\n'),
  ],
  [
    "lines of Lambda's JSON format with the event as text",
    events =>
      events
        .map((event, index) => JSON.stringify({ timestamp: iso(index), message: JSON.stringify(event) }))
        .join('\n'),
  ],
  [
    'the answer of aws logs filter-log-events',
    events =>
      JSON.stringify(
        {
          events: [...NOISE, ...events.map(lambdaLine).map(line => JSON.stringify(line))].map(
            (message, index) => ({
              logStreamName: '2026/01/02/[$LATEST]0123456789abcdef',
              timestamp: AT + index,
              message: `${message}\n`,
            }),
          ),
          searchedLogStreams: [],
        },
        null,
        4,
      ),
  ],
  [
    'the CSV of the console',
    events =>
      [
        'timestamp,message',
        ...NOISE.map(line => `${AT},${quoted(line)}`),
        ...events.map((event, index) => `${AT + index},${quoted(JSON.stringify(lambdaLine(event, index)))}`),
      ].join('\r\n'),
  ],
  [
    'the CSV of Logs Insights',
    events =>
      [
        '@timestamp,@message',
        ...events.map(
          (event, index) =>
            `${iso(index).replace('T', ' ').replace('Z', '')},${quoted(JSON.stringify(event))}`,
        ),
      ].join('\n'),
  ],
  [
    'what aws logs tail prints',
    events =>
      events
        .map(
          (event, index) =>
            `${iso(index)} 2026/01/02/[$LATEST]0123 ${JSON.stringify(lambdaLine(event, index))}`,
        )
        .join('\n'),
  ],
  [
    "lines of Lambda's text format",
    events =>
      events
        .map((event, index) => `${iso(index)}\t0155829e\tINFO\t${JSON.stringify(event, null, 2)}`)
        .join('\n'),
  ],
]

async function run(args: readonly string[], stdin = '') {
  const parts = { out: '', err: '' }
  const collector = (name: 'out' | 'err') =>
    new Writable({
      write(part, _encoding, done) {
        parts[name] += String(part)
        done()
      },
    })
  const code = await runImport(args, {
    stdin: Readable.from([stdin]),
    stdout: collector('out'),
    stderr: collector('err'),
  })
  return { code, ...parts }
}

const importing = (text: string, ...more: string[]) => run(['--out', out, ...more], text)

function written(folder = 'recorded-1'): [string, JsonObject][] {
  return readdirSync(join(out, folder))
    .toSorted()
    .map(file => [file, parseJsonObject(readFileSync(join(out, folder, file), 'utf8'))])
}

const answers = (folder?: string) =>
  written(folder).flatMap(([, event]) => {
    const answer = member(event, 'request', 'challengeAnswer')
    return answer === null ? [] : [answer]
  })

describe('reads', () => {
  test.each(FORMATS)('%s', async (_, format) => {
    expect(await importing(format(SIGN_IN))).toMatchObject({ code: 0, err: '' })
    expect(readdirSync(out)).toEqual(['recorded-1'])
    expect(written().map(([file]) => file)).toEqual(filesOf('wrong-code-then-right'))
  })

  test('files, which the four functions log into separately, in the order of time', async () => {
    const files = ['define', 'create', 'verify'].map(part => {
      const file = join(directory, `${part}.json`)
      const lines = SIGN_IN.map(lambdaLine).filter(line =>
        String(member(line, 'message', 'recorded', 'triggerSource'))
          .toLowerCase()
          .startsWith(part),
      )
      writeFileSync(file, lines.map(line => JSON.stringify(line)).join('\n'))
      return file
    })
    expect(await run(['--out', out, ...files])).toMatchObject({ code: 0 })
    expect(written().map(([file]) => file.slice(3, 9))).toEqual([
      'define',
      'define',
      'create',
      'verify',
      'define',
      'create',
      'verify',
      'define',
    ])
  })

  test('events that were redacted when they were logged', async () => {
    const lines = SIGN_IN.map(event => JSON.stringify({ recorded: redactEvent(event) })).join('\n')
    expect(await importing(lines)).toMatchObject({ code: 0 })
    expect(answers()).toEqual(['000000', '<code>'])
  })
})

describe('writes', () => {
  test('nothing personal, and keeps every key, type and null', async () => {
    await importing(FORMATS[1]?.[1](SIGN_IN) ?? '')
    const text = JSON.stringify(written())
    for (const value of PERSONAL) expect(text).not.toContain(value)
    const shape = (value: Json): Json =>
      Array.isArray(value)
        ? value.map(shape)
        : isJsonObject(value)
          ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]))
          : value === null
            ? null
            : typeof value
    expect(written().map(([, event]) => shape(event))).toEqual(SIGN_IN.map(shape))
  })

  test('the answer as what came after it tells', async () => {
    await importing(FORMATS[0]?.[1](SIGN_IN) ?? '')
    expect(answers()).toEqual(['000000', '<code>'])
  })

  test('one folder a sign-in, however they are mixed, and an event that Cognito sent twice once', async () => {
    const other = realEvents('too-many-wrong-codes').map(event => ({
      ...event,
      userName: 'e4a8e4d8-3051-70e5-9c3b-1234567890ab',
    }))
    const mixed = SIGN_IN.flatMap((event, index) => [event, event, ...(other[index] ? [other[index]] : [])])
    const rest = other.slice(SIGN_IN.length)
    const again = realEvents('resend')
    expect(
      await importing([...mixed, ...rest, ...again].map(event => JSON.stringify(event)).join('\n')),
    ).toMatchObject({ code: 0 })
    expect(readdirSync(out).toSorted()).toEqual(['recorded-1', 'recorded-2', 'recorded-3'])
    expect(readdirSync(join(out, 'recorded-1'))).toHaveLength(SIGN_IN.length)
    expect(readdirSync(join(out, 'recorded-2'))).toHaveLength(other.length)
    expect(readdirSync(join(out, 'recorded-3'))).toHaveLength(again.length)
    expect(new Set(answers('recorded-2'))).toEqual(new Set(['000000']))
  })

  test('new folders only, under the given name', async () => {
    await importing(JSON.stringify(SIGN_IN), '--name', 'mine')
    await importing(JSON.stringify(SIGN_IN), '--name', 'mine')
    expect(readdirSync(out).toSorted()).toEqual(['mine-1', 'mine-2'])
  })

  test('nothing with --dry-run', async () => {
    const result = await run(['--dry-run', '--json'], JSON.stringify(SIGN_IN))
    expect(parseJsonObject(result.out)).toMatchObject({ dryRun: true, signIns: [{ folder: 'recorded-1' }] })
    expect(readdirSync(directory)).toEqual([])
  })

  test('what the replay of the built triggers takes, with the same turns', async () => {
    await importing(FORMATS[3]?.[1](SIGN_IN) ?? '')
    const { stdout } = await promisify(execFile)(process.execPath, [
      'dist/command/cognito-email-code.mjs',
      'replay',
      '--json',
      out,
    ])
    const [replay]: { events: { response?: Record<string, unknown> }[] }[] = JSON.parse(stdout)
    const turns = replay?.events
      .slice(0, 8)
      .map(
        ({ response }) =>
          response?.['answerCorrect'] ?? response?.['challengeName'] ?? response?.['issueTokens'],
      )
    expect(turns).toEqual([
      'PASSWORD_VERIFIER',
      'CUSTOM_CHALLENGE',
      undefined,
      false,
      'CUSTOM_CHALLENGE',
      undefined,
      true,
      true,
    ])
  })
})

describe('refuses to write', () => {
  const planted = (name: string, value: Json) => {
    const [first] = SIGN_IN
    const request = objectAt(first, 'request')
    return JSON.stringify({
      ...first,
      request: { ...request, userAttributes: { ...objectAt(request, 'userAttributes'), [name]: value } },
    })
  }

  test.each<[string, string, Json]>([
    ['a code', 'custom:code-123456', 'x'],
    ['a number of a person', 'custom:id-078051120', 'x'],
    ['a secret', 'custom:a0123456789abcdef0123456789abcdef', 'x'],
  ])('what still looks like %s', async (what, name, value) => {
    const result = await importing(planted(name, value))
    expect(result.code).toBe(2)
    expect(result.err).toContain('Nothing was written')
    expect(result.err).toContain(`looks like ${what === 'a secret' ? 'a' : what}`.slice(0, 12))
    expect(result.err).not.toContain('078051120')
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('says what is wrong', () => {
  test('when no event is in the export', async () => {
    const result = await importing(NOISE.join('\n'))
    expect(result).toMatchObject({ code: 1, err: '' })
    expect(result.out).toContain('RECORD_EVENTS=on')
  })

  test('CSV that breaks off, and shows no value of it', async () => {
    const csv = `timestamp,message\n1,"${EMAIL}\n`
    const result = await importing(csv, '--json')
    expect(result.code).toBe(2)
    expect(parseJsonObject(result.out)).toEqual({
      code: 'export-unreadable',
      error:
        'Standard input is CSV that cannot be read (CSV_QUOTE_NOT_CLOSED). Export it again, whole, or as JSON lines.',
    })
    const file = join(directory, 'export.csv')
    writeFileSync(file, `timestamp,message\n1,${EMAIL}"x"\n`)
    const named = await run([file, '--out', out])
    expect(named.err).toBe(
      `${file} is CSV that cannot be read (INVALID_OPENING_QUOTE). Export it again, whole, or as JSON lines.\n`,
    )
  })

  test.each<[string[], string]>([
    [[], '--out'],
    [['export', '--out', 'x'], 'Cannot read the log export export: there is no such file.'],
    [['--out', 'x', '--name', '../y'], '--name'],
    [
      ['--out', 'x', 'not-there.json'],
      'Cannot read the log export not-there.json: there is no such file. Name',
    ],
    [['--what'], '--what'],
  ])('%j', async (args, message) => {
    const result = await run([...args, '--json'])
    expect(result.code).toBe(2)
    expect(result.err).toContain(message)
    expect(String(parseJsonObject(result.out)['error'])).toContain(message)
  })

  test.each(['/proc/import-test', '/dev/null', '/dev/null/inner'])(
    'a folder that cannot be made: %s',
    async path => {
      const result = await run(['--out', path, '--json'], JSON.stringify(SIGN_IN))
      expect(result.code).toBe(2)
      expect(result.err).toMatch(new RegExp(`^Cannot write to --out ${path}: \\w+`))
      expect(parseJsonObject(result.out)).toMatchObject({ code: 'usage' })
    },
  )

  test('with --help', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, err: '' })
  })
})
