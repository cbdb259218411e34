/** A thread of a run: tasks with the user's processors, or the feeds. */
import { threadBody } from '../../runner/thread-body.ts'
import { createNodeEnvironment, serveWorker } from '../environment/index.ts'

serveWorker(createNodeEnvironment(), threadBody({ guardProcess }))

/**
 * A processor that ends its process or thread would end it without a word about where: while the user's code runs, that is
 * an error like any other.
 */
function guardProcess(isInUserCode: () => boolean): void {
  const exit = process.exit.bind(process)
  const kill = process.kill.bind(process)
  process.exit = (code) => {
    if (isInUserCode()) throw new Error(`the code called process.exit(${code ?? ''})`)
    return exit(code)
  }
  process.kill = (pid, signal) => {
    if (isInUserCode()) throw new Error(`the code called process.kill(${pid})`)
    return kill(pid, signal)
  }
}
