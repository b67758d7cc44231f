// The child process in which one built trigger runs, with the surroundings that Lambda gives it.
// Started by trigger-process.ts: node lambda-runtime.mjs <path of the trigger's index.mjs>
import { randomUUID } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

/** What trigger-process.ts sends. `event` is JSON. */
export interface Invocation {
  readonly requestId: string
  readonly event: string
  readonly clockOffsetMs: number
  readonly deadlineMs: number
}

/** The other thing that it sends: whether the trigger starts. */
export interface Check {
  readonly check: true
}

/**
 * What comes back: a line of the log; the handler's answer as JSON; or the error in the shape that Lambda reports.
 * After `failedToStart` the process ends.
 */
export type Report =
  | { readonly log: string }
  | { readonly started: true }
  | { readonly started: false; readonly errorMessage: string }
  | { readonly requestId: string; readonly answer: string }
  | {
      readonly requestId: string
      readonly errorType: string
      readonly errorMessage: string
      readonly failedToStart: boolean
    }

type Handler = (event: unknown, context: object) => unknown

let requestId: string = randomUUID()
let clockOffsetMs = 0

shiftClock()
logAsJson()

const [, , file = ''] = process.argv
const loading = loadHandler(file)
loading.catch(() => undefined)

process.on('disconnect', () => process.exit())
process.on('message', (invocation: Invocation | Check) => {
  if ('check' in invocation) {
    void check()
    return
  }
  requestId = invocation.requestId
  clockOffsetMs = invocation.clockOffsetMs
  void run(invocation)
})

async function loadHandler(path: string): Promise<Handler> {
  const module: { handler?: unknown } = await import(pathToFileURL(path).href)
  const { handler } = module
  if (typeof handler !== 'function') throw new Error(`${path} does not export a function named handler`)
  return (event, context) => handler(event, context)
}

async function check(): Promise<void> {
  try {
    await loading
    send({ started: true })
  } catch (error) {
    send({ started: false, errorMessage: error instanceof Error ? error.message : String(error) })
  }
}

async function run(invocation: Invocation): Promise<void> {
  let handler: Handler
  try {
    handler = await loading
  } catch (error) {
    reportError(error, { failedToStart: true })
    process.disconnect()
    return
  }
  try {
    const answer = handler(JSON.parse(invocation.event), contextOf(invocation))
    // As in Lambda, a handler that is not asynchronous and calls no callback answers null.
    send({ requestId, answer: JSON.stringify(isPromise(answer) ? ((await answer) ?? null) : null) })
  } catch (error) {
    reportError(error, { failedToStart: false })
  }
}

function reportError(error: unknown, { failedToStart }: { failedToStart: boolean }): void {
  const errorType = error instanceof Error ? error.name : typeof error
  const errorMessage = error instanceof Error ? error.message : String(error)
  const stackTrace = error instanceof Error ? error.stack?.split('\n') : undefined
  writeLog('ERROR', [{ errorType, errorMessage, stackTrace }])
  send({ requestId, errorType, errorMessage, failedToStart })
}

function send(report: Report): void {
  process.send?.(report)
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}

function contextOf(invocation: Invocation): object {
  const functionName = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? ''
  return {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${process.env['AWS_REGION']}:123456789012:function:${functionName}`,
    memoryLimitInMB: '512',
    awsRequestId: invocation.requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadlineMs - Date.now() + clockOffsetMs),
  }
}

/** Moves `Date.now()` and `new Date()` by the offset of the invocation; timers and `performance.now()` stay. */
function shiftClock(): void {
  const machineNow = Date.now
  Date.now = () => machineNow() + clockOffsetMs
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
    apply: target => new target(target.now()).toString(),
  })
}

/**
 * Lambda's JSON log format: one object a line; one argument is kept as it is, several are formatted to a text.
 * Source: Lambda developer guide, "Log and monitor Node.js Lambda functions"; default level INFO.
 */
function logAsJson(): void {
  console.trace = () => undefined
  console.debug = () => undefined
  console.log = (...message) => writeLog('INFO', message)
  console.info = (...message) => writeLog('INFO', message)
  console.warn = (...message) => writeLog('WARN', message)
  console.error = (...message) => writeLog('ERROR', message)
}

function writeLog(level: string, message: unknown[]): void {
  const line = {
    timestamp: new Date().toISOString(),
    level,
    requestId,
    message: message.length === 1 ? message[0] : format(...message),
  }
  // By the same way as the answer, so that it is there before the answer is.
  send({ log: JSON.stringify(line, (_key, value) => (value instanceof Error ? plain(value) : value)) })
}

function plain(error: Error): object {
  return {
    errorType: error.name,
    errorMessage: error.message,
    stackTrace: error.stack?.split('\n'),
    ...error,
  }
}
