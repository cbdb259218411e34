import type { Named } from './api.ts'

/** How much may be held back. Bytes are counted about as Kafka Streams counts them: keys, values, headers. */
export interface BufferBounds {
  /** Default: as many as there are. */
  readonly recordsMax?: number
  readonly bytesMax?: number
}

/** Until when updates of a table are held back; a later update of a key replaces the one that waits, and keeps its place. */
export type SuppressRule =
  | {
      /** One result per window, when it gets no more updates. Deletions are swallowed. A buffer that is full ends the run. */
      readonly until: 'window-closes'
      readonly buffer?: BufferBounds
    }
  | {
      /** Stream time has passed a key's first update that waits by the limit. */
      readonly until: 'time-limit'
      readonly limitMs: number
      /** When it is full the earliest go on early, unless that shall end the run. */
      readonly buffer?: BufferBounds & { readonly whenFull?: 'emit-early' | 'shut-down' }
    }

export type SuppressOptions = Named & SuppressRule
