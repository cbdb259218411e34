import { MillraceError } from '../../base/errors.ts'
import { securitySettings } from './security-settings.ts'
import { checkedSetting, type Setting, SettingValues } from './setting.ts'
import { topicSettings } from './topic-settings.ts'

const intMax = 2 ** 31 - 1

function count(name: string, fallback: number, min: number, documentation: string, max = intMax): Setting {
  return { name, type: 'int', fallback: String(fallback), min, max, documentation }
}

function flag(name: string, fallback: boolean, documentation: string): Setting {
  return { name, type: 'boolean', fallback: String(fallback), documentation }
}

/** Settings of a broker by Kafka's names, with Kafka's defaults; the embedded cluster puts its own above them. */
const ownSettings: readonly Setting[] = [
  count('num.partitions', 1, 1, 'Partitions of a topic whose creator does not say.'),
  count('default.replication.factor', 1, 1, 'Replicas of a topic whose creator does not say.', 32767),
  flag('auto.create.topics.enable', true, 'Whether asking for a topic that is not there creates it.'),
  flag('delete.topic.enable', true, 'Whether topics can be deleted.'),
  count('broker.session.timeout.ms', 9000, 100, 'Without a heartbeat for so long a broker is fenced.'),
  count('broker.heartbeat.interval.ms', 2000, 10, 'Time between a broker’s heartbeats to the controller.'),
  count('controller.quorum.election.timeout.ms', 1000, 20, 'Without a leader for so long a vote is held.'),
  flag(
    'auto.leader.rebalance.enable',
    true,
    'Whether leadership goes back to the preferred replicas by itself.',
  ),
  count('leader.imbalance.check.interval.seconds', 300, 1, 'Time between two looks at who should lead.'),
  count('replica.lag.time.max.ms', 30_000, 100, 'A follower behind for so long leaves the in-sync set.'),
  count('replica.fetch.wait.max.ms', 500, 1, 'How long a follower’s fetch waits for records.'),
  count('replica.fetch.response.max.bytes', 10 * 1024 * 1024, 1, 'Bytes in one answer to a follower.'),
  count('replica.fetch.max.bytes', 1024 * 1024, 1, 'Bytes of one partition in one answer to a follower.'),
  count('replica.fetch.backoff.ms', 1000, 1, 'Time before a follower tries again after an error.'),
  count(
    'replica.high.watermark.checkpoint.interval.ms',
    5000,
    10,
    'Time between two saves of high watermarks.',
  ),
  count(
    'log.retention.check.interval.ms',
    300_000,
    1,
    'Time between two looks at what may be deleted by age or size.',
  ),
  count('log.cleaner.backoff.ms', 15_000, 1, 'Time between two looks at what may be compacted.'),
  count('fetch.max.bytes', 55 * 1024 * 1024, 1024, 'The largest answer to a fetch.'),
  count('socket.request.max.bytes', 100 * 1024 * 1024, 1, 'The largest request that is read.'),
  count('group.initial.rebalance.delay.ms', 3000, 0, 'How long a new group waits for further members.'),
  count('group.min.session.timeout.ms', 6000, 1, 'The shortest session timeout of a group’s member.'),
  count('group.max.session.timeout.ms', 1_800_000, 1, 'The longest session timeout of a group’s member.'),
  count('group.max.size', intMax, 1, 'The most members that a group can have.'),
  count(
    'group.consumer.session.timeout.ms',
    45_000,
    1,
    'Without a heartbeat for so long a consumer is put out.',
  ),
  count('group.consumer.heartbeat.interval.ms', 5000, 1, 'Time between a consumer’s heartbeats.'),
  count('group.consumer.max.size', intMax, 1, 'The most members of a group of the consumer protocol.'),
  {
    name: 'group.consumer.assignors',
    type: 'list',
    fallback: 'uniform,range',
    oneOf: ['uniform', 'range'],
    documentation: 'Who assigns partitions in groups of the consumer protocol; the first where nobody says.',
  },
  count('offsets.topic.num.partitions', 50, 1, 'Partitions of the topic that keeps committed offsets.'),
  count('offsets.topic.replication.factor', 3, 1, 'Replicas of the topic that keeps offsets.', 32767),
  count('offsets.topic.segment.bytes', 100 * 1024 * 1024, 1, 'Segment size of the topic that keeps offsets.'),
  count(
    'transaction.state.log.num.partitions',
    50,
    1,
    'Partitions of the topic that keeps transactional ids.',
  ),
  count(
    'transaction.state.log.replication.factor',
    3,
    1,
    'Replicas of the topic that keeps transactional ids.',
    32767,
  ),
  count(
    'transaction.state.log.min.isr',
    2,
    1,
    'In-sync replicas that a change of a transactional id needs.',
    32767,
  ),
  count(
    'transaction.state.log.segment.bytes',
    100 * 1024 * 1024,
    1,
    'Segment size of the topic that keeps transactional ids.',
  ),
  count('transaction.max.timeout.ms', 900_000, 1, 'The longest timeout that a transaction can ask for.'),
  count('transactional.id.expiration.ms', 604_800_000, 1, 'An unused transactional id is forgotten then.'),
  count('quota.window.num', 11, 1, 'Samples over which the rates of clients are measured for quotas.'),
  count('quota.window.size.seconds', 1, 1, 'The length of such a sample.'),
  count('offset.metadata.max.bytes', 4096, 0, 'The longest text that can be committed with an offset.'),
  count('offsets.retention.minutes', 7 * 24 * 60, 1, 'How long offsets are kept that nobody uses.'),
  count('offsets.retention.check.interval.ms', 600_000, 1, 'Time between two looks for such offsets.'),
  count('offsets.commit.timeout.ms', 5000, 1, 'How long a commit may wait for its replicas.'),
  {
    ...count(
      'producer.id.expiration.ms',
      86_400_000,
      1,
      'After so long without a write a producer is forgotten.',
    ),
    isDynamic: true,
  },
]

