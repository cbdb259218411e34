// Programs that these scripts start and end with.
const parentCheckMs = 500

/**
 * Hands signals on to the child, and resolves with its exit status. Under npm it also ends the child when its own parent
 * is gone: npm's shell ends at a signal without passing it on.
 */
export function follow(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, parentCheckMs)
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch)
  return new Promise((resolve) => {
    child.on('exit', (status) => {
      clearInterval(watch)
      resolve(status ?? 1)
    })
  })
}
