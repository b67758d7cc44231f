// JSON as AWS sends it, and the difference between two states of it.
import { isDeepStrictEqual } from 'node:util'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** An object whose members have not been read yet. */
export type UntypedObject = Record<string, unknown>

/** One setting that differs. `path` is written with dots: `LambdaConfig.DefineAuthChallenge`. */
export type Difference = { readonly path: string; readonly before: Json; readonly after: Json }

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value)
}

/** Whether the value is an object; a list is not. */
export function isObject(value: unknown): value is UntypedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value's own members; an empty object if it has none. */
export function objectOf(value: unknown): UntypedObject {
  return isObject(value) ? value : {}
}

/** Reads JSON text that must be an object. @throws SyntaxError if it is not JSON, or JSON of another kind */
export function parseJsonObject(text: string): JsonObject {
  const value: Json = JSON.parse(text)
  if (!isJsonObject(value)) throw new SyntaxError('this is JSON, but not an object')
  return value
}

/** The value at a path of keys; null if it is missing. */
export function member(value: Json | undefined, ...path: string[]): Json {
  const [key, ...rest] = path
  if (key === undefined) return value ?? null
  return isJsonObject(value) && Object.hasOwn(value, key) ? member(value[key], ...rest) : null
}

export function objectAt(value: Json | undefined, ...path: string[]): JsonObject {
  const found = member(value, ...path)
  return isJsonObject(found) ? found : {}
}

/** The text at a path; undefined if it is missing or empty. */
export function stringAt(value: Json | undefined, ...path: string[]): string | undefined {
  const found = member(value, ...path)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** The texts of a list at a path; an empty list if it is missing. */
export function stringsAt(value: Json | undefined, ...path: string[]): string[] {
  const found = member(value, ...path)
  return Array.isArray(found) ? found.filter(item => typeof item === 'string') : []
}

/** The members of `value` that are set and not among `names`. */
export function without(value: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter(([name, item]) => item !== null && !names.includes(name)),
  )
}

/** All settings that differ, members of objects one by one. Lists of texts are sets: Cognito may reorder them. */
export function differences(before: Json, after: Json, path = ''): Difference[] {
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap(name =>
      differences(before[name] ?? null, after[name] ?? null, path === '' ? name : `${path}.${name}`),
    )
  }
  return isDeepStrictEqual(asSet(before), asSet(after)) ? [] : [{ path, before, after }]
}

function asSet(value: Json): Json {
  return Array.isArray(value) && value.every(item => typeof item === 'string') ? value.toSorted() : value
}
