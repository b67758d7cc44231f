// One AWS service in one region: requests that are signed by the SDK's signer and sent once. The rest of the SDK stays out of
// Lambda: loading it took longer than all else of a cold start (docs/decisions/signed-requests.md).

import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import { EarlyAgent } from './early-connection.ts'

/** `name` is in the signature, `host` before the region, `variable` sends the requests elsewhere. */
const SERVICES = {
  ses: { host: 'email', variable: 'AWS_ENDPOINT_URL_SES' },
  dynamodb: { host: 'dynamodb', variable: 'AWS_ENDPOINT_URL_DYNAMODB' },
} as const

/** By the start of the region's name: the domain of its endpoints, and of those with IPv6. */
const DOMAINS: readonly (readonly [string, string, string])[] = [
  ['cn-', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  ['eusc-', 'amazonaws.eu', 'api.amazonwebservices.eu'],
  ['us-iso-', 'c2s.ic.gov', 'api.aws.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov', 'api.aws.scloud'],
  ['us-isof-', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
]
const OTHER_DOMAIN = ['', 'amazonaws.com', 'api.aws'] as const

/** Longer than a closed connection takes to say so inside a region, shorter than a service takes to answer. */
const STALE_MILLISECONDS = 50

export type ServiceAnswer = {
  readonly status: number
  /** The body. Rejects if the connection breaks or the time is up before its end. */
  readonly text: () => Promise<string>
}

export class AwsService {
  readonly #name: keyof typeof SERVICES
  readonly #region: string
  readonly #endpoint: URL
  readonly #httpAgent: HttpAgent
  readonly #httpsAgent: EarlyAgent

  /** @param keepAlive whether a connection may be used again; by then it may be closed, and the request fails */
  constructor(name: keyof typeof SERVICES, region: string, keepAlive: boolean) {
    this.#name = name
    this.#region = region
    this.#endpoint = endpointOf(name, region)
    this.#httpAgent = new HttpAgent({ keepAlive })
    this.#httpsAgent = new EarlyAgent({ keepAlive })
  }

  /** Opens the connection that the first request is sent over. Never rejects. */
  async open(): Promise<void> {
    const { protocol, hostname, port } = this.#endpoint
    if (protocol === 'https:') await this.#httpsAgent.open(hostname, Number(port || 443))
  }

  /**
   * Sends a request, once, with the credentials that Lambda has put into the environment.
   *
   * @param headers names in lower case
   * @returns as soon as the service begins to answer, with whatever status
   * @throws what Node.js says of the connection, with `onClosedSocket` if it was a kept one that was closed already: such
   *   a request never arrived (Node.js documentation, `request.reusedSocket`). An AbortError when the signal says so.
   */
  async post(
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<ServiceAnswer> {
    const { protocol, hostname, host, pathname: path } = this.#endpoint
    const request = {
      method: 'POST',
      protocol,
      hostname,
      path,
      query: {},
      headers: { ...headers, host },
      body,
    }
    const signed = await this.#signer().sign(request)
    const [send, agent] =
      protocol === 'https:' ? [httpsRequest, this.#httpsAgent] : [httpRequest, this.#httpAgent]
    return new Promise((resolve, reject) => {
      let sentAt = 0
      const sending = send(this.#endpoint, { method: 'POST', headers: signed.headers, agent, signal })
      sending.once('socket', () => {
        sentAt = performance.now()
      })
      sending.on('error', error => {
        const onClosedSocket = sending.reusedSocket && performance.now() - sentAt < STALE_MILLISECONDS
        reject(signal.aborted ? aborted() : Object.assign(error, { onClosedSocket }))
      })
      sending.once('response', response =>
        resolve({
          status: Number(response.statusCode),
          text: async () => {
            const parts: Buffer[] = []
            for await (const part of response) parts.push(part)
            return Buffer.concat(parts).toString()
          },
        }),
      )
      sending.end(body)
    })
  }

  #signer(): SignatureV4 {
    const { env } = process
    return new SignatureV4({
      service: this.#name,
      region: this.#region,
      sha256: Sha256,
      credentials: {
        accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
        ...(env['AWS_SESSION_TOKEN'] && { sessionToken: env['AWS_SESSION_TOKEN'] }),
      },
    })
  }
}

/** The endpoint, as the variables of the AWS SDKs choose it (AWS SDKs and Tools Reference Guide). */
export function endpointOf(name: keyof typeof SERVICES, region: string): URL {
  const { env } = process
  const { host, variable } = SERVICES[name]
  const own = env[variable] ?? env['AWS_ENDPOINT_URL']
  if (own) return new URL(own)
  const [, plain, dualStack] = DOMAINS.find(([start]) => region.startsWith(start)) ?? OTHER_DOMAIN
  const domain = env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true' ? dualStack : plain
  // In AWS GovCloud the plain endpoint of DynamoDB is the FIPS one.
  const isFipsAnyway = name === 'dynamodb' && region.startsWith('us-gov-') && domain === plain
  const fips = env['AWS_USE_FIPS_ENDPOINT'] === 'true' && !isFipsAnyway ? '-fips' : ''
  return new URL(`https://${host}${fips}.${region}.${domain}`)
}

/** With a name alone: an error of Node.js has a code, which the log would prefer. */
function aborted(): DOMException {
  return new DOMException('The service did not answer in time.', 'AbortError')
}
