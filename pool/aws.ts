// The AWS services that the command line talks to, and calls that lose nothing of what a service says.
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import type { BuildMiddleware, DeserializeMiddleware, MiddlewareStack } from '@smithy/types'
import { type JsonObject, parseJsonObject } from '../command/json.ts'

/** No answer within this time is no answer; what became of the call is then read back. */
const requestHandler = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }

type Configuration = { readonly region: string; readonly requestHandler: typeof requestHandler }

/** What a file of services/ exports: the client, and the commands that are sent with it. */
type ServiceModule<Client> = { readonly Client: new (configuration: Configuration) => Client }

export type Aws = ReturnType<typeof awsClients>

/** What holds a user pool and the functions of its triggers. */
export type PoolAws = Pick<Aws, 'region' | 'cognito' | 'lambda'>

/**
 * Clients with the SDK's own credentials, profiles and endpoint variables. All commands need Cognito; another service is loaded
 * when one is asked for, by the region in which it is called.
 *
 * @param region of the user pool
 */
export function awsClients(region: string) {
  return {
    region,
    cognito: new CognitoIdentityProviderClient({ region, requestHandler }),
    cloudFormation: oneForEachRegion(() => import('./services/cloud-formation.ts')),
    iam: oneForEachRegion(() => import('./services/iam.ts')),
    lambda: oneForEachRegion(() => import('./services/lambda.ts')),
    ses: oneForEachRegion(() => import('./services/ses.ts')),
    cloudWatch: oneForEachRegion(() => import('./services/cloud-watch.ts')),
    logs: oneForEachRegion(() => import('./services/cloud-watch-logs.ts')),
    dynamoDb: oneForEachRegion(() => import('./services/dynamo-db.ts')),
  }
}

/** A second client would look up its settings and connect again. */
function oneForEachRegion<Client, Module extends ServiceModule<Client>>(
  load: () => Promise<Module & ServiceModule<Client>>,
): (region: string) => Promise<Module & { readonly client: Client }> {
  const clients = new Map<string, Client>()
  return async region => {
    const service = await load()
    const client = clients.get(region) ?? new service.Client({ region, requestHandler })
    clients.set(region, client)
    return { ...service, client }
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
