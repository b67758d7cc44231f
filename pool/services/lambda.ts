// What the commands use of Lambda: see ../aws.ts.
export {
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  LambdaClient as Client,
} from '@aws-sdk/client-lambda'
