import type { Environment } from './index.ts'

/**
 * Threads and processes. A body is named, not given as code: `engine/node` maps the name to an entry point; the
 * simulator runs the body in the same thread under virtual time.
 */
export interface Workers {
  start(body: WorkerName, kind: 'thread' | 'process', data: unknown, limits?: WorkerLimits): Promise<Worker>
}

export type WorkerName = 'cluster' | 'runner' | 'stream-thread' | 'typing'

/** What a named body runs: the code inside the thread or process. It ends when the promise settles. */
export type WorkerBody = (context: WorkerContext) => Promise<void>

export interface WorkerContext {
  readonly environment: Environment
  /** What was given to `start`. */
  readonly data: unknown
  /** Towards whoever started it. */
  readonly port: WorkerPort
}

export interface WorkerLimits {
  readonly heapBytesMax?: number
  /** For processes: resident memory, watched from outside. */
  readonly residentBytesMax?: number
  /** Without a sign of life for so long, it is ended. */
  readonly heartbeatMs?: number
}

/** Messages are structured-clone values; order is kept. */
export interface WorkerPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  onMessage(handler: (message: unknown) => void): void
}

export interface Worker extends WorkerPort {
  /** Settles once, however it ended. */
  readonly exited: Promise<WorkerExit>
  terminate(): Promise<void>
  /** Where an unresponsive worker is stuck, by pausing it through the inspector; undefined if it can't be told. */
  whereStuck(): Promise<{ path: string; line: number; column: number } | undefined>
}

export interface WorkerExit {
  readonly reason:
    | 'finished'
    | 'terminated'
    | 'crashed'
    | 'heap-exhausted'
    | 'memory-exceeded'
    | 'unresponsive'
  readonly exitCode?: number
  readonly error?: { name: string; message: string; stack?: string }
}
