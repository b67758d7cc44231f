// The part of @aws-amplify/backend that backend.ts uses, so that it can be checked here without its 574 packages.
declare module '@aws-amplify/backend' {
  import type { CfnUserPool, CfnUserPoolClient, IUserPool } from 'aws-cdk-lib/aws-cognito'

  interface AuthResources {
    readonly userPool: IUserPool
    readonly cfnResources: {
      readonly cfnUserPool: CfnUserPool
      readonly cfnUserPoolClient: CfnUserPoolClient
    }
  }
  interface AuthDefinition {
    readonly loginWith: { readonly email: true }
  }
  export function defineAuth(definition: AuthDefinition): { readonly resources: AuthResources }
  export function defineBackend<Parts extends { auth: unknown }>(parts: Parts): Parts
}
