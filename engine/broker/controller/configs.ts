import { isMillraceError } from '../../base/errors.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { brokerSetting, checkedBrokerSetting } from '../settings/broker-settings.ts'
import { listOf } from '../settings/setting.ts'
import { checkedTopicSetting } from '../settings/topic-configs.ts'
import { topicSetting } from '../settings/topic-settings.ts'
import type { ControllerState, Decision } from './decision.ts'
import type { ClusterImage } from './image.ts'
import type { MetadataRecord } from './records.ts'

export interface ConfigChange {
  readonly key: string
  readonly operation: 'set' | 'delete' | 'append' | 'subtract'
  readonly value: string | null
}

export interface ConfigAlteration {
  readonly resource: 'topic' | 'broker'
  /** Of a broker: its id, or empty for the default of all (KIP-226). */
  readonly name: string
  readonly changes: readonly ConfigChange[]
  /** What is not named goes back to its default. */
  readonly replaces: boolean
}

export interface ConfigAnswer {
  readonly error: ErrorName
  readonly message?: string
}

/** Every change of a resource, or none (KIP-339). */
export function alterConfigs(
  { image }: ControllerState,
  alteration: ConfigAlteration,
  validateOnly: boolean,
): Decision<ConfigAnswer> {
  const fault = resourceFault(image, alteration) ?? keysFault(alteration)
  if (fault) return { records: [], response: fault }
  const { resource, name } = alteration
  const before = image.configs(resource, name)
  const records: MetadataRecord[] = []
  for (const change of alteration.changes) {
    const value = changed(image, alteration, change)
    if (typeof value === 'object' && value !== null) return { records: [], response: value }
    if (value !== (before.get(change.key) ?? null)) {
      records.push({ type: 'config', resource, name, key: change.key, value })
    }
  }
  if (alteration.replaces) {
    const named = new Set(alteration.changes.map(({ key }) => key))
    for (const key of before.keys()) {
      if (!named.has(key)) records.push({ type: 'config', resource, name, key, value: null })
    }
  }
  return { records: validateOnly ? [] : records, response: { error: 'NONE' } }
}

function resourceFault(image: ClusterImage, { resource, name }: ConfigAlteration): ConfigAnswer | undefined {
  if (resource === 'topic') {
    if (image.topics.has(name)) return undefined
    return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: `The topic '${name}' does not exist.` }
  }
  if (name === '' || image.brokers.has(Number(name))) return undefined
  return { error: 'INVALID_REQUEST', message: `There is no broker ${name}.` }
}

function keysFault({ changes }: ConfigAlteration): ConfigAnswer | undefined {
  const keys = changes.map(({ key }) => key)
  const twice = keys.find((key, i) => keys.indexOf(key) !== i)
  if (twice === undefined) return undefined
  return { error: 'INVALID_REQUEST', message: `Error due to duplicate config keys: ${twice}` }
}

/** The new text, null for the default, or what is wrong with the change. */
function changed(
  image: ClusterImage,
  { resource, name }: ConfigAlteration,
  { key, operation, value }: ConfigChange,
): string | null | ConfigAnswer {
  const setting = resource === 'topic' ? topicSetting(key) : brokerSetting(key)
  if (resource === 'broker' && setting && !setting.isDynamic) {
    return { error: 'INVALID_REQUEST', message: `Cannot update these configs dynamically: ${key}` }
  }
  // A setting of another version of Kafka can still be taken away.
  if (operation === 'delete') return null
  if (value === null) return { error: 'INVALID_REQUEST', message: `Null value not supported for : ${key}` }
  if (operation === 'set' || !setting) return checked(resource, key, value)
  if (setting.type !== 'list') {
    const message = `Can't ${operation.toUpperCase()} to key ${key} because its type is not LIST.`
    return { error: 'INVALID_CONFIG', message }
  }
  const now = listOf(image.configs(resource, name).get(key) ?? setting.fallback)
  const given = listOf(value)
  const list =
    operation === 'append'
      ? [...now, ...given.filter((part) => !now.includes(part))]
      : now.filter((part) => !given.includes(part))
  return checked(resource, key, list.join(','))
}

function checked(resource: 'topic' | 'broker', key: string, value: string): string | ConfigAnswer {
  try {
    return resource === 'topic' ? checkedTopicSetting(key, value) : checkedBrokerSetting(key, value)
  } catch (thrown) {
    if (isMillraceError(thrown)) return { error: 'INVALID_CONFIG', message: thrown.what }
    throw thrown
  }
}
