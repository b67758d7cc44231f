// Cold starts: what loading costs, and how long the first answer and the first mail take, beside other ways to write them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { TRIGGER_NAMES, type TriggerName } from '../local/trigger-process.ts'
import {
  type Benchmark,
  builtTrigger,
  eventOf,
  type Goal,
  goalTable,
  inTurns,
  type Machine,
  machine,
  machineLine,
  markdownTable,
  medianTimes,
  startMailServer,
  type Times,
  timeProcess,
} from './measure.ts'

/** Other ways to mail a code, by their file in stand-ins/: written here, in the shape that such functions have elsewhere. */
const STAND_INS = {
  usual: 'client of SES, one command, one file (esbuild)',
  'whole-client': 'class SES with all operations, one file',
  'ses-v2': 'client of SES v2, one command, one file',
  'not-bundled': 'client of SES, loaded from `node_modules`',
  'http-api': 'HTTP API, `node:https`, no SDK, no signature',
  'http-api-fetch': 'HTTP API, `fetch`, no SDK, no signature',
} as const
type StandIn = keyof typeof STAND_INS

/**
 * Triggers in the manner of the example in the AWS developer guide (user-pool-lambda-define-auth-challenge and the pages beside it),
 * by the trigger that each of them is. Its challenge is a picture, so nothing is sent.
 */
const GUIDE = {
  'guide-define': 'define-auth-challenge',
  'guide-create': 'create-auth-challenge',
  'guide-verify': 'verify-auth-challenge-response',
} as const
type GuideTrigger = keyof typeof GUIDE

/** Those that use a client of the AWS SDK. */
const WITH_SDK: readonly StandIn[] = ['usual', 'whole-client', 'ses-v2', 'not-bundled']

const SUBJECTS = [
  'empty',
  'node:https',
  ...TRIGGER_NAMES,
  ...Object.keys(STAND_INS).filter(isStandIn),
  ...Object.keys(GUIDE).filter(isOfGuide),
] as const
type Subject = (typeof SUBJECTS)[number]

/** `load` is the module alone, without a connection; the answers count from the start of the process, over TLS for what sends mail. */
type Row = { readonly name: Subject; readonly load: Times; readonly http: Times; readonly https?: Times }

export type ColdStart = { readonly machine: Machine; readonly runs: number; readonly rows: readonly Row[] }

export const coldStart: Benchmark<ColdStart> = {
  help: `Cold starts. Loads each built trigger in fresh processes and calls it once, beside an empty module, and beside
other functions that mail a code (bench/stand-ins), bundled as they usually are. A mail server on this machine accepts the
mail, once without TLS and once with it; with TLS Create opens its connection while it loads, as in Lambda.`,
  runs: 5,

  async measure(runs, show) {
    const directory = await mkdtemp(join(tmpdir(), 'cold-start-'))
    const plain = await startMailServer('http')
    const secure = await startMailServer('https')
    try {
      const files = await filesIn(directory)
      const time = async (name: Subject) => {
        const event = eventOf(triggerOf(name))
        const http = await timeProcess(files[name], event, plain.environment)
        if (!sendsMail(name)) return { http }
        return { http, https: await timeProcess(files[name], event, secure.environment) }
      }
      const times = await inTurns(SUBJECTS, runs, time, show)
      const rows = times.map(({ subject: name, results: values }) => ({
        name,
        load: medianTimes(values.map(({ http }) => http.load)),
        http: medianTimes(values.map(({ http }) => http.answer)),
        ...(sendsMail(name)
          ? { https: medianTimes(values.flatMap(({ https }) => https?.answer ?? [])) }
          : {}),
      }))
      return { machine: machine(), runs, rows }
    } finally {
      await plain.close()
      await secure.close()
      await rm(directory, { recursive: true })
    }
  },

  table(result) {
    const time = ({ milliseconds, processor }: Times) =>
      `${processor.toFixed(1)} (${milliseconds.toFixed(0)})`
    const rows = result.rows.map(({ name, load, http, https }) => {
      const answers = [name === 'node:https' ? '' : time(http), https === undefined ? '' : time(https)]
      return [titleOf(name), time(load), ...answers]
    })
    const headings = ['module', 'loading', 'start to first answer', 'the same, mail over TLS']
    return [
      markdownTable(headings, rows),
      `Milliseconds of processor time; in brackets on the clock. ${machineLine(result.machine, result.runs)}`,
      goalTable(coldStart.goals(result)),
    ].join('\n\n')
  },

  goals({ rows }) {
    const of = (name: Subject, what: 'load' | 'http' | 'https') =>
      rows.find(row => row.name === name)?.[what]?.processor ?? Number.NaN
    const answers = TRIGGER_NAMES.filter(name => name !== 'create-auth-challenge').map(name => ({
      name: `\`${name}\`, start to first answer, to an empty module`,
      ratio: of(name, 'http') / of('empty', 'http'),
      goal: 1.2,
    }))
    const create = 'create-auth-challenge'
    const fastest = (names: readonly StandIn[], what: 'http' | 'https') =>
      Math.min(...names.map(name => of(name, what)))
    const mails = (['http', 'https'] as const).flatMap((what): Goal[] => {
      const first = `first mail${what === 'https' ? ' over TLS' : ''}, to`
      const mine = of(create, what)
      return [
        { name: `${first} the usual bundle`, ratio: mine / of('usual', what), goal: 0.38 },
        {
          name: `${first} the fastest with an SDK client`,
          ratio: mine / fastest(WITH_SDK, what),
          goal: 0.75,
        },
        { name: `${first} the HTTP API with \`fetch\``, ratio: mine / of('http-api-fetch', what), goal: 1.1 },
        { name: `${first} the HTTP API with \`node:https\``, ratio: mine / of('http-api', what), goal: 1.1 },
      ]
    })
    const load = {
      name: 'loading Create, to `node:https` alone',
      ratio: of(create, 'load') / of('node:https', 'load'),
      goal: 3,
    }
    return [...answers, load, ...mails]
  },
}

