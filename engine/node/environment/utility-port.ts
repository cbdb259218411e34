/** The port to main that an Electron utility process has; undefined in any other process. */
export interface UtilityPort<Incoming> {
  postMessage(message: unknown): void
  on(
    event: 'message',
    listener: (event: { readonly data: Incoming; readonly ports: readonly ElectronPort[] }) => void,
  ): void
}

/** Electron's ports of the main and utility processes: events of Node's kind, messages in `data`. */
export interface ElectronPort {
  postMessage(message: unknown): void
  start(): void
  close(): void
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void
  on(event: 'close', listener: () => void): void
}

export function utilityPort<Incoming>(): UtilityPort<Incoming> | undefined {
  return 'parentPort' in process ? (process.parentPort as UtilityPort<Incoming> | undefined) : undefined
}
