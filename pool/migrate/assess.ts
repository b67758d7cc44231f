// Whether Cognito's own e-mail MFA gives this pool what the triggers give it: blockers, warnings, cost and a dated plan. Pure.
import { type JsonObject, member, objectAt, stringAt } from '../../command/json.ts'
import { COMMAND, packageFile } from '../../command/name.ts'
import { printable, shellCommand } from '../../command/shell.ts'
import {
  asksForCode,
  flowsOf,
  flowsWithoutCode,
  hostedUiClients,
  isForMachines,
  sessionMinutesOf,
} from '../app-clients.ts'
import { counted } from '../findings/finding.ts'
import { type Finding, findings } from '../findings.ts'
import { nameOf, shownName } from '../plan.ts'
import { ourFunction, ourTriggers, type PoolFacts } from '../pool-facts.ts'
import { codeTtlSeconds, settingOf } from '../trigger-settings.ts'
import { type CostEstimate, costEstimate } from './assess-cost.ts'
import { assessPlan, type PlanPhase } from './assess-plan.ts'

export type AssessFacts = {
  readonly pool: PoolFacts
  /** The answer of GetUserPoolMfaConfig; undefined if it may not be read. */
  readonly mfa: JsonObject | undefined
  /** The lines of a report of `probe --json`. */
  readonly probe: readonly ProbeLine[] | undefined
  /** undefined: users were not asked for. */
  readonly ownFactors: OwnFactors | undefined
  readonly activeUsers: number | undefined
  readonly signInsPerUser: number
  readonly perSecond: number
  /** YYYY-MM-DD */
  readonly start: string
  /** The version of aws-amplify that the app uses. */
  readonly amplifyVersion: string | undefined
}

/** What AdminGetUser said of a sample of users. */
export type OwnFactors = {
  readonly looked: number
  /** How many of them have which factor on, by its name in UserMFASettingList. */
  readonly users: ReadonlyMap<string, number>
}

export type ProbeLine = { readonly id: string; readonly verdict: string; readonly what: string }

/** `same`: both ways give it, or the native one gives more. */
export type AssessLevel = 'blocker' | 'warning' | 'same'

export type AssessLine = {
  /** Stable, for machines; docs/native-mfa.md lists them. */
  readonly id: AssessId
  readonly level: AssessLevel
  /** How it is with the triggers. */
  readonly custom: string
  /** How it is with the native factor. */
  readonly native: string
  /** What to do about a blocker or a warning. */
  readonly todo: string | undefined
  /** Where the statement about Cognito is from; "unproven" where no source settles it. */
  readonly source: string
}

export const ASSESS_IDS = [
  'plan',
  'ses-sending',
  'ses-account',
  'account-recovery',
  'code-life',
  'code-length',
  'mail',
  'attempts',
  'resend',
  'hosted-ui',
  'devices',
  'app-clients',
  'other-factors',
  'both-at-once',
  'amplify',
  'first-sign-in',
  'users',
  'not-read',
] as const

export type AssessId = (typeof ASSESS_IDS)[number]

export type Assessment = {
  readonly userPoolId: string
  readonly poolName: string
  readonly fits: 'blocked' | 'with-warnings' | 'yes'
  readonly lines: readonly AssessLine[]
  /** The next command, and why it is the next. */
  readonly next: { readonly command: string; readonly why: string }
  readonly plan: readonly PlanPhase[]
  readonly cost: CostEstimate
  readonly users: MovingUsers
}

export type MovingUsers = {
  /** What Cognito estimates; undefined if it does not say. */
  readonly estimated: number | undefined
  readonly looked: number
  /** Of those who were looked at. */
  readonly withoutAddress: number
  readonly unverified: number
  /** Users whom `migrate users --all` would move, estimated from the sample. */
  readonly movable: number
  readonly perSecond: number
  readonly seconds: number
}

const GUIDE = 'https://docs.aws.amazon.com/cognito/latest/developerguide'
const API = 'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference'

