/** What goes between a worker and whoever started it, around the messages of its body. */
export type FromWorker =
  | { readonly kind: 'up' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'memory'; readonly residentBytes: number }
  | { readonly kind: 'message'; readonly value: unknown }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: FailureFacts }

export type ToWorker =
  | {
      readonly kind: 'start'
      readonly body: string
      readonly data: unknown
      readonly heartbeatMs: number | undefined
      /** To tell its resident memory so often, where that can not be read from outside. */
      readonly memoryEveryMs: number | undefined
    }
  | { readonly kind: 'message'; readonly value: unknown }

export interface FailureFacts {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

export function failureFacts(thrown: unknown): FailureFacts {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) }
  return { name: thrown.name, message: thrown.message, stack: thrown.stack }
}

/** Keeps what arrives until somebody listens. */
export function createMailbox(): {
  deliver(value: unknown): void
  onMessage(handler: (value: unknown) => void): void
} {
  let waiting: unknown[] = []
  let listener: ((value: unknown) => void) | undefined
  return {
    deliver(value) {
      if (listener) listener(value)
      else waiting.push(value)
    },
    onMessage(handler) {
      listener = handler
      const kept = waiting
      waiting = []
      for (const value of kept) handler(value)
    },
  }
}
