// The table of the limit across sign-ins, in DynamoDB.
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb'
import type { AwsService } from './aws-service.ts'
import type { CountAnswer } from './limit.ts'
import { field } from './trigger-event.ts'

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.UpdateItem',
}

/**
 * Sends the one request, once: a second try could count a mail twice. A request whose answer is lost may have been
 * counted, so a lost answer costs a user one mail at most.
 *
 * @throws what Node.js says of the connection; DynamoDB's error, with its name, if it is another than a full counter; a SyntaxError for what is
 *   no answer of DynamoDB
 */
export async function countMail(
  table: AwsService,
  request: UpdateItemCommandInput,
  milliseconds: number,
): Promise<CountAnswer> {
  const signal = AbortSignal.timeout(Math.floor(milliseconds))
  const { status, text } = await table.post(HEADERS, JSON.stringify(request), signal)
  const answer = await text()
  if (status === 200) return { name: 'counted' }
  const error: unknown = JSON.parse(answer)
  const name = String(field(error, '__type')).replace(/^.*#/, '')
  if (name !== 'ConditionalCheckFailedException') throw Object.assign(new Error(), { name })
  const codes = field(field(field(error, 'Item'), 'codes'), 'N')
  return { name: 'full', codes: codes === undefined ? undefined : Number(codes) }
}