/** All lines, the plan and the cost. */
export function assess(facts: AssessFacts): Assessment {
  const { pool } = facts
  const lines = assessLines(facts)
  const users = movingUsers(facts)
  const recovers = recoveryOf(pool)
  return {
    userPoolId: pool.userPoolId,
    poolName: shownName(pool.userPool),
    fits: fitOf(lines),
    lines,
    next: nextOf(facts, lines),
    plan: assessPlan({
      userPoolId: pool.userPoolId,
      start: facts.start,
      appName: printable(
        settingOf(ourFunction(pool, 'CreateAuthChallenge'), 'APP_NAME') ||
          (stringAt(pool.userPool, 'Name') ?? 'the app'),
      ),
      losesReset: recovers !== 'other',
      changeRecovery: recovers === 'email-only',
      perSecond: facts.perSecond,
    }),
    cost: costEstimate({
      tier: stringAt(pool.userPool, 'UserPoolTier') ?? '',
      activeUsers: facts.activeUsers ?? users.estimated ?? users.looked,
      movedUsers: users.movable,
      signInsPerUser: facts.signInsPerUser,
      hasLimitTable: settingOf(ourFunction(pool, 'CreateAuthChallenge'), 'LIMIT_TABLE') !== '',
    }),
    users,
  }
}

function fitOf(lines: readonly AssessLine[]): Assessment['fits'] {
  if (lines.some(({ level }) => level === 'blocker')) return 'blocked'
  return lines.some(({ level }) => level === 'warning') ? 'with-warnings' : 'yes'
}

function assessLines(facts: AssessFacts): AssessLine[] {
  const lines = [
    planLine(facts),
    sendingLine(facts),
    ...accountLine(facts),
    recoveryLine(facts),
    codeLifeLine(facts),
    codeLengthLine(facts),
    mailLine(facts),
    attemptsLine(facts),
    resendLine(),
    hostedUiLine(facts),
    devicesLine(facts),
    clientsLine(facts),
    otherFactorsLine(facts),
    bothLine(facts),
    amplifyLine(facts),
    firstSignInLine(facts),
    usersLine(facts),
    ...unreadLine(facts),
  ]
  return lines.map(line => ({ ...line, custom: printable(line.custom), native: printable(line.native) }))
}

function planLine({ pool }: AssessFacts): AssessLine {
  const tier = stringAt(pool.userPool, 'UserPoolTier')
  return {
    id: 'plan',
    level: tier === 'LITE' ? 'blocker' : tier === undefined ? 'warning' : 'same',
    custom: `Works on every plan; this pool is on ${tier ?? 'a plan that could not be read'}.`,
    native: 'Needs Essentials or Plus.',
    todo:
      tier === 'LITE' || tier === undefined
        ? 'Change the plan in the console or in the template that the pool is made with. A bare UpdateUserPool call would reset other settings.'
        : undefined,
    source: `${GUIDE}/cognito-sign-in-feature-plans.html`,
  }
}

function sendingLine({ pool }: AssessFacts): AssessLine {
  const sender = stringAt(pool.userPool, 'EmailConfiguration', 'EmailSendingAccount') ?? 'COGNITO_DEFAULT'
  const ready = sender === 'DEVELOPER'
  return {
    id: 'ses-sending',
    level: ready ? 'same' : 'blocker',
    custom: 'The Create function sends through SES by itself.',
    native: `The pool itself must send through SES (EmailSendingAccount DEVELOPER); it is ${sender}.`,
    todo: ready
      ? undefined
      : 'Set the SES sender of the pool: EmailConfiguration with SourceArn, From and EmailSendingAccount DEVELOPER.',
    source: 'https://github.com/hashicorp/terraform-provider-aws/issues/41049',
  }
}

/** SES as check sees it: the pool needs the same quota, and to be out of the sandbox. */
function accountLine({ pool }: AssessFacts): AssessLine[] {
  const found = findings(pool).filter(({ id }) => ['ses-sandbox', 'ses-paused', 'ses-quota'].includes(id))
  return found.map((finding: Finding) => ({
    id: 'ses-account',
    level: finding.id === 'ses-quota' ? 'warning' : 'blocker',
    custom: finding.what,
    native: 'The same account and region send the codes of the pool, if its SES sender is there.',
    todo: finding.fix,
    source: 'https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html',
  }))
}

