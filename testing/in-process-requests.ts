// A configuration for clients of the AWS SDK that meet no server: each request is answered inside the process.
import { HttpResponse } from '@smithy/core/protocols'
import type { AwsRequest } from '../local/aws-services.ts'

export type InProcessAnswer = {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

type SentRequest = {
  readonly path: string
  readonly query?: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** @param answerTo is asked for each request; an exception of it is a connection that breaks */
export function inProcess(answerTo: (request: AwsRequest) => InProcessAnswer | Promise<InProcessAnswer>) {
  return {
    region: 'eu-central-1',
    credentials: { accessKeyId: 'EXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: {
      handle: async ({ path, query = {}, headers: sent, body: bytes = '' }: SentRequest) => {
        const { status, body, headers } = await answerTo({
          path: `${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`,
          target: sent['x-amz-target'],
          authorization: sent['authorization'],
          body: typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes),
        })
        return {
          response: new HttpResponse({
            statusCode: status,
            headers: { 'content-type': 'application/x-amz-json-1.1', ...headers },
            body: new TextEncoder().encode(body),
          }),
        }
      },
    },
  }
}
