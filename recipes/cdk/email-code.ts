// The AWS CDK construct: the four triggers with their roles, secret, limit table, logs, metrics and alarms, as in template.yaml.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Aws, CfnOutput, Duration, Fn, RemovalPolicy, SecretValue, Stack, Token } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
  Unit,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { type IUserPool, UserPool, UserPoolOperation } from 'aws-cdk-lib/aws-cognito'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { FilterPattern, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { settingNamesOf, type TriggerName } from '../../shared/setting-descriptors.ts'
import {
  type Environment,
  readCreateSettings,
  readDefineSettings,
  readPreTokenSettings,
  readVerifySettings,
} from '../../shared/settings.ts'

/** The settings of the functions. What is not given has the default of the function. */
export interface EmailCodeSettings {
  /** APP_NAME: the name in the mail. @default the domain of the sender */
  readonly appName?: string
  /** CODE_LENGTH: digits of a code, 6 to 10. @default 6 */
  readonly codeLength?: number
  /** CODE_TTL_SECONDS: lifetime of a code, 60 to 900. The app client's AuthSessionValidity must not be shorter. @default 180 */
  readonly codeTtlSeconds?: number
  /** MAX_ATTEMPTS: wrong codes per sign-in, 1 to 10. @default 3 */
  readonly maxAttempts?: number
  /** MAX_SENDS: mails per sign-in, 1 to 5. @default 3 */
  readonly maxSends?: number
  /** RESEND_AFTER_SECONDS: earliest resend, 0 to 300. @default 30 */
  readonly resendAfterSeconds?: number
  /** MAX_CODES_PER_HOUR: mails to one user in an hour of the clock, 1 to 100. @default 10 */
  readonly maxCodesPerHour?: number
  /** MAX_CODES_PER_DAY: mails to one user in a UTC day, 1 to 1000. @default 30 */
  readonly maxCodesPerDay?: number
  /** LIMIT_FAILURE: whether a mail that could not be counted is sent. @default 'allow' */
  readonly limitFailure?: 'allow' | 'refuse'
  /** NATIVE_MFA: which of Cognito's own factors stands in for the code. @default 'accept-email' */
  readonly nativeMfa?: 'ask' | 'accept-email' | 'accept-any'
  /** UNVERIFIED_EMAIL: whether a user whose `email_verified` is not true gets a code. @default 'send' */
  readonly unverifiedEmail?: 'send' | 'refuse'
  /** DEFAULT_LOCALE: language of the mail when the user has none. @default 'en' */
  readonly defaultLocale?: string
  /** BRAND_COLOR: color of the box that the code stands in, `#rrggbb`. @default none */
  readonly brandColor?: string
  /** MAIL_FOOTER: last line of the mail, or a JSON object of lines by language. @default none */
  readonly mailFooter?: string
  /** REPLY_TO_ADDRESS. @default none */
  readonly replyToAddress?: string
  /** SES_CONFIGURATION_SET. It must exist in the fallback region too, if there is one. @default none */
  readonly sesConfigurationSet?: string
  /** SES_FALLBACK_REGION: sends when SES in the region of the stack cannot. @default none */
  readonly sesFallbackRegion?: string
  /** HOSTED_UI: whether local users of the hosted UI, which asks for no code, get tokens. @default 'deny' */
  readonly hostedUi?: 'deny' | 'allow'
  /** GUARDED_CLIENT_IDS: app clients that Pre Token Generation guards. @default all */
  readonly guardedClientIds?: readonly string[]
  /** RECORD_EVENTS: logs each trigger event, redacted. @default false */
  readonly recordEvents?: boolean
}

export interface EmailCodeProps extends EmailCodeSettings {
  /** The pool that may call the functions. A pool that the same app creates gets the triggers as well. */
  readonly userPool: IUserPool
  /** The bare address that codes are sent from. The address or its domain is verified in SES. */
  readonly fromAddress: string
  /** The name shown with the address. @default none */
  readonly fromName?: string
  /** A verified SES identity that is neither the address nor its domain, such as a parent domain. @default none */
  readonly sesIdentity?: string
  /** LIMIT_TABLE: limits the mails to one user across sign-ins, with a DynamoDB table that counts them. @default true */
  readonly signInLimit?: boolean
  /** Version of the secret to deploy, to rotate it. @default the current version */
  readonly codeSecretVersionId?: string
  /** How long log lines are kept. @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays
  /** Where the alarms go. Without a topic they change state and notify no one. @default none */
  readonly alarmTopic?: ITopic
  /** Wrong codes within five minutes that raise the alarm. @default 50 */
  readonly wrongCodesAlarm?: number
  /** The directory of the four zips. @default those of this package, or of `npm run build` in a checkout */
  readonly directory?: string
}

/** Each function's own check of its settings. */
const CHECKS: Readonly<Record<TriggerName, (environment: Environment) => unknown>> = {
  'define-auth-challenge': readDefineSettings,
  'create-auth-challenge': readCreateSettings,
  'verify-auth-challenge-response': readVerifySettings,
  'pre-token-generation': readPreTokenSettings,
}

/** Metrics of log lines. `value` and `dimension` are fields of the line; a metric with neither counts from zero. */
const METRICS: readonly {
  readonly trigger: TriggerName
  readonly event: string
  readonly name: string
  readonly value?: string
  readonly dimension?: readonly [name: string, field: string]
}[] = [
  { trigger: 'create-auth-challenge', event: 'code-sent', name: 'CodesSent' },
  { trigger: 'create-auth-challenge', event: 'code-sent', name: 'MailTime', value: 'milliseconds' },
  { trigger: 'create-auth-challenge', event: 'code-not-sent', name: 'MailFailures' },
  {
    trigger: 'create-auth-challenge',
    event: 'code-not-sent',
    name: 'MailFailuresByCause',
    dimension: ['Failure', 'failure'],
  },
  { trigger: 'create-auth-challenge', event: 'mail-retried', name: 'MailRetries' },
  { trigger: 'create-auth-challenge', event: 'limited', name: 'CodesLimited' },
  { trigger: 'create-auth-challenge', event: 'limit-failed', name: 'LimitFailures' },
  { trigger: 'verify-auth-challenge-response', event: 'code-right', name: 'CodesRight' },
  { trigger: 'verify-auth-challenge-response', event: 'code-wrong', name: 'CodesWrong' },
  { trigger: 'verify-auth-challenge-response', event: 'code-expired', name: 'CodesExpired' },
  {
    trigger: 'define-auth-challenge',
    event: 'sign-in-refused',
    name: 'SignInsRefused',
    dimension: ['Reason', 'reason'],
  },
  {
    trigger: 'define-auth-challenge',
    event: 'tokens-issued',
    name: 'TokensIssued',
    dimension: ['Factor', 'factor'],
  },
  {
    trigger: 'pre-token-generation',
    event: 'tokens-refused',
    name: 'TokensRefused',
    dimension: ['Reason', 'reason'],
  },
]

const FIVE_MINUTES = Duration.minutes(5)

/**
 * A code by e-mail behind the password of a user pool.
 *
 * A pool that the app creates gets the triggers. CDK cannot change an imported pool: the construct then writes the four ARNs to
 * the outputs of the stack, and `npx cognito-email-code attach --stack-name NAME` attaches the triggers to the pool.
 * Either way the app client must allow `ALLOW_CUSTOM_AUTH` and no other flow that starts a sign-in.
 *
 * @throws SettingsError at synthesis, naming every setting that the functions would not start with
 * @example
 * const userPool = new UserPool(this, 'Users', { signInAliases: { email: true } })
 * userPool.addClient('Web', { authFlows: { custom: true }, preventUserExistenceErrors: true })
 * new EmailCode(this, 'EmailCode', { userPool, fromAddress: 'no-reply@example.com', codeTtlSeconds: 240 })
 */
export class EmailCode extends Construct {
  readonly defineAuthChallenge: LambdaFunction
  readonly createAuthChallenge: LambdaFunction
  readonly verifyAuthChallengeResponse: LambdaFunction
  readonly preTokenGeneration: LambdaFunction
  /** The secret that codes are derived from. */
  readonly codeSecret: Secret
  /** The table that counts the mails to each user; undefined with `signInLimit: false`. */
  readonly limitTable: Table | undefined
  /** The CloudWatch namespace of the metrics. */
  readonly metricNamespace: string
  readonly alarms: readonly Alarm[]

  /**
   * @param scope - the stack of the pool, if the app creates the pool
   * @param id - the name of the construct
   * @param props - the pool, the sender, and the settings that differ from their defaults
   */
  constructor(scope: Construct, id: string, props: EmailCodeProps) {
    super(scope, id)
    this.metricNamespace = `cognito-email-code/${this.node.path}`
    this.codeSecret = new Secret(this, 'CodeSecret', {
      description: 'cognito-email-code: derives the codes; docs/deploying.md tells how to rotate it',
      generateSecretString: {
        // 64 hexadecimal digits.
        passwordLength: 64,
        excludePunctuation: true,
        excludeUppercase: true,
        excludeCharacters: 'ghijklmnopqrstuvwxyz',
      },
    })

    this.limitTable = props.signInLimit === false ? undefined : limitTable(this)

    const environment = environmentOf(props, this.codeSecret, this.limitTable)
    const directory = props.directory ?? builtTriggers()
    const triggerFunction = (name: TriggerName) => this.addFunction(name, environment, directory, props)
    this.defineAuthChallenge = triggerFunction('define-auth-challenge')
    this.createAuthChallenge = triggerFunction('create-auth-challenge')
    this.verifyAuthChallengeResponse = triggerFunction('verify-auth-challenge-response')
    this.preTokenGeneration = triggerFunction('pre-token-generation')
    this.createAuthChallenge.addToRolePolicy(mailPolicy(Stack.of(this), props))
    this.limitTable?.grant(this.createAuthChallenge, 'dynamodb:UpdateItem')

    this.attach(props.userPool)
    this.alarms = this.addAlarms(props)
  }

  private addFunction(
    name: TriggerName,
    environment: Record<string, string>,
    directory: string,
    { logRetention = RetentionDays.ONE_MONTH }: EmailCodeProps,
  ): LambdaFunction {
    const logGroup = new LogGroup(this, `${name}-log`, {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    for (const { event, name: metricName, value, dimension } of METRICS.filter(it => it.trigger === name)) {
      new MetricFilter(this, metricName, {
        logGroup,
        // With Lambda's JSON format the fields of a line are under $.message.
        filterPattern: FilterPattern.literal(`{ $.message.event = "${event}" }`),
        metricNamespace: this.metricNamespace,
        metricName,
        metricValue: value === undefined ? '1' : `$.message.${value}`,
        unit: value === undefined ? Unit.COUNT : Unit.MILLISECONDS,
        ...(value === undefined && dimension === undefined && { defaultValue: 0 }),
        ...(dimension && { dimensions: { [dimension[0]]: `$.message.${dimension[1]}` } }),
      })
    }
    const role = new Role(this, `${name}-role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    logGroup.grantWrite(role)
    return new LambdaFunction(this, name, {
      role,
      description: `cognito-email-code: ${name}`,
      code: Code.fromAsset(join(directory, `${name}.zip`)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(5),
      loggingFormat: LoggingFormat.JSON,
      logGroup,
      environment: checkedSettings(name, environment),
    })
  }

  private attach(userPool: IUserPool): void {
    const triggers = [
      ['DefineAuthChallenge', UserPoolOperation.DEFINE_AUTH_CHALLENGE, this.defineAuthChallenge],
      ['CreateAuthChallenge', UserPoolOperation.CREATE_AUTH_CHALLENGE, this.createAuthChallenge],
      [
        'VerifyAuthChallengeResponse',
        UserPoolOperation.VERIFY_AUTH_CHALLENGE_RESPONSE,
        this.verifyAuthChallengeResponse,
      ],
      ['PreTokenGeneration', UserPoolOperation.PRE_TOKEN_GENERATION, this.preTokenGeneration],
    ] as const
    for (const [slot, operation, trigger] of triggers) {
      if (userPool instanceof UserPool) {
        userPool.addTrigger(operation, trigger)
        continue
      }
      trigger.addPermission('UserPool', {
        principal: new ServicePrincipal('cognito-idp.amazonaws.com'),
        sourceArn: userPool.userPoolArn,
        sourceAccount: Aws.ACCOUNT_ID,
      })
      // `attach --stack-name` reads these names; a second construct in the same stack is attached with the ARNs.
      const stack = Stack.of(this)
      const scope = stack.node.tryFindChild(`${slot}Arn`) === undefined ? stack : this
      new CfnOutput(scope, `${slot}Arn`, { value: trigger.functionArn })
    }
  }

  private addAlarms({ alarmTopic, wrongCodesAlarm = 50 }: EmailCodeProps): Alarm[] {
    const ofLogs = (metricName: string) =>
      new Metric({ namespace: this.metricNamespace, metricName, statistic: Stats.SUM, period: FIVE_MINUTES })
    const counted = { statistic: Stats.SUM, period: FIVE_MINUTES }
    const addAlarm = (id: string, metric: IMetric, threshold: number, alarmDescription: string) => {
      const alarm = new Alarm(this, `${id}Alarmed`, {
        alarmDescription,
        metric,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      })
      if (alarmTopic === undefined) return alarm
      alarm.addAlarmAction(new SnsAction(alarmTopic))
      alarm.addOkAction(new SnsAction(alarmTopic))
      return alarm
    }
    // Pre Token Generation refuses tokens by failing, so its errors raise no alarm; its timeouts do.
    const failing = [this.defineAuthChallenge, this.createAuthChallenge, this.verifyAuthChallengeResponse]
    return [
      addAlarm(
        'WrongCodes',
        ofLogs('CodesWrong'),
        wrongCodesAlarm,
        'Many wrong codes within five minutes; someone who has passwords may be guessing codes',
      ),
      addAlarm(
        'MailFailures',
        ofLogs('MailFailures'),
        1,
        'Codes could not be mailed; the log of create-auth-challenge says why',
      ),
      addAlarm(
        'CodesLimited',
        ofLogs('CodesLimited'),
        10,
        'Many requests for codes beyond the limit of a user; someone who has a password may be guessing codes',
      ),
      addAlarm(
        'LimitFailures',
        ofLogs('LimitFailures'),
        1,
        'The limit table did not answer; LIMIT_FAILURE says whether those mails were sent',
      ),
      ...failing.map(trigger =>
        addAlarm(
          `${trigger.node.id}-errors`,
          trigger.metricErrors(counted),
          1,
          `${trigger.node.id} failed to start, timed out, or failed; sign-ins end in an error`,
        ),
      ),
      addAlarm(
        'pre-token-generation-timeouts',
        this.preTokenGeneration.metricDuration({ statistic: Stats.MAXIMUM, period: FIVE_MINUTES }),
        5000,
        'pre-token-generation timed out; sign-ins end in an error',
      ),
      ...[...failing, this.preTokenGeneration].map(trigger =>
        addAlarm(
          `${trigger.node.id}-throttles`,
          trigger.metricThrottles(counted),
          1,
          `${trigger.node.id} was throttled; sign-ins end in an error until the account has concurrency for it`,
        ),
      ),
    ]
  }
}

/** Counts the mails to each user: keyed hashes and numbers, deleted after their day. */
function limitTable(scope: Construct): Table {
  return new Table(scope, 'LimitTable', {
    partitionKey: { name: 'user', type: AttributeType.STRING },
    sortKey: { name: 'day', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: 'expiresAt',
    encryption: TableEncryption.AWS_MANAGED,
    removalPolicy: RemovalPolicy.DESTROY,
  })
}

/** All settings as environment variables; those not given are left out. */
function environmentOf(
  props: EmailCodeProps,
  codeSecret: Secret,
  table: Table | undefined,
): Record<string, string> {
  const { fromAddress, fromName, codeSecretVersionId: versionId, recordEvents } = props
  const variables = {
    // CloudFormation resolves the secret when it deploys; no function may read it.
    CODE_SECRET: SecretValue.secretsManager(
      codeSecret.secretArn,
      versionId === undefined ? {} : { versionId },
    ).unsafeUnwrap(),
    FROM_ADDRESS: fromName === undefined ? fromAddress : `${fromName} <${fromAddress}>`,
    APP_NAME: props.appName,
    CODE_LENGTH: props.codeLength,
    CODE_TTL_SECONDS: props.codeTtlSeconds,
    MAX_ATTEMPTS: props.maxAttempts,
    MAX_SENDS: props.maxSends,
    RESEND_AFTER_SECONDS: props.resendAfterSeconds,
    LIMIT_TABLE: table?.tableName,
    MAX_CODES_PER_HOUR: props.maxCodesPerHour,
    MAX_CODES_PER_DAY: props.maxCodesPerDay,
    LIMIT_FAILURE: props.limitFailure,
    NATIVE_MFA: props.nativeMfa,
    UNVERIFIED_EMAIL: props.unverifiedEmail,
    DEFAULT_LOCALE: props.defaultLocale,
    BRAND_COLOR: props.brandColor,
    MAIL_FOOTER: props.mailFooter,
    REPLY_TO_ADDRESS: props.replyToAddress,
    SES_CONFIGURATION_SET: props.sesConfigurationSet,
    SES_FALLBACK_REGION: props.sesFallbackRegion,
    HOSTED_UI: props.hostedUi,
    GUARDED_CLIENT_IDS: props.guardedClientIds?.join(','),
    RECORD_EVENTS: recordEvents === undefined ? undefined : recordEvents ? 'on' : 'off',
  }
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  )
}

/** The settings of one function. @throws SettingsError if the function would not start with them */
function checkedSettings(name: TriggerName, environment: Record<string, string>): Record<string, string> {
  const settings = settingNamesOf(name)
  const own = Object.entries(environment).filter(([setting]) => settings.includes(setting))
  // What only CloudFormation knows cannot be checked here; what is required is then replaced by an example.
  const known = own.filter(([, value]) => !Token.isUnresolved(value))
  CHECKS[name]({
    CODE_SECRET: '0123456789abcdef'.repeat(4),
    FROM_ADDRESS: 'no-reply@example.com',
    ...Object.fromEntries(known),
  })
  return Object.fromEntries(own)
}

/** Allows mails from the one address, through its identities and any configuration set that they have by default. */
function mailPolicy(
  { partition, region, account }: Stack,
  { fromAddress, sesIdentity, sesFallbackRegion }: EmailCodeProps,
): PolicyStatement {
  const identities = [fromAddress, Fn.select(1, Fn.split('@', fromAddress)), sesIdentity]
  const names = [
    ...identities.filter(identity => identity !== undefined).map(identity => `identity/${identity}`),
    'configuration-set/*',
  ]
  const regions = sesFallbackRegion === undefined ? [region] : [region, sesFallbackRegion]
  return new PolicyStatement({
    actions: ['ses:SendEmail', 'ses:SendRawEmail'],
    resources: regions.flatMap(it => names.map(name => `arn:${partition}:ses:${it}:${account}:${name}`)),
    conditions: { StringEquals: { 'ses:FromAddress': fromAddress } },
  })
}

/** The directory of the zips: beside this file in the package, in `dist` of a checkout or of the working directory. */
function builtTriggers(): string {
  // A bundler that writes CommonJS leaves no address of the module.
  const here: string | undefined = import.meta.url
  const start = here?.startsWith('file:') ? dirname(fileURLToPath(here)) : process.cwd()
  const candidates = [...ancestors(start), process.cwd()].flatMap(directory => [
    directory,
    join(directory, 'dist'),
  ])
  const found = candidates.find(directory => existsSync(join(directory, 'define-auth-challenge.zip')))
  if (found !== undefined) return found
  throw new Error(
    'The built triggers were not found. Run `npm run build`, or set `directory` to where the four zips are.',
  )
}

function ancestors(directory: string): string[] {
  const parent = dirname(directory)
  return parent === directory ? [directory] : [directory, ...ancestors(parent)]
}