/** How a forgotten password is reset now. A pool without the setting prefers the phone and then takes e-mail. */
function recoveryOf({ userPool }: PoolFacts): 'email-only' | 'email-too' | 'other' {
  const mechanisms = member(userPool, 'AccountRecoverySetting', 'RecoveryMechanisms')
  const names = Array.isArray(mechanisms) ? mechanisms.flatMap(it => stringAt(it, 'Name') ?? []) : []
  if (names.length === 0) return 'email-too'
  if (!names.includes('verified_email')) return 'other'
  return names.length === 1 ? 'email-only' : 'email-too'
}

function recoveryLine({ pool }: AssessFacts): AssessLine {
  const recovery = recoveryOf(pool)
  const loss =
    'EVERY USER WHO IS MOVED LOSES THE PASSWORD RESET BY E-MAIL: the mailbox cannot be both the second factor and the way to a new password.'
  const level = { 'email-only': 'blocker', 'email-too': 'warning', other: 'same' } as const
  const todo = {
    'email-only':
      'Decide on another way first: migrate enable --change-recovery phone (users need a verified number) or admin (support resets passwords).',
    'email-too':
      'Only users with a verified phone number can still reset their password. Count those without one, and prepare your support.',
    other: undefined,
  }
  return {
    id: 'account-recovery',
    level: level[recovery],
    custom:
      recovery === 'other'
        ? 'Password reset by e-mail is off.'
        : 'Password reset by e-mail works (and makes the mailbox both factors).',
    native: recovery === 'other' ? 'Nothing changes: recovery does not use e-mail.' : loss,
    todo: todo[recovery],
    source: `${GUIDE}/managing-users-passwords.html`,
  }
}

function codeLifeLine({ pool }: AssessFacts): AssessLine {
  const seconds = codeTtlSeconds(ourFunction(pool, 'CreateAuthChallenge'))
  const asking = userClients(pool)
  const shorter = asking.filter(client => sessionMinutesOf(client) * 60 < seconds)
  const minutes = [...new Set(asking.map(sessionMinutesOf))].toSorted((one, other) => one - other)
  return {
    id: 'code-life',
    level: shorter.length > 0 ? 'warning' : 'same',
    custom: `${seconds} seconds (CODE_TTL_SECONDS).`,
    native: `The AuthSessionValidity of the app client, 3 to 15 minutes: here ${minutes.join(', ') || 3} minutes.`,
    todo: shorter.length > 0 ? `Raise AuthSessionValidity of ${shorter.map(nameOf).join(', ')}.` : undefined,
    source: `${GUIDE}/amazon-cognito-user-pools-authentication-flow.html`,
  }
}

function codeLengthLine({ pool }: AssessFacts): AssessLine {
  const length = settingOf(ourFunction(pool, 'CreateAuthChallenge'), 'CODE_LENGTH')
  return {
    id: 'code-length',
    level: length === '6' ? 'same' : 'warning',
    custom: `${length} digits (CODE_LENGTH).`,
    native:
      'Not configurable. No source documents the length of the MFA code; the passwordless code has 8 digits. An app must not expect a fixed number of digits.',
    todo: length === '6' ? undefined : 'If a rule demands this length, try it with one user first.',
    source:
      'https://github.com/aws-amplify/amplify-js/issues/14428 (the passwordless code); the MFA code: unproven',
  }
}

function mailLine({ pool }: AssessFacts): AssessLine {
  const create = ourFunction(pool, 'CreateAuthChallenge')
  const languages = [...(pool.users?.languages ?? [])].filter(([language]) => language !== '')
  return {
    id: 'mail',
    level: create === undefined ? 'same' : 'warning',
    custom:
      'Nine languages by user, text and HTML, a brand color, a footer, or a mail module of your own; the code is never in the subject.' +
      (languages.length === 0 ? '' : ` Languages of the users looked at: ${numbersOf(languages)}.`),
    native:
      'One message of 6 to 20,000 characters and one subject for the pool, with {####} for the code; one language for everyone.',
    todo:
      create === undefined
        ? undefined
        : 'Choose the language with migrate enable --locale. Whether the Custom message trigger is called for this mail is unproven.',
    source: `${API}/API_EmailMfaConfigType.html`,
  }
}

