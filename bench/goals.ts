// Goals and ratios that the documents state of the measurements, beside those of the cold start.
import type { Cost } from './cost.ts'
import { markdownTable } from './measure.ts'
import type { Warm } from './warm.ts'

export type SignIns = {
  readonly rows: readonly { readonly clients: number; readonly median: number }[]
}

const met = (isMet: boolean) => (isMet ? 'met' : '**missed**')

/** The sign-ins per second that the local user pool is to reach, and that more clients are not to lower. */
export function signInGoals({ rows }: SignIns): string {
  const rate = (clients: number) => rows.find(row => row.clients === clients)?.median ?? Number.NaN
  const best = Math.max(...rows.map(({ median }) => median))
  const ratio = rate(32) / rate(8)
  return markdownTable(
    ['sign-ins per second', 'measured', 'goal', ''],
    [
      ['highest median', best.toFixed(1), 'at least 100', met(best >= 100)],
      ['32 clients, to 8', ratio.toFixed(2), 'no fall: at least 1', met(ratio >= 1)],
    ],
  )
}

/** How a warm call grows from no wrong code to the most that were measured. */
export function warmRatios({ rows }: Warm): string {
  const time = (trigger: string, wrongCodes: number) =>
    rows.find(row => row.trigger === trigger && row.wrongCodes === wrongCodes)?.microseconds ?? Number.NaN
  const ratio = (trigger: string, from: number) => (time(trigger, 9) / time(trigger, from)).toFixed(2)
  return markdownTable(
    ['ratio of times on the clock', 'measured'],
    [
      ['`define-auth-challenge`, 9 wrong codes to none', ratio('define-auth-challenge', 0)],
      ['`create-auth-challenge` without a mail, 9 wrong codes to 3', ratio('create-auth-challenge', 3)],
    ],
  )
}

/** Lambda with 512 MB, every call warm. */
export function totalsOf({ lambda, mail, table, users }: Cost): { triggers: number; native: number } {
  const warm = lambda.find(({ create, others }) => create === 512 && others === 512)?.warm ?? Number.NaN
  return { triggers: warm + mail + table + users.lite, native: mail + users.essentials }
}

export function costRatios(cost: Cost): string {
  const { triggers, native } = totalsOf(cost)
  const lambda = (megabytes: number) =>
    cost.lambda.find(({ create, others }) => create === megabytes && others === megabytes)
  const [most, few] = [lambda(512), lambda(128)]
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
