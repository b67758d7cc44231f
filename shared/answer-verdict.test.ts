// What Verify decides about an answer, at every limit.
import { expect, test } from '@jest/globals'
import { verifyEvent } from '../testing/sample-events.ts'
import { type AnswerVerdict, judgeAnswer } from './answer-verdict.ts'
import { deriveCode, keyIdOf } from './code.ts'
import { readTriggerEvent } from './trigger-event.ts'

const [SECRET, OLD_SECRET] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)] as const
const SETTINGS = {
  codeSecrets: [SECRET, OLD_SECRET],
  codeLength: 6,
  maxAttempts: 3,
  recordEvents: false,
} as const
const EXPIRES_AT = Date.UTC(2026, 10, 24)
const ROUND = {
  passwordStep: 'PASSWORD_VERIFIER',
  nonce: 'ab'.repeat(16),
  keyId: keyIdOf(SECRET),
  expiresAt: String(EXPIRES_AT),
  wrongCodes: '0',
}

const EVENT = readTriggerEvent(verifyEvent(ROUND, ''))
const codeOf = (secret: Buffer) => deriveCode(secret, { ...EVENT, nonce: ROUND.nonce }, 6)

type Given = { round?: Record<string, string>; answer?: string; request?: object; now?: number }

function verdictOn({
  round = ROUND,
  answer = codeOf(SECRET),
  request = {},
  now = EXPIRES_AT - 1,
}: Given = {}) {
  return judgeAnswer(readTriggerEvent(verifyEvent(round, answer, request)), SETTINGS, now)
}

const RESEND = { clientMetadata: { action: 'resend' } }
const SPENT = { ...ROUND, wrongCodes: '3' }
const UNSEEN = { ...ROUND, passwordStep: 'PASSWORD_NOT_SEEN' }

const CASES: readonly (readonly [string, AnswerVerdict, Given])[] = [
  ['the code, in the last millisecond of its time', 'right', {}],
  ['the code, when its time is over', 'expired', { now: EXPIRES_AT }],
  ['another code', 'wrong', { answer: codeOf(OLD_SECRET) }],
  [
    'the code of the second secret, for its own round',
    'right',
    { round: { ...ROUND, keyId: keyIdOf(OLD_SECRET) }, answer: codeOf(OLD_SECRET) },
  ],
  ['the code, when its secret is gone', 'expired', { round: { ...ROUND, keyId: 'ffffffff' } }],
  ['the code, with one attempt left', 'right', { round: { ...ROUND, wrongCodes: '2' } }],
  ['the code, with no attempt left', 'no-attempts-left', { round: SPENT }],
  ['the code, with less than none left', 'no-attempts-left', { round: { ...ROUND, wrongCodes: '4' } }],
  ['the code, in a request for a new mail', 'resend-asked', { request: RESEND }],
  ['a request for a new mail, with no attempt left', 'resend-asked', { round: SPENT, request: RESEND }],
  ['the code, without the record of the password step', 'no-password-step', { round: UNSEEN }],
  [
    'a request for a new mail, without the record of the password step',
    'no-password-step',
    { round: UNSEEN, request: RESEND },
  ],
  ['the code, for a user who does not exist', 'no-password-step', { request: { userNotFound: true } }],
  ['the code, without a round', 'unknown-round', { round: {} }],
]

test.each(CASES)('%s: %s', (_, verdict, given) => {
  expect(verdictOn(given)).toBe(verdict)
})
