// Plays DynamoDB for one table: UpdateItem with its expressions evaluated, GetItem, DeleteItem, and what can go wrong on the way; for tests.
import { createServer, type IncomingMessage } from 'node:http'
import { isJsonObject, type JsonObject, objectAt, parseJsonObject, stringAt } from '../command/json.ts'

/** How requests are answered. `lose-answer`: carried out, then the connection breaks. `never`: not carried out, no answer. */
export type TableAnswer =
  | 'work'
  | 'lose-answer'
  | 'never'
  | 'break'
  /** The item of a failed condition is not in the answer. */
  | 'full-without-item'
  | { readonly error: string }

/** `{ S: 'text' }` or `{ N: '1' }` by the name of the attribute. */
type Item = Record<string, JsonObject>

class RequestError extends Error {
  readonly type: string
  readonly item: Item | undefined

  constructor(type: string, message: string, item?: Item) {
    super(message)
    this.type = type
    this.item = item
  }
}

/** Starts the table on a free port of the loopback interface. Set `AWS_ENDPOINT_URL_DYNAMODB` to its `url`. */
export async function startDynamoDbStandIn(keys: readonly string[]) {
  const items = new Map<string, Item>()
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
      if (typeof answer === 'object') throw new RequestError(answer.error, 'said by DynamoDB')
      const output = perform(items, keys, String(request.headers['x-amz-target']), body)
      if (answer === 'lose-answer') request.socket.destroy()
      else
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(output))
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      const told = {
        __type: `com.amazonaws.dynamodb.v20120810#${error.type}`,
        message: error.message,
        ...(answer !== 'full-without-item' && error.item && { Item: error.item }),
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
    items: (): Item[] => [...items.values()],
    clear(): void {
      items.clear()
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

/** @throws RequestError with DynamoDB's own type */
function perform(
  items: Map<string, Item>,
  keys: readonly string[],
  target: string,
  request: JsonObject,
): JsonObject {
  const key = objectAt(request, 'Key')
  if (Object.keys(key).toSorted().join() !== keys.toSorted().join())
    throw new RequestError('ValidationException', 'The provided key element does not match the schema')
  const place = JSON.stringify(keys.map(name => key[name]))
  const found = items.get(place)
  switch (target) {
    case 'DynamoDB_20120810.UpdateItem':
      items.set(place, updated(key, found, request))
      return {}
    case 'DynamoDB_20120810.GetItem':
      return found === undefined ? {} : { Item: found }
    case 'DynamoDB_20120810.DeleteItem':
      items.delete(place)
      return found === undefined ? {} : { Attributes: found }
    default:
      throw new RequestError('UnknownOperationException', '')
  }
}

/** The item after an UpdateItem. @throws RequestError if its condition is not met */
function updated(key: JsonObject, found: Item | undefined, request: JsonObject): Item {
  const expression = expressionsOf(request)
  if (!expression.isMet(found ?? {})) {
    const item = request['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD' ? found : undefined
    throw new RequestError('ConditionalCheckFailedException', 'The conditional request failed', item)
  }
  return expression.update({ ...itemOf(key), ...found })
}

function expressionsOf(request: JsonObject) {
  const used = new Set<string>()
  const nameFor = (alias: string): string => {
    used.add(alias)
    const name = stringAt(request, 'ExpressionAttributeNames', alias)
    if (name === undefined) throw new RequestError('ValidationException', `${alias} is not defined`)
    return name
  }
  const valueFor = (alias: string): JsonObject => {
    used.add(alias)
    const value = objectAt(request, 'ExpressionAttributeValues')[alias]
    if (!isJsonObject(value)) throw new RequestError('ValidationException', `${alias} is not defined`)
    return value
  }
  const condition = parseCondition(stringAt(request, 'ConditionExpression') ?? '', nameFor, valueFor)
  const changes = parseUpdate(stringAt(request, 'UpdateExpression') ?? '', nameFor, valueFor)
  const defined = ['ExpressionAttributeNames', 'ExpressionAttributeValues'].flatMap(part =>
    Object.keys(objectAt(request, part)),
  )
  const unused = defined.filter(alias => !used.has(alias))
  if (unused.length > 0) throw new RequestError('ValidationException', `unused: ${unused.join(', ')}`)
  return {
    isMet: condition,
    update: (item: Item): Item => changes.reduce((before, change) => change(before), item),
  }
}

type Condition = (item: Item) => boolean

/** AND, OR, parentheses, attribute_not_exists and <; a comparison with an attribute that is not there is false. */
function parseCondition(
  text: string,
  nameFor: (alias: string) => string,
  valueFor: (alias: string) => JsonObject,
): Condition {
  const tokens = text.match(/[()<]|[#:]?\w+/g) ?? []
  const next = () => tokens.shift() ?? ''
  const either = (): Condition => joined('OR', both, (one, other) => item => one(item) || other(item))
  const both = (): Condition => joined('AND', term, (one, other) => item => one(item) && other(item))
  function joined(
    word: string,
    part: () => Condition,
    join: (one: Condition, other: Condition) => Condition,
  ): Condition {
    let condition = part()
    while (tokens[0] === word) {
      next()
      condition = join(condition, part())
    }
    return condition
  }
  function term(): Condition {
    const token = next()
    if (token === '(') {
      const inner = either()
      next()
      return inner
    }
    if (token === 'attribute_not_exists') {
      next()
      const name = nameFor(next())
      next()
      return item => item[name] === undefined
    }
    const name = nameFor(token)
    if (next() !== '<') throw new RequestError('ValidationException', `unknown in a condition: ${text}`)
    const value = valueFor(next())
    return item => Number(item[name]?.['N'] ?? Number.NaN) < Number(value['N'])
  }
  const condition = either()
  if (tokens.length > 0) throw new RequestError('ValidationException', `left over: ${tokens.join(' ')}`)
  return condition
}

/** SET name = value and ADD name number, each once. */
function parseUpdate(
  text: string,
  nameFor: (alias: string) => string,
  valueFor: (alias: string) => JsonObject,
): ((item: Item) => Item)[] {
  const [, set = '', add = ''] = /^SET (.+) ADD (.+)$/.exec(text) ?? []
  const setting = set.split(', ').map(part => {
    const [name = '', value = ''] = part.split(' = ')
    const [attribute, given] = [nameFor(name), valueFor(value)]
    return (item: Item): Item => ({ ...item, [attribute]: given })
  })
  const adding = add.split(', ').map(part => {
    const [name = '', value = ''] = part.split(' ')
    const [attribute, given] = [nameFor(name), valueFor(value)]
    return (item: Item): Item => ({
      ...item,
      [attribute]: { N: String(Number(item[attribute]?.['N'] ?? 0) + Number(given['N'])) },
    })
  })
  return [...setting, ...adding]
}

function itemOf(key: JsonObject): Item {
  return Object.fromEntries(
    Object.entries(key).flatMap(([name, value]) => (isJsonObject(value) ? [[name, value]] : [])),
  )
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
