import { KeyMap } from './key-map.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
  sortedByKey,
} from './store.ts'
import { asBuffer, splitWindowedKey, windowedKey } from './window-store.ts'

/** Valid from its timestamp until the next version's; null: the row was absent then. */
export interface Version {
  readonly timestampMs: number
  value: unknown
}

interface History {
  readonly key: unknown
  /** By time, ascending; never empty. */
  readonly versions: Version[]
}

/** What became of a version: it is the latest, it lies before a later one, or it came too late to be kept. */
export type Placed = 'latest' | 'earlier' | 'expired'

/**
 * Rows with their history (KIP-889). With T the largest timestamp ever put, a version is kept until it has been followed by another
 * for longer than `historyMs` before T; the latest one stays. The changelog's key is that of a window store with the version's
 * timestamp, its value a 1 and the value's bytes, or a 0 for absence; the empty key holds T.
 */
export class VersionedStore implements StateStore {
  readonly name: string
  readonly #serdes: StoreSerdes
  readonly #historyMs: number
  /** How much longer versions may lie unseen before they are dropped together. */
  readonly #slackMs: number
  readonly #rows = new KeyMap<History>()
  #observedMs = -1
  #savedObservedMs = -1
  /** Versions that were put or dropped since the last drain. */
  #dirty: { readonly key: unknown; readonly version: Version; readonly gone: boolean }[] = []
  /** Histories with versions that expire some time, in order of when that was seen. */
  #expiring: { readonly history: History; readonly atMs: number }[] = []
  #expiringMinMs = Number.POSITIVE_INFINITY

  constructor(name: string, serdes: StoreSerdes, historyMs: number) {
    this.name = name
    this.#serdes = serdes
    this.#historyMs = historyMs
    this.#slackMs = Math.ceil(historyMs / 8)
  }

  put(key: unknown, value: unknown, timestampMs: number): Placed {
    if (timestampMs < this.#observedMs - this.#historyMs) return 'expired'
    if (timestampMs > this.#observedMs) this.#observedMs = timestampMs
    const version = { timestampMs, value: value ?? null }
    const history = this.#place(key, version)
    this.#dirty.push({ key, version, gone: false })
    this.#noteExpiry(history)
    if (this.#expiringMinMs + this.#slackMs < this.#observedMs - this.#historyMs) this.#expire()
    return history.versions.at(-1) === version ? 'latest' : 'earlier'
  }

  get(key: unknown): Version | undefined {
    return presentOf(this.#rows.get(key)?.versions.at(-1))
  }

  /** The version that was valid then. Before the history only the latest is found, from its own timestamp on. */
  getAsOf(key: unknown, asOfMs: number): Version | undefined {
    const versions = this.#rows.get(key)?.versions
    if (versions === undefined) return undefined
    let at = versions.length - 1
    if (versions[at]!.timestampMs > asOfMs && asOfMs < this.#observedMs - this.#historyMs) return undefined
    while (at >= 0 && versions[at]!.timestampMs > asOfMs) at--
    return presentOf(versions[at])
  }

  *rows(): Iterable<StoreRow> {
    const latest: StoreRow[] = []
    for (const { key, versions } of this.#rows.values()) {
      const { value, timestampMs } = versions.at(-1)!
      if (value !== null) latest.push({ key, value, timestampMs })
    }
    yield* sortedByKey(latest, this.#serdes.key)
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const { key, version, gone } of changed) {
      const { timestampMs, value } = version
      const bytes = gone ? null : encode(serializeNullable(this.#serdes.value, value))
      emit(windowedKey(this.#serdes.key.serialize(key), timestampMs), bytes, timestampMs)
    }
    if (this.#observedMs === this.#savedObservedMs) return
    this.#savedObservedMs = this.#observedMs
    const observed = Buffer.allocUnsafe(8)
    observed.writeBigInt64BE(BigInt(this.#observedMs), 0)
    emit(observedKey, observed, this.#observedMs)
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null): void {
    if (keyBytes.byteLength === 0) {
      if (valueBytes === null) return
      this.#observedMs = this.#savedObservedMs = Number(asBuffer(valueBytes).readBigInt64BE(0))
      return
    }
    const { key: plain, atMs } = splitWindowedKey(keyBytes)
    const key = this.#serdes.key.deserialize(plain)
    if (valueBytes === null) {
      this.#remove(key, atMs)
      return
    }
    const value = valueBytes[0] === absentMark ? null : this.#serdes.value.deserialize(valueBytes.subarray(1))
    this.#noteExpiry(this.#place(key, { timestampMs: atMs, value }))
  }

  /** A version of the same time takes the other's place. */
  #place(key: unknown, version: Version): History {
    const history = this.#rows.get(key)
    if (history === undefined) {
      const added = { key, versions: [version] }
      this.#rows.set(key, added)
      return added
    }
    const { versions } = history
    let at = versions.length
    while (at > 0 && versions[at - 1]!.timestampMs > version.timestampMs) at--
    const replaces = versions[at - 1]?.timestampMs === version.timestampMs
    versions.splice(replaces ? at - 1 : at, replaces ? 1 : 0, version)
    return history
  }

  #remove(key: unknown, timestampMs: number): void {
    const history = this.#rows.get(key)
    const at = history?.versions.findIndex((version) => version.timestampMs === timestampMs) ?? -1
    if (history === undefined || at < 0) return
    history.versions.splice(at, 1)
    if (history.versions.length === 0) this.#rows.delete(key)
  }

  /** The first version of a history goes when the second has been valid for the whole time that can be looked up. */
  #noteExpiry(history: History): void {
    const [first, second] = history.versions
    const atMs = second?.timestampMs ?? (first!.value === null ? first!.timestampMs : undefined)
    if (atMs === undefined) return
    this.#expiring.push({ history, atMs })
    if (atMs < this.#expiringMinMs) this.#expiringMinMs = atMs
  }

  #expire(): void {
    const limitMs = this.#observedMs - this.#historyMs
    const visited = this.#expiring
    this.#expiring = []
    this.#expiringMinMs = Number.POSITIVE_INFINITY
    const touched = new Set<History>()
    for (const entry of visited) {
      if (entry.atMs < limitMs) touched.add(entry.history)
      else {
        this.#expiring.push(entry)
        if (entry.atMs < this.#expiringMinMs) this.#expiringMinMs = entry.atMs
      }
    }
    for (const history of touched) {
      if (this.#rows.get(history.key) === history) this.#trim(history, limitMs)
    }
  }

  #trim(history: History, limitMs: number): void {
    const { key, versions } = history
    while (versions.length > 1 && versions[1]!.timestampMs < limitMs) this.#drop(key, versions)
    if (versions.length === 1 && versions[0]!.value === null && versions[0]!.timestampMs < limitMs) {
      this.#drop(key, versions)
    }
    if (versions.length === 0) this.#rows.delete(key)
    else this.#noteExpiry(history)
  }

  #drop(key: unknown, versions: Version[]): void {
    this.#dirty.push({ key, version: versions.shift()!, gone: true })
  }
}

const observedKey = new Uint8Array(0)
const absentMark = 0
const absent = Buffer.from([absentMark])
const presentMark = Buffer.from([1])

function encode(value: Uint8Array | null): Buffer {
  return value === null ? absent : Buffer.concat([presentMark, value])
}

function presentOf(version: Version | undefined): Version | undefined {
  return version === undefined || version.value === null ? undefined : version
}
