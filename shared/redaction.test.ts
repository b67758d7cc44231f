// Redaction over recorded and made-up events: nothing that identifies a person is left, and the shape stays.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LOCALES } from './locales.ts'
import { redactEvent } from './redaction.ts'

const SUB = 'd4a8e4d8-3051-70e5-9c3b-1234567890ab'

/** A sign-in of one user, each trigger once. */
function events(sub = SUB, email = 'Ada.Lovelace@analytical.example.net') {
  const userAttributes = {
    sub,
    email,
    email_verified: 'True',
    phone_number: '+442071234567',
    name: 'Ada Lovelace',
    locale: 'en-GB',
    'cognito:user_status': 'CONFIRMED',
    'cognito:email_alias': email.toLowerCase(),
    'cognito:token_nbf': '1700000000000',
    'custom:employee': '421337',
    identities: JSON.stringify([
      {
        userId: '108',
        providerName: 'Corp',
        providerType: 'SAML',
        primary: true,
        dateCreated: 1700000000000,
      },
    ]),
  }
  const common = {
    version: '1',
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_AbCdEf123',
    userName: sub,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: '4kq7realclientid0000000000' },
  }
  const session = [
    { challengeName: 'SRP_A', challengeResult: true, challengeMetadata: null },
    { challengeName: 'CUSTOM_CHALLENGE', challengeResult: false, challengeMetadata: 'CODE-123456' },
  ]
  return [
    {
      ...common,
      triggerSource: 'DefineAuthChallenge_Authentication',
      request: { userAttributes, session, userNotFound: false },
      response: { challengeName: null, issueTokens: null },
    },
    {
      ...common,
      triggerSource: 'VerifyAuthChallengeResponse_Authentication',
      request: {
        userAttributes,
        privateChallengeParameters: {
          nonce: 'Zm9vYmFyYmF6',
          expiresAt: '1700000180000',
          wrongCodes: '1',
          code: '987654',
        },
        challengeAnswer: '987654',
        clientMetadata: { action: 'resend', locale: 'de', tracker: 'ada@analytical.example.net' },
      },
      response: { answerCorrect: null },
    },
    {
      ...common,
      triggerSource: 'TokenGeneration_Authentication',
      request: { userAttributes, groupConfiguration: { groupsToOverride: ['board'], preferredRole: null } },
      response: { claimsOverrideDetails: null },
    },
  ]
}

const texts = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

