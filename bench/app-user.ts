// One person at one browser, for the migration's load test: the driver with an Amplify of its own, which keeps one sign-in.
import { Amplify } from 'aws-amplify'
import { fetchAuthSession } from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import { createSignInDriver, type SignInDriver } from '../client/sign-in.ts'

/** The flow that the app starts. */
export type AppFlow = 'CUSTOM_WITH_SRP' | 'USER_SRP_AUTH'

export type AppUser = {
  driver(flow: AppFlow): SignInDriver
  hasTokens(): Promise<boolean>
}

export function appUser(pool: {
  readonly userPoolId: string
  readonly clientId: string
  readonly endpoint: string
}): AppUser {
  // It warns of every endpoint that is not Cognito's own.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  const { userPoolId, clientId: userPoolClientId, endpoint: userPoolEndpoint } = pool
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } })
  return {
    driver: authFlowType => createSignInDriver({ authFlowType }),
    hasTokens: async () => (await fetchAuthSession()).tokens !== undefined,
  }
}
