import { MillraceError } from '../../base/errors.ts'
import type { DiskFile, Environment } from '../../environment/index.ts'
import { makeDurableFolder } from '../durable-folder.ts'
import type { RaftEffects, RaftEntry, RaftSnapshot } from './raft/messages.ts'
import type { RaftDurableState } from './raft/node.ts'

/**
 * What a member of the quorum must not forget, as a file that only grows: entries, truncations and votes as they
 * happened, so that one sync makes all of a step durable. Frame: length, CRC-32C of the rest, kind, epoch, then an
 * entry's payload, a truncation's index or a vote's receiver. A frame cut off at the end was never acted upon.
 */
const frameHeadBytes = 13
const kinds = { entry: 0, truncate: 1, vote: 2 } as const
const snapshotName = 'metadata.snapshot'

interface Replayed {
  epoch: number
  votedFor: number | undefined
  entries: RaftEntry[]
  /** Bytes of whole frames. */
  goodBytes: number
}

export class QuorumJournal {
  private readonly environment: Environment
  private readonly folder: string
  private file: DiskFile
  private position: number
  private epoch: number
  private votedFor: number | undefined

  private constructor(environment: Environment, folder: string, file: DiskFile, replayed: Replayed) {
    this.environment = environment
    this.folder = folder
    this.file = file
    this.position = replayed.goodBytes
    this.epoch = replayed.epoch
    this.votedFor = replayed.votedFor
  }

  static async open(
    environment: Environment,
    folder: string,
  ): Promise<{ journal: QuorumJournal; durable: RaftDurableState }> {
    const { disk } = environment
    await makeDurableFolder(disk, folder)
    const names = await disk.list(folder)
    const snapshot = names.includes(snapshotName) ? await readSnapshot(environment, folder) : undefined
    const firstIndex = (snapshot?.index ?? 0) + 1
    const base = names
      .flatMap((name) => baseOf(name) ?? [])
      .filter((index) => index <= firstIndex)
      .at(-1)
    if (base === undefined) {
      const file = await disk.open(`${folder}/${journalName(firstIndex)}`, 'create')
      await disk.syncFolder(folder)
      const replayed: Replayed = {
        epoch: snapshot?.epoch ?? 0,
        votedFor: undefined,
        entries: [],
        goodBytes: 0,
      }
      const journal = new QuorumJournal(environment, folder, file, replayed)
      return { journal, durable: { ...replayed, snapshot } }
    }
    const file = await disk.open(`${folder}/${journalName(base)}`, 'read-write')
    const content = await file.read(0, await file.size())
    const replayed = replay(environment, content, base)
    if (replayed.goodBytes < content.length) await file.truncate(replayed.goodBytes)
    const journal = new QuorumJournal(environment, folder, file, replayed)
    const entries = replayed.entries.slice(firstIndex - base)
    return { journal, durable: { epoch: replayed.epoch, votedFor: replayed.votedFor, snapshot, entries } }
  }

  /** Durable once it resolves. */
  async write(effects: readonly RaftEffects[]): Promise<void> {
    let pieces: Buffer[] = []
    for (const effect of effects) {
      if (effect.vote) pieces.push(this.voteFrame(effect.vote.epoch, effect.vote.votedFor))
      if (effect.install) {
        await this.append(pieces)
        pieces = []
        await this.restart(effect.install, [])
      }
      if (effect.store) {
        pieces.push(this.frame(kinds.truncate, 0, indexBytes(effect.store.fromIndex)))
        for (const entry of effect.store.entries) pieces.push(this.entryFrame(entry))
      }
    }
    if (pieces.length === 0) return
    await this.append(pieces)
    await this.file.sync()
  }

  /** Begins a new journal after the snapshot, which then stands for all up to its index. */
  async restart(snapshot: RaftSnapshot, entriesAfter: readonly RaftEntry[]): Promise<void> {
    const { disk } = this.environment
    await disk.writeFileAtomic(`${this.folder}/${snapshotName}`, JSON.stringify(snapshot))
    const name = journalName(snapshot.index + 1)
    const path = `${this.folder}/${name}`
    if (path === this.file.path) return
    const pieces = [
      this.voteFrame(this.epoch, this.votedFor ?? -1),
      ...entriesAfter.map((e) => this.entryFrame(e)),
    ]
    // Under another name until it is whole: with its own it would count at once.
    await disk.writeFileAtomic(path, Buffer.concat(pieces))
    const old = this.file
    this.file = await disk.open(path, 'read-write')
    this.position = pieces.reduce((sum, piece) => sum + piece.length, 0)
    await old.close()
    await disk.remove(old.path)
  }

  async close(): Promise<void> {
    await this.file.close()
  }

  private async append(pieces: readonly Buffer[]): Promise<void> {
    if (pieces.length === 0) return
    await this.file.write(this.position, pieces)
    this.position += pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  private voteFrame(epoch: number, votedFor: number): Buffer {
    this.epoch = epoch
    this.votedFor = votedFor
    const body = Buffer.alloc(4)
    body.writeInt32BE(votedFor)
    return this.frame(kinds.vote, epoch, body)
  }

  private entryFrame(entry: RaftEntry): Buffer {
    return this.frame(kinds.entry, entry.epoch, Buffer.from(entry.payload, 'utf8'))
  }

  private frame(kind: number, epoch: number, body: Buffer): Buffer {
    const frame = Buffer.allocUnsafe(frameHeadBytes + body.length)
    frame.writeUInt32BE(frame.length, 0)
    frame[8] = kind
    frame.writeUInt32BE(epoch, 9)
    body.copy(frame, frameHeadBytes)
    frame.writeUInt32BE(this.environment.codecs.crc32c(frame.subarray(8)), 4)
    return frame
  }
}

function replay(environment: Environment, content: Buffer, base: number): Replayed {
  const state: Replayed = { epoch: 0, votedFor: undefined, entries: [], goodBytes: 0 }
  while (content.length - state.goodBytes >= frameHeadBytes) {
    const start = state.goodBytes
    const length = content.readUInt32BE(start)
    if (length < frameHeadBytes || length > content.length - start) break
    const frame = content.subarray(start, start + length)
    if (environment.codecs.crc32c(frame.subarray(8)) !== frame.readUInt32BE(4)) break
    const epoch = frame.readUInt32BE(9)
    const body = frame.subarray(frameHeadBytes)
    if (frame[8] === kinds.entry) state.entries.push({ epoch, payload: body.toString('utf8') })
    else if (frame[8] === kinds.truncate) state.entries.length = Number(body.readBigInt64BE()) - base
    else {
      const votedFor = body.readInt32BE()
      state.epoch = epoch
      state.votedFor = votedFor === -1 ? undefined : votedFor
    }
    state.goodBytes = start + length
  }
  return state
}

async function readSnapshot(environment: Environment, folder: string): Promise<RaftSnapshot> {
  const path = `${folder}/${snapshotName}`
  try {
    return JSON.parse((await environment.disk.readFile(path)).toString('utf8')) as RaftSnapshot
  } catch (cause) {
    throw new MillraceError({
      code: 'DATA_DAMAGED',
      what: "the snapshot of the cluster's metadata cannot be read",
      where: path,
      remedy: "remove this broker's folder: it gets everything again from the others",
      cause,
    })
  }
}

function indexBytes(index: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(index))
  return bytes
}

function journalName(firstIndex: number): string {
  return `metadata-${String(firstIndex).padStart(20, '0')}.journal`
}

function baseOf(name: string): number | undefined {
  const match = /^metadata-(\d{20})\.journal$/.exec(name)
  return match ? Number(match[1]) : undefined
}
