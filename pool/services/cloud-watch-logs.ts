// What the commands use of CloudWatch Logs: see ../aws.ts.
export {
  CloudWatchLogsClient as Client,
  paginateDescribeMetricFilters,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs'