export const brokerSettings: readonly Setting[] = [
  ...ownSettings,
  ...securitySettings,
  ...topicSettings.map(({ brokerName, ...setting }) => ({ ...setting, name: brokerName, isDynamic: true })),
]

const byName = new Map(brokerSettings.map((setting) => [setting.name, setting]))

export function brokerSetting(name: string): Setting | undefined {
  return byName.get(name)
}

/** The text, in the form that is stored. @throws MillraceError UNKNOWN_SETTING, INVALID_CONFIG */
export function checkedBrokerSetting(name: string, text: string): string {
  const setting = brokerSetting(name)
  if (!setting) throw unknown(name)
  return checkedSetting(setting, text)
}

export class BrokerSettings extends SettingValues {
  /** What was given, checked; nothing of the defaults. */
  readonly given: ReadonlyMap<string, string>

  /**
   * @param dynamic what was set while the broker runs, above what was given
   * @throws MillraceError UNKNOWN_SETTING, INVALID_CONFIG
   */
  constructor(
    given: Readonly<Record<string, string>>,
    dynamic: (name: string) => string | undefined = () => undefined,
  ) {
    const checked = new Map<string, string>()
    for (const [name, text] of Object.entries(given)) {
      checked.set(name, checkedBrokerSetting(name, text))
    }
    super((name) => dynamicText(name, dynamic) ?? checked.get(name) ?? fallbackOf(name))
    this.given = checked
  }

  /** The same broker's, under what the metadata says at the moment (KIP-226). */
  under(dynamic: (name: string) => string | undefined): BrokerSettings {
    return new BrokerSettings(Object.fromEntries(this.given), dynamic)
  }
}

function dynamicText(name: string, dynamic: (name: string) => string | undefined): string | undefined {
  return byName.get(name)?.isDynamic ? dynamic(name) : undefined
}

function fallbackOf(name: string): string {
  const setting = byName.get(name)
  if (!setting) throw unknown(name)
  return setting.fallback
}

function unknown(name: string): MillraceError {
  const near = brokerSettings
    .map((setting) => ({ name: setting.name, likeness: likeness(setting.name, name) }))
    .reduce((best, next) => (next.likeness > best.likeness ? next : best))
  const hint = near.likeness > 0.5 ? `; did you mean ${near.name}?` : ''
  return new MillraceError({
    code: 'UNKNOWN_SETTING',
    what: `there is no broker setting "${name}"`,
    where: name,
    remedy: `use Kafka's dotted names${hint}`,
  })
}

/** The share of three-letter pieces that the two have in common, 0 to 1. */
function likeness(a: string, b: string): number {
  const pieces = (text: string) =>
    new Set(Array.from({ length: Math.max(0, text.length - 2) }, (_, i) => text.slice(i, i + 3)))
  const ofA = pieces(a)
  const ofB = pieces(b)
  const shared = [...ofA].filter((piece) => ofB.has(piece)).length
  return shared / (ofA.size + ofB.size - shared)
}
