// A small React application that a server renders and the browser hydrates, for the test of the hook.
import { StrictMode } from 'react'
import type { SignInDriver } from '../client/sign-in.ts'
import { useSignIn } from '../client/use-sign-in.ts'

export function App({ driver }: { driver: SignInDriver }) {
  return (
    <StrictMode>
      <Status driver={driver} />
    </StrictMode>
  )
}

function Status({ driver }: { driver: SignInDriver }) {
  const state = useSignIn(driver)
  return <output>{state.step === 'signed-in' ? `Welcome, ${state.username}.` : state.step}</output>
}
