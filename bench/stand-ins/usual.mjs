// A code in a mail as most projects write it: the client of SES and the one command, the client made when the module loads.
import { randomInt } from 'node:crypto'
import { SESClient, SendEmailCommand } from '@aws-sdk/client-ses'

const ses = new SESClient({})

/** Mails a new code in the first round, and keeps it in the metadata of the challenge in the others. */
async function handler(event) {
  const last = event.request.session.findLast(({ challengeName }) => challengeName === 'CUSTOM_CHALLENGE')
  const code = last?.challengeMetadata ?? String(randomInt(1_000_000)).padStart(6, '0')
  const { email } = event.request.userAttributes
  if (last === undefined) {
    const Body = { Text: { Data: `Your code: ${code}` }, Html: { Data: `<p>Your code: <b>${code}</b></p>` } }
    await ses.send(
      new SendEmailCommand({
        Source: process.env.FROM_ADDRESS,
        Destination: { ToAddresses: [email] },
        Message: { Subject: { Data: 'Your sign-in code' }, Body },
      }),
    )
  }
  event.response.publicChallengeParameters = { email }
  event.response.privateChallengeParameters = { code }
  event.response.challengeMetadata = code
  return event
}

export { handler }
