// What can be wrong with a pool: each finding says what it is, why it matters, and the command that mends it.
import type { GetAccountCommandOutput } from '@aws-sdk/client-sesv2'
import { type JsonObject, member, textAt } from '../command/json.ts'
import {
  asksForCode,
  flowsOf,
  flowsWithoutCode,
  hostedUiClients,
  isForMachines,
  sessionMinutesOf,
} from './app-clients.ts'
import {
  addPermissionCommand,
  arnInSlot,
  isVersion,
  qualifierOf,
  TRIGGERS,
  type Trigger,
  type TriggerArns,
  type TriggerFunction,
} from './trigger-functions.ts'
import { problemsWith, settingNames } from './trigger-settings.ts'
import { NOT_IN_UPDATE_USER_POOL, NOT_IN_UPDATE_USER_POOL_CLIENT } from './user-pool.ts'

/** `high`: tokens without a code, or nobody can sign in. `medium`: some can be hurt. `low`: know it. */
export type Level = 'high' | 'medium' | 'low'

export type Finding = {
  /** Stable, for `--ignore` and for machines. */
  readonly id: string
  readonly level: Level
  readonly what: string
  readonly why: string
  /** A shell command. Words in capitals are for the reader to fill in. */
  readonly mend: string
}

/** Everything that check reads. What could not be read is undefined and stands in `unread`. */
export type PoolFacts = {
  readonly userPoolId: string
  readonly region: string
  readonly userPool: JsonObject
  readonly mfa: JsonObject | undefined
  readonly clients: readonly JsonObject[] | undefined
  readonly identityProviders: readonly string[] | undefined
  readonly importJob: string | undefined
  readonly functions: Readonly<Partial<Record<Trigger, TriggerFunction>>>
  readonly users: UserFacts | undefined
  readonly mail: MailFacts | undefined
  /** What the user said the triggers are; empty if they did not. */
  readonly expected: TriggerArns
  readonly stackName: string | undefined
  readonly signInsPerDay: number | undefined
  readonly unread: readonly Unread[]
}

export type Unread = { readonly what: string; readonly error: string; readonly action: string }

export type UserFacts = {
  readonly looked: number
  readonly withoutAddress: readonly string[]
  readonly unverified: readonly string[]
}

/** SES as the Create function uses it. */
export type MailFacts = {
  readonly region: string
  readonly fromAddress: string | undefined
  readonly account: GetAccountCommandOutput | undefined
  readonly senderVerified: boolean | undefined
  readonly configurationSet: { readonly name: string; readonly exists: boolean } | undefined
  readonly fallback: { readonly region: string; readonly senderVerified: boolean } | undefined
}

/** @returns what is wrong, the worst first; an empty list for a good pool */
export function findings(facts: PoolFacts): Finding[] {
  const all = [
    ...triggerFindings(facts),
    ...settingFindings(facts),
    ...clientFindings(facts),
    ...poolFindings(facts),
    ...userFindings(facts),
    ...mailFindings(facts),
    ...facts.unread.map(unreadFinding),
  ]
  const order: Level[] = ['high', 'medium', 'low']
  return all.toSorted((one, other) => order.indexOf(one.level) - order.indexOf(other.level))
}

function triggerFindings(facts: PoolFacts): Finding[] {
  const poolArn = textAt(facts.userPool, 'Arn') ?? ''
  return TRIGGERS.flatMap((trigger): Finding[] => {
    const arn = arnInSlot(facts.userPool, trigger)
    if (arn === undefined) return [missingTrigger(facts, trigger)]
    const found: Finding[] = []
    const qualifier = qualifierOf(arn)
    if (isVersion(qualifier)) {
      found.push({
        id: 'trigger-version',
        level: 'high',
        what: `${trigger} names the version ${qualifier} of its function: ${arn}`,
        why: 'Cognito cannot call a numbered version; it takes the function itself or an alias.',
        mend: attachCommand(facts, '--replace'),
      })
    }
    const its = facts.functions[trigger]
    if (its === undefined) return found
    if (its.configuration === undefined) {
      return [
        ...found,
        {
          id: 'function-missing',
          level: 'high',
          what: `The function of ${trigger} does not exist: ${arn}`,
          why: 'Every sign-in through the code fails.',
          mend: deployCommand(facts),
        },
      ]
    }
    if (!isExpected(facts, trigger, its)) found.push(foreignTrigger(facts, trigger, arn))
    if (!its.mayBeCalled) {
      found.push({
        id: 'function-not-callable',
        level: 'high',
        what: `The pool may not call the function of ${trigger}: ${arn}`,
        why: 'Every sign-in through it ends in UnexpectedLambdaException. Only the console adds this permission by itself.',
        mend: addPermissionCommand(arn, poolArn),
      })
    }
    return [...found, ...configurationFindings(facts, trigger, its)]
  })
}

