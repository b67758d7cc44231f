// What the AWS SDK has to know in Lambda, from the environment: it would look for the same in files and through a chain of
// providers, and load each of them.

/**
 * The settings of a client whose requests are sent once. The names are those of the SDK's own variables (AWS SDKs and
 * Tools Reference Guide); Lambda sets the credentials and the region.
 */
export function lambdaClientSettings(region: string) {
  const { env } = process
  return {
    region,
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'legacy' as const,
    authSchemePreference: [],
    userAgentAppId: env['AWS_SDK_UA_APP_ID'] ?? '',
    useFipsEndpoint: env['AWS_USE_FIPS_ENDPOINT'] === 'true',
    useDualstackEndpoint: env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    credentials: async () => ({
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(env['AWS_SESSION_TOKEN'] && { sessionToken: env['AWS_SESSION_TOKEN'] }),
    }),
  }
}
