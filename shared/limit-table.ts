// The table of the limit across sign-ins, in DynamoDB. Loaded only where there is one: Create without it starts as fast.
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { EarlyAgent, prepareRequest } from './early-connection.ts'
import { lambdaClientSettings } from './lambda-sdk.ts'
import type { CountAnswer } from './limit.ts'

let made: { readonly client: DynamoDBClient; readonly agent: EarlyAgent } | undefined

function clientOf(region: string) {
  if (made !== undefined) return made
  // A connection kept over a pause of the process may be closed by then, and would fail a request that is never repeated.
  const agent = new EarlyAgent({ keepAlive: false })
  const requestHandler = { httpAgent: { keepAlive: false }, httpsAgent: agent }
  made = { client: new DynamoDBClient({ ...lambdaClientSettings(region), requestHandler }), agent }
  return made
}

/** Makes the client and a request ready, and with `connect` the connection that the first count is sent over. Never rejects. */
export async function prepareTable(
  request: UpdateItemCommandInput,
  region: string,
  connect: boolean,
): Promise<void> {
  const { client, agent } = clientOf(region)
  const command = new UpdateItemCommand(request)
  await prepareRequest(command, () => client.send(command), connect ? agent : undefined)
}

/**
 * Sends the one request, once: a second try could count a mail twice. A request whose answer is lost may have been
 * counted, so a lost answer costs a user one mail at most.
 *
 * @throws what the SDK throws when the table does not answer in time, or with another error than a full counter
 */
export async function countMail(
  request: UpdateItemCommandInput,
  region: string,
  milliseconds: number,
): Promise<CountAnswer> {
  const { client } = clientOf(region)
  const abortSignal = AbortSignal.timeout(Math.floor(milliseconds))
  try {
    await client.send(new UpdateItemCommand(request), { abortSignal })
    return { name: 'counted' }
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    const codes = error.Item?.['codes']?.N
    return { name: 'full', codes: codes === undefined ? undefined : Number(codes) }
  }
}
