// What an error of a call to AWS means: missing rights, an operation that the endpoint does not have, no connection.
import type { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider'
import type { Explained } from '../command/command.ts'
import { printable } from '../command/shell.ts'
import { CommandError } from '../command/terminal.ts'

export type AwsErrorKind = 'denied' | 'no-credentials' | 'unsupported' | 'unreachable' | 'other'

const DENIED = ['AccessDenied', 'AccessDeniedException', 'NotAuthorizedException', 'UnauthorizedOperation']
/** The last one is what cognito-local says. */
const UNSUPPORTED = [
  'UnknownOperationException',
  'UnknownOperation',
  'InvalidAction',
  'NotImplemented',
  'Unsupported',
]
const NO_CREDENTIALS = [
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
]
const UNREACHABLE = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EPIPE',
]

/** @param error what an SDK client rejected with: AWS names its errors, Node codes those of the connection */
export function awsErrorKind(error: unknown): AwsErrorKind {
  if (!(error instanceof Error)) return 'other'
  if (DENIED.includes(error.name)) return 'denied'
  if (NO_CREDENTIALS.includes(error.name)) return 'no-credentials'
  if (UNSUPPORTED.includes(error.name)) return 'unsupported'
  const code = 'code' in error ? String(error.code) : ''
  if (UNREACHABLE.includes(code) || error.name === 'TimeoutError') return 'unreachable'
  return 'other'
}

/** An error on one line. */
export function awsErrorText(error: unknown): string {
  return printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
}

/** undefined for what does not exist; any other error stays one. */
export async function ifFound<Output>(answer: Promise<Output>): Promise<Output | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotFoundException') return undefined
    throw error
  })
}

/**
 * An endpoint that is not Cognito itself may lack operations: the error then says which.
 *
 * @param command that needs them
 */
export function nameMissingOperations(cognito: CognitoIdentityProviderClient, command: string): void {
  cognito.middlewareStack.add(
    (next, { commandName }) =>
      async args => {
        try {
          return await next(args)
        } catch (error) {
          if (awsErrorKind(error) !== 'unsupported') throw error
          const operation = String(commandName).replace(/Command$/, '')
          throw new CommandError(
            `This endpoint does not have the operation ${operation}, which ${command} needs.`,
            'operation-missing',
          )
        }
      },
    { step: 'initialize', name: 'nameMissingOperations' },
  )
}

/** An error as text to act on, with the code for machines. */
export function explained(error: unknown): Explained {
  if (error instanceof CommandError) return { message: error.message, code: error.code }
  if (!(error instanceof Error)) return { message: String(error), code: 'failed' }
  const message = printable(error.message)
  if (awsErrorKind(error) === 'no-credentials')
    return { message: credentialsText(message), code: 'no-credentials' }
  if (awsErrorKind(error) === 'denied') {
    return {
      message: `AWS refused: ${message}\nThe credentials in use lack a right, which the message names.`,
      code: 'access-denied',
    }
  }
  if (awsErrorKind(error) === 'unreachable') {
    return {
      message: `No connection to AWS: ${message}\nCheck the network, the proxy and the AWS_ENDPOINT_URL variables, and try again.`,
      code: 'no-connection',
    }
  }
  if (error.name === 'ResourceNotFoundException') {
    return {
      message: `${message}\nCheck the ids, and the account and region of your credentials.`,
      code: 'not-found',
    }
  }
  return { message: `${error.name}: ${message}`, code: '$fault' in error ? 'aws-error' : 'failed' }
}

function credentialsText(cause: string): string {
  const profile = process.env['AWS_PROFILE']
  if (profile === undefined) {
    return `No AWS credentials: ${cause}\nSet AWS_PROFILE, or run aws sso login, and try again.`
  }
  return (
    `No AWS credentials in the profile ${JSON.stringify(profile)} (AWS_PROFILE): ${cause}\n` +
    'If the profile is not in the output of aws configure list-profiles, the name is misspelt. If it is, sign in ' +
    'with aws sso login, and try again.'
  )
}
