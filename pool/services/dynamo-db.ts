// What the commands use of DynamoDB: see ../aws.ts.
export { DeleteItemCommand, DynamoDBClient as Client, GetItemCommand } from '@aws-sdk/client-dynamodb'
