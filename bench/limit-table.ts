// The limit table of a load run, in a thread of its own: it answers in time however busy the pool and the people are.
import { once } from 'node:events'
import { parentPort, Worker } from 'node:worker_threads'
import { type JsonObject, stringAt } from '../command/json.ts'
import { startDynamoDbStandIn } from '../testing/dynamodb-stand-in.ts'

export interface LimitTable {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string
  /** @returns how many mails were counted so far */
  counted(): Promise<number>
  close(): Promise<void>
}

/** @param program where it is not the main thread, it has to call `serveLimitTable` */
export async function startLimitTable(program: URL): Promise<LimitTable> {
  const thread = new Worker(program)
  const told = async () => (await once(thread, 'message'))[0]
  return {
    url: String(await told()),
    async counted() {
      thread.postMessage('counted')
      return Number(await told())
    },
    async close() {
      await thread.terminate()
    },
  }
}

/** What the thread does. */
export async function serveLimitTable(): Promise<void> {
  const table = await startDynamoDbStandIn(['user', 'day'])
  parentPort?.on('message', () => parentPort?.postMessage(sumOfCounters(table.items())))
  parentPort?.postMessage(table.url)
}

function sumOfCounters(items: readonly Record<string, JsonObject>[]): number {
  return items.reduce((sum, { codes }) => sum + Number(stringAt(codes ?? null, 'N') ?? 0), 0)
}
