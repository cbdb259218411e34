import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import type { Replica } from './replica.ts'

/** Compacts the logs of a broker, one after the other: leaders and followers each for themselves, as in Kafka. */
export class LogCleaning {
  private readonly environment: Environment
  private readonly brokerId: number
  /** Told once; they are left as they are until the log is opened anew. */
  private readonly failed = new WeakSet<PartitionLog>()

  constructor(environment: Environment, brokerId: number) {
    this.environment = environment
    this.brokerId = brokerId
  }

  async run(replicas: Iterable<Replica>): Promise<void> {
    for (const replica of [...replicas]) {
      if (!replica.isOpen || replica.isChanging || this.failed.has(replica.log)) continue
      await this.clean(replica)
    }
  }

  private async clean({ log, name, highWatermark }: Replica): Promise<void> {
    const note = (level: 'info' | 'error', text: string) =>
      this.environment.log.write(level, `broker-${this.brokerId}`, `${name}: ${text}`)
    try {
      const report = await log.compact(highWatermark)
      if (!report) return
      const { bytesBefore, bytesAfter, cleanedOffset } = report
      note('info', `compacted up to offset ${cleanedOffset}, from ${bytesBefore} to ${bytesAfter} bytes`)
    } catch (thrown) {
      this.failed.add(log)
      note('error', `it cannot be compacted: ${MillraceError.from(thrown).message}`)
    }
  }
}
