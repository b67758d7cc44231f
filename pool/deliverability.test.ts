// What check finds between SES and the inbox: each planted fault, nothing on a good identity, and DNS asked where it can be.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { isJsonObject, type JsonObject, objectAt, stringAt, stringsAt } from '../command/json.ts'
import { type StandIn, type StandInState, startAwsStandIn } from '../testing/aws-stand-in.ts'
import { ARNS, goodPool, POOL_ID } from '../testing/example-pool.ts'
import { jsonOf, run } from '../testing/pool-run.ts'

const REGION = 'eu-central-1'
const SET_ARN = `arn:aws:ses:${REGION}:111122223333:configuration-set/codes`
const TOKENS = ['aaaa', 'bbbb', 'cccc']

let aws: StandIn
let dns: Socket
/** DNS records: TXT by name, others by type and name. */
let records: Map<string, string>

beforeEach(async () => {
  const state = goodPool()
  state.ses[REGION] = goodMail(state)
  // The newest rates are under what AWS looks at; the ones before them were not.
  state.metrics = [
    ...[rate('Bounce', 0.2, 3), rate('Bounce', 0.049)],
    ...[rate('Complaint', 0.2, 3), rate('Complaint', 0.0009)],
  ]
  objectAt(state.functions[ARNS.CreateAuthChallenge]?.configuration, 'Environment', 'Variables')[
    'SES_CONFIGURATION_SET'
  ] = 'codes'
  state.allowedResources.push(SET_ARN)
  records = new Map([['_dmarc.example.com', 'v=DMARC1; p=reject']])
  dns = createSocket('udp4')
  dns.on('message', (question, { port, address }) => dns.send(answerTo(question), port, address))
  dns.bind(0, '127.0.0.1')
  await once(dns, 'listening')
  aws = await startAwsStandIn(state)
  aws.environment['CHECK_DNS_SERVER'] = `127.0.0.1:${dns.address().port}`
})
afterEach(async () => {
  delete process.env['CHECK_DNS_SERVER']
  dns.close()
  await aws.stop()
})

/** An identity, a configuration set and an account as they should be. */
function goodMail(state: StandInState) {
  return {
    account: {
      ...objectAt(state.ses[REGION]?.account),
      SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
    },
    identities: {
      'example.com': {
        IdentityType: 'DOMAIN',
        VerifiedForSendingStatus: true,
        DkimAttributes: {
          SigningEnabled: true,
          Status: 'SUCCESS',
          Tokens: TOKENS,
          SigningAttributesOrigin: 'AWS_SES',
        },
        MailFromAttributes: {
          MailFromDomain: 'bounce.example.com',
          MailFromDomainStatus: 'SUCCESS',
          BehaviorOnMxFailure: 'USE_DEFAULT_VALUE',
        },
      },
    },
    configurationSets: ['codes'],
    configurationSetAnswers: { codes: { SendingOptions: { SendingEnabled: true } } },
    eventDestinations: {
      codes: [
        {
          Name: 'failures',
          Enabled: true,
          MatchingEventTypes: ['BOUNCE', 'COMPLAINT'],
          SnsDestination: { TopicArn: 'arn' },
        },
      ],
    },
    suppressed: {},
  }
}

/** A rate of SES as CloudWatch has it, some hours ago. */
const rate = (name: string, value: number, hours = 1) => ({
  namespace: 'AWS/SES',
  name: `Reputation.${name}Rate`,
  dimensions: {},
  at: Date.now() - hours * 3_600_000,
  value,
})

const TYPES: Readonly<Record<number, string>> = { 5: 'CNAME', 15: 'MX', 16: 'TXT' }

/** A domain as labels with their lengths (RFC 1035, section 3.1). */
const labelled = (name: string) =>
  Buffer.from(
    [...name.split('.').map(label => `${String.fromCharCode(label.length)}${label}`), '\0'].join(''),
  )