function missingTrigger(facts: PoolFacts, trigger: Trigger): Finding {
  const why =
    trigger === 'PreTokenGeneration'
      ? 'Without the guard a first sign-in can get tokens right after the new password, with no code.'
      : 'Without it no sign-in can ask for the code.'
  return {
    id: 'trigger-missing',
    level: 'high',
    what: `The pool has no ${trigger} trigger`,
    why,
    mend: attachCommand(facts),
  }
}

function foreignTrigger(facts: PoolFacts, trigger: Trigger, arn: string): Finding {
  if (trigger === 'PreTokenGeneration') {
    return {
      id: 'trigger-foreign',
      level: 'medium',
      what: `PreTokenGeneration is a function of your own: ${arn}`,
      why: 'It must call the guard in its first line, or a first sign-in can get tokens with no code. If it does, ignore this.',
      mend: `${attachCommand(facts, '--dry-run')}  # prints the line`,
    }
  }
  return {
    id: 'trigger-foreign',
    level: 'high',
    what: `${trigger} is another function: ${arn}`,
    why: 'The three challenge triggers work only together; with a stranger among them no code is asked, or none is right.',
    mend: attachCommand(facts, '--replace'),
  }
}

/** What the user named; otherwise a function that says it is ours, or has any of our settings. */
function isExpected(facts: PoolFacts, trigger: Trigger, its: TriggerFunction): boolean {
  const expected = facts.expected[trigger]
  if (expected !== undefined) return expected === its.arn
  if (its.configuration?.Description?.startsWith('cognito-email-code') === true) return true
  return settingNames(trigger).some(name => its.environment[name] !== undefined)
}

function configurationFindings(facts: PoolFacts, trigger: Trigger, its: TriggerFunction): Finding[] {
  const { State, LastUpdateStatus, Timeout, LoggingConfig } = its.configuration ?? {}
  const found: Finding[] = []
  const broken = State === 'Failed' || LastUpdateStatus === 'Failed'
  if (broken) {
    found.push({
      id: 'function-not-ready',
      level: 'high',
      what: `The function of ${trigger} is not ready: state ${State}, last update ${LastUpdateStatus}`,
      why: 'Sign-ins fail, or run an older version than was deployed.',
      mend: `aws lambda get-function --function-name ${its.arn} --region ${facts.region}  # says why; then deploy again`,
    })
  }
  if (!isExpected(facts, trigger, its)) return found
  if (Timeout !== undefined && Timeout !== 5) {
    found.push({
      id: 'function-timeout',
      level: Timeout < 5 ? 'medium' : 'low',
      what: `The function of ${trigger} has a timeout of ${Timeout} s`,
      why:
        Timeout < 5
          ? 'It is cut off before its own deadline of 4.5 s; Cognito calls again, and each call can be another mail.'
          : 'Cognito calls again after 5 s whatever is set here; what runs longer runs for nobody.',
      mend: `aws lambda update-function-configuration --function-name ${its.arn} --region ${facts.region} --timeout 5`,
    })
  }
  if (LoggingConfig !== undefined && LoggingConfig.LogFormat !== 'JSON') {
    found.push({
      id: 'function-log-format',
      level: 'low',
      what: `The function of ${trigger} logs in the format ${LoggingConfig.LogFormat}`,
      why: 'The metrics and alarms read JSON lines; they stay empty.',
      mend:
        `aws lambda update-function-configuration --function-name ${its.arn} --region ${facts.region} ` +
        '--logging-config LogFormat=JSON',
    })
  }
  return found
}

