// A small React application in strict mode, for the test of the hook: React runs each of its effects twice.
import { Amplify } from 'aws-amplify'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { createSignInDriver } from '../client/sign-in.ts'
import { useSignIn } from '../client/use-sign-in.ts'

const { userPoolId, userPoolClientId, userPoolEndpoint, username, password } = Object.fromEntries(
  new URLSearchParams(location.search),
)
Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: userPoolId ?? '',
      userPoolClientId: userPoolClientId ?? '',
      ...(userPoolEndpoint && { userPoolEndpoint }),
    },
  },
})
const driver = createSignInDriver()

function App() {
  const state = useSignIn(driver)
  useEffect(() => {
    void driver.signIn({ username: username ?? '', password: password ?? '' })
  }, [])
  return (
    <form action={fields => void driver.submitCode(String(fields.get('code')))}>
      <output>{`${state.step}${state.busy ? ', busy' : ''}`}</output>
      <input name="code" aria-label="Code" />
      <button type="submit">Continue</button>
    </form>
  )
}

createRoot(document.body).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
