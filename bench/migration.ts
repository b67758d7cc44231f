// Moves all users of a local user pool to the native factor and back, while others sign in and the mover is killed.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { AFTER_NATIVE_FACTOR } from '../local/behaviour.ts'
import { integerOption } from './integer-option.ts'
import type { Figures } from './migration-run.ts'

const HELP = `Usage: npm run load:migration -- [options]

Moves the users of a local user pool to Cognito's own e-mail factor in steps of 1, 10, 50 and 100 percent, finishes the
migration, and goes all the way back, in each behaviour of Cognito after its factor. All along people sign in with the
driver, and the mover is killed at random points and run again. Fails if a sign-in ends in anything but tokens, if tokens
come without a second factor, if somebody is asked more often than once, or if the pool is not in the end what it was.

Options:
  --users N      how many (default 10000)
  --at-once N    how many sign in at a time (default 50)
  --after VALUE  only this behaviour: ${AFTER_NATIVE_FACTOR.join(' or ')}
  --kills N      how often each of the large runs of the mover is killed (default 3)
  --rate N       users a second that are moved (default 200)
  --typing MS    how long a person takes to type a code, on average (default 2000)
  --seed N       of what is random (default 1)
  --write FILE   write the report as Markdown
  --json         print the figures as JSON
  --help         print this text
`

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '10000' },
    'at-once': { type: 'string', default: '50' },
    after: { type: 'string' },
    kills: { type: 'string', default: '3' },
    rate: { type: 'string', default: '200' },
    typing: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(HELP)
} else {
  const options = {
    users: integerOption('users', values.users),
    atOnce: integerOption('at-once', values['at-once']),
    kills: integerOption('kills', values.kills, 0),
    rate: integerOption('rate', values.rate),
    typing: integerOption('typing', values.typing, 0),
    seed: integerOption('seed', values.seed),
  }
  const { BEHAVIOURS, reportOf, runBehaviour } = await import('./migration-run.ts')
  const runs: Figures[] = []
  const wanted = BEHAVIOURS.filter(([after]) => values.after === undefined || values.after === after)
  for (const behaviour of wanted)
    runs.push(
      await runBehaviour(behaviour, options, stage =>
        process.stderr.write(`${new Date().toISOString()} ${stage}\n`),
      ),
    )
  const report = reportOf(runs, options, ['npm run load:migration --', ...process.argv.slice(2)].join(' '))
  if (values.write !== undefined) await writeFile(values.write, report)
  process.stdout.write(values.json ? `${JSON.stringify(runs)}\n` : report)
  process.exitCode = runs.some(({ problems }) => Object.keys(problems).length > 0) ? 1 : 0
}
