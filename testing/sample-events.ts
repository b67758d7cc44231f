// Builds trigger events with the keys and nulls that Cognito sends, for tests and measurements.

export type SampleEntry = {
  readonly challengeName: string
  readonly challengeResult: boolean
  readonly challengeMetadata: string | null
}

/** A passed step of Cognito's own: its metadata is null in real events. */
export const passed = (challengeName: string): SampleEntry => ({
  challengeName,
  challengeResult: true,
  challengeMetadata: null,
})

/** An answered round of the code. */
export const answered = (challengeResult: boolean, challengeMetadata: string | null): SampleEntry => ({
  challengeName: 'CUSTOM_CHALLENGE',
  challengeResult,
  challengeMetadata,
})

export const PASSWORD_PASSED: readonly SampleEntry[] = [passed('SRP_A'), passed('PASSWORD_VERIFIER')]

export const USER_ATTRIBUTES = {
  sub: '00000000-0000-4000-8000-000000000005',
  email_verified: 'true',
  'cognito:user_status': 'CONFIRMED',
  email: 'user5@example.com',
}

function common<Source extends string>(triggerSource: Source) {
  return {
    version: '1',
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_EXAMPLE00',
    userName: USER_ATTRIBUTES.sub,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: '1example23456789client0000' },
    triggerSource,
  }
}

/** What Define gets. @param request what differs from an ordinary sign-in */
export function defineEvent(session: readonly SampleEntry[], request: object = {}) {
  return {
    ...common('DefineAuthChallenge_Authentication'),
    request: { userAttributes: USER_ATTRIBUTES, session, userNotFound: false, ...request },
    response: { challengeName: null, issueTokens: null, failAuthentication: null },
  }
}

/** What Create gets. */
export function createEvent(session: readonly SampleEntry[], request: object = {}) {
  return {
    ...common('CreateAuthChallenge_Authentication'),
    request: {
      userAttributes: USER_ATTRIBUTES,
      challengeName: 'CUSTOM_CHALLENGE',
      session,
      userNotFound: false,
      ...request,
    },
    response: { publicChallengeParameters: null, privateChallengeParameters: null, challengeMetadata: null },
  }
}

/** What Verify gets. */
export function verifyEvent(
  privateChallengeParameters: Readonly<Record<string, string>>,
  challengeAnswer: string,
  request: object = {},
) {
  return {
    ...common('VerifyAuthChallengeResponse_Authentication'),
    request: {
      userAttributes: USER_ATTRIBUTES,
      privateChallengeParameters,
      challengeAnswer,
      userNotFound: false,
      ...request,
    },
    response: { answerCorrect: null },
  }
}

/** What Pre Token Generation gets. @param source for example `NewPasswordChallenge` */
export function tokenEvent(source: string, userStatus = 'CONFIRMED') {
  return {
    ...common(`TokenGeneration_${source}`),
    request: {
      userAttributes: { ...USER_ATTRIBUTES, 'cognito:user_status': userStatus },
      groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [], preferredRole: null },
    },
    response: { claimsOverrideDetails: null },
  }
}
