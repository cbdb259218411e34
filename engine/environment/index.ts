/**
 * The injected world. Nothing in `engine/` outside `engine/node` (the real world) and `engine/sim` (the simulated
 * one) may touch time, randomness, timers or I/O in any other way.
 */

export type { BundledCode, CodeLoader, CodePlace, CodeProblem } from './code.ts'
export type { Codecs, CompressionName } from './codecs.ts'
export type { Crypto, HashName } from './crypto.ts'
export type { Disk, DiskFile, DiskLock, DiskStat } from './disk.ts'
export type { KeyValueDatabase, KeyValueStores } from './key-value.ts'
export type { LogLevel, LogSink } from './log-sink.ts'
export type {
  Address,
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Network,
  ServerTlsOptions,
} from './network.ts'
export type { Random } from './random.ts'
export type { Clock, TimerHandle, Timers } from './time.ts'
export type {
  Worker,
  WorkerBody,
  WorkerContext,
  WorkerExit,
  WorkerLimits,
  WorkerName,
  WorkerPort,
  Workers,
} from './workers.ts'

import type { CodeLoader } from './code.ts'
import type { Codecs } from './codecs.ts'
import type { Disk } from './disk.ts'
import type { KeyValueStores } from './key-value.ts'
import type { LogSink } from './log-sink.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Clock, Timers } from './time.ts'
import type { Workers } from './workers.ts'

export interface Environment {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly codecs: Codecs
  readonly keyValue: KeyValueStores
  readonly code: CodeLoader
  readonly workers: Workers
  readonly log: LogSink
}
