// The rehearsal: a pool in use that asks for no code yet, in an account with the functions deployed and nothing attached.
import { isObject, objectOf } from '../command/json.ts'
import type { AppClientSettings } from './app-client.ts'
import type { AwsAccount, DeployedTriggers } from './aws-services.ts'
import type { PoolCall } from './call-log.ts'
import type { MetricFilter, MetricPoint } from './cloudwatch.ts'
import { DynamoDbTable } from './dynamodb.ts'
import type { LocalUser, LocalUserPoolOptions } from './local-user-pool.ts'
import { TRIGGER_NAMES, type TriggerName } from './trigger-process.ts'
import { ACCOUNT_ID, TRIGGER_MEMBERS } from './user-pool.ts'

/** What `docs/existing-pool.md` calls the stack. */
export const STACK_NAME = 'email-code'

/** People of all kinds that a pool has: most confirmed, some invited and not yet there, some with an unverified address. */
const USERS: readonly LocalUser[] = Array.from({ length: 150 }, (_, index) => {
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

/** The table of the limit across sign-ins. */
const LIMIT_TABLE = `${STACK_NAME}-LimitTable`

/** What differs from the pool that `npm start` serves otherwise. */
export const REHEARSAL = {
  triggers: false,
  users: USERS,
  clients: CLIENTS,
  account: rehearsalAccount,
  environment: { GUARDED_CLIENT_IDS: FIRST_CLIENT, LIMIT_TABLE },
} satisfies LocalUserPoolOptions

const NAMESPACE = `cognito-email-code/${STACK_NAME}`

const functionName = (trigger: TriggerName) => `${STACK_NAME}-${trigger}`
const logGroup = (trigger: TriggerName) => `/aws/lambda/${functionName(trigger)}`

/** The metric filters of template.yaml, which a test holds this list against. A dimension is a field of the log line. */
const METRICS: readonly (readonly [
  trigger: TriggerName,
  event: string,
  metric: string,
  more?: { readonly value?: string; readonly dimension?: readonly [name: string, field: string] },
])[] = [
  ['create-auth-challenge', 'code-sent', 'CodesSent'],
  ['create-auth-challenge', 'code-sent', 'MailTime', { value: '$.message.milliseconds' }],
  ['create-auth-challenge', 'code-not-sent', 'MailFailures'],
  ['create-auth-challenge', 'code-not-sent', 'MailFailuresByCause', { dimension: ['Failure', 'failure'] }],
  ['create-auth-challenge', 'mail-retried', 'MailRetries'],
  ['create-auth-challenge', 'limited', 'CodesLimited'],
  ['create-auth-challenge', 'limit-failed', 'LimitFailures'],
  ['verify-auth-challenge-response', 'code-right', 'CodesRight'],
  ['verify-auth-challenge-response', 'code-wrong', 'CodesWrong'],
  ['verify-auth-challenge-response', 'code-expired', 'CodesExpired'],
  ['define-auth-challenge', 'sign-in-refused', 'SignInsRefused', { dimension: ['Reason', 'reason'] }],
  ['define-auth-challenge', 'tokens-issued', 'TokensIssued', { dimension: ['Factor', 'factor'] }],
  ['pre-token-generation', 'tokens-refused', 'TokensRefused', { dimension: ['Reason', 'reason'] }],
]

export const METRIC_FILTERS: readonly MetricFilter[] = METRICS.map(([trigger, event, metricName, more]) => ({
  logGroupName: logGroup(trigger),
  filterPattern: `{ $.message.event = "${event}" }`,
  metricTransformations: [
    {
      metricNamespace: NAMESPACE,
      metricName,
      metricValue: more?.value ?? '1',
      ...(more?.dimension && { dimensions: { [more.dimension[0]]: `$.message.${more.dimension[1]}` } }),
    },
  ],
}))

/** The account around the pool after `aws cloudformation deploy`: the four functions, SES out of the sandbox, one alarm. */
export function rehearsalAccount(deployed: DeployedTriggers): AwsAccount {
  const { region, poolArn, environments } = deployed
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
            LoggingConfig: { LogFormat: 'JSON', LogGroup: logGroup(trigger) },
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
      [STACK_NAME]: {
        ...Object.fromEntries(
          TRIGGER_NAMES.map(trigger => [`${TRIGGER_MEMBERS[trigger]}Arn`, arnOf(trigger)]),
        ),
        LimitTableName: LIMIT_TABLE,
      },
    },
    tables: { [LIMIT_TABLE]: new DynamoDbTable(['user', 'day']) },
    alarms: [
      {
        AlarmName: `${STACK_NAME}-mail-failures`,
        Namespace: NAMESPACE,
        MetricName: 'MailFailures',
        ActionsEnabled: true,
        AlarmActions: [`arn:aws:sns:${region}:${ACCOUNT_ID}:on-call`],
      },
    ],
    allowedResources: [
      `arn:aws:ses:${region}:${ACCOUNT_ID}:identity/*`,
      `arn:aws:dynamodb:${region}:${ACCOUNT_ID}:table/${LIMIT_TABLE}`,
    ],
    cloudWatch: {
      logGroups: Object.fromEntries(
        TRIGGER_NAMES.map(trigger => [logGroup(trigger), () => deployed.logsOf(trigger)]),
      ),
      metricFilters: METRIC_FILTERS,
      points: () => deployed.calls().flatMap(call => signInPoint(call, poolArn)),
    },
  }
}

/** Cognito's own metric of sign-ins that ended in tokens (developer guide, "User pool metrics in CloudWatch"). */
function signInPoint(call: PoolCall, poolArn: string): MetricPoint[] {
  if (call.kind !== 'request' || !/(InitiateAuth|RespondToAuthChallenge)$/.test(call.operation)) return []
  const { AuthFlow: flow, ClientId: client } = objectOf(call.request)
  if (!isObject(objectOf(call.answer)['AuthenticationResult']) || /^REFRESH_TOKEN/.test(String(flow)))
    return []
  const userPool = poolArn.split('/').at(-1) ?? ''
  const dimensions = {
    UserPool: userPool,
    UserPoolClient: call.operation.startsWith('Admin') ? 'Admin' : String(client),
  }
  return [
    { namespace: 'AWS/Cognito', name: 'SignInSuccesses', dimensions, at: Date.parse(call.at), value: 1 },
  ]
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
