// A code through the HTTP API of a mail provider: one POST with a key in a header, no SDK and no signature.
import { randomInt } from 'node:crypto'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'

const url = new URL(process.env.AWS_ENDPOINT_URL_SES)

async function handler(event) {
  const { email } = event.request.userAttributes
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const mail = {
    from: process.env.FROM_ADDRESS,
    to: email,
    subject: 'Your sign-in code',
    text: `Your code: ${code}`,
  }
  await post(JSON.stringify(mail))
  event.response.publicChallengeParameters = { email }
  event.response.privateChallengeParameters = { code }
  event.response.challengeMetadata = code
  return event
}

function post(body) {
  const send = url.protocol === 'https:' ? request : plainRequest
  const headers = { authorization: 'Bearer example', 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    send(url, { method: 'POST', headers }, response => {
      response
        .resume()
        .on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('not sent'))))
    })
      .on('error', reject)
      .end(body)
  })
}

export { handler }
