// A local user pool to which the functions of a stack are attached, in the account of the rehearsal.
import type { LocalUserPoolOptions } from '../local/local-user-pool.ts'
import { rehearsalAccount, STACK_NAME } from '../local/rehearsal.ts'
import { TRIGGER_NAMES } from '../local/trigger-process.ts'
import { ACCOUNT_ID, TRIGGER_MEMBERS } from '../local/user-pool.ts'

export const DEPLOYED = {
  triggers: false,
  region: 'us-east-1',
  userPool: {
    LambdaConfig: Object.fromEntries(
      TRIGGER_NAMES.map(trigger => [
        TRIGGER_MEMBERS[trigger],
        `arn:aws:lambda:us-east-1:${ACCOUNT_ID}:function:${STACK_NAME}-${trigger}`,
      ]),
    ),
  },
  account: rehearsalAccount,
} satisfies LocalUserPoolOptions
