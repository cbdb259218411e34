/**
 * The topology while it is built and after: steps and the edges between them. A step's runtime half is made by `create`, once
 * per task; everything in this file is shared by all tasks and never changes after `build()`.
 */
import type { KeyValueDatabase } from '../environment/index.ts'
import type { Headers, Serde, SinkOptions, SourceOptions, StreamRecord } from './api.ts'
import type { StateStore } from './stores/store.ts'

/** A topic of the user's, or one of ours whose full name begins with the application id. */
export interface TopicRef {
  readonly name: string
  readonly internal: boolean
}

export function topicName(topic: TopicRef, applicationId: string): string {
  return topic.internal ? `${applicationId}-${topic.name}` : topic.name
}

export interface SourceSpec {
  readonly topic: TopicRef
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly timestamp: NonNullable<SourceOptions<unknown, unknown>['timestamp']>
  readonly reset: 'earliest' | 'latest'
}

export interface SinkSpec {
  readonly topic: TopicRef
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly partitioner: NonNullable<SinkOptions<unknown, unknown>['partitioner']>
  readonly acks?: SinkOptions<unknown, unknown>['acks']
  readonly compression?: SinkOptions<unknown, unknown>['compression']
}

/** A table whose rows every instance has all of. */
export interface GlobalTableSpec {
  readonly name: string
  readonly source: SourceSpec
  readonly storeName: string
}

/** An internal topic between two sub-topologies. */
export interface RepartitionSpec {
  readonly topic: TopicRef
  /** Undefined: as many as what is upstream has, or what a join needs. */
  readonly partitions: number | undefined
  readonly sink: StepNode
  readonly source: StepNode
}

export interface StoreSpec {
  readonly name: string
  /** It asks for the task's database; without one it keeps its rows in memory. */
  readonly onDisk: boolean
  create(database: KeyValueDatabase | undefined): StateStore
}

export interface Edge {
  readonly node: StepNode
  readonly input: number
  /** Which of the step's outputs it leaves by: branches have several. */
  readonly output: number
}

export interface StepNode {
  readonly name: string
  /** Whom errors are reported for: the step that a person named. */
  readonly reportAs: string
  readonly kind: string
  /** Parameters in words, for `describe`. */
  readonly detail: string
  readonly parents: readonly StepNode[]
  readonly children: Edge[]
  readonly stores: StoreSpec[]
  readonly source: SourceSpec | undefined
  readonly sink: SinkSpec | undefined
  readonly create: (setup: StepSetup) => StepLogic
}

/** The runtime half of a step. Throws for what the user's code throws. */
export interface StepLogic {
  process(record: StreamRecord, input: number): void
  /** Before a commit: what the step holds for others is handed over. */
  beforeCommit?(): Promise<void>
  /** Gives up what `beforeCommit` could not hand over; how many records that was. */
  discard?(): number
  close?(): void | Promise<void>
}

/** What a step's runtime half gets from its task. */
export interface StepSetup {
  readonly name: string
  readonly task: TaskView
  forward(record: StreamRecord): void
  forwardTo(output: number, record: StreamRecord): void
  /** Counts a record that the step's rules drop. */
  dropped(): void
  store(name: string): StateStore
  send(sink: SinkSpec, record: StreamRecord): void
  schedule(
    everyMs: number,
    clock: 'stream-time' | 'wall-clock',
    punctuate: (timestampMs: number) => void,
    startTimeMs: number | undefined,
  ): { cancel(): void }
}

export interface TaskView {
  readonly id: string
  readonly partition: number
  readonly streamTimeMs: number
  readonly wallClockMs: number
  /** Of the record that came in from the topic. */
  readonly headers: Headers
}

/** Inputs that must be partitioned alike, for one join. */
export interface CoPartitioning {
  readonly step: string
  readonly left: StepNode
  readonly right: StepNode
}
