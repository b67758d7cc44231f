// As http-api.mjs, with the fetch of Node.js.
import { randomInt } from 'node:crypto'

async function handler(event) {
  const { email } = event.request.userAttributes
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const mail = {
    from: process.env.FROM_ADDRESS,
    to: email,
    subject: 'Your sign-in code',
    text: `Your code: ${code}`,
  }
  const headers = { authorization: 'Bearer example', 'content-type': 'application/json' }
  const response = await fetch(process.env.AWS_ENDPOINT_URL_SES, {
    method: 'POST',
    headers,
    body: JSON.stringify(mail),
  })
  if (!response.ok) throw new Error('not sent')
  event.response.publicChallengeParameters = { email }
  event.response.privateChallengeParameters = { code }
  event.response.challengeMetadata = code
  return event
}

export { handler }
