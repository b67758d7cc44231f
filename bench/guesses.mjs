// Computes how many codes somebody who has the password can guess, and the chance to hit one, with and without the limit.
import { parseArgs } from 'node:util'

const HELP = `Usage: npm run bench -- guesses [options]

Computes how many codes somebody who has the password can guess, and the chance to hit one, with and without the limit.
Prints the table that SECURITY.md holds.

Options (defaults are those of the settings):
  --max-attempts N, --max-sends N, --max-codes-per-day N, --wrong-codes-alarm N
  --user-calls-per-second N, --calls-per-second N  Cognito's default quotas for one user and for an account
  --help  print this text
`

const { values } = parseArgs({
  options: {
    'max-attempts': { type: 'string', default: '3' },
    'max-sends': { type: 'string', default: '3' },
    'max-codes-per-day': { type: 'string', default: '30' },
    'wrong-codes-alarm': { type: 'string', default: '50' },
    // Developer guide, "Quotas in Amazon Cognito": InitiateAuth and RespondToAuthChallenge of one user.
    'user-calls-per-second': { type: 'string', default: '10' },
    // The same page: the category UserAuthentication, of a whole account in a region.
    'calls-per-second': { type: 'string', default: '120' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit()
}
const number = name => {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a positive integer.`)
}
const [maxAttempts, maxSends] = [number('max-attempts'), number('max-sends')]

const CODE_LENGTHS = [6, 8, 10]
const SECONDS_PER_DAY = 86_400
const DAYS = 30

/** The most that any client reaches, whatever its ClientMetadata: functions/guesses.test.ts. Usually it is MAX_ATTEMPTS. */
const guessesPerSignIn = maxAttempts + maxSends
/** InitiateAuth, the answer to PASSWORD_VERIFIER, and one for each guess. */
const callsPerSignIn = 2 + guessesPerSignIn
const [ofUser, ofAccount] = [number('user-calls-per-second'), number('calls-per-second')]
/** Answers to challenges have three times the quota; those beyond it count toward the quota itself, as InitiateAuth does. */
const answersOfAccount = 3 * ofAccount
const signInsOfAccount = Math.min(ofAccount, (ofAccount + answersOfAccount) / callsPerSignIn)
const guessesAt = signInsPerSecond => Math.floor(signInsPerSecond * guessesPerSignIn * SECONDS_PER_DAY)
const perDay = [
  {
    name: `Cognito's quota for one user (${ofUser} calls per second)`,
    guesses: guessesAt(ofUser / callsPerSignIn),
  },
  {
    name: `only its quota for the account (${ofAccount} calls and ${answersOfAccount} answers per second)`,
    guesses: guessesAt(signInsOfAccount),
  },
  {
    name: `below the alarm (${number('wrong-codes-alarm')} wrong codes in 5 minutes)`,
    guesses: ((number('wrong-codes-alarm') - 1) * SECONDS_PER_DAY) / 300,
  },
  {
    name: `with \`LIMIT_TABLE\` (${number('max-codes-per-day')} mails, ${guessesPerSignIn} guesses each)`,
    guesses: number('max-codes-per-day') * guessesPerSignIn,
  },
]

/** The chance that at least one of so many guesses, each of a code of its own, is right. */
function chance(guesses, codeLength) {
  return -Math.expm1(guesses * Math.log1p(-(10 ** -codeLength)))
}

/** Two digits that count; never 100 % for what can still fail. */
function percent(share) {
  if (share > 0.99) return '> 99 %'
  const value = share * 100
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(value)))
  return `${value.toFixed(decimals)} %`
}

const headings = CODE_LENGTHS.map(length => `${length} digits: a day, ${DAYS} days`)
const rows = perDay.map(({ name, guesses }) => [
  name,
  guesses.toLocaleString('en'),
  ...CODE_LENGTHS.map(length => [1, DAYS].map(days => percent(chance(guesses * days, length))).join(', ')),
])
const lines = [
  ['guesses of one user', 'a day', ...headings],
  ['---', ...headings.map(() => '---'), '---'],
  ...rows,
]
process.stdout.write(lines.map(cells => `| ${cells.join(' | ')} |\n`).join(''))
