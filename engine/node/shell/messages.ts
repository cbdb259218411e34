import type { ErrorParts } from '../../base/errors.ts'
import type { HostOptions } from '../../host/options.ts'
import type { FromWorker, ToWorker } from '../environment/worker-messages.ts'

/** Between a shell and its host process, around the bytes of the contract's channels. */
export type ToHost =
  | { readonly kind: 'start'; readonly options: HostOptions }
  | { readonly kind: 'channel-open'; readonly channel: number }
  | { readonly kind: 'channel-bytes'; readonly channel: number; readonly bytes: Uint8Array }
  | { readonly kind: 'channel-close'; readonly channel: number }
  /** Electron only: comes with a port that is the channel. */
  | { readonly kind: 'port' }
  | { readonly kind: 'process-started'; readonly id: number; readonly pid: number | undefined }
  | { readonly kind: 'process-said'; readonly id: number; readonly message: FromWorker }
  | { readonly kind: 'process-ended'; readonly id: number; readonly exitCode: number }
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'stop' }

export type FromHost =
  /** Electron only: main starts the host's processes and carries their messages. */
  | {
      readonly kind: 'process-start'
      readonly id: number
      readonly entry: string
      readonly heapBytesMax: number | undefined
    }
  | { readonly kind: 'process-message'; readonly id: number; readonly message: ToWorker }
  | { readonly kind: 'process-kill'; readonly id: number }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready' }
  /** It can not start, and would not the next time. */
  | { readonly kind: 'refused'; readonly error: ErrorParts }
  | { readonly kind: 'channel-bytes'; readonly channel: number; readonly bytes: Uint8Array }
  | { readonly kind: 'channel-close'; readonly channel: number }
