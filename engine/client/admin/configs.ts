import { describeConfigs as describeConfigsApi } from '../../protocol/apis/describe-configs.ts'
import { configOperations, incrementalAlterConfigs } from '../../protocol/apis/incremental-alter-configs.ts'
import type { ConfigChange, ConfigEntry, ConfigResource } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { retrying } from '../cluster/retrying.ts'
import { checkCode, notInAnswer } from '../kafka-error.ts'
import { checkNamed, requestController } from './routing.ts'

const resourceTypes = { topic: 2, broker: 4 } as const
const sources = new Map([
  [1, 'topic'],
  [2, 'dynamic-broker'],
  [3, 'dynamic-default-broker'],
  [4, 'static-broker'],
  [5, 'default'],
  [6, 'dynamic-broker-logger'],
  [7, 'client-metrics'],
  [8, 'group'],
])
const defaultSource = 5

export async function describeConfigs(
  cluster: ClusterClient,
  resource: ConfigResource,
): Promise<ConfigEntry[]> {
  const body = (version: number) => ({
    resources: [
      {
        resourceType: resourceTypes[resource.type],
        resourceName: resource.name,
        configurationKeys: null,
      },
    ],
    includeDocumentation: version >= 3,
  })
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    if (cluster.metadata.version === 0) await cluster.refresh()
    // A broker's own settings only it knows.
    const answer =
      resource.type === 'broker'
        ? await cluster.request(Number(resource.name), describeConfigsApi, body)
        : await cluster.requestAny(describeConfigsApi, body)
    const result = answer.results[0]
    if (result === undefined) throw notInAnswer(resource.name)
    checkCode(result.errorCode, resource.name, result.errorMessage)
    return result.configs.map((config) => ({
      name: config.name,
      value: config.value,
      source: sources.get(config.configSource) ?? 'unknown',
      isDefault: config.configSource === defaultSource,
      readOnly: config.readOnly,
      sensitive: config.isSensitive,
      documentation: config.documentation || null,
    }))
  })
}

export async function alterConfigs(
  cluster: ClusterClient,
  { type, name }: ConfigResource,
  changes: readonly ConfigChange[],
): Promise<void> {
  const body = {
    resources: [
      {
        resourceType: resourceTypes[type],
        resourceName: name,
        configs: changes.map((change) => ({
          name: change.name,
          configOperation: configOperations[change.operation],
          value: change.value,
        })),
      },
    ],
    validateOnly: false,
  }
  await retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const answer = await requestController(cluster, incrementalAlterConfigs, body)
    const result = answer.responses[0]
    if (result === undefined) throw notInAnswer(name)
    checkNamed(cluster, result.errorCode, name, result.errorMessage)
  })
}
