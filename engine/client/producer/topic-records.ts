import type { ProducerRecord } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import type { Settle } from './batch.ts'
import { PartitionQueue } from './partition-queue.ts'
import type { PartitionsView, TopicPartitioner } from './partitioners.ts'

export interface WaitingRecord {
  readonly record: ProducerRecord
  readonly settle: Settle | undefined
  readonly sizeBytes: number
  readonly sinceMs: number
}

/** One topic as the producer sees it: its partitions' queues, and the records that wait for the topic to be known. */
export class TopicRecords implements PartitionsView {
  readonly name: string
  readonly partitioner: TopicPartitioner
  readonly queues: PartitionQueue[] = []
  waiting: WaitingRecord[] = []
  /** Since when brokers have been saying that there is no such topic. */
  unknownSinceMs: number | undefined
  readonly #cluster: ClusterClient

  constructor(name: string, partitioner: TopicPartitioner, cluster: ClusterClient) {
    this.name = name
    this.partitioner = partitioner
    this.#cluster = cluster
  }

  get count(): number {
    return this.queues.length
  }

  hasLeader(partition: number): boolean {
    return (this.#cluster.metadata.partition(this.name, partition)?.leader ?? -1) >= 0
  }

  queuedBytes(partition: number): number {
    return this.queues[partition]?.waitingBytes ?? 0
  }

  /** Takes in what metadata says; partitions never become fewer while there are records for them. */
  update(): void {
    const info = this.#cluster.metadata.topic(this.name)
    for (let partition = this.queues.length; partition < (info?.partitions.length ?? 0); partition++) {
      this.queues.push(new PartitionQueue(this.name, partition))
    }
  }
}
