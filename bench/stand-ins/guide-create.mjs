// Create in the manner of the developer guide's example: a picture to read, named in the parameters. It sends nothing.
async function handler(event) {
  if (event.request.challengeName !== 'CUSTOM_CHALLENGE') return event
  event.response.publicChallengeParameters = { pictureUrl: 'https://example.com/123.jpg' }
  event.response.privateChallengeParameters = { answer: '5' }
  event.response.challengeMetadata = 'PICTURE_CHALLENGE'
  return event
}

export { handler }
