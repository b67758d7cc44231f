// The SDK's client of Cognito with answers from a test, and no server: what it would send is kept, and nothing is sent.
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { type JsonObject, parseJsonObject } from '../command/json.ts'
import { inProcess } from './in-process-requests.ts'

export type ScriptedAnswer = { readonly status?: number; readonly body: JsonObject }

export type ScriptedCognito = {
  readonly cognito: CognitoIdentityProviderClient
  /** The inputs of the calls, in order. */
  readonly inputs: readonly JsonObject[]
}

/** @param answerTo is asked for each call, by its input and its operation, such as `ListUsers` */
export function scriptedCognito(
  answerTo: (input: JsonObject, operation: string) => ScriptedAnswer,
): ScriptedCognito {
  const inputs: JsonObject[] = []
  const configuration = inProcess(({ target, body: text }) => {
    const input = parseJsonObject(text)
    inputs.push(input)
    const { status = 200, body } = answerTo(input, target?.split('.')[1] ?? '')
    return { status, body: JSON.stringify(body) }
  })
  return { cognito: new CognitoIdentityProviderClient(configuration), inputs }
}
