// What an app client with a secret has to show: SECRET_HASH, or the secret itself.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AppClient } from './app-client.ts'
import { invalidParameter, notAuthorized } from './errors.ts'

/**
 * SECRET_HASH is base64 of HMAC-SHA-256(client secret, user name + client id).
 * @param names the user names of which one has to be in the hash.
 * @throws CognitoError NotAuthorizedException, or InvalidParameterException for a client without a secret
 * (pmill/aws-cognito #23), in Cognito's words.
 */
export function checkSecretHash(
  { id, secret }: AppClient,
  given: string | undefined,
  names: readonly (string | undefined)[],
): void {
  if (secret === undefined) {
    if (given === undefined) return
    throw invalidParameter(`Client ${id} is not configured for secret but secret hash was received`)
  }
  if (given === undefined) {
    throw notAuthorized(`Client ${id} is configured with secret but SECRET_HASH was not received`)
  }
  const bytes = Buffer.from(given, 'base64')
  const matches = names.some(name => {
    const expected = createHmac('sha256', secret).update(`${name}${id}`).digest()
    return name !== undefined && bytes.length === expected.length && timingSafeEqual(bytes, expected)
  })
  if (!matches) throw notAuthorized(`Unable to verify secret hash for client ${id}`)
}

/** @throws CognitoError NotAuthorizedException. */
export function checkClientSecret({ id, secret }: AppClient, given: string | undefined): void {
  if (secret === undefined || secret === given) return
  throw notAuthorized(`Unable to verify secret for client ${id}`)
}
