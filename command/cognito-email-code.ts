#!/usr/bin/env node
// The command cognito-email-code: finds the program behind each of its commands and hands the other arguments to it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reportError } from './command.ts'
import { parseJsonObject } from './json.ts'
import { COMMAND, packageDirectory } from './name.ts'

interface Command {
  readonly summary: string
  /** Gets the name of the command and what follows it. @returns the exit code */
  readonly run: (args: readonly string[]) => Promise<number>
}

// Each command loads its own program only: the AWS SDK stays out of the others.
function pool(args: readonly string[]): Promise<number> {
  return interruptible(async signal =>
    (await import('../pool/command-line.ts')).runPool(args, process, signal),
  )
}

/** Runs a command that hears of Ctrl-C, and ends with it. */
async function interruptible(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const { interruptSignal } = await import('../pool/interruption.ts')
  const signal = interruptSignal()
  process.exitCode = await run(signal)
  // What was only being read, or asked, may still be waiting for an answer.
  if (signal.aborted) process.exit()
  return process.exitCode
}

/** They change a user pool and end what they have begun, whoever listens. */
const CHANGING: readonly string[] = ['fix', 'attach', 'detach', 'probe', 'migrate']

const COMMANDS = new Map<string, Command>([
  [
    'check',
    {
      summary:
        'Report what lets users sign in without a code, and what stops mail from being delivered. Read-only.',
      run: pool,
    },
  ],
  [
    'fix',
    {
      summary: 'Fix one finding of check, or several.',
      run: pool,
    },
  ],
  [
    'attach',
    {
      summary: 'Attach the triggers to a user pool, after a backup. No other setting changes.',
      run: pool,
    },
  ],
  [
    'detach',
    {
      summary: 'Undo attach from its backup.',
      run: pool,
    },
  ],
  [
    'probe',
    {
      summary:
        'Sign in to a user pool as a throw-away user and report whether every sign-in asks for the code.',
      run: ([, ...args]) =>
        interruptible(async signal =>
          (await import('../pool/probe/probe-command.ts')).runProbe(args, process, signal),
        ),
    },
  ],
  [
    'migrate',
    {
      summary: "Move users to Cognito's own e-mail MFA, step by step, and back.",
      run: ([, ...args]) =>
        interruptible(async signal =>
          (await import('../pool/migrate/migrate-command.ts')).runMigrate(args, process, signal),
        ),
    },
  ],
  [
    'limit',
    {
      summary: 'Show or reset how many codes were mailed to a user, in the limit across sign-ins.',
      run: async ([, ...args]) => (await import('../pool/limit-command.ts')).runLimit(args, process),
    },
  ],
  [
    'build',
    {
      summary: 'Build the triggers with a mail module of your own, after checking it.',
      run: async ([, ...args]) => (await import('../mail/build-command.ts')).runBuild(args, process),
    },
  ],
  [
    'mail-preview',
    {
      summary: 'Write a page that shows the mail in every language, light and dark, or send it to yourself.',
      run: async ([, ...args]) => (await import('../mail/preview-command.ts')).runPreview(args, process),
    },
  ],
  [
    'replay',
    {
      summary:
        'Send recorded trigger events to the triggers and compare their answers with the expected ones.',
      run: async ([, ...args]) => (await import('../recording/replay-command.ts')).runReplay(args, process),
    },
  ],
  [
    'import',
    {
      summary: 'Turn a CloudWatch log export into recorded sign-ins, without personal data.',
      run: async ([, ...args]) => (await import('../recording/import-command.ts')).runImport(args, process),
    },
  ],
  [
    'start',
    {
      summary: 'Start a local user pool with a mailbox and a sample page.',
      run: async ([, ...args]) => (await import('../local/start.ts')).runStart(args, process),
    },
  ],
  [
    'demo',
    {
      summary: 'Sign a first-time user in on this machine and check every step.',
      run: async ([, ...args]) => (await import('../local/demo.ts')).runDemo(args, process),
    },
  ],
])

const USAGE = `Usage: ${COMMAND} <command> [options]

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

Example: ${COMMAND} demo

${COMMAND} <command> --help lists the options of a command, with an example. ${COMMAND} --version prints the version.
Exit code: 0 success, 1 findings or differences, 2 could not run.
`

async function main(args: readonly string[]): Promise<number> {
  const [name] = args
  if (name === undefined || name === '--help' || name === '-h') {
    const stream = name === undefined ? process.stderr : process.stdout
    stream.write(USAGE)
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    const { version } = parseJsonObject(readFileSync(join(packageDirectory, 'package.json'), 'utf8'))
    process.stdout.write(`${version}\n`)
    return 0
  }
  const command = COMMANDS.get(name)
  if (command === undefined) {
    const message = `Unknown command: ${name}. Commands: ${[...COMMANDS.keys()].join(', ')}.`
    return reportError({ message, code: 'unknown-command' }, args, process)
  }
  return await command.run(args)
}

// It would be printed before every answer; `engines` in package.json says which Node.js this project needs.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// A reader that needs only the first lines closes the pipe, and a terminal that is closed takes no more. That must not stop
// a command half-way through a change. A full disk must not look like success.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const isClosed = error.code === 'EPIPE'
  if (!isClosed) process.stderr.write(`The output could not be written: ${error.message}\n`)
  if (!CHANGING.includes(process.argv[2] ?? '')) process.exit(isClosed ? undefined : 2)
})
process.stderr.on('error', () => undefined)
process.exitCode = await main(process.argv.slice(2))