/** Settings that must be the same wherever they are read. */
const SHARED_SETTINGS: readonly (readonly [name: string, fallback: string, readers: readonly Trigger[]])[] = [
  ['CODE_SECRET', '', ['CreateAuthChallenge', 'VerifyAuthChallengeResponse']],
  ['CODE_LENGTH', '6', ['CreateAuthChallenge', 'VerifyAuthChallengeResponse']],
  ['MAX_ATTEMPTS', '3', ['DefineAuthChallenge', 'CreateAuthChallenge', 'VerifyAuthChallengeResponse']],
  ['MAX_SENDS', '3', ['DefineAuthChallenge', 'CreateAuthChallenge']],
]

function settingFindings(facts: PoolFacts): Finding[] {
  const ours = TRIGGERS.filter(trigger => {
    const its = facts.functions[trigger]
    return its?.configuration !== undefined && isExpected(facts, trigger, its)
  })
  const wrong = ours.flatMap((trigger): Finding[] => {
    const problems = problemsWith(trigger, facts.functions[trigger]?.environment ?? {})
    if (problems === undefined) return []
    return [
      {
        id: 'function-settings',
        level: 'high',
        what: `The settings of the function of ${trigger} are wrong. ${problems}`,
        why: 'It refuses to start, so every sign-in fails.',
        mend: deployCommand(facts),
      },
    ]
  })
  const unequal = SHARED_SETTINGS.flatMap(([name, fallback, readers]): Finding[] => {
    const values = readers.flatMap(trigger =>
      ours.includes(trigger) ? [facts.functions[trigger]?.environment[name] || fallback] : [],
    )
    if (new Set(values).size <= 1) return []
    return [
      {
        id: 'functions-disagree',
        level: 'high',
        what: `${name} is not the same in the functions of ${readers.join(' and ')}`,
        why: 'One makes what the other does not accept: right codes are refused, or counted wrongly.',
        mend: deployCommand(facts),
      },
    ]
  })
  const guard = facts.functions.PreTokenGeneration
  const guarded = ours.includes('PreTokenGeneration') ? guard?.environment['GUARDED_CLIENT_IDS'] : undefined
  const staged: Finding[] =
    guarded === undefined || guarded === '' || guarded === 'all'
      ? []
      : [
          {
            id: 'guard-staged',
            level: 'low',
            what: `The guard applies to these app clients only: ${guarded}`,
            why: 'Through any other client a first sign-in, or the hosted UI, can give tokens without a code.',
            mend: `${deployCommand(facts)} --parameter-overrides GuardedClientIds=all`,
          },
        ]
  return [...wrong, ...unequal, ...staged]
}

