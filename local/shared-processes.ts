// For tests with a pool each: keeps the mail server and the processes of the triggers, which cost most of a pool's start.
import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type LocalMailbox, startMailbox } from './mailbox.ts'
import { startTrigger, type TriggerOptions, type TriggerProcess } from './trigger-process.ts'

/** What pools have that run one after another. Closing a pool leaves it running. */
export interface SharedProcesses {
  /** Settings of the triggers, under those of each pool. */
  readonly environment: Readonly<Record<string, string>>
  /** The mailbox, empty, and accepting mail. */
  takeMailbox(): Promise<LocalMailbox>
  /** The trigger, perhaps with warm processes: the same one for the same file and the same environment. */
  takeTrigger(options: TriggerOptions): TriggerProcess
  close(): Promise<void>
}

export async function startSharedProcesses(): Promise<SharedProcesses> {
  const mailbox = await startMailbox(0)
  const triggers = new Map<string, TriggerProcess>()
  return {
    environment: { CODE_SECRET: randomBytes(32).toString('base64') },
    async takeMailbox() {
      await mailbox.clear()
      return { ...mailbox, close: async () => undefined }
    },
    takeTrigger(options) {
      const directory = dirname(realpathSync(resolve(options.directory, options.name)))
      const key = JSON.stringify([options.name, directory, options.environment])
      const trigger = triggers.get(key) ?? startTrigger({ ...options, directory })
      triggers.set(key, trigger)
      const before = trigger.logs.length
      return {
        ...trigger,
        get logs() {
          return trigger.logs.slice(before)
        },
        close: async () => undefined,
      }
    },
    async close() {
      await Promise.all([mailbox, ...triggers.values()].map(each => each.close()))
    },
  }
}
