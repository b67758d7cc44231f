// Reads everything about a pool that decides whether the code is asked and arrives. Changes nothing.
import {
  ListUserImportJobsCommand,
  paginateListIdentityProviders,
  paginateListUsers,
  type UserType,
} from '@aws-sdk/client-cognito-identity-provider'
import { GetAccountCommand, GetConfigurationSetCommand, GetEmailIdentityCommand } from '@aws-sdk/client-sesv2'
import { textAt } from '../command/json.ts'
import type { Progress } from '../command/terminal.ts'
import type { Aws } from './aws.ts'
import type { MailFacts, PoolFacts, Unread, UserFacts } from './findings.ts'
import {
  arnInSlot,
  readFunction,
  regionOf,
  TRIGGERS,
  type Trigger,
  type TriggerArns,
  type TriggerFunction,
} from './trigger-functions.ts'
import { describeAllClients, readPoolState } from './user-pool.ts'

export type CheckOptions = {
  readonly userPoolId: string
  readonly expected: TriggerArns
  readonly stackName: string | undefined
  /** How many users to look at; undefined for all. */
  readonly sample: number | undefined
  readonly signInsPerDay: number | undefined
  /** The sender, when no Create function says it yet. */
  readonly fromAddress: string | undefined
}

/**
 * Reads all facts. What may not be read is noted and becomes a finding of its own.
 *
 * @throws the SDK's error if the pool itself cannot be read
 */
export async function readPoolFacts(aws: Aws, options: CheckOptions, progress: Progress): Promise<PoolFacts> {
  const { userPoolId } = options
  const { userPool, mfa } = await readPoolState(aws.cognito, userPoolId, [])
  const unread: Unread[] = []
  const tried = async <Value>(
    what: string,
    action: string,
    read: () => Promise<Value>,
  ): Promise<Value | undefined> => {
    try {
      return await read()
    } catch (error) {
      unread.push({
        what,
        action,
        error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      })
      return undefined
    }
  }

  const functions: Partial<Record<Trigger, TriggerFunction>> = {}
  for (const trigger of TRIGGERS) {
    const arn = arnInSlot(userPool, trigger)
    if (arn === undefined) continue
    const found = await tried(
      `The function of ${trigger} (${arn})`,
      'lambda:GetFunctionConfiguration and lambda:GetPolicy',
      () => readFunction(aws, arn, textAt(userPool, 'Arn') ?? ''),
    )
    if (found !== undefined) functions[trigger] = found
  }
  const clients = await tried(
    'The app clients',
    'cognito-idp:ListUserPoolClients and DescribeUserPoolClient',
    () => describeAllClients(aws.cognito, userPoolId),
  )
  const identityProviders = await tried('The identity providers', 'cognito-idp:ListIdentityProviders', () =>
    readIdentityProviders(aws, userPoolId),
  )
  const importJob = await tried('The user import jobs', 'cognito-idp:ListUserImportJobs', () =>
    runningImport(aws, userPoolId),
  )
  const users = await tried('The users', 'cognito-idp:ListUsers', () =>
    readUsers(aws, userPoolId, options.sample, userPool['EstimatedNumberOfUsers'], progress),
  )
  const mail = await tried('SES', 'ses:GetAccount, ses:GetEmailIdentity and ses:GetConfigurationSet', () =>
    readMail(aws, functions.CreateAuthChallenge, options.fromAddress),
  )
  return {
    ...options,
    region: aws.region,
    userPool,
    mfa,
    clients,
    identityProviders,
    importJob,
    functions,
    users,
    mail,
    unread,
  }
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
  progress: Progress,
): Promise<UserFacts> {
  const withoutAddress: string[] = []
  const unverified: string[] = []
  const total = sample ?? (typeof estimate === 'number' ? estimate : undefined)
  let seen = 0
  let looked = 0
  // No AttributesToGet: Cognito refuses a page on which one user lacks such an attribute (API reference of ListUsers).
  const pages = paginateListUsers({ client: aws.cognito }, { UserPoolId: userPoolId, Limit: 60 })
  try {
    for await (const { Users = [] } of pages) {
      for (const user of Users.slice(0, sample === undefined ? undefined : sample - seen)) {
        seen += 1
        if (!signsInHere(user)) continue
        looked += 1
        if (!attributeOf(user, 'email')) withoutAddress.push(user.Username ?? '')
        else if (attributeOf(user, 'email_verified')?.toLowerCase() !== 'true')
          unverified.push(user.Username ?? '')
      }
      progress.show(seen, total)
      if (sample !== undefined && seen >= sample) break
    }
  } finally {
    progress.end()
  }
  return { looked, withoutAddress, unverified }
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
  const environment = create?.environment ?? {}
  const region = (create && regionOf(create.arn)) ?? aws.region
  const sender = environment['FROM_ADDRESS'] || givenAddress
  const fromAddress = /[^\s<>]+@[^\s<>]+/.exec(sender ?? '')?.[0]
  const configurationSet = environment['SES_CONFIGURATION_SET'] || undefined
  const fallbackRegion = environment['SES_FALLBACK_REGION'] || undefined
  return {
    region,
    fromAddress,
    account: await aws.ses(region).send(new GetAccountCommand({})),
    senderVerified: fromAddress === undefined ? undefined : await isVerified(aws, region, fromAddress),
    configurationSet:
      configurationSet === undefined
        ? undefined
        : { name: configurationSet, exists: await configurationSetExists(aws, region, configurationSet) },
    fallback:
      fallbackRegion === undefined || fromAddress === undefined
        ? undefined
        : { region: fallbackRegion, senderVerified: await isVerified(aws, fallbackRegion, fromAddress) },
  }
}

/** The address, its domain or a parent of that: SES sends from subdomains of a verified domain. */
async function isVerified(aws: Aws, region: string, address: string): Promise<boolean> {
  const labels = (address.split('@').at(-1) ?? '').split('.')
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))
  for (const identity of [address, ...domains]) {
    const found = await ifFound(
      aws.ses(region).send(new GetEmailIdentityCommand({ EmailIdentity: identity })),
    )
    if (found?.VerifiedForSendingStatus === true) return true
  }
  return false
}

async function configurationSetExists(aws: Aws, region: string, name: string): Promise<boolean> {
  const command = new GetConfigurationSetCommand({ ConfigurationSetName: name })
  return (await ifFound(aws.ses(region).send(command))) !== undefined
}

/** undefined for what does not exist; any other error stays one. */
async function ifFound<Output>(answer: Promise<Output>): Promise<Output | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotFoundException') return undefined
    throw error
  })
}
