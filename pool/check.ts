// Reads everything about a pool that decides whether users are asked for the code and receive it. Changes nothing.
import type { AlarmType, CompositeAlarm, MetricAlarm } from '@aws-sdk/client-cloudwatch'
import {
  GetUserPoolMfaConfigCommand,
  ListUserImportJobsCommand,
  paginateListIdentityProviders,
  paginateListUsers,
  type UserType,
} from '@aws-sdk/client-cognito-identity-provider'
import type { ContextEntry } from '@aws-sdk/client-iam'
import { stringAt } from '../command/json.ts'
import type { ProgressBar } from '../command/terminal.ts'
import type { Aws } from './aws.ts'
import { awsErrorKind, awsErrorText, ifFound } from './aws-errors.ts'
import { readDelivery } from './delivery.ts'
import {
  type AlarmFacts,
  type FunctionFacts,
  type MailFacts,
  ourFunction,
  ourTriggers,
  type PoolFacts,
  type SenderFacts,
  type Unread,
  type UserFacts,
} from './pool-facts.ts'
import {
  arnInSlot,
  functionNameOf,
  readFunction,
  regionOf,
  TRIGGERS,
  type Trigger,
  type TriggerArns,
  type TriggerFunction,
} from './trigger-functions.ts'
import { settingOf } from './trigger-settings.ts'
import { describeAllClients, describeUserPool } from './user-pool.ts'

export type CheckOptions = {
  readonly userPoolId: string
  readonly expected: TriggerArns
  readonly stackName: string | undefined
  /** How many users to look at; undefined for all. */
  readonly sample: number | undefined
  readonly signInsPerDay: number | undefined
  /** The sender, when no Create function says it yet. */
  readonly fromAddress: string | undefined
  /** An address of a user, to look up in the suppression list. */
  readonly email?: string | undefined
}

/** Reads one thing; what cannot be read is noted, and the rest continues. */
type Reader = <Value>(
  what: string,
  actions: readonly string[],
  read: () => Promise<Value>,
  options?: { readonly minor: boolean },
) => Promise<Value | undefined>

/**
 * Reads all facts. What cannot be read is noted and becomes a finding of its own.
 *
 * @throws the SDK's error if the pool itself cannot be read
 */
export async function readPoolFacts(
  aws: Aws,
  options: CheckOptions,
  progress: ProgressBar,
): Promise<PoolFacts> {
  const { userPoolId } = options
  const { cognito } = aws
  const userPool = await describeUserPool(cognito, userPoolId)
  const unread: Unread[] = []
  const tried: Reader = async (what, actions, read, { minor } = { minor: false }) =>
    read().catch((error: unknown) => {
      unread.push({ what, actions, minor, kind: awsErrorKind(error), error: awsErrorText(error) })
      return undefined
    })
  const minor = { minor: true }

  const mfaConfiguration = await tried(
    'The MFA configuration',
    ['cognito-idp:GetUserPoolMfaConfig'],
    async () =>
      (await cognito.send(new GetUserPoolMfaConfigCommand({ UserPoolId: userPoolId }))).MfaConfiguration,
    minor,
  )
  const functions: Partial<Record<Trigger, TriggerFunction>> = {}
  for (const trigger of TRIGGERS) {
    const arn = arnInSlot(userPool, trigger)
    if (arn === undefined) continue
    const found = await tried(
      `The function of ${trigger} (${arn})`,
      ['lambda:GetFunctionConfiguration', 'lambda:GetPolicy'],
      () => readFunction(aws, arn, stringAt(userPool, 'Arn') ?? ''),
    )
    if (found !== undefined) functions[trigger] = found
  }
  const clients = await tried(
    'The app clients',
    ['cognito-idp:ListUserPoolClients', 'cognito-idp:DescribeUserPoolClient'],
    () => describeAllClients(cognito, userPoolId),
  )
  const identityProviders = await tried('The identity providers', ['cognito-idp:ListIdentityProviders'], () =>
    readIdentityProviders(aws, userPoolId),
  )
  const importJob = await tried(
    'The user import jobs',
    ['cognito-idp:ListUserImportJobs'],
    () => runningImport(aws, userPoolId),
    minor,
  )
  const users = await tried('The users', ['cognito-idp:ListUsers'], () =>
    readUsers(aws, userPoolId, options.sample, userPool['EstimatedNumberOfUsers'], progress),
  )
  const ses = await tried('SES', ['ses:GetAccount', 'ses:GetEmailIdentity', 'ses:GetConfigurationSet'], () =>
    readMail(aws, functions.CreateAuthChallenge, options.fromAddress),
  )
  const known = { ...options, functions }
  return {
    ...known,
    region: aws.region,
    readAt: Date.now(),
    userPool,
    mfaConfiguration,
    clients,
    identityProviders,
    importJob,
    users,
    mail: ses && { ...ses, deniedSending: await deniedSending(aws, known, ses, tried) },
    delivery: ses && (await readDelivery(aws, ses, options.email, tried)),
    alarms: await readAlarms(aws, known, tried),
    deniedLimitTable: await deniedLimitTable(aws, known, tried),
    unread,
  }
}

