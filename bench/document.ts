// Writes what the documents say of the measurements, from the files in docs/evidence/: tables, charts, the READMEs.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { barChart } from './chart.ts'
import { type ColdStart, coldStart, titleOf } from './cold-start.ts'
import { COST_TITLE, type Cost, cost, totalsOf } from './cost.ts'
import { markdownTable } from './measure.ts'
import { type Mutation, mutationTable, roomTable } from './mutation-table.ts'
import { type ProcessorShare, processorShare } from './processor-share.ts'
import { type SignIns, signInsTable } from './sign-ins-table.ts'
import { growsWithSignIn, type Warm, warm } from './warm.ts'

const HELP = `Usage: npm run bench -- document [--check]

Writes the tables of docs/evidence.md and of the READMEs, and the charts in docs/, from docs/evidence/*.json.

Options:
  --check  write nothing; exit with status 1 if a document is not what would be written
  --help   print this text
`

function resultOf(name: string) {
  return JSON.parse(readFileSync(`docs/evidence/${name}.json`, 'utf8'))
}

/** A file with each part between its two comments, `<!-- name -->` and `<!-- /name -->`, replaced. */
function withParts(file: string, parts: Readonly<Record<string, string>>): [string, string] {
  const text = Object.entries(parts).reduce(
    (whole, [name, part]) => {
      const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
      const [before, rest] = whole.split(start)
      const after = rest?.split(end)[1]
      if (after === undefined) throw new Error(`${file} has no part between ${start} and ${end}.`)
      return `${before}${start}\n\n${part}\n\n${end}${after}`
    },
    readFileSync(file, 'utf8'),
  )
  return [file, text]
}

/** The ways of the table in the READMEs, each by what it sends with. */
const WAYS = {
  'create-auth-challenge': 'create-auth-challenge',
  usual: '@aws-sdk/client-ses',
  'ses-v2': '@aws-sdk/client-sesv2',
  'http-api-fetch': 'fetch',
} as const

/** The rooms of testing/mutation/rooms.mjs in the READMEs. */
const ROOMS = {
  rules: 'rules of the code, settings, redaction, mail',
  handlers: 'handlers, and what they send and count with',
  texts: 'texts of the mail, descriptions of the settings',
  sending: 'sending through SES',
  client: 'driver',
  pool: 'what the pool commands change',
  writes: 'the order of their writes, and the way back',
  all: 'all of these',
}
const ROOMS_CHINESE: typeof ROOMS = {
  rules: '验证码规则、设置、脱敏、邮件',
  handlers: '处理函数及其发送与计数部分',
  texts: '邮件文本与设置说明',
  sending: '经 SES 发送',
  client: '登录驱动',
  pool: '用户池命令改动的内容',
  writes: '写入的顺序与失败后的还原',
  all: '合计',
}

function readmeTable({ rows }: ColdStart, headings: readonly [string, string, string]): string {
  const lines = Object.entries(WAYS).map(([name, way]) => {
    const row = rows.find(candidate => candidate.name === name)
    const times = [row?.load, row?.https].map(time => `${time?.processor.toFixed(0)} ms`)
    return `| \`${way}\` | ${times.join(' | ')} |`
  })
  return [`| ${headings.join(' | ')} |`, '|---|---|---|', ...lines].join('\n')
}

type OtherTitles = Readonly<Record<'signIns' | 'cold' | 'warm' | 'triggers' | 'native', string>>

const OTHERS: OtherTitles = {
  signIns: 'sign-ins per second through the local user pool, 1, 8 and 32 clients',
  cold: 'Create, first answer of a cold function with 512 MB, on the clock',
  warm: 'Define, a warm call, on the clock',
  triggers: 'a million sign-ins with the triggers on Lite, SES and Cognito included',
  native: 'the same with native e-mail MFA on Essentials',
}
const OTHERS_CHINESE: OtherTitles = {
  signIns: '本地用户池每秒完成的登录次数，1、8 和 32 个客户端',
  cold: 'Create，512 MB，冷启动到第一个回应，时钟时间',
  warm: 'Define，一次热调用，时钟时间',
  triggers: '一百万次登录，Lite 计划加这些触发器，含 SES 和 Cognito',
  native: '同上，Essentials 计划加自带的邮件 MFA',
}

type OtherResults = {
  readonly signIns: SignIns
  readonly processorShare: ProcessorShare
  readonly warm: Warm
  readonly cost: Cost
}

