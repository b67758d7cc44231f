// Runs a built trigger the way Lambda does: in processes of its own, started by the first call that needs one.
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { COMMAND, packageDirectory } from '../command/name.ts'
import type { Check, Invocation, Report } from './lambda-runtime.ts'

export const TRIGGER_NAMES = [
  'define-auth-challenge',
  'create-auth-challenge',
  'verify-auth-challenge-response',
  'pre-token-generation',
] as const

export type TriggerName = (typeof TRIGGER_NAMES)[number]

export interface TriggerOptions {
  readonly name: TriggerName
  /** Where the built triggers are: `<directory>/<name>/index.mjs`. */
  readonly directory: string
  /** All that the trigger finds in `process.env`, besides what Lambda itself sets. */
  readonly environment: Readonly<Record<string, string>>
  /** Lambda's limit for the function (milliseconds, default 10 000); Cognito's own of 5 s is the caller's. */
  readonly functionTimeoutMs?: number
}

export interface InvokeOptions {
  /** Added to `Date.now()` in the trigger. */
  readonly clockOffsetMs?: number
  /** Kills the process while it works on this call. */
  readonly kill?: boolean
}

export interface TriggerProcess {
  /**
   * @param event the trigger event; the trigger gets a copy.
   * @returns the event that the trigger answered, as JSON carries it (nothing becomes null).
   * @throws TriggerError when the trigger threw, could not be loaded, ran out of time or was killed.
   */
  invoke(event: unknown, options?: InvokeOptions): Promise<unknown>
  /**
   * Starts the trigger once without a call, as the first call would.
   * @returns what it says when it does not start; undefined when it does.
   */
  check(): Promise<string | undefined>
  /** What the trigger wrote, one JSON object a line, oldest first. */
  readonly logs: readonly string[]
  /** Stops every process of this trigger. */
  close(): Promise<void>
}

/** A failed call: the message is the `errorMessage` that Lambda would report. */
export class TriggerError extends Error {
  readonly errorType: string

  constructor(errorType: string, message: string) {
    super(message)
    this.name = 'TriggerError'
    this.errorType = errorType
  }
}

/** The folder that holds package.json and dist/, whether this runs from its source or built. */
export const projectDirectory = packageDirectory

/**
 * Path of a program of local/ that runs in a process of its own.
 * @throws Error when it is not built.
 */
export function builtTool(name: 'lambda-runtime' | 'mail-server'): string {
  return required(join(projectDirectory, `dist/local/${name}.mjs`))
}

function required(file: string): string {
  if (existsSync(file)) return file
  throw new Error(
    `${file} is missing. Run npm run build in a clone, or ${COMMAND} build for triggers with a mail of your own.`,
  )
}

/**
 * How long a call waits for one of the processes at work, for each of them, before it starts another one. Most calls take less,
 * and a start costs more: processes that stand in each other's way make all calls late, and late calls start more of them.
 */
const PATIENCE_MS = 50

/** A call that waits for a process; it gets undefined when there will be none. */
interface WaitingCall {
  readonly since: number
  take(child: ChildProcess | undefined): void
}

/** The first of these ends a start, well or not. */
const SIGNS_OF_A_START = ['message', 'exit', 'error'] as const

/**
 * Nothing is started yet: as in Lambda, a call that finds no process is a cold start. Each process works on one call at a time.
 * @throws Error when the trigger is not built.
 */
