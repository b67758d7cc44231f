// Where the functions behind the triggers log.
import type { Aws } from './aws.ts'
import { functionNameOf, readSettings, regionOf } from './trigger-functions.ts'

export type LogGroup = {
  readonly region: string
  readonly name: string
  /** Whether the function logs its events; undefined if that may not be read. */
  readonly isRecording: boolean | undefined
}

/** A function may log to another group than that of its name; without the right to read that, the usual one. */
export async function logGroupOf(aws: Aws, arn: string): Promise<LogGroup> {
  const its = await readSettings(aws, arn).catch(() => undefined)
  return {
    region: regionOf(arn) ?? aws.region,
    name: its?.configuration?.LoggingConfig?.LogGroup ?? `/aws/lambda/${functionNameOf(arn)}`,
    isRecording: its?.configuration && its.environment['RECORD_EVENTS'] === 'on',
  }
}
