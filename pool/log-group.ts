// Where the functions behind the triggers log.
import type { Aws } from './aws.ts'
import { functionNameOf, regionOf, unqualified } from './trigger-functions.ts'

export type LogGroup = {
  readonly region: string
  readonly name: string
  /** Whether the function logs its events; undefined if that may not be read. */
  readonly isRecording: boolean | undefined
}

/** A function may log to another group than that of its name; without the right to read that, the usual one. */
export async function logGroupOf(aws: Aws, arn: string): Promise<LogGroup> {
  const region = regionOf(arn) ?? aws.region
  const { client, GetFunctionConfigurationCommand } = await aws.lambda(region)
  const command = new GetFunctionConfigurationCommand({ FunctionName: unqualified(arn) })
  const configuration = await client.send(command).catch(() => undefined)
  return {
    region,
    name: configuration?.LoggingConfig?.LogGroup ?? `/aws/lambda/${functionNameOf(arn)}`,
    isRecording: configuration && configuration.Environment?.Variables?.['RECORD_EVENTS'] === 'on',
  }
}
