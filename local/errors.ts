// The errors of the Cognito API: a type (`__type` in the answer) and the text that Cognito itself uses.

/** Answered with HTTP 400, as Cognito answers all its errors but its own failures. */
export class CognitoError extends Error {
  readonly type: string
  readonly status: number

  constructor(type: string, message: string, status = 400) {
    super(message)
    this.name = 'CognitoError'
    this.type = type
    this.status = status
  }
}

/** Fault switch: the request was processed, and the connection breaks before the answer arrives. */
export class AnswerLost extends Error {}

/** One text for a wrong password, an unknown user and a sign-in that Define refuses (amplify docs #8023). */
export const incorrectUsernameOrPassword = () => notAuthorized('Incorrect username or password.')

export const notAuthorized = (message: string) => new CognitoError('NotAuthorizedException', message)

export const invalidParameter = (message: string) => new CognitoError('InvalidParameterException', message)

export const userDoesNotExist = () => new CognitoError('UserNotFoundException', 'User does not exist.')

/** @param detail what the caller should know; a fault of this local pool, never of the caller. */
export const internalError = (detail: string) => new CognitoError('InternalErrorException', detail, 500)
