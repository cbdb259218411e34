const longestMs = 2 ** 31 - 1

/**
 * Keeps the process until the work has settled. The environment's timers keep none, so that a program which waits for a
 * cluster that is away, with no socket open at the moment, would end in the middle without a word.
 */
export async function stayAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, longestMs)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