function otherMeasurements(
  results: OtherResults,
  headings: readonly [string, string],
  titles: OtherTitles,
): string {
  const { triggers, native } = totalsOf(results.cost)
  const cold = results.processorShare.rows.find(
    ({ trigger, megabytes }) => trigger === 'create-auth-challenge' && megabytes === 512,
  )?.cold
  const warmCall = results.warm.rows.find(({ trigger }) => trigger === 'define-auth-challenge')?.microseconds
  const dollars = (amount: number) => `$${Math.round(amount).toLocaleString('en-US')}`
  return markdownTable(
    ['', ...headings],
    [
      ['`sign-ins`', titles.signIns, results.signIns.rows.map(({ median }) => median.toFixed(0)).join(', ')],
      ['`processor-share`', titles.cold, `${cold?.toFixed(0)} ms`],
      ['`warm`', titles.warm, `${warmCall?.toFixed(0)} µs`],
      ['`cost`', titles.triggers, dollars(triggers)],
      ['`cost`', titles.native, dollars(native)],
    ],
  )
}

/** Every file that is made, with its text. */
function documents(): (readonly [string, string])[] {
  const results: {
    readonly coldStart: ColdStart
    readonly processorShare: ProcessorShare
    readonly warm: Warm
    readonly cost: Cost
    readonly mutation: Mutation
    readonly signIns: SignIns
  } = {
    coldStart: resultOf('cold-start'),
    processorShare: resultOf('processor-share'),
    warm: resultOf('warm'),
    cost: resultOf('cost'),
    mutation: resultOf('mutation'),
    signIns: resultOf('sign-ins'),
  }
  const mails = results.coldStart.rows.flatMap(({ name, https }) =>
    https === undefined ? [] : [{ name, https }],
  )
  const shares = results.processorShare.rows
  return [
    withParts('docs/evidence.md', {
      'cold-start': coldStart.table(results.coldStart),
      'processor-share': processorShare.table(results.processorShare),
      warm: warm.table(results.warm),
      cost: cost.table(results.cost),
      mutation: mutationTable(results.mutation),
      'sign-ins': signInsTable(results.signIns),
    }),
    withParts('README.md', {
      'cold-start': readmeTable(results.coldStart, ['', 'loading', 'process start to accepted mail']),
      mutation: roomTable(results.mutation, ['', 'changes', 'noticed', 'explained'], ROOMS),
      'other-measurements': otherMeasurements(results, ['what', 'measured or computed'], OTHERS),
    }),
    withParts('README.zh-CN.md', {
      'cold-start': readmeTable(results.coldStart, ['', '加载', '从进程启动到邮件被接受']),
      mutation: roomTable(results.mutation, ['', '改动', '被发现', '附有说明'], ROOMS_CHINESE),
      'other-measurements': otherMeasurements(results, ['内容', '测得或算得'], OTHERS_CHINESE),
    }),
    [
      'docs/cold-start.svg',
      barChart(
        'From the start of a process to the first accepted mail',
        'milliseconds of processor time, mail over TLS',
        mails.map(({ name, https }) => ({
          label: titleOf(name).replaceAll('`', ''),
          value: https.processor,
          isOwn: name === 'create-auth-challenge',
        })),
      ),
    ],
    [
      'docs/processor-share.svg',
      barChart(
        'First answer of a cold function, by its memory size',
        'milliseconds on the clock, from the start of the process',
        shares.map(({ trigger, megabytes, cold }) => ({
          label: `${trigger}, ${megabytes} MB`,
          value: cold,
          isOwn: megabytes === 512,
        })),
      ),
    ],
    [
      'docs/sign-ins.svg',
      barChart(
        'Sign-ins per second through the local user pool',
        'median of the runs',
        results.signIns.rows.map(({ clients, median }) => ({
          label: clients === 1 ? '1 client' : `${clients} clients`,
          value: median,
          isOwn: true,
        })),
      ),
    ],
    [
      'docs/cost.svg',
      barChart(COST_TITLE, 'US dollars, with SES and Cognito; Lambda with 512 MB, every call warm', [
        { label: 'the triggers, Lite', value: totalsOf(results.cost).triggers, isOwn: true },
        { label: 'native e-mail MFA, Essentials', value: totalsOf(results.cost).native, isOwn: false },
      ]),
    ],
    [
      'docs/warm.svg',
      barChart(
        'One call in a warm process, by the wrong codes before it',
        'microseconds on the clock, median',
        results.warm.rows
          // With a mail it takes a hundred times as long.
          .filter(({ trigger, wrongCodes }) => trigger !== 'create-auth-challenge' || wrongCodes > 0)
          .map(({ trigger, wrongCodes, microseconds }) => ({
            label: growsWithSignIn(trigger) ? `${trigger}, ${wrongCodes} wrong codes` : trigger,
            value: microseconds,
            isOwn: true,
          })),
      ),
    ],
  ]
}

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help) process.stdout.write(HELP)
else {
  const differ = documents().filter(([file, text]) => read(file) !== text)
  for (const [file, text] of differ) {
    if (!values.check) writeFileSync(file, text)
    process.stdout.write(`${values.check ? 'Not as measured' : 'Written'}: ${file}\n`)
  }
  if (values.check && differ.length > 0) process.exitCode = 1
}

/** '' for a file that is not there yet. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
