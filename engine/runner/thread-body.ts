import type { WorkerBody } from '../environment/index.ts'
import { runFeeds } from './feed-thread.ts'
import { forwardingLog } from './forward-log.ts'
import { isInUserCode } from './guard.ts'
import type { ThreadStart, ToThread } from './messages.ts'
import { runStreams } from './stream-thread.ts'

export interface ThreadProcess {
  /** Makes ending the process an error while `isInUserCode` says so. */
  guardProcess(isInUserCode: () => boolean): void
}

/** What a thread of a run runs, once it is told what: tasks, or the feeds. */
export function threadBody(host: ThreadProcess): WorkerBody {
  return async ({ environment, port }) => {
    const start = await new Promise<ThreadStart | undefined>((resolve) => {
      port.onMessage((message) => {
        const told = message as ToThread
        resolve(told.kind === 'start' ? told.start : undefined)
      })
    })
    if (!start) return
    host.guardProcess(() => isInUserCode(start.guard))
    const run = start.role === 'streams' ? runStreams : runFeeds
    await run(
      forwardingLog(environment, (entry) => port.post(entry)),
      start,
      port,
    )
  }
}
