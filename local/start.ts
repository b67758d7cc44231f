// npm start: the local user pool with the sample page, until Ctrl-C.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { runCommand } from '../command/command.ts'
import { packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription, type readOptions } from '../command/options.ts'
import { CommandError, type Terminal } from '../command/terminal.ts'
import { AFTER_NEW_PASSWORD_MEANING, afterNewPasswordFrom } from './after-new-password.ts'
import type { LocalUserPool } from './local-user-pool.ts'
import { projectDirectory } from './trigger-process.ts'
import { SETTING_NAMES } from './trigger-settings.ts'

const OPTIONS = {
  'after-new-password': { type: 'string', value: 'WHAT' },
  quotas: { type: 'boolean', default: false },
  rehearse: { type: 'boolean', default: false },
  triggers: { type: 'string', value: 'FOLDER' },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'start',
  about: `Starts a Cognito user pool on this machine, with the triggers, a mailbox and a page to sign in on, until Ctrl-C.
It is for trying and testing only: it listens on 127.0.0.1, keeps everything in memory and delivers no mail.`,
  options: {
    'after-new-password': AFTER_NEW_PASSWORD_MEANING,
    quotas: "refuse requests beyond Cognito's default quotas (TooManyRequestsException)",
    rehearse:
      'start a pool that asks for no code yet, with 150 users, in an account with the functions deployed: practise check, ' +
      `fix, attach and detach on it (${packageFile('docs/existing-pool.md')})`,
    triggers:
      'the folder of the triggers, such as one that the command build wrote (default: those of the package)',
  },
  notes: `Environment: LOCAL_POOL_PORT (default 9229), LOCAL_MAIL_PORT (default 8005); 0 is a free port.
The triggers get their settings from it too, such as MAX_ATTEMPTS or CODE_TTL_SECONDS.`,
  examples: ['--after-new-password tokens', '--rehearse'],
  exitCodes: '0 stopped by Ctrl-C, 2 could not run',
}

/** Starts the pool, which then runs until SIGINT or SIGTERM. @param args what follows the name of the command */
export function runStart(args: readonly string[], terminal: Terminal): Promise<0 | 2> {
  return runCommand(OPTIONS, DESCRIPTION, args, terminal, async ({ values }) => {
    await start(values)
    return 0
  })
}

async function start(values: ReturnType<typeof readOptions<typeof OPTIONS>>['values']): Promise<void> {
  const afterNewPassword = afterNewPasswordFrom(values['after-new-password'])
  const { startLocalUserPool } = await import('./local-user-pool.ts')
  const rehearsal = values.rehearse ? (await import('./rehearsal.ts')).REHEARSAL : undefined
  const pool = await startLocalUserPool({
    port: portFrom('LOCAL_POOL_PORT', 9229),
    mailPort: portFrom('LOCAL_MAIL_PORT', 8005),
    afterNewPassword,
    quotas: values.quotas,
    ...(values.triggers === undefined ? {} : { directory: values.triggers }),
    ...rehearsal,
    environment: { ...rehearsal?.environment, ...triggerSettings() },
  })
  const stop = () => {
    pool.close().then(
      () => process.exit(),
      () => process.exit(2),
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    await pool.checkTriggers()
  } catch (error) {
    await pool.close()
    throw error
  }

  const { endpoint, region, userPoolId, clientId, mailbox, users } = pool
  console.log(
    values.json
      ? JSON.stringify({ endpoint, region, userPoolId, clientId, mailbox, users })
      : values.rehearse
        ? rehearsalIntroduction(pool)
        : introduction(pool),
  )
}

function rehearsalIntroduction({ endpoint, region, userPoolId, clientId, mailbox }: LocalUserPool): string {
  const bold = (text: string) => (process.stdout.isTTY ? styleText('bold', text) : text)
  return [
    bold('A rehearsal: a pool in use that asks for no code yet.'),
    '',
    'The functions are deployed; nothing is attached. Paste the two lines into another terminal: the check, attach, probe,\n' +
      `fix and detach commands of ${packageFile('docs/existing-pool.md')} then work as written, limit too, and those of migrate in ${packageFile('docs/native-mfa.md')}.`,
    '',
    // The AWS CLI of version 1 reads AWS_DEFAULT_REGION only.
    `export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region} AWS_ACCESS_KEY_ID=rehearsal AWS_SECRET_ACCESS_KEY=rehearsal`,
    `export POOL=${userPoolId} CLIENT=${clientId}`,
    '',
    `Sign in at ${endpoint} as person-001@example.com, Permanent-1, or as person-012@example.com, Temporary-1.`,
    `Mailbox    ${mailbox}`,
    '',
    'For trying and testing only: it listens on 127.0.0.1 and forgets everything when it stops. Press Ctrl-C to stop.',
    'AWS_ENDPOINT_URL sends every AWS command of that terminal here: unset it before you work on a real pool.',
  ].join('\n')
}

function introduction({ endpoint, region, userPoolId, clientId, mailbox, users }: LocalUserPool): string {
  const bold = (text: string) => (process.stdout.isTTY ? styleText('bold', text) : text)
  const hasPage = existsSync(join(projectDirectory, 'dist/page/index.html'))
  const width = Math.max(...users.map(user => user.username.length))
  return [
    bold(hasPage ? `Sign in at ${endpoint}` : `The local user pool is at ${endpoint}`),
    '',
    ...users.map(({ username, password, status }) =>
      `  ${username.padEnd(width)}  ${password}  ${status === 'CONFIRMED' ? '' : '(a temporary password)'}`.trimEnd(),
    ),
    '',
    `Mailbox    ${mailbox}`,
    `User pool  ${userPoolId}, app client ${clientId}, region ${region}`,
    '',
    'In your own app:',
    '',
    'Amplify.configure({',
    '  Auth: {',
    '    Cognito: {',
    `      userPoolId: '${userPoolId}',`,
    `      userPoolClientId: '${clientId}',`,
    `      userPoolEndpoint: '${endpoint}',`,
    '    },',
    '  },',
    '})',
    '',
    'For trying and testing only: it listens on 127.0.0.1 and forgets everything when it stops. Press Ctrl-C to stop.',
  ].join('\n')
}

/** Those settings of the triggers that are set here; where their mail goes is up to the pool. */
function triggerSettings(): Record<string, string> {
  return Object.fromEntries(
    SETTING_NAMES.filter(name => name !== 'AWS_ENDPOINT_URL_SES').flatMap(name => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function portFrom(variable: string, fallback: number): number {
  const text = process.env[variable]
  if (text === undefined || text === '') return fallback
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new CommandError(`Invalid ${variable}: ${text}. It must be a port from 0 to 65535.`, 'usage')
}
