import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'
import { correlationIdOf, encodeRequest } from '../../engine/protocol/frames.ts'
import { type BrokerNews, witnessTopic } from './broker-process.ts'
import type { FrameMaker } from './malformed-frames.ts'
import { Witness } from './witness.ts'

const connectionsMax = 32
/** Some requests wait, and some frames are never complete: then the next one comes over another connection. */
const patienceMs = 300
const incompleteMs = 5
const answerBytesMax = 2 ** 30
const mebibyte = 1024 * 1024
/** Groups, producers and the witness's records stay; a leak of a few bytes for each frame does not pass. */
const keptBytesMax = 24 * mebibyte
const keptBytesPerFrameMax = 100
const settleMs = 1000
/** Memory is looked at after each part of the frames; after the first, caches are warm. */
const parts = 5
const sentinelId = 0x5eed
const sentinel = Buffer.concat(
  encodeRequest(apiVersions, 0, { correlationId: sentinelId, clientId: 'sentinel' }, {}),
)

interface Memory {
  readonly residentBytes: number
  readonly keptBytes: number
  readonly warnings: number
}

export interface BrokerRun {
  readonly frames: number
  readonly kinds: Readonly<Record<string, number>>
  /** How connections went on after a frame: `answered`, `closed` by the broker, `waiting` until we gave up. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly string[]
  readonly elapsedMs: number
  readonly witnessRecords: number
  readonly witnessSlowestMs: number
  /** After each part of the frames. */
  readonly memory: readonly Memory[]
}

/** Sends the frames of these numbers to a broker in a process of its own, while a client that behaves goes on. */
export async function fuzzBroker(maker: FrameMaker, from: number, count: number): Promise<BrokerRun> {
  const run = new Fuzzing(maker)
  await run.start()
  try {
    return await run.all(from, count)
  } finally {
    run.stop()
  }
}

class Fuzzing {
  private readonly maker: FrameMaker
  private readonly child: ChildProcess
  private readonly kinds: Record<string, number> = {}
  private readonly outcomes: Record<string, number> = {}
  private readonly failures: string[] = []
  /** Frames on the way, by the local port of their connection. */
  private readonly onTheWay = new Map<number, number>()
  /** What the broker logged as errors, without the address, with the frame that first led to it. */
  private readonly errors = new Map<string, { frame: number | undefined; times: number }>()
  private port = 0
  private isOver = false

