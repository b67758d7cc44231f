// The description of the pool: reading it, the reset of what an update leaves out, and what is refused.
import {
  DescribeUserPoolCommand,
  GetUserPoolMfaConfigCommand,
  ListIdentityProvidersCommand,
  ListUserImportJobsCommand,
  ListUserPoolsCommand,
  SetUserPoolMfaConfigCommand,
  type SetUserPoolMfaConfigCommandInput,
  UpdateUserPoolCommand,
  type UpdateUserPoolCommandInput,
  type UserPoolType,
} from '@aws-sdk/client-cognito-identity-provider'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sdkFor } from '../../testing/local-pool.ts'
import { type LocalUserPool, startLocalUserPool } from '../local-user-pool.ts'

let pool: LocalUserPool

beforeEach(async () => {
  pool = await startLocalUserPool()
})

afterEach(() => pool.close())

async function describe(): Promise<UserPoolType> {
  const { UserPool } = await sdkFor(pool).send(new DescribeUserPoolCommand({ UserPoolId: pool.userPoolId }))
  if (UserPool === undefined) throw new Error('no user pool')
  return UserPool
}

function update(settings: Omit<UpdateUserPoolCommandInput, 'UserPoolId'>) {
  return sdkFor(pool).send(new UpdateUserPoolCommand({ UserPoolId: pool.userPoolId, ...settings }))
}

function setMfa(settings: Omit<SetUserPoolMfaConfigCommandInput, 'UserPoolId'>) {
  return sdkFor(pool).send(new SetUserPoolMfaConfigCommand({ UserPoolId: pool.userPoolId, ...settings }))
}

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:example'
const DEVELOPER = {
  EmailSendingAccount: 'DEVELOPER',
  SourceArn: 'arn:aws:ses:us-east-1:123456789012:identity/example.com',
} as const

test('the description is that of a pool in use, with the four triggers attached', async () => {
  const description = await describe()
  expect(description).toMatchObject({
    Id: pool.userPoolId,
    Name: 'example',
    UsernameAttributes: ['email'],
    EstimatedNumberOfUsers: 2,
    CreationDate: expect.any(Date),
    EmailConfiguration: { EmailSendingAccount: 'DEVELOPER' },
    UserPoolTier: 'ESSENTIALS',
  })
  expect(Object.keys(description.LambdaConfig ?? {}).sort()).toEqual([
    'CreateAuthChallenge',
    'DefineAuthChallenge',
    'PreTokenGeneration',
    'PreTokenGenerationConfig',
    'VerifyAuthChallengeResponse',
  ])
  const { UserPools } = await sdkFor(pool).send(new ListUserPoolsCommand({ MaxResults: 10 }))
  expect(UserPools).toMatchObject([{ Id: pool.userPoolId, Name: 'example' }])
})

test('UpdateUserPool resets what it is not given, all but the tier', async () => {
  await update({ AutoVerifiedAttributes: ['email'] })
  const description = await describe()
  expect(description).toMatchObject({
    AutoVerifiedAttributes: ['email'],
    LambdaConfig: {},
    DeletionProtection: 'INACTIVE',
    MfaConfiguration: 'OFF',
    EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' },
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: false },
    UserPoolTags: {},
    UserPoolTier: 'ESSENTIALS',
    Name: 'example',
    UsernameAttributes: ['email'],
  })
  expect(description.AccountRecoverySetting).toBeUndefined()
  expect(description.UserAttributeUpdateSettings).toBeUndefined()
})

test('UpdateUserPool leaves the MFA mode and each member of Policies that it is not given', async () => {
  const PasswordPolicy = { MinimumLength: 14, TemporaryPasswordValidityDays: 30 }
  await update({ Policies: { PasswordPolicy, SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD'] } } })
  await setMfa({ MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } })
  const SignInPolicy = { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP'] } as const
  await update({
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: [...SignInPolicy.AllowedFirstAuthFactors] } },
  })
  await update({ UserPoolTags: { a: 'b' } })
  const description = await describe()
  expect(description.MfaConfiguration).toBe('OPTIONAL')
  expect(description.Policies).toEqual({ PasswordPolicy, SignInPolicy })
  expect(description.AutoVerifiedAttributes).toBeUndefined()
})

test('what UpdateUserPool is given comes back unchanged, unknown members too', async () => {
  const response = await fetch(pool.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.UpdateUserPool' },
    body: JSON.stringify({
      UserPoolId: pool.userPoolId,
      MemberOfTomorrow: { deep: [1, 2] },
      UserPoolTags: { a: 'b' },
    }),
  })
  expect(response.status).toBe(200)
  const body = JSON.stringify({ UserPoolId: pool.userPoolId })
  const headers = { 'x-amz-target': 'AWSCognitoIdentityProviderService.DescribeUserPool' }
  const described = await (await fetch(pool.endpoint, { method: 'POST', headers, body })).json()
  expect(described.UserPool).toMatchObject({ MemberOfTomorrow: { deep: [1, 2] }, UserPoolTags: { a: 'b' } })
})

