// npm start: the local user pool with the sample page, until Ctrl-C.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { AFTER_NEW_PASSWORD } from './behaviour.ts'
import { type LocalUserPool, startLocalUserPool } from './local-user-pool.ts'
import { REHEARSAL } from './rehearsal.ts'
import { projectDirectory } from './trigger-process.ts'
import { SETTING_NAMES } from './trigger-settings.ts'

const HELP = `Usage: npx cognito-email-code start [--after-new-password ${AFTER_NEW_PASSWORD.join('|')}] [--rehearse] [--triggers FOLDER] [--json]

Starts a Cognito user pool on this machine, with the built triggers, a mailbox and a page to sign in on.
It is for trying and testing only: it listens on 127.0.0.1, keeps everything in memory and delivers no mail.

  --after-new-password  what Cognito does after a new password in a custom sign-in (AWS has not published it):
                        define             Define is called with the same entries (default)
                        define-with-entry  Define is called with one entry more, NEW_PASSWORD_REQUIRED
                        define-first       Define was called before the new password; Create follows
                        tokens             tokens at once, unless Pre Token Generation refuses them
  --rehearse            starts a pool that asks for no code yet, with 300 users, in an account with the functions deployed:
                        practise check, attach and detach on it (docs/existing-pool.md)
  --triggers            the folder of the triggers, such as one that the command build wrote (default: those of the package)
  --json                prints one line of JSON when the pool is ready
  --help                prints this text

Environment: LOCAL_POOL_PORT (default 9229), LOCAL_MAIL_PORT (default 8005); 0 is a free port.
The triggers get their settings from it too, such as MAX_ATTEMPTS or CODE_TTL_SECONDS.

Example: CODE_TTL_SECONDS=60 npx cognito-email-code start --after-new-password tokens`

try {
  await start()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}

async function start(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'after-new-password': { type: 'string', default: 'define' },
      rehearse: { type: 'boolean', default: false },
      triggers: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return
  }
  const afterNewPassword = AFTER_NEW_PASSWORD.find(value => value === values['after-new-password'])
  if (afterNewPassword === undefined) {
    throw new Error(
      `Invalid --after-new-password: ${values['after-new-password']}. It must be one of ${AFTER_NEW_PASSWORD.join(', ')}.`,
    )
  }
  const pool = await startLocalUserPool({
    port: portFrom('LOCAL_POOL_PORT', 9229),
    mailPort: portFrom('LOCAL_MAIL_PORT', 8005),
    afterNewPassword,
    ...(values.triggers === undefined ? {} : { directory: values.triggers }),
    ...(values.rehearse ? REHEARSAL : {}),
    environment: { ...(values.rehearse ? REHEARSAL.environment : {}), ...triggerSettings() },
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
    'The functions are deployed; nothing is attached. Paste this into another terminal: the check, attach, fix and detach\n' +
      'commands of docs/existing-pool.md then work as written.',
    '',
    `export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_ACCESS_KEY_ID=rehearsal AWS_SECRET_ACCESS_KEY=rehearsal`,
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
  throw new Error(`Invalid ${variable}: ${text}. It must be a port from 0 to 65535.`)
}
