// Values for every member of a structure in the SDK's own model of Cognito, for tests.
import * as sdk from '@aws-sdk/client-cognito-identity-provider'
import type { Json, JsonObject } from '../command/json.ts'

// How the SDK writes its model down: [kind, namespace, name, traits, ...], and numbers for what has no name.
const LIST = 1
const MAP = 2
const STRUCTURE = 3
const LIST_OF = 64
const MAP_OF = 128
const BOOLEAN = 2
const NUMERIC = 1
const TIMESTAMPS = [4, 5, 6, 7]

/** The member names of a structure, such as `UpdateUserPoolRequest`. */
export function memberNames(structure: string): string[] {
  return membersOf(schemaNamed(structure)).map(([name]) => name)
}

/** A structure with every member set, nested ones too, each text different from all others. */
export function everyMemberOf(structure: string): JsonObject {
  return objectFor(schemaNamed(structure), structure)
}

function schemaNamed(structure: string): readonly unknown[] {
  const schema: unknown = Reflect.get(sdk, `${structure}$`)
  if (!Array.isArray(schema) || schema[0] !== STRUCTURE)
    throw new Error(`the SDK's model has no structure ${structure}`)
  return schema
}

function membersOf(schema: readonly unknown[]): [name: string, schema: unknown][] {
  const [, , , , names, schemas] = schema
  if (!Array.isArray(names) || !Array.isArray(schemas))
    throw new Error('the SDK writes its model in another way by now')
  return names.map((name, index) => [String(name), schemas[index]])
}

function objectFor(schema: readonly unknown[], path: string): JsonObject {
  return Object.fromEntries(
    membersOf(schema).map(([name, member]) => [name, valueFor(member, `${path}.${name}`)]),
  )
}

function valueFor(schema: unknown, path: string): Json {
  if (typeof schema === 'function') return valueFor(schema(), path)
  if (typeof schema === 'number') return valueForNumber(schema, path)
  if (!Array.isArray(schema)) throw new Error(`the SDK writes the model of ${path} in another way by now`)
  const [kind, , , , first, second] = schema
  if (kind === STRUCTURE) return objectFor(schema, path)
  if (kind === LIST) return [valueFor(first, path)]
  if (kind === MAP) return { [`key of ${path}`]: valueFor(second, path) }
  // A named text, or a member with traits: [schema, traits].
  return kind === 0 ? `value of ${path}` : valueFor(kind, path)
}

function valueForNumber(schema: number, path: string): Json {
  if (schema >= MAP_OF) return { [`key of ${path}`]: valueForNumber(schema - MAP_OF, path) }
  if (schema >= LIST_OF) return [valueForNumber(schema - LIST_OF, path)]
  if (schema === BOOLEAN) return true
  if (schema === NUMERIC) return 7
  return TIMESTAMPS.includes(schema) ? 1_700_000_000.5 : `value of ${path}`
}
