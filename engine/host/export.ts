import { isMillraceError, MillraceError } from '../base/errors.ts'
import type { Environment } from '../environment/index.ts'
import type { Output } from './contract.ts'
import { readPipeline } from './files/read-pipeline.ts'
import type { TypingCalls } from './typing-body.ts'
import { WorkerCalls } from './worker-calls.ts'

export interface ExportRequest {
  readonly path: string
  readonly target: 'node'
  readonly out: string
  /** The runtime as a tarball. */
  readonly packagePath: string | undefined
}

/**
 * Writes a project that runs the pipeline by itself. Tries the pipeline's own code: only for one that is trusted.
 * @param libraryFolder where the package `typescript` has its declarations
 */
export async function exportPipeline(
  environment: Environment,
  { path, ...request }: ExportRequest,
  libraryFolder: string,
): Promise<Output<'pipeline.export'>> {
  const pipeline = await readPipeline(environment.disk, path)
  // Loaded when it is first asked for: the typing thread seldom needs it.
  const { exportProject } = await import('../export/index.ts')
  const { files, commands } = await exportProject(environment, { ...request, pipeline, libraryFolder })
  return { out: request.out, files: [...files], commands: [...commands] }
}

/** Above what compiling and typing take on a slow machine. */
const silentMsMax = 20_000
const heapBytesMax = 1024 * 1024 * 1024

/** In a thread of its own: the user's code that it tries may never end. @throws MillraceError EXPORT_FAILED */
export async function exportInThread(
  environment: Environment,
  request: ExportRequest,
): Promise<Output<'pipeline.export'>> {
  const limits = { heartbeatMs: silentMsMax, heapBytesMax }
  const worker = await environment.workers.start('typing', 'thread', null, limits)
  const calls = new WorkerCalls<TypingCalls, never>(worker, 'export', () => undefined)
  try {
    return await calls.call('export', request)
  } catch (thrown) {
    if (!isMillraceError(thrown, 'WORKER_ENDED')) throw thrown
    throw new MillraceError({
      code: 'EXPORT_FAILED',
      what: `${thrown.what} while it tried the pipeline's code`,
      where: request.path,
      remedy: 'run the pipeline: it shows which node does not end, and where',
    })
  } finally {
    await worker.terminate()
  }
}
