// What goes to SES and DynamoDB without their clients of the SDK: what those would send, to where they would send it, signed.

import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { SESClient, SendEmailCommand } from '@aws-sdk/client-ses'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import { AwsService, endpointOf } from './aws-service.ts'
import { countRequest } from './limit.ts'
import { countMail } from './limit-table.ts'
import { sendMail } from './ses.ts'
import { readCreateSettings } from './settings.ts'

const REGION = 'eu-central-1'
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'session' }
const ENVIRONMENT = process.env

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }
const received: Received[] = []
const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  received.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
  const isTable = request.headers['x-amz-target'] !== undefined
  response.setHeader('content-type', isTable ? 'application/x-amz-json-1.0' : 'text/xml')
  response.end(isTable ? '{}' : '<SendEmailResponse><SendEmailResult/></SendEmailResponse>')
})

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  process.env = {
    ...ENVIRONMENT,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
  }
})
afterAll(async () => {
  process.env = ENVIRONMENT
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

/** The two requests that arrived: ours, and that of the client of the SDK. */
async function both(ours: () => Promise<unknown>, theirs: () => Promise<unknown>) {
  received.length = 0
  await ours()
  await theirs()
  const [own, sdk] = received
  if (own === undefined || sdk === undefined) throw new Error('There are not two requests.')
  return { own, sdk }
}

/** The signature that AWS expects of what arrived; the signer takes the hash of the body from its header, if there is one. */
async function signatureOf({ headers, body }: Received, service: string): Promise<unknown> {
  expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'))
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? []
  const signer = new SignatureV4({ service, region: REGION, credentials: CREDENTIALS, sha256: Sha256 })
  const date = String(headers['x-amz-date']).replace(
    /^(....)(..)(..T..)(..)(..)Z$/,
    (_, ...[year, month, dayAndHour, minute, second]) =>
      `${year}-${month}-${dayAndHour}:${minute}:${second}Z`,
  )
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: '/',
      headers: Object.fromEntries(names.map(name => [name, String(headers[name])])),
      body,
    },
    { signingDate: new Date(date) },
  )
  return signed.headers['authorization']
}

describe('a request', () => {
  const MAIL = { subject: 'Код 1 + 1 & 2', text: 'a b\n=%', html: '<p>日本語</p>' }
  const request = countRequest('limits', 'user', 0, { maxCodesPerHour: 1, maxCodesPerDay: 2 })

  test('to SES has the parameters of the one that the SDK sends, and its signature is right', async () => {
    const settings = readCreateSettings({
      CODE_SECRET: 'ab'.repeat(32),
      FROM_ADDRESS: 'no-reply@example.com',
      REPLY_TO_ADDRESS: 'help@example.com',
      SES_CONFIGURATION_SET: 'codes',
      AWS_REGION: REGION,
    })
    const text = (Data: string) => ({ Data, Charset: 'UTF-8' })
    const { own, sdk } = await both(
      () => sendMail(MAIL, 'person@example.com', settings, { remaining: () => 1000 }, () => {}),
      () =>
        new SESClient({ region: REGION }).send(
          new SendEmailCommand({
            Source: 'no-reply@example.com',
            Destination: { ToAddresses: ['person@example.com'] },
            Message: {
              Subject: text(MAIL.subject),
              Body: { Text: text(MAIL.text), Html: text(MAIL.html) },
            },
            ReplyToAddresses: ['help@example.com'],
            ConfigurationSetName: 'codes',
          }),
        ),
    )
    const parameters = ({ body }: Received) => Object.fromEntries(new URLSearchParams(body))
    expect(parameters(own)).toEqual(parameters(sdk))
    expect(own.headers['content-type']).toBe(sdk.headers['content-type'])
    expect(own.headers.authorization).toBe(await signatureOf(own, 'ses'))
    expect(own.headers['x-amz-security-token']).toBe('session')
  })

  test('to DynamoDB is the one that the SDK sends, and its signature is right', async () => {
    const { own, sdk } = await both(
      () => countMail(new AwsService('dynamodb', REGION, false), request, 1000),
      () => new DynamoDBClient({ region: REGION }).send(new UpdateItemCommand(request)),
    )
    expect(JSON.parse(own.body)).toEqual(JSON.parse(sdk.body))
    for (const name of ['content-type', 'x-amz-target']) expect(own.headers[name]).toBe(sdk.headers[name])
    expect(own.headers.authorization).toBe(await signatureOf(own, 'dynamodb'))
  })

  test('without credentials is sent all the same: AWS refuses it with a better word', async () => {
    received.length = 0
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      delete process.env[name]
    await countMail(new AwsService('dynamodb', REGION, false), request, 1000)
    expect(received[0]?.headers.authorization).toContain('Credential=/')
  })
})

describe('the endpoint', () => {
  const regions = [
    ...['eu-central-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1', 'us-iso-east-1'],
    ...['us-isob-east-1', 'us-isof-south-1', 'eu-isoe-west-1', 'xx-new-1'],
  ]
  const kinds = regions.flatMap(region =>
    [false, true].flatMap(fips => [false, true].map(dualStack => ({ region, fips, dualStack }))),
  )

  test.each(kinds)('of $region, FIPS: $fips, dual-stack: $dualStack, is that of the SDK', kind => {
    const { region: Region, fips: UseFIPS, dualStack: UseDualStack } = kind
    delete process.env['AWS_ENDPOINT_URL']
    process.env['AWS_USE_FIPS_ENDPOINT'] = String(UseFIPS)
    process.env['AWS_USE_DUALSTACK_ENDPOINT'] = String(UseDualStack)
    const [ses, dynamodb] = [new SESClient({ region: Region }), new DynamoDBClient({ region: Region })]
    const parameters = { Region, UseFIPS, UseDualStack }
    expect(endpointOf('ses', Region).href).toBe(ses.config.endpointProvider(parameters).url.href)
    expect(endpointOf('dynamodb', Region).href).toBe(dynamodb.config.endpointProvider(parameters).url.href)
  })
})
