/**
 * AlterConfigs (33), versions 0–2.
 *
 * Sets exactly what is named for a topic (2) or a broker (4; an empty name: the default of all); what is left out returns to
 * its default. Deprecated by Kafka for IncrementalAlterConfigs, which does not lose what others set at the same time.
 * Deviations: other kinds of resource are refused with INVALID_REQUEST.
 */
import { alterConfigs } from '../../protocol/apis/alter-configs.ts'
import { changeConfigs } from '../server/config-changes.ts'
import { handler } from '../server/handler.ts'

export const handleAlterConfigs = handler(alterConfigs, async (broker, { resources, validateOnly }) => {
  const asked = resources.map(({ configs, ...resource }) => ({
    ...resource,
    changes: configs.map(({ name, value }) => ({ key: name, operation: 'set' as const, value })),
  }))
  return { responses: await changeConfigs(broker, asked, { replaces: true, validateOnly }) }
})
