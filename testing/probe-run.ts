// Runs the command probe inside a test, against a local user pool whose mails the operator reads and types.
import { cp, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { type JsonObject, parseJsonObject } from '../command/json.ts'
import type { LocalUserPool } from '../local/local-user-pool.ts'
import { projectDirectory, TRIGGER_NAMES } from '../local/trigger-process.ts'
import { runProbe } from '../pool/probe/probe-command.ts'
import type { HandlerBodies } from './local-pool.ts'
import type { CommandRun } from './pool-run.ts'

export type ProbeRunOptions = {
  /** What the operator types when asked for the code of the newest mail; default: that code. */
  readonly typed?: (code: string) => string
  /** Where the SDK finds Cognito; default: the pool. */
  readonly endpoint?: string
  readonly signal?: AbortSignal
}

/** The environment in which the SDK's calls go to this pool. */
export function environmentOf({ endpoint }: Pick<LocalUserPool, 'endpoint'>): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** @param args what follows the ids of the pool and of its first client */
export async function probePool(
  pool: LocalUserPool,
  args: readonly string[] = ['--yes', '--json'],
  { typed = code => code, endpoint = pool.endpoint, signal }: ProbeRunOptions = {},
): Promise<CommandRun> {
  Object.assign(process.env, environmentOf({ endpoint }))
  const stdin = new PassThrough()
  const out: string[] = []
  const err: string[] = []
  const stdout = new Writable({
    write(part, _encoding, done) {
      out.push(String(part))
      done()
    },
  })
  const stderr = new Writable({
    write(part, _encoding, done) {
      err.push(String(part))
      done()
      if (!String(part).includes('Code of the mail')) return
      void newestCode(pool).then(code => stdin.write(`${typed(code)}\n`))
    },
  })
  const ids = ['--user-pool-id', pool.userPoolId]
  const client = args.includes('--client-id') ? [] : ['--client-id', pool.clientId]
  const code = await runProbe([...ids, ...client, ...args], { stdin, stdout, stderr }, signal)
  return { code, out: out.join(''), err: err.join('') }
}

async function newestCode(pool: LocalUserPool): Promise<string> {
  const mail = (await pool.messages()).at(-1)
  return /(?<!\d)\d{6,10}(?!\d)/.exec(mail?.text ?? '')?.[0] ?? ''
}

/**
 * The built triggers of this project, some of them wrapped: the body is JavaScript that has `event` and `original`, the built
 * handler, and returns the answer or throws.
 */
export async function wrapTriggers(
  bodies: HandlerBodies,
): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'wrapped-triggers-'))
  for (const name of TRIGGER_NAMES) {
    const folder = join(directory, name)
    const built = join(projectDirectory, 'dist', name)
    const body = bodies[name]
    if (body === undefined) {
      await symlink(built, folder)
      continue
    }
    await cp(built, folder, { recursive: true })
    await rename(join(folder, 'index.mjs'), join(folder, 'original.mjs'))
    await writeFile(
      join(folder, 'index.mjs'),
      `import { handler as original } from './original.mjs'\nexport const handler = async event => {\n${body}\n}\n`,
    )
  }
  return { directory, remove: () => rm(directory, { recursive: true }) }
}

/** The verdicts of a run with --json by the id of the line; of several lines with one id, the worst. */
export function verdictsOf({ out }: CommandRun): Record<string, string> {
  const verdicts: Record<string, string> = {}
  const rank = ['holds', 'unknown', 'broken']
  const { lines } = parseJsonObject(out)
  for (const line of Array.isArray(lines) ? lines : []) {
    const { id, verdict } = objectWith(line)
    if (rank.indexOf(verdict) >= rank.indexOf(verdicts[id] ?? 'holds')) verdicts[id] = verdict
  }
  return verdicts
}

function objectWith(line: unknown): { readonly id: string; readonly verdict: string } {
  const object: JsonObject = parseJsonObject(JSON.stringify(line))
  return { id: String(object['id']), verdict: String(object['verdict']) }
}
