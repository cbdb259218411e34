/**
 * IncrementalAlterConfigs (44), versions 0–1.
 *
 * KIP-339: sets or deletes single settings of a topic (2) or a broker (4; an empty name: the default of all), appends to
 * lists and subtracts from them; all changes of a resource, or none.
 * - Of brokers only what can change while they run (KIP-226): INVALID_REQUEST for others.
 * Deviations: other kinds of resource are refused with INVALID_REQUEST.
 */
import { configOperations, incrementalAlterConfigs } from '../../protocol/apis/incremental-alter-configs.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { ConfigChange } from '../controller/configs.ts'
import { changeConfigs } from '../server/config-changes.ts'
import { handler } from '../server/handler.ts'

const operations = new Map<number, ConfigChange['operation']>([
  [configOperations.set, 'set'],
  [configOperations.delete, 'delete'],
  [configOperations.append, 'append'],
  [configOperations.subtract, 'subtract'],
])

export const handleIncrementalAlterConfigs = handler(
  incrementalAlterConfigs,
  async (broker, { resources, validateOnly }) => {
    const isKnown = ({ configs }: (typeof resources)[number]) =>
      configs.every(({ configOperation }) => operations.has(configOperation))
    const asked = resources.filter(isKnown).map(({ configs, ...resource }) => ({
      ...resource,
      changes: configs.map(({ name, configOperation, value }) => ({
        key: name,
        operation: operations.get(configOperation) ?? 'set',
        value,
      })),
    }))
    const refused = resources
      .filter((resource) => !isKnown(resource))
      .map(({ resourceType, resourceName }) => ({
        errorCode: errorCodes.INVALID_REQUEST,
        errorMessage: 'There is no such operation on a setting.',
        resourceType,
        resourceName,
      }))
    const responses = await changeConfigs(broker, asked, { replaces: false, validateOnly })
    return { responses: [...responses, ...refused] }
  },
)
