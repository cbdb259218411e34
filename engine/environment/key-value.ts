/** Durable ordered maps for state stores: LMDB on Node, memory in the simulator. Keys are ordered as unsigned bytes. */
export interface KeyValueStores {
  open(folder: string): Promise<KeyValueDatabase>
}

export interface KeyValueDatabase {
  get(key: Uint8Array): Buffer | undefined
  /** In order of key, `from` inclusive, `to` exclusive, over what has been committed. */
  range(from: Uint8Array | undefined, to: Uint8Array | undefined): Iterable<readonly [Buffer, Buffer]>
  /** One atomic batch; an undefined value deletes. */
  commit(changes: Iterable<readonly [Uint8Array, Uint8Array | undefined]>): Promise<void>
  close(): Promise<void>
}
