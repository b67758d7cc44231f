// The React hook over the sign-in driver.
import { useSyncExternalStore } from 'react'
import type { SignInDriver, SignInState } from './sign-in.ts'

/**
 * The state of a sign-in, rendered anew when it changes. Make the driver once, outside of the components: it outlives
 * them, so that an effect which React runs twice changes nothing.
 */
export function useSignIn(driver: SignInDriver): SignInState {
  return useSyncExternalStore(driver.subscribe, driver.getState, driver.getState)
}