/** The answer to one question (RFC 1035, section 4.1). A TXT record is under its name, another under type and name. */
function answerTo(question: Buffer): Buffer {
  const labels: string[] = []
  let offset = 12
  for (let length = question[offset] ?? 0; length > 0; length = question[offset] ?? 0) {
    labels.push(question.subarray(offset + 1, offset + 1 + length).toString())
    offset += length + 1
  }
  const end = offset + 5
  const type = question[offset + 2] ?? 0
  const name = labels.join('.').toLowerCase()
  const value = records.get(TYPES[type] === 'TXT' ? name : `${TYPES[type]} ${name}`)
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(value === undefined ? 0x8183 : 0x8180, 2)
  head.writeUInt16BE(value === undefined ? 0 : 1, 6)
  head.writeUInt32BE(0, 8)
  const parts = [head, question.subarray(12, end)]
  if (value !== undefined) {
    const data = {
      CNAME: labelled(value),
      MX: Buffer.concat([Buffer.from([0, 10]), labelled(value)]),
      TXT: Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]),
    }[TYPES[type] ?? 'TXT']
    if (data === undefined) throw new Error('no such type')
    parts.push(Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data)
  }
  return Buffer.concat(parts)
}

const check = (...more: string[]) => run(aws.environment, ['check', '--user-pool-id', POOL_ID, ...more])

async function found(...more: string[]): Promise<JsonObject[]> {
  const { findings } = jsonOf(await check('--json', ...more))
  return Array.isArray(findings) ? findings.filter(isJsonObject) : []
}

const mail = (state: StandInState) => objectAt(state.ses[REGION])
const identity = (state: StandInState) => objectAt(mail(state)['identities'], 'example.com')
const dkim = (state: StandInState) => objectAt(identity(state), 'DkimAttributes')
const mailFrom = (state: StandInState) => objectAt(identity(state), 'MailFromAttributes')

test('a good identity has no findings, an address that is not suppressed neither', async () => {
  expect(await check('--email', 'ada@example.com')).toMatchObject({ code: 0, err: '' })
  expect(aws.calls.map(({ operation }) => operation)).toContain('GetSuppressedDestination')
})

type Fault = {
  fault: string
  id: string
  level: 'high' | 'medium' | 'low'
  plant: (state: StandInState) => void
  fix: string
  records?: string[]
  args?: string[]
}

const MAIL_FROM_RECORDS = [
  'bounce.example.com. 3600 IN MX 10 feedback-smtp.eu-central-1.amazonses.com.',
  'bounce.example.com. 3600 IN TXT "v=spf1 include:amazonses.com ~all"',
]

