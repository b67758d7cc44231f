// Findings on the pool itself: other factors, ways back to a forgotten password, changes of the address.
import { member, stringAt, stringsAt } from '../../command/json.ts'
import { ourFunction, type PoolFacts } from '../pool-facts.ts'
import type { TriggerFunction } from '../trigger-functions.ts'
import { settingOf } from '../trigger-settings.ts'
import type { PoolChange, PoolState } from '../user-pool.ts'
import { mayWriteEmail } from './clients.ts'
import { checkCommand, cognitoCommand, deployCommand, type Finding, fixCommand } from './finding.ts'

export function poolFindings(facts: PoolFacts): Finding[] {
  return [
    ...nativeMfa(facts),
    ...deviceTracking(facts),
    ...recoveryByEmail(facts),
    ...unverifiedChanges(facts),
    ...federatedUsers(facts),
    ...userImport(facts),
  ]
}

function nativeMfa(facts: PoolFacts): Finding[] {
  const mode = facts.mfaConfiguration ?? stringAt(facts.userPool, 'MfaConfiguration') ?? 'OFF'
  if (mode === 'OFF') return []
  const found: Finding[] = [
    {
      id: 'native-mfa',
      level: mode === 'ON' ? 'high' : 'medium',
      what: `Cognito's own MFA is ${mode}`,
      why:
        'Cognito then asks for its own factor after the password, and reports differ on whether Define is called ' +
        'afterwards (amplify-js #3876, #4888): users may be asked for no code, or for both.' +
        (mode === 'ON'
          ? ' A user without a factor sets one up with the password alone (MFA_SETUP); where Define is not called ' +
            'afterwards, that is enough for tokens.'
          : ''),
      fix: cognitoCommand(facts, 'set-user-pool-mfa-config', { 'mfa-configuration': 'OFF' }),
    },
  ]
  const enrolment = enrolmentRisk(mode, ourFunction(facts, 'DefineAuthChallenge'))
  if (enrolment !== undefined) {
    found.push({
      id: 'native-mfa-enrolment',
      level: 'high',
      what: enrolment.what,
      why: enrolment.why,
      fix: deployCommand(facts, 'NativeMfa=accept-email'),
    })
  }
  return found
}

/** What is wrong if a factor that was set up with the password alone stands in for the code; undefined if none does. */
export function enrolmentRisk(
  mfaConfiguration: string | undefined,
  define: TriggerFunction | undefined,
): { readonly what: string; readonly why: string } | undefined {
  if (mfaConfiguration !== 'ON' || settingOf(define, 'NATIVE_MFA') !== 'accept-any') return undefined
  return {
    what: "Cognito's own MFA is ON and NATIVE_MFA is accept-any",
    why:
      'A user without a factor must set one up right after the password (MFA_SETUP). A person who has only the password can ' +
      'set up an authenticator app of their own; from the next sign-in on it counts instead of the code, and no mail is ' +
      'sent. accept-email accepts only a passed EMAIL_OTP in place of the code.',
  }
}

function deviceTracking(facts: PoolFacts): Finding[] {
  if (member(facts.userPool, 'DeviceConfiguration') === null) return []
  return [
    {
      id: 'device-tracking',
      level: 'medium',
      what: 'Device tracking is on (DeviceConfiguration is set)',
      why: 'Device challenges come after the code, and clients that do not answer them stop there.',
      fix: fixCommand(facts, 'device-tracking'),
      change: poolChange(({ DeviceConfiguration: _, ...userPool }) => userPool),
    },
  ]
}

/**
 * "In the absence of this setting, Amazon Cognito uses the legacy behavior to determine the recovery method where SMS is
 * preferred over email" (API reference, AccountRecoverySetting): e-mail is a way then too.
 */
function recoveryByEmail(facts: PoolFacts): Finding[] {
  const mechanisms = member(facts.userPool, 'AccountRecoverySetting', 'RecoveryMechanisms')
  const names = Array.isArray(mechanisms) ? mechanisms.flatMap(it => stringAt(it, 'Name') ?? []) : []
  if (names.length > 0 && !names.includes('verified_email')) return []
  return [
    {
      id: 'recovery-by-email',
      level: 'medium',
      what:
        names.length === 0
          ? 'A forgotten password can be reset by e-mail: AccountRecoverySetting is not set, so SMS is used where a phone number is verified, and e-mail otherwise'
          : `A forgotten password can be reset by e-mail (AccountRecoverySetting: ${names.join(', ')})`,
      why:
        'Anyone who can read the mailbox can reset the password and receive the code: the mailbox is both factors. Ways out: ' +
        'admin_only, as the fix sets it (users who forget their password need your support); verified_phone_number only ' +
        '(users need a verified number, and each SMS costs); or reset on a server of your own that asks for more than the ' +
        'mailbox. If you accept it, ignore this finding.',
      fix: fixCommand(facts, 'recovery-by-email'),
      change: poolChange(userPool => ({
        ...userPool,
        AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] },
      })),
    },
  ]
}

const VERIFIED_BEFORE_UPDATE = ['UserAttributeUpdateSettings', 'AttributesRequireVerificationBeforeUpdate']

function unverifiedChanges(facts: PoolFacts): Finding[] {
  if (stringsAt(facts.userPool, ...VERIFIED_BEFORE_UPDATE).includes('email')) return []
  if (facts.clients !== undefined && !facts.clients.some(mayWriteEmail)) return []
  return [
    {
      id: 'email-change-unverified',
      level: 'medium',
      what: 'A user can change the address without proving that the new one is theirs (AttributesRequireVerificationBeforeUpdate lacks email)',
      why:
        'Anyone who has an access token, stolen or not, can call UpdateUserAttributes, and the next code goes to the new ' +
        'address. The fix keeps the old address until the new one is verified; email must then be among ' +
        'AutoVerifiedAttributes, and the fix adds it there.',
      fix: fixCommand(facts, 'email-change-unverified'),
      change: poolChange(userPool => ({
        ...userPool,
        AutoVerifiedAttributes: withEmail(stringsAt(userPool, 'AutoVerifiedAttributes')),
        UserAttributeUpdateSettings: {
          AttributesRequireVerificationBeforeUpdate: withEmail(
            stringsAt(userPool, ...VERIFIED_BEFORE_UPDATE),
          ),
        },
      })),
    },
  ]
}

function withEmail(names: readonly string[]): string[] {
  return [...new Set([...names, 'email'])]
}

function federatedUsers(facts: PoolFacts): Finding[] {
  const providers = facts.identityProviders ?? []
  if (providers.length === 0) return []
  return [
    {
      id: 'federated-users',
      level: 'low',
      what: `Federated users sign in through ${providers.join(', ')}`,
      why: 'They are not asked for a code here: their own identity provider must ask for a second factor. Once it does, ignore this finding.',
      fix: checkCommand(facts, { ignore: 'federated-users' }),
    },
  ]
}

function userImport(facts: PoolFacts): Finding[] {
  const { importJob } = facts
  if (importJob === undefined) return []
  return [
    {
      id: 'user-import',
      level: 'low',
      what: `The user import job ${importJob} is running`,
      why: 'Cognito refuses updates of the pool meanwhile, so attach, detach and fix do not work. Wait, or stop it.',
      fix: cognitoCommand(facts, 'stop-user-import-job', { 'job-id': importJob }),
    },
  ]
}

function poolChange(change: (userPool: PoolState['userPool']) => PoolState['userPool']): PoolChange {
  return { clientIds: [], apply: state => ({ ...state, userPool: change(state.userPool) }) }
}
