// The journal of a migration: one JSON line before each change of a user and one after it, so that a killed run loses nothing.
import { type FileHandle, open } from 'node:fs/promises'
import { readNamedFile } from '../../command/files.ts'
import { type JsonObject, objectAt, parseJsonObject, stringAt, stringsAt } from '../../command/json.ts'
import { printable } from '../../command/shell.ts'
import { CommandError } from '../../command/terminal.ts'
import { lockJournal } from './journal-lock.ts'
import type { Factors, NativeUser } from './native-users.ts'

export type Change = 'move' | 'restore'

export type JournalEntry = {
  readonly username: string
  readonly sub: string
  /** As it was before this tool first changed the user. */
  readonly before: Factors
  readonly change: Change
  /** False: the change was intended, and it is not known whether it was made. */
  readonly done: boolean
}

type Writer = { readonly handle: FileHandle; readonly unlock: () => Promise<void> }

export class Journal {
  readonly file: string
  readonly #userPoolId: string
  readonly #entries: Map<string, JournalEntry>
  /** undefined: the journal is only read. */
  readonly #writer: Writer | undefined
  /** Lines are written one after the other, whoever writes them. */
  #lastWrite: Promise<void> = Promise.resolve()

  private constructor(
    file: string,
    userPoolId: string,
    entries: Map<string, JournalEntry>,
    writer: Writer | undefined,
  ) {
    this.file = file
    this.#userPoolId = userPoolId
    this.#entries = entries
    this.#writer = writer
  }

  /**
   * Opens a journal to go on with it, or begins it. A last line that was not written whole is removed: what it announced was not
   * done before the whole line was on the disk, and what it confirmed is looked up again.
   *
   * @throws CommandError `journal-unreadable`, `journal-of-other-pool`, `journal-locked`
   */
  static async open(file: string, userPoolId: string): Promise<Journal> {
    const unlock = await lockJournal(file)
    let handle: FileHandle | undefined
    try {
      handle = await open(file, 'a+', 0o600)
      const bytes = await handle.readFile()
      const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1)
      const entries = entriesOf(file, userPoolId, whole.toString())
      await handle.truncate(whole.length)
      return new Journal(file, userPoolId, entries, { handle, unlock })
    } catch (error) {
      await handle?.close()
      await unlock()
      throw error
    }
  }

  /** Reads a journal without changing it. @throws CommandError as `open`, also if there is no such file */
  static async read(file: string, userPoolId: string): Promise<Journal> {
    const text = await readNamedFile({
      option: '--journal',
      file,
      advice: ADVICE,
      code: 'journal-unreadable',
    })
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    return new Journal(file, userPoolId, entriesOf(file, userPoolId, whole), undefined)
  }

  /** What is known about a user; undefined for one whom this journal does not know, or who was put back. */
  entry(username: string): JournalEntry | undefined {
    return this.#entries.get(username)
  }

  /** The users who are moved, or may be. */
  entries(): JournalEntry[] {
    return [...this.#entries.values()]
  }

  /** On the disk when it returns, and only then may the change be made. */
  async intend({ username, sub, factors }: NativeUser, change: Change): Promise<void> {
    const before = this.#entries.get(username)?.before ?? factors
    const { list, preferred } = before
    await this.#write(
      {
        at: new Date().toISOString(),
        userPoolId: this.#userPoolId,
        intent: change,
        username,
        sub,
        before: { list: [...list], preferred },
      },
      true,
    )
    this.#entries.set(username, { username, sub, before, change, done: false })
  }

  /** The change was made. */
  async done({ username }: Pick<JournalEntry, 'username'>, change: Change): Promise<void> {
    await this.#write(
      { at: new Date().toISOString(), userPoolId: this.#userPoolId, done: change, username },
      false,
    )
    finish(this.#entries, username, change)
  }

  async close(): Promise<void> {
    // Whoever wrote has been told of a failure.
    await this.#lastWrite.catch(() => undefined)
    await this.#writer?.handle.sync()
    await this.#writer?.handle.close()
    await this.#writer?.unlock()
  }

  #write(line: JsonObject, sync: boolean): Promise<void> {
    const write = async () => {
      await this.#writer?.handle.appendFile(`${JSON.stringify(line)}\n`)
      if (sync) await this.#writer?.handle.sync()
    }
    this.#lastWrite = this.#lastWrite.then(write)
    return this.#lastWrite
  }
}

function entriesOf(file: string, userPoolId: string, text: string): Map<string, JournalEntry> {
  const entries = new Map<string, JournalEntry>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const value = parsedLine(line)
    const username = stringAt(value, 'username')
    const intent = changeAt(value, 'intent')
    const done = changeAt(value, 'done')
    const pool = stringAt(value, 'userPoolId')
    const change = intent ?? done
    if (username === undefined || pool === undefined || change === undefined)
      throw unreadable(file, `line ${index + 1} is not one that migrate wrote`)
    if (pool !== userPoolId) {
      throw new CommandError(
        `${file} is the journal of the pool ${printable(pool)}, not of ${userPoolId}. Nothing was changed.`,
        'journal-of-other-pool',
      )
    }
    if (intent === undefined) {
      finish(entries, username, change)
      continue
    }
    const before = {
      list: stringsAt(value, 'before', 'list'),
      preferred: stringAt(objectAt(value, 'before'), 'preferred') ?? null,
    }
    entries.set(username, {
      username,
      sub: stringAt(value, 'sub') ?? '',
      before,
      change: intent,
      done: false,
    })
  }
  return entries
}

function finish(entries: Map<string, JournalEntry>, username: string, change: Change): void {
  const entry = entries.get(username)
  if (entry === undefined) return
  if (change === 'restore') entries.delete(username)
  else entries.set(username, { ...entry, done: true })
}

function changeAt(value: JsonObject, name: string): Change | undefined {
  const change = stringAt(value, name)
  return change === 'move' || change === 'restore' ? change : undefined
}

function parsedLine(line: string): JsonObject {
  try {
    return parseJsonObject(line)
  } catch {
    return {}
  }
}

const ADVICE = 'migrate users writes the journal; name another one with --journal FILE.'

function unreadable(file: string, cause: string): CommandError {
  return new CommandError(`The journal ${file} cannot be read: ${cause}\n${ADVICE}`, 'journal-unreadable')
}
