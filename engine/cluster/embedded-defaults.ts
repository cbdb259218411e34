/**
 * Where the embedded cluster differs from Kafka's defaults; settings that are given go above these. Timeouts are those
 * of brokers that share a machine.
 */
export function embeddedDefaults(brokers: number): Record<string, string> {
  return {
    'default.replication.factor': String(Math.min(3, brokers)),
    'min.insync.replicas': String(Math.min(2, brokers)),
    'group.initial.rebalance.delay.ms': '0',
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '300',
    'controller.quorum.election.timeout.ms': '600',
    'replica.fetch.backoff.ms': '50',
    'replica.fetch.max.bytes': String(8 * 1024 * 1024),
    'replica.fetch.response.max.bytes': String(32 * 1024 * 1024),
    'replica.lag.time.max.ms': '10000',
    'offsets.topic.num.partitions': '8',
    'offsets.topic.replication.factor': String(Math.min(3, brokers)),
    'transaction.state.log.num.partitions': '8',
    'transaction.state.log.replication.factor': String(Math.min(3, brokers)),
    'transaction.state.log.min.isr': String(Math.min(2, brokers)),
  }
}
