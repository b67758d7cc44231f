// As usual.mjs, with version 2 of the API of SES, whose requests are JSON.
import { randomInt } from 'node:crypto'
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'

const ses = new SESv2Client({})

async function handler(event) {
  const { email } = event.request.userAttributes
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const Body = { Text: { Data: `Your code: ${code}` }, Html: { Data: `<p>Your code: <b>${code}</b></p>` } }
  await ses.send(
    new SendEmailCommand({
      FromEmailAddress: process.env.FROM_ADDRESS,
      Destination: { ToAddresses: [email] },
      Content: { Simple: { Subject: { Data: 'Your sign-in code' }, Body } },
    }),
  )
  event.response.publicChallengeParameters = { email }
  event.response.privateChallengeParameters = { code }
  event.response.challengeMetadata = code
  return event
}

export { handler }
