// The settings: defaults, what is allowed, and what a person reads who set one wrongly.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { TRIGGER_NAMES } from '../local/trigger-process.ts'
import { TRIGGER_SETTINGS } from '../local/trigger-settings.ts'
import { SettingsError } from './errors.ts'
import { SETTINGS, settingNamesOf, type TriggerName } from './setting-descriptors.ts'
import {
  type Environment,
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from './settings.ts'

const SECRET = '0123456789abcdef'.repeat(4)
const CREATE = { CODE_SECRET: SECRET, FROM_ADDRESS: 'no-reply@example.com', AWS_REGION: 'eu-central-1' }

function problemsOf(read: (environment: Environment) => unknown, environment: Environment): string {
  try {
    read(environment)
  } catch (error) {
    if (error instanceof SettingsError) return String(error)
    throw error
  }
  return 'no problem'
}

test('everything but the secret and the sender has a default', () => {
  expect(readDefineSettings({})).toEqual({
    maxAttempts: 3,
    maxSends: 3,
    nativeMfa: 'accept-email',
    recordEvents: false,
  })
  expect(readPreTokenSettings({})).toEqual({
    hostedUi: 'deny',
    guardedClientIds: undefined,
    recordEvents: false,
  })
  expect(readVerifySettings({ CODE_SECRET: SECRET })).toMatchObject({ codeLength: 6, maxAttempts: 3 })
  expect(readCreateSettings(CREATE)).toEqual({
    maxAttempts: 3,
    maxSends: 3,
    recordEvents: false,
    codeSecrets: [Buffer.from(SECRET, 'hex')],
    codeLength: 6,
    codeTtlSeconds: 180,
    resendAfterSeconds: 30,
    limitTable: undefined,
    brandColor: undefined,
    mailFooter: {},
    maxCodesPerHour: 10,
    maxCodesPerDay: 30,
    limitFailure: 'allow',
    from: { name: undefined, address: 'no-reply@example.com' },
    appName: 'example.com',
    unverifiedEmail: 'send',
    defaultLocale: 'en',
    replyToAddress: undefined,
    configurationSet: undefined,
    region: 'eu-central-1',
    fallbackRegion: undefined,
  })
  expect(readCreateSettings({ ...CREATE, AWS_REGION: undefined }).region).toBe('us-east-1')
})

test('what is set counts, up to the limits', () => {
  const settings = readCreateSettings({
    ...CREATE,
    MAX_ATTEMPTS: '1',
    MAX_SENDS: '5',
    UNVERIFIED_EMAIL: 'refuse',
    CODE_LENGTH: '10',
    CODE_TTL_SECONDS: ' 900 ',
    RESEND_AFTER_SECONDS: '0',
    LIMIT_TABLE: 'email-code.limit_1-A',
    MAX_CODES_PER_HOUR: '100',
    MAX_CODES_PER_DAY: '1000',
    LIMIT_FAILURE: 'refuse',
    DEFAULT_LOCALE: 'zh-TW',
    BRAND_COLOR: '#0B5FFF',
    MAIL_FOOTER: 'Example Ltd',
    REPLY_TO_ADDRESS: 'help@example.com',
    SES_CONFIGURATION_SET: 'email-code_1',
    SES_FALLBACK_REGION: 'us-gov-west-1',
  })
  expect(settings).toMatchObject({
    maxAttempts: 1,
    maxSends: 5,
    unverifiedEmail: 'refuse',
    codeLength: 10,
    codeTtlSeconds: 900,
    resendAfterSeconds: 0,
    limitTable: 'email-code.limit_1-A',
    maxCodesPerHour: 100,
    maxCodesPerDay: 1000,
    limitFailure: 'refuse',
    defaultLocale: 'zh-TW',
    brandColor: '#0b5fff',
    mailFooter: { 'zh-TW': 'Example Ltd' },
    replyToAddress: 'help@example.com',
    configurationSet: 'email-code_1',
    fallbackRegion: 'us-gov-west-1',
  })
})

test('Define alone reads which native factors are accepted', () => {
  for (const option of ['ask', 'accept-email', 'accept-any'])
    expect(readDefineSettings({ NATIVE_MFA: option }).nativeMfa).toBe(option)
  expect(problemsOf(readDefineSettings, { NATIVE_MFA: 'accept' })).toContain(
    'NATIVE_MFA must be one of: ask, accept-email, accept-any.',
  )
})

test('Pre Token Generation alone reads what becomes of users of the hosted UI', () => {
  for (const option of ['deny', 'allow'])
    expect(readPreTokenSettings({ HOSTED_UI: option }).hostedUi).toBe(option)
  expect(problemsOf(readPreTokenSettings, { HOSTED_UI: 'Allow' })).toContain(
    'HOSTED_UI must be one of: deny, allow.',
  )
})

test('an empty variable is one that is not set', () => {
  expect(readDefineSettings({ MAX_ATTEMPTS: '', NATIVE_MFA: ' ' })).toMatchObject({
    maxAttempts: 3,
    nativeMfa: 'accept-email',
  })
  expect(problemsOf(readVerifySettings, { CODE_SECRET: '' })).toContain('CODE_SECRET is required')
})

test('all that is wrong is told at once, with the variable and what is allowed, but never a value', () => {
  const message = problemsOf(readCreateSettings, {
    CODE_SECRET: 'short',
    MAX_ATTEMPTS: '11',
    MAX_SENDS: '0',
    CODE_LENGTH: 'six',
    CODE_TTL_SECONDS: '59',
    RESEND_AFTER_SECONDS: '1.5',
    LIMIT_TABLE: 'arn:aws:dynamodb',
    MAX_CODES_PER_HOUR: '0',
    MAX_CODES_PER_DAY: '1001',
    LIMIT_FAILURE: 'deny',
    UNVERIFIED_EMAIL: 'SEND',
    DEFAULT_LOCALE: 'xx',
    BRAND_COLOR: 'navy',
    MAIL_FOOTER: '{"en":1}',
    APP_NAME: 'two\nlines',
    REPLY_TO_ADDRESS: 'nobody',
    SES_CONFIGURATION_SET: 'a b',
    SES_FALLBACK_REGION: 'Frankfurt',
    AWS_REGION: 'nowhere',
    RECORD_EVENTS: 'yes',
  })
  const told = [
    'CODE_SECRET must be 1 or 2 secrets of at least 32 bytes each',
    'FROM_ADDRESS is required: an address such as',
    'MAX_ATTEMPTS must be an integer from 1 to 10.',
    'MAX_SENDS must be an integer from 1 to 5.',
    'CODE_LENGTH must be an integer from 6 to 10.',
    'CODE_TTL_SECONDS must be an integer from 60 to 900.',
    'RESEND_AFTER_SECONDS must be an integer from 0 to 300.',
    'LIMIT_TABLE must be the name of a DynamoDB table: 3-255',
    'MAX_CODES_PER_HOUR must be an integer from 1 to 100.',
    'MAX_CODES_PER_DAY must be an integer from 1 to 1000.',
    'LIMIT_FAILURE must be one of: allow, refuse.',
    'UNVERIFIED_EMAIL must be one of: send, refuse.',
    'DEFAULT_LOCALE must be one of: en, zh-CN',
    'BRAND_COLOR must be a color as #rrggbb',
    'MAIL_FOOTER must be one line of 1-200 characters',
    'APP_NAME must be one line',
    'REPLY_TO_ADDRESS must be an address such as help@example.com.',
    'SES_CONFIGURATION_SET must be 1-64 letters, digits, hyphens or underscores.',
    'SES_FALLBACK_REGION must be the name of an AWS region such as eu-central-1.',
    'AWS_REGION must be',
    'RECORD_EVENTS must be one of: off, on.',
  ]
  for (const line of told) expect(message).toContain(line)
  for (const value of ['six', 'Frankfurt', 'nowhere', 'nobody', 'two', 'navy'])
    expect(message).not.toContain(value)
})

test('each variable that is wrong has a line of its own', () => {
  expect(problemsOf(readDefineSettings, { MAX_ATTEMPTS: '11', NATIVE_MFA: 'none' }).split('\n')).toEqual([
    'SettingsError: Invalid environment variables.',
    '- MAX_ATTEMPTS must be an integer from 1 to 10.',
    '- NATIVE_MFA must be one of: ask, accept-email, accept-any.',
  ])
})

test('BRAND_COLOR is a color that digits can be read on: white or near-black with a contrast of 4.5:1', () => {
  const colorOf = (BRAND_COLOR: string) => readCreateSettings({ ...CREATE, BRAND_COLOR }).brandColor
  for (const color of ['#000000', '#0b5fff', '#767676', '#ffffff', '#ffd500'])
    expect(colorOf(color)).toBe(color)
  for (const BRAND_COLOR of ['#777777', '#7a7a7a', '#fff', '0b5fff', '#0b5fff00', '0000000#000000', 'red;}'])
    expect(problemsOf(readCreateSettings, { ...CREATE, BRAND_COLOR })).toContain('BRAND_COLOR must be')
})

test('MAIL_FOOTER is one plain line, or one for each language, and never a link', () => {
  const footerOf = (MAIL_FOOTER: string) => readCreateSettings({ ...CREATE, MAIL_FOOTER }).mailFooter
  expect(footerOf(' Example Ltd ')).toEqual({ en: 'Example Ltd' })
  expect(footerOf('{"en":"Example Ltd","de":"Example GmbH "}')).toEqual({
    en: 'Example Ltd',
    de: 'Example GmbH',
  })
  expect(footerOf('')).toEqual({})
  expect(footerOf('x'.repeat(200))).toEqual({ en: 'x'.repeat(200) })
  const refused = [
    'a\nb',
    'x'.repeat(201),
    'See https://example.com',
    'www.example.com',
    '{',
    '{"en":""}',
    '{"en":"Example Ltd","de":""}',
    '{"en":["a"]}',
  ]
  for (const MAIL_FOOTER of refused)
    expect(problemsOf(readCreateSettings, { ...CREATE, MAIL_FOOTER })).toContain('MAIL_FOOTER must be')
})

test('a region is one from its first to its last character', () => {
  const regionOf = (AWS_REGION: string) => readCreateSettings({ ...CREATE, AWS_REGION }).region
  expect(['eu-west-12', 'us-gov-west-1'].map(regionOf)).toEqual(['eu-west-12', 'us-gov-west-1'])
  for (const AWS_REGION of ['x.eu-west-1', 'eu-west-1.x', 'eu-west-123'])
    expect(problemsOf(readCreateSettings, { ...CREATE, AWS_REGION })).toContain('AWS_REGION must be')
})

test('APP_NAME has at most 64 characters', () => {
  const APP_NAME = 'x'.repeat(64)
  expect(readCreateSettings({ ...CREATE, APP_NAME }).appName).toBe(APP_NAME)
  expect(problemsOf(readCreateSettings, { ...CREATE, APP_NAME: `${APP_NAME}x` })).toContain(
    'APP_NAME must be',
  )
})

test('a build with more languages takes them as DEFAULT_LOCALE', () => {
  expect(readCreateSettings({ ...CREATE, DEFAULT_LOCALE: 'sv' }, ['en', 'sv']).defaultLocale).toBe('sv')
})

describe('CODE_SECRET', () => {
  const secretsOf = (value: string) => readVerifySettings({ CODE_SECRET: value }).codeSecrets

  test('may be hex or base64, in either alphabet', () => {
    const bytes = Buffer.alloc(33, 0xfb)
    expect(secretsOf(bytes.toString('hex'))).toEqual([bytes])
    expect(secretsOf(bytes.toString('base64'))).toEqual([bytes])
    expect(secretsOf(bytes.toString('base64url'))).toEqual([bytes])
  })

  test('may be two, for rotation, in their order, and not more', () => {
    const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(40, 2)]
    expect(secretsOf(`${one.toString('base64')}, ${two.toString('hex')}`)).toEqual([one, two])
    const three = [SECRET, SECRET, SECRET].join(',')
    expect(problemsOf(readVerifySettings, { CODE_SECRET: three })).toContain('CODE_SECRET must be')
  })

  test('is refused when it is too short or no text of bytes, and is never printed', () => {
    const short = 'ab'.repeat(31)
    expect(problemsOf(readVerifySettings, { CODE_SECRET: short })).toContain('secret 1 is too short')
    expect(problemsOf(readVerifySettings, { CODE_SECRET: `${SECRET},${short}` })).toContain(
      'secret 2 is too short',
    )
    for (const value of [
      'correct horse battery staple correct horse',
      'abc'.repeat(33),
      `${SECRET},`,
      '!'.repeat(64),
    ]) {
      const message = problemsOf(readVerifySettings, { CODE_SECRET: value })
      expect(message).toContain('is neither base64 nor hex')
      expect(message).not.toContain(value.slice(0, 20))
    }
  })

  test('that looks like hex is measured as hex: forty hex digits are twenty bytes, not thirty', () => {
    expect(problemsOf(readVerifySettings, { CODE_SECRET: 'ab'.repeat(22) })).toContain(
      'secret 1 is too short',
    )
  })
})