function attemptsLine({ pool }: AssessFacts): AssessLine {
  const define = ourFunction(pool, 'DefineAuthChallenge')
  const table = settingOf(ourFunction(pool, 'CreateAuthChallenge'), 'LIMIT_TABLE') !== ''
  return {
    id: 'attempts',
    level: 'warning',
    custom: `${settingOf(define, 'MAX_ATTEMPTS')} wrong codes end a sign-in${table ? '; a table limits the mails to one user across sign-ins' : ''}.`,
    native:
      'Documented: a lock-out begins after five wrong codes, and grows. In one public log of the passwordless code six in a row were answered.',
    todo: 'Put a rate rule of AWS WAF on the pool, or the Plus plan with threat protection, if guessing matters to you.',
    source: `${GUIDE}/user-pool-settings-mfa.html against one public log of the passwordless code`,
  }
}

function resendLine(): AssessLine {
  return {
    id: 'resend',
    level: 'warning',
    custom: 'A new code in the same sign-in, without the password.',
    native:
      'No operation sends the code of a sign-in once more (ResendConfirmationCode is for sign-up): the app signs in again.',
    todo: 'Let the app start over with "Send new code"; the driver of cognito-email-code/client does while it still holds the password.',
    source: `${API}/API_Operations.html`,
  }
}

function hostedUiLine({ pool }: AssessFacts): AssessLine {
  const clients = hostedUiClients(pool.userPool, pool.clients ?? [])
  return {
    id: 'hosted-ui',
    level: 'same',
    custom:
      clients.length === 0
        ? 'Not used. It could not ask for the code.'
        : `${clients.map(nameOf).join(', ')}: asks for no code; the guard refuses local users there unless HOSTED_UI is allow.`,
    native: 'The hosted UI and managed login ask for the factor themselves.',
    todo: undefined,
    source: `${GUIDE}/user-pool-settings-mfa.html`,
  }
}

function devicesLine({ pool }: AssessFacts): AssessLine {
  const device = objectAt(pool.userPool, 'DeviceConfiguration')
  const tracks = member(pool.userPool, 'DeviceConfiguration') !== null
  const trusts = tracks && device['ChallengeRequiredOnNewDevice'] === true
  return {
    id: 'devices',
    level: trusts ? 'warning' : 'same',
    custom: tracks
      ? 'The pool remembers devices; what Cognito does after one is not documented.'
      : 'The pool does not remember devices: each sign-in asks for the code.',
    native: trusts ? 'A remembered device is not asked for the factor.' : 'Each sign-in asks for the factor.',
    todo: trusts ? 'Turn ChallengeRequiredOnNewDevice off if each sign-in has to ask.' : undefined,
    source: `${GUIDE}/amazon-cognito-user-pools-device-tracking.html`,
  }
}

function userClients({ clients = [] }: PoolFacts): JsonObject[] {
  return clients.filter(client => !isForMachines(client))
}

function clientsLine({ pool }: AssessFacts): AssessLine {
  const clients = userClients(pool)
  const asking = clients.filter(asksForCode)
  const open = clients.filter(client => flowsWithoutCode(client).length > 0)
  const withoutSrp = clients.filter(client => !flowsOf(client).includes('ALLOW_USER_SRP_AUTH'))
  return {
    id: 'app-clients',
    level: open.length > 0 ? 'warning' : 'same',
    custom: `${counted(asking.length, 'app client')} of ${clients.length} can ask for the code; ${open.length === 0 ? 'none' : open.map(nameOf).join(', ')} also sign in without it.`,
    native: `Asked in every flow with a password. finish opens USER_SRP_AUTH on ${withoutSrp.length === 0 ? 'none: all have it' : withoutSrp.map(nameOf).join(', ')}, and only after MFA is required.`,
    todo:
      open.length > 0
        ? 'Until a user is moved, these clients still sign that user in without any code. Close them, or move their users first.'
        : undefined,
    source: `${API}/API_UpdateUserPoolClient.html`,
  }
}

