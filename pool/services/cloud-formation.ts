// What the commands use of CloudFormation: see ../aws.ts.
export { CloudFormationClient as Client, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
