// Plays DynamoDB for one table, and what can go wrong on the way; for tests.
import { createServer, type IncomingMessage } from 'node:http'
import { type JsonObject, parseJsonObject } from '../command/json.ts'
import { AwsError } from '../local/aws-error.ts'
import { DynamoDbTable, type Item } from '../local/dynamodb.ts'

/** How requests are answered. `lose-answer`: carried out, then the connection breaks. `never`: not carried out, no answer. */
export type TableAnswer =
  | 'work'
  | 'lose-answer'
  | 'never'
  | 'break'
  /** The item of a failed condition is not in the answer. */
  | 'full-without-item'
  | { readonly error: string }

/** Starts the table on a free port of the loopback interface. Set `AWS_ENDPOINT_URL_DYNAMODB` to its `url`. */
export async function startDynamoDbStandIn(keys: readonly string[]) {
  const table = new DynamoDbTable(keys)
  const requests: JsonObject[] = []
  let answer: TableAnswer = 'work'

  const server = createServer(async (request, response) => {
    const body = parseJsonObject(await readBody(request))
    requests.push({ ...body, operation: String(request.headers['x-amz-target']) })
    if (answer === 'never') return
    if (answer === 'break') {
      request.socket.destroy()
      return
    }
    try {
      if (typeof answer === 'object') throw new AwsError(answer.error, 'said by DynamoDB')
      const operation = String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', '')
      const output = table.perform(operation, body)
      if (answer === 'lose-answer') request.socket.destroy()
      else
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(output))
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      const told = {
        __type: `com.amazonaws.dynamodb.v20120810#${error.name}`,
        message: error.message,
        ...(answer !== 'full-without-item' && error.more),
      }
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(told))
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The DynamoDB stand-in has no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    /** The items, each with its keys. */
    items: (): Item[] => table.items,
    clear(): void {
      table.clear()
      requests.length = 0
      answer = 'work'
    },
    answerWith(next: TableAnswer): void {
      answer = next
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export type DynamoDbStandIn = Awaited<ReturnType<typeof startDynamoDbStandIn>>

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
