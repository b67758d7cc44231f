// The client's side of SRP: proves a password to Cognito without sending it.
import { randomBytes } from 'node:crypto'
import {
  GROUP_PRIME,
  power,
  privateKeyOf,
  SRP_MULTIPLIER,
  scramblerOf,
  signatureOf,
} from '../../local/srp.ts'

export type SrpClient = {
  /** SRP_A, hex. */
  readonly srpA: string
  /** The answer to PASSWORD_VERIFIER, without USERNAME. */
  proof(question: SrpQuestion): Record<string, string>
}

/** What the pool asked, and who answers. */
export type SrpQuestion = {
  readonly userPoolId: string
  readonly password: string
  /** ChallengeParameters of PASSWORD_VERIFIER. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Begins one proof; its number is used once. */
export function startSrp(): SrpClient {
  // 256 bits, as RFC 5054 (2.5.4) asks for at least; the Amplify client's 1,024 take four times as long.
  const a = BigInt(`0x${randomBytes(32).toString('hex')}`)
  const A = power(2n, a)
  return {
    srpA: A.toString(16),
    proof({ userPoolId, password, parameters }) {
      const { USER_ID_FOR_SRP = '', SALT = '0', SRP_B = '0', SECRET_BLOCK = '' } = parameters
      const B = BigInt(`0x${SRP_B}`)
      const u = scramblerOf(A, B)
      const x = privateKeyOf(userPoolId, USER_ID_FOR_SRP, password, SALT)
      const base = (B - SRP_MULTIPLIER * power(2n, x)) % GROUP_PRIME
      const S = power(base < 0n ? base + GROUP_PRIME : base, a + u * x)
      const timestamp = timestampOf(new Date())
      const proof = { userPoolId, userId: USER_ID_FOR_SRP, secretBlock: SECRET_BLOCK, timestamp }
      return {
        PASSWORD_CLAIM_SECRET_BLOCK: SECRET_BLOCK,
        PASSWORD_CLAIM_SIGNATURE: signatureOf(S, u, proof).toString('base64'),
        TIMESTAMP: timestamp,
      }
    },
  }
}

/** As Cognito wants it: `Mon Nov 3 09:05:07 UTC 2025`, the day without a leading zero. */
function timestampOf(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ')
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`
}
