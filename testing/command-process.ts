// The built command in a process that is started once: most of the time of a command that only reads its arguments is its start.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Answer {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** @param cwd where the command runs. @param execArgv options of Node.js */
export function startCommandProcess(cwd: string, execArgv: readonly string[] = []) {
  const command = pathToFileURL(resolve('dist/command/cognito-email-code.mjs')).href
  const child = fork(resolve('testing/command-process.mjs'), [command], { cwd, execArgv: [...execArgv] })
  return {
    /** One run at a time. @param args all that follows the name of the program */
    async run(...args: readonly string[]): Promise<Answer> {
      const answered = once(child, 'message')
      child.send(args)
      const [answer]: Answer[] = await answered
      if (answer === undefined) throw new Error('The command did not answer.')
      return answer
    },
    close: () => child.disconnect(),
  }
}