function clientFindings(facts: PoolFacts): Finding[] {
  const clients = facts.clients ?? []
  const ttlSeconds = Number(facts.functions.CreateAuthChallenge?.environment['CODE_TTL_SECONDS'] || 180)
  const hosted = hostedUiClients(facts.userPool, clients)
  const hostedUi = facts.functions.PreTokenGeneration?.environment['HOSTED_UI'] || 'deny'
  return clients.flatMap((client): Finding[] => {
    const id = String(client['ClientId'])
    const name = `${id} (${client['ClientName']})`
    const found: Finding[] = []
    const skipping = flowsWithoutCode(client)
    const needsOwnKeys = skipping.every(flow => flow.includes('ADMIN'))
    if (skipping.length > 0 && needsOwnKeys) {
      found.push({
        id: 'client-admin-flow',
        level: 'medium',
        what: `App client ${name} allows ${skipping.join(', ')}`,
        why: 'A server with AWS credentials that signs people in this way asks for no code.',
        mend: attachCommand(facts, `--clients ${id}`),
      })
    } else if (skipping.length > 0) {
      found.push({
        id: 'client-skips-code',
        level: 'high',
        what: `App client ${name} allows ${skipping.join(', ')}${isDefault(client) ? ' (the default)' : ''}`,
        why: 'Whoever has the password gets tokens without a code by naming that flow.',
        mend: attachCommand(facts, `--clients ${id}`),
      })
    } else if (
      !asksForCode(client) &&
      !isForMachines(client) &&
      flowsOf(client).length > 0 &&
      !hosted.includes(client)
    ) {
      found.push({
        id: 'client-cannot-ask',
        level: 'medium',
        what: `App client ${name} does not allow ALLOW_CUSTOM_AUTH (${flowsOf(client).join(', ')})`,
        why: 'Nobody can sign in through it with a password and a code.',
        mend: attachCommand(facts, `--clients ${id}`),
      })
    }
    if (hosted.includes(client)) {
      found.push({
        id: 'client-hosted-ui',
        level: hostedUi === 'allow' ? 'high' : 'medium',
        what: `App client ${name} lets local users in through the hosted UI, which asks for no code (HOSTED_UI=${hostedUi})`,
        why:
          hostedUi === 'allow'
            ? 'Whoever has the password gets tokens there without a code.'
            : 'The guard refuses them after they have typed their password, so they only meet an error there.',
        mend: changeClientCommand(facts.userPoolId, id, '.SupportedIdentityProviders -= ["COGNITO"]'),
      })
    }
    if (client['PreventUserExistenceErrors'] !== 'ENABLED' && !isForMachines(client)) {
      found.push({
        id: 'client-reveals-users',
        level: 'medium',
        what: `App client ${name} has PreventUserExistenceErrors ${client['PreventUserExistenceErrors'] ?? 'not set'}`,
        why: 'Anybody can find out which addresses have an account ("User does not exist.").',
        mend: changeClientCommand(facts.userPoolId, id, '.PreventUserExistenceErrors = "ENABLED"'),
      })
    }
    if (asksForCode(client) && sessionMinutesOf(client) * 60 < ttlSeconds) {
      found.push({
        id: 'client-session-short',
        level: 'medium',
        what: `App client ${name} ends a sign-in after ${sessionMinutesOf(client)} min, but a code lives ${ttlSeconds} s`,
        why: 'A person who types a code that is still good meets "session is expired".',
        mend: attachCommand(facts, `--clients ${id}`),
      })
    }
    return found
  })
}

function isDefault(client: JsonObject): boolean {
  return member(client, 'ExplicitAuthFlows') === null
}

function poolFindings(facts: PoolFacts): Finding[] {
  const { userPoolId, userPool, mfa } = facts
  const found: Finding[] = []
  const native = textAt(mfa, 'MfaConfiguration') ?? textAt(userPool, 'MfaConfiguration') ?? 'OFF'
  if (native !== 'OFF') {
    found.push({
      id: 'native-mfa',
      level: 'medium',
      what: `Cognito's own MFA is ${native}`,
      why:
        'Cognito then asks for its own factor after the password, and reports differ on whether Define is called ' +
        'afterwards (amplify-js #3876, #4888): the code may never be asked, or asked on top.',
      mend: `aws cognito-idp set-user-pool-mfa-config --user-pool-id ${userPoolId} --mfa-configuration OFF`,
    })
  }
  if (member(userPool, 'DeviceConfiguration') !== null) {
    found.push({
      id: 'device-tracking',
      level: 'medium',
      what: 'Device tracking is on (DeviceConfiguration is set)',
      why: 'Device challenges come after the code, and clients that do not answer them break off there.',
      mend: changePoolCommand(userPoolId, 'del(.DeviceConfiguration)'),
    })
  }
  const providers = facts.identityProviders ?? []
  if (providers.length > 0) {
    found.push({
      id: 'federated-users',
      level: 'low',
      what: `Federated users come in through ${providers.join(', ')}`,
      why: 'They never meet a code here: their own identity provider must ask for a second factor.',
      mend: `npm run pool -- check --user-pool-id ${userPoolId} --ignore federated-users  # once the providers do`,
    })
  }
  if (facts.importJob !== undefined) {
    found.push({
      id: 'user-import',
      level: 'low',
      what: `The user import job ${facts.importJob} is running`,
      why: 'Cognito refuses updates of the pool meanwhile, so attach and detach do not work.',
      mend: `aws cognito-idp stop-user-import-job --user-pool-id ${userPoolId} --job-id ${facts.importJob}  # or wait`,
    })
  }
  return found
}

