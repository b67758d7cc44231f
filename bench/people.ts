// The people who sign in for the measurements: half of them have a temporary password, and each reads the own mail.
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { isJsonObject, type JsonObject, objectAt, parseJsonObject, stringAt } from '../command/json.ts'
import type { LocalUser, LocalUserPool } from '../local/local-user-pool.ts'
import { startSrp } from '../pool/probe/srp-client.ts'
import { readSentMail } from '../recording/raw-mail.ts'
import type { SesStandIn } from '../recording/ses-stand-in.ts'

const PASSWORD = 'Permanent-1'
const TEMPORARY = 'Temporary-1'

export type SignInTarget = Pick<LocalUserPool, 'endpoint' | 'userPoolId' | 'clientId'>

/** Finds the code of a mail by its address and its reference. */
export function mailReader(ses: SesStandIn): (address: string, reference: string) => string | undefined {
  const codes = new Map<string, string>()
  let read = 0
  return (address, reference) => {
    for (; read < ses.requests.length; read += 1) {
      const { to, subject, text } = readSentMail(ses.requests[read]?.parameters ?? new URLSearchParams())
      const [code = ''] = text.split('\n')
      codes.set(`${to} ${referenceIn(subject)}`, code)
    }
    return codes.get(`${address} ${reference}`)
  }
}

function referenceIn(subject: string): string {
  return /\b[BCDFGHJKLMNPQRSTVWXZ]{4}\b/.exec(subject)?.[0] ?? ''
}

export class PoolError extends Error {}

/** `fetch` takes several times as long, and the clients are not what is measured. */
const agent = new Agent({ keepAlive: true })

async function call(pool: SignInTarget, operation: string, body: object): Promise<JsonObject> {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
  }
  const sent = request(pool.endpoint, { method: 'POST', agent, headers })
  const answered = once(sent, 'response')
  sent.end(JSON.stringify(body))
  const [response]: IncomingMessage[] = await answered
  if (response === undefined) throw new Error('no answer')
  const answer = parseJsonObject(await text(response))
  if (response.statusCode === 200) return answer
  throw new PoolError(`${stringAt(answer, '__type') ?? ''}: ${stringAt(answer, 'message') ?? ''}`)
}

export type Participant = { readonly username: string; readonly isNew: boolean; password: string }

/** @param count how many; the users of a pool that knows them: `localUsersOf` */
export function people(count: number): Participant[] {
  return Array.from({ length: count }, (_, index) => {
    const isNew = index % 2 === 0
    return { username: `person-${index}@example.com`, isNew, password: isNew ? TEMPORARY : PASSWORD }
  })
}

export function localUsersOf(persons: readonly Participant[]): LocalUser[] {
  return persons.map(({ username, isNew, password }) => ({
    username,
    password,
    status: isNew ? 'FORCE_CHANGE_PASSWORD' : 'CONFIRMED',
    attributes: { email_verified: 'true' },
  }))
}

/** One sign-in from the user name to the tokens. @throws PoolError with what the pool answered instead */
export async function signIn(
  pool: SignInTarget,
  person: Participant,
  codeFor: (challenge: JsonObject) => string,
) {
  const { username } = person
  const ClientId = pool.clientId
  const srp = startSrp()
  const started = await call(pool, 'InitiateAuth', {
    AuthFlow: 'CUSTOM_AUTH',
    ClientId,
    AuthParameters: { USERNAME: username, SRP_A: srp.srpA, CHALLENGE_NAME: 'SRP_A' },
  })
  const respond = (before: JsonObject, responses: object) =>
    call(pool, 'RespondToAuthChallenge', {
      ClientId,
      ChallengeName: stringAt(before, 'ChallengeName'),
      Session: stringAt(before, 'Session'),
      ChallengeResponses: { USERNAME: username, ...responses },
    })
  const parameters = Object.fromEntries(
    Object.entries(objectAt(started, 'ChallengeParameters')).map(([name, value]) => [name, String(value)]),
  )
  const question = { userPoolId: pool.userPoolId, password: person.password, parameters }
  let answer = await respond(started, srp.proof(question))
  if (stringAt(answer, 'ChallengeName') === 'NEW_PASSWORD_REQUIRED') {
    // Saved whatever comes next.
    const before = answer
    person.password = PASSWORD
    answer = await respond(before, { NEW_PASSWORD: PASSWORD })
  }
  while (stringAt(answer, 'ChallengeName') === 'CUSTOM_CHALLENGE') {
    answer = await respond(answer, { ANSWER: codeFor(objectAt(answer, 'ChallengeParameters')) })
  }
  if (!isJsonObject(answer['AuthenticationResult'])) throw new PoolError('no tokens')
}
