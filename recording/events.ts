// npm run events: makes folders for the replay out of a CloudWatch log export.
import { runEvents } from './import-command.ts'

process.exitCode = await runEvents(process.argv.slice(2), process)