describe('FROM_ADDRESS', () => {
  const from = (value: string) => readCreateSettings({ ...CREATE, FROM_ADDRESS: value })

  test('may carry a name', () => {
    expect(from('Example <no-reply@example.com>').from).toEqual({
      name: 'Example',
      address: 'no-reply@example.com',
    })
    expect(from('"Example, Inc." <no-reply@example.com>').from.name).toBe('Example, Inc.')
    expect(from('" Example " <no-reply@example.com>').from.name).toBe('Example')
    expect(from('<no-reply@example.com>').from.name).toBeUndefined()
  })

  test('is required, also for the name in the mail', () => {
    expect(problemsOf(readCreateSettings, { CODE_SECRET: SECRET })).toContain('FROM_ADDRESS is required')
  })

  test('gives the name in the mail when there is no APP_NAME', () => {
    expect(from('Example <no-reply@mail.example.com>').appName).toBe('mail.example.com')
    expect(readCreateSettings({ ...CREATE, APP_NAME: ' Example ' }).appName).toBe('Example')
  })

  test.each([
    ['Example'],
    ['a@b@c'],
    ['Example <>'],
    ['a@example.com, b@example.com'],
    ['A\r\nBcc: x@example.com <a@example.com>'],
    ['x <a@example.com> <b@example.com>'],
  ])('is refused as %j', value =>
    expect(problemsOf(readCreateSettings, { ...CREATE, FROM_ADDRESS: value })).toContain(
      'FROM_ADDRESS must be',
    ),
  )
})

