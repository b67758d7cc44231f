// One warm process: calls the handler of a trigger many times and prints what a call took. node warm.mjs FILE EVENT CALLS
// The log line is written as the runtime of Lambda writes it: as JSON, at once.
import { openSync, writeSync } from 'node:fs'

const [file, event, calls] = process.argv.slice(2)
const { handler } = await import(file)
const { log } = console
const nothing = openSync('/dev/null', 'w')
console.info =
  console.warn =
  console.error =
    message => writeSync(nothing, JSON.stringify({ level: 'INFO', message }))

const times = []
async function call() {
  const one = JSON.parse(event)
  const start = performance.now()
  await handler(one)
  times.push((performance.now() - start) * 1000)
}
for (let index = 0; index < calls / 5; index++) await call()
times.length = 0
for (let index = 0; index < calls; index++) await call()
times.sort((a, b) => a - b)
const at = part => times[Math.floor(times.length * part)]
const megabytes = process.memoryUsage().rss / 2 ** 20
log(JSON.stringify({ microseconds: at(0.5), p99: at(0.99), megabytes }))
process.exit()