function otherFactorsLine({ pool, mfa, ownFactors }: AssessFacts): AssessLine {
  const others = [
    ...(member(mfa, 'SmsMfaConfiguration') === null ? [] : ['SMS']),
    ...(member(mfa, 'SoftwareTokenMfaConfiguration', 'Enabled') === true ? ['authenticator app'] : []),
  ]
  const mode = pool.mfaConfiguration ?? stringAt(mfa, 'MfaConfiguration') ?? 'OFF'
  const on = mode !== 'OFF' && others.length > 0
  return {
    id: 'other-factors',
    level: on ? 'warning' : 'same',
    custom:
      `MFA of the pool is ${mode}${others.length === 0 ? '' : ` (configured: ${others.join(', ')})`}.` +
      (ownFactors === undefined
        ? ' Factors of users were not looked at (--factors N).'
        : ` Factors of ${counted(ownFactors.looked, 'user')}: ${numbersOf([...ownFactors.users]) || 'none'}.`),
    native:
      'A user with several factors and no preference has to choose; inside CUSTOM_AUTH that choice has failed. The move makes e-mail the preferred factor.',
    todo: on
      ? 'Decide whether users with a factor of their own are moved (--with-own-factors); they are left alone otherwise.'
      : undefined,
    source: 'https://github.com/aws-amplify/amplify-js/issues/13123',
  }
}

/** `de 12, fr 3`, the largest number first. */
function numbersOf(entries: readonly (readonly [string, number])[]): string {
  const sorted = entries.toSorted(([, one], [, other]) => other - one)
  return sorted.map(([name, number]) => `${name} ${number}`).join(', ')
}

function bothLine({ pool }: AssessFacts): AssessLine {
  const define = ourFunction(pool, 'DefineAuthChallenge')
  const mode = settingOf(define, 'NATIVE_MFA')
  const bad = define === undefined || mode !== 'accept-email'
  return {
    id: 'both-at-once',
    level: bad ? 'warning' : 'same',
    custom: define === undefined ? 'The Define function is not of this project.' : `NATIVE_MFA is ${mode}.`,
    native: 'While users are moved, Cognito may call Define after its own factor, or not; sources disagree.',
    todo: bad
      ? define === undefined
        ? 'A moved user may be asked twice: Define has to accept a passed EMAIL_OTP in place of the code.'
        : 'Set NATIVE_MFA=accept-email, so that a moved user is asked once.'
      : undefined,
    source:
      'https://github.com/aws-amplify/amplify-js/issues/3876, https://github.com/aws-amplify/amplify-js/issues/4888',
  }
}

/** The first version that knows the steps of e-mail MFA. */
const AMPLIFY_MINIMUM = [6, 8, 0] as const

function amplifyLine({ amplifyVersion }: AssessFacts): AssessLine {
  const old = amplifyVersion === undefined || isOlder(amplifyVersion)
  return {
    id: 'amplify',
    level: amplifyVersion === undefined ? 'warning' : old ? 'blocker' : 'same',
    custom: 'Amplify v5 or v6: CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE.',
    native: `aws-amplify 6.8.0 or newer${amplifyVersion === undefined ? '' : `; the app has ${printable(amplifyVersion)}`}: CONFIRM_SIGN_IN_WITH_EMAIL_CODE, CONTINUE_SIGN_IN_WITH_MFA_SELECTION, CONTINUE_SIGN_IN_WITH_EMAIL_SETUP, CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION.`,
    todo: old
      ? `Release an app that answers these steps before anyone is moved (${packageFile('docs/native-mfa.md')}), and pass --amplify-version to assess.`
      : undefined,
    source: 'https://github.com/aws-amplify/amplify-js/pull/13945',
  }
}

function isOlder(version: string): boolean {
  const parts = version.replace(/^\D*/, '').split('.').map(Number)
  for (const [index, wanted] of AMPLIFY_MINIMUM.entries()) {
    const part = parts[index] ?? 0
    if (part !== wanted) return !(part > wanted)
  }
  return false
}

function firstSignInLine({ pool, probe }: AssessFacts): AssessLine {
  const guarded = ourTriggers(pool).includes('PreTokenGeneration')
  const said = probe?.filter(({ id }) => id === 'first-sign-in' || id === 'native-factor') ?? []
  const broken = said.some(({ verdict }) => verdict === 'broken')
  const known = said.some(({ id, verdict }) => id === 'native-factor' && verdict === 'holds')
  return {
    id: 'first-sign-in',
    level: broken ? 'blocker' : known ? 'same' : 'warning',
    custom: guarded
      ? 'The guard refuses tokens that come straight after a new password; the next sign-in asks.'
      : 'No guard of this project is attached.',
    native:
      said.length === 0
        ? 'Sources disagree: one page says that a first sign-in gets tokens before MFA, another page and tests against AWS say that the factor is asked for. The guard stays unless probe shows that it is not needed.'
        : said.map(({ verdict, what }) => `probe: ${verdict}. ${what}`).join(' '),
    todo: broken
      ? 'Fix what probe found before you move anyone.'
      : known
        ? undefined
        : 'Run probe after migrate enable, and pass its --json output with --probe FILE.',
    source: `${GUIDE}/user-pool-settings-mfa.html against ${GUIDE}/how-to-create-user-accounts.html`,
  }
}

