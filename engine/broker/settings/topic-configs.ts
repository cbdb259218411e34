import { MillraceError } from '../../base/errors.ts'
import type { BrokerSettings } from './broker-settings.ts'
import { checkedSetting, SettingValues } from './setting.ts'
import { topicSetting } from './topic-settings.ts'

/** What holds for a topic: what was set on it, else the broker's setting, else Kafka's default. */
export function topicValues(broker: BrokerSettings, own: ReadonlyMap<string, string>): SettingValues {
  return new SettingValues((name) => {
    const set = own.get(name)
    if (set !== undefined) return set
    const setting = topicSetting(name)
    if (!setting) throw unknownTopicSetting(name)
    return broker.text(setting.brokerName)
  })
}

/** @throws MillraceError INVALID_CONFIG */
export function checkedTopicSetting(name: string, text: string | null): string {
  const setting = topicSetting(name)
  if (!setting) throw unknownTopicSetting(name)
  if (text === null) {
    throw new MillraceError({
      code: 'INVALID_CONFIG',
      what: `Null value not supported for topic configs: ${name}`,
      where: name,
      remedy: 'give a value',
    })
  }
  return checkedSetting(setting, text)
}

function unknownTopicSetting(name: string): MillraceError {
  return new MillraceError({
    code: 'INVALID_CONFIG',
    what: `Unknown topic config name: ${name}`,
    where: name,
    remedy: "use Kafka's dotted names of topic settings",
  })
}
