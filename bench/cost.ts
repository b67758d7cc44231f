// What a million sign-ins cost with the triggers, from the times that were measured, and with Cognito's own e-mail MFA.

import { readFileSync } from 'node:fs'
import { TRIGGER_NAMES, type TriggerName } from '../local/trigger-process.ts'
import { costEstimate } from '../pool/migrate/assess-cost.ts'
import { PRICES } from '../pool/migrate/assess-prices.ts'
import { type Benchmark, markdownTable } from './measure.ts'
import type { ProcessorShare } from './processor-share.ts'

const SIGN_INS = 1_000_000
const SIGN_INS_PER_USER = 4

/** Calls of a sign-in with a right code. */
const CALLS: Readonly<Record<TriggerName, number>> = {
  'define-auth-challenge': 3,
  'create-auth-challenge': 1,
  'verify-auth-challenge-response': 1,
  'pre-token-generation': 1,
}

/** How long SES takes to answer; the server of the measurement answers at once. An assumption. */
const SES_MILLISECONDS = 150

/** Memory sizes of Create, and of the other three. */
const SIZES = [
  { create: 128, others: 128 },
  { create: 512, others: 128 },
  { create: 512, others: 512 },
  { create: 1024, others: 1024 },
  { create: 1769, others: 1769 },
] as const

type Size = { readonly create: number; readonly others: number }
/** US dollars of Lambda: all calls in warm processes, and each call as the first of its process, its start included. */
type Row = Size & { readonly warm: number; readonly cold: number }

export type Cost = {
  readonly signIns: number
  readonly lambda: readonly Row[]
  readonly mail: number
  readonly table: number
  readonly users: { readonly lite: number; readonly essentials: number }
}

export const cost: Benchmark<Cost> = {
  help: `A million sign-ins in US dollars, from docs/evidence/processor-share.json and the prices of pool/migrate/assess-prices.ts.`,
  runs: 1,

  async measure() {
    const share: ProcessorShare = JSON.parse(readFileSync('docs/evidence/processor-share.json', 'utf8'))
    const activeUsers = SIGN_INS / SIGN_INS_PER_USER
    const usersOf = (tier: string) =>
      costEstimate({
        tier,
        activeUsers,
        movedUsers: 0,
        signInsPerUser: SIGN_INS_PER_USER,
        hasLimitTable: true,
      }).custom[0]?.dollars ?? Number.NaN
    return {
      signIns: SIGN_INS,
      lambda: SIZES.map(size => ({
        ...size,
        warm: lambdaDollars(share, size, 'warm'),
        cold: lambdaDollars(share, size, 'cold'),
      })),
      mail: SIGN_INS * PRICES.mail.dollars,
      table: SIGN_INS * PRICES.tableWrite.dollars,
      users: { lite: usersOf('LITE'), essentials: usersOf('ESSENTIALS') },
    }
  },

  table(cost) {
    const { lambda, mail, table, users } = cost
    const dollars = (amount: number) => `$${amount.toFixed(2)}`
    const rows = lambda.map(({ create, others, warm, cold }) => [
      `${create} MB, ${others} MB`,
      dollars(warm),
      dollars(cold),
    ])
    return `${markdownTable(['memory of Create, of the others', 'Lambda, every call warm', 'Lambda, every call cold'], rows)}

${markdownTable(
  ['besides', 'triggers', "Cognito's e-mail MFA"],
  [
    ['SES, a mail each', dollars(mail), dollars(mail)],
    ['DynamoDB, the limit', dollars(table), '-'],
    [
      `Cognito, ${SIGN_INS / SIGN_INS_PER_USER} users`,
      `${dollars(users.lite)} (Lite)`,
      `${dollars(users.essentials)} (Essentials)`,
    ],
  ],
)}

${ratiosTable(cost)}

US dollars for a million sign-ins, ${SIGN_INS_PER_USER} of each user in a month, list prices of us-east-1 (pool/migrate/assess-prices.ts tells their
dates and sources). SES takes ${SES_MILLISECONDS} ms to answer, an assumption. Secret, alarms, metrics and logs are left out.`
  },

  goals: () => [],
}

/** What the chart and the totals are for. */
export const COST_TITLE = `A million sign-ins, ${SIGN_INS_PER_USER} of each user in a month`

/** The memory of the template, in MB. */
const MEMORY = 512

/** With SES and Cognito; every call of Lambda warm. */
export function totalsOf({ lambda, mail, table, users }: Cost): { triggers: number; native: number } {
  const warm = atMemory(lambda, MEMORY)?.warm ?? Number.NaN
  return { triggers: warm + mail + table + users.lite, native: mail + users.essentials }
}

function atMemory(lambda: readonly Row[], megabytes: number): Row | undefined {
  return lambda.find(({ create, others }) => create === megabytes && others === megabytes)
}

function ratiosTable(cost: Cost): string {
  const { triggers, native } = totalsOf(cost)
  const [most, few] = [atMemory(cost.lambda, MEMORY), atMemory(cost.lambda, 128)]
  const ratio = (kind: 'warm' | 'cold') => (Number(most?.[kind]) / Number(few?.[kind])).toFixed(2)
  return markdownTable(
    ['ratio of dollars', 'computed'],
    [
      [
        'everything with the triggers on Lite, to native e-mail MFA on Essentials',
        (triggers / native).toFixed(2),
      ],
      ['Lambda with 512 MB to 128 MB, every call warm', ratio('warm')],
      ['Lambda with 512 MB to 128 MB, every call cold', ratio('cold')],
    ],
  )
}

function lambdaDollars({ rows }: ProcessorShare, { create, others }: Size, kind: 'warm' | 'cold'): number {
  const gigabyteSeconds = TRIGGER_NAMES.map(trigger => {
    const isCreate = trigger === 'create-auth-challenge'
    const megabytes = isCreate ? create : others
    const row = rows.find(candidate => candidate.trigger === trigger && candidate.megabytes === megabytes)
    const milliseconds = (row?.[kind] ?? Number.NaN) + (isCreate ? SES_MILLISECONDS : 0)
    // Lambda bills whole milliseconds.
    return (CALLS[trigger] * Math.ceil(milliseconds) * megabytes) / 1024 / 1000
  }).reduce((sum, one) => sum + one)
  const calls = Object.values(CALLS).reduce((sum, one) => sum + one)
  const dollars = calls * PRICES.lambdaRequest.dollars + gigabyteSeconds * PRICES.lambdaGigabyteSecond.dollars
  return Number((SIGN_INS * dollars).toFixed(2))
}
