// Verify in the manner of the developer guide's example: one comparison.
async function handler(event) {
  const { challengeAnswer, privateChallengeParameters } = event.request
  event.response.answerCorrect = challengeAnswer === privateChallengeParameters.answer
  return event
}

export { handler }
