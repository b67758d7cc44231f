// The numbers about guessing in SECURITY.md are those that the script computes, from the defaults of the settings.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { member } from '../command/json.ts'
import { MAX_ATTEMPTS, MAX_CODES_PER_DAY, MAX_SENDS } from '../shared/setting-descriptors.ts'
import { readTemplate } from '../testing/cloudformation-template.ts'

const run = (...options: string[]) =>
  execFileSync(process.execPath, ['bench/guesses.mjs', ...options], { encoding: 'utf8', stdio: 'pipe' })

describe('the chance to guess a code', () => {
  test('is in SECURITY.md as the script prints it', () => {
    expect(readFileSync('SECURITY.md', 'utf8')).toContain(`\n\n${run()}\n`)
  })

  test('is computed from the defaults of the settings and of the alarm', () => {
    const template = readTemplate(readFileSync('template.yaml', 'utf8'))
    const defaults = {
      'max-attempts': MAX_ATTEMPTS.default,
      'max-sends': MAX_SENDS.default,
      'max-codes-per-day': MAX_CODES_PER_DAY.default,
      'wrong-codes-alarm': member(template, 'Parameters', 'WrongCodesAlarm', 'Default'),
    }
    expect(run(...Object.entries(defaults).map(([name, value]) => `--${name}=${value}`))).toBe(run())
  })

  test('is near the number of guesses over the number of codes, as long as that is small', () => {
    const [, guesses = '', six = ''] = /\| with .* \| ([\d,]+) \| ([\d.]+) %/.exec(run()) ?? []
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
