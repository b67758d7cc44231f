// The Amplify client pointed at a local user pool. A file of its own: loading Amplify takes longer than many a test.
import { Amplify } from 'aws-amplify'
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito'
import { ConsoleLogger } from 'aws-amplify/utils'
import type { LocalUserPool } from '../local/local-user-pool.ts'
import { AMPLIFY_SRP_FILE, type AmplifySrp, computePowersByOpenSsl } from './amplify-srp.ts'

const { default: BigInteger }: AmplifySrp = await import(AMPLIFY_SRP_FILE)
computePowersByOpenSsl(BigInteger)

/** The real Amplify client, with no user signed in. OpenSSL computes the powers of its SRP. */
export function pointAmplifyAt(
  pool: Pick<LocalUserPool, 'userPoolId' | 'clientId' | 'endpoint'>,
  clientId = pool.clientId,
): void {
  const Cognito = {
    userPoolId: pool.userPoolId,
    userPoolClientId: clientId,
    userPoolEndpoint: pool.endpoint,
  }
  // It warns of every endpoint that is not Cognito's own.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  Amplify.configure({ Auth: { Cognito } })
  const kept = new Map<string, string>()
  cognitoUserPoolsTokenProvider.setKeyValueStorage({
    setItem: async (key, value) => void kept.set(key, value),
    getItem: async key => kept.get(key) ?? null,
    removeItem: async key => void kept.delete(key),
    clear: async () => kept.clear(),
  })
}