/** Keys, lists and the types of values, without the values. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]))
}

test('keeps what the triggers decide by', () => {
  const [define, verify, tokens] = events().map(redactEvent)
  expect(define).toMatchObject({
    version: '1',
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_EXAMPLE00',
    triggerSource: 'DefineAuthChallenge_Authentication',
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown' },
    request: {
      userNotFound: false,
      userAttributes: {
        email_verified: 'True',
        locale: 'en-GB',
        'cognito:user_status': 'CONFIRMED',
        'cognito:token_nbf': '1700000000000',
      },
      session: [
        { challengeName: 'SRP_A', challengeResult: true, challengeMetadata: null },
        { challengeName: 'CUSTOM_CHALLENGE', challengeResult: false },
      ],
    },
    response: { challengeName: null, issueTokens: null },
  })
  expect(verify).toMatchObject({
    request: {
      challengeAnswer: '<answer>',
      privateChallengeParameters: { expiresAt: '1700000180000', wrongCodes: '1' },
      clientMetadata: { action: 'resend', locale: 'de' },
    },
  })
  expect(tokens).toMatchObject({
    triggerSource: 'TokenGeneration_Authentication',
    request: { groupConfiguration: { preferredRole: null } },
  })
})

test('leaves nothing that identifies a person, no code and no secret', () => {
  const secrets = [
    SUB,
    'Ada',
    'ada',
    'Lovelace',
    'analytical',
    '442071234567',
    '421337',
    'Corp',
    '"108"',
    '4kq7',
    'AbCdEf123',
    '123456',
    '987654',
    'Zm9v',
    'board',
  ]
  const text = texts(events().map(redactEvent)).join('\n')
  for (const secret of secrets) expect(text).not.toContain(secret)
})

test('keeps the shape', () => {
  expect(events().map(redactEvent).map(shapeOf)).toEqual(events().map(shapeOf))
})

test('makes ids, addresses and phone numbers of ids, addresses and phone numbers', () => {
  expect(redactEvent(events()[0])).toMatchObject({
    userName: expect.stringMatching(/^00000000-0000-4000-8000-[0-9a-f]{12}$/),
    callerContext: { clientId: expect.stringMatching(/^1example[a-p]{18}$/) },
    request: {
      userAttributes: {
        email: expect.stringMatching(/^user-[a-p]{8}@example\.com$/),
        phone_number: expect.stringMatching(/^\+1555555\d{4}$/),
        name: expect.stringMatching(/^redacted-[a-p]{8}$/),
      },
    },
  })
})

test('gives one value one fake in every event of a user, in whatever case it stands', () => {
  const attributes = events()
    .map(redactEvent)
    .map(event => texts(event).filter(text => text.includes('@')))
  expect(new Set(attributes.flat()).size).toBe(2) // the address, and the other one in the client's metadata
  const userNames = events()
    .map(redactEvent)
    .map(event => Reflect.get(Object(event), 'userName'))
  expect(new Set(userNames).size).toBe(1)
})

test('gives two users different fakes for the same address, so that an address cannot be looked up', () => {
  const other = '00000000-1111-4222-8333-444444444444'
  const addresses = [SUB, other].map(sub =>
    texts(redactEvent(events(sub)[0])).find(text => text.includes('@')),
  )
  expect(new Set(addresses).size).toBe(2)
  expect(addresses.every(address => /^user-[a-p]{8}@example\.com$/.test(address ?? ''))).toBe(true)
})

test('gives everybody without a sub the same fakes', () => {
  const unknown = (userName: string) =>
    redactEvent({
      userName,
      request: { userAttributes: {}, userNotFound: true, challengeAnswer: '' },
      userPoolId: 'local',
    })
  expect(unknown('ada@example.net')).toEqual(unknown('bob@example.net'))
  expect(unknown('+442071234567')).toEqual({
    ...Object(unknown('ada@example.net')),
    userName: '+15555550000',
  })
  expect(unknown('x')).toEqual({
    userName: 'redacted-aaaaaaaa',
    userPoolId: 'local_EXAMPLE00',
    request: { userAttributes: {}, userNotFound: true, challengeAnswer: '' },
  })
})

test.each([
  ['the sub is what fakes are made of', { userName: 'ada', request: { userAttributes: { sub: SUB } } }],
  [
    'the user name is, where the sub is no text',
    { userName: SUB, request: { userAttributes: { sub: [SUB] } } },
  ],
])('%s', (_, event) => {
  expect(texts(redactEvent({ ...event, a: 'x@example.net' }))).toContainEqual(
    expect.stringMatching(/^user-(?!a{8})[a-p]{8}@example\.com$/),
  )
})

test('makes other fakes of the same user in another pool', () => {
  const inPool = (userPoolId: string) => Object(redactEvent({ userPoolId, userName: SUB })).userName
  expect(inPool('eu-west-1_One')).not.toBe(inPool('eu-west-1_Other'))
})

test('takes the user name for a sub if that is one', () => {
  const [event] = events()
  expect(
    texts(redactEvent({ ...event, request: { userAttributes: { email: 'ada@example.net' } } })),
  ).toContainEqual(expect.stringMatching(/^user-(?!a{8})[a-p]{8}@example\.com$/))
})

test('makes fake names of keys that could be values', () => {
  expect(redactEvent({ request: { ids: { 'ada@example.net': '1', fine: '2' } } })).toEqual({
    request: { ids: { 'user-aaaaaaaa@example.com': '1', fine: '2' } },
  })
})

test('takes no key of a client for one of its own words', () => {
  const clientMetadata = JSON.parse('{"constructor":"Ada","toString":"Lovelace","__proto__":"Byron"}')
  const redacted = JSON.stringify(redactEvent({ request: { clientMetadata } }))
  for (const name of ['Ada', 'Lovelace', 'Byron']) expect(redacted).not.toContain(name)
})

test('keeps a locale or a status only if it is a known one: who writes the attribute may write anything', () => {
  const attribute = (name: string, value: string) =>
    Reflect.get(
      Object(Reflect.get(Object(redactEvent({ request: { userAttributes: { [name]: value } } })), 'request')),
      'userAttributes',
    )
  for (const locale of [...LOCALES, 'en-GB', 'zh_Hant_TW', 'de_AT'])
    expect(attribute('locale', locale)).toEqual({ locale })
  for (const locale of ['Bob', 'bo-Smith', 'en-Ada', 'Ada', 'en-GB-Ada'])
    expect(attribute('locale', locale)).toEqual({ locale: 'redacted-aaaaaaaa' })
  expect(attribute('cognito:user_status', 'ADA_LOVELACE')).toEqual({
    'cognito:user_status': 'redacted-aaaaaaaa',
  })
})

test.each<[string, (word: string) => unknown]>([
  ['DefineAuthChallenge_Authentication', triggerSource => ({ triggerSource })],
  ['us-gov-west-1', region => ({ region })],
  ['eu-central-12', region => ({ region })],
  ['aws-sdk-js-3.1', awsSdkVersion => ({ callerContext: { awsSdkVersion } })],
  ['CLIENT_ID_NOT_APPLICABLE', clientId => ({ callerContext: { clientId } })],
  ['SRP_A', challengeName => ({ response: { challengeName } })],
  ['CONFIRMED', status => ({ request: { userAttributes: { 'cognito:user_status': status } } })],
  ['1700000000000', time => ({ request: { userAttributes: { 'cognito:token_nbf': time } } })],
  ['resend', action => ({ request: { clientMetadata: { action } } })],
  [
    'SAML',
    providerType => ({ request: { userAttributes: { identities: JSON.stringify([{ providerType }]) } } }),
  ],
])('keeps %s at its place, and only if nothing stands before or behind it', (word, eventWith) => {
  const textWith = (value: string) => JSON.stringify(redactEvent(eventWith(value)))
  expect(textWith(word)).toContain(word)
  expect(textWith(`Ada ${word}`)).not.toMatch(/Ada/)
  expect(textWith(`${word} Ada`)).not.toMatch(/Ada/)
})

test('keeps the region of a pool id, if it is one', () => {
  const redacted = (userPoolId: string) => Object(redactEvent({ userPoolId })).userPoolId
  expect(redacted('us-gov-west-1_AbC')).toBe('us-gov-west-1_EXAMPLE00')
  expect(redacted('eu-west-12_AbC')).toBe('eu-west-12_EXAMPLE00')
  expect(redacted('Ada-eu-west-1_AbC')).toBe('local_EXAMPLE00')
})

test.each([
  'Ada ada@example.net',
  'ada@example.net Ada',
  'x+442071234567',
  '+442071234567x',
  `x${SUB}`,
  `${SUB}x`,
  ' {"ada":1}',
])('takes %p for a text of no known form', text => {
  expect(redactEvent({ text })).toEqual({ text: 'redacted-aaaaaaaa' })
})

test('leaves out what is deeper than sixteen levels, also in a text of JSON', () => {
  const nested = (levels: number, value: unknown): unknown =>
    levels === 0 ? value : { a: nested(levels - 1, value) }
  const innermost = (levels: number, value: unknown) => texts(redactEvent(nested(levels, value)))
  expect(innermost(16, 'true')).toEqual(['true'])
  expect(innermost(17, 'true')).toEqual([])
  expect(innermost(15, '[]')).toEqual(['[]'])
  expect(innermost(16, '[]')).toEqual(['null'])
})

test("keeps Cognito's words only at their own place, not in what a client writes", () => {
  const clientMetadata = {
    triggerSource: 'Ada_Lovelace',
    version: '7',
    region: 'xx-byron-1',
    awsSdkVersion: 'aws-sdk-byron',
    challengeName: 'BYRON',
    userPoolId: 'xx-byron-1_secret',
    'cognito:user_status': 'CONFIRMED',
  }
  const redacted = JSON.stringify(redactEvent({ request: { clientMetadata } }))
  expect(redacted).not.toMatch(/byron|lovelace|:"7"|CONFIRMED"/i)
})

test('replaces the keys inside a text of JSON, but for those of Cognito and of a round', () => {
  const identities = JSON.stringify([
    {
      userId: '108',
      providerName: 'x',
      providerType: 'SAML',
      issuer: 'x',
      primary: true,
      dateCreated: 1,
      lovelace: 'x',
      noel: { byron: 1 },
    },
  ])
  const times = { sentAt: 1, expiresAt: 2 }
  const challengeMetadata = JSON.stringify({
    reason: 'first',
    nonce: 'ab',
    keyId: 'k',
    ...times,
    sends: 2,
    lovelace: 1,
  })
  const event = {
    request: {
      userAttributes: { identities, 'custom:json': '{"lovelace":{"noel":"x"}}' },
      clientMetadata: { nested: { lovelace: 'x' } },
      session: [{ challengeName: 'CUSTOM_CHALLENGE', challengeResult: true, challengeMetadata }],
    },
  }
  const redacted = JSON.stringify(redactEvent(event))
  expect(redacted).not.toMatch(/lovelace|noel|byron/)
  const identity = ['userId', 'providerName', 'providerType', 'SAML', 'issuer', 'primary', 'dateCreated']
  const round = ['reason', 'nonce', 'keyId', 'sentAt', 'expiresAt', 'sends']
  for (const key of [...identity, ...round, 'custom:json']) expect(redacted).toContain(key)
})

test('keeps small numbers and times, and no other number', () => {
  expect(redactEvent({ a: -123, b: 1700000000000, c: 421337, d: -421337 })).toEqual({
    a: -123,
    b: 1700000000000,
    c: 0,
    d: 0,
  })
})

test("keeps no number of a person's own", () => {
  const own = { age: '42', room: 7 }
  const none = { age: 'redacted-aaaaaaaa', room: 0 }
  const places = ['userAttributes', 'clientMetadata', 'validationData', 'groupConfiguration']
  const everywhere = (value: object) => Object.fromEntries(places.map(place => [place, value]))
  expect(redactEvent({ userName: '108', request: { ...everywhere(own), challengeAnswer: '123' } })).toEqual({
    userName: 'redacted-aaaaaaaa',
    request: { ...everywhere(none), challengeAnswer: '<answer>' },
  })
})

test('takes text that only begins like JSON for text', () => {
  expect(redactEvent({ a: '{not json' })).toEqual({ a: 'redacted-aaaaaaaa' })
})

test('applied again it changes nothing but the fakes', () => {
  const once = events().map(redactEvent)
  expect(once.map(redactEvent).map(shapeOf)).toEqual(once.map(shapeOf))
  expect(JSON.stringify(once.map(redactEvent))).toContain('<answer>')
})

describe('never throws', () => {
  test('whatever it gets', () => {
    fc.assert(fc.property(fc.anything(), value => void redactEvent(value)))
  })

  test('for keys of an unknown user, whose fakes are all the same', () => {
    const clientMetadata = { 'ada@example.org': 'a', 'bob@example.org': 'b', 'eve@example.org': 'c' }
    const redacted = redactEvent({ userName: 'ada', request: { clientMetadata } })
    const keys = Object.keys(Object(redacted).request.clientMetadata)
    expect(keys).toHaveLength(3)
    expect(keys.join()).not.toMatch(/ada|bob|eve/)
  })

  test('for a value inside itself', () => {
    const loop: Record<string, unknown> = {}
    loop['request'] = loop
    expect(() => redactEvent(loop)).not.toThrow()
  })
})

const folders = readdirSync('events', { withFileTypes: true }).filter(entry => entry.isDirectory())

test.each(folders.map(({ name }) => name))('keeps the shape of the recorded events in %s', folder => {
  for (const file of readdirSync(`events/${folder}`).filter(name => /^\d\d-[\w-]+\.json$/.test(name))) {
    const event: unknown = JSON.parse(readFileSync(`events/${folder}/${file}`, 'utf8'))
    expect([file, shapeOf(redactEvent(event))]).toEqual([file, shapeOf(event)])
  }
})
