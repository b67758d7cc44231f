// npm run pool: checks a real user pool, attaches the triggers to it, detaches them, and fixes what check found.
import { runPool } from './command-line.ts'
import { interruptSignal } from './interruption.ts'

const signal = interruptSignal()
process.exitCode = await runPool(process.argv.slice(2), process, signal)
// What was only being read may still be waiting for an answer.
if (signal.aborted) process.exit()
