// Findings on the users: who cannot be sent a code, and whose address is not verified.
import { shellCommand } from '../../command/shell.ts'
import { ourFunction, type PoolFacts } from '../pool-facts.ts'
import { settingOf } from '../trigger-settings.ts'
import { cognitoCommand, counted, deployCommand, type Finding } from './finding.ts'

export function userFindings(facts: PoolFacts): Finding[] {
  const { users } = facts
  if (users === undefined) return []
  const { looked, withoutAddress, unverified } = users
  const found: Finding[] = []
  if (withoutAddress.length > 0) {
    found.push({
      id: 'users-without-email',
      level: 'high',
      // Verification before the update: API reference, AdminUpdateUserAttributes and UserAttributeUpdateSettingsType.
      what: `${countedOf(withoutAddress, looked)} no e-mail address: ${someOf(withoutAddress)}`,
      why:
        'No code can be mailed to them, so they cannot sign in. The command gives the first of them an address, and leaves it ' +
        'unverified, because nobody has proven that the mailbox is theirs. Whoever reads it gets the codes. Setting email_verified ' +
        'to true as well claims such a proof: do it only if you have one, such as an answer from that mailbox. A pool with ' +
        'UNVERIFIED_EMAIL=refuse, or one that verifies an address before it counts (finding email-change-unverified), needs it.',
      fix: cognitoCommand(facts, 'admin-update-user-attributes', {
        username: withoutAddress[0] ?? '',
        'user-attributes': 'Name=email,Value=ADDRESS-OF-THE-USER',
      }),
    })
  }
  if (unverified.length > 0) {
    found.push({
      id: 'users-unverified-email',
      level: 'medium',
      what: `${countedOf(unverified, looked)} an e-mail address that is not verified: ${someOf(unverified)}`,
      why:
        'It is not proven that the mailbox is theirs: the code may go to someone else. Only the user can prove it: when they are ' +
        'signed in, let the app mail a code (sendUserAttributeVerificationCode of Amplify, or this command) and confirm it ' +
        '(confirmUserAttribute). Setting email_verified as an administrator proves nothing.',
      fix: shellCommand('aws cognito-idp get-user-attribute-verification-code', {
        region: facts.region,
        'access-token': 'ACCESS-TOKEN-OF-THE-USER',
        'attribute-name': 'email',
      }),
    })
  }
  return [...found, ...unverifiedAllowed(facts, users.complete && unverified.length === 0)]
}

/** @param allVerified every user of the pool was looked at, and every address is verified */
function unverifiedAllowed(facts: PoolFacts, allVerified: boolean): Finding[] {
  const create = ourFunction(facts, 'CreateAuthChallenge')
  if (!allVerified || create === undefined || settingOf(create, 'UNVERIFIED_EMAIL') !== 'send') return []
  return [
    {
      id: 'unverified-email-allowed',
      level: 'low',
      what: 'UNVERIFIED_EMAIL is send, and every user has a verified address',
      why: 'With refuse, an address that someone changes without proof gets no code, and no present user is affected.',
      fix: deployCommand(facts, 'UnverifiedEmail=refuse'),
    },
  ]
}

function countedOf(names: readonly string[], looked: number): string {
  return `${names.length} of ${counted(looked, 'user')} ${names.length === 1 ? 'has' : 'have'}`
}

function someOf(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`
}
