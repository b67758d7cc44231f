// Reads the members of a request body: what is missing or of the wrong type is refused in Cognito's words.
import { isObject, type UntypedObject } from '../command/json.ts'
import { CognitoError, invalidParameter } from './errors.ts'

/** Members of one JSON object of a request. A null counts as left out, as in Cognito's JSON protocol. */
export class Parameters {
  readonly values: UntypedObject

  constructor(values: UntypedObject) {
    this.values = values
  }

  /** @throws CognitoError InvalidParameterException when it is left out; SerializationException for another type. */
  string(name: string): string {
    return this.optionalString(name) ?? this.#missing(name)
  }

  optionalString(name: string): string | undefined {
    const value = this.#given(name)
    return value === undefined || typeof value === 'string' ? value : this.#wrongType(name, 'a string')
  }

  optionalNumber(name: string): number | undefined {
    const value = this.#given(name)
    return value === undefined || typeof value === 'number' ? value : this.#wrongType(name, 'a number')
  }

  boolean(name: string): boolean {
    const value = this.#given(name) ?? false
    return typeof value === 'boolean' ? value : this.#wrongType(name, 'a boolean')
  }

  /** Left out: no members. */
  object(name: string): Parameters {
    return this.optionalObject(name) ?? new Parameters({})
  }

  optionalObject(name: string): Parameters | undefined {
    const value = this.#given(name)
    if (value === undefined) return undefined
    return isObject(value) ? new Parameters(value) : this.#wrongType(name, 'an object')
  }

  /** A map of strings, such as AuthParameters and ClientMetadata. */
  optionalStringMap(name: string): Record<string, string> | undefined {
    const map = this.optionalObject(name)
    if (map === undefined) return undefined
    return Object.fromEntries(Object.keys(map.values).map(key => [key, map.string(key)]))
  }

  /** Left out: an empty list. */
  strings(name: string): string[] {
    return this.#list(name).map(value =>
      typeof value === 'string' ? value : this.#wrongType(name, 'a list of strings'),
    )
  }

  /** A list of `{ Name, Value }`, as all user attributes come. */
  attributes(name: string): Map<string, string> {
    return new Map(
      this.#list(name).map(value => {
        const attribute = new Parameters(isObject(value) ? value : this.#wrongType(name, 'a list of objects'))
        return [attribute.string('Name'), attribute.optionalString('Value') ?? '']
      }),
    )
  }

  #list(name: string): unknown[] {
    const value = this.#given(name) ?? []
    return Array.isArray(value) ? value : this.#wrongType(name, 'a list')
  }

  #given(name: string): unknown {
    return this.values[name] ?? undefined
  }

  #missing(name: string): never {
    const member = name.charAt(0).toLowerCase() + name.slice(1)
    throw invalidParameter(
      `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
    )
  }

  #wrongType(name: string, expected: string): never {
    throw new CognitoError('SerializationException', `${name} is not ${expected}.`)
  }
}
