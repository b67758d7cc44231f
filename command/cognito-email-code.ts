#!/usr/bin/env node
// The command cognito-email-code: finds the program behind each of its commands and hands the other arguments to it.

import { COMMAND } from './name.ts'

interface Command {
  readonly summary: string
  /** What follows `npx cognito-email-code`. */
  readonly example: string
  /** @returns the exit code, or nothing if the program sets it */
  readonly run: () => Promise<number | undefined>
}

/** They change a user pool and end what they have begun, whoever listens. */
const CHANGING: readonly string[] = ['fix', 'attach', 'detach', 'probe', 'migrate']

/** A program that reads `process.argv` as soon as it is loaded. */
async function load(program: () => Promise<unknown>): Promise<undefined> {
  process.argv.splice(2, 1)
  await program()
}

// Each command loads its own program only: the AWS SDK stays out of the others.
async function pool(): Promise<number> {
  const { runPool } = await import('../pool/command-line.ts')
  const { interruptSignal } = await import('../pool/interruption.ts')
  const signal = interruptSignal()
  process.exitCode = await runPool(process.argv.slice(2), process, signal)
  // What was only being read may still be waiting for an answer.
  if (signal.aborted) process.exit()
  return process.exitCode
}

async function probe(): Promise<number> {
  const { runProbe } = await import('../pool/probe/probe-command.ts')
  const { interruptSignal } = await import('../pool/interruption.ts')
  return await runProbe(process.argv.slice(3), process, interruptSignal())
}

async function migrate(): Promise<number> {
  const { runMigrate } = await import('../pool/migrate/migrate-command.ts')
  const { interruptSignal } = await import('../pool/interruption.ts')
  return await runMigrate(process.argv.slice(3), process, interruptSignal())
}

async function limit(): Promise<number> {
  const { runLimit } = await import('../pool/limit-command.ts')
  return await runLimit(process.argv.slice(3), process)
}

async function importEvents(): Promise<number> {
  const { runEvents } = await import('../recording/import-command.ts')
  return await runEvents(process.argv.slice(2), process)
}

async function mail(): Promise<number> {
  const args = process.argv.slice(3)
  if (process.argv[2] === 'build') return (await import('../mail/build-command.ts')).runBuild(args, process)
  return (await import('../mail/preview-command.ts')).runPreview(args, process)
}

const COMMANDS = new Map<string, Command>([
  [
    'check',
    {
      summary:
        'Report what lets users sign in without a code, and what stops mail from being delivered. Read-only.',
      example: 'check --user-pool-id eu-central-1_EXAMPLE00',
      run: pool,
    },
  ],
  [
    'fix',
    {
      summary: 'Fix one finding of check, or several.',
      example: 'fix FINDING --user-pool-id eu-central-1_EXAMPLE00 --dry-run',
      run: pool,
    },
  ],
  [
    'attach',
    {
      summary: 'Attach the triggers to a user pool, after a backup. No other setting changes.',
      example: 'attach --user-pool-id eu-central-1_EXAMPLE00 --stack-name email-code --dry-run',
      run: pool,
    },
  ],
  [
    'detach',
    {
      summary: 'Undo attach from its backup.',
      example: 'detach --user-pool-id eu-central-1_EXAMPLE00 --backup before.json --dry-run',
      run: pool,
    },
  ],
  [
    'probe',
    {
      summary:
        'Sign in to a user pool as a throw-away user and report whether every sign-in asks for the code.',
      example: 'probe --user-pool-id eu-central-1_EXAMPLE00 --client-id 1example23456789',
      run: probe,
    },
  ],
  [
    'migrate',
    {
      summary: "Move users to Cognito's own e-mail MFA, step by step, and back.",
      example: 'migrate status --user-pool-id eu-central-1_EXAMPLE00',
      run: migrate,
    },
  ],
  [
    'limit',
    {
      summary: 'Show or reset how many codes were mailed to a user, in the limit across sign-ins.',
      example: 'limit show --user-pool-id eu-central-1_EXAMPLE00 --username ada@example.com',
      run: limit,
    },
  ],
  [
    'build',
    {
      summary: 'Build the triggers with a mail module of your own, after checking it.',
      example: 'build --mail ./mail.ts --out dist',
      run: mail,
    },
  ],
  [
    'mail-preview',
    {
      summary: 'Write a page that shows the mail in every language, light and dark, or send it to yourself.',
      example: 'mail-preview --out mail-preview.html',
      run: mail,
    },
  ],
  [
    'replay',
    {
      summary:
        'Send recorded trigger events to the triggers and compare their answers with the expected ones.',
      example: 'replay events --set MAX_ATTEMPTS=5',
      run: () => load(() => import('../recording/replay-command.ts')),
    },
  ],
  [
    'import',
    {
      summary: 'Turn a CloudWatch log export into recorded sign-ins, without personal data.',
      example: 'import log-export.json --out events',
      run: importEvents,
    },
  ],
  [
    'start',
    {
      summary: 'Start a local user pool with a mailbox and a sample page.',
      example: 'start --after-new-password tokens',
      run: () => load(() => import('../local/start.ts')),
    },
  ],
  [
    'demo',
    {
      summary: 'Sign a first-time user in on this machine and check every step.',
      example: 'demo --json',
      run: () => load(() => import('../local/demo.ts')),
    },
  ],
])

const USAGE = `Usage: ${COMMAND} <command> [options]

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

Example: ${COMMAND} demo

${COMMAND} <command> --help lists the options of a command, with an example.
Exit code: 0 success, 1 findings or differences, 2 could not run.
`

async function main(): Promise<number | undefined> {
  const [name, ...rest] = process.argv.slice(2)
  if (name === undefined || name === '--help' || name === '-h') {
    const stream = name === undefined ? process.stderr : process.stdout
    stream.write(USAGE)
    return name === undefined ? 2 : 0
  }
  const command = COMMANDS.get(name)
  if (command === undefined) {
    const message = `Unknown command: ${name}. Commands: ${[...COMMANDS.keys()].join(', ')}.`
    if (rest.includes('--json')) {
      process.stdout.write(`${JSON.stringify({ code: 'unknown-command', error: message })}\n`)
    }
    process.stderr.write(`${message}\n`)
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.summary}\n\nExample: ${COMMAND} ${command.example}\n\n`)
  }
  return await command.run()
}

// It would be printed before every answer; `engines` in package.json says which Node.js this project needs.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// A reader that needs only the first lines closes the pipe, and a terminal that is closed takes no more. That must not stop
// a command half-way through a change.
process.stdout.on('error', () => {
  if (!CHANGING.includes(process.argv[2] ?? '')) process.exit()
})
process.stderr.on('error', () => undefined)
const code = await main()
if (code !== undefined) process.exitCode = code
