// Moves users to Cognito's e-mail factor and back, one call each, with a line in the journal before and after it.
import {
  AdminSetUserMFAPreferenceCommand,
  type CognitoIdentityProviderClient,
  UserNotFoundException,
} from '@aws-sdk/client-cognito-identity-provider'
import type { ProgressBar } from '../../command/terminal.ts'
import { awsErrorKind, awsErrorText } from '../aws-errors.ts'
import type { Journal, JournalEntry } from './journal.ts'
import {
  EMAIL_FACTOR,
  type MoveRules,
  moveDecision,
  restoredFactors,
  type SkipReason,
  sameFactors,
} from './move-rules.ts'
import { type Factors, type NativeUser, nativeUser, readUser } from './native-users.ts'
import { inLanes, type Pace } from './pace.ts'

/** What became of one user. `would-...`: what a run that is not a dry one does. */
export type UserOutcome =
  | { readonly username: string; readonly name: 'moved' | 'restored' | 'would-move' | 'would-restore' }
  | { readonly username: string; readonly name: 'skipped'; readonly reason: SkipReason | 'gone' }
  | { readonly username: string; readonly name: 'failed'; readonly error: string }

export type Run = {
  readonly cognito: CognitoIdentityProviderClient
  readonly userPoolId: string
  readonly pace: Pace
  /** undefined: a dry run, in which nothing is changed. */
  readonly journal: Journal | undefined
  readonly bar: ProgressBar
  /** Aborted: users whose turn has not come are left for the next run. */
  readonly signal: AbortSignal
}

/** What became of the users whose turn came, and how many were left when the run was interrupted. */
export type Changed = { readonly outcomes: readonly UserOutcome[]; readonly waiting: number }

/**
 * @param names of the users, in any form that AdminGetUser takes
 * @throws the SDK's error for what is no matter of one user, such as a missing right
 */
export async function moveUsers(run: Run, names: readonly string[], rules: MoveRules): Promise<Changed> {
  const { journal } = run
  const seen = new Set<string>()
  return eachUser(run, names, async name => {
    const user = await currentUser(run, name)
    if (user === undefined) return { username: name, name: 'skipped', reason: 'gone' }
    const { username } = user
    if (seen.has(username)) return undefined
    seen.add(username)
    const decision = moveDecision(user, rules)
    if (decision.name === 'skip') {
      const known = journal?.entry(username)
      if (decision.reason !== 'already-moved' || known === undefined || known.done)
        return { username, name: 'skipped', reason: decision.reason }
      // The run that changed this user was stopped before it could write that it had.
      await journal?.done(user, 'move')
      return { username, name: 'moved' }
    }
    if (journal === undefined) return { username, name: 'would-move' }
    await journal.intend(user, 'move')
    const error = await setPreference(run, username, {
      EmailMfaSettings: { Enabled: true, PreferredMfa: true },
    })
    if (error !== undefined) return { username, name: 'failed', error }
    await journal.done(user, 'move')
    return { username, name: 'moved' }
  })
}

/** Puts users back as the journal knows them, each as `moveUsers`. */
export async function restoreUsers(run: Run, entries: readonly JournalEntry[]): Promise<Changed> {
  const { journal } = run
  return eachUser(run, entries, async entry => {
    const { username, before } = entry
    const user = await currentUser(run, username)
    if (user === undefined) {
      await journal?.done(entry, 'restore')
      return { username, name: 'skipped', reason: 'gone' }
    }
    if (journal === undefined) return { username, name: 'would-restore' }
    const wanted = restoredFactors(user.factors, before)
    if (!sameFactors(user.factors, wanted)) {
      await journal.intend(user, 'restore')
      const error = await setPreference(run, username, settingsFor(wanted))
      if (error !== undefined) return { username, name: 'failed', error }
      const now = await currentUser(run, username)
      if (now !== undefined && !sameFactors(now.factors, wanted))
        return { username, name: 'failed', error: 'Cognito answered, and kept the factors as they were.' }
    }
    await journal.done(entry, 'restore')
    return { username, name: 'restored' }
  })
}

async function eachUser<Item>(
  { bar, signal }: Run,
  items: readonly Item[],
  change: (item: Item) => Promise<UserOutcome | undefined>,
): Promise<Changed> {
  let done = 0
  try {
    const outcomes = await inLanes(items, signal, async item => {
      const outcome = await change(item)
      bar.show(++done, items.length)
      return outcome
    })
    return {
      outcomes: outcomes.filter(outcome => outcome !== undefined),
      waiting: items.length - outcomes.length,
    }
  } finally {
    bar.end()
  }
}

/** One turn of the pace: a read, and mostly a change after it. */
async function currentUser(
  { cognito, userPoolId, pace }: Pick<Run, 'cognito' | 'userPoolId' | 'pace'>,
  name: string,
): Promise<NativeUser | undefined> {
  await pace.turn()
  try {
    return nativeUser(await pace.send(() => readUser(cognito, userPoolId, name)))
  } catch (error) {
    if (error instanceof UserNotFoundException) return undefined
    throw error
  }
}

type Settings = Omit<
  ConstructorParameters<typeof AdminSetUserMFAPreferenceCommand>[0],
  'UserPoolId' | 'Username'
>

/** @returns why Cognito refused it for this user; undefined if it did not */
async function setPreference(
  { cognito, userPoolId, pace }: Run,
  username: string,
  settings: Settings,
): Promise<string | undefined> {
  const input = { UserPoolId: userPoolId, Username: username, ...settings }
  try {
    await pace.send(() => cognito.send(new AdminSetUserMFAPreferenceCommand(input)))
    return undefined
  } catch (error) {
    if (isAboutOneUser(error)) return awsErrorText(error)
    throw error
  }
}

/** A missing right or operation, or no answer, would be the same for the next user. */
function isAboutOneUser(error: unknown): boolean {
  return (
    awsErrorKind(error) === 'other' &&
    error instanceof Error &&
    '$fault' in error &&
    error.$fault === 'client'
  )
}

function settingsFor({ list, preferred }: Factors): Settings {
  const on = (factor: string) => ({ Enabled: true, PreferredMfa: preferred === factor })
  return {
    EmailMfaSettings: list.includes(EMAIL_FACTOR)
      ? on(EMAIL_FACTOR)
      : { Enabled: false, PreferredMfa: false },
    ...(list.includes('SOFTWARE_TOKEN_MFA') && { SoftwareTokenMfaSettings: on('SOFTWARE_TOKEN_MFA') }),
    ...(list.includes('SMS_MFA') && { SMSMfaSettings: on('SMS_MFA') }),
  }
}

/** Reads users, for a report. Those who were deleted meanwhile are left out. */
export async function readUsers(
  run: Pick<Run, 'cognito' | 'userPoolId' | 'pace' | 'bar' | 'signal'>,
  names: readonly string[],
): Promise<NativeUser[]> {
  let done = 0
  try {
    const users = await inLanes(names, run.signal, async name => {
      const user = await currentUser(run, name)
      run.bar.show(++done, names.length)
      return user
    })
    return users.filter(user => user !== undefined)
  } finally {
    run.bar.end()
  }
}
