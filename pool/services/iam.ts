// What the commands use of IAM: see ../aws.ts.
export { IAMClient as Client, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
