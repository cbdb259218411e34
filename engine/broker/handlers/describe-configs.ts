/**
 * DescribeConfigs (32), versions 1–4.
 *
 * All settings that hold for a topic (2) or a broker (4), defaults included, with where each value comes from.
 * - v1: synonyms when asked for. v3: type, and documentation when asked for.
 * - Passwords and keys are marked as sensitive, and their values are never told.
 * Deviations: other kinds of resource (loggers, client metrics, groups) are refused with INVALID_REQUEST. Every broker
 * describes every other one's given settings as its own, as the embedded cluster gives all the same.
 */

import type { ResponseInput } from '../../protocol/api.ts'
import { describeConfigs } from '../../protocol/apis/describe-configs.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { topicNameFault } from '../controller/topic-names.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { brokerSettings } from '../settings/broker-settings.ts'
import { type Setting, settingTypeCodes } from '../settings/setting.ts'
import { topicSettings } from '../settings/topic-settings.ts'

const resourceTypes = { topic: 2, broker: 4 } as const
const sources = { topic: 1, dynamicBroker: 2, dynamicDefault: 3, staticBroker: 4, fallback: 5 } as const

type Result = ResponseInput<typeof describeConfigs>['results'][number]
type ConfigAnswer = Result['configs'][number]

interface Asked {
  readonly keys: readonly string[] | null
  readonly includeSynonyms: boolean
  readonly includeDocumentation: boolean
}

export const handleDescribeConfigs = handler(describeConfigs, (broker, request) => {
  const { includeSynonyms, includeDocumentation } = request
  const results = request.resources.map(({ resourceType, resourceName, configurationKeys }): Result => {
    const asked = { keys: configurationKeys, includeSynonyms, includeDocumentation }
    const found = describe(broker, resourceType, resourceName, asked)
    const isFault = !Array.isArray(found)
    return {
      errorCode: isFault ? errorCodes[found.error] : errorCodes.NONE,
      errorMessage: isFault ? found.message : null,
      resourceType,
      resourceName,
      configs: isFault ? [] : found,
    }
  })
  return { results }
})

interface Fault {
  readonly error: ErrorName
  readonly message: string
}

function describe(broker: BrokerContext, type: number, name: string, asked: Asked): ConfigAnswer[] | Fault {
  if (type === resourceTypes.topic) {
    const nameFault = topicNameFault(name)
    if (nameFault) return { error: 'INVALID_TOPIC_EXCEPTION', message: `Topic name is invalid: ${nameFault}` }
    if (!broker.image.topics.has(name)) {
      return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: `There is no topic ${name}.` }
    }
    return describeTopic(broker, name, asked)
  }
  if (type !== resourceTypes.broker) {
    return { error: 'INVALID_REQUEST', message: `Resources of type ${type} cannot be described here.` }
  }
  if (name !== '' && !broker.image.brokers.has(Number(name))) {
    return { error: 'INVALID_REQUEST', message: `There is no broker ${name}.` }
  }
  const described = isAsked(asked, nodeId.name) ? [describeNodeId(broker, asked)] : []
  return [
    ...described,
    ...brokerSettings
      .filter((setting) => isAsked(asked, setting.name))
      .map((setting) => {
        const synonyms = brokerSynonyms(broker, setting, name)
        return answerOf(setting, synonyms, asked, !setting.isDynamic)
      }),
  ]
}

const nodeId: Setting = {
  name: 'node.id',
  type: 'int',
  fallback: '-1',
  documentation: 'The id of the broker, given when the cluster is started.',
}

function describeNodeId(broker: BrokerContext, asked: Asked): ConfigAnswer {
  const value = String(broker.id)
  return answerOf(nodeId, [{ name: nodeId.name, value, source: sources.staticBroker }], asked, true)
}

interface Synonym {
  readonly name: string
  readonly value: string
  readonly source: number
}

function describeTopic(broker: BrokerContext, name: string, asked: Asked): ConfigAnswer[] {
  const own = broker.image.configs('topic', name)
  return topicSettings
    .filter((setting) => isAsked(asked, setting.name))
    .map((setting) => {
      const set = own.get(setting.name)
      const inherited = brokerSynonyms(broker, { ...setting, name: setting.brokerName })
      const synonyms =
        set === undefined
          ? inherited
          : [{ name: setting.name, value: set, source: sources.topic }, ...inherited]
      return answerOf(setting, synonyms, asked, false)
    })
}

/** Where the value can come from, what wins first. @param brokerId empty: what is set for all brokers */
function brokerSynonyms(
  { id, settings, image }: BrokerContext,
  { name, fallback }: Setting,
  brokerId = String(id),
): Synonym[] {
  const values = [
    {
      value: brokerId === '' ? undefined : image.configs('broker', brokerId).get(name),
      source: sources.dynamicBroker,
    },
    { value: image.configs('broker', '').get(name), source: sources.dynamicDefault },
    { value: settings.given.get(name), source: sources.staticBroker },
    { value: fallback, source: sources.fallback },
  ]
  return values.flatMap(({ value, source }) => (value === undefined ? [] : [{ name, value, source }]))
}

function answerOf(
  setting: Setting,
  synonyms: readonly Synonym[],
  asked: Asked,
  readOnly: boolean,
): ConfigAnswer {
  const isSensitive = setting.type === 'password'
  const shown = synonyms.map((synonym) => (isSensitive ? { ...synonym, value: null } : synonym))
  return {
    name: setting.name,
    value: shown[0]!.value,
    readOnly,
    configSource: synonyms[0]!.source,
    isSensitive,
    synonyms: asked.includeSynonyms ? shown : [],
    configType: settingTypeCodes[setting.type],
    documentation: asked.includeDocumentation ? setting.documentation : null,
  }
}

function isAsked(asked: Asked, name: string): boolean {
  return asked.keys === null || asked.keys.length === 0 || asked.keys.includes(name)
}