const FAULTS: Fault[] = [
  {
    fault: 'DKIM records that are not published',
    id: 'ses-dkim',
    level: 'medium',
    plant: state => Object.assign(dkim(state), { Status: 'PENDING' }),
    fix: 'aws sesv2 get-email-identity --region eu-central-1 --email-identity example.com',
    records: TOKENS.map(
      token => `${token}._domainkey.example.com. 3600 IN CNAME ${token}.dkim.amazonses.com.`,
    ),
  },
  {
    fault: 'DKIM that is switched off',
    id: 'ses-dkim',
    level: 'medium',
    plant: state => Object.assign(dkim(state), { SigningEnabled: false }),
    fix: 'put-email-identity-dkim-attributes --region eu-central-1 --email-identity example.com --signing-enabled',
  },
  {
    fault: 'DKIM with a key of its own that is not published',
    id: 'ses-dkim',
    level: 'medium',
    plant: state => Object.assign(dkim(state), { Status: 'FAILED', SigningAttributesOrigin: 'EXTERNAL' }),
    fix: 'get-email-identity',
  },
  {
    fault: 'no MAIL FROM domain',
    id: 'ses-mail-from',
    level: 'low',
    plant: state => (identity(state)['MailFromAttributes'] = { BehaviorOnMxFailure: 'USE_DEFAULT_VALUE' }),
    fix: '--mail-from-domain mail.example.com',
    records: MAIL_FROM_RECORDS.map(record => record.replace('bounce', 'mail')),
  },
  {
    fault: 'a MAIL FROM domain whose records are missing',
    id: 'ses-mail-from',
    level: 'medium',
    plant: state => Object.assign(mailFrom(state), { MailFromDomainStatus: 'PENDING' }),
    fix: '--mail-from-domain bounce.example.com',
    records: MAIL_FROM_RECORDS,
  },
  {
    fault: 'one without which SES refuses to send',
    id: 'ses-mail-from',
    level: 'high',
    plant: state =>
      Object.assign(mailFrom(state), {
        MailFromDomainStatus: 'FAILED',
        BehaviorOnMxFailure: 'REJECT_MESSAGE',
      }),
    fix: 'put-email-identity-mail-from-attributes',
    records: MAIL_FROM_RECORDS,
  },
  {
    fault: 'no DMARC record',
    id: 'ses-dmarc',
    level: 'medium',
    plant: () => records.clear(),
    fix: 'npx cognito-email-code check',
    records: ['_dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none"'],
  },
  {
    fault: 'another text at the name of the DMARC record',
    id: 'ses-dmarc',
    level: 'medium',
    plant: () => void records.set('_dmarc.example.com', 'hello'),
    fix: 'npx cognito-email-code check',
    records: ['_dmarc.example.com. 3600 IN TXT "v=DMARC1; p=none"'],
  },
  {
    fault: 'an account that AWS reviews for bounces',
    id: 'ses-probation',
    level: 'high',
    plant: state => Object.assign(objectAt(mail(state)['account']), { EnforcementStatus: 'PROBATION' }),
    fix: 'aws sesv2 get-account --region eu-central-1',
  },
  ...(
    [
      ['ses-bounces', 'medium', 0.05, 'BOUNCE', 'Bounce'],
      ['ses-bounces', 'high', 0.1, 'BOUNCE', 'Bounce'],
      ['ses-complaints', 'medium', 0.001, 'COMPLAINT', 'Complaint'],
      ['ses-complaints', 'high', 0.005, 'COMPLAINT', 'Complaint'],
    ] as const
  ).map(([id, level, value, reason, name]) => ({
    fault: `${id} of ${value}`,
    id,
    level,
    plant: (state: StandInState) => (state.metrics = [rate(name, value), rate(name, 0, 3)]),
    fix: `list-suppressed-destinations --region eu-central-1 --reasons ${reason}`,
  })),
  {
    fault: 'a sender at a free mail provider',
    id: 'ses-free-mail',
    level: 'high',
    plant: state => {
      objectAt(state.functions[ARNS.CreateAuthChallenge]?.configuration, 'Environment', 'Variables')[
        'FROM_ADDRESS'
      ] = 'Example <example.app@gmail.com>'
      objectAt(mail(state)['identities'])['example.app@gmail.com'] = { VerifiedForSendingStatus: true }
    },
    fix: '--parameter-overrides FromAddress=no-reply@YOUR.DOMAIN',
  },
  {
    fault: 'a configuration set that does not send',
    id: 'ses-configuration-set-paused',
    level: 'high',
    plant: state =>
      (mail(state)['configurationSetAnswers'] = { codes: { SendingOptions: { SendingEnabled: false } } }),
    fix: 'put-configuration-set-sending-options --region eu-central-1 --configuration-set-name codes --sending-enabled',
  },
  {
    fault: 'open and click tracking',
    id: 'ses-tracking',
    level: 'medium',
    plant: state => {
      const MatchingEventTypes = ['BOUNCE', 'OPEN', 'CLICK']
      mail(state)['eventDestinations'] = { codes: [{ Name: 'all', Enabled: true, MatchingEventTypes }] }
    },
    fix: `--event-destination-name all --event-destination '{"MatchingEventTypes":["BOUNCE"],"Enabled":true}'`,
  },
  {
    fault: 'an event destination for nothing but tracking',
    id: 'ses-tracking',
    level: 'medium',
    plant: state =>
      (mail(state)['eventDestinations'] = {
        codes: [{ Name: 'opens', Enabled: true, MatchingEventTypes: ['OPEN'] }],
      }),
    fix: 'delete-configuration-set-event-destination --region eu-central-1 --configuration-set-name codes --event-destination-name opens',
  },
  {
    fault: 'a user whose address is suppressed',
    id: 'ses-suppressed',
    level: 'medium',
    plant: state => (mail(state)['suppressed'] = { 'ada+x@example.com': 'BOUNCE' }),
    fix: 'delete-suppressed-destination --region eu-central-1 --email-address ada+x@example.com',
    args: ['--email', 'ada+x@example.com'],
  },
]

describe('check finds', () => {
  test.each(FAULTS)('$fault', async ({ id, level, plant, fix, records: wanted = [], args = [] }) => {
    plant(aws.state)
    const findings = await found(...args)
    expect(findings).toMatchObject([{ id, level }])
    expect(stringAt(findings[0], 'fix')).toContain(fix)
    expect(stringsAt(findings[0], 'records')).toEqual(wanted)
    const lines = (await check(...args)).out.split('\n').map(line => line.trim())
    for (const line of [...wanted, stringAt(findings[0], 'fix')]) expect(lines).toContain(line)
  })

  test('mail that neither DKIM nor SPF stands for', async () => {
    Object.assign(dkim(aws.state), { Status: 'NOT_STARTED' })
    Object.assign(mailFrom(aws.state), { MailFromDomainStatus: 'FAILED' })
    expect((await found()).map(({ id, level }) => [id, level])).toEqual([
      ['ses-unaligned', 'high'],
      ['ses-dkim', 'medium'],
      ['ses-mail-from', 'medium'],
    ])
  })
})

