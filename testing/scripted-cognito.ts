// The SDK's client of Cognito with answers from a test, and no server: what it would send is kept, and nothing is sent.
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { HttpResponse } from '@smithy/core/protocols'
import { type JsonObject, parseJsonObject } from '../command/json.ts'

export type ScriptedAnswer = { readonly status?: number; readonly body: JsonObject }

export type ScriptedCognito = {
  readonly cognito: CognitoIdentityProviderClient
  /** The inputs of the calls, in order. */
  readonly inputs: readonly JsonObject[]
}

type ScriptedRequest = { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> }

/** @param answerTo is asked for each call, by its input and its operation, such as `ListUsers` */
export function scriptedCognito(
  answerTo: (input: JsonObject, operation: string) => ScriptedAnswer,
): ScriptedCognito {
  const inputs: JsonObject[] = []
  const cognito = new CognitoIdentityProviderClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'EXAMPLE', secretAccessKey: 'example' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: ScriptedRequest) => {
        const input = parseJsonObject(new TextDecoder().decode(request.body))
        inputs.push(input)
        const { status = 200, body } = answerTo(input, request.headers['x-amz-target']?.split('.')[1] ?? '')
        const headers = { 'content-type': 'application/x-amz-json-1.1' }
        const bytes = new TextEncoder().encode(JSON.stringify(body))
        return { response: new HttpResponse({ statusCode: status, headers, body: bytes }) }
      },
    },
  })
  return { cognito, inputs }
}
