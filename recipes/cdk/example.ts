// A CDK app that uses the construct: once for a pool that exists already, once for a pool of its own.
import { App, Stack } from 'aws-cdk-lib'
import { UserPool } from 'aws-cdk-lib/aws-cognito'
import { EmailCode } from './email-code.ts'

const app = new App()
const env = { account: '111122223333', region: 'eu-central-1' }
const sender = { fromAddress: 'no-reply@example.com', fromName: 'Example' }

// After `cdk deploy`: npm run pool -- attach --user-pool-id ... with the four ARNs.
const existing = new Stack(app, 'ExistingPool', { env })
new EmailCode(existing, 'EmailCode', {
  userPool: UserPool.fromUserPoolId(existing, 'People', 'eu-central-1_EXAMPLE00'),
  settings: {
    CODE_TTL_SECONDS: '240',
    MAX_ATTEMPTS: '5',
    HOSTED_UI: 'allow',
    SES_FALLBACK_REGION: 'eu-west-1',
  },
  ...sender,
})

const own = new Stack(app, 'OwnPool', { env })
const people = new UserPool(own, 'People', { signInAliases: { email: true } })
people.addClient('Web', { authFlows: { custom: true }, preventUserExistenceErrors: true })
new EmailCode(own, 'EmailCode', { userPool: people, ...sender })
