import type { WorkerBody } from '../environment/index.ts'
import { runFeeds } from './feed-thread.ts'
import { forwardingLog } from './forward-log.ts'
import { isInUserCode } from './guard.ts'
import type { ThreadStart } from './messages.ts'
import { runStreams } from './stream-thread.ts'

export interface ThreadProcess {
  /** Makes ending the process an error while `isInUserCode` says so. */
  guardProcess(isInUserCode: () => boolean): void
}

/** What a thread of a run runs: tasks, or the feeds. */
export function threadBody(host: ThreadProcess): WorkerBody {
  return (context) => {
    const start = context.data as ThreadStart
    host.guardProcess(() => isInUserCode(start.guard))
    const run = start.role === 'streams' ? runStreams : runFeeds
    const environment = forwardingLog(context.environment, (entry) => context.port.post(entry))
    return run(environment, start, context.port)
  }
}
