// What the logs of the functions show of a probe, and the recorded sign-ins that are made of it.
import type { Destination } from '../../command/folders.ts'
import type { JsonObject } from '../../command/json.ts'
import { COMMAND } from '../../command/name.ts'
import { refuseSuspects, writeSignIns } from '../../recording/import-command.ts'
import { recordedSignIns } from '../../recording/recorded-sign-ins.ts'
import type { Aws } from '../aws.ts'
import { explained } from '../aws-errors.ts'
import { type ProbedUser, readUserEvents, triggerCallOf } from './function-logs.ts'
import type { LoggedCall, LoggedCalls } from './observations.ts'

/** The throw-away user is gone by then: another run would log the same. */
const RECORDED_BY_HAND = `Export the logs of the functions, remove it there, and run ${COMMAND} import on the export.`

/**
 * Reads what the functions logged of the throw-away user; an error there is not the end of the report.
 *
 * @param since milliseconds since 1970
 * @param destination of the recorded sign-ins, if they are to be written
 */
export async function readLoggedSignIn(
  aws: Aws,
  userPool: JsonObject,
  user: ProbedUser,
  since: number,
  destination: Destination | undefined,
  signal: AbortSignal,
): Promise<{ readonly logged: LoggedCalls; readonly folders: readonly string[] }> {
  let calls: LoggedCall[] = []
  try {
    const events = await readUserEvents(aws, userPool, user, since, signal)
    calls = events.map(triggerCallOf)
    const signIns = destination === undefined ? [] : recordedSignIns(events)
    refuseSuspects(signIns, RECORDED_BY_HAND)
    return { logged: { calls }, folders: await writeSignIns(signIns, destination, 'probe') }
  } catch (error) {
    return { logged: { calls, error: explained(error).message }, folders: [] }
  }
}
