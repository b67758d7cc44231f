// CloudWatch from memory: log lines of functions, metric filters on them, and the metrics that these make.
import { isObject, type UntypedObject } from '../command/json.ts'
import { AwsError } from './aws-error.ts'

/** As DescribeMetricFilters answers it. */
export interface MetricFilter {
  readonly logGroupName: string
  readonly filterPattern: string
  readonly metricTransformations: readonly MetricTransformation[]
}

export interface MetricTransformation {
  readonly metricNamespace: string
  readonly metricName: string
  /** A number, or a field such as `$.message.milliseconds`. */
  readonly metricValue: string
  /** Fields by the name of the dimension. */
  readonly dimensions?: Readonly<Record<string, string>>
}

/** One value of a metric. */
export interface MetricPoint {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly at: number
  readonly value: number
}

export interface CloudWatch {
  /** The lines of each log group, oldest first. */
  readonly logGroups: Readonly<Record<string, () => readonly string[]>>
  readonly metricFilters: readonly MetricFilter[]
  /** Metrics that come from no log. */
  readonly points: () => readonly MetricPoint[]
}

/**
 * The answer; undefined for another operation.
 * @throws AwsError as CloudWatch does, and for what is not simulated
 */
export function performCloudWatch(
  watch: CloudWatch,
  operation: string,
  input: UntypedObject,
): UntypedObject | undefined {
  switch (operation) {
    case 'FilterLogEvents':
      return filterLogEvents(watch, input)
    case 'DescribeMetricFilters': {
      const group = String(input['logGroupName'])
      linesOf(watch, group)
      return { metricFilters: watch.metricFilters.filter(({ logGroupName }) => logGroupName === group) }
    }
    case 'GetMetricData':
      return getMetricData(watch, input)
    default:
      return undefined
  }
}

interface LogLine {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** undefined for a line that is not a JSON object. */
  readonly fields: UntypedObject | undefined
}

function filterLogEvents(watch: CloudWatch, input: UntypedObject): UntypedObject {
  const { logGroupName, startTime = 0, endTime = Number.POSITIVE_INFINITY, filterPattern = '' } = input
  const matches = linePattern(String(filterPattern))
  const found = linesOf(watch, String(logGroupName)).filter(
    line => line.at >= Number(startTime) && line.at <= Number(endTime) && matches(line),
  )
  const start = Number(input['nextToken'] ?? 0)
  const end = start + Number(input['limit'] ?? 10_000)
  return {
    events: found.slice(start, end).map(({ text, at }, index) => ({
      eventId: String(start + index),
      logStreamName: 'local',
      message: text,
      timestamp: at,
      ingestionTime: at,
    })),
    searchedLogStreams: [],
    ...(end < found.length && { nextToken: String(end) }),
  }
}

function linesOf({ logGroups }: CloudWatch, group: string): LogLine[] {
  const lines = logGroups[group]?.()
  if (lines === undefined)
    throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.')
  let at = 0
  return lines.map(text => {
    const fields = jsonObject(text)
    const time = Date.parse(String(fields?.['timestamp']))
    // A line without a time, such as the output of a crash, belongs to the line before it.
    if (!Number.isNaN(time)) at = time
    return { text, at, fields }
  })
}

function jsonObject(text: string): UntypedObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The two forms that this project uses: a quoted text somewhere in the line, and one field that equals a text. */
function linePattern(pattern: string): (line: LogLine) => boolean {
  if (pattern === '') return () => true
  const text = /^"([^"]*)"$/.exec(pattern)?.[1]
  if (text !== undefined) return line => line.text.includes(text)
  const [, field, wanted] = /^\{ (\$[\w.]+) = "([^"]*)" \}$/.exec(pattern) ?? []
  if (field !== undefined) return ({ fields }) => fieldAt(fields, field) === wanted
  throw new AwsError('InvalidParameterException', `This filter pattern is not simulated: ${pattern}`)
}

/** @param path such as `$.message.event` */
function fieldAt(fields: UntypedObject | undefined, path: string): unknown {
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), fields)
}

function pointsOf(watch: CloudWatch): MetricPoint[] {
  const fromLogs = watch.metricFilters.flatMap(filter => {
    const matches = linePattern(filter.filterPattern)
    return linesOf(watch, filter.logGroupName)
      .filter(matches)
      .flatMap(line => filter.metricTransformations.map(transformation => pointOf(line, transformation)))
  })
  return [...fromLogs, ...watch.points()]
}

function pointOf({ fields, at }: LogLine, transformation: MetricTransformation): MetricPoint {
  const { metricNamespace: namespace, metricName: name, metricValue, dimensions = {} } = transformation
  const valueIn = (text: string) => (text.startsWith('$') ? fieldAt(fields, text) : text)
  return {
    namespace,
    name,
    dimensions: Object.fromEntries(
      Object.entries(dimensions).map(([dimension, field]) => [dimension, String(valueIn(field))]),
    ),
    at,
    value: Number(valueIn(metricValue)),
  }
}

/** Sums or averages by period, counted from StartTime; a period without a value is left out, as in CloudWatch. */
function getMetricData(watch: CloudWatch, input: UntypedObject): UntypedObject {
  const points = pointsOf(watch)
  const { MetricDataQueries: queries, StartTime: start, EndTime: end } = input
  if (!Array.isArray(queries) || typeof start !== 'number' || typeof end !== 'number')
    throw new AwsError('InvalidParameterValue', 'MetricDataQueries, StartTime and EndTime are required.')
  return {
    MetricDataResults: queries.filter(isObject).map(query => {
      const { MetricStat: stat } = query
      if (!isObject(stat) || !['Sum', 'Average'].includes(String(stat['Stat'])) || !isObject(stat['Metric']))
        throw new AwsError('InvalidParameterValue', 'Only MetricStat with Stat Sum or Average is simulated.')
      const isAverage = stat['Stat'] === 'Average'
      const isWanted = metricTest(stat['Metric'])
      const period = Number(stat['Period'])
      const periods = new Map<number, number[]>()
      for (const point of points) {
        const seconds = point.at / 1000
        if (seconds < start || seconds >= end || !isWanted(point)) continue
        const from = start + Math.floor((seconds - start) / period) * period
        periods.set(from, [...(periods.get(from) ?? []), point.value])
      }
      const sorted = [...periods].toSorted(([one], [other]) => other - one)
      return {
        Id: query['Id'],
        Label: stat['Metric']['MetricName'],
        Timestamps: sorted.map(([from]) => from),
        Values: sorted.map(([, values]) => {
          const sum = values.reduce((total, value) => total + value, 0)
          return isAverage ? sum / values.length : sum
        }),
        StatusCode: 'Complete',
      }
    }),
  }
}

/** The dimensions have to be the same, not only among those of the metric (CloudWatch user guide, "Dimensions"). */
function metricTest(metric: UntypedObject): (point: MetricPoint) => boolean {
  const { Namespace: namespace, MetricName: name, Dimensions: given } = metric
  const wanted = (Array.isArray(given) ? given.filter(isObject) : []).map(
    it => `${it['Name']}=${it['Value']}`,
  )
  return point => {
    const own = Object.entries(point.dimensions).map(([dimension, value]) => `${dimension}=${value}`)
    return (
      point.namespace === namespace &&
      point.name === name &&
      own.toSorted().join() === wanted.toSorted().join()
    )
  }
}
