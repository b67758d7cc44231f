// amplify/backend.ts of an Amplify Gen 2 app whose users sign in with a password and a mailed code.
import { defineAuth, defineBackend } from '@aws-amplify/backend'
import { Stack } from 'aws-cdk-lib'
import { EmailCode } from '../cdk/email-code.ts'

const backend = defineBackend({ auth: defineAuth({ loginWith: { email: true } }) })
const { userPool, cfnResources } = backend.auth.resources

// In the stack of the pool: in one of its own the two stacks would wait for each other.
const code = new EmailCode(Stack.of(userPool), 'EmailCode', {
  userPool,
  fromAddress: 'no-reply@example.com',
  fromName: 'Example',
})

const lambdaConfig = {
  DefineAuthChallenge: code.defineAuthChallenge,
  CreateAuthChallenge: code.createAuthChallenge,
  VerifyAuthChallengeResponse: code.verifyAuthChallengeResponse,
  PreTokenGeneration: code.preTokenGeneration,
}
for (const [slot, trigger] of Object.entries(lambdaConfig)) {
  cfnResources.cfnUserPool.addPropertyOverride(`LambdaConfig.${slot}`, trigger.functionArn)
}

// Without this the password alone is enough: Amplify allows USER_SRP_AUTH by default.
cfnResources.cfnUserPoolClient.explicitAuthFlows = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
cfnResources.cfnUserPoolClient.preventUserExistenceErrors = 'ENABLED'
