// The list prices that assess counts with, in US dollars for us-east-1, each with its date and its source.

export type Price = {
  readonly dollars: number
  readonly per: string
  /** When the price was read, as YYYY-MM-DD. */
  readonly date: string
  readonly source: string
  /** Whether the price was found in a transcript of the source made on that date; otherwise it must be looked up. */
  readonly verified: boolean
}

/** The plans of a user pool by UserPoolTier: the users of a month that are free for the account, then each further one. */
export type PlanPrice = {
  readonly freeUsers: number
  /** Ascending; the last one has no end. */
  readonly steps: readonly { readonly upTo: number; readonly price: Price }[]
}

const COGNITO = 'https://aws.amazon.com/cognito/pricing/'

/** @param verified of the Lite steps only the first two are in the examples of the page */
function userPrice(dollars: number, verified = true): Price {
  return { dollars, per: 'monthly active user', date: '2026-09-20', source: COGNITO, verified }
}

export const PLAN_PRICES: Readonly<Record<'LITE' | 'ESSENTIALS' | 'PLUS', PlanPrice>> = {
  LITE: {
    freeUsers: 10_000,
    steps: [
      { upTo: 100_000, price: userPrice(0.0055) },
      { upTo: 1_000_000, price: userPrice(0.0046) },
      { upTo: 10_000_000, price: userPrice(0.00325, false) },
      { upTo: Number.POSITIVE_INFINITY, price: userPrice(0.0025, false) },
    ],
  },
  ESSENTIALS: { freeUsers: 10_000, steps: [{ upTo: Number.POSITIVE_INFINITY, price: userPrice(0.015) }] },
  PLUS: { freeUsers: 0, steps: [{ upTo: Number.POSITIVE_INFINITY, price: userPrice(0.02) }] },
}

/** The monthly cost of an account that is outside of every free tier. */
export const PRICES = {
  mail: {
    dollars: 0.0001,
    per: 'mail (SES without a pricing plan)',
    date: '2026-05-05',
    source: 'https://aws.amazon.com/ses/pricing/',
    verified: false,
  },
  lambdaRequest: {
    dollars: 0.0000002,
    per: 'call of a function',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/lambda/pricing/',
    verified: false,
  },
  lambdaGigabyteSecond: {
    dollars: 0.0000133334,
    per: 'GB-second on arm64',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/lambda/pricing/',
    verified: false,
  },
  tableWrite: {
    dollars: 0.000000625,
    per: 'write to the limit table',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    verified: false,
  },
  secret: {
    dollars: 0.4,
    per: 'secret and month',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
    verified: false,
  },
  alarm: {
    dollars: 0.1,
    per: 'alarm and month',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    verified: false,
  },
  metric: {
    dollars: 0.3,
    per: 'metric and month',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    verified: false,
  },
  dashboard: {
    dollars: 3,
    per: 'dashboard and month',
    date: '2026-11-24',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
    verified: false,
  },
} as const satisfies Record<string, Price>
