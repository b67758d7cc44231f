// The process of testing/command-process.ts: runs the built command once for each list of arguments that it is sent.
const [, , command] = process.argv
let runs = 0

process.on('message', async args => {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args)
  const stdout = keepWritten(process.stdout)
  const stderr = keepWritten(process.stderr)
  // Another query makes Node.js run the program again; what it imports stays loaded.
  await import(`${command}?${runs++}`)
  const status = process.exitCode
  process.exitCode = undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
  process.send({ status, stdout: stdout(), stderr: stderr() })
})
process.on('disconnect', () => process.exit())

/** @returns ends the keeping, and answers what was written meanwhile */
function keepWritten(stream) {
  const parts = []
  const { write } = stream
  stream.write = part => parts.push(String(part)) > 0
  return () => {
    stream.write = write
    stream.removeAllListeners('error')
    return parts.join('')
  }
}
