// Define in the manner of the developer guide's example: the password, then one custom challenge, each known by its place.
const NEXT = ['PASSWORD_VERIFIER', 'CUSTOM_CHALLENGE']
const EXPECTED = ['SRP_A', 'PASSWORD_VERIFIER', 'CUSTOM_CHALLENGE']

async function handler(event) {
  const { session } = event.request
  const passed = session.length - 1
  const last = session[passed]
  const isExpected = last?.challengeName === EXPECTED[passed] && last.challengeResult === true
  const isLast = passed === NEXT.length
  event.response.issueTokens = isExpected && isLast
  event.response.failAuthentication = !isExpected
  if (isExpected && !isLast) event.response.challengeName = NEXT[passed]
  return event
}

export { handler }