  constructor(maker: FrameMaker) {
    this.maker = maker
    const script = path.resolve(import.meta.dirname, 'broker-process.ts')
    this.child = fork(script, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.child.on('exit', (code, signal) => {
      if (!this.isOver)
        this.failures.push(
          `the broker's process ended (${signal ?? code}) with frames ${[...this.onTheWay.values()].join(' ')} on the way`,
        )
    })
    this.child.on('message', (news: BrokerNews) => {
      if (news.kind === 'error') this.noteError(news.text)
    })
  }

  async start(): Promise<void> {
    const news = await this.next('ready')
    this.port = news.port
  }

  stop(): void {
    this.isOver = true
    if (this.child.connected) this.child.disconnect()
  }

  async all(from: number, count: number): Promise<BrokerRun> {
    const witness = new Witness(this.port, witnessTopic)
    witness.start()
    const startedMs = performance.now()
    const memory: Memory[] = []
    for (let part = 0; part < parts; part++) {
      const first = from + Math.floor((count * part) / parts)
      const end = from + Math.floor((count * (part + 1)) / parts)
      await this.send(first, end - first)
      memory.push(await this.memory())
    }
    const elapsedMs = performance.now() - startedMs
    if (this.failures.length === 0) await witness.stop()
    this.failures.push(...witness.complaints.map((text) => `another connection: ${text}`))
    const grownBytes = memory.at(-1)!.keptBytes - memory[0]!.keptBytes
    if (grownBytes > keptBytesMax + keptBytesPerFrameMax * count) {
      this.failures.push(
        `the broker keeps ${(grownBytes / mebibyte).toFixed(0)} MiB more than after its warm-up`,
      )
    }
    for (const [text, { frame, times }] of this.errors) {
      this.failures.push(`frame ${frame} (${times} times alike): ${text}`)
    }
    const { kinds, outcomes, failures } = this
    const { sent: witnessRecords, slowestMs: witnessSlowestMs } = witness
    return {
      frames: count,
      kinds,
      outcomes,
      failures,
      elapsedMs,
      witnessRecords,
      witnessSlowestMs,
      memory,
    }
  }

  /** Over several connections, each of which goes on for as long as the broker keeps it. */
  private async send(from: number, count: number): Promise<void> {
    let next = from
    const one = async (): Promise<void> => {
      let link: Link | undefined
      while (next < from + count && this.failures.length === 0) {
        const index = next++
        const { kind, bytes } = this.maker.make(index)
        link ??= await Link.open(this.port)
        this.onTheWay.set(link.localPort, index)
        const outcome = await link.offer(bytes)
        this.kinds[kind] = (this.kinds[kind] ?? 0) + 1
        this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
        if (outcome !== 'answered') {
          this.leave(link)
          link = undefined
        }
      }
      if (link) this.leave(link)
    }
    await Promise.all(Array.from({ length: Math.min(connectionsMax, count) }, one))
  }

  /** After a pause in which what was under way comes to its end. */
  private async memory(): Promise<Memory> {
    await sleep(settleMs)
    if (!this.child.connected) return { residentBytes: 0, keptBytes: 0, warnings: 0 }
    this.child.send('memory')
    return await this.next('memory')
  }

  private async next<K extends BrokerNews['kind']>(kind: K): Promise<Extract<BrokerNews, { kind: K }>> {
    for (;;) {
      const ended = once(this.child, 'exit').then(() => undefined)
      const said = once(this.child, 'message').then(([news]) => news as BrokerNews)
      const news = await Promise.race([ended, said])
      if (news === undefined) throw new Error(`the broker's process ended\n${this.failures.join('\n')}`)
      if (news.kind === kind) return news as Extract<BrokerNews, { kind: K }>
    }
  }

  /** What the broker has to say of the frame comes a little later. */
  private leave(link: Link): void {
    const { localPort } = link
    const index = this.onTheWay.get(localPort)
    link.end()
    setTimeout(() => {
      if (this.onTheWay.get(localPort) === index) this.onTheWay.delete(localPort)
    }, settleMs).unref()
  }

  private noteError(text: string): void {
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1])
    const what = text.replace(/ from \S*:\d+/, '')
    const known = this.errors.get(what)
    if (known) known.times++
    else this.errors.set(what, { frame: this.onTheWay.get(port), times: 1 })
  }
}

type Outcome = 'answered' | 'closed' | 'waiting'

/** A connection that takes one frame after the other, each followed by a request that any broker answers. */
class Link {
  localPort = 0
  private readonly socket: Socket
  private readonly splitter = new FrameSplitter(answerBytesMax)
  private settle: (outcome: Outcome) => void = () => undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.receive(chunk))
    // `close` follows.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.settle('closed'))
  }

  static async open(port: number): Promise<Link> {
    for (;;) {
      const socket = connect(port, '127.0.0.1')
      const link = new Link(socket)
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true))
        socket.once('close', () => resolve(false))
      })
      if (isOpen) {
        link.localPort = socket.localPort ?? 0
        return link
      }
      // Too many connections of before still occupy ports; or the broker is gone, which the caller notices.
      await sleep(patienceMs)
      if (socket.errored !== null && 'code' in socket.errored && socket.errored.code === 'ECONNREFUSED')
        return link
    }
  }

  async offer(bytes: Buffer): Promise<Outcome> {
    if (this.socket.destroyed) return 'closed'
    const isComplete = bytes.length >= 4 && bytes.readInt32BE(0) + 4 <= bytes.length
    const outcome = new Promise<Outcome>((resolve) => {
      this.settle = resolve
    })
    this.socket.write(bytes)
    if (isComplete) this.socket.write(sentinel)
    const timer = setTimeout(() => this.settle('waiting'), isComplete ? patienceMs : incompleteMs)
    try {
      return await outcome
    } finally {
      clearTimeout(timer)
    }
  }

  end(): void {
    this.socket.resetAndDestroy()
  }

  private receive(chunk: Buffer): void {
    try {
      for (const frame of this.splitter.push(chunk)) {
        if (correlationIdOf(frame) === sentinelId) this.settle('answered')
      }
    } catch {
      // No frame of ours: the connection has come out of step, which is the fuzzed frame's doing.
      this.socket.destroy()
    }
  }
}