function userFindings({ users, userPoolId }: PoolFacts): Finding[] {
  if (users === undefined) return []
  const found: Finding[] = []
  const mend = (names: readonly string[], value: string) =>
    `aws cognito-idp admin-update-user-attributes --user-pool-id ${userPoolId} --username ${shellWord(names[0] ?? '')} ` +
    `--user-attributes ${value}Name=email_verified,Value=true`
  if (users.withoutAddress.length > 0) {
    found.push({
      id: 'users-without-email',
      level: 'high',
      what: `${counted(users.withoutAddress, users.looked)} no e-mail address: ${someOf(users.withoutAddress)}`,
      why: 'No code can be mailed to them, so they cannot sign in.',
      mend: mend(users.withoutAddress, 'Name=email,Value=ADDRESS '),
    })
  }
  if (users.unverified.length > 0) {
    found.push({
      id: 'users-unverified-email',
      level: 'medium',
      what: `${counted(users.unverified, users.looked)} an e-mail address that is not verified: ${someOf(users.unverified)}`,
      why: 'Nobody has shown that the mailbox is theirs: the code may go to a stranger.',
      mend: mend(users.unverified, ''),
    })
  }
  return found
}

function counted(names: readonly string[], looked: number): string {
  return `${names.length} of ${looked} users ${names.length === 1 ? 'has' : 'have'}`
}

function someOf(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`
}

function mailFindings(facts: PoolFacts): Finding[] {
  const { mail } = facts
  if (mail === undefined) return []
  const { region, fromAddress, account, configurationSet, fallback } = mail
  const found: Finding[] = []
  if (mail.senderVerified === false) {
    found.push({
      id: 'ses-identity-unverified',
      level: 'high',
      what: `SES in ${region} may not send from ${fromAddress}: neither it nor its domain is verified there`,
      why: 'Every mail is refused. Identities are verified region by region.',
      mend: `aws sesv2 create-email-identity --region ${region} --email-identity ${fromAddress?.split('@').at(-1)}`,
    })
  }
  if (fallback?.senderVerified === false) {
    found.push({
      id: 'ses-fallback-unverified',
      level: 'medium',
      what: `SES in the fallback region ${fallback.region} may not send from ${fromAddress}`,
      why: 'When the first region fails, the second refuses the mail.',
      mend: `aws sesv2 create-email-identity --region ${fallback.region} --email-identity ${fromAddress?.split('@').at(-1)}`,
    })
  }
  if (configurationSet?.exists === false) {
    found.push({
      id: 'ses-configuration-set-missing',
      level: 'high',
      what: `SES in ${region} has no configuration set ${configurationSet.name}`,
      why: 'Every mail is refused with ConfigurationSetDoesNotExist.',
      mend: `aws sesv2 create-configuration-set --region ${region} --configuration-set-name ${configurationSet.name}`,
    })
  }
  if (account?.SendingEnabled === false || account?.EnforcementStatus === 'SHUTDOWN') {
    found.push({
      id: 'ses-paused',
      level: 'high',
      what: `SES in ${region} has stopped sending (enforcement status ${account.EnforcementStatus ?? 'unknown'})`,
      why: 'No mail leaves, so nobody can sign in.',
      mend:
        account.EnforcementStatus === 'SHUTDOWN'
          ? `aws sesv2 get-account --region ${region}  # AWS stopped it: answer the case that Details.ReviewDetails names`
          : `aws sesv2 put-account-sending-attributes --region ${region} --sending-enabled`,
    })
  }
  if (account?.ProductionAccessEnabled === false) {
    found.push({
      id: 'ses-sandbox',
      level: 'high',
      what: `SES in ${region} is in the sandbox`,
      why: 'It sends to verified addresses only, 200 mails a day: your users get no code.',
      mend:
        `aws sesv2 put-account-details --region ${region} --production-access-enabled --mail-type TRANSACTIONAL ` +
        '--website-url https://YOUR.SITE',
    })
  }
  return [...found, ...quotaFindings(facts, region, account)]
}

