// Which trigger an event is for: the one table that import and replay share.
import type { TriggerName } from '../local/trigger-process.ts'

/** One table of the AWS documentation prints the short name for Verify; real events carry the long one. */
const TRIGGER_OF_SOURCE: readonly (readonly [source: RegExp, trigger: TriggerName])[] = [
  [/^DefineAuthChallenge_/, 'define-auth-challenge'],
  [/^CreateAuthChallenge_/, 'create-auth-challenge'],
  [/^VerifyAuthChallenge(Response)?_/, 'verify-auth-challenge-response'],
  [/^TokenGeneration_/, 'pre-token-generation'],
]

/** @returns undefined for triggers that this project does not have. */
export function triggerOfSource(source: unknown): TriggerName | undefined {
  if (typeof source !== 'string') return undefined
  return TRIGGER_OF_SOURCE.find(([pattern]) => pattern.test(source))?.[1]
}
