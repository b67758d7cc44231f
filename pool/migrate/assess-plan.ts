// The plan of a migration, day by day: what to run, what people see, and a text to send them. Pure.
import { COMMAND } from '../../command/name.ts'
import { shellCommand } from '../../command/shell.ts'

export type PlanInput = {
  readonly userPoolId: string
  /** YYYY-MM-DD */
  readonly start: string
  readonly appName: string
  /** Whether password reset by e-mail ends for a user who is moved. */
  readonly losesReset: boolean
  /** What has to change before `migrate enable`: "phone", "admin", or nothing. */
  readonly changeRecovery: boolean
  readonly perSecond: number
}

export type PlanPhase = {
  readonly name: 'announce' | 'offer' | 'move' | 'require'
  /** YYYY-MM-DD */
  readonly date: string
  readonly what: string
  readonly commands: readonly string[]
  readonly peopleSee: string
  /** A text for users; undefined where they have nothing to read. */
  readonly text: string | undefined
}

/** Weeks after the start. */
const WEEKS = { announce: 0, offer: 2, one: 3, ten: 4, fifty: 5, all: 6, require: 10 } as const

export function assessPlan(input: PlanInput): PlanPhase[] {
  const { userPoolId, start, appName, losesReset, changeRecovery, perSecond } = input
  const pool = { 'user-pool-id': userPoolId }
  const command = (step: string, more = {}) =>
    shellCommand(`${COMMAND} migrate ${step}`, { ...pool, ...more })
  const recovery = changeRecovery ? { 'change-recovery': 'admin' } : {}
  const move = (weeks: number, share: Readonly<Record<string, string | true>>, who: string): PlanPhase => ({
    name: 'move',
    date: workingDay(start, weeks),
    what: `Move ${who}. Look at the dashboard and at migrate status before the next step.`,
    commands: [command('users', { ...share, rate: String(perSecond) }), command('status')],
    peopleSee:
      'At the next sign-in the code comes in a mail that Cognito sends. No one has to choose or set up anything.',
    text: undefined,
  })
  const reset = losesReset
    ? ' One thing changes: a forgotten password can no longer be reset by e-mail. If you forget it, contact our support.'
    : ''
  return [
    {
      name: 'announce',
      date: workingDay(start, WEEKS.announce),
      what: 'Tell users and support. Release the app version that answers the new steps, and wait until the old one is gone.',
      commands: [command('assess')],
      peopleSee: 'Nothing changes.',
      text: `From ${workingDay(start, WEEKS.one)} on, the mail with your sign-in code for ${appName} will look different. You sign in as before: password, then the code from the mail. We never ask for the code by phone or in an answer to a mail.${reset}`,
    },
    {
      name: 'offer',
      date: workingDay(start, WEEKS.offer),
      what: 'Turn the factor on for those who are moved. Move yourself and a few colleagues, and sign in.',
      commands: [
        command('enable', { ...recovery, 'dry-run': true }),
        command('enable', recovery),
        command('users', { list: 'colleagues.txt' }),
      ],
      peopleSee: 'Only the people in the list get the code from Cognito.',
      text: `You can try the new sign-in of ${appName} first. Write to us, and we switch your account; we can switch it back at any time.${reset}`,
    },
    move(WEEKS.one, { percent: '1' }, '1 percent'),
    move(WEEKS.ten, { percent: '10' }, '10 percent'),
    move(WEEKS.fifty, { percent: '50' }, '50 percent'),
    move(WEEKS.all, { all: true }, 'everyone'),
    {
      name: 'require',
      date: workingDay(start, WEEKS.require),
      what: 'Require MFA and remove the challenge triggers. finish refuses while any user has no second factor.',
      commands: [command('status'), command('finish', { 'dry-run': true }), command('finish')],
      peopleSee:
        'Nothing changes for people who were moved. App versions that only know CUSTOM_AUTH stop working.',
      text: `Please update ${appName}: versions from before ${workingDay(start, WEEKS.offer)} can no longer sign in.`,
    },
  ]
}

/** A day from Monday to Thursday, so that someone is there on the day after. */
function workingDay(start: string, weeks: number): string {
  const day = new Date(`${start}T00:00:00Z`)
  day.setUTCDate(day.getUTCDate() + weeks * 7)
  while ([0, 5, 6].includes(day.getUTCDay())) day.setUTCDate(day.getUTCDate() + 1)
  return day.toISOString().slice(0, 10)
}
