export interface Address {
  readonly host: string
  readonly port: number
}

/** All in PEM. */
export interface TlsOptions {
  /** Whom to trust; the operating system's own list when absent. */
  readonly ca?: string
  /** To show to the server: the certificate, perhaps with the chain above it. */
  readonly certificate?: string
  readonly key?: string
  readonly keyPassword?: string
  readonly serverName?: string
}

export interface ConnectOptions extends Address {
  readonly tls?: TlsOptions
  readonly timeoutMs?: number
}

/** All in PEM. */
export interface ServerTlsOptions {
  readonly certificate: string
  readonly key: string
  readonly keyPassword?: string
  /** Whose certificates of clients are trusted. */
  readonly ca?: string
  /** Whether clients show certificates; one that is shown has to be trusted. */
  readonly clientCertificate: 'none' | 'requested' | 'required'
}

export interface ListenOptions extends Address {
  readonly tls?: ServerTlsOptions
}

export interface Network {
  /** Port 0 takes a free one. @throws MillraceError PORT_IN_USE, NO_PERMISSION, BAD_CERTIFICATE */
  listen(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<Listener>
  /** @throws MillraceError CONNECTION_REFUSED, CONNECTION_TIMED_OUT, HOST_NOT_FOUND, TLS_FAILED */
  connect(options: ConnectOptions): Promise<Connection>
}

export interface Listener {
  readonly address: Address
  /** Stops accepting; open connections stay. */
  close(): Promise<void>
}

/** A stream of bytes, both ways. Handlers are set once, in the same tick in which the connection is given out. */
export interface Connection {
  readonly remote: Address
  readonly local: Address
  /** The subject of the certificate that the peer has shown, as `CN=…,O=…`; undefined if none. */
  readonly peerSubject?: string
  /** Bytes accepted by `write` that the peer's side has not taken yet: for back-pressure. */
  readonly bufferedBytes: number
  onData(handler: (chunk: Buffer) => void): void
  /** Once, whatever the reason; `error` absent for an orderly end. */
  onClose(handler: (error?: Error) => void): void
  /** When `bufferedBytes` has fallen to 0 after it was above. */
  onDrain(handler: () => void): void
  /** Gathers the pieces into one write. The pieces must not be changed afterwards. Ignored once closed. */
  write(pieces: readonly Uint8Array[]): void
  /** Stop and go on delivering data. */
  pause(): void
  resume(): void
  /** Sends what is buffered, then closes. */
  end(): void
  /** Closes at once; what is buffered is lost. */
  destroy(error?: Error): void
}
