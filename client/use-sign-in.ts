// The React hook over the sign-in driver.
import { useSyncExternalStore } from 'react'
import type { SignInDriver, SignInState } from './sign-in.ts'
import { SIGNED_OUT } from './sign-in-state.ts'

/**
 * The state of a sign-in. The component renders again when it changes. Make the driver once, outside of the components: it
 * outlives them, so that an effect which React runs twice changes nothing.
 *
 * A page that a server renders, and its hydration, begin with `signed-out`, whatever the driver has found meanwhile.
 *
 * @example
 * const driver = createSignInDriver()
 *
 * function Status() {
 *   const state = useSignIn(driver)
 *   return state.step
 * }
 */
export function useSignIn(driver: SignInDriver): SignInState {
  return useSyncExternalStore(driver.subscribe, driver.getState, initialState)
}

function initialState(): SignInState {
  return SIGNED_OUT
}