test('the description cannot be sent back as it is', async () => {
  const { Id: _id, ...description } = await describe()
  const { AdminCreateUserConfig, Policies, LambdaConfig } = description
  await expect(update({ AdminCreateUserConfig, Policies })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message:
      'Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays',
  })
  const { UnusedAccountValidityDays: _days, ...rest } = AdminCreateUserConfig ?? {}
  await update({ AdminCreateUserConfig: rest, Policies, LambdaConfig })
  expect((await describe()).LambdaConfig).toEqual(LambdaConfig)
  const raw = await fetch(pool.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.UpdateUserPool' },
    body: JSON.stringify({ UserPoolId: pool.userPoolId, SchemaAttributes: [], CreationDate: 1 }),
  })
  expect(raw.status).toBe(400)
  expect(await raw.json()).toEqual({
    __type: 'InvalidParameterException',
    message: 'UpdateUserPool does not take SchemaAttributes, CreationDate.',
  })
})

test('the two members of Pre Token Generation name one function', async () => {
  await expect(
    update({
      LambdaConfig: {
        PreTokenGeneration: ARN,
        PreTokenGenerationConfig: { LambdaVersion: 'V1_0', LambdaArn: `${ARN}-other` },
      },
    }),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' })
  await update({ LambdaConfig: { PreTokenGeneration: ARN } })
  expect((await describe()).LambdaConfig?.PreTokenGenerationConfig).toEqual({
    LambdaVersion: 'V1_0',
    LambdaArn: ARN,
  })
  await update({ LambdaConfig: { PreTokenGenerationConfig: { LambdaVersion: 'V2_0', LambdaArn: ARN } } })
  expect((await describe()).LambdaConfig?.PreTokenGeneration).toBe(ARN)
})

test('the ARN of a trigger may name an alias, not a version', async () => {
  await update({ LambdaConfig: { DefineAuthChallenge: `${ARN}:live` } })
  await expect(update({ LambdaConfig: { DefineAuthChallenge: `${ARN}:7` } })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  expect((await describe()).LambdaConfig).toEqual({ DefineAuthChallenge: `${ARN}:live` })
})

test('MFA needs a factor, and a factor needs MFA', async () => {
  await expect(setMfa({ MfaConfiguration: 'OPTIONAL' })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message:
      "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration.",
  })
  const SoftwareTokenMfaConfiguration = { Enabled: true }
  await expect(setMfa({ MfaConfiguration: 'OFF', SoftwareTokenMfaConfiguration })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
  })
  await expect(update({ MfaConfiguration: 'OPTIONAL' })).rejects.toMatchObject({
    message:
      'SMS configuration and Auto verification for phone_number are required when MFA is required/optional',
  })
  await setMfa({ MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration })
  await update({ MfaConfiguration: 'OPTIONAL' })
  const get = new GetUserPoolMfaConfigCommand({ UserPoolId: pool.userPoolId })
  expect(await sdkFor(pool).send(get)).toMatchObject({
    MfaConfiguration: 'OPTIONAL',
    SoftwareTokenMfaConfiguration,
  })
  expect((await describe()).MfaConfiguration).toBe('OPTIONAL')
})

test('email MFA needs SES, another way of account recovery, a tier above LITE and a place for the code', async () => {
  const email = (Message?: string) =>
    setMfa({
      MfaConfiguration: 'OPTIONAL',
      EmailMfaConfiguration: Message === undefined ? {} : { Message, Subject: 'Code' },
    })
  await expect(email('A message without the place')).rejects.toMatchObject({
    name: 'InvalidParameterException',
  })
  await update({})
  await expect(email()).rejects.toMatchObject({ name: 'InvalidParameterException' })
  await update({
    EmailConfiguration: DEVELOPER,
    AccountRecoverySetting: { RecoveryMechanisms: [{ Priority: 1, Name: 'verified_email' }] },
  })
  await expect(email()).rejects.toMatchObject({ name: 'InvalidParameterException' })
  await update({ EmailConfiguration: DEVELOPER, UserPoolTier: 'LITE' })
  await expect(email()).rejects.toMatchObject({ name: 'FeatureUnavailableInTierException' })
  await update({ EmailConfiguration: DEVELOPER, UserPoolTier: 'ESSENTIALS' })
  await email('The code is {####}')
  await expect(update({ MfaConfiguration: 'OPTIONAL', UserPoolTier: 'LITE' })).rejects.toMatchObject({
    name: 'TierChangeNotAllowedException',
  })
})

test('there are no imports of users and no identity providers', async () => {
  const { userPoolId: UserPoolId } = pool
  const imports = await sdkFor(pool).send(new ListUserImportJobsCommand({ UserPoolId, MaxResults: 10 }))
  expect(imports.UserImportJobs).toEqual([])
  const providers = await sdkFor(pool).send(new ListIdentityProvidersCommand({ UserPoolId }))
  expect(providers.Providers).toEqual([])
})

test('another pool than this one does not exist', async () => {
  const other = new DescribeUserPoolCommand({ UserPoolId: 'us-east-1_Other0000' })
  await expect(sdkFor(pool).send(other)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'User pool us-east-1_Other0000 does not exist.',
  })
})