describe('GUARDED_CLIENT_IDS', () => {
  const guarded = (value: string) => readPreTokenSettings({ GUARDED_CLIENT_IDS: value }).guardedClientIds

  test('is a list, or all', () => {
    expect(guarded('one, two')).toEqual(['one', 'two'])
    expect(guarded('all')).toBeUndefined()
  })

  test('is refused when an entry is no client id, since a typing error would leave a client unguarded', () => {
    for (const GUARDED_CLIENT_IDS of ['one,,two', '-one', 'two-'])
      expect(problemsOf(readPreTokenSettings, { GUARDED_CLIENT_IDS })).toContain(
        'GUARDED_CLIENT_IDS must be app client ids, comma separated, or all.',
      )
    expect(problemsOf(readPreTokenSettings, { GUARDED_CLIENT_IDS: 'one two', HOSTED_UI: 'maybe' })).toContain(
      'HOSTED_UI',
    )
  })
})

const READERS: Readonly<Record<TriggerName, (environment: Environment) => object>> = {
  'define-auth-challenge': readDefineSettings,
  'create-auth-challenge': readCreateSettings,
  'verify-auth-challenge-response': readVerifySettings,
  'pre-token-generation': readPreTokenSettings,
}

test.each(Object.entries(READERS))('%s records its events where that is on', (_, read) => {
  expect(read({ ...CREATE, RECORD_EVENTS: 'on' })).toMatchObject({ recordEvents: true })
  expect(read({ ...CREATE, RECORD_EVENTS: 'off' })).toMatchObject({ recordEvents: false })
})

