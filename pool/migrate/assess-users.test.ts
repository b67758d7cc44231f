// migrate assess against the pool of the rehearsal: what it says of the users in the sample.
import { AdminSetUserMFAPreferenceCommand } from '@aws-sdk/client-cognito-identity-provider'
import { expect, test } from '@jest/globals'
import { stringAt } from '../../command/json.ts'
import { startLocalUserPool } from '../../local/local-user-pool.ts'
import { REHEARSAL } from '../../local/rehearsal.ts'
import { sdkFor } from '../../testing/local-pool.ts'
import { migrate, usersOf } from '../../testing/migration-run.ts'
import { type CommandRun, jsonOf } from '../../testing/pool-run.ts'

function customTextOf(result: CommandRun, id: string): string | undefined {
  const { lines } = jsonOf(result)
  const line = Array.isArray(lines) ? lines.find(each => stringAt(each, 'id') === id) : undefined
  return stringAt(line, 'custom')
}

test('it reports the languages of the users, and their own factors when asked for them', async () => {
  const users = REHEARSAL.users.slice(0, 20).map((user, index) => ({
    ...user,
    attributes: { ...user.attributes, ...(index < 5 ? { locale: index < 3 ? 'de-AT' : 'fr' } : {}) },
  }))
  const pool = await startLocalUserPool({ ...REHEARSAL, users })
  try {
    const { userPoolId: UserPoolId } = pool
    const factor = { Username: 'person-001@example.com', EmailMfaSettings: { Enabled: true } }
    await sdkFor(pool).send(new AdminSetUserMFAPreferenceCommand({ UserPoolId, ...factor }))
    const plain = await migrate(pool, ['assess', '--json'])
    expect(customTextOf(plain, 'mail')).toContain('Languages of the users looked at: de 3, fr 2.')
    expect(customTextOf(plain, 'other-factors')).toContain('--factors N')
    expect(usersOf(pool.calls, 'AdminGetUser')).toEqual([])
    const sampled = await migrate(pool, ['assess', '--json', '--factors', '4'])
    expect(customTextOf(sampled, 'other-factors')).toContain('Factors of 4 users: EMAIL_OTP 1.')
    expect(usersOf(pool.calls, 'AdminGetUser')).toHaveLength(4)
  } finally {
    await pool.close()
  }
})
