/**
 * How many times longer work takes here than on a machine that has nothing else to do: what is a limit of wall time to a person
 * is one of work to a test, whose machine may be busy. 1 or more; spins for at least 100 ms.
 */
export function slowness(): number {
  const spunMs = 100
  const started = performance.now()
  const before = process.threadCpuUsage()
  for (;;) {
    const { user, system } = process.threadCpuUsage(before)
    const usedMs = (user + system) / 1000
    if (usedMs >= spunMs) return Math.max(1, (performance.now() - started) / usedMs)
  }
}

/** Processor time that synchronous work takes in this thread. */
export function workMsOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
