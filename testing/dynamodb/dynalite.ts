// Runs dynalite, an independent DynamoDB emulator, in a process of its own, with the table of template.yaml.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import {
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { type JsonObject, objectAt } from '../../command/json.ts'

export type Dynalite = {
  readonly url: string
  readonly items: () => Promise<Readonly<Record<string, unknown>>[]>
  readonly close: () => Promise<void>
}

/** @param table the resource of template.yaml */
export async function startDynalite(table: JsonObject, name: string): Promise<Dynalite> {
  const program = 'testing/dynamodb/node_modules/dynalite/cli.js'
  const options = ['--host', '127.0.0.1', '--port', '0', '--createTableMs', '0']
  const running = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const url = `http://127.0.0.1:${await portOf(running)}`
    const client = new DynamoDBClient({
      region: 'eu-central-1',
      endpoint: url,
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    })
    const { AttributeDefinitions, BillingMode, KeySchema } = objectAt(table, 'Properties')
    const definition = JSON.stringify({ TableName: name, AttributeDefinitions, BillingMode, KeySchema })
    await client.send(new CreateTableCommand(JSON.parse(definition)))
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: name })
    return {
      url,
      items: async () => (await client.send(new ScanCommand({ TableName: name }))).Items ?? [],
      close: async () => {
        client.destroy()
        await end(running)
      },
    }
  } catch (error) {
    await end(running)
    throw error
  }
}

/** The line that dynalite prints when it listens ends with its port. */
async function portOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('dynalite has no output.')
  for await (const line of createInterface(stdout)) {
    const port = /listening at: .*:(\d+)$/.exec(line)?.[1]
    if (port !== undefined) return port
  }
  throw new Error('dynalite ended before it listened.')
}

async function end(running: ChildProcess): Promise<void> {
  if (running.exitCode !== null) return
  running.kill()
  await once(running, 'exit')
}