/** The alarms on the metrics of this project, or of its one stack, and those on its functions. */
async function readAlarms(
  aws: Aws,
  known: FunctionFacts & Pick<PoolFacts, 'stackName'>,
  tried: Reader,
): Promise<AlarmFacts[] | undefined> {
  const arns = ourTriggers(known).flatMap(trigger => known.functions[trigger]?.arn ?? [])
  const [first] = arns
  if (first === undefined) return undefined
  return tried(
    'The alarms',
    ['cloudwatch:DescribeAlarms'],
    async () => {
      const { client, paginateDescribeAlarms } = await aws.cloudWatch(regionOf(first) ?? aws.region)
      const single: MetricAlarm[] = []
      const composite: CompositeAlarm[] = []
      const types: AlarmType[] = ['MetricAlarm', 'CompositeAlarm']
      for await (const page of paginateDescribeAlarms({ client }, { AlarmTypes: types })) {
        single.push(...(page.MetricAlarms ?? []).filter(alarm => watches(alarm, arns, known.stackName)))
        composite.push(...(page.CompositeAlarms ?? []).filter(hasActions))
      }
      return single.map(alarm => {
        const name = alarm.AlarmName ?? ''
        const isPartOf = ({ AlarmRule }: CompositeAlarm) => AlarmRule?.includes(name) === true
        return { name, notifies: hasActions(alarm) || composite.some(isPartOf) }
      })
    },
    { minor: true },
  )
}

function watches(alarm: MetricAlarm, arns: readonly string[], stackName: string | undefined): boolean {
  const names = arns.map(functionNameOf)
  const isOwnNamespace = (namespace = '') =>
    stackName === undefined
      ? namespace.startsWith('cognito-email-code/')
      : namespace === `cognito-email-code/${stackName}`
  const metrics = [alarm, ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])]
  return metrics.some(
    ({ Namespace, Dimensions }) =>
      isOwnNamespace(Namespace) ||
      Dimensions?.some(({ Name, Value }) => Name === 'FunctionName' && names.includes(Value)),
  )
}

function hasActions({ ActionsEnabled, AlarmActions = [] }: MetricAlarm | CompositeAlarm): boolean {
  return ActionsEnabled !== false && AlarmActions.length > 0
}