describe('DNS that has what SES still waits for', () => {
  beforeEach(() => {
    Object.assign(dkim(aws.state), { Status: 'PENDING' })
    Object.assign(mailFrom(aws.state), { MailFromDomainStatus: 'PENDING' })
  })
  const notes = async () => (await found()).map(finding => [finding['id'], stringsAt(finding, 'records')])

  test('leaves the records out, and says that SES has to find them', async () => {
    for (const token of TOKENS)
      records.set(`CNAME ${token}._domainkey.example.com`, `${token}.dkim.amazonses.com`)
    records.set('MX bounce.example.com', 'feedback-smtp.eu-central-1.amazonses.com')
    records.set('bounce.example.com', 'v=spf1 include:other.example include:amazonses.com -all')
    expect((await notes()).filter(([id]) => id !== 'ses-unaligned')).toEqual([
      ['ses-dkim', []],
      ['ses-mail-from', []],
    ])
    expect(
      (await check()).out.replace(/\s+/g, ' ').match(/DNS has the records; SES finds them/g),
    ).toHaveLength(2)
  })

  test('in part shows what is missing, a record that points elsewhere too', async () => {
    const [first, second] = TOKENS
    records.set(`CNAME ${first}._domainkey.example.com`, `${first}.dkim.amazonses.com`)
    records.set(`CNAME ${second}._domainkey.example.com`, 'other.example')
    records.set('MX bounce.example.com', 'feedback-smtp.us-east-1.amazonses.com')
    records.set('bounce.example.com', 'v=spf1 -all')
    const [, dkimNote, mailFromNote] = await notes()
    expect(dkimNote?.[1]).toHaveLength(2)
    expect(mailFromNote?.[1]).toEqual(MAIL_FROM_RECORDS)
    expect((await check()).out.replace(/\s+/g, ' ')).toContain('DNS lacks them.')
  })
})

describe('check leaves alone', () => {
  test('a suppressed address where the list is switched off for its reason', async () => {
    mail(aws.state)['suppressed'] = { 'ada@example.com': 'BOUNCE' }
    const answers = { codes: { SuppressionOptions: { SuppressedReasons: ['COMPLAINT'] } } }
    mail(aws.state)['configurationSetAnswers'] = answers
    expect(await found('--email', 'ada@example.com')).toEqual([])
  })

  test('tracking of an event destination that is switched off', async () => {
    mail(aws.state)['eventDestinations'] = {
      codes: [{ Name: 'all', Enabled: false, MatchingEventTypes: ['OPEN'] }],
    }
    expect(await found()).toEqual([])
  })

  test('a subdomain whose parent has the DMARC record', async () => {
    objectAt(aws.state.functions[ARNS.CreateAuthChallenge]?.configuration, 'Environment', 'Variables')[
      'FROM_ADDRESS'
    ] = 'no-reply@mail.app.example.com'
    expect(await found()).toEqual([])
  })

  test('the public DNS, where the endpoints are not those of AWS', async () => {
    records.clear()
    delete aws.environment['CHECK_DNS_SERVER']
    delete process.env['CHECK_DNS_SERVER']
    expect(await found()).toEqual([])
  })
})

test('DNS that does not answer is said to be unknown', async () => {
  aws.environment['CHECK_DNS_SERVER'] = '127.0.0.1:9'
  expect(await found()).toMatchObject([
    {
      id: 'not-checked',
      level: 'low',
      what: expect.stringContaining('The DMARC record of example.com in DNS'),
    },
  ])
})

test.each([
  ['GetConfigurationSetEventDestinations', 'ses:GetConfigurationSetEventDestinations'],
  ['GetSuppressedDestination', 'ses:GetSuppressedDestination'],
  ['GetMetricData', 'cloudwatch:GetMetricData'],
])('%s that may not be called is a note that names the right', async (denied, right) => {
  aws.interfere = operation => (operation === denied ? 'deny' : undefined)
  const findings = await found('--email', 'ada@example.com')
  expect(findings).toMatchObject([{ id: 'not-checked', level: 'low' }])
  expect(stringAt(findings[0], 'why')).toContain(right)
})
