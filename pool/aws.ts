// The AWS services that the command line talks to, and calls that lose nothing of what a service says.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { IAMClient } from '@aws-sdk/client-iam'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { SESv2Client } from '@aws-sdk/client-sesv2'
import type { BuildMiddleware, DeserializeMiddleware, MiddlewareStack } from '@smithy/types'
import { type JsonObject, parseJsonObject } from '../command/json.ts'

/** No answer within this time is no answer; what became of the call is then read back. */
const requestHandler = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }

export type Aws = {
  readonly region: string
  readonly cognito: CognitoIdentityProviderClient
  readonly cloudFormation: CloudFormationClient
  readonly iam: IAMClient
  /** @param region of the function, which its ARN names */
  lambda(region: string): LambdaClient
  ses(region: string): SESv2Client
  cloudWatch(region: string): CloudWatchClient
  logs(region: string): CloudWatchLogsClient
  dynamoDb(region: string): DynamoDBClient
}

/** Clients with the SDK's own credentials, profiles and endpoint variables. @param region of the user pool */
export function awsClients(region: string): Aws {
  return {
    region,
    cognito: new CognitoIdentityProviderClient({ region, requestHandler }),
    cloudFormation: new CloudFormationClient({ region, requestHandler }),
    iam: new IAMClient({ region, requestHandler }),
    lambda: oneForEachRegion(LambdaClient),
    ses: oneForEachRegion(SESv2Client),
    logs: oneForEachRegion(CloudWatchLogsClient),
    dynamoDb: oneForEachRegion(DynamoDBClient),
    cloudWatch: oneForEachRegion(CloudWatchClient),
  }
}

/** A second client would look up its settings and connect again. */
function oneForEachRegion<Client>(
  Service: new (configuration: { region: string; requestHandler: typeof requestHandler }) => Client,
): (region: string) => Client {
  const clients = new Map<string, Client>()
  return region => {
    const client = clients.get(region) ?? new Service({ region, requestHandler })
    clients.set(region, client)
    return client
  }
}

/**
 * Makes an SDK command send `body` as it is, and keeps the answer as it came. The SDK drops every member that its own
 * model does not know, on the way out and on the way in: a setting that Cognito got after this SDK was made would
 * be read as absent, and then reset by the update.
 *
 * @param body what to send instead of what the SDK makes of the command's input
 * @returns reads the whole answer, once the command has been sent
 */
export function sendVerbatim<Input extends object, Output extends object>(
  command: { middlewareStack: MiddlewareStack<Input, Output> },
  body?: JsonObject,
): () => JsonObject {
  let answer = '{}'
  if (body !== undefined) {
    const sendBody: BuildMiddleware<Input, Output> = next => args => {
      if (hasBody(args.request)) args.request.body = JSON.stringify(body)
      return next(args)
    }
    command.middlewareStack.add(sendBody, { step: 'build', priority: 'high', name: 'verbatimBody' })
  }
  const keepAnswer: DeserializeMiddleware<Input, Output> = next => async args => {
    const result = await next(args)
    if (!hasBody(result.response)) return result
    const bytes = await bytesOf(result.response.body)
    answer = new TextDecoder().decode(bytes)
    result.response.body = bytes
    return result
  }
  command.middlewareStack.add(keepAnswer, { step: 'deserialize', priority: 'low', name: 'verbatimAnswer' })
  return () => parseJsonObject(answer)
}

function hasBody(message: unknown): message is { body: unknown } {
  return typeof message === 'object' && message !== null && 'body' in message
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  if (!isStream(body)) return new Uint8Array()
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}