export function startTrigger(options: TriggerOptions): TriggerProcess {
  const runtime = builtTool('lambda-runtime')
  const file = required(resolve(options.directory, options.name, 'index.mjs'))
  const logs: string[] = []
  const idle = new Set<ChildProcess>()
  const all = new Set<ChildProcess>()
  /** Oldest first. */
  const waiting: WaitingCall[] = []
  let patience: NodeJS.Timeout | undefined
  let isStarting = false
  const timeoutMs = options.functionTimeoutMs ?? 10_000
  let closed = false

  function startProcess(): ChildProcess {
    const child = fork(runtime, [file], {
      env: environmentOf(options),
      // It mostly ends before code that V8 optimises has made up for the time that takes.
      execArgv: ['--no-opt'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    all.add(child)
    child.once('exit', () => {
      all.delete(child)
      idle.delete(child)
      startForWaiting()
    })
    child.on('message', (report: Report) => {
      if ('log' in report) logs.push(report.log)
    })
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', line => logs.push(line))
    }
    return child
  }

  async function takeProcess(): Promise<ChildProcess | undefined> {
    const [child] = idle
    if (child !== undefined) {
      idle.delete(child)
      return child
    }
    return new Promise(take => {
      waiting.push({ since: performance.now(), take })
      startForWaiting()
    })
  }

  function giveBack(child: ChildProcess): void {
    const next = waiting.shift()
    if (next === undefined) idle.add(child)
    else next.take(child)
  }

  /** One start at a time: what it is ready to do may be enough. */
  function startForWaiting(): void {
    clearTimeout(patience)
    const [oldest] = waiting
    if (oldest === undefined || isStarting || closed) return
    const waits = oldest.since + PATIENCE_MS * all.size - performance.now()
    if (waits > 0) {
      patience = setTimeout(startForWaiting, waits)
      return
    }
    waiting.shift()
    const child = startProcess()
    isStarting = true
    const onStarted = () => {
      for (const event of SIGNS_OF_A_START) child.off(event, onStarted)
      isStarting = false
      startForWaiting()
    }
    for (const event of SIGNS_OF_A_START) child.on(event, onStarted)
    oldest.take(child)
  }

  async function invoke(event: unknown, invokeOptions: InvokeOptions = {}): Promise<unknown> {
    const child = closed ? undefined : await takeProcess()
    if (child !== undefined) return await call(child, event, invokeOptions)
    throw new TriggerError('ResourceNotFoundException', `${options.name} is closed`)
  }

  function call(
    child: ChildProcess,
    event: unknown,
    { clockOffsetMs = 0, kill = false }: InvokeOptions,
  ): Promise<unknown> {
    const requestId = randomUUID()
    return new Promise((resolveAnswer, reject) => {
      const fail = (errorType: string, message: string) => {
        stopListening()
        reject(new TriggerError(errorType, message))
      }
      const timeout = setTimeout(() => {
        fail(
          'Sandbox.Timedout',
          `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
        )
        child.kill('SIGKILL')
      }, timeoutMs)
      const onExit = (code: number | null, signal: string | null) => {
        const reason = signal === null ? `exit status ${code}` : 'signal: killed'
        fail('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${reason}`)
      }
      const onMessage = (report: Report) => {
        // A process that is to be killed may be quicker than the signal: its answer no longer counts.
        if (kill || !('requestId' in report) || report.requestId !== requestId) return
        if ('errorMessage' in report) {
          if (!report.failedToStart) giveBack(child)
          fail(report.errorType, report.errorMessage)
          return
        }
        stopListening()
        giveBack(child)
        resolveAnswer(JSON.parse(report.answer))
      }
      const onError = (error: Error) => fail('Runtime.ExitError', error.message)
      function stopListening(): void {
        clearTimeout(timeout)
        child.off('error', onError)
        child.off('exit', onExit)
        child.off('message', onMessage)
      }
      child.on('error', onError)
      child.on('exit', onExit)
      child.on('message', onMessage)
      const invocation: Invocation = {
        requestId,
        event: JSON.stringify(event),
        clockOffsetMs,
        deadlineMs: Date.now() + timeoutMs,
      }
      child.send(invocation, error => {
        // A process that cannot be written to is ending: its exit says how.
        if (error) child.kill('SIGKILL')
      })
      if (kill) child.kill('SIGKILL')
    })
  }

  async function check(): Promise<string | undefined> {
    const child = startProcess()
    const order: Check = { check: true }
    const problem = await new Promise<string | undefined>(answer => {
      child.once('error', error => answer(error.message))
      child.once('exit', code => answer(`${options.name} ended with exit status ${code}.`))
      child.on('message', (report: Report) => {
        if ('started' in report) answer(report.started ? undefined : report.errorMessage)
      })
      child.send(order)
    })
    child.kill('SIGKILL')
    return problem
  }

  async function close(): Promise<void> {
    closed = true
    for (const call of waiting.splice(0)) call.take(undefined)
    await Promise.all(
      [...all].map(
        child =>
          new Promise<void>(done => {
            child.once('exit', () => done())
            child.kill('SIGKILL')
          }),
      ),
    )
  }

  return { invoke, check, logs, close }
}

function environmentOf({ name, environment }: TriggerOptions): Record<string, string> {
  const needed = ['PATH', 'SystemRoot'].flatMap(variable => {
    const value = process.env[variable]
    return value === undefined ? [] : [[variable, value] as const]
  })
  return {
    ...Object.fromEntries(needed),
    TZ: ':UTC',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: environment['AWS_REGION'] ?? 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: 'INFO',
    ...environment,
  }
}
