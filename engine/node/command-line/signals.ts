/** Resolves at the first Ctrl+C or end signal. A second one ends the process at once. */
export function stopSignal(): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(128 + (signal === 'SIGINT' ? 2 : 15))
        asked = true
        resolve(signal)
      })
    }
  })
}
