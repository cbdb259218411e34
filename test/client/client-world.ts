import type {
  Admin,
  Consumer,
  ConsumerOptions,
  ConsumerRecord,
  PartitionAssignor,
  PartitionDescription,
  Producer,
  ProducerOptions,
  TopicPartition,
} from '../../engine/client/index.ts'
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import type { Environment } from '../../engine/environment/index.ts'

/** Three brokers, with ids 1 to 3, that can be killed. */
export interface SuiteCluster {
  readonly bootstrap: readonly string[]
  kill(id: number): Promise<void>
  restart(id: number): Promise<void>
  stop(): Promise<void>
}

/** Far more than anything takes: there to end a test that hangs. */
const takeMsMax = 100_000

/** A cluster and the clients that a test makes on it, closed after each. */
export class ClientWorld {
  readonly cluster: SuiteCluster
  readonly admin: Admin
  readonly environment: Environment
  #topics = 0
  #open: { close(): Promise<void> }[] = []

  constructor(environment: Environment, cluster: SuiteCluster) {
    this.environment = environment
    this.cluster = cluster
    this.admin = createAdmin(environment, { bootstrap: cluster.bootstrap })
  }

  async newTopic(partitions: number, configs: Record<string, string> = {}): Promise<string> {
    const name = `topic-${++this.#topics}`
    await this.admin.createTopics([{ name, partitions, configs }])
    return name
  }

  newProducer(options: Partial<ProducerOptions> = {}): Producer {
    const producer = createProducer(this.environment, { bootstrap: this.cluster.bootstrap, ...options })
    this.#open.push(producer)
    return producer
  }

  newConsumer(options: Partial<ConsumerOptions> = {}): Consumer {
    const { bootstrap } = this.cluster
    const consumer = createConsumer(this.environment, { bootstrap, autoOffsetReset: 'earliest', ...options })
    this.#open.push(consumer)
    return consumer
  }

  /** Evenly over the partitions. */
  async fill(topic: string, partitions: number, count: number): Promise<void> {
    const producer = this.newProducer()
    for (let index = 0; index < count; index++) {
      producer.post({ topic, partition: index % partitions, key: null, value: bytes(`value ${index}`) })
    }
    await producer.flush()
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.close()))
  }

  async stop(): Promise<void> {
    await this.admin.close()
    await this.cluster.stop()
  }
}

/** A member of a group that keeps account of what it owns and reads. */
export class Member {
  readonly owned = new Set<string>()
  readonly values: string[] = []
  readonly lost: string[] = []
  readonly consumer: Consumer

  constructor(
    world: ClientWorld,
    groupId: string,
    assignor: PartitionAssignor,
    names: string[],
    options: Partial<ConsumerOptions> = {},
  ) {
    this.consumer = world.newConsumer({
      groupId,
      assignors: [assignor],
      heartbeatIntervalMs: 100,
      autoCommitIntervalMs: 100,
      ...options,
    })
    const place = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`
    this.consumer.subscribe(names, {
      onAssigned: (partitions) => {
        for (const one of partitions) this.owned.add(place(one))
      },
      onRevoked: (partitions) => {
        for (const one of partitions) this.owned.delete(place(one))
      },
      onLost: (partitions) => {
        for (const one of partitions) {
          this.owned.delete(place(one))
          this.lost.push(place(one))
        }
      },
    })
  }

  async pollOnce(): Promise<void> {
    for (const { value } of await this.consumer.poll(30)) this.values.push(String(value))
  }

  close(): Promise<void> {
    return this.consumer.close()
  }
}

/** Lets the members poll until it is so. */
export async function runUntil(
  members: readonly Member[],
  isSo: () => boolean,
  what: string,
  timeoutMs = takeMsMax,
): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await Promise.all(members.map((member) => member.pollOnce()))
  }
}

export async function runFor(members: readonly Member[], durationMs: number): Promise<void> {
  const endMs = performance.now() + durationMs
  await runUntil(members, () => performance.now() >= endMs, 'time passes', durationMs + takeMsMax)
}

/** All that a topic holds: `count` records, and no more. */
export async function readAll(
  consumer: Consumer,
  topic: string,
  partitions: number,
  count: number,
): Promise<ConsumerRecord[]> {
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition })))
  const read = await take(consumer, count)
  return [...read, ...(await consumer.poll(100))]
}

export async function take(consumer: Consumer, count: number): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  const endMs = performance.now() + takeMsMax
  while (records.length < count && performance.now() < endMs) records.push(...(await consumer.poll(500)))
  return records
}

/** Waits until all partitions of the topic are so. */
export async function partitionsUntil(
  world: ClientWorld,
  topic: string,
  isSo: (partition: PartitionDescription) => boolean,
): Promise<void> {
  for (;;) {
    const [description] = await world.admin.describeTopics([topic])
    if (description!.partitions.every(isSo)) return
    await sleep(100)
  }
}

export function bytes(text: string): Buffer {
  return Buffer.from(text)
}

export function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