/** What Create sends with and its role may not use, as ARNs: the identity of the sender, and configuration sets. */
async function deniedSending(
  aws: Aws,
  known: FunctionFacts,
  mail: MailFacts,
  tried: Reader,
): Promise<readonly string[]> {
  const create = ourFunction(known, 'CreateAuthChallenge')
  const role = create?.configuration?.Role
  if (create === undefined || role === undefined) return []
  const [, partition, , , account] = create.arn.split(':')
  const resources = [mail.sender, mail.fallback].flatMap(sender => {
    if (sender?.identity === undefined) return []
    const arn = (name: string) => `arn:${partition}:ses:${sender.region}:${account}:${name}`
    const set = mail.configurationSet?.name ?? sender.configurationSet
    // A right on the verified domain or on the address below it will do.
    const identities = new Set([sender.identity, mail.fromAddress ?? sender.identity])
    return [
      [...identities].map(identity => arn(`identity/${identity}`)),
      ...(set === undefined ? [] : [[arn(`configuration-set/${set}`)]]),
    ]
  })
  if (resources.length === 0) return []
  const denied = await tried(
    `Whether the role of CreateAuthChallenge (${role}) may call ses:SendRawEmail on ${resources.flat().join(' and ')}`,
    ['iam:SimulatePrincipalPolicy'],
    async () => {
      const refused: string[] = []
      for (const [resource = '', ...others] of resources) {
        let allowed = await maySendWith(aws, role, resource, mail.fromAddress)
        for (const other of others) allowed ||= await maySendWith(aws, role, other, mail.fromAddress)
        if (!allowed) refused.push(resource)
      }
      return refused
    },
    { minor: true },
  )
  return denied ?? []
}

/** The table that Create counts mails in, as an ARN, if its role may not. */
async function deniedLimitTable(aws: Aws, known: FunctionFacts, tried: Reader): Promise<string | undefined> {
  const create = ourFunction(known, 'CreateAuthChallenge')
  const role = create?.configuration?.Role
  const name = settingOf(create, 'LIMIT_TABLE')
  if (create === undefined || role === undefined || name === '') return undefined
  const [, partition, , region, account] = create.arn.split(':')
  const table = `arn:${partition}:dynamodb:${region}:${account}:table/${name}`
  const allowed = await tried(
    `Whether the role of CreateAuthChallenge (${role}) may call dynamodb:UpdateItem on ${table}`,
    ['iam:SimulatePrincipalPolicy'],
    () => mayCall(aws, role, 'dynamodb:UpdateItem', table),
    { minor: true },
  )
  return allowed === false ? table : undefined
}

/** SES asks for the sender, too. */
function maySendWith(
  aws: Aws,
  role: string,
  resource: string,
  fromAddress: string | undefined,
): Promise<boolean> {
  return mayCall(aws, role, 'ses:SendRawEmail', resource, [
    { ContextKeyName: 'ses:FromAddress', ContextKeyType: 'string', ContextKeyValues: [fromAddress ?? ''] },
  ])
}

/** One resource in each call, so that the one decision in the answer is about it. */
async function mayCall(
  aws: Aws,
  role: string,
  action: string,
  resource: string,
  context: ContextEntry[] = [],
): Promise<boolean> {
  const { client, SimulatePrincipalPolicyCommand } = await aws.iam(aws.region)
  const { EvaluationResults = [] } = await client.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: role,
      ActionNames: [action],
      ResourceArns: [resource],
      ContextEntries: context,
    }),
  )
  return EvaluationResults.every(({ EvalDecision }) => EvalDecision === 'allowed')
}

async function readIdentityProviders(aws: Aws, userPoolId: string): Promise<string[]> {
  const names: string[] = []
  const pages = paginateListIdentityProviders(
    { client: aws.cognito },
    { UserPoolId: userPoolId, MaxResults: 60 },
  )
  for await (const { Providers } of pages)
    names.push(...(Providers ?? []).flatMap(it => it.ProviderName ?? []))
  return names
}

/** The id of a user import job that is not over. */
async function runningImport(aws: Aws, userPoolId: string): Promise<string | undefined> {
  const command = new ListUserImportJobsCommand({ UserPoolId: userPoolId, MaxResults: 60 })
  const { UserImportJobs } = await aws.cognito.send(command)
  return UserImportJobs?.find(({ Status }) => ['Pending', 'InProgress', 'Stopping'].includes(Status ?? ''))
    ?.JobId
}

