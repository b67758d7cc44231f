// A CDK construct for the four triggers: copy it into your app, together with the zips of `npm run build`.
import { Aws, Duration, SecretValue, Stack } from 'aws-cdk-lib'
import { type IUserPool, UserPool, UserPoolOperation } from 'aws-cdk-lib/aws-cognito'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'

export interface EmailCodeProps {
  /** The pool that may call the functions. One that this app makes gets the triggers as well. */
  readonly userPool: IUserPool
  /** The bare address that codes are sent from; it or its domain is verified in SES. */
  readonly fromAddress: string
  /** The name shown with it. */
  readonly fromName?: string
  /** Other settings by their names, such as `{ CODE_TTL_SECONDS: '240' }`. Each function gets those that it reads. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where `npm run build` put the zips; `dist` unless you say otherwise. */
  readonly directory?: string
}

/** Which function reads which setting, besides CODE_SECRET and FROM_ADDRESS. */
const READS = {
  'define-auth-challenge': ['MAX_ATTEMPTS', 'MAX_SENDS', 'NATIVE_MFA', 'RECORD_EVENTS'],
  'create-auth-challenge': [
    'APP_NAME',
    'CODE_LENGTH',
    'CODE_TTL_SECONDS',
    'MAX_ATTEMPTS',
    'MAX_SENDS',
    'RESEND_AFTER_SECONDS',
    'UNVERIFIED_EMAIL',
    'DEFAULT_LOCALE',
    'REPLY_TO_ADDRESS',
    'SES_CONFIGURATION_SET',
    'SES_FALLBACK_REGION',
    'RECORD_EVENTS',
  ],
  'verify-auth-challenge-response': ['CODE_LENGTH', 'MAX_ATTEMPTS', 'RECORD_EVENTS'],
  'pre-token-generation': ['HOSTED_UI', 'GUARDED_CLIENT_IDS', 'RECORD_EVENTS'],
} as const

export class EmailCode extends Construct {
  readonly defineAuthChallenge: LambdaFunction
  readonly createAuthChallenge: LambdaFunction
  readonly verifyAuthChallengeResponse: LambdaFunction
  readonly preTokenGeneration: LambdaFunction

  constructor(scope: Construct, id: string, props: EmailCodeProps) {
    super(scope, id)
    const { userPool, fromAddress, fromName } = props
    const secret = new Secret(this, 'CodeSecret', {
      description: 'cognito-email-code: derives the codes',
      generateSecretString: {
        // 64 hexadecimal digits.
        passwordLength: 64,
        excludePunctuation: true,
        excludeUppercase: true,
        excludeCharacters: 'ghijklmnopqrstuvwxyz',
      },
    })
    // Resolved by CloudFormation when it deploys; the functions may not read the secret themselves.
    const codeSecret = { CODE_SECRET: SecretValue.secretsManager(secret.secretArn).unsafeUnwrap() }
    const from = { FROM_ADDRESS: fromName === undefined ? fromAddress : `${fromName} <${fromAddress}>` }

    this.defineAuthChallenge = this.makeFunction('define-auth-challenge', props, {})
    this.createAuthChallenge = this.makeFunction('create-auth-challenge', props, { ...codeSecret, ...from })
    this.verifyAuthChallengeResponse = this.makeFunction('verify-auth-challenge-response', props, codeSecret)
    this.preTokenGeneration = this.makeFunction('pre-token-generation', props, {})
    this.createAuthChallenge.addToRolePolicy(mailRight(props))

    const triggers = [
      [UserPoolOperation.DEFINE_AUTH_CHALLENGE, this.defineAuthChallenge],
      [UserPoolOperation.CREATE_AUTH_CHALLENGE, this.createAuthChallenge],
      [UserPoolOperation.VERIFY_AUTH_CHALLENGE_RESPONSE, this.verifyAuthChallengeResponse],
      [UserPoolOperation.PRE_TOKEN_GENERATION, this.preTokenGeneration],
    ] as const
    for (const [operation, trigger] of triggers) {
      if (userPool instanceof UserPool) {
        userPool.addTrigger(operation, trigger)
        continue
      }
      // CDK cannot put triggers on a pool that it did not make: `npm run pool -- attach` does that.
      trigger.addPermission('UserPool', {
        principal: new ServicePrincipal('cognito-idp.amazonaws.com'),
        sourceArn: userPool.userPoolArn,
        sourceAccount: Aws.ACCOUNT_ID,
      })
    }
  }

  private makeFunction(
    name: keyof typeof READS,
    { settings = {}, directory = 'dist' }: EmailCodeProps,
    environment: Record<string, string>,
  ): LambdaFunction {
    const own = Object.entries(settings).filter(([setting]) => READS[name].some(read => read === setting))
    return new LambdaFunction(this, name, {
      description: `cognito-email-code: ${name}`,
      code: Code.fromAsset(`${directory}/${name}.zip`),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: name === 'create-auth-challenge' ? 512 : 128,
      timeout: Duration.seconds(5),
      loggingFormat: LoggingFormat.JSON,
      logGroup: new LogGroup(this, `${name}-log`, { retention: RetentionDays.ONE_MONTH }),
      environment: { ...Object.fromEntries(own), ...environment },
    })
  }
}

/** To send from this address, through it or its domain, and as nobody else. */
function mailRight({ userPool, fromAddress, settings = {} }: EmailCodeProps): PolicyStatement {
  const stack = Stack.of(userPool)
  const { SES_CONFIGURATION_SET: configurationSet, SES_FALLBACK_REGION: fallbackRegion } = settings
  const names = [
    `identity/${fromAddress}`,
    `identity/${fromAddress.split('@')[1]}`,
    ...(configurationSet === undefined ? [] : [`configuration-set/${configurationSet}`]),
  ]
  const regions = [stack.region, ...(fallbackRegion === undefined ? [] : [fallbackRegion])]
  return new PolicyStatement({
    actions: ['ses:SendEmail'],
    resources: regions.flatMap(region =>
      names.map(name => `arn:${stack.partition}:ses:${region}:${stack.account}:${name}`),
    ),
    conditions: { StringEquals: { 'ses:FromAddress': fromAddress } },
  })
}
