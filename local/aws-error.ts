// An error of the services beside Cognito, in a service's own words.
import type { UntypedObject } from '../command/json.ts'

export class AwsError extends Error {
  readonly status: number
  /** What the answer holds besides. */
  readonly more: UntypedObject

  constructor(code: string, message: string, status = 400, more: UntypedObject = {}) {
    super(message)
    this.name = code
    this.status = status
    this.more = more
  }
}