/** Looks at users page by page, all or the first ones. Only those who sign in with a password here count. */
async function readUsers(
  aws: Aws,
  userPoolId: string,
  sample: number | undefined,
  estimate: unknown,
  progress: ProgressBar,
): Promise<UserFacts> {
  const withoutAddress: string[] = []
  const unverified: string[] = []
  const languages = new Map<string, number>()
  const total = sample ?? (typeof estimate === 'number' ? estimate : undefined)
  let seen = 0
  let looked = 0
  let complete = true
  // No AttributesToGet: Cognito refuses a page on which one user lacks such an attribute (API reference of ListUsers).
  const pages = paginateListUsers({ client: aws.cognito }, { UserPoolId: userPoolId, Limit: 60 })
  try {
    for await (const { Users = [] } of pages) {
      for (const user of Users.slice(0, sample === undefined ? undefined : sample - seen)) {
        seen += 1
        if (!signsInHere(user)) continue
        looked += 1
        const [language = ''] = (attributeOf(user, 'locale') ?? '').toLowerCase().split(/[-_]/)
        languages.set(language, (languages.get(language) ?? 0) + 1)
        if (!attributeOf(user, 'email')) withoutAddress.push(user.Username ?? '')
        else if (attributeOf(user, 'email_verified')?.toLowerCase() !== 'true')
          unverified.push(user.Username ?? '')
      }
      progress.show(seen, total)
      complete = sample === undefined || seen < sample
      if (!complete) break
    }
  } finally {
    progress.end()
  }
  return { looked, complete, withoutAddress, unverified, languages }
}

function signsInHere({ Enabled, UserStatus }: UserType): boolean {
  return Enabled !== false && !['EXTERNAL_PROVIDER', 'UNCONFIRMED', 'ARCHIVED'].includes(UserStatus ?? '')
}

function attributeOf(user: UserType, name: string): string | undefined {
  return user.Attributes?.find(({ Name }) => Name === name)?.Value
}

/** SES as the Create function uses it: its own region, its sender, its configuration set, its fallback. */
async function readMail(
  aws: Aws,
  create: TriggerFunction | undefined,
  givenAddress: string | undefined,
): Promise<MailFacts> {
  const region = (create && regionOf(create.arn)) ?? aws.region
  const { client, GetAccountCommand } = await aws.ses(region)
  const sender = settingOf(create, 'FROM_ADDRESS') || givenAddress
  const fromAddress = /[^\s<>]+@[^\s<>]+/.exec(sender ?? '')?.[0]
  const name = settingOf(create, 'SES_CONFIGURATION_SET')
  const fallbackRegion = settingOf(create, 'SES_FALLBACK_REGION')
  return {
    region,
    fromAddress,
    account: await client.send(new GetAccountCommand({})),
    sender: fromAddress === undefined ? undefined : await readSender(aws, region, fromAddress),
    configurationSet:
      name === '' ? undefined : { name, exists: await configurationSetExists(aws, region, name) },
    fallback:
      fallbackRegion === '' || fromAddress === undefined
        ? undefined
        : await readSender(aws, fallbackRegion, fromAddress),
    deniedSending: [],
  }
}

/** The address, its domain or a parent of that: SES sends from subdomains of a verified domain. */
async function readSender(aws: Aws, region: string, address: string): Promise<SenderFacts> {
  const { client, GetEmailIdentityCommand } = await aws.ses(region)
  const labels = (address.split('@').at(-1) ?? '').split('.')
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))
  for (const identity of [address, ...domains]) {
    const found = await ifFound(client.send(new GetEmailIdentityCommand({ EmailIdentity: identity })))
    if (found?.VerifiedForSendingStatus === true)
      return { region, identity, configurationSet: found.ConfigurationSetName }
  }
  return { region, identity: undefined, configurationSet: undefined }
}

async function configurationSetExists(aws: Aws, region: string, name: string): Promise<boolean> {
  const { client, GetConfigurationSetCommand } = await aws.ses(region)
  const command = new GetConfigurationSetCommand({ ConfigurationSetName: name })
  return (await ifFound(client.send(command))) !== undefined
}