function quotaFindings(
  facts: PoolFacts,
  region: string,
  account: GetAccountCommandOutput | undefined,
): Finding[] {
  const { Max24HourSend: quota, SentLast24Hours: sent = 0 } = account?.SendQuota ?? {}
  const users = facts.userPool['EstimatedNumberOfUsers']
  const signIns = facts.signInsPerDay ?? (typeof users === 'number' ? users : 0)
  if (quota === undefined || quota === -1 || account?.ProductionAccessEnabled === false) return []
  if (sent + signIns <= quota) return []
  const basis =
    facts.signInsPerDay === undefined
      ? 'every user signing in once a day; say --sign-ins-per-day'
      : 'as you said'
  return [
    {
      id: 'ses-quota',
      level: 'medium',
      what: `SES in ${region} sends ${quota} mails a day; ${sent} went out in the last one, and ${signIns} sign-ins (${basis}) need as many more`,
      why: 'Above the quota mails are dropped, not queued: whoever signs in last gets no code.',
      mend:
        `aws service-quotas request-service-quota-increase --region ${region} --service-code ses ` +
        `--quota-code "$(aws service-quotas list-service-quotas --region ${region} --service-code ses ` +
        `--query "Quotas[?QuotaName=='Sending quota'].QuotaCode" --output text)" ` +
        `--desired-value ${Math.ceil((sent + signIns) * 1.5)}`,
    },
  ]
}

function unreadFinding({ what, error, action }: Unread): Finding {
  return {
    id: 'not-checked',
    level: 'medium',
    what: `${what} could not be read: ${error}`,
    why: 'What lies behind it was not checked.',
    mend: `aws sts get-caller-identity  # let this identity do ${action}, then run check again`,
  }
}

/** The attach command for this pool, with the functions that are known. */
function attachCommand(facts: PoolFacts, more = ''): string {
  const options = {
    DefineAuthChallenge: '--define-arn',
    CreateAuthChallenge: '--create-arn',
    VerifyAuthChallengeResponse: '--verify-arn',
    PreTokenGeneration: '--pre-token-arn',
  }
  const ours = TRIGGERS.flatMap(trigger => {
    const its = facts.functions[trigger]
    const arn = facts.expected[trigger] ?? (its && isExpected(facts, trigger, its) ? its.arn : undefined)
    return arn === undefined ? [] : [`${options[trigger]} ${arn}`]
  })
  const source =
    facts.stackName === undefined && ours.length === TRIGGERS.length
      ? ours.join(' ')
      : `--stack-name ${facts.stackName ?? 'STACK'}`
  return `npm run pool -- attach --user-pool-id ${facts.userPoolId} ${source}${more === '' ? '' : ` ${more}`}`
}

function deployCommand(facts: PoolFacts): string {
  return (
    `aws cloudformation deploy --region ${facts.region} --template-file packaged.yaml ` +
    `--stack-name ${facts.stackName ?? 'STACK'} --capabilities CAPABILITY_IAM`
  )
}

/** Changes one setting of a client; all others are written back, since the update resets what is left out. */
function changeClientCommand(userPoolId: string, clientId: string, change: string): string {
  const drop = NOT_IN_UPDATE_USER_POOL_CLIENT.map(name => `.${name}`).join(', ')
  return (
    'aws cognito-idp update-user-pool-client --cli-input-json "$(aws cognito-idp describe-user-pool-client ' +
    `--user-pool-id ${userPoolId} --client-id ${clientId} --query UserPoolClient --output json ` +
    `| jq 'del(${drop}) | ${change}')"`
  )
}

/** The same for the pool. */
function changePoolCommand(userPoolId: string, change: string): string {
  const drop = NOT_IN_UPDATE_USER_POOL.map(name => `.${name}`).join(', ')
  const unused =
    'if .Policies.PasswordPolicy.TemporaryPasswordValidityDays ' +
    'then del(.AdminCreateUserConfig.UnusedAccountValidityDays) else . end'
  return (
    'aws cognito-idp update-user-pool --cli-input-json "$(aws cognito-idp describe-user-pool ' +
    `--user-pool-id ${userPoolId} --query UserPool --output json ` +
    `| jq '.UserPoolId = .Id | .PoolName = .Name | ${unused} | del(${drop}) | ${change}')"`
  )
}

function shellWord(text: string): string {
  return /^[\w@.+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
