// amplify/backend.ts of an Amplify Gen 2 app whose users sign in with a password and an e-mailed code.
import { defineAuth, defineBackend } from '@aws-amplify/backend'
import { Stack } from 'aws-cdk-lib'
import { EmailCode } from '../cdk/email-code.ts'

const backend = defineBackend({ auth: defineAuth({ loginWith: { email: true } }) })
const { userPool, cfnResources } = backend.auth.resources

// In the stack of the pool: in another one, the two stacks would depend on each other.
const emailCode = new EmailCode(Stack.of(userPool), 'EmailCode', {
  userPool,
  fromAddress: 'no-reply@example.com',
  fromName: 'Example',
})

const lambdaConfig = {
  DefineAuthChallenge: emailCode.defineAuthChallenge,
  CreateAuthChallenge: emailCode.createAuthChallenge,
  VerifyAuthChallengeResponse: emailCode.verifyAuthChallengeResponse,
  PreTokenGeneration: emailCode.preTokenGeneration,
}
for (const [slot, trigger] of Object.entries(lambdaConfig)) {
  cfnResources.cfnUserPool.addPropertyOverride(`LambdaConfig.${slot}`, trigger.functionArn)
}

// Without this the password alone is enough: Amplify allows USER_SRP_AUTH by default.
cfnResources.cfnUserPoolClient.explicitAuthFlows = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
cfnResources.cfnUserPoolClient.preventUserExistenceErrors = 'ENABLED'
