// A pool in good order with everything around it, for tests: what Cognito, Lambda, SES and CloudFormation would say.

import type { JsonObject } from '../command/json.ts'
import { callableFrom } from '../local/rehearsal.ts'
import { TRIGGERS, type Trigger } from '../pool/trigger-functions.ts'
import type { StandInState } from './aws-stand-in.ts'

export const POOL_ID = 'eu-central-1_EXAMPLE00'
export const POOL_ARN = `arn:aws:cognito-idp:eu-central-1:111122223333:userpool/${POOL_ID}`
export const CLIENT_ID = '1example23456789client0000'
export const STACK = 'email-code'
export const ROLE_ARN = 'arn:aws:iam::111122223333:role/create-auth-challenge'

/** The ARN of any function in the account. */
export const functionArn = (name: string) => `arn:aws:lambda:eu-central-1:111122223333:function:${name}`

export const ARNS: Record<Trigger, string> = {
  DefineAuthChallenge: functionArn('define-auth-challenge'),
  CreateAuthChallenge: functionArn('create-auth-challenge'),
  VerifyAuthChallengeResponse: functionArn('verify-auth-challenge-response'),
  PreTokenGeneration: functionArn('pre-token-generation'),
}

const ENVIRONMENTS: Record<Trigger, JsonObject> = {
  DefineAuthChallenge: { MAX_ATTEMPTS: '3', MAX_SENDS: '3' },
  CreateAuthChallenge: {
    CODE_SECRET: '0123456789abcdef'.repeat(4),
    FROM_ADDRESS: 'Example <no-reply@example.com>',
    CODE_TTL_SECONDS: '180',
    MAX_ATTEMPTS: '3',
    UNVERIFIED_EMAIL: 'refuse',
  },
  VerifyAuthChallengeResponse: { CODE_SECRET: '0123456789abcdef'.repeat(4), MAX_ATTEMPTS: '3' },
  PreTokenGeneration: { HOSTED_UI: 'deny' },
}

/** A pool as the console makes it, with the functions deployed and nothing attached. */
export function poolBeforeAttach(): StandInState {
  return {
    userPool: {
      Id: POOL_ID,
      Name: 'people',
      Arn: POOL_ARN,
      Policies: {
        PasswordPolicy: { MinimumLength: 12, RequireSymbols: true, TemporaryPasswordValidityDays: 3 },
      },
      LambdaConfig: { PostConfirmation: functionArn('welcome') },
      CreationDate: 1_700_000_000.123,
      LastModifiedDate: 1_700_000_000.123,
      SchemaAttributes: [{ Name: 'email', AttributeDataType: 'String', Required: true }],
      AutoVerifiedAttributes: ['email'],
      UsernameAttributes: ['email'],
      MfaConfiguration: 'OFF',
      EstimatedNumberOfUsers: 2,
      EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' },
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true, UnusedAccountValidityDays: 3 },
      UserPoolTier: 'ESSENTIALS',
      DeletionProtection: 'ACTIVE',
    },
    mfa: { MfaConfiguration: 'OFF' },
    clients: {
      [CLIENT_ID]: {
        UserPoolId: POOL_ID,
        ClientId: CLIENT_ID,
        ClientName: 'web',
        CreationDate: 1_700_000_000.123,
        LastModifiedDate: 1_700_000_000.123,
        RefreshTokenValidity: 7,
        ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
        PreventUserExistenceErrors: 'ENABLED',
        AuthSessionValidity: 3,
      },
    },
    users: ['first@example.com', 'second@example.com'].map(email => ({
      Username: email,
      Enabled: true,
      UserStatus: 'CONFIRMED',
      Attributes: [
        { Name: 'email', Value: email },
        { Name: 'email_verified', Value: 'true' },
      ],
    })),
    identityProviders: [],
    importJobs: [],
    functions: Object.fromEntries(
      TRIGGERS.map(trigger => [
        ARNS[trigger],
        {
          configuration: {
            FunctionArn: ARNS[trigger],
            Description: 'cognito-email-code: an example',
            Role: ROLE_ARN,
            Timeout: 5,
            State: 'Active',
            LastUpdateStatus: 'Successful',
            LoggingConfig: { LogFormat: 'JSON' },
            Environment: { Variables: { ...ENVIRONMENTS[trigger] } },
          },
          policy: permission(),
        },
      ]),
    ),
    ses: {
      'eu-central-1': {
        account: {
          ProductionAccessEnabled: true,
          SendingEnabled: true,
          EnforcementStatus: 'HEALTHY',
          SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 10 },
        },
        identities: { 'example.com': true },
        configurationSets: [],
        defaultConfigurationSets: {},
      },
    },
    alarms: [
      {
        AlarmName: `${STACK}-mail-failures`,
        Namespace: `cognito-email-code/${STACK}`,
        MetricName: 'MailFailures',
        ActionsEnabled: true,
        AlarmActions: ['arn:aws:sns:eu-central-1:111122223333:on-call'],
      },
    ],
    metrics: [],
    allowedResources: ['arn:aws:ses:eu-central-1:111122223333:identity/*'],
    stacks: { [STACK]: Object.fromEntries(TRIGGERS.map(trigger => [`${trigger}Arn`, ARNS[trigger]])) },
  }
}

/** The policy of a function that the pool may call. */
export function permission(poolArn = POOL_ARN): JsonObject {
  return callableFrom(poolArn)
}

/** The same pool with everything attached: `check` has nothing to say about it. */
export function goodPool(): StandInState {
  const state = poolBeforeAttach()
  Object.assign(state.userPool, {
    AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] },
    UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] },
  })
  state.userPool['LambdaConfig'] = {
    PostConfirmation: functionArn('welcome'),
    ...ARNS,
    PreTokenGenerationConfig: { LambdaVersion: 'V1_0', LambdaArn: ARNS.PreTokenGeneration },
  }
  state.clients[CLIENT_ID] = {
    ...state.clients[CLIENT_ID],
    ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  }
  return state
}
