// One fresh process: loads a module, calls its handler twice, and prints what each took. node cold.mjs FILE EVENT
// A file of its own, as Lambda's runtime is one: what Node.js loads to import any file is not counted as the module's.
const [file, event] = process.argv.slice(2)
const { log } = console

function since({ cpu, start }) {
  const { user, system } = process.cpuUsage(cpu)
  return { milliseconds: performance.now() - start, processor: (user + system) / 1000 }
}
const now = () => ({ cpu: process.cpuUsage(), start: performance.now() })

performance.now()
const beforeLoad = now()
const module = await import(file)
const load = since(beforeLoad)

const handler = module.handler ?? module.default?.handler ?? (async () => {})
console.info = console.warn = console.error = () => {}
await handler(JSON.parse(event))
const answer = since({ start: 0 })

const beforeNext = now()
await handler(JSON.parse(event))
log(JSON.stringify({ load, answer, next: since(beforeNext) }))
process.exit()
