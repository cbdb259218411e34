import type { Environment, LogLevel, LogSink } from '../../environment/index.ts'
import { createCodeLoader } from './code.ts'
import { nodeCodecs } from './codecs.ts'
import { nodeDisk } from './disk.ts'
import type { StartHosted } from './hosted-worker.ts'
import { nodeKeyValueStores } from './key-value.ts'
import { createLineLog, writeLineToStandardError } from './log-sink.ts'
import { nodeNetwork } from './network.ts'
import { createNodeRandom } from './random.ts'
import { nodeClock, nodeTimers } from './time.ts'
import { createNodeWorkers, type EntryPoints } from './workers.ts'

export { createCodeLoader } from './code.ts'
export { nodeCodecs } from './codecs.ts'
export { createLineLog } from './log-sink.ts'
export { drainJobs } from './time.ts'
export { serveWorker } from './worker-entry.ts'

export interface NodeEnvironmentOptions {
  /** Makes `random` repeatable; otherwise the operating system seeds it. */
  readonly seed?: number | string
  /** Where log entries go; without it warnings and errors go to standard error. */
  readonly log?: LogSink
  readonly logLevelMin?: LogLevel
  /** The file that each named worker starts with: a `.ts` source in development, a bundle in the product. */
  readonly entryPoints?: EntryPoints
  /** How processes are started where this one can not do it itself. */
  readonly startProcess?: StartHosted
}

/** The real world: Node's files, sockets, timers and threads. */
export function createNodeEnvironment(options: NodeEnvironmentOptions = {}): Environment {
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: createNodeRandom(options.seed),
    disk: nodeDisk,
    network: nodeNetwork,
    codecs: nodeCodecs,
    keyValue: nodeKeyValueStores,
    code: createCodeLoader(),
    workers: createNodeWorkers(options.entryPoints ?? {}, options.startProcess),
    log: options.log ?? createLineLog(options.logLevelMin ?? 'warn', writeLineToStandardError),
  }
}
