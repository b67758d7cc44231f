// An error of the services beside Cognito, in a service's own words.
export class AwsError extends Error {
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.name = code
    this.status = status
  }
}