describe('the description of a setting', () => {
  test('names the triggers that read it, and every setting that is read is described', () => {
    const used: Record<string, string[]> = {}
    for (const [trigger, read] of Object.entries(READERS)) {
      const watched = new Proxy<Environment>(CREATE, {
        get(environment, name) {
          const users = used[String(name)] ?? []
          used[String(name)] = users.includes(trigger) ? users : [...users, trigger]
          return Reflect.get(environment, name)
        },
      })
      read(watched)
    }
    // Lambda itself sets the region.
    delete used['AWS_REGION']
    expect(Object.fromEntries(SETTINGS.map(({ name, usedBy }) => [name, usedBy]))).toEqual(used)
  })

  test('says of which kind it is', () => {
    const kinds = new Set(SETTINGS.map(({ kind }) => kind))
    expect([...kinds].toSorted()).toEqual(['choice', 'integer', 'text'])
  })

  test('gives one default and one range to every trigger that reads it', () => {
    for (const setting of SETTINGS) {
      if (setting.kind !== 'integer') continue
      for (const trigger of setting.usedBy) {
        const read = (value: string) => READERS[trigger]({ ...CREATE, [setting.name]: value })
        expect(read('')).toEqual(read(String(setting.default)))
        for (const limit of [setting.min, setting.max])
          expect(Object.values(read(String(limit)))).toContain(limit)
        for (const beyond of [setting.min - 1, setting.max + 1])
          expect(problemsOf(READERS[trigger], { ...CREATE, [setting.name]: String(beyond) })).toContain(
            `${setting.name} must be an integer from ${setting.min} to ${setting.max}.`,
          )
      }
    }
  })

  test('is the row of the table in the README', async () => {
    const shortNames: Readonly<Record<TriggerName, string>> = {
      'define-auth-challenge': 'Define',
      'create-auth-challenge': 'Create',
      'verify-auth-challenge-response': 'Verify',
      'pre-token-generation': 'Pre Token Generation',
    }
    const rows = SETTINGS.map(setting => {
      const users = setting.usedBy.map(trigger => shortNames[trigger])
      const byDefault = setting.kind === 'choice' ? `\`${setting.default}\`` : setting.default
      const limits = setting.kind === 'integer' ? `${setting.min}-${setting.max}` : ''
      const options = setting.kind === 'choice' ? setting.options.map(name => `\`${name}\``).join(', ') : ''
      const meaning = setting.meaning.replace('{limits}', limits).replace('{options}', options)
      return `| \`${setting.name}\` | ${users.length === 4 ? 'all' : users.join(', ')} | ${byDefault} | ${meaning} |`
    })
    const written = (await readFile('README.md', 'utf8')).match(/^\| `[A-Z_]+` \| .*\|$/gm)
    expect(written).toEqual(rows)
  })

  test('is also what the local user pool uses', () => {
    for (const trigger of TRIGGER_NAMES) {
      const names = TRIGGER_SETTINGS[trigger]
      const known = names.filter(name => !name.startsWith('AWS_ENDPOINT_URL_'))
      expect(known.toSorted()).toEqual(settingNamesOf(trigger).toSorted())
    }
  })
})