export function titleOf(name: Subject): string {
  if (name === 'empty') return 'empty module'
  if (isOfGuide(name)) return `\`${GUIDE[name]}\` of the AWS guide's example`
  return isStandIn(name) ? STAND_INS[name] : `\`${name}\``
}

/** Whose event a module is called with. */
function triggerOf(name: Subject): TriggerName {
  if (isOfGuide(name)) return GUIDE[name]
  return isTrigger(name) ? name : 'create-auth-challenge'
}

function sendsMail(name: Subject): boolean {
  return name === 'create-auth-challenge' || isStandIn(name)
}

function isTrigger(name: Subject): name is TriggerName {
  return TRIGGER_NAMES.some(trigger => trigger === name)
}

function isStandIn(name: string): name is StandIn {
  return Object.hasOwn(STAND_INS, name)
}

function isOfGuide(name: string): name is GuideTrigger {
  return Object.hasOwn(GUIDE, name)
}

/** Bundles the stand-ins the usual way: one minified CommonJS file. */
async function filesIn(directory: string): Promise<Record<Subject, string>> {
  const standIns = 'bench/stand-ins'
  await build({
    entryPoints: [
      ...['usual', 'whole-client', 'ses-v2', 'http-api', 'http-api-fetch'],
      ...Object.keys(GUIDE),
    ].map(name => `${standIns}/${name}.mjs`),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    outdir: directory,
    outExtension: { '.js': '.cjs' },
    logLevel: 'warning',
  })
  const empty = join(directory, 'empty.mjs')
  await writeFile(empty, 'export {}\n')
  const bundled = (name: StandIn | GuideTrigger) => join(directory, `${name}.cjs`)
  return {
    empty,
    'node:https': 'node:https',
    'define-auth-challenge': builtTrigger('define-auth-challenge'),
    'create-auth-challenge': builtTrigger('create-auth-challenge'),
    'verify-auth-challenge-response': builtTrigger('verify-auth-challenge-response'),
    'pre-token-generation': builtTrigger('pre-token-generation'),
    usual: bundled('usual'),
    'whole-client': bundled('whole-client'),
    'ses-v2': bundled('ses-v2'),
    'not-bundled': resolve(standIns, 'usual.mjs'),
    'http-api': bundled('http-api'),
    'http-api-fetch': bundled('http-api-fetch'),
    'guide-define': bundled('guide-define'),
    'guide-create': bundled('guide-create'),
    'guide-verify': bundled('guide-verify'),
  }
}
