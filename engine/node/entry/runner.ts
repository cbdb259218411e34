/** The process that a run lives in. */
import { runnerBody } from '../../runner/runner-body.ts'
import { createNodeEnvironment, serveWorker } from '../environment/index.ts'
import { workerEntryPoints } from './locate.ts'

serveWorker(
  createNodeEnvironment({ entryPoints: workerEntryPoints() }),
  runnerBody({ memoryBytes: () => process.memoryUsage.rss() }),
)
