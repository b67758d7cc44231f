// npm run pool: checks a real user pool, attaches the triggers to it and detaches them.
import { runPool } from './command-line.ts'

process.exitCode = await runPool(process.argv.slice(2), process)
