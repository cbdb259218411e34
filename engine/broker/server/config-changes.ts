import { isMillraceError } from '../../base/errors.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { ConfigAlteration, ConfigAnswer, ConfigChange } from '../controller/configs.ts'
import { topicNameFault } from '../controller/topic-names.ts'
import type { BrokerContext } from './context.ts'

const resourceKinds = new Map<number, 'topic' | 'broker'>([
  [2, 'topic'],
  [4, 'broker'],
])
const timeoutMs = 30_000

export interface AskedResource {
  readonly resourceType: number
  readonly resourceName: string
  readonly changes: readonly ConfigChange[]
}

/** Has the controller change settings, and waits until this broker knows; an answer for each resource, in their order. */
export async function changeConfigs(
  broker: BrokerContext,
  asked: readonly AskedResource[],
  { replaces, validateOnly }: { readonly replaces: boolean; readonly validateOnly: boolean },
) {
  const identity = ({ resourceType, resourceName }: AskedResource) => `${resourceType}:${resourceName}`
  const times = new Map<string, number>()
  for (const resource of asked) times.set(identity(resource), (times.get(identity(resource)) ?? 0) + 1)
  const answers = new Map<AskedResource, ConfigAnswer>()
  const alterations = new Map<AskedResource, ConfigAlteration>()
  for (const resource of asked) {
    const kind = resourceKinds.get(resource.resourceType)
    const nameFault = kind === 'topic' ? topicFault(resource.resourceName) : undefined
    if (times.get(identity(resource)) !== 1) {
      answers.set(resource, { error: 'INVALID_REQUEST', message: 'Each resource must appear at most once.' })
    } else if (kind === undefined) {
      const message = `Resources of type ${resource.resourceType} cannot be changed here.`
      answers.set(resource, { error: 'INVALID_REQUEST', message })
    } else if (nameFault) {
      answers.set(resource, nameFault)
    } else {
      const { resourceName: name, changes } = resource
      alterations.set(resource, { resource: kind, name, changes, replaces })
    }
  }
  const given = await ask(broker, [...alterations.values()], validateOnly)
  for (const [index, resource] of [...alterations.keys()].entries()) answers.set(resource, given[index]!)
  return asked.map((resource) => {
    const { error, message } = answers.get(resource)!
    return {
      errorCode: errorCodes[error],
      errorMessage: message ?? null,
      resourceType: resource.resourceType,
      resourceName: resource.resourceName,
    }
  })
}

function topicFault(name: string): ConfigAnswer | undefined {
  if (name === '') {
    return { error: 'INVALID_REQUEST', message: 'Default topic resources are not allowed.' }
  }
  const fault = topicNameFault(name)
  return fault === undefined
    ? undefined
    : { error: 'INVALID_TOPIC_EXCEPTION', message: `Topic name is invalid: ${fault}` }
}

async function ask(
  broker: BrokerContext,
  alterations: readonly ConfigAlteration[],
  validateOnly: boolean,
): Promise<readonly ConfigAnswer[]> {
  if (alterations.length === 0) return []
  try {
    const { answers, index } = await broker.askController(
      'alter-configs',
      { alterations, validateOnly },
      timeoutMs,
    )
    await broker.untilImage(() => broker.image.index >= index, timeoutMs)
    return answers
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return alterations.map(() => ({ error: 'REQUEST_TIMED_OUT' as const, message: thrown.what }))
  }
}
