// The numbers about guessing in SECURITY.md are those that the script computes, from the defaults of the settings.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, jest, test } from '@jest/globals'
import { member } from '../command/json.ts'
import { Clock } from '../local/clock.ts'
import { Quotas, quotaRates } from '../local/quotas.ts'
import { MAX_ATTEMPTS, MAX_CODES_PER_DAY, MAX_SENDS } from '../shared/setting-descriptors.ts'
import { readTemplate } from '../testing/cloudformation-template.ts'

const run = (...options: string[]) =>
  execFileSync(process.execPath, ['bench/guesses.mjs', ...options], { encoding: 'utf8', stdio: 'pipe' })

const PRINTED = run()

const SECONDS_PER_DAY = 86_400

/**
 * How many wrong codes the quotas let through in a second, when each sign-in makes as many guesses as it can.
 * @param nameOf who signs in, by the number of the sign-in
 */
function guessesInASecond(nameOf: (signIn: number) => string): number {
  const callsPerSignIn = 2 + MAX_ATTEMPTS.default + MAX_SENDS.default
  const seconds = callsPerSignIn
  const clock = jest.spyOn(Date, 'now')
  const quotas = new Quotas(new Clock(), quotaRates(true))
  let calls = 0
  for (let second = 0; second < seconds; second += 1) {
    clock.mockReturnValue(second * 1000)
    while (isTaken(quotas, calls % callsPerSignIn, nameOf(Math.floor(calls / callsPerSignIn)))) calls += 1
  }
  clock.mockRestore()
  return ((calls / callsPerSignIn) * (callsPerSignIn - 2)) / seconds
}

function isTaken(quotas: Quotas, step: number, USERNAME: string): boolean {
  const operation = step === 0 ? 'InitiateAuth' : 'RespondToAuthChallenge'
  const names = step === 0 ? { AuthParameters: { USERNAME } } : { ChallengeResponses: { USERNAME } }
  try {
    quotas.count(operation, names, name => name)
    return true
  } catch {
    return false
  }
}

describe('the chance to guess a code', () => {
  test('is in SECURITY.md as the script prints it', () => {
    expect(readFileSync('SECURITY.md', 'utf8')).toContain(`\n\n${PRINTED}\n`)
  })

  test('is computed from the defaults of the settings and of the alarm', () => {
    const template = readTemplate(readFileSync('template.yaml', 'utf8'))
    const defaults = {
      'max-attempts': MAX_ATTEMPTS.default,
      'max-sends': MAX_SENDS.default,
      'max-codes-per-day': MAX_CODES_PER_DAY.default,
      'wrong-codes-alarm': member(template, 'Parameters', 'WrongCodesAlarm', 'Default'),
    }
    expect(run(...Object.entries(defaults).map(([name, value]) => `--${name}=${value}`))).toBe(PRINTED)
  })

  test('is computed from the quotas that the local user pool has', () => {
    const [ofUser, ofAccount] = [...PRINTED.matchAll(/quota .* \| ([\d,]+) \|/g)].map(([, guesses = '']) =>
      Number(guesses.replaceAll(',', '')),
    )
    expect(ofUser).toBe(guessesInASecond(() => 'one') * SECONDS_PER_DAY)
    expect(ofAccount).toBe(guessesInASecond(number => `user ${number}`) * SECONDS_PER_DAY)
  })

  test('is near the number of guesses over the number of codes, as long as that is small', () => {
    const [, guesses = '', six = ''] = /\| with .* \| ([\d,]+) \| ([\d.]+) %/.exec(PRINTED) ?? []
    expect(Number(six) / 100).toBeCloseTo(Number(guesses.replace(',', '')) / 1_000_000, 5)
  })

  test('grows with the mails of a day', () => {
    const chance = (mails: string) =>
      Number(/\| with .* \| [\d,]+ \| ([\d.]+) %/.exec(run(`--max-codes-per-day=${mails}`))?.[1])
    expect(chance('60') / chance('30')).toBeCloseTo(2, 1)
  })

  test('is not computed from what is no positive integer', () => {
    expect(() => run('--max-attempts=0')).toThrow('--max-attempts must be a positive integer.')
  })
})