function usersLine(facts: AssessFacts): AssessLine {
  const { users, identityProviders = [] } = facts.pool
  const without = users?.withoutAddress.length ?? 0
  const unverified = users?.unverified.length ?? 0
  const left = without + unverified
  return {
    id: 'users',
    level: users === undefined || left > 0 ? 'warning' : 'same',
    custom:
      users === undefined
        ? 'The users could not be read.'
        : `${counted(users.looked, 'user')} with a password looked at${users.complete ? '' : ' (a sample)'}: ${without} without an address, ${unverified} with an unverified one.`,
    native: `They are not moved by default, and finish waits for them.${identityProviders.length === 0 ? '' : ` Federated users (${identityProviders.join(', ')}) are never asked for MFA of the pool.`}`,
    todo:
      left > 0
        ? 'Give them a verified address first, or move the unverified ones with --with-unverified; the first code they enter verifies the address.'
        : undefined,
    source: `${GUIDE}/user-pool-settings-mfa.html`,
  }
}

function unreadLine({ pool, mfa }: AssessFacts): AssessLine[] {
  const unread = pool.unread.map(({ what }) => what)
  if (mfa === undefined && unread.length === 0) unread.push('The MFA configuration')
  if (unread.length === 0) return []
  return [
    {
      id: 'not-read',
      level: 'warning',
      custom: `Could not be read: ${unread.join('; ')}.`,
      native: 'What depends on it is not assessed.',
      todo: `Allow ${[...new Set(pool.unread.flatMap(({ actions }) => actions))].join(', ') || 'cognito-idp:GetUserPoolMfaConfig'} and run assess again.`,
      source: 'this run',
    },
  ]
}

function movingUsers({ pool, perSecond }: AssessFacts): MovingUsers {
  const estimate = pool.userPool['EstimatedNumberOfUsers']
  const estimated = typeof estimate === 'number' ? estimate : undefined
  const { looked = 0, withoutAddress = [], unverified = [], complete = false } = pool.users ?? {}
  const good = looked - withoutAddress.length - unverified.length
  const all = complete ? looked : Math.max(estimated ?? looked, looked)
  const movable = looked === 0 ? 0 : Math.round((all * good) / looked)
  return {
    estimated,
    looked,
    withoutAddress: withoutAddress.length,
    unverified: unverified.length,
    movable,
    perSecond,
    // Each user is read with AdminGetUser first, and then changed.
    seconds: Math.ceil(movable / perSecond),
  }
}

function nextOf({ pool, probe }: AssessFacts, lines: readonly AssessLine[]): Assessment['next'] {
  const options = { 'user-pool-id': pool.userPoolId }
  const blocker = lines.find(({ level }) => level === 'blocker')
  if (blocker?.id === 'account-recovery' && lines.filter(({ level }) => level === 'blocker').length === 1)
    return {
      command: shellCommand(`${COMMAND} migrate enable`, {
        ...options,
        'change-recovery': 'admin',
        'dry-run': true,
      }),
      why: 'The only blocker is account recovery, which this command changes when asked. --dry-run changes nothing.',
    }
  if (blocker !== undefined)
    return {
      command: shellCommand(`${COMMAND} migrate assess`, options),
      why: `Remove the blockers first, then assess again. The first is ${blocker.id}: ${blocker.todo ?? ''}`,
    }
  if (probe === undefined)
    return {
      command: shellCommand(`${COMMAND} probe`, {
        ...options,
        'client-id': stringAt(userClients(pool).find(asksForCode), 'ClientId') ?? 'ID',
      }),
      why: 'It shows whether the pool keeps its promise today; save its --json output for --probe.',
    }
  return {
    command: shellCommand(`${COMMAND} migrate enable`, { ...options, 'dry-run': true }),
    why: 'It shows what would change, and changes nothing.',
  }
}
