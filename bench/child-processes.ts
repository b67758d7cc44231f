// What the processes that this one started take of the machine, where Linux tells.
import { readdirSync, readFileSync } from 'node:fs'

export type ChildProcess = {
  readonly id: number
  readonly megabytes: number
  /** User and system, so far; in steps of 10 ms. */
  readonly processorMs: number
}

/** Those that run. */
export function childProcesses(): ChildProcess[] {
  return processIds().flatMap(id => {
    const child = childOf(process.pid, id)
    return child === undefined ? [] : [child]
  })
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** undefined when it ended meanwhile, or is the child of another one. */
function childOf(parent: number, id: number): ChildProcess | undefined {
  try {
    const status = readFileSync(`/proc/${id}/status`, 'utf8')
    if (!status.includes(`\nPPid:\t${parent}\n`)) return undefined
    // Behind the name, which is in brackets: the state and so on; utime and stime are fields 14 and 15 (proc(5)).
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return {
      id,
      megabytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024,
      processorMs: (Number(fields[11]) + Number(fields[12])) * 10,
    }
  } catch {
    return undefined
  }
}
