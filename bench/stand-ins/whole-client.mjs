// As usual.mjs, with the class that has a method for every operation of SES, which keeps all of them in the bundle.
import { randomInt } from 'node:crypto'
import { SES } from '@aws-sdk/client-ses'

const ses = new SES({})

async function handler(event) {
  const { email } = event.request.userAttributes
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  await ses.sendEmail({
    Source: process.env.FROM_ADDRESS,
    Destination: { ToAddresses: [email] },
    Message: { Subject: { Data: 'Your sign-in code' }, Body: { Text: { Data: `Your code: ${code}` } } },
  })
  event.response.publicChallengeParameters = { email }
  event.response.privateChallengeParameters = { code }
  event.response.challengeMetadata = code
  return event
}

export { handler }
