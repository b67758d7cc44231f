// Keeps two runs from writing one journal: while a run writes it, a file beside it names that run.
import { open, readFile, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { parseJsonObject, stringAt } from '../../command/json.ts'
import { printable } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'

type Holder = { readonly process: number; readonly host: string; readonly since: string }

/** Held by this process: a lock that names it and is not among these is of an earlier process with the same number. */
const held = new Set<string>()

/**
 * Takes the lock of a journal, also from a run that was killed on this machine.
 *
 * @returns what gives it back
 * @throws CommandError `journal-locked` while another run has it, or may have it
 */
export async function lockJournal(journal: string): Promise<() => Promise<void>> {
  const file = `${journal}.lock`
  if (!(await create(file))) {
    const holder = await holderOf(file)
    if (held.has(file) || holder === undefined || mayRun(holder)) throw locked(journal, file, holder)
    await unlink(file).catch(ignoreAbsent)
    if (!(await create(file))) throw locked(journal, file, await holderOf(file))
  }
  held.add(file)
  return async () => {
    held.delete(file)
    await unlink(file).catch(ignoreAbsent)
  }
}

/** @returns false if the file exists */
async function create(file: string): Promise<boolean> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  })
  if (handle === undefined) return false
  const holder: Holder = { process: process.pid, host: hostname(), since: new Date().toISOString() }
  await handle.writeFile(`${JSON.stringify(holder)}\n`).finally(() => handle.close())
  return true
}

/** undefined if the file does not say: it is being written at this moment, or by something else. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    const value = parseJsonObject(await readFile(file, 'utf8'))
    const { process: id } = value
    const [host, since] = [stringAt(value, 'host'), stringAt(value, 'since')]
    if (typeof id !== 'number' || host === undefined || since === undefined) return undefined
    return { process: id, host, since }
  } catch {
    return undefined
  }
}

/** Another machine's processes cannot be looked up. */
function mayRun({ process: id, host }: Holder): boolean {
  if (host !== hostname()) return true
  if (id === process.pid) return false
  try {
    // Signal 0 only asks whether there is such a process.
    process.kill(id, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

function locked(journal: string, file: string, holder: Holder | undefined): CommandError {
  const who =
    holder === undefined
      ? 'Another run'
      : `Another run (process ${holder.process} on ${printable(holder.host)}, since ${printable(holder.since)})`
  return new CommandError(
    `${who} is writing the journal ${journal}. Nothing was changed. Wait until it has ended. If it no longer runs, delete ` +
      `${file} and run this command again.`,
    'journal-locked',
  )
}

function ignoreAbsent(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
