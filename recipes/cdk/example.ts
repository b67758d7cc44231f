// A CDK app that uses the construct: for an existing pool with every property, and for a pool of its own.
import { App, Stack } from 'aws-cdk-lib'
import { UserPool } from 'aws-cdk-lib/aws-cognito'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailCode } from './email-code.ts'

const app = new App()
const env = { account: '111122223333', region: 'eu-central-1' }
const sender = { fromAddress: 'no-reply@example.com', fromName: 'Example' }

// After `cdk deploy`: npx cognito-email-code attach --user-pool-id eu-central-1_EXAMPLE00 --stack-name ExistingPool
const existing = new Stack(app, 'ExistingPool', { env })
new EmailCode(existing, 'EmailCode', {
  userPool: UserPool.fromUserPoolId(existing, 'Users', 'eu-central-1_EXAMPLE00'),
  ...sender,
  sesIdentity: 'parent.example.com',
  appName: 'Example',
  codeLength: 8,
  codeTtlSeconds: 240,
  maxAttempts: 5,
  maxSends: 2,
  resendAfterSeconds: 60,
  maxCodesPerHour: 5,
  maxCodesPerDay: 20,
  limitFailure: 'refuse',
  nativeMfa: 'ask',
  unverifiedEmail: 'refuse',
  defaultLocale: 'de',
  brandColor: '#0b5fff',
  mailFooter: 'Example Ltd',
  replyToAddress: 'help@example.com',
  sesConfigurationSet: 'codes',
  sesFallbackRegion: 'eu-west-1',
  hostedUi: 'allow',
  guardedClientIds: ['1example', '2example'],
  recordEvents: true,
  codeSecretVersionId: '01234567-89ab-cdef-0123-456789abcdef',
  logRetention: RetentionDays.THREE_MONTHS,
  wrongCodesAlarm: 20,
  alarmTopic: new Topic(existing, 'Alarms'),
})

const own = new Stack(app, 'OwnPool', { env })
const userPool = new UserPool(own, 'Users', { signInAliases: { email: true } })
userPool.addClient('Web', { authFlows: { custom: true }, preventUserExistenceErrors: true })
new EmailCode(own, 'EmailCode', { userPool, ...sender })
