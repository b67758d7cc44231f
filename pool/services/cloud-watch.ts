// What the commands use of CloudWatch: see ../aws.ts.
export {
  CloudWatchClient as Client,
  GetMetricDataCommand,
  paginateDescribeAlarms,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch'
