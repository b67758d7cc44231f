// What both ways cost a month for one pool, and what moving its users costs once. Pure; the prices are data.
import { PLAN_PRICES, PRICES } from './assess-prices.ts'

export type CostInput = {
  readonly tier: string
  /** Users with any activity in a month. */
  readonly activeUsers: number
  /** Users who would be moved. */
  readonly movedUsers: number
  /** Sign-ins with a code of one active user in a month. */
  readonly signInsPerUser: number
  readonly hasLimitTable: boolean
}

export type CostItem = { readonly name: string; readonly dollars: number }

export type CostEstimate = {
  readonly custom: readonly CostItem[]
  readonly native: readonly CostItem[]
  /** Moving a user is an activity: Cognito bills those who were not active in that month otherwise. */
  readonly once: readonly CostItem[]
  readonly assumptions: readonly string[]
}

/** Calls of a sign-in: Define 3, Create, Verify and Pre Token Generation 1 each. */
const CALLS = 6
/** Gigabyte-seconds of a sign-in: 0.3 s of Create and five calls of 0.02 s, all with 512 MB. Assumed, above what docs/evidence.md measures warm. */
const GIGABYTE_SECONDS = (0.3 + 5 * 0.02) * 0.5
/** Resources of template.yaml that cost the same however many sign-ins there are. */
const ALARMS = 12
const METRICS = 20

/** @returns both ways by month. A plan that is not known counts as Essentials. */
export function costEstimate(input: CostInput): CostEstimate {
  const { activeUsers, movedUsers, signInsPerUser, hasLimitTable } = input
  const tier = planOf(input.tier)
  const nativeTier = tier === 'LITE' ? 'ESSENTIALS' : tier
  const signIns = activeUsers * signInsPerUser
  const mail = { name: 'SES, one mail for each sign-in', dollars: signIns * PRICES.mail.dollars }
  const users = (plan: keyof typeof PLAN_PRICES, count: number) => ({
    name: `Cognito, ${plan.toLowerCase()} plan`,
    dollars: planCost(plan, count),
  })
  return {
    custom: [
      users(tier, activeUsers),
      mail,
      {
        name: 'Lambda',
        dollars:
          signIns *
          (CALLS * PRICES.lambdaRequest.dollars + GIGABYTE_SECONDS * PRICES.lambdaGigabyteSecond.dollars),
      },
      { name: 'DynamoDB, limit table', dollars: hasLimitTable ? signIns * PRICES.tableWrite.dollars : 0 },
      {
        name: 'Secret, metrics, alarms, dashboard',
        dollars:
          PRICES.secret.dollars +
          ALARMS * PRICES.alarm.dollars +
          METRICS * PRICES.metric.dollars +
          PRICES.dashboard.dollars,
      },
    ],
    native: [users(nativeTier, activeUsers), mail],
    once: [
      {
        name: 'Moved users who are not active in that month otherwise',
        dollars: planCost(nativeTier, Math.max(activeUsers, movedUsers)) - planCost(nativeTier, activeUsers),
      },
    ],
    assumptions: [
      `${activeUsers} monthly active users with ${signInsPerUser} sign-ins each (--active-users, --sign-ins-per-user).`,
      'List prices of us-east-1 in US dollars. Free tiers count for Cognito only, and as if this pool had them alone.',
      `A sign-in is ${CALLS} calls of functions with the memory of template.yaml; ${ALARMS} alarms and about ${METRICS} metrics.`,
      'Log storage, data transfer, taxes and federated users are left out.',
    ],
  }
}

export function totalOf(items: readonly CostItem[]): number {
  return items.reduce((sum, { dollars }) => sum + dollars, 0)
}

function planOf(tier: string): keyof typeof PLAN_PRICES {
  return tier === 'LITE' || tier === 'PLUS' ? tier : 'ESSENTIALS'
}

function planCost(plan: keyof typeof PLAN_PRICES, users: number): number {
  const { freeUsers, steps } = PLAN_PRICES[plan]
  let from = freeUsers
  let dollars = 0
  for (const { upTo, price } of steps) {
    dollars += Math.max(0, Math.min(users, upTo) - from) * price.dollars
    from = Math.max(from, upTo)
  }
  return dollars
}
