// The rehearsal: a pool in use that asks for no code yet, in an account with the functions deployed and nothing attached.
import type { AppClientSettings } from './app-client.ts'
import type { AwsAccount, DeployedTriggers } from './aws-services.ts'
import type { LocalUser, LocalUserPoolOptions } from './local-user-pool.ts'
import { TRIGGER_NAMES, type TriggerName } from './trigger-process.ts'
import { ACCOUNT_ID, TRIGGER_MEMBERS } from './user-pool.ts'

/** What `docs/existing-pool.md` calls the stack. */
export const STACK_NAME = 'email-code'

/** People of all kinds that a pool has: most confirmed, some invited and not yet there, some with an unverified address. */
const USERS: readonly LocalUser[] = Array.from({ length: 300 }, (_, index) => {
  const number = index + 1
  const username = `person-${String(number).padStart(3, '0')}@example.com`
  const isInvited = number % 12 === 0
  return {
    username,
    password: isInvited ? 'Temporary-1' : 'Permanent-1',
    status: isInvited ? 'FORCE_CHANGE_PASSWORD' : 'CONFIRMED',
    attributes: { email: username, email_verified: String(number % 25 !== 0) },
  }
})

/** The app client that the roll-out begins with; the guard is deployed for it alone. */
const FIRST_CLIENT = '1rehearsal0example0client0'

/** Clients as they are found: one with the defaults, one that is half-way, and a server of the company's own. */
const CLIENTS: readonly AppClientSettings[] = [
  {
    clientId: FIRST_CLIENT,
    clientName: 'web',
    description: { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
  },
  {
    clientName: 'mobile',
    description: {
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
    },
  },
  {
    clientName: 'back-office',
    description: {
      ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
    },
  },
]

/** What differs from the pool that `npm start` serves otherwise. */
export const REHEARSAL = {
  triggers: false,
  users: USERS,
  clients: CLIENTS,
  account: rehearsalAccount,
  environment: { GUARDED_CLIENT_IDS: FIRST_CLIENT },
} satisfies LocalUserPoolOptions

/** The account around the pool after `aws cloudformation deploy`: the four functions, SES out of the sandbox, one alarm. */
export function rehearsalAccount({ region, poolArn, environments }: DeployedTriggers): AwsAccount {
  const functionName = (trigger: TriggerName) => `${STACK_NAME}-${trigger}`
  const arnOf = (trigger: TriggerName) =>
    `arn:aws:lambda:${region}:${ACCOUNT_ID}:function:${functionName(trigger)}`
  return {
    functions: Object.fromEntries(
      TRIGGER_NAMES.map(trigger => [
        arnOf(trigger),
        {
          configuration: {
            FunctionName: functionName(trigger),
            FunctionArn: arnOf(trigger),
            Description: 'cognito-email-code, played by the rehearsal',
            Role: `arn:aws:iam::${ACCOUNT_ID}:role/${functionName(trigger)}`,
            Timeout: 5,
            State: 'Active',
            LastUpdateStatus: 'Successful',
            LastModified: new Date().toISOString(),
            LoggingConfig: { LogFormat: 'JSON', LogGroup: `/aws/lambda/${functionName(trigger)}` },
            Environment: { Variables: { ...environments.get(trigger) } },
          },
          policy: callableFrom(poolArn),
        },
      ]),
    ),
    ses: {
      [region]: {
        account: {
          ProductionAccessEnabled: true,
          SendingEnabled: true,
          EnforcementStatus: 'HEALTHY',
          SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 120 },
        },
        identities: { 'example.com': { IdentityType: 'DOMAIN', VerifiedForSendingStatus: true } },
        configurationSets: [],
      },
    },
    stacks: {
      [STACK_NAME]: Object.fromEntries(
        TRIGGER_NAMES.map(trigger => [`${TRIGGER_MEMBERS[trigger]}Arn`, arnOf(trigger)]),
      ),
    },
    alarms: [
      {
        AlarmName: `${STACK_NAME}-mail-failures`,
        Namespace: `cognito-email-code/${STACK_NAME}`,
        MetricName: 'MailFailures',
        ActionsEnabled: true,
        AlarmActions: [`arn:aws:sns:${region}:${ACCOUNT_ID}:on-call`],
      },
    ],
    allowedResources: [`arn:aws:ses:${region}:${ACCOUNT_ID}:identity/*`],
  }
}

/** The function's policy after AddPermission, as `template.yaml` asks for it. */
export function callableFrom(poolArn: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'cognito-idp.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Condition: {
          StringEquals: { 'AWS:SourceAccount': poolArn.split(':')[4] ?? '' },
          ArnLike: { 'AWS:SourceArn': poolArn },
        },
      },
    ],
  }
}
