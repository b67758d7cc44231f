// The private parameters of a round: what Create keeps for Verify, written and read here alone.
import { mayReceiveCode, type Progress } from './challenge-sequence.ts'
import type { CodeRound } from './code-round.ts'

/** What Verify reads back. */
export type PrivateParameters = {
  /** The session showed the password step when the round began. */
  readonly passwordPassed: boolean
  readonly nonce: string
  /** '' in a round of a version that wrote none: no secret has that id. */
  readonly keyId: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly wrongCodes: number
}

/** As long as the record that it stands in for: the session that a client gets must not tell the two apart by its length. */
const NO_PASSWORD_RECORD = 'PASSWORD_NOT_SEEN'
const PASSWORD_RECORD = 'PASSWORD_VERIFIER'

/**
 * Writes the private parameters. Never empty: without any, Cognito answers as if the user did not exist
 * (amazon-cognito-passwordless-auth #214). Every value is text: Cognito takes nothing else.
 */
export function writePrivateParameters(
  round: CodeRound,
  progress: Progress,
  wrongCodes: number,
): Record<string, string> {
  return {
    passwordStep: mayReceiveCode(progress) ? PASSWORD_RECORD : NO_PASSWORD_RECORD,
    nonce: round.nonce,
    keyId: round.keyId,
    expiresAt: String(round.expiresAt),
    wrongCodes: String(wrongCodes),
  }
}

/** Reads the private parameters; undefined for what `writePrivateParameters` did not write. Never throws. */
export function readPrivateParameters(
  parameters: Readonly<Record<string, string>>,
): PrivateParameters | undefined {
  const { passwordStep, nonce, keyId = '' } = parameters
  const expiresAt = readCount(parameters['expiresAt'])
  const wrongCodes = readCount(parameters['wrongCodes'])
  if (nonce === undefined || expiresAt === undefined || wrongCodes === undefined) return undefined
  return { passwordPassed: passwordStep === PASSWORD_RECORD, nonce, keyId, expiresAt, wrongCodes }
}

function readCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
