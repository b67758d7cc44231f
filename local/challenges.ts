// A sign-in between two requests: what is known of it, and the challenge that waits for an answer.
import type { AppClient } from './app-client.ts'
import type { SrpExchange } from './srp.ts'
import type { ChallengeEntry, CreateAnswer, DefineAnswer } from './triggers.ts'
import type { NativeFactor, User } from './users.ts'

export type Flow = 'CUSTOM_AUTH' | 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH' | 'ADMIN_USER_PASSWORD_AUTH'

/** What is known of a sign-in at any of its steps. */
export interface PendingSignIn {
  readonly flow: Flow
  readonly client: AppClient
  /** undefined: there is no such user, and PreventUserExistenceErrors hides it. */
  readonly user: User | undefined
  /** As the user typed it. */
  readonly typedName: string
  /** The name inside the pool, or a simulated one for a user who does not exist. */
  readonly username: string
  readonly srpA: string | undefined
  /** `session` of the trigger events. */
  readonly entries: readonly ChallengeEntry[]
  /** What Define answered before NEW_PASSWORD_REQUIRED, where the pool behaves like that. */
  readonly decided: DefineAnswer | undefined
  readonly passwordChanged: boolean
  readonly usedNativeFactor: boolean
}

/** What Create made, less what the client has been told. */
export type CustomChallenge = Omit<CreateAnswer, 'publicChallengeParameters'>

/** The code went to this address, which the user may have changed since. */
export interface EmailChallenge {
  readonly name: 'EMAIL_OTP'
  readonly code: string
  readonly address: string
}

export type Challenge =
  | { readonly name: 'PASSWORD_VERIFIER'; readonly exchange: SrpExchange }
  | { readonly name: 'NEW_PASSWORD_REQUIRED' }
  | ({ readonly name: 'CUSTOM_CHALLENGE' } & CustomChallenge)
  | EmailChallenge
  | { readonly name: 'SOFTWARE_TOKEN_MFA' }
  | { readonly name: 'SELECT_MFA_TYPE'; readonly factors: readonly NativeFactor[] }
  | {
      readonly name: 'MFA_SETUP'
      readonly factors: readonly NativeFactor[]
      readonly secret?: string
      readonly verified: boolean
    }
  /** A built-in name that Define made up: Cognito passes it on and does no work for it (amplify-flutter #4890). */
  | { readonly name: 'ECHO'; readonly shown: string }

/** What a session string stands for. */
export interface OpenChallenge {
  readonly signIn: PendingSignIn
  readonly challenge: Challenge
}

/** ClientMetadata of the current request; never stored. */
export type ClientMetadata = Readonly<Record<string, string>> | undefined

/** The entry of a challenge of Cognito's own that was answered rightly. */
export function passedEntry(challengeName: string): ChallengeEntry {
  return { challengeName, challengeResult: true, challengeMetadata: null }
}
