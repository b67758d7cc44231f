// What the commands use of SES: see ../aws.ts.
export {
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetConfigurationSetEventDestinationsCommand,
  GetEmailIdentityCommand,
  GetSuppressedDestinationCommand,
  SESv2Client as Client,
} from '@aws-sdk/client-sesv2'
