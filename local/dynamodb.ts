// A DynamoDB table in memory: UpdateItem with its expressions evaluated, GetItem and DeleteItem, as the limit across sign-ins asks them.
import { isJsonObject, type JsonObject, objectAt, stringAt } from '../command/json.ts'
import { AwsError } from './aws-error.ts'

/** `{ S: 'text' }` or `{ N: '1' }` by the name of the attribute. */
export type Item = Record<string, JsonObject>

/** One table. */
export class DynamoDbTable {
  readonly #items = new Map<string, Item>()
  readonly #keys: readonly string[]

  /** @param keys the names of the key attributes */
  constructor(keys: readonly string[]) {
    this.#keys = keys
  }

  /** The items, each with its keys. */
  get items(): Item[] {
    return [...this.#items.values()]
  }

  clear(): void {
    this.#items.clear()
  }

  /**
   * Answers a request.
   * @param operation such as `GetItem`
   * @throws AwsError with DynamoDB's own type
   */
  perform(operation: string, request: JsonObject): JsonObject {
    const key = objectAt(request, 'Key')
    if (Object.keys(key).toSorted().join() !== this.#keys.toSorted().join())
      throw new AwsError('ValidationException', 'The provided key element does not match the schema')
    const place = JSON.stringify(this.#keys.map(name => key[name]))
    const found = this.#items.get(place)
    switch (operation) {
      case 'UpdateItem':
        this.#items.set(place, updated(key, found, request))
        return {}
      case 'GetItem':
        return found === undefined ? {} : { Item: found }
      case 'DeleteItem':
        this.#items.delete(place)
        return found === undefined ? {} : { Attributes: found }
      default:
        throw new AwsError('UnknownOperationException', `There is no operation ${operation} here.`)
    }
  }
}

/** The item after an UpdateItem. @throws AwsError if its condition is not met */
function updated(key: JsonObject, found: Item | undefined, request: JsonObject): Item {
  const expression = expressionsOf(request)
  if (!expression.isMet(found ?? {})) {
    const item = request['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD' ? found : undefined
    throw new AwsError(
      'ConditionalCheckFailedException',
      'The conditional request failed',
      400,
      item && { Item: item },
    )
  }
  return expression.update({ ...itemOf(key), ...found })
}

function expressionsOf(request: JsonObject) {
  const used = new Set<string>()
  const nameFor = (alias: string): string => {
    used.add(alias)
    const name = stringAt(request, 'ExpressionAttributeNames', alias)
    if (name === undefined) throw new AwsError('ValidationException', `${alias} is not defined`)
    return name
  }
  const valueFor = (alias: string): JsonObject => {
    used.add(alias)
    const value = objectAt(request, 'ExpressionAttributeValues')[alias]
    if (!isJsonObject(value)) throw new AwsError('ValidationException', `${alias} is not defined`)
    return value
  }
  const condition = parseCondition(stringAt(request, 'ConditionExpression') ?? '', nameFor, valueFor)
  const changes = parseUpdate(stringAt(request, 'UpdateExpression') ?? '', nameFor, valueFor)
  const defined = ['ExpressionAttributeNames', 'ExpressionAttributeValues'].flatMap(part =>
    Object.keys(objectAt(request, part)),
  )
  const unused = defined.filter(alias => !used.has(alias))
  if (unused.length > 0) throw new AwsError('ValidationException', `unused: ${unused.join(', ')}`)
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
    if (next() !== '<') throw new AwsError('ValidationException', `unknown in a condition: ${text}`)
    const value = valueFor(next())
    return item => Number(item[name]?.['N'] ?? Number.NaN) < Number(value['N'])
  }
  const condition = either()
  if (tokens.length > 0) throw new AwsError('ValidationException', `left over: ${tokens.join(' ')}`)
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
